"""Ordinary English words, never taken for a misspelt name or medicine."""

from __future__ import annotations

from functools import lru_cache
from typing import Dict, FrozenSet, List

from candidacy.knowledge.load import DATA

FILE = DATA / "clinic" / "ordinary_words.txt"


@lru_cache(maxsize=1)
def ordinary_words() -> FrozenSet[str]:
    """The words of ordinary_words.txt; lines that begin with # are remarks."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@lru_cache(maxsize=1)
def ordinary_by_length() -> Dict[int, List[str]]:
    """The ordinary words, by their number of letters."""
    table: Dict[int, List[str]] = {}
    for word in sorted(ordinary_words()):
        table.setdefault(len(word), []).append(word)
    return table


_ENDINGS = ("s", "es", "ed", "d", "ing", "ly", "er", "ers", "y")


def is_ordinary(word: str) -> bool:
    """True for an ordinary word and its plain inflections."""
    words = ordinary_words()
    word = word[:-2] if word.endswith("'s") else word
    if word in words:
        return True
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stem = word[: -len(ending)]
            if stem in words or stem + "e" in words or (ending == "es" and stem + "y" in words):
                return True
            if len(stem) > 3 and stem[-1] == stem[-2] and stem[:-1] in words:
                return True
            if stem.endswith("i") and stem[:-1] + "y" in words:
                return True
    return False
