"""Times of day meant by a token: a clock time, a span, "after work"."""

from __future__ import annotations

import re
from typing import Callable, Dict, Optional, Tuple

from desk.windows.tokens import Token

Clock = Tuple[str, Optional[str], Optional[str]]
"""part ("any" or an exact "15:00"), start, end."""

_PART_WORDS = {"mor": "morning", "fir": "morning", "aft": "afternoon", "arv": "afternoon", "pm": "afternoon",
               "eve": "evening", "nig": "evening", "am": "morning", "ams": "morning"}  # fmt: skip
_SPANS = {"afterwork": ("17:00", None), "afterschool": ("15:00", None), "afterlunch": ("13:00", None),
          "lunch": ("12:00", "14:00"), "late": ("15:00", None)}  # fmt: skip
_OTHERWISE = {"morning": ("12:00", None), "evening": (None, "17:00"), "afternoon": (None, "12:00")}


def clock_of(token: Token) -> Optional[Clock]:
    """The time of a token that names one; None for a plain part of the day."""
    read = _READ.get(token.kind)
    if read:
        return read(token)
    name = token.kind
    if token.text.startswith("lunch"):
        name = "lunch"
    elif token.text.startswith(("late in", "end of")):
        name = "late"
    return ("any", *_SPANS[name]) if name in _SPANS else None


def said_half(token: Token) -> bool:
    """True when am or pm was said."""
    return bool(re.search(r"\d\s*[ap]", token.text))


def outside(start: Optional[str], end: Optional[str]) -> Tuple[Optional[str], Optional[str]]:
    """The time that is left when a span is excluded: "not before 5", "I work until 5", "not 9 to 5"."""
    if start and end:
        return (end, None) if end > "12:00" else (None, start)
    return end, start


def outside_part(part: str) -> Tuple[Optional[str], Optional[str]]:
    """The time that is left when a part of the day is excluded."""
    return _OTHERWISE[part]


def part_word(word: str) -> str:
    """morning, afternoon or evening for a word of a token."""
    return _PART_WORDS.get(word) or _PART_WORDS[word[:3]]


def _clock(words: Optional[str]) -> str:
    """ "17:00" for "5", "5 pm", "5:00", "noon"; a bare 1 to 7 is in the afternoon or evening."""
    words = words or ""
    if words in ("noon", "midday"):
        return "12:00"
    found = re.match(r"(\d{1,2})(?:[:.](\d{2}))?\s*([ap])?", words)
    hour, minute, half = int(found.group(1)), int(found.group(2) or 0), found.group(3)  # type: ignore[union-attr]
    if half == "p" and hour < 12 or not half and 1 <= hour <= 7:
        hour += 12
    elif half == "a" and hour == 12:
        hour = 0
    return f"{min(hour, 23):02d}:{min(minute, 59):02d}"


def beside(clock: Optional[str], part: str) -> Optional[str]:
    """A bare hour beside a part of the day: "evening at 8" is 20:00, "morning at 7" is 07:00."""
    if not clock or ":" not in clock:
        return clock
    hour = int(clock[:2])
    if part == "evening" and hour < 12:
        hour += 12
    elif part == "morning" and hour > 12:
        hour -= 12
    return f"{hour:02d}{clock[2:]}"


def _span(token: Token) -> Clock:
    first, last = token.get("h1", "h3") or "", token.get("h2", "h4") or ""
    end = _clock(last)
    start = _clock(first)
    if start > end:  # "11 to 1", "2-4 am"
        start = f"{int(start[:2]) % 12:02d}{start[2:]}"
    return "any", start, end


_READ: Dict[str, Callable[[Token], Clock]] = {
    "span": _span,
    "later": lambda token: ("any", _clock(token.get("h5", "h6", "h12")), None),
    "earlier": lambda token: ("any", None, _clock(token.get("h7", "h8"))),
    "at": lambda token: (_clock(token.get("h9", "h10", "h11")), None, None),
}
