"""Decide how a thing was said: denied, doubted, asked about, planned, over, somebody else's, or so.

Cues reach forward or back inside a part of a sentence; they pass into the next item of a list, stop at
a turn ("but", "except") and mostly at the next thing said of oneself. `data/clinic/language.yml`
holds the cues, this module only their reach.
"""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

from candidacy.listening.ahead import look_ahead
from candidacy.listening.lists import bare, fills, sentence_end
from candidacy.listening.questions import settle_question
from candidacy.listening.said import Said, last_named, mark_mine, who_has
from candidacy.listening.scene import Cue, Scene


def weigh(scene: Scene, start: int, end: int, inside: Sequence[Tuple[int, int]] = ()) -> Said:
    """Read the cues that reach tokens start..end.

    Args:
        scene: The message.
        start, end: Half-open token range of the thing said.
        inside: Ranges of other things said; list items that a cue may pass over.
    """
    said = Said(who=who_has(scene, start, end))
    said.named = last_named(scene, start)
    mark_mine(scene, start, end, said)
    _look_back(scene, start, end, inside, said)
    look_ahead(scene, start, end, inside, said)
    if said.mine and said.denied and not said.over and not said.denied_after:
        # "Not taking my eliquis today" still says that there is one.
        said.denied = False
    return said


def _look_back(scene: Scene, start: int, end: int, inside: Sequence[Tuple[int, int]], said: Said) -> None:
    number = scene.part_at(start)
    part = scene.parts[number]
    position, crossed, blocked = start, 0, False
    asked_at: Optional[int] = None
    cues = [cue for cue in scene.forward if cue.start < start]
    while True:
        for cue, self_at in _events(scene, cues, part.start, position):
            if cue is None:
                # The next thing said of oneself: a denial or question before it does not reach.
                blocked = True
                if not said.asked and not said.supposed:
                    said.about_self = True
                continue
            if any(a <= cue.start and cue.end <= b for a, b in inside):
                continue
            if "negation" in cue.kinds and cue.end > start and scene.norm(start) in ("no", "not", "never"):
                # The "no" is part of the name: "I have no immune system".
                continue
            if _turns(cue, said, start):
                return settle_question(scene, start, end, said, asked_at)
            _apply(scene, cue, said, blocked, crossed, start, end, inside)
            if cue.kinds & {"question", "hypothetical"} and asked_at is None and not blocked:
                asked_at = cue.start
        if crossed >= 12 or number == 0:
            break
        before = scene.parts[number - 1]
        if before.sentence != part.sentence or part.contrast or blocked:
            break
        first = part.start
        if part.separator not in (
            ",",
            "and",
            "or",
            "nor",
            "/",
            "plus",
            "also",
            ":",
            "&",
            "(",
            ")",
        ) or not fills(scene, first, position, inside):
            break
        crossed += 1
        number, part, position = number - 1, before, before.end
    settle_question(scene, start, end, said, asked_at)


def _events(scene: Scene, cues: Sequence[Cue], first: int, last: int) -> List[Tuple[Optional[Cue], int]]:
    """Cues and self-statements between two tokens, nearest to `last` first."""
    found: List[Tuple[int, Optional[Cue]]] = [(cue.start, cue) for cue in cues if first <= cue.start < last]
    covered = {index for _, cue in found if cue for index in range(cue.start, cue.end)}
    found += [(index, None) for index in scene.selves if first <= index < last and index not in covered]
    found.sort(key=lambda pair: -pair[0])
    return [(cue, at) for at, cue in found]


def _turns(cue: Cue, said: Said, start: int) -> bool:
    return "turn" in cue.kinds and not cue.kinds & {"ongoing"}


