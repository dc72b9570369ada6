"""Illnesses that were feared, suspected or looked into, and then found not to be there.

"They thought lupus, did the bloods, it wasn't", "EMG normal", "biopsy came back fine": the fear stands before the
thing or beside it, the all-clear behind it, in the same sentence or the next two. A plain "normal" clears only
what was doubted or tested for: "I have diabetes, bloods were fine" keeps its diabetes.
"""

from __future__ import annotations

from typing import List, Optional, Sequence

from candidacy.listening.lexicon import Hit
from candidacy.listening.mentions import Mention
from candidacy.listening.said import Said
from candidacy.listening.scene import Scene

_SENTENCES = 2
"""How many sentences later an all-clear may follow."""
_FAR = 34
"""Words between a thing and its all-clear, at most."""
_NEAR = 8
"""Words between a fear and the thing feared, at most."""


def is_refuted(scene: Scene, mention: Mention, said: Said, mentions: Sequence[Mention]) -> bool:
    """True when the message tells that the thing named was looked into and is not there."""
    reach = _reach(scene, mention, mentions)
    if _test_only(scene, mention, mentions) or _renamed(scene, mention, mentions):
        return True
    feared = is_feared(scene, mention) or _tested(scene, mention)
    told = feared or any(_joined(scene, hit, mention) for hit in scene.hits_of("scope", "told"))
    if not said.ongoing and (told or not _stated(scene, mention)):
        if _meets(scene, "overturned", mention.end, reach):
            return True
    if told and not said.ongoing and not _stated(scene, mention):
        far = min(mention.end + 2 * _FAR, len(scene.tokens))
        if _meets(scene, "changed", mention.end, far):
            return True
    if _open_yet(scene, mention, reach):
        return False
    if told and _meets(scene, "disproved", mention.end, reach):
        return True
    watched = scene.lexicon.kind(mention.rule, "looked_into") and _seen_to(scene, mention, reach)
    if not feared and not watched:
        return False
    if _meets(scene, "belittled", mention.end, reach):
        return True
    return any(mention.end <= at < reach for at in _clean(scene))


def _renamed(scene: Scene, mention: Mention, mentions: Sequence[Mention]) -> bool:
    """ "Changed from scleroderma to just Raynaud's": the diagnosis is another one now."""
    before = [scene.norm(i) for i in range(mention.start - 3, mention.start)]
    if "from" not in before or not set(before[: before.index("from")]) & scene.lexicon.sets["scope.renamed"]:
        return False
    behind = range(mention.end, mention.end + 4)
    return any(scene.norm(i) == "to" for i in behind) and any(
        mention.end < other.start <= mention.end + 6 for other in mentions
    )


def is_unsettled(scene: Scene, mention: Mention, mentions: Sequence[Mention]) -> bool:
    """ "First test negative, second one pending": a good result that settles nothing."""
    return _open_yet(scene, mention, _reach(scene, mention, mentions))


def _test_only(scene: Scene, mention: Mention, mentions: Sequence[Mention]) -> bool:
    """ "ANA positive but no lupus": a test that points to an illness which is then denied."""
    words = scene.lexicon.sets["scope.test_words"]
    if not words & {scene.norm(i) for i in range(mention.start, mention.end)}:
        return False
    for other in mentions:
        if other.rule != mention.rule or not 0 <= other.start - mention.end <= _FAR:
            continue
        if {scene.norm(i) for i in range(other.start - 3, other.start)} & {"no", "not", "never"}:
            return True
    return False


def _meets(scene: Scene, kind: str, first: int, last: int) -> bool:
    return any(first <= hit.start < last and not _kept(scene, hit) for hit in scene.hits_of("scope", kind))


def _stated(scene: Scene, mention: Mention) -> bool:
    """ "I have lupus", "my lupus": told as it is now."""
    before = [scene.norm(i) for i in range(mention.start - 4, mention.start)]
    return "my" in before or "am" in before or any(before[i : i + 2] == ["i", "have"] for i in range(3))


def is_feared(scene: Scene, mention: Mention) -> bool:
    """True right behind a word of fear or suspicion, or right before one ("melanoma scare")."""
    return any(
        _joined(scene, hit, mention)
        for kind in ("suspected", "suspected_after", "fearful")
        for hit in scene.hits_of("scope", kind)
    )


def is_only_fear(scene: Scene, mention: Mention) -> bool:
    """ "Convinced it's ALS": a fear and no finding."""
    return any(_joined(scene, hit, mention) for hit in scene.hits_of("scope", "fearful"))


