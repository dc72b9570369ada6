"""Decide how a thing was said: denied, doubted, asked about, planned, over, somebody else's, or so.

Cues reach forward or back inside a part of a sentence; they pass into the next item of a list, stop at
a turn ("but", "except") and mostly at the next thing said of oneself. `data/clinic/language.yml`
holds the cues, this module only their reach.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import List, Optional, Sequence, Set, Tuple

from candidacy.listening.persons import CANDIDATE, OTHER, SELF
from candidacy.listening.scene import Cue, Scene

_MARKS = (",", "/", ":", "(", "-")


@dataclass
class Said:
    """How a thing was said. `strength` orders nothing; every flag stands for one kind of cue.

    Attributes:
        who: self, other or candidate (persons.py).
        denied, doubted, asked, planned, stopped, over, ongoing, resolved, mine, quiet: cues that reach it.
        about_self: The speaker comes into the question or statement.
        stop_at: Token at which the cue that ends it stands, or -1.
    """

    who: str = SELF
    denied: bool = False
    never: bool = False
    denied_after: bool = False
    doubted: bool = False
    asked: bool = False
    supposed: bool = False
    asked_of_self: bool = False
    planned: bool = False
    stopped: bool = False
    weak_past: bool = False
    over: bool = False
    ongoing: bool = False
    resolved: bool = False
    quiet: bool = False
    mine: bool = False
    about_self: bool = False
    answered_yes: bool = False
    stop_at: int = -1
    cues: List[Tuple[int, int]] = field(default_factory=list)


def weigh(scene: Scene, start: int, end: int, inside: Sequence[Tuple[int, int]] = ()) -> Said:
    """Read the cues that reach tokens start..end.

    Args:
        scene: The message.
        start, end: Half-open token range of the thing said.
        inside: Ranges of other things said; list items that a cue may pass over.
    """
    said = Said(who=_who(scene, start, end))
    _mine(scene, start, said)
    _look_back(scene, start, end, inside, said)
    _look_ahead(scene, start, end, inside, said)
    if said.mine and said.denied and not said.over and not said.denied_after:
        # "Not taking my eliquis today" still says that there is one.
        said.denied = False
    return said


def _who(scene: Scene, start: int, end: int) -> str:
    sentence = scene.parts[scene.part_at(start)].sentence if scene.parts else 0
    for hit in scene.hits_of("person", "behind"):
        if 0 <= hit.start - end <= 3 and scene.part_at(hit.start) == scene.part_at(start):
            return OTHER
    for hit in scene.hits_of("person", "before"):
        if 0 <= start - hit.end <= 6 and scene.parts[scene.part_at(hit.start)].sentence == sentence:
            return OTHER
    for subject in reversed(scene.subjects):
        if subject.at >= end:
            continue
        if subject.at >= start:
            # The words of the condition name the person: "keloids run in my family".
            if subject.who == OTHER and subject.name not in scene.words["little_ones"]:
                return OTHER
            continue
        if scene.parts[scene.part_at(subject.at)].sentence != sentence:
            break
        if subject.who == OTHER and _done_to_me(scene, end):
            return SELF
        return SELF if subject.who == CANDIDATE else subject.who
    if any(scene.norm(i) in ("family", "relatives") for i in range(start, end)):
        return OTHER
    # A sentence that goes on about a person named before: "My sister wants it. Has lupus."
    first = scene.parts[scene.part_at(start)].start
    if scene.norm(first) in ("has", "takes", "is", "gets") and scene.subjects:
        before = [s for s in scene.subjects if s.at < start]
        if before and before[-1].who == OTHER:
            return OTHER
    return SELF


def _done_to_me(scene: Scene, end: int) -> bool:
    """ "My cat scratched my cheek", "my son gave me his cold"."""
    part = scene.parts[scene.part_at(end - 1)]
    return any(scene.norm(i) in ("my", "me") for i in range(end, min(end + 2, part.end)))


def _mine(scene: Scene, start: int, said: Said) -> None:
    for index in range(start - 1, max(start - 4, -1), -1):
        if scene.norm(index) in ("my", "our"):
            if not any(subject.at == index and subject.who == OTHER for subject in scene.subjects):
                said.mine = True
                # "Will my eyelids droop?" asks; "does my asthma matter?" tells of it.
                said.about_self = scene.norm(index - 1) not in ("will", "would", "could", "can", "make", "might", "may")
            return
        if not scene.norm(index).isalpha() or any(c.start <= index < c.end for c in scene.forward):
            return


_STRANGE = 2
"""Words of a list item that no rule knows ("asthma, hay fever or lupus")."""


def _fills(scene: Scene, first: int, last: int, inside: Sequence[Tuple[int, int]]) -> bool:
    """True when tokens first..last are a list item: list words, other things said, few strange words."""
    strange = 0
    for index in range(first, last):
        if any(a <= index < b for a, b in inside) or scene.norm(index) in scene.words["list_fill"]:
            continue
        strange += 1
        if strange > _STRANGE or index in scene.selves or scene.norm(index) in scene.words["starters"]:
            return False
        if any(cue.start <= index < cue.end for cue in scene.forward):
            return False
    return True


def _bare(scene: Scene, first: int, last: int, inside: Sequence[Tuple[int, int]]) -> bool:
    for index in range(first, last):
        token = scene.tokens[index]
        if not token.word or any(a <= index < b for a, b in inside):
            continue
        if token.norm not in scene.words["bare_fill"]:
            return False
    return True


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
            if _turns(cue, said, start):
                return _asked(scene, start, end, said, asked_at)
            _apply(scene, cue, said, blocked, crossed, start, end, inside)
            if "question" in cue.kinds and asked_at is None and not blocked:
                asked_at = cue.start
        if crossed >= 12 or number == 0:
            break
        before = scene.parts[number - 1]
        if before.sentence != part.sentence or part.contrast or blocked:
            break
        first = part.start
        if part.separator not in (",", "and", "or", "nor", "/", "plus", "also", ":", "&", "(", ")") or not _fills(scene, first, position, inside):
            break
        crossed += 1
        number, part, position = number - 1, before, before.end
    _asked(scene, start, end, said, asked_at)


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
    scene: Scene, cue: Cue, said: Said, blocked: bool, crossed: int, start: int, end: int, inside: Sequence[Tuple[int, int]]
) -> None:
    kinds = cue.kinds
    said.cues.append((cue.start, cue.end))
    if "pseudo_negation" in kinds:
        return
    if "doubt" in kinds and not crossed_far(scene, cue, start, crossed):
        if _identity(scene, cue, start) and not said.mine:
            said.doubted = True
        elif not _identity_cue(scene, cue):
            if not (said.mine and scene.norm(cue.start) in ("i", "might", "could", "possible", "probably")):
                said.doubted = True
    if "negation" in kinds and not blocked:
        if not crossed:
            said.denied = True
            said.never = scene.norm(cue.start) == "never" or scene.norm(cue.end - 2) == "never"
        else:
            listed = any(scene.norm(i) in ("or", "nor", "any") for i in range(cue.start, _sentence_end(scene, end)))
            rest = scene.parts[scene.part_at(start)].end
            if listed or (_bare(scene, end, rest, inside) and scene.norm(cue.start) != "not"):
                said.denied = True
            elif _bare(scene, end, rest, inside):
                said.doubted = True
    if ("hypothetical" in kinds or "question" in kinds) and not blocked and not said.about_self:
        said.supposed = said.supposed or "hypothetical" in kinds
        said.asked = True
    if "future" in kinds and not blocked and not crossed and not said.stopped and not said.ongoing:
        said.planned = True
    if "past" in kinds and not said.ongoing and not (said.planned):
        said.stopped = True
        said.stop_at = cue.start
    if "past_weak" in kinds and not blocked:
        said.weak_past = True
    if "ongoing" in kinds and not said.stopped:
        said.ongoing = True


def crossed_far(scene: Scene, cue: Cue, start: int, crossed: int) -> bool:
    """A doubt reaches the next items of a list, not a list behind a comma far away."""
    return crossed > 2 or start - cue.end > 9


def _identity_cue(scene: Scene, cue: Cue) -> bool:
    return scene.norm(cue.start) in ("is", "are", "was") or scene.norm(cue.start) == "am"


def _identity(scene: Scene, cue: Cue, start: int) -> bool:
    return _identity_cue(scene, cue) and start - cue.end <= 3


def _sentence_end(scene: Scene, index: int) -> int:
    sentence = scene.parts[scene.part_at(index - 1)].sentence
    return max(scene.parts[number].end for number in scene.sentence_parts(sentence))


_IDENTITY = ("it", "this", "that", "these", "they", "those")
_ARTICLES = ("a", "an", "the", "some", "just", "really", "actually", "be", "my", "like", "maybe", "called", "possibly", "still", "even", "for", "sure")


def _asked(scene: Scene, start: int, end: int, said: Said, asked_at: Optional[int]) -> None:
    """Settle what a question is about: what it is ("is it eczema?"), the speaker ("with eczema?"), or nobody."""
    if said.asked and said.stopped and scene.norm(said.stop_at) in ("stop", "come", "coming", "quit"):
        # "Do I have to stop taking warfarin?": it is taken.
        said.asked = said.supposed = said.stopped = False
        said.about_self = True
        return
    if asked_at is not None and said.asked and scene.norm(end) == "it":
        if scene.norm(end) == "it" and scene.norm(end + 1) in ("is", "has", "hurts", "itches"):
            # "When do I need help with MRSA it's red and hot": it is there.
            said.asked, said.supposed, said.about_self = False, False, True
            return
    if asked_at is not None and said.asked and not said.supposed:
        if _asks_what_it_is(scene, asked_at, start):
            said.asked, said.doubted = False, True
            return
        if scene.norm(start - 1) in scene.words["possessed_by"] or scene.norm(start - 2) in scene.words["possessed_by"]:
            near = range(asked_at, start)
            if any(scene.norm(i) in ("i", "me", "we") for i in near):
                said.asked, said.about_self = False, True
                return
        # "Should I worry about keloids?": of the speaker, but not said to be so.
        said.asked_of_self = scene.norm(asked_at) != "i" and any(scene.norm(i) == "i" for i in range(asked_at, start))


def _asks_what_it_is(scene: Scene, asked_at: int, start: int) -> bool:
    words = [scene.norm(i) for i in range(asked_at, start)]
    if not words or words[0] not in ("is", "are", "was", "can", "could", "do", "am", "might", "would", "did", "does"):
        return False
    rest = [word for word in words[1:] if word not in _ARTICLES]
    return rest in ([pronoun] for pronoun in _IDENTITY) or rest in (["i", "have"], ["i", "got"], ["i"], ["it", "have"], ["i", "get"]) and words[0] in ("do", "am", "could", "might", "did")


def _look_ahead(scene: Scene, start: int, end: int, inside: Sequence[Tuple[int, int]], said: Said) -> None:
    number = scene.part_at(start)
    part = scene.parts[number]
    following = min((a for a, _ in inside if a >= end), default=10**9)
    for cue in scene.after:
        if cue.start < end:
            continue
        if cue.start < part.end:
            if following <= cue.start and not _fills(scene, end, following, inside):
                break
            _after(scene, cue, part.end, end, inside, said, same=True)
    reach = number + 1
    while reach < len(scene.parts) and reach - number <= 2:
        next_part = scene.parts[reach]
        holds = any(next_part.start <= a < next_part.end for a, _ in inside)
        if next_part.sentence != part.sentence and (scene.parts[reach - 1].asked is False):
            break
        if holds:
            # "heart disease, lupus, diabetes: none" - pass over bare items of a list.
            if _fills(scene, next_part.start, next_part.end, inside) and next_part.sentence == part.sentence:
                reach += 1
                continue
            break
        if next_part.sentence != part.sentence:
            for cue in scene.after:
                if "affirmed_after" in cue.kinds and next_part.start <= cue.start < next_part.end:
                    _after(scene, cue, next_part.end, end, inside, said, same=False)
            if not said.about_self and part.end - part.start <= 6:
                _answer(scene, next_part, said)
            break
        for cue in scene.after:
            if next_part.start <= cue.start <= next_part.start + 2 and cue.start < next_part.end:
                _after(scene, cue, next_part.end, end, inside, said, same=False)
        break
    _bare_question(scene, part, start, end, said)


def _answer(scene: Scene, part, said: Said) -> None:  # type: ignore[no-untyped-def]
    """ "Pregnant? No." and "Blood thinners? Yes": the question is a heading, the answer counts."""
    first = scene.norm(part.start)
    if first in ("no", "nope", "none", "never", "nah", "not", "na"):
        said.denied, said.asked, said.supposed = True, False, False
    elif any(cue.start == part.start and "doubt_after" in cue.kinds for cue in scene.after):
        said.doubted = True
    elif first in ("yes", "yeah", "yep", "yup", "sadly", "unfortunately"):
        said.asked = said.supposed = said.doubted = False
        said.answered_yes = said.about_self = True


def _after(
    scene: Scene, cue: Cue, part_end: int, end: int, inside: Sequence[Tuple[int, int]], said: Said, same: bool
) -> None:
    kinds = cue.kinds
    word = scene.norm(cue.start)
    closes = cue.end >= part_end or not scene.tokens[cue.end].word
    gap = cue.start - end
    if "quiet" in kinds:
        said.quiet = True
        return
    if "affirmed_after" in kinds:
        said.asked = said.supposed = False
        said.about_self = True
        return
    if "negation_after" in kinds:
        one = cue.end - cue.start == 1
        if same and one and not (gap <= 2 and closes):
            pass
        elif not same and not (closes or _bare(scene, cue.end, part_end, inside)):
            pass
        elif gap <= 8:
            said.denied = said.denied_after = True
            said.cues.append((cue.start, cue.end))
    if "doubt_after" in kinds:
        following = scene.norm(cue.end)
        often = word in ("maybe", "possibly", "probably") and (following in ("once", "twice", "a", "every", "two", "three", "about", "one") or following.isdigit())
        if not often and following not in ("if", "whether", "that", "what", "how", "when", "which", "about", "it", "this", "why", "where", "i", "can", "you", "is") and gap <= 7:
            said.doubted = True
    if "future_after" in kinds and any(scene.norm(i) == "not" for i in range(cue.start, cue.end)) and gap <= 6:
        said.planned, said.ongoing, said.weak_past = True, False, False
    elif "future_after" in kinds and (same or closes or cue.end - cue.start > 1) and gap <= 6 and not said.ongoing:
        said.planned = True
    ends = closes or cue.end - cue.start > 1 or scene.norm(cue.end) in scene.words["behind_end"] or scene.norm(cue.end).isdigit()
    if "past_after" in kinds and gap <= 8 and ends:
        said.over = True
        if said.stop_at < 0:
            said.stop_at = cue.start
    if "resolved" in kinds and gap <= 8:
        said.resolved = True
    if "ongoing" in kinds and same and gap <= 6 and not said.stopped:
        said.ongoing = True


_FINE = frozenset("ok okay fine safe allowed matter problem bad issue affect risky risk dangerous possible good no-no nono".split())


def _bare_question(scene: Scene, part, start: int, end: int, said: Said) -> None:  # type: ignore[no-untyped-def]
    """ "lupus?" and "eczema ok?": asked of nobody, unless the words say more."""
    if said.asked or said.about_self or said.answered_yes or not part.asked or said.denied:
        return
    if any(scene.parts[scene.part_at(i)].sentence == part.sentence for i in scene.selves if i < start):
        return
    words = [scene.norm(i) for i in range(part.start, part.end) if scene.tokens[i].word]
    rest = len(words) - (end - start)
    if rest <= 1 or (rest <= 4 and any(word in _FINE for word in words)):
        said.asked = True
