"""When the clinic is open: the hours and closed days of `clinic.yml` and the country's public holidays."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Iterator, Optional, Tuple

import holidays

from candidacy.knowledge import Clinic
from candidacy.knowledge.models import WEEKDAYS


def opening_hours(day: date, clinic: Clinic) -> Optional[Tuple[time, time]]:
    """Opening and closing time of one day, clinic time; None when closed, also by a public holiday.

    A file that gives no hours at all says nothing about them: every day but a holiday counts as open.
    """
    if day in clinic.closed_days or is_holiday(day, clinic.country):
        return None
    if not clinic.hours:
        return time.min, time.max
    hours = clinic.hours.get(WEEKDAYS[day.weekday()])
    return (time.fromisoformat(hours.opens), time.fromisoformat(hours.closes)) if hours else None


def is_open(moment: datetime, clinic: Clinic) -> bool:
    """True when the clinic is open at this moment, given in the clinic's time zone."""
    hours = opening_hours(moment.date(), clinic)
    return hours is not None and hours[0] <= moment.time() < hours[1]


def next_opening(moment: datetime, clinic: Clinic, within: int = 60) -> Optional[datetime]:
    """When a closed clinic opens next, clinic time; None when the file gives no hours, or not within so many days."""
    if not clinic.hours:
        return None
    for step in range(within + 1):
        day = moment.date() + timedelta(days=step)
        hours = opening_hours(day, clinic)
        if hours and (step or hours[0] > moment.time()):
            return datetime.combine(day, hours[0], moment.tzinfo)
    return None


def open_days(after: date, clinic: Clinic, within: int = 60) -> Iterator[date]:
    """Open days later than `after`, in order, looking `within` days ahead."""
    for step in range(1, within + 1):
        day = after + timedelta(days=step)
        if opening_hours(day, clinic):
            yield day


def is_holiday(day: date, country: str) -> bool:
    """True on a national public holiday; False for a country the calendar does not know."""
    return day in _holidays(country, day.year)


@lru_cache(maxsize=16)
def _holidays(country: str, year: int) -> frozenset:
    try:
        return frozenset(holidays.country_holidays(country, years=[year]))
    except NotImplementedError:
        return frozenset()
