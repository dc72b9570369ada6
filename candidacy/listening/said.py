"""How one thing was said: the flags that cues set, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import List, Optional, Tuple

from candidacy.listening.persons import CANDIDATE, OTHER, SELF
from candidacy.listening.scene import Scene


@dataclass
class Said:
    """How a thing was said. `strength` orders nothing; every flag stands for one kind of cue.

    Attributes:
        who: self, other or candidate (persons.py).
        denied, doubted, asked, planned, stopped, over, ongoing, resolved, mine, quiet: cues that reach it.
        long_ago: It was in a time of life that is over ("when I was at school").
        about_self: The speaker comes into the question or statement.
        refuted: The rest of the message says that it is not there, or not the speaker's concern (reconsider.py).
        unbegun: Absent or future for a medicine or treatment that was never begun, else None.
        stop_at: Token at which the cue that ends it stands, or -1.
        denied_at: Token at which the cue that denies it begins, or -1.
    """

    who: str = SELF
    named: str = ""
    denied: bool = False
    never: bool = False
    none: bool = False
    denied_after: bool = False
    doubted: bool = False
    asked: bool = False
    supposed: bool = False
    asked_of_self: bool = False
    planned: bool = False
    starts: bool = False
    me_too: bool = False
    stopped: bool = False
    weak_past: bool = False
    over: bool = False
    ongoing: bool = False
    resolved: bool = False
    long_ago: bool = False
    quiet: bool = False
    mine: bool = False
    about_self: bool = False
    answered_yes: bool = False
    refuted: bool = False
    unbegun: Optional[str] = None
    stop_at: int = -1
    denied_at: int = -1
    cues: List[Tuple[int, int]] = field(default_factory=list)


def who_has(scene: Scene, start: int, end: int) -> str:
    sentence = scene.parts[scene.part_at(start)].sentence if scene.parts else 0
    if _troubles_another(scene, start, end):
        return OTHER
    for hit in scene.hits_of("person", "behind"):
        if 0 <= hit.start - end <= 3 and scene.part_at(hit.start) == scene.part_at(start):
            return OTHER
    if _is_theirs(scene, end) or _died_of(scene, start):
        return OTHER
    for hit in scene.hits_of("person", "before"):
        if 0 <= start - hit.end <= 6 and scene.parts[scene.part_at(hit.start)].sentence == sentence:
            return OTHER
    for subject in reversed(scene.subjects):
        if subject.at >= end or (subject.at < start < subject.end):
            continue
        if subject.at >= start:
            # The words of the condition name the person: "keloids run in my family".
            if subject.who == OTHER and subject.name not in scene.words["little_ones"]:
                return OTHER
            continue
        if scene.parts[scene.part_at(subject.at)].sentence != sentence:
            break
        if subject.who == OTHER and _done_to_me(scene, start, end):
            return SELF
        return SELF if subject.who == CANDIDATE else subject.who
    named = {scene.norm(i) for i in range(start, end)}
    if named & {"family", "relatives"} and "way" not in named:
        return OTHER
    # A sentence that goes on about a person named before: "My sister wants it. Has lupus."
    first = scene.parts[scene.part_at(start)].start
    if scene.norm(first) in ("has", "takes", "is", "gets") and scene.subjects:
        before = [s for s in scene.subjects if s.at < start]
        if before and before[-1].who == OTHER:
            return OTHER
    return SELF


def speaks_of_self(scene: Scene, start: int) -> bool:
    """True when "I" or "my" is the last person named before a token in its sentence."""
    sentence = scene.parts[scene.part_at(start)].sentence
    before = [s for s in scene.subjects if s.at < start]
    if not before or scene.parts[scene.part_at(before[-1].at)].sentence != sentence:
        return False
    return before[-1].who == SELF and scene.norm(before[-1].at) in ("i", "my", "me", "mine", "myself")


def last_named(scene: Scene, start: int) -> str:
    """The word for the person spoken of last before a token, or ""."""
    return next((subject.name for subject in reversed(scene.subjects) if subject.at < start), "")


def _troubles_another(scene: Scene, start: int, end: int) -> bool:
    """ "Ramsay Hunt wrecked my brother's face": told of another, before any word of oneself."""
    part = scene.parts[scene.part_at(start)]
    if start > part.start + 1 or any(subject.at < start for subject in scene.subjects):
        return False
    following = [
        subject for subject in scene.subjects if end < subject.at <= end + 2 and subject.at < part.end
    ]
    return bool(following) and following[0].who == OTHER and (
        scene.norm(end).endswith(("ed", "s", "t")) or scene.norm(end) in ("made", "gave", "did", "saw", "took")
    )


def _is_theirs(scene: Scene, end: int) -> bool:
    """ "Riluzole was my uncle", "the insulin is for my dad"."""
    if scene.norm(end) not in ("is", "was", "are", "were"):
        return False
    at = end + 2 if scene.norm(end + 1) == "for" else end + 1
    owner, kin = scene.norm(at), scene.norm(at + 1)
    return owner in ("my", "our") and kin in scene.lexicon.sets["persons.kin"]


def _died_of(scene: Scene, start: int) -> bool:
    """ "Lost my mum to MND", "we buried Dad after his stroke": told of the one who died."""
    before = [scene.norm(i) for i in range(max(scene.part_range(start)[0], start - 7), start)]
    lost = next((at for at, word in enumerate(before) if word in ("lost", "losing", "lose", "buried")), None)
    if lost is None or "to" not in before[lost:]:
        return False
    return bool(set(before[lost:]) & (scene.lexicon.sets["persons.kin"] | scene.lexicon.sets["persons.unmarked"]))


def _done_to_me(scene: Scene, start: int, end: int) -> bool:
    """ "My cat scratched my cheek", "my son gave me his cold", "she threaded my lip"."""
    part = scene.parts[scene.part_at(end - 1)]
    return any(scene.norm(i) in ("my", "me") for i in range(start + 1, min(end + 2, part.end)))


def mark_mine(scene: Scene, start: int, end: int, said: Said) -> None:
    for index in range(start - 1, max(start - 4, -1), -1):
        if scene.norm(index) in ("my", "our"):
            if not any(subject.at == index and subject.who == OTHER for subject in scene.subjects):
                said.mine = True
                if scene.norm(end) in scene.lexicon.sets["scope.matters"]:
                    said.about_self = True  # "will my Eliquis be a problem"
                    return
                # "Will my eyelids droop?" asks; "does my asthma matter?" tells of it.
                said.about_self = not (scene.norm(index - 1) == "if" and scene.norm(index - 2) == "what")
                said.about_self = said.about_self and scene.norm(index - 1) not in (
                    "will",
                    "would",
                    "could",
                    "can",
                    "make",
                    "might",
                    "may",
                )
            return
        if not scene.norm(index).isalpha() or any(c.start <= index < c.end for c in scene.forward):
            return
