"""Where the word groups of a frame stand in a message: in order, near each other, in one part or sentence."""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence, Tuple

from candidacy.listening.lexicon import Frame
from candidacy.listening.scene import Scene


def frame_places(scene: Scene, frame: Frame) -> List[Tuple[int, int]]:
    """Token ranges in which the groups of a frame stand in order, inside one part of a sentence.

    "#" stands for any number, "##" for one of two figures; a frame `across` looks at sentences or the whole message.
    """
    places = []
    for begin, end in _stretches(scene, frame.across):
        words = [scene.norm(i) for i in range(begin, end)]
        if frame.numbers:
            words = ["#" if _counts(word, frame) else word for word in words]
        elif frame.tens:
            words = ["##" if len(word) == 2 and word.isdigit() else word for word in words]
        for first, word in enumerate(words):
            if word not in frame.groups[0]:
                continue
            at: Optional[int] = first
            for group in frame.groups[1:]:
                assert at is not None
                following = range(at + 1, min(at + 2 + frame.gap, len(words)))
                at = next((i for i in following if words[i] in group), None)
                if at is None:
                    break
            if at is None or _denied_inside(words[first : at + 1], frame):
                continue
            around = words[max(first - 2, 0) : at + 3]
            if not frame.without & set(around):
                places.append((begin + first, begin + at + 1))
                break
    return places


def _denied_inside(words: Sequence[str], frame: Frame) -> bool:
    """ "Blood pressure was never high": a denial between the words, which the frame does not ask for."""
    return "never" in words and not any("never" in group for group in frame.groups)


def _counts(word: str, frame: Frame) -> bool:
    """True for a number that "#" of the frame stands for."""
    if not word[:1].isdigit():
        return False
    try:
        return not frame.numbers_in or any(low <= float(word) <= high for low, high in frame.numbers_in)
    except ValueError:
        return False


def _stretches(scene: Scene, across: str) -> List[Tuple[int, int]]:
    """Token ranges in which a frame is looked for: the parts, the sentences or the whole message."""
    if not across:
        return [(part.start, part.end) for part in scene.parts]
    if across == "message":
        return [(0, len(scene.tokens))]
    found: Dict[int, Tuple[int, int]] = {}
    for part in scene.parts:
        begin = found[part.sentence][0] if part.sentence in found else part.start
        found[part.sentence] = (begin, part.end)
    return list(found.values())
