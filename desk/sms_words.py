"""What people text about the texts themselves: no more of them, again, help. Cues: `data/clinic/sms.yml`."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, FrozenSet, List, Optional, Pattern, Tuple

from candidacy.knowledge.load import DATA, BrokenFile, load, read_yaml

SMS_FILE = DATA / "clinic" / "sms.yml"

STOP, STOP_WORDING, START, HELP, REACTION = "stop", "stop_wording", "start", "help", "reaction"
"""Kinds of wishes: the bare word, which the provider may answer itself; own words; and so on."""

LONGEST = 200
"""Characters of a clause that are looked at: a wish like this is short."""

_LISTS = ("stop_words", "start_words", "help_words", "around", "stop_messages", "stop_clauses", "reactions",
          "this_number")  # fmt: skip
_ONLY_OPTED_OUT = "yes"
_CLAUSE = re.compile(r"[.,;:!?\n]+|\s(?:and|so|but|because|cuz|coz|bc|then)\s")


class Words:
    """The cues, compiled."""

    def __init__(self, data: Dict[str, Any], path: Path) -> None:
        """
        Raises:
            BrokenFile: When a list is missing or a pattern is no regular expression.
        """
        for key in _LISTS:
            listed = data.get(key) if isinstance(data, dict) else None
            if not isinstance(listed, list) or not listed or not all(isinstance(item, str) for item in listed):
                raise BrokenFile(path, key, "must be a list of words in quotes; add it")
        named = data.get("short_names") or {}
        known = {rule.id for rule in load().rulebook.rules}
        strange = [key for key, name in named.items() if key not in known or not isinstance(name, str)]
        if strange:
            raise BrokenFile(path, f"short_names.{strange[0]}", "is no rule of contraindications.yml; correct the id")
        self.short_names: Dict[str, str] = dict(named)
        unknown = sorted(set(data) - {*_LISTS, "short_names"})
        if unknown:
            raise BrokenFile(path, unknown[0], "is not a key this file knows; check the spelling")
        self.stop, self.start, self.help = (frozenset(data[key]) for key in _LISTS[:3])
        self.this_number: FrozenSet[str] = frozenset(data["this_number"])
        longest_first = sorted(data["around"], key=len, reverse=True)
        self._around = rf"(?:{'|'.join(map(re.escape, longest_first))})"
        self._messages = self._compiled(data["stop_messages"], path, "stop_messages")
        self._clauses = self._compiled(data["stop_clauses"], path, "stop_clauses")
        try:
            self._reactions = re.compile("|".join(data["reactions"]), re.IGNORECASE | re.DOTALL)
        except re.error as error:
            raise BrokenFile(path, "reactions", f"holds what is no regular expression: {error}") from None

    def _compiled(self, patterns: List[str], path: Path, key: str) -> Pattern[str]:
        for number, pattern in enumerate(patterns, 1):
            try:
                re.compile(pattern)
            except re.error as error:
                raise BrokenFile(path, f"{key}.{number}", f"is no regular expression: {error}") from None
        return re.compile(rf"(?:{self._around} )*(?:{'|'.join(patterns)})(?: {self._around})*")

    def wish(self, text: str, opted_out: bool) -> Optional[str]:
        """What a message wishes about the texts themselves, or None.

        Args:
            text: The message as it came.
            opted_out: The writer gets no texts now; only then is a "yes" a wish to get them again.
        """
        if len(text) <= 2000 and self._reactions.fullmatch(text.strip()):
            return REACTION
        words = bare(text)
        if words in self.stop:
            return STOP
        if words in self.start and (opted_out or words != _ONLY_OPTED_OUT):
            return START
        if words in self.help:
            return HELP
        if len(words) <= LONGEST and self._messages.fullmatch(words):
            return STOP_WORDING
        for clause in _CLAUSE.split(_plain(text)[: 10 * LONGEST]):
            said = bare(clause)
            if said and len(said) <= LONGEST and self._clauses.fullmatch(said):
                return STOP_WORDING
        return None

    def means_this_number(self, text: str) -> bool:
        """True for "this number", asked for a number to be reached at."""
        words = bare(text)
        return any(words in (said, f"{said} please", f"use {said}", f"{said} is fine") for said in self.this_number)


def bare(text: str) -> str:
    """Small letters and digits with single spaces between words; apostrophes go, all else divides."""
    text = re.sub(r"['\u2019\u2018`\u00b4]", "", _plain(text))
    return " ".join(re.findall(r"[a-z0-9]+", text))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


@lru_cache(maxsize=2)
def words(path: Path = SMS_FILE) -> Words:
    """The cues of a file, read once.

    Raises:
        BrokenFile: When it is missing, lacks a list, or holds what is no regular expression.
    """
    return Words(read_yaml(path), path)


def provider_words() -> Tuple[FrozenSet[str], FrozenSet[str], FrozenSet[str]]:
    """The words that a provider knows by itself: for stopping, for starting, for help."""
    return words().stop, words().start, words().help
