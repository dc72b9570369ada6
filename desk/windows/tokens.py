"""Cut plain words about time into tokens: days, weeks, parts of the day, clock times, exclusions."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Dict, Iterator, List, Optional

from rapidfuzz.distance import DamerauLevenshtein

from candidacy.knowledge.models import WEEKDAYS
from desk.windows.grammar import WD, KINDS, scanner

MAX_TEXT = 400
"""Characters that are read."""

_SHORT_DAYS = {"mon": 0, "tue": 1, "tues": 1, "wed": 2, "weds": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4}
_DAY_WORDS = {**_SHORT_DAYS, "sat": 5, "sun": 6, **{name: number for number, name in enumerate(WEEKDAYS)}}
_MINUTES = {"thi": 30, "fif": 15, "for": 45}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_NOT_WEEKDAYS = frozenset("today midday holiday someday birthday payday everyday noonday mayday".split())
_NUMBERS = {
    word: str(number)
    for number, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)
}

_MINUTES = {"thi": 30, "fif": 15, "for": 45}

@dataclass(frozen=True)
class Token:
    """One piece: its kind, the words, the named pieces inside it, and where it stands."""

    kind: str
    text: str
    parts: Dict[str, str]
    start: int
    end: int

    def get(self, *names: str) -> Optional[str]:
        """The first of these pieces that is there."""
        return next((self.parts[name] for name in names if name in self.parts), None)


def tokens(text: str) -> List[Token]:
    """The tokens of a text, in order; words that mean no time are left out."""
    return list(_scan(_tidy(text)))


def weekday(word: str) -> int:
    """0 (Monday) to 6 for a weekday word of a token."""
    return _DAY_WORDS[word if word in _DAY_WORDS else word[:-1]]


def month(word: str) -> int:
    """1 to 12 for a month word of a token."""
    return _MONTHS.index(word[:3]) + 1


def _scan(text: str) -> Iterator[Token]:
    for match in scanner().finditer(text):
        named = {name: value for name, value in match.groupdict().items() if value is not None}
        kind = next(kind for kind in KINDS if kind in named)
        if kind != "none":
            yield Token(kind, match.group(), named, match.start(), match.end())


def _tidy(text: str) -> str:
    """Small letters, plain quotes and hyphens, digits for hours in words, weekdays spelt right."""
    text = unicodedata.normalize("NFKC", text[:MAX_TEXT]).lower().replace("\u2019", "'")
    text = re.sub("[\u2010-\u2015]", "-", text)
    text = re.sub(r"[^\S\n]+", " ", text)
    text = re.sub(r"\b(?:tmrw|tmr|tmw|tom+or+ow|tomm?orr?w|2morrow|2moro)\b", "tomorrow", text)
    clock = "|".join(_NUMBERS)
    text = re.sub(
        rf"\b(after|before|at|around|about|by|until|till|between|from|past|to|and|-) ({clock})\b",
        lambda m: f"{m.group(1)} {_NUMBERS[m.group(2)]}",
        text,
    )
    text = re.sub(
        rf"\b({clock})(?= ?(?:am|pm|a\.m|p\.m|o'?clock|thirty|fifteen|ish|to \d|days?\b|weeks?\b))",
        lambda m: _NUMBERS[m.group(1)],
        text,
    )
    text = re.sub(r"\b(\d{1,2}) (thirty|fifteen|forty ?five)\b", _spoken_minutes, text)
    text = re.sub(r"\bhalf (?:past )?(\d{1,2})\b", r"\1:30", text)
    text = re.sub(r"\b(?:a )?quarter (?:past|after) (\d{1,2})\b", r"\1:15", text)
    text = re.sub(r"\b(?:a )?quarter (?:to|of|before) (\d{1,2})\b", _quarter_to, text)
    text = re.sub(r"(\d) ?(?:o'?clock )?in the morning\b", r"\1 am", text)
    text = re.sub(r"(\d) ?(?:o'?clock )?(?:in the (?:afternoon|evening)|at night)\b", r"\1 pm", text)
    text = re.sub(r"[a-z]{5,}", _spell_weekday, text)
    # "Fri am" is a morning; "sat 11" an hour, as the day of a month would say more ("sat 28", "sat 11th").
    text = re.sub(rf"\b({WD}) am\b(?! i\b)", r"\1 morning", text)
    return re.sub(rf"\b({WD}) (?=(?:[1-9]|1[0-2])(?: ?[ap]m)?(?=$|[.,;!?\n]| or\b| and\b))", r"\1 at ", text)


def _quarter_to(match: re.Match) -> str:
    return f"{(int(match.group(1)) - 2) % 12 + 1}:45"


def _spoken_minutes(match: re.Match) -> str:
    return f"{match.group(1)}:{_MINUTES[match.group(2)[:3]]}"


def _spell_weekday(match: re.Match) -> str:
    word = match.group()
    stem, plural = (word[:-1], "s") if word.endswith("s") else (word, "")
    if stem in _DAY_WORDS or stem in _NOT_WEEKDAYS or not re.search(r"d[ay]{1,2}$|da[iy]$|dya$", stem):
        return word
    close = min(WEEKDAYS, key=lambda name: DamerauLevenshtein.distance(stem, name))
    return close + plural if DamerauLevenshtein.distance(stem, close) <= 2 else word
