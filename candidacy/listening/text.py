"""Read a message into plain words that still know where they stood in the original text.

Patients write "I'M PREGNANT!!", "im preg", "ive been bf-ing" and "6wks". All are brought to small
letters, spelled-out contractions and separate numbers, so that every cue is written once.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

LIMIT = 10_000
"""Characters read of one message. Of a longer one the first and the last 5,000 are read: people put
what matters at the start or after the story."""

STOPS = frozenset(".!?;\n")
"""Tokens that end a sentence."""

_TOKEN = re.compile(r"(?<![a-z0-9])'\d\d(?![a-z0-9'])|w/o\b|w/|b/c\b|y/o\b|[a-z]+(?:'[a-z]+)*|\d+(?:\.\d+)?|[.!?;,:()/&+%$#\n\x01\x02-]")
_NUMBER = re.compile(r"\. ?\d")
_RUN = re.compile(r"([a-z])\1{2,}")
_CROSS, _TICK = "\x01", "\x02"
_MARKED = {_CROSS: "no", _TICK: "yes"}
_SAME = {
    "\u2018": "'",
    "\u2019": "'",
    "\u02bc": "'",
    "\u0060": "'",
    "\u00b4": "'",
    "\u2032": "'",
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u2013": "-",
    "\u2014": ",",
    "\u2015": ",",
    "\u2026": ".",
    "\u3002": ".",
    "\uff0c": ",",
    "\u00bf": " ",
    "\u00a1": " ",
    "\r": " ",
    "\u2028": "\n",
    "\u2029": "\n",
    "\u00df": "s",
    "\u00f8": "o",
    "\u00e6": "e",
    "\u0142": "l",
    # Ticks and crosses of a filled-in list.
    "\u274c": _CROSS,
    "\u274e": _CROSS,
    "\u2717": _CROSS,
    "\u2718": _CROSS,
    "\u2716": _CROSS,
    "\U0001f6ab": _CROSS,
    "\u2705": _TICK,
    "\u2714": _TICK,
    "\u2713": _TICK,
    "\u2611": _TICK,
}
_BEFORE_S = frozenset(
    "mine he she it that what there here who how where when let everything everyone someone".split()
)
_NOT = {"can't": "can", "won't": "will", "shan't": "shall", "ain't": "is"}
_ENDINGS = {"m": "am", "re": "are", "ve": "have", "ll": "will", "d": "would"}
_TITLES = frozenset("dr mr mrs vs st approx inc".split())


@dataclass(frozen=True)
class Token:
    """One word, number or mark.

    Attributes:
        norm: The word as it is compared: small letters, contractions spelled out.
        start, end: Where it stands in the message. Words made from one contraction share a place.
        capitals: True for a word typed in capital letters only.
    """

    norm: str
    start: int
    end: int
    capitals: bool = False

    @property
    def word(self) -> bool:
        """True for a word or number, False for a mark."""
        return self.norm[0].isalnum()


def _fold_char(char: str) -> str:
    if char < "\x80":
        return char.lower()
    if char in _SAME:
        return _SAME[char]
    base = unicodedata.normalize("NFKD", char)[:1].lower()[:1]
    return base if base and base < "\x80" else " "


def fold(text: str) -> str:
    """`text` in plain small letters, one character for each character, so that offsets stay true."""
    return "".join(map(_fold_char, text))


def tokenise(text: str, spelled: Mapping[str, Sequence[str]], offset: int = 0) -> List[Token]:
    """The tokens of a message or of a phrase of the rules; both go through the same door.

    Args:
        text: Any text.
        spelled: Short form → the words it stands for ("im" → "i am").
        offset: Added to every start and end.
    """
    folded = fold(text)
    tokens: List[Token] = []
    leads: Optional[bool] = None
    for match in _TOKEN.finditer(folded):
        raw, start, end = match.group(), match.start(), match.end()
        if raw == "no" and _NUMBER.match(folded, end):
            # "TTC no. 2" counts.
            raw = "number"
        if raw[0] == "'":
            # "Autumn of '24".
            raw = ("20" if raw[1:] < "50" else "19") + raw[1:]
        if (raw == "-" and _joins(folded, start)) or (raw == "." and tokens and tokens[-1].norm == "number"):
            continue
        if raw in _MARKED:
            # "Pregnant X nursing X" and "X pregnant X nursing": a mark answers what stands beside it.
            if leads is None:
                leads = not any(token.word for token in tokens)
            answer = [Token(_MARKED[raw], start + offset, end + offset)]
            stop = [Token(".", start + offset, end + offset)]
            tokens.extend([*stop, *answer] if leads else [*answer, *stop])
            continue
        if raw in ("n", "y") and tokens and tokens[-1].norm in ("-", ":", "?") and text[start:end].isupper():
            # "Pregnant - N", "blood thinners: Y".
            raw = "no" if raw == "n" else "yes"
        if raw in ("&", "+"):
            # "32+4" is a count of weeks and days.
            figures = raw == "+" and folded[start - 1 : start].isdigit() and folded[end : end + 1].isdigit()
            raw = "plus" if figures else "and"
        capitals = raw.isalpha() and text[start:end].isupper()
        for norm in _words(raw, spelled):
            tokens.append(Token(norm, start + offset, end + offset, capitals))
    return tokens


def _joins(folded: str, at: int) -> bool:
    """A hyphen inside a word or between figures joins; one with blanks around it parts."""
    before = folded[at - 1] if at else " "
    after = folded[at + 1] if at + 1 < len(folded) else " "
    return before.isalnum() and after.isalnum()


def _words(raw: str, spelled: Mapping[str, Sequence[str]]) -> Sequence[str]:
    if raw in spelled:
        return spelled[raw]
    if "'" not in raw:
        return (_RUN.sub(r"\1", raw),)
    stem, _, ending = raw.rpartition("'")
    if raw.endswith("n't"):
        return (_NOT.get(raw, raw[:-3].replace("'", "")), "not")
    stem = stem.replace("'", "")
    if ending in _ENDINGS:
        return (*spelled.get(stem, (stem,)), _ENDINGS[ending])
    if ending == "s" and stem in _BEFORE_S:
        return (stem, "is")
    return (raw.replace("'", ""),)


def read(message: str, spelled: Mapping[str, Sequence[str]]) -> List[Token]:
    """The tokens of a message; of a very long one its two ends, parted by a full stop."""
    if len(message) <= LIMIT:
        tokens = tokenise(message, spelled)
    else:
        half = LIMIT // 2
        cut = len(message) - half
        tokens = tokenise(message[:half], spelled)
        tokens.append(Token(".", half, half))
        tokens.extend(tokenise(message[cut:], spelled, cut))
    return tokens


def sentences(tokens: Sequence[Token]) -> List[Tuple[int, int]]:
    """Half-open token ranges of the sentences; the closing mark belongs to its sentence."""
    found, start = [], 0
    for index, token in enumerate(tokens):
        if token.norm not in STOPS:
            continue
        title = token.norm == "." and index and tokens[index - 1].norm in _TITLES
        if not title:
            if any(t.word or t.norm == "?" for t in tokens[start : index + 1]):
                found.append((start, index + 1))
            start = index + 1
    if start < len(tokens):
        found.append((start, len(tokens)))
    return found


@lru_cache(maxsize=8)
def _short_forms(pairs: Tuple[Tuple[str, str], ...]) -> Dict[str, Tuple[str, ...]]:
    return {short: tuple(long.split()) for short, long in pairs}


def short_forms(table: Mapping[str, str]) -> Dict[str, Tuple[str, ...]]:
    """The `short_forms` of language.yml, ready for `tokenise`."""
    return _short_forms(tuple((fold(str(k)), fold(str(v))) for k, v in table.items()))
