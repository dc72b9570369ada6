"""A time that suits somebody: days, part of the day, a plain label, and whether the clinic is open."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from candidacy.knowledge import Clinic
from candidacy.knowledge.models import WEEKDAYS
from desk.opening import opening_hours

HORIZON = 14
"""Days ahead that a weekday or "any day" is looked up in."""

PARTS = {"morning": ("00:00", "12:00"), "afternoon": ("12:00", "17:00"), "evening": ("17:00", "24:00")}
"""Part of the day → from, to."""


@dataclass(frozen=True)
class Window:
    """A preferred time.

    Attributes:
        label: To read back: "Fri 27 Nov, afternoon", "weekdays after 5 pm".
        days: ISO dates, or weekday names (monday …), one kind at a time; empty for any day.
        part: morning, afternoon, evening, any, or an exact time "15:00" (24-hour clinic time).
        start: Not before this time "17:00", or None.
        end: Over by this time, or None.
        open: True when the clinic is open at some of it within the days named, or the next 14 days.
    """

    label: str
    days: Tuple[str, ...] = ()
    part: str = "any"
    start: Optional[str] = None
    end: Optional[str] = None
    open: bool = True

    def holds(self, moment: datetime) -> bool:
        """True when something that begins at this moment, given in clinic time, suits."""
        if self.days and moment.date().isoformat() not in self.days and WEEKDAYS[moment.weekday()] not in self.days:
            return False
        clock = f"{moment:%H:%M}"
        if ":" in self.part:
            return clock == self.part
        low, high = PARTS.get(self.part, ("00:00", "24:00"))
        return max(low, self.start or low) <= clock < min(high, self.end or high)

    @property
    def exact(self) -> bool:
        """True for one time on one day."""
        return ":" in self.part and len(self.days) == 1 and self.days[0][:1].isdigit()

    def to_dict(self) -> Dict[str, Any]:
        """A JSON-ready dictionary."""
        return {**asdict(self), "days": list(self.days)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Window":
        """Rebuild a window from `to_dict`; unknown keys are ignored."""
        values = {key: data[key] for key in cls.__dataclass_fields__ if key in data}
        return cls(**{**values, "days": tuple(values.get("days", ()))})


def make_window(
    now: datetime,
    clinic: Clinic,
    dates: Sequence[date] = (),
    weekdays: Sequence[int] = (),
    part: str = "any",
    start: Optional[str] = None,
    end: Optional[str] = None,
    days_label: Optional[str] = None,
) -> Window:
    """A window with its label and its `open` mark.

    Args:
        now: The moment at the clinic.
        dates: Calendar days; or
        weekdays: 0 (Monday) to 6; neither means any day.
        part, start, end: As in `Window`.
        days_label: Words for the days when they are not to be listed.
    """
    names = tuple(WEEKDAYS[number] for number in sorted(set(weekdays)))
    listed = tuple(day.isoformat() for day in sorted(set(dates)))
    label = _label(days_label or _days_label(dates, weekdays, now.date()), part, start, end)
    candidates = sorted(set(dates)) or [
        day
        for day in (now.date() + timedelta(days=step) for step in range(HORIZON + 1))
        if not weekdays or day.weekday() in weekdays
    ]
    is_open = any(_open_on(day, now, clinic, part, start, end) for day in candidates)
    return Window(label, listed or names, part, start, end, is_open)


def show_date(day: date, today: date) -> str:
    """ "Fri 27 Nov"; the year is added when it is not this one nor the turn of the year."""
    text = f"{day:%a} {day.day} {day:%b}"
    return f"{text} {day.year}" if abs((day - today).days) > 180 else text


def show_time(clock: str) -> str:
    """ "5 pm", "3:30 pm", "noon" for a 24-hour "17:00"."""
    hour, minute = (int(piece) for piece in clock.split(":"))
    if (hour, minute) == (12, 0):
        return "noon"
    minutes = f":{minute:02d}" if minute else ""
    return f"{(hour + 11) % 12 + 1}{minutes} {'pm' if 12 <= hour < 24 else 'am'}"


def _label(days: str, part: str, start: Optional[str], end: Optional[str]) -> str:
    if ":" in part:
        clock = f"at {show_time(part)}"
    elif start and end:
        return f"{days or 'any day'}, {show_time(start)} to {show_time(end)}"
    elif start or end:
        clock = f"after {show_time(start)}" if start else f"before {show_time(end or '')}"
    elif part == "any":
        return days or "any time"
    else:
        return f"{days}, {part}" if days else f"{part}s"
    days = days or "any day"
    return f"{days}, {clock}" if ", " in days else f"{days} {clock}"


def _days_label(dates: Sequence[date], weekdays: Sequence[int], today: date) -> str:
    if dates:
        days = sorted(set(dates))
        if len(days) > 3:
            return f"{show_date(days[0], today)} to {show_date(days[-1], today)}"
        return " or ".join(show_date(day, today) for day in days)
    numbers = sorted(set(weekdays))
    known = {(0, 1, 2, 3, 4): "weekdays", (5, 6): "weekends", tuple(range(7)): "any day"}
    if tuple(numbers) in known:
        return known[tuple(numbers)]
    short = [WEEKDAYS[number][:3].capitalize() for number in numbers]
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{short[0]} to {short[-1]}"
    return WEEKDAYS[numbers[0]].capitalize() + "s" if len(numbers) == 1 else " or ".join(short)


def _open_on(
    day: date, now: datetime, clinic: Clinic, part: str, start: Optional[str], end: Optional[str]
) -> bool:
    hours = opening_hours(day, clinic)
    if hours is None or day < now.date():
        return False
    opens, closes = hours
    if day == now.date():
        opens = max(opens, now.time().replace(tzinfo=None))
    if ":" in part:
        return opens <= time.fromisoformat(part) < closes
    low, high = PARTS.get(part, ("00:00", "24:00"))
    low, high = max(low, start or low), min(high, end or high)
    return max(low, f"{opens:%H:%M}") < min(high, f"{closes:%H:%M}")


def part_of(start: Optional[str], end: Optional[str]) -> str:
    """The part of the day that a span of time lies in; any when it crosses several."""
    inside: List[str] = [
        part for part, (low, high) in PARTS.items() if (start or "00:00") >= low and (end or "24:00") <= high
    ]
    return inside[0] if inside else "any"
