"""Put right the names and medicines that patients misspell ("acutane", "warferin", "pregnent").

A word is corrected only if it is neither an ordinary English word nor a word the rules know, and only
towards a word of a name or a medicine. How far a misspelling may stray grows with the length.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Optional, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from candidacy.listening.lexicon import Lexicon
from candidacy.listening.text import Token
from candidacy.listening.words import is_ordinary, ordinary_by_length

_SHORTEST = 5
_RUN = re.compile(r"(.)\1{2,}")
# Letters that begin the same sound, or that a finger takes for one another.
_ALIKE = tuple(
    map(
        frozenset,
        ("ck", "cs", "sz", "xz", "fp", "ei", "ae", "gj", "kq", "iy", "bv", "uw", "oa", "xs", "td", "mn"),
    )
)


def allowed(length: int) -> int:
    """Slips allowed (letters added, lost, changed or swapped) in a word of `length` letters."""
    if length < _SHORTEST:
        return 0
    if length < 8:
        return 1
    return 2 if length < 12 else 3


def _begin_alike(typed: str, target: str, slips: int) -> bool:
    if typed[0] == target[0]:
        return True
    if slips > 1:
        return False
    # A silent or doubled first letter: "soriasis", "neumonia"; or a letter that sounds alike: "zarelto".
    return typed[0] == target[1:2] or typed[1:2] == target[0] or frozenset((typed[0], target[0])) in _ALIKE


@lru_cache(maxsize=8)
def _by_length(targets: tuple[str, ...]) -> dict:
    table: dict = {}
    for target in targets:
        table.setdefault(len(target), []).append(target)
    return table


def correct(word: str, lexicon: Lexicon) -> Optional[str]:
    """The word of the rules that `word` most likely stands for, or None."""
    word = _RUN.sub(r"\1", word)
    if word in lexicon.vocabulary:
        return word
    if len(word) < _SHORTEST or is_ordinary(word):
        return None
    best: Optional[tuple[int, int, str]] = None
    table = _by_length(lexicon.target_words)
    for length in range(len(word) - 3, len(word) + 4):
        limit = allowed(min(length, len(word)))
        if limit < abs(length - len(word)):
            continue
        near = process.extract(
            word, table.get(length, ()), scorer=OSA.distance, score_cutoff=limit, limit=None
        )
        for target, slips, _ in near:
            if not _begin_alike(word, target, int(slips)):
                continue
            rank = (int(slips), abs(length - len(word)), target)
            if best is None or rank < best:
                best = rank
    return best[2] if best and not (best[0] > 1 and _is_slip_of_ordinary(word)) else None


def _is_slip_of_ordinary(word: str) -> bool:
    """ "Differance": one slip from an everyday word is nearer than two from a name."""
    table = ordinary_by_length()
    near = (other for length in range(len(word) - 1, len(word) + 2) for other in table.get(length, ()))
    return any(other[0] == word[0] and OSA.distance(word, other, score_cutoff=1) <= 1 for other in near)


def _joined(word: str, following: str, lexicon: Lexicon) -> Optional[str]:
    """One word typed as two ("micro blading"), if the rules know it as one."""
    whole = word + following
    if len(whole) < 7 or not whole.isalpha() or is_ordinary(whole):
        return None
    if whole in lexicon.targets:
        return whole
    if (len(word) < 3 or len(following) < 3 or not is_ordinary(word) or not is_ordinary(following)) and len(
        whole
    ) >= 8:
        if word not in lexicon.vocabulary and following not in lexicon.vocabulary:
            return correct(whole, lexicon)
    return None


def _clipped(word: str, lexicon: Lexicon) -> Optional[str]:
    """ "Mornin", "breastfeedin": the "g" left off; or None."""
    if not word.endswith("in") or len(word) < 5 or is_ordinary(word):
        return None
    whole = word + "g"
    return whole if whole in lexicon.vocabulary or is_ordinary(whole) else None


def put_right(tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """The tokens with misspelt names and medicines put right; places in the message stay the same."""
    found: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        index += 1
        if not token.norm.isalpha():
            found.append(token)
            continue
        if index < len(tokens) and tokens[index].norm.isalpha() and tokens[index].start - token.end <= 1:
            whole = _joined(token.norm, tokens[index].norm, lexicon)
            if whole:
                found.append(replace(token, norm=whole, end=tokens[index].end))
                index += 1
                continue
        respelled = lexicon.respell(token.norm)
        if respelled != token.norm:
            found.append(replace(token, norm=respelled))
            continue
        if token.norm in lexicon.vocabulary:
            found.append(token)
            continue
        if token.norm in lexicon.joined:
            found.extend(replace(token, norm=word) for word in lexicon.joined[token.norm])
            continue
        whole = _clipped(token.norm, lexicon)
        if whole:
            found.append(replace(token, norm=whole))
            continue
        right = correct(token.norm, lexicon)
        if right and right in lexicon.joined and right not in lexicon.vocabulary:
            found.extend(replace(token, norm=word) for word in lexicon.joined[right])
        else:
            found.append(replace(token, norm=right) if right else token)
    return found
