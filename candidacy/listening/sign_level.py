"""How pressing one sign of trouble is: help now, the clinic today, a reaction of the past, or nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import List, Optional, Sequence

from candidacy.listening import dates
from candidacy.listening.assertion import weigh
from candidacy.listening.lexicon import Hit
from candidacy.listening.persons import OTHER
from candidacy.listening.said import Said
from candidacy.listening.scene import Cue, Scene
from candidacy.listening.sign_words import RECENT, SignWords
from candidacy.listening.topics import is_foreseen

NOW, ONSET, TODAY, HISTORY = "now", "onset", "today", "history"

_JUST = timedelta(days=2)
"""Another person's sign, told with a date: news of what goes on up to this long ago."""

_PAST_FORMS = frozenset(
    "swelled closed could had broke went passed fainted collapsed blew dropped drooped got felt was "
    "came puffed ended gave given brought made".split()
)
_THEY = frozenset("he she they mum mom dad wife husband friend baby son daughter".split())
_HELP = frozenset("help ambulance hurry".split())
_PRESENT_FORMS = frozenset("is are am feel feels keep keeps has have can".split())


def level_of(words: SignWords, hit: Hit, name: str, signs: Sequence[Hit]) -> Optional[str]:
    """NOW, TODAY, HISTORY (after an earlier treatment), or None for a sign that does not count."""
    scene = words.scene
    table = scene.lexicon.language["signs"][name]
    tier = table["tier"]
    said = weigh(scene, hit.start, hit.end)
    first, last = scene.sentence_range(hit.start)
    times = _times(scene, hit, first, last)
    acute = words.told_new(first, last, hit)
    recent = any(_is_recent(scene, time) for time in times[:1])
    treated = words.treated(hit)
    other = said.who == OTHER
    if said.denied or (said.who == OTHER and said.named in scene.lexicon.sets["persons.animals"]):
        return None
    if not treated and (words.context("jest", first, last, hit) or _explained(scene, name, hit, first, last)):
        return None
    if _only_asked(scene, said, hit) and not said.mine and not _happening(scene, first, last):
        return None
    if (
        _supposed_of_self(scene, hit, first, last)
        or _made_by(scene, hit, first)
        or (said.planned and tier != NOW)
    ):
        return None
    if _is_over(words, hit, times, recent, tier == NOW):
        return HISTORY if treated and not other else None
    if tier == TODAY:
        return TODAY if treated and not other else None
    if words.context("chronic", first, last, hit) and not treated and not acute:
        return None
    if other and not acute and not (treated and recent):
        near = [t for t in times if t.when is not None and t.kind != dates.LASTING]
        late = any(t.when and t.when[1] < scene.today - _JUST for t in near)
        if late or (tier == ONSET and not near):
            return None
    if _told_as_history(words, hit, times, first, last):
        return HISTORY if treated and not other and tier == NOW else None
    if tier == NOW or acute or recent or treated:
        return NOW
    return (
        NOW if _another_sign(words, hit, signs) and not words.context("chronic", first, last, hit) else None
    )


def _explained(scene: Scene, name: str, hit: Hit, first: int, last: int) -> bool:
    """ "Lost my voice cheering": the sentence names an innocent reason for this kind of sign."""
    innocent = scene.lexicon.sets[f"signs.{name}.unless"]
    return any(scene.norm(i) in innocent for i in range(first, last) if not hit.start <= i < hit.end)


def _only_asked(scene: Scene, said: Said, hit: Hit) -> bool:
    """A question or a supposition.

    No question of the sign: "and is struggling" behind a comma or "and", a cry for help ("can someone
    help"), and what is told of another behind it ("... she is unconscious").
    """
    asks = [
        cue
        for cue in scene.forward
        if cue.kinds & {"question", "hypothetical"} and (cue.start, cue.end) in said.cues
    ]
    if not (said.asked or said.supposed) or not asks:
        return said.asked or said.supposed
    told = scene.norm(hit.start - 1) in ("is", "has", "just") and scene.norm(hit.start - 2) in _THEY
    if told and not any(scene.norm(cue.start) in ("if", "what") for cue in asks):
        return False
    return any(not _asks_nothing(scene, cue) for cue in asks)


