"""Cut a message into sentences and parts of sentences, the reach of most cues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, FrozenSet, List, Sequence

from candidacy.listening.text import Token, sentences

_MARKS = frozenset(",:()-")


@dataclass(frozen=True)
class Part:
    """A part of a sentence, about as long as one statement.

    Attributes:
        start, end: Half-open token range, without the mark or word that parts it from the one before.
        sentence: Number of its sentence.
        separator: The mark or word before it; empty at the start of a sentence.
        contrast: True when that word turns the sense ("but", "except").
        asked: True for the last part of a sentence that ends with a question mark.
    """

    start: int
    end: int
    sentence: int
    separator: str = ""
    contrast: bool = False
    asked: bool = False


def word_sets(table: Dict[str, Sequence[str]]) -> Dict[str, FrozenSet[str]]:
    """The lists of one section of language.yml as sets."""
    return {name: frozenset(map(str, words)) for name, words in table.items()}


def cut(
    tokens: Sequence[Token], words: Dict[str, FrozenSet[str]], held: FrozenSet[int] = frozenset()
) -> List[Part]:
    """The parts of a message, in order; every token that is no separator belongs to one.

    Args:
        tokens: The message.
        words: The `clauses` of language.yml as sets.
        held: Tokens inside a longer cue ("what if i get"), at which nothing is cut.
    """
    parts: List[Part] = []
    for number, (first, last) in enumerate(sentences(tokens)):
        asked = any(token.norm == "?" for token in tokens[first:last])
        start, separator, contrast = first, "", False
        begun = len(parts)
        index = first
        while index < last:
            norm = tokens[index].norm
            following = tokens[index + 1].norm if index + 1 < last else ""
            turn = norm in words["contrast"]
            link = norm in words["links"] and (following in words["starters"]) and index > start
            if index > start + 1 and _restarts(tokens, index, words):
                parts.append(Part(start, index, number, separator, contrast))
                start, separator, contrast = index, ",", False
            if index in held or (norm == "or" and following in ("not", "no", "any")):
                link = False
            if norm in _MARKS or turn or link:
                if index > start:
                    parts.append(Part(start, index, number, separator, contrast))
                    separator, contrast = norm, turn
                else:
                    separator, contrast = (norm if turn or not separator else separator), contrast or turn
                # A linking word belongs to the part it begins; a mark or a "but" to none.
                start = index if link and not turn else index + 1
            index += 1
        if start < last and any(token.word for token in tokens[start:last]):
            parts.append(Part(start, last, number, separator, contrast))
        if asked and len(parts) > begun:
            final = parts[-1]
            parts[-1] = Part(final.start, final.end, number, final.separator, final.contrast, True)
    return parts


def _restarts(tokens: Sequence[Token], index: int, words: Dict[str, FrozenSet[str]]) -> bool:
    """ "Can my wife get it she is nursing": a statement that begins without a mark."""
    if index + 1 >= len(tokens) or tokens[index].norm not in words["restarts"]:
        return False
    return tokens[index - 1].norm in words["asked_for"] and tokens[index + 1].norm in ("is", "am", "has", "have")
