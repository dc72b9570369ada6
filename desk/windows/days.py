"""Calendar days meant by a token: dates in figures or words, days from now, weeks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import List, Optional

from candidacy.knowledge import Clinic
from desk.opening import opening_hours
from desk.windows.tokens import Token, month

FARTHEST = 200
"""Days ahead that a date without a year may lie; farther ones are taken for a date in the past."""

_MONTH_FIRST = frozenset({"US", "PH", "PR", "GU"})


def week_start(day: date) -> date:
    """Monday of the week."""
    return day - timedelta(days=day.weekday())


def coming(number: int, today: date) -> date:
    """The next such weekday (0 is Monday) after today."""
    return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)


def resolve_week(words: str, today: date, clinic: Clinic) -> date:
    """Monday of "this week", "next week", "the week after next".

    This week is the coming one when the clinic opens no more after today.
    """
    monday = week_start(today)
    if "after next" in words:
        return monday + timedelta(days=14)
    if words.startswith(("next", "following", "coming")):
        return monday + timedelta(days=7)
    rest = (monday + timedelta(days=step) for step in range(today.weekday() + 1, 7))
    return monday if any(opening_hours(day, clinic) for day in rest) else monday + timedelta(days=7)


def month_days(number: int, today: date) -> List[date]:
    """The days still to come of the next month with this number, 1 to 12 (today's own month counts)."""
    first = date(today.year + (number < today.month), number, 1)
    days = [first + timedelta(days=step) for step in range(31)]
    return [day for day in days if day.month == number and day > today]


def day_of(token: Token, today: date, country: str) -> Optional[List[date]]:
    """The days of a token that names dates; empty for a date that cannot be meant; None for another kind."""
    try:
        return _days(token, today, country)
    except ValueError:  # 31 November
        return []


def _days(token: Token, today: date, country: str) -> Optional[List[date]]:
    kind, get = token.kind, token.get
    if kind == "relative":
        return [relative_day(token, today)]
    if kind == "thispart":
        return [today]
    if kind == "iso":
        return _plausible([date.fromisoformat(token.text)], today)
    if kind in ("dmy", "mdy"):
        day, number, year = get("d1", "d2"), month(get("m1", "m2") or ""), get("y1", "y2")
        return _dated(int(day or 0), number, int(year) if year else None, today)
    if kind == "daterange":
        number = month(token.parts["rm"])
        ends = [_dated(int(token.parts[name]), number, None, today) for name in ("r1", "r2")]
        return ends[0] + ends[1] if ends[0] and ends[1] and ends[0] <= ends[1] else []
    if kind == "datespan":
        ends = [_dated(int(token.parts[f"d{n}"]), month(token.parts[f"m{n}"]), None, today) for n in (3, 4)]
        return ends[0] + ends[1] if ends[0] and ends[1] and ends[0] <= ends[1] else []
    if kind == "slash":
        first, second, year = int(token.parts["s1"]), int(token.parts["s2"]), get("s3")
        number, day = (first, second) if country in _MONTH_FIRST and first <= 12 else (second, first)
        return _dated(day, number, int(year) % 100 + 2000 if year else None, today)
    if kind == "ordinal":
        return _ordinal(int(token.parts["nth"]), today)
    return None


def relative_day(token: Token, today: date) -> date:
    """The day of "tomorrow", "in 3 days", "in two weeks"."""
    words = token.text
    fixed = {"today": 0, "tonight": 0, "tomorrow": 1, "day after tomorrow": 2}
    if words in fixed:
        return today + timedelta(days=fixed[words])
    count = token.get("n", "n2") or "1"
    number = int(count) if count.isdigit() else {"a": 1}.get(count, 3 if "few" in count else 2)
    unit = token.get("unit", "unit2") or "days"
    return today + timedelta(days=number * (7 if unit.startswith("week") else 1))


def _dated(day: int, number: int, year: Optional[int], today: date) -> List[date]:
    if year:
        return _plausible([date(year, number, day)], today)
    found = date(today.year, number, day)
    if found < today:
        found = date(today.year + 1, number, day)
    return _plausible([found], today)


def _ordinal(day: int, today: date) -> List[date]:
    """The next month that has this day."""
    for step in range(0, 3):
        months = today.month - 1 + step
        try:
            found = date(today.year + months // 12, months % 12 + 1, day)
        except ValueError:
            continue
        if found > today:
            return [found]
    return []


def _plausible(days: List[date], today: date) -> List[date]:
    return [day for day in days if 0 <= (day - today).days <= FARTHEST]
