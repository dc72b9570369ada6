"""The time of a visit that staff and a person have agreed on, where the request came with preferred times.

It confirms the request, or changes a time agreed on before. The targets outside hear of it as they hear of a
time that was taken: "confirmed" the first time, "rescheduled" when only the time changed.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Any, Mapping, Optional, Sequence

from candidacy.knowledge import Clinic, load
from desk.booked import OPEN_STATUSES
from desk.changing import hold_time, locked, numbered
from desk.database import Conflict, transaction
from desk.delivery import enqueue
from desk.inbox import CONSULTATION, STATUS_CHANGED, Entry
from desk.opening import is_open
from desk.settings import time_zone
from desk.slots import SlotTaken, release, starts_on
from desk.staff_audit import note
from desk.staff_work import Changed
from desk.windows import Window
from desk.windows.window import HORIZON

CONFIRMED = "confirmed"
AGREED = "time agreed"
"""Action of the audit; what changed is the time, in the clinic's zone."""

LONGEST_AHEAD = timedelta(days=366)

MISSING, PAST, FAR, SKIPPED, TWICE = "missing", "past", "far", "skipped", "twice"


class BadTime(ValueError):
    """A time that cannot be kept; nothing was changed.

    Attributes:
        why: MISSING (no day or no time that can be read), PAST, FAR (more than LONGEST_AHEAD), SKIPPED
            (the clocks go forward over it) or TWICE (the clocks go back over it).
    """

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the time cannot be kept: {why}")


def read_time(day: str, clock: str, moment: datetime, clinic: Clinic) -> datetime:
    """The moment that staff wrote, UTC.

    Args:
        day: 2026-11-27.
        clock: 15:00, clinic time; seconds are not read.
        moment: Now, with its zone.

    Raises:
        BadTime: When it cannot be kept.
    """
    zone = time_zone(clinic)
    try:
        wall = datetime.combine(date.fromisoformat(day.strip()), time.fromisoformat(clock.strip()[:5]))
    except ValueError:
        raise BadTime(MISSING) from None
    today = moment.astimezone(zone).date()
    if wall.date() < today:
        raise BadTime(PAST)
    if wall.date() > today + LONGEST_AHEAD:
        raise BadTime(FAR)
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None) != wall:
        raise BadTime(SKIPPED)
    if first != second:
        raise BadTime(TWICE)
    if first <= moment:
        raise BadTime(PAST)
    return first


def in_hours(start: datetime, clinic: Clinic) -> bool:
    """True when the clinic is open for the whole of a visit that begins then."""
    last = start + timedelta(minutes=clinic.booking.consult_minutes - 1)
    return all(is_open(at.astimezone(time_zone(clinic)), clinic) for at in (start, last))


def suggestion(windows: Sequence[Mapping[str, Any]], moment: datetime, clinic: Clinic) -> Optional[datetime]:
    """The first time in the opening hours that suits a preferred time, the windows in their order.

    None when there is none within HORIZON days or on a day named, or the clinic's hours are not known.
    """
    zone = time_zone(clinic)
    today = moment.astimezone(zone).date()
    for data in windows:
        window = Window.from_dict(data)
        named = [date.fromisoformat(day) for day in window.days if day[:1].isdigit()]
        for day in named or [today + timedelta(days=step) for step in range(HORIZON + 1)]:
            if not today <= day <= today + LONGEST_AHEAD:
                continue
            for start in starts_on(day, clinic):
                if start > moment and window.holds(start.astimezone(zone)):
                    return start
    return None


def agree(entry: Entry, expected: str, had: Optional[datetime], start: datetime, by: str) -> None:
    """Keep the time, confirm the request and tell the targets outside, all in one transaction with the audit.

    The same time on a confirmed request changes nothing.

    Args:
        expected: The status that the page showed.
        had: The time agreed on that the page showed, or None.
        start: From `read_time`.

    Raises:
        Changed: When the request is another one by now, is over, or has a slot; nothing is changed then.
        SlotTaken: When free times are given away (mode slots) and somebody else has this one.
        DeskUnavailable: When the database cannot be reached.
    """
    clinic = load().clinic
    try:
        with transaction() as session:
            row = locked(session, entry.key)
            if row is None or (row.status, row.agreed_start) != (expected, had):
                raise Changed()
            if row.status not in OPEN_STATUSES or row.slot_start is not None:
                raise Changed()
            if (row.status, row.agreed_start) == (CONFIRMED, start):
                return
            note(session, by, AGREED, CONSULTATION, entry.key, f"{start.astimezone(time_zone(clinic)):%Y-%m-%d %H:%M}")
            if row.status != CONFIRMED:
                note(session, by, STATUS_CHANGED, CONSULTATION, entry.key, f"{row.status} to {CONFIRMED}")
            event = "rescheduled" if row.status == CONFIRMED else CONFIRMED
            row.agreed_start, row.status = start, CONFIRMED
            release(session, row.id)
            hold_time(session, row)
            enqueue(session, "consultation", row.id, numbered(session, row.id, event))
    except Conflict:
        raise SlotTaken() from None  # somebody else reached for the seat in the same moment
