"""Days, times and names as patients read them."""

from __future__ import annotations

from datetime import date
from typing import Any, Dict, Text, Tuple


def day(value: date) -> Text:
    """A date as patients read it: 3 March 2027."""
    return f"{value.day} {value:%B %Y}"


def around(when: Tuple[date, date]) -> Text:
    """A time as patients read it: a day, else the month in its middle, else the years."""
    first, last = when
    if first == last:
        return day(first)
    if first.year != last.year and (last - first).days > 62:
        return f"{first.year}-{last.year}"
    return f"{first + (last - first) / 2:%B %Y}" if (last - first).days <= 62 else f"{last.year}"


def capital(text: Text) -> Text:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


Utterance = Tuple[Text, Dict[Text, Any]]
"""A response name and the values of its names."""
