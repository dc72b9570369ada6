"""The machine-readable parts of the rules in plain words, for the person who signs them."""

from __future__ import annotations

import re
from datetime import date
from typing import List, Optional

from candidacy.findings import ABSENT, FUTURE, HYPOTHETICAL, OTHER_PERSON, PAST, POSSIBLE, PRESENT
from candidacy.knowledge.models import Test

VERDICTS = {
    "urgent": "Emergency",
    "contraindicated": "Not now",
    "defer": "Wait",
    "provider_review": "A provider looks first",
    "ask": "To be cleared up",
    "no_flag": "No flag",
}
"""What each outcome means, as the page words it."""

STRENGTHS = {
    "label": "product label or maker's document",
    "review": "published review",
    "clinic_practice": "clinic practice",
}

KINDS = {
    "original": "original",
    "repost": "a copy of the original",
    "clinic": "a clinic's own page or sheet",
    "general": "general source",
}

PRODUCTS = {"botulinum_toxin": "toxin", "microneedling": "needling"}

_UNITS = {"Y": "year", "M": "month", "W": "week", "D": "day"}
_ASSERTIONS = {
    PRESENT: "it applies now",
    POSSIBLE: "they are not sure of it",
    PAST: "it is in the past",
    FUTURE: "it is planned",
    OTHER_PERSON: "it is about somebody else",
    ABSENT: "they say it does not apply",
    HYPOTHETICAL: "they only ask about it",
}


def duration(value: str) -> str:
    """An ISO-8601 duration as people say it: P6M is "6 months"."""
    parts = re.findall(r"(\d+)([YMWD])", value)
    return " and ".join(f"{int(n)} {_UNITS[unit]}{'' if int(n) == 1 else 's'}" for n, unit in parts)


def day(value: Optional[date]) -> str:
    """A date as 22 November 2026; empty for None."""
    return f"{value.day} {value:%B %Y}" if value else ""


def wait(length: Optional[str], counted_from: Optional[str]) -> str:
    """A wait and what it counts from; "none" where there is neither."""
    if length:
        return duration(length) + (f", counted from {counted_from}" if counted_from else "")
    return f"no set length, counted from {counted_from}" if counted_from else "none"


def test(condition: Test, past: bool = False) -> str:
    """When a variant applies, as the rest of a sentence that begins with "when".

    Args:
        condition: The variant's test.
        past: True when a dated past event is judged by it although its test names no assertion.
    """
    parts: List[str] = []
    if condition.named:
        parts.append("the words are among those listed here")
    ages = _ages(condition)
    if ages:
        parts.append(ages)
    if condition.assertion:
        parts.append(" or ".join(_ASSERTIONS[one] for one in condition.assertion))
    elapsed = _elapsed(condition)
    if elapsed:
        parts.append(elapsed)
    if not condition.assertion and not ages:
        parts.append("it applies now" + (", or is in the past with a known date" if past else ""))
    return "; and ".join(parts)


def _ages(condition: Test) -> str:
    low, high = condition.age_from, condition.age_to
    if low is not None and high is not None:
        return f"the age is {low} to {high}"
    if low is not None:
        return f"the age is {low} or over"
    return f"the age is {high} or under" if high is not None else ""


def _elapsed(condition: Test) -> str:
    least, less = condition.elapsed_at_least, condition.elapsed_less_than
    at_least = duration(least) if least and not re.fullmatch(r"P(0[YMWD])+", least) else None
    if less and least:
        text = f"its date is known and lies less than {duration(less)} back"
        return text + (f" and at least {at_least}" if at_least else "")
    if less:
        return f"the event was less than {duration(less)} ago, or its date is not known"
    if at_least:
        return f"its date is known and lies {at_least} back or more"
    return "its date is known" if least else ""