def _asks_nothing(scene: Scene, cue: Cue) -> bool:
    """ "Can someone help" cries; "is" behind a comma or "and" goes on telling."""
    if {scene.norm(i) for i in range(cue.start, cue.end + 3)} & _HELP and scene.norm(cue.start) != "if":
        return True
    return (
        cue.end - cue.start == 1
        and scene.norm(cue.start) in ("is", "are", "was", "has", "have")
        and scene.norm(cue.start - 1) in ("and", "but", ",")
        and _no_mark(scene)
    )


def _no_mark(scene: Scene) -> bool:
    return not any(token.norm == "?" for token in scene.tokens)


def _is_over(words: SignWords, hit: Hit, times: Sequence[dates.Time], recent: bool, pressing: bool) -> bool:
    scene = words.scene
    first, last = scene.part_range(hit.start)
    told = any(scene.norm(i) in _PRESENT_FORMS for i in range(first, last))
    acute = words.context("acute", first, last, hit)
    if acute and told:
        return False
    dated = [t for t in times if t.when is not None and t.kind in (dates.AGO, dates.POINT, dates.VAGUE)]
    if dated and all(t.when and t.when[1] < scene.today - RECENT for t in dated):
        return True
    if acute:
        return False
    settled = words.settled(hit)
    then = words.context("over_then", first, last, hit) and not told
    long_ago = words.context("over", 0, len(scene.tokens), hit)
    return settled and not (pressing and recent) or ((then or long_ago) and not recent)


def _another_sign(words: SignWords, hit: Hit, signs: Sequence[Hit]) -> bool:
    """Another sign in the message that is more than one for the clinic."""
    tables = words.scene.lexicon.language["signs"]
    return any(
        tables[entry.rule]["tier"] != TODAY
        for sign in signs
        if not (sign.start < hit.end and hit.start < sign.end)
        for entry in sign.entries
        if entry.kind == "sign"
    )


def _happening(scene: Scene, first: int, last: int) -> bool:
    """A question about what goes on now: "is it normal that …", "why can't I …", or since some time."""
    return any(
        scene.norm(i) in ("normal", "why", "since", "still", "now", "suddenly") for i in range(first, last)
    )


def _supposed_of_self(scene: Scene, hit: Hit, first: int, last: int) -> bool:
    """ "If my throat swelled, what would you do"."""
    begin = scene.part_range(hit.start)[0]
    return scene.norm(begin) == "if" and any(scene.norm(i) == "would" for i in range(first, last))


def _made_by(scene: Scene, hit: Hit, first: int) -> bool:
    """ "Can it make my eyelid droop?": asked about the treatment, not told of oneself."""
    asks = any(
        cue.kinds & {"question", "hypothetical"} and first <= cue.start < hit.start for cue in scene.forward
    )
    verbs = any(
        scene.norm(i) in ("make", "cause", "give", "causes", "lead", "leave", "risk", "chance", "if")
        for i in range(max(first, hit.start - 4), hit.start + 1)
    )
    return asks and verbs or is_foreseen(scene, hit)


def _times(scene: Scene, hit: Hit, first: int, last: int) -> List[dates.Time]:
    """The times of the sentence outside the sign, nearest first."""
    inside = [t for t in scene.times if first <= t.start < last and not (hit.start <= t.start < hit.end)]
    return sorted(inside, key=lambda t: abs(t.start - hit.start))


def _is_recent(scene: Scene, time: dates.Time) -> bool:
    if time.when is None:
        return False
    if time.kind == dates.LASTING:
        return time.when[0] > scene.today - RECENT
    return time.kind in (dates.AGO, dates.POINT, dates.SINCE) and time.when[1] > scene.today - RECENT


def _told_as_history(words: SignWords, hit: Hit, times: Sequence[dates.Time], first: int, last: int) -> bool:
    """A sign told in the past with a product's name or its cure, and no date of late."""
    scene = words.scene
    dated = [time for time in times[:1] if time.kind != dates.LASTING]
    if any(_is_recent(scene, time) for time in dated) or words.context("acute", first, last, hit):
        return False
    if words.context("cured", first, last, hit):
        return True
    before = [scene.norm(i) for i in range(max(first, hit.start - 4), hit.end)]
    if not any(word in _PAST_FORMS for word in before):
        return False
    if any(scene.norm(i) in _PRESENT_FORMS - {"can"} for i in range(first, last)):
        return False
    substances = ("toxin_hypersensitivity", "anesthetic_allergy")
    return any(scene.hits_of("substance", name) for name in substances) or any(
        scene.norm(i) in ("once", "time", "before") for i in range(first, last)
    )