def _apply(
    scene: Scene,
    cue: Cue,
    said: Said,
    blocked: bool,
    crossed: int,
    start: int,
    end: int,
    inside: Sequence[Tuple[int, int]],
) -> None:
    kinds = cue.kinds
    said.cues.append((cue.start, cue.end))
    if "pseudo_negation" in kinds:
        return
    if "doubt" in kinds and not _far(cue, start, crossed):
        if _identity(scene, cue, start) and not said.mine:
            said.doubted = True
        elif not _identity_cue(scene, cue):
            if not (said.mine and scene.norm(cue.start) in ("i", "might", "could", "possible", "probably")):
                said.doubted = True
    if "negation" in kinds and not (blocked or _begins_anew(scene, cue, start) or _of_a_verb(scene, cue, start)):
        if said.denied_at < 0:
            said.denied_at = cue.start
        if not crossed:
            said.denied = True
            said.never = "never" in (scene.norm(cue.start), scene.norm(cue.end - 2))
            said.none = scene.norm(cue.start) in ("no", "none", "nothing", "zero")
        else:
            listed = any(
                scene.norm(i) in ("or", "nor", "any") for i in range(cue.start, sentence_end(scene, end))
            )
            rest = scene.parts[scene.part_at(start)].end
            if listed or (bare(scene, end, rest, inside) and scene.norm(cue.start) != "not"):
                said.denied = True
            elif bare(scene, end, rest, inside) and not said.denied:
                said.doubted = True
    if _tells(scene, cue, start):
        kinds = kinds - {"hypothetical"}
    if ("hypothetical" in kinds or "question" in kinds) and not blocked and not said.about_self:
        said.supposed = said.supposed or "hypothetical" in kinds
        said.asked = True
    if "future" in kinds and not blocked and not crossed and not said.stopped and not said.ongoing:
        said.planned = True
    if "past" in kinds and not said.ongoing and not (said.planned):
        said.stopped = True
        said.stop_at = cue.start
    dated = scene.norm(cue.start) in ("when", "as", "back", "in")
    if "resolved" in kinds and (dated or not blocked) and not crossed:
        said.resolved = True
        said.long_ago = dated or said.long_ago
    if "past_weak" in kinds and not blocked:
        said.weak_past = True
    if "ongoing" in kinds and not said.stopped and not (crossed and _told_past(scene, start, end)):
        said.ongoing = True


def _begins_anew(scene: Scene, cue: Cue, start: int) -> bool:
    """ "No meds, well, Eliquis": what follows the "well" takes the denial back."""
    return any(
        scene.norm(i) == "well" and scene.parts[scene.part_at(i)].start == i
        for i in range(max(cue.end, start - 3), start)
    )


def _of_a_verb(scene: Scene, cue: Cue, start: int) -> bool:
    """ "Not coping with lupus", "not sleeping because of it": what is denied is the coping, and lupus is there."""
    if scene.norm(cue.end - 1) != "not":
        return False
    for i in range(cue.end + 1, min(start, cue.end + 5)):
        if scene.norm(i) == "with":
            return scene.norm(i - 1) not in scene.lexicon.sets["scope.had_with"]
        if scene.norm(i) in ("because", "due"):
            return True
    return False


def _told_past(scene: Scene, start: int, end: int) -> bool:
    """ "Letrozole every day, radiation was back in 2022": the part has its own time."""
    first, last = scene.part_range(start)
    near = {scene.norm(i) for i in range(max(first, start - 2), min(end + 3, last))}
    return bool(near & {"was", "were", "had", "finished", "back", "ago"})


def _tells(scene: Scene, cue: Cue, start: int) -> bool:
    """ "Cheap earrings make my lobes weep": without a question an effect is told, not asked for."""
    if not any(scene.norm(i) in scene.lexicon.sets["effects"] for i in range(cue.start, cue.end)):
        return False
    if scene.norm(cue.start) in (
        "if",
        "what",
        "when",
        "once",
        "can",
        "could",
        "will",
        "would",
        "do",
        "does",
        "should",
        "may",
        "in",
    ):
        return False
    first = scene.parts[scene.sentence_parts(scene.parts[scene.part_at(start)].sentence)[0]].start
    asks = any("question" in other.kinds and first <= other.start < cue.start for other in scene.forward)
    return not asks and not scene.parts[scene.part_at(start)].asked


def _far(cue: Cue, start: int, crossed: int) -> bool:
    """A doubt reaches the next items of a list, not a list behind a comma far away."""
    return crossed > 2 or start - cue.end > 9


def _identity_cue(scene: Scene, cue: Cue) -> bool:
    return scene.norm(cue.start) in ("is", "are", "was") or scene.norm(cue.start) == "am"


def _identity(scene: Scene, cue: Cue, start: int) -> bool:
    return _identity_cue(scene, cue) and start - cue.end <= 3
