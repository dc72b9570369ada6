"""Lists of things said: how far a cue may pass from one item to the next."""

from __future__ import annotations

from typing import Sequence, Tuple

from candidacy.listening.scene import Scene

_STRANGE = 2
"""Words of a list item that no rule knows ("asthma, hay fever or lupus")."""


def fills(scene: Scene, first: int, last: int, inside: Sequence[Tuple[int, int]]) -> bool:
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


def bare(scene: Scene, first: int, last: int, inside: Sequence[Tuple[int, int]]) -> bool:
    for index in range(first, last):
        token = scene.tokens[index]
        if not token.word or any(a <= index < b for a, b in inside):
            continue
        if token.norm not in scene.words["bare_fill"]:
            return False
    return True


def sentence_end(scene: Scene, index: int) -> int:
    sentence = scene.parts[scene.part_at(index - 1)].sentence
    return max(scene.parts[number].end for number in scene.sentence_parts(sentence))


def stops_it(scene: Scene, cue_end: int, part_end: int) -> bool:
    """True when "stopped" speaks of the thing named before, not of another ("stopped the pill")."""
    following, behind = scene.norm(cue_end), scene.norm(cue_end + 1)
    it = cue_end >= part_end or following in scene.words["stopped_it"] or not following.isalpha()
    return it or bool(scene.words["the_course"] & {following, behind})
