"""Cancel a request, give it another time, move it on: each with what it holds and what it tells, at once."""

from __future__ import annotations

from datetime import datetime
from typing import Optional, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from candidacy.knowledge import load
from candidacy.knowledge.booking_models import SLOTS
from desk.booked import OPEN_STATUSES, Booking, NotBookable, booking_of, find, known_status
from desk.database import Conflict, DeskUnavailable, transaction
from desk.delivery import enqueue
from desk.records import STATUSES, Consultation, Delivery, time_of
from desk.references import read_reference
from desk.settings import now
from desk.slots import SlotTaken, hold, is_offered, release
from desk.windows import Window

_TRIES = 5


class NotOpen(NotBookable):
    """The request was cancelled or closed before; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("the request is not open: nothing was changed")


def cancel(
    reference: str, phone_last4: Optional[str] = None, email: Optional[str] = None
) -> Optional[Booking]:
    """Cancel a request that is still open and free its time; a second cancel changes nothing.

    Returns:
        The booking as it is now (closed stays closed), or None as in `find`.
    """
    booking = find(reference, phone_last4, email)
    return cancel_proven(booking.reference) if booking else None


def cancel_proven(reference: str) -> Optional[Booking]:
    """Cancel like `cancel`, for somebody whose proof was checked before (`desk.proof`). None for an unknown code."""
    with transaction() as session:
        row = locked(session, reference)
        if row is None:
            return None
        if row.status in OPEN_STATUSES:
            row.status = "cancelled"
            release(session, row.id)
            enqueue(session, "consultation", row.id, numbered(session, row.id, "cancelled"))
        return booking_of(row)


def reschedule(
    reference: str, windows: Sequence[Window], slot_start: Optional[datetime] = None
) -> Optional[Booking]:
    """Give an open request another time, for somebody whose proof was checked before (`desk.proof`).

    The old time is freed in the same transaction, the status is "requested" again, so that staff see it.
    The same time once more changes nothing, unless staff had agreed on another one: that one is off then.

    Args:
        reference: The code in any writing.
        windows: Preferred times, or the one taken.
        slot_start: A free time to hold (mode slots), or None.

    Returns:
        The booking as it is now; None for an unknown code.

    Raises:
        NotOpen: When it was cancelled or closed before.
        SlotTaken: When `slot_start` is not free; the request keeps its old time.
        DeskUnavailable: When it could not be stored; the request keeps its old time.
    """
    wanted = [window.to_dict() for window in windows]
    settings = load().clinic.booking
    for _ in range(_TRIES + settings.seats):
        try:
            with transaction() as session:
                row = locked(session, reference)
                if row is None:
                    return None
                if row.status not in OPEN_STATUSES:
                    raise NotOpen()
                if (row.windows, row.slot_start, row.agreed_start) == (wanted, slot_start, None):
                    return booking_of(row)
                row.windows, row.slot_start, row.status = wanted, slot_start, STATUSES[0]
                row.agreed_start = None
                release(session, row.id)
                if slot_start is not None:
                    if not is_offered(slot_start, now(), load().clinic):
                        raise SlotTaken()
                    hold(session, row.id, slot_start, settings)
                enqueue(session, "consultation", row.id, numbered(session, row.id, "rescheduled"))
                return booking_of(row)
        except Conflict:
            continue  # somebody else took the seat just then; there may be another
    raise DeskUnavailable("too many at once")


def change_status(reference: str, status: str) -> Optional[Booking]:
    """Set the status, for staff, and tell the targets outside. None for an unknown code.

    A cancelled or closed request holds no time.

    Raises:
        ValueError: For an unknown status.
        SlotTaken: When a request is opened again whose time somebody else has by now.
        DeskUnavailable: When the database cannot be reached.
    """
    known_status(status)
    with transaction() as session:
        row = locked(session, reference)
        if row is None:
            return None
        if row.status == status:
            return booking_of(row)
        was_open, row.status = row.status in OPEN_STATUSES, status
        enqueue(session, "consultation", row.id, numbered(session, row.id, status))
        if status not in OPEN_STATUSES:
            release(session, row.id)
        elif not was_open:
            hold_time(session, row)
        return booking_of(row)


def hold_time(session: Session, row: Consultation) -> None:
    """Hold the time of a request, in the caller's transaction; nothing to do while it has none.

    A time agreed on holds a seat only where seats are given away (mode slots): elsewhere staff alone know
    how many visits fit.

    Raises:
        SlotTaken: When no seat is free.
    """
    settings = load().clinic.booking
    if row.slot_start is not None or (row.agreed_start is not None and settings.mode == SLOTS):
        hold(session, row.id, time_of(row), settings)


def locked(session: Session, reference: str) -> Optional[Consultation]:
    """The row, held until the end of the transaction, so that two changes come one after the other."""
    code = read_reference(reference)
    if code is None:
        return None
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql("BEGIN IMMEDIATE")  # knows no row locks
    query = select(Consultation).filter_by(reference=code).with_for_update()
    return session.scalars(query).first()


def numbered(session: Session, consultation_id: int, event: str) -> str:
    """The event's name, with a number from its second time on: each is told once."""
    query = select(func.count(Delivery.event.distinct())).where(
        Delivery.subject == "consultation",
        Delivery.subject_id == consultation_id,
        Delivery.event.like(f"{event}%"),
    )
    times = session.execute(query).scalar() or 0
    return f"{event}-{times + 1}" if times else event
