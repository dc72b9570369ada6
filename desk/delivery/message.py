"""What a message may say: which request, what happened, when, and where to read more. Nobody, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, List, Mapping, Optional, Tuple, Union
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from candidacy.knowledge import load
from desk.records import Alert, Callback, Consultation, Delivery, time_of
from desk.references import read_reference, show_reference
from desk.sealing import keyed_hash
from desk.settings import time_zone
from desk.staff_settings import staff_settings
from desk.windows.window import PARTS, show_time

NEW, CHANGED, CONFIRMED, CANCELLED = "new", "changed", "confirmed", "cancelled"

Moment = Union[date, datetime]


@dataclass(frozen=True)
class Message:
    """One message to one target.

    Attributes:
        key: Idempotency key: the same whenever this message is sent again.
        uid: The same for every message about this request; tells nothing by itself.
        subject: consultation, callback or alert.
        action: new, changed, confirmed or cancelled.
        event: The event as it was written down.
        reference: The request as staff call it: XXX-XXXX, CB-12 for a call-back, AL-3 for an alert.
        created_at: When it happened.
        sequence: Number of earlier messages about this request to this target.
        link: Where staff read the rest.
        zone: The clinic's time zone.
        times: The time taken or agreed on, or the preferred times, in words.
        start, end: The time taken or agreed on, or the first preferred one; calendar days for a whole day;
            None when no calendar day is known.
        taken: True when a time was taken or agreed on, False when it is only preferred.
        firm: True when a time was taken or agreed on and staff have confirmed it.
    """

    key: str
    uid: str
    subject: str
    action: str
    event: str
    reference: str
    created_at: datetime
    sequence: int
    link: str
    zone: ZoneInfo
    times: Tuple[str, ...] = ()
    start: Optional[Moment] = None
    end: Optional[Moment] = None
    taken: bool = False
    firm: bool = False


def message_of(session: Session, delivery: Delivery) -> Optional[Message]:
    """The message of a row; None when what it tells of was deleted and there is nothing left to say."""
    zone = time_zone()
    common: dict = {
        "key": delivery.idempotency_key,
        "uid": keyed_hash(f"{delivery.subject}:{delivery.subject_id}", "delivery"),
        "subject": delivery.subject,
        "event": delivery.event,
        "created_at": delivery.created_at,
        "sequence": _earlier(session, delivery),
        "zone": zone,
    }
    inbox = staff_settings().url
    if delivery.subject == "callback":
        number = session.scalar(select(Callback.id).filter_by(id=delivery.subject_id))
        if number is None:
            return None
        return Message(action=_action(delivery.event), reference=f"CB-{number}", link=f"{inbox}/callbacks/{number}", **common)
    if delivery.subject == "alert":
        number = session.scalar(select(Alert.id).filter_by(id=delivery.subject_id))
        return Message(action=NEW, reference=f"AL-{number}", link=f"{inbox}/alerts/{number}", **common) if number is not None else None
    # Only what a message may carry is read; names and answers stay sealed.
    own = Consultation
    columns = (own.id, own.reference, own.status, own.slot_start, own.agreed_start, own.windows)
    row = session.execute(select(*columns).filter_by(id=delivery.subject_id)).first()
    if row is None:
        # The request was deleted. Its calendar entry goes; the code alone may be left in the event, for staff.
        code = read_reference(delivery.event) or ""
        if delivery.target != "caldav" and (not code or delivery.target == "fhir"):
            return None
        common["event"] = delivery.event.split()[0]
        return Message(action=CANCELLED, reference=show_reference(code), link=inbox, **common)
    start, end, taken = _time(row, zone)
    action = _action(delivery.event)
    if delivery.target == "caldav" and row.status == "cancelled":
        action = CANCELLED  # a calendar shows how things stand, not how they came to be
    return Message(
        action=action,
        reference=show_reference(row.reference),
        link=f"{inbox}/requests/{row.reference}",
        times=_in_words(row, start, taken),
        start=start,
        end=end,
        taken=taken,
        firm=taken and row.status in ("confirmed", "closed"),
        **common,
    )


def spans(windows: List[Mapping[str, Any]], zone: ZoneInfo) -> List[Tuple[Moment, Moment]]:
    """Start and end of the preferred times that name a calendar day; the first day of each."""
    found: List[Tuple[Moment, Moment]] = []
    for window in windows:
        try:
            day = date.fromisoformat((window.get("days") or [""])[0])
        except ValueError:  # weekdays, or any day
            continue
        part = window.get("part") or "any"
        if ":" in part:
            start = _at(day, part, zone)
            found.append((start, _visit_end(start, zone)))
            continue
        low, high = PARTS.get(part, (None, None))
        low, high = window.get("start") or low, window.get("end") or high
        if low is None and high is None:
            found.append((day, day + timedelta(days=1)))
        else:
            found.append((_at(day, low or "00:00", zone), _at(day, high or "24:00", zone)))
    return found


def _earlier(session: Session, delivery: Delivery) -> int:
    same = (Delivery.target == delivery.target, Delivery.subject == delivery.subject)
    query = select(func.count()).where(*same, Delivery.subject_id == delivery.subject_id, Delivery.id < delivery.id)
    return int(session.scalar(query) or 0)


def _action(event: str) -> str:
    if event in ("requested", "created"):
        return NEW
    return CANCELLED if event.startswith("cancelled") else CONFIRMED if event.startswith("confirmed") else CHANGED


def _time(row: Any, zone: ZoneInfo) -> Tuple[Optional[Moment], Optional[Moment], bool]:
    fixed = time_of(row)
    if fixed is not None:
        return fixed.astimezone(zone), _visit_end(fixed, zone), True
    preferred = spans(list(row.windows or []), zone)
    return (*preferred[0], False) if preferred else (None, None, False)


def _in_words(row: Any, start: Optional[Moment], taken: bool) -> Tuple[str, ...]:
    if taken and isinstance(start, datetime):
        return (f"{start:%a} {start.day} {start:%b} {start.year}, {show_time(f'{start:%H:%M}')} {start.tzname()}",)
    return tuple(str(window.get("label", "")) for window in row.windows or [] if window.get("label"))


def _visit_end(start: datetime, zone: ZoneInfo) -> datetime:
    """Reckoned in UTC: the clocks may change in between."""
    length = timedelta(minutes=load().clinic.booking.consult_minutes)
    return (start.astimezone(timezone.utc) + length).astimezone(zone)


def _at(day: date, clock: str, zone: ZoneInfo) -> datetime:
    if clock == "24:00":
        day, clock = day + timedelta(days=1), "00:00"
    return datetime.combine(day, time.fromisoformat(clock), zone)
