"""What one wish for a time holds, and the window that comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import List, Optional, Set, Tuple

from candidacy.knowledge import Clinic
from candidacy.knowledge.models import WEEKDAYS
from desk.opening import opening_hours
from desk.windows.days import coming
from desk.windows.window import Window, make_window, show_date


@dataclass
class Wish:
    """One window while it is being gathered.

    Attributes:
        dates: Calendar days.
        bare: "friday": the coming one, or a habit when several are named.
        named: "fridays", "weekdays": a habit.
        week: Monday of a week.
        label: Words for a span of days.
        anyday: "any day" was said.
        word: Word for no preference.
        out_weekdays, out_dates: Days that do not suit.
        part, start, end: As in `Window`.
        copied: The days were taken over from the wish before.
    """

    dates: List[date] = field(default_factory=list)
    bare: List[int] = field(default_factory=list)
    named: List[int] = field(default_factory=list)
    week: Optional[date] = None
    label: Optional[str] = None
    anyday: bool = False
    word: Optional[str] = None
    out_weekdays: Set[int] = field(default_factory=set)
    out_dates: Set[date] = field(default_factory=set)
    part: Optional[str] = None
    start: Optional[str] = None
    end: Optional[str] = None
    copied: bool = False

    @property
    def has_days(self) -> bool:
        """True when it names days."""
        return bool(self.dates or self.bare or self.named or self.week or self.anyday)

    @property
    def has_time(self) -> bool:
        """True when it names a time of day."""
        return bool(self.part or self.start or self.end)

    @property
    def empty(self) -> bool:
        """True when nothing was said yet."""
        return not (self.has_days or self.has_time or self.word or self.out_weekdays or self.out_dates)


def to_window(wish: Wish, now: datetime, clinic: Clinic) -> Optional[Window]:
    """The window of a wish; None when the days that do not suit leave none of those that do."""
    today = now.date()
    dates, names = _days(wish, today, clinic)
    label = wish.label
    out = wish.out_weekdays | {day.weekday() for day in wish.out_dates}
    left = [day for day in dates if day.weekday() not in out]
    if dates and not left:
        return None
    if wish.anyday and not dates and not names:
        names = list(range(7))
    if out and not dates:
        everything = not names or len(names) == 7
        names = [number for number in names or range(7) if number not in out]
        if not names:
            return None  # "not weekend weekdays": every day was taken out
        label = "any day" if everything and names[-1] > 4 and len(names) > 3 else None
    elif out and len(dates) > 3:
        label = label or f"{show_date(dates[0], today)} to {show_date(dates[-1], today)}"
    if out and label:
        label += ", not " + " or ".join(WEEKDAYS[number][:3].capitalize() for number in sorted(out))
    if wish.word and not (left or names or wish.has_time):
        return Window(wish.word, (), "any", None, None, True)
    return make_window(
        now, clinic, left, () if left else names, wish.part or "any", wish.start, wish.end, label
    )


def _days(wish: Wish, today: date, clinic: Clinic) -> Tuple[List[date], List[int]]:
    """Dates or weekdays of a wish, before those that do not suit are taken out."""
    dates, names = list(wish.dates), sorted(set(wish.named))
    if wish.week:
        pool = [wish.week + timedelta(days=step) for step in range(7)]
        pool = [day for day in pool if day > today] or pool
        chosen = set(wish.bare + wish.named)
        # Days named one by one stay, closed or not, so that a closed one can be told.
        dates += [
            day
            for day in pool
            if (day.weekday() in chosen if chosen else opening_hours(day, clinic) is not None)
        ]
        names = []
    elif wish.bare and (dates or len(set(wish.bare)) == 1) and not names:
        dates += [coming(number, today) for number in wish.bare]
    else:
        names = sorted(set(names + wish.bare))
    return dates, names
