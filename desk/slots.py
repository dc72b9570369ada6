"""Free times: built from the opening hours, held by rows that no second booking can write.

Times are kept in UTC. A day's times are stepped in UTC between its opening and its closing, so that the
day on which the clocks change has neither a time that does not exist nor one too many.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Dict, Iterator, List, Optional, Sequence, Set, Tuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from candidacy.knowledge import Clinic
from candidacy.knowledge.booking_models import CELL_MINUTES, BookingSettings
from desk.database import transaction
from desk.opening import opening_hours
from desk.records import SlotCell
from desk.settings import time_zone
from desk.windows import Window
from desk.windows.window import make_window

CELL = timedelta(minutes=CELL_MINUTES)
Cell = Tuple[datetime, int]


class SlotTaken(RuntimeError):
    """Somebody else has the time, or it is not offered any more; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("the time is not free")


@dataclass(frozen=True)
class Slot:
    """A free time. `starts_at` is UTC; `window` is the same time as people read it."""

    starts_at: datetime
    window: Window


def starts_on(day: date, clinic: Clinic) -> List[datetime]:
    """Every time of a day, UTC, taken or not: from opening on, as long as a consultation ends by closing.

    The first one is at a full quarter of an hour.
    """
    hours = opening_hours(day, clinic)
    if hours is None or not clinic.hours:
        return []
    opens, closes = _in_utc(day, hours[0], clinic, first=True), _in_utc(day, hours[1], clinic, first=False)
    late = timedelta(minutes=opens.minute % CELL_MINUTES, seconds=opens.second)
    start = opens + (CELL - late if late else timedelta())
    length = timedelta(minutes=clinic.booking.consult_minutes)
    found = []
    while start + length <= closes:
        found.append(start)
        start += length
    return found


def _in_utc(day: date, clock: time, clinic: Clinic, first: bool) -> datetime:
    """A wall-clock time in UTC.

    One that the clocks skip becomes the moment of the skip; of one that comes twice it is the first or the last.
    """
    zone = time_zone(clinic)
    wall = datetime.combine(day, clock, zone).replace(fold=0 if first else 1)
    moment = wall.astimezone(timezone.utc)
    if moment.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return moment
    # Skipped: the two readings lie on either side of the change, which falls on a full minute.
    low, high = sorted(wall.replace(fold=fold).astimezone(timezone.utc) for fold in (0, 1))
    before = low.astimezone(zone).utcoffset()
    while low < high and low.astimezone(zone).utcoffset() == before:
        low += timedelta(minutes=1)
    return low


def offered(moment: datetime, clinic: Clinic) -> Iterator[datetime]:
    """Every time that may be taken now, free or not, UTC: not too soon and not too far ahead."""
    settings = clinic.booking
    earliest = moment.astimezone(timezone.utc) + timedelta(hours=settings.lead_time_hours)
    today = moment.astimezone(time_zone(clinic)).date()
    for step in range(settings.horizon_days + 1):
        for start in starts_on(today + timedelta(days=step), clinic):
            if start >= earliest:
                yield start


def free_slots(moment: datetime, clinic: Clinic, windows: Sequence[Window] = ()) -> List[Slot]:
    """The free times that suit one of the windows (all of them without any), earliest first.

    Args:
        moment: The moment, with its zone.
        clinic: Hours, closed days and the `booking` part.
        windows: Preferred times.

    Raises:
        DeskUnavailable: When the database cannot be reached.
    """
    zone = time_zone(clinic)
    local = {start: start.astimezone(zone) for start in offered(moment, clinic)}
    wanted = [s for s, at in local.items() if not windows or any(window.holds(at) for window in windows)]
    if not wanted:
        return []
    with transaction() as session:
        taken = _taken(session, wanted[0], wanted[-1] + timedelta(days=1))
    free = [start for start in wanted if _free_seat(start, taken, clinic.booking) is not None]
    return [Slot(start, _window(start.astimezone(zone), moment, clinic)) for start in free]


def is_offered(start: datetime, moment: datetime, clinic: Clinic) -> bool:
    """True when this time is one of those that may be taken now, free or not."""
    return start.astimezone(timezone.utc) in set(offered(moment, clinic))


def is_free(start: datetime, settings: BookingSettings) -> bool:
    """True when a seat is free at this time."""
    cells = _cells(start, settings)
    with transaction() as session:
        return _free_seat(start, _taken(session, cells[0], cells[-1] + CELL), settings) is not None


def hold(session: Session, consultation_id: int, start: datetime, settings: BookingSettings) -> None:
    """Write the rows that hold a time, in the caller's transaction.

    Two that reach for the same seat at once are told apart by the primary key: the later one gets
    `Conflict` from its transaction and may try again.

    Raises:
        SlotTaken: When no seat is free.
    """
    cells = _cells(start, settings)
    seat = _free_seat(start, _taken(session, cells[0], cells[-1] + CELL), settings)
    if seat is None:
        raise SlotTaken()
    session.add_all(SlotCell(starts_at=cell, seat=seat, consultation_id=consultation_id) for cell in cells)
    session.flush()


def release(session: Session, consultation_id: int) -> None:
    """Free what a booking holds, in the caller's transaction."""
    session.execute(
        delete(SlotCell)
        .where(SlotCell.consultation_id == consultation_id)
        .execution_options(synchronize_session=False)
    )


def spread(slots: Sequence[Slot], clinic: Clinic, count: int) -> List[Slot]:
    """A few of many: on different days where there are some, at different times of the day, earliest first."""
    zone = time_zone(clinic)
    days: Dict[date, List[Slot]] = {}
    for slot in slots:
        days.setdefault(slot.starts_at.astimezone(zone).date(), []).append(slot)
    if len(slots) <= count:
        return list(slots)
    chosen: List[Slot] = []
    # The first of the first day, then later times: people who cannot come early see one that suits.
    for part in (0.0, 0.5, 0.8, 0.25, 0.65):
        for number, day in enumerate(list(days.values())[:count]):
            pick = day[int(((part + 0.35 * number) % 1.0) * len(day))]
            if pick not in chosen and len(chosen) < count:
                chosen.append(pick)
    return sorted(chosen, key=lambda slot: slot.starts_at)


def _window(at: datetime, moment: datetime, clinic: Clinic) -> Window:
    window = make_window(moment, clinic, dates=[at.date()], part=f"{at:%H:%M}")
    if at.replace(fold=0).utcoffset() != at.replace(fold=1).utcoffset():  # comes twice that night
        return Window(**{**window.__dict__, "label": f"{window.label} ({at.tzname()})"})
    return window


def _cells(start: datetime, settings: BookingSettings) -> List[datetime]:
    """The quarters of an hour that a consultation touches; staff may agree on a time that begins within one."""
    start = start.astimezone(timezone.utc)
    end = start + timedelta(minutes=settings.consult_minutes)
    cell = start.replace(minute=start.minute - start.minute % CELL_MINUTES, second=0, microsecond=0)
    found = []
    while cell < end:
        found.append(cell)
        cell += CELL
    return found


def _taken(session: Session, low: datetime, high: datetime) -> Set[Cell]:
    query = select(SlotCell.starts_at, SlotCell.seat).where(SlotCell.starts_at >= low, SlotCell.starts_at < high)
    return {(row.starts_at, row.seat) for row in session.execute(query)}


def _free_seat(start: datetime, taken: Set[Cell], settings: BookingSettings) -> Optional[int]:
    cells = _cells(start, settings)
    seats = range(settings.seats)
    return next((seat for seat in seats if not any((cell, seat) in taken for cell in cells)), None)