def _joined(scene: Scene, hit: Hit, mention: Mention) -> bool:
    part = scene.part_at(mention.start)
    if hit.end <= mention.start:
        near = mention.start - hit.end <= _NEAR and scene.part_at(hit.start) == part
        return near and not _told_why(scene, hit.end, mention.start)
    behind = hit.start - mention.end
    after = any(entry.kind == "scope" and entry.rule == "suspected_after" for entry in hit.entries)
    return 0 <= behind <= 1 and after and scene.part_at(hit.start) == part


def _told_why(scene: Scene, first: int, last: int) -> bool:
    """ "Worried because I have lupus", "scared with my epilepsy": the fear is of something else."""
    between = {scene.norm(i) for i in range(first, last)}
    return bool(between & scene.lexicon.sets["scope.reasons"])


def _tested(scene: Scene, mention: Mention) -> bool:
    """ "Tested for HIV", "patch test for nickel", "HIV test negative", "skin cancer check: clear"."""
    for hit in scene.hits_of("scope", "test"):
        if scene.part_at(hit.start) != scene.part_at(mention.start):
            continue
        if 0 <= mention.start - hit.end <= 4:
            if {scene.norm(i) for i in range(hit.end, mention.start)} & {"for", "of"} or scene.norm(
                hit.end - 1
            ) in (
                "for",
                "of",
            ):
                return True
        if 0 <= hit.start - mention.end <= 1:
            return True
    return False


def _seen_to(scene: Scene, mention: Mention, reach: int) -> bool:
    """ "60 moles, all checked": a spot or a sign that somebody looked at."""
    first = scene.parts[scene.sentence_parts(scene.parts[scene.part_at(mention.start)].sentence)[0]].start
    if not scene.lexicon.sets["scope.signs_only"] & {
        scene.norm(i) for i in range(mention.start, mention.end)
    }:
        return False
    return any(first <= hit.start < reach for hit in scene.hits_of("scope", "test"))


def _reach(scene: Scene, mention: Mention, mentions: Sequence[Mention]) -> int:
    """Where an all-clear no longer belongs to the mention."""
    sentence = scene.parts[scene.part_at(mention.start)].sentence
    parts = [part for part in scene.parts if sentence <= part.sentence <= sentence + _SENTENCES]
    last = min(parts[-1].end, mention.end + _FAR)
    # In a list of results each thing has its own: "nickel: nothing. Lidocaine: hives".
    rivals = [
        m.start
        for m in mentions
        if m.start >= mention.end
        and m.rule != mention.rule
        and scene.parts[scene.part_at(m.start)].sentence > sentence
    ]
    return min([last, *rivals])


def _open_yet(scene: Scene, mention: Mention, reach: int) -> bool:
    """ "Clear so far, still waiting on one": nothing is settled."""
    return any(mention.start - 6 <= hit.start < reach for hit in scene.hits_of("scope", "unsettled"))


def _clean(scene: Scene) -> List[int]:
    """Places where a test or an examiner says that nothing was found."""
    found = [
        hit.start
        for hit in scene.hits_of("scope", "clean")
        if scene.norm(hit.start - 1) not in ("not", "never", "until", "if", "when")
    ]
    words = scene.lexicon.sets["scope.clean_word"]
    tests = [hit.end for hit in scene.hits_of("scope", "test")]
    for index, token in enumerate(scene.tokens):
        if token.norm not in words or scene.norm(index - 1) in ("not", "never", "be", "if"):
            continue
        beside = scene.norm(index - 1) in scene.lexicon.sets["scope.clean_link"]
        if beside or any(0 <= index - end <= 6 for end in tests):
            found.append(index)
    return found


def _kept(scene: Scene, hit: Hit) -> bool:
    """ "Turned out to be severe", "turned out I am": it is there after all."""
    following = [scene.norm(i) for i in range(hit.end, hit.end + 2)]
    if scene.norm(hit.end - 1) == "not" and following[0].isalpha():
        # "It was not" ends what is said, "it was not easy" goes on.
        if following[0] not in scene.lexicon.sets["scope.not_that"]:
            return True
    return bool(scene.lexicon.sets["scope.real"] & set(following)) or _asked(scene, hit.start)


def _asked(scene: Scene, at: int) -> bool:
    before: Optional[str] = scene.norm(at - 1)
    return before in ("if", "unless", "until", "hoping", "hope", "whether", "is", "can", "could", "not")
