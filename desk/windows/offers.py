"""Times to offer as choices."""

from __future__ import annotations

from datetime import date, datetime
from typing import List

from candidacy.knowledge import Clinic
from desk.opening import open_days, opening_hours
from desk.windows.window import PARTS, Window, make_window

_SHORTEST = 1
"""Hours of opening time that a part of a day needs to be worth offering."""


def offer_windows(now: datetime, clinic: Clinic, count: int = 3) -> List[Window]:
    """Times to offer as buttons, in order: afternoon and morning in turn, each on another open day.

    The earliest is the afternoon of the next open day, so that staff have that morning to call back.

    Args:
        now: The moment at the clinic.
        count: How many.

    Returns:
        At most `count` windows; none when the file gives no opening hours, since none can be promised.
    """
    if not clinic.hours:
        return []
    days = list(open_days(now.date(), clinic))
    wanted = ("afternoon", "morning")
    offers: List[Window] = []
    for day in days:
        if len(offers) == count:
            break
        part = wanted[len(offers) % 2]
        if _hours_in(part, day, clinic) >= _SHORTEST:
            offers.append(make_window(now, clinic, dates=[day], part=part))
    return offers


def _hours_in(part: str, day: date, clinic: Clinic) -> float:
    hours = opening_hours(day, clinic)
    if hours is None:
        return 0.0
    low, high = (int(clock[:2]) for clock in PARTS[part])
    opens, closes = (clock.hour + clock.minute / 60 for clock in hours)
    return min(high, closes) - max(low, opens)
