"""The cue words of `data/clinic/answers.yml`: loaded once, checked, compiled."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List, Optional, Pattern, Sequence, Tuple

from candidacy.knowledge.load import DATA, BrokenFile, read_yaml

ANSWERS_FILE = DATA / "clinic" / "answers.yml"

_KEYS: Dict[str, Tuple[str, ...]] = {
    "yes": ("start", "alone"),
    "no": ("start", "alone", "end", "narrow", "whole", "whole_at_end", "after_no", "never", "unless", "dated"),
    "unsure": ("anywhere", "start", "alone"),
    "skip": ("anywhere", "start", "alone"),
    "signs": ("yes", "no", "unsure"),
    "age": ("before", "behind", "ahead", "nearly", "over", "decade", "up", "units", "tens", "least", "most"),
}
_LISTS = (
    "lead_ins",
    "tails",
    "asks",
    "small_talk",
    "enough",
    "corrects",
    "adds",
    "still",
    "still_not",
    "over",
    "unchanged",
    "changed",
    "since",
    "ended",
    "question_starts",
    "statement_starts",
    "about_other",
    "for_other",
    "goes_on",
    "takes_back",
    "thanks_only",
)


class Cues:
    """The cue words of `answers.yml`, compiled."""

    def __init__(self, data: Dict[str, Any]) -> None:
        self.data = data
        self._patterns: Dict[Tuple[str, str], Pattern[str]] = {}

    def words(self, *path: str) -> List[str]:
        """The list under a key such as ("no", "start")."""
        node: Any = self.data
        for step in path:
            node = node[step]
        return [str(word) for word in node]

    def has(self, words: str, *path: str) -> Optional["re.Match[str]"]:
        """The first cue of a list that stands anywhere in `words`, as a whole word."""
        return self._pattern(path, "search").search(words)

    def begins(self, words: str, *path: str) -> Optional["re.Match[str]"]:
        """The longest cue of a list with which `words` begin."""
        return self._pattern(path, "begin").match(words)

    def ends(self, words: str, *path: str) -> Optional["re.Match[str]"]:
        """The longest cue of a list with which `words` end."""
        return self._pattern(path, "end").search(words)

    def _pattern(self, path: Sequence[str], kind: str) -> Pattern[str]:
        key = (".".join(path), kind)
        if key not in self._patterns:
            any_of = "|".join(map(re.escape, sorted(self.words(*path), key=len, reverse=True)))
            before = r"(?:^|(?<= ))" if kind == "end" else r"(?<![\w'])"
            after = "$" if kind == "end" else r"(?![\w'])"
            self._patterns[key] = re.compile(f"{before}(?:{any_of}){after}")
        return self._patterns[key]


@lru_cache(maxsize=1)
def cues() -> Cues:
    """The cue words of `data/clinic/answers.yml`, read once. Raises as `read_cues`."""
    return read_cues(ANSWERS_FILE)


def read_cues(path: Path) -> Cues:
    """Read and check a file of cue words.

    Raises:
        BrokenFile: When the file is missing, is not YAML, or lacks a list that reading needs.
    """
    data = read_yaml(path)
    if not isinstance(data, dict):
        raise BrokenFile(path, "file", "must hold keys and values")
    unknown = set(data) - set(_KEYS) - set(_LISTS) - {"age_bands"}
    if unknown:
        raise BrokenFile(
            path, sorted(map(str, unknown))[0], "is not a key this file knows; check the spelling"
        )
    for key, inner in _KEYS.items():
        for name in inner:
            kind = {"tens": dict, "least": int, "most": int}.get(name, list)
            if not isinstance(data.get(key), dict) or not isinstance(data[key].get(name), kind):
                raise BrokenFile(path, f"{key}.{name}", "is missing or has the wrong form; add its words")
            if kind is not int:
                _check_words(path, f"{key}.{name}", data[key][name])
    for key in _LISTS:
        if not isinstance(data.get(key), list) or not data[key]:
            raise BrokenFile(path, key, "is missing or no list; add its words")
        _check_words(path, key, data[key])
    bands = data.get("age_bands")
    if not isinstance(bands, dict) or not all(isinstance(age, int) for age in bands.values()):
        raise BrokenFile(path, "age_bands", "must give the youngest age of each band as a whole number")
    return Cues(data)


def _check_words(path: Path, key: str, words: Any) -> None:
    for word in words:
        if not isinstance(word, str) or word != word.lower() or not word.strip():
            raise BrokenFile(path, key, f"{word!r} is no word in small letters; write it small and in quotes")
