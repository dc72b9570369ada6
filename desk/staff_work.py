"""What staff do in the inbox: move an entry on, look at an alert, send again, take the list along."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Dict, Iterator, List, Optional
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from desk import sms_consent
from desk.booking import SlotTaken, change_status
from desk.database import transaction, utc_now
from desk.delivery import retry
from desk.inbox import CALLBACK, CONSULTATION, REVIEWED, STATUS_CHANGED, Entry, worklist
from desk.inbox_search import SEARCHED
from desk.readable import is_readable, rows_by_id
from desk.records import STATUSES, Alert, Callback, Consultation, Delivery
from desk.references import show_reference
from desk.sms_consent import number_key
from desk.sms_outbox import drop_unwanted
from desk.sms_records import SmsContact, SmsInbox
from desk.staff_audit import note, note_event

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet takes a cell that begins with one of these for a formula."""

EXPORTED = (
    "reference asked_at status channel name phone email preferred_times slot agreed_time outcome screened complete rules "
    "earliest rules_version consent_text_version"
).split()


UNREADABLE = "cannot be read"
_BATCH = 500


class Changed(RuntimeError):
    """Somebody else has moved the entry on since the page was shown."""


def move_on(entry: Entry, expected: str, status: str, by: str) -> None:
    """Set the status of a request or call-back.

    Args:
        expected: The status that the page showed.

    Raises:
        ValueError: For an unknown status.
        Changed: When the status is another one by now; nothing is changed then.
        SlotTaken: When it is opened again and somebody else has its time; nothing is changed then.
        DeskUnavailable: When the database cannot be reached.
    """
    if status not in STATUSES or expected not in STATUSES:
        raise ValueError("unknown status")
    table = Callback if entry.kind == CALLBACK else Consultation
    with transaction() as session:
        row = session.scalars(select(table).where(table.id == entry.id).with_for_update()).first()
        if row is None or row.status != expected:
            raise Changed()
        note(session, by, STATUS_CHANGED, entry.kind, entry.key, f"{expected} to {status}")
        if entry.kind == CALLBACK:
            row.status = status
    if entry.kind == CALLBACK:
        return
    try:
        change_status(entry.key, status)  # frees or holds its time, and tells the targets outside
    except SlotTaken:
        note_event(by, "status change refused", entry.kind, entry.key, "the time is taken by now")
        raise


def mark_reviewed(entry: Entry, by: str) -> None:
    """Note that a provider has looked at the screening card."""
    note_event(by, REVIEWED, entry.kind, entry.key)


def mark_alert_seen(alert_id: int, by: str) -> bool:
    """Note that somebody has taken care of an alert. False when there is no such unseen alert."""
    change = update(Alert).where(Alert.id == alert_id, Alert.seen_at.is_(None)).values(seen_at=utc_now())
    with transaction() as session:
        if session.execute(change.execution_options(synchronize_session=False)).rowcount != 1:
            return False
        note(session, by, "alert taken care of", "alert", str(alert_id))
        return True


@dataclass(frozen=True)
class Failed:
    """A message that could not be delivered outside, and what it tells of."""

    id: int
    created_at: datetime
    target: str
    event: str
    attempts: int
    failure: Optional[str]
    kind: str
    key: str


def failed_deliveries(limit: int = 100) -> List[Failed]:
    """Deliveries that were given up, newest first."""
    query = select(Delivery).where(Delivery.state == "dead").order_by(Delivery.id.desc()).limit(limit)
    with transaction() as session:
        rows = list(session.scalars(query))
        numbers = [row.subject_id for row in rows if row.subject != CALLBACK]
        own = select(Consultation.id, Consultation.reference).where(Consultation.id.in_(numbers))
        codes: Dict[int, str] = {number: show_reference(code) for number, code in session.execute(own)}
        return [
            Failed(
                row.id, row.created_at, row.target, row.event, row.attempts, row.failure, row.subject,
                str(row.subject_id) if row.subject == CALLBACK else codes.get(row.subject_id, ""),
            )
            for row in rows
        ]  # fmt: skip


def try_again(delivery_id: int, by: str) -> bool:
    """Let the worker deliver once more from the beginning. False when there is nothing to try again."""
    with transaction() as session:
        if not retry(session, delivery_id, utc_now()):
            return False
        note(session, by, "delivery tried again", "delivery", str(delivery_id))
        return True


@dataclass(frozen=True)
class OptOut:
    """A number that wants no text messages; whose it is, where a newer entry tells."""

    since: datetime
    by: str
    entry: Optional[Entry] = field(default=None, repr=False)


def opt_outs(limit: int = 200) -> List[OptOut]:
    """Numbers that want no text messages, newest first. The numbers themselves are not kept."""
    query = select(SmsContact).where(SmsContact.opted_out_at.isnot(None)).order_by(SmsContact.opted_out_at.desc())
    with transaction() as session:
        rows = list(session.scalars(query.limit(limit)))
    known: Dict[str, Entry] = {}
    if rows:
        for one in reversed(worklist("all", SEARCHED)[0]):
            if one.phone:
                known[number_key(one.phone)] = one
    return [OptOut(row.opted_out_at, row.opted_out_by or "", known.get(row.number_key)) for row in rows]


def opt_out(entry: Entry, by: str) -> bool:
    """Send this person no text messages any more; False when it was so before."""
    if not entry.phone:
        return False
    with transaction() as session:
        if not sms_consent.change(session, entry.phone, sms_consent.STAFF):
            return False
        drop_unwanted(session, entry.phone)
        note(session, by, "text messages stopped", entry.kind, entry.key)
        return True


def opted_out(phone: Optional[str]) -> bool:
    """True when this number wants no text messages."""
    return bool(phone) and sms_consent.opted_out(str(phone))


def export(first: date, last: date, zone: ZoneInfo, by: str) -> Iterator[List[str]]:
    """Requests asked for from one day to another, both included, as rows for a spreadsheet, oldest first.

    The export is in the audit before the first row leaves the database. A request that is sealed with a key
    that is not there keeps its line, with UNREADABLE for a name and nothing of the person.

    Args:
        zone: The clinic's; days are its days.

    Raises:
        DeskUnavailable: When the database cannot be reached.
    """
    begin = datetime.combine(first, time.min, zone)
    end = datetime.combine(last + timedelta(days=1), time.min, zone)
    note_event(by, "exported", CONSULTATION, None, f"{first} to {last}")
    query = select(Consultation.id).where(Consultation.created_at >= begin, Consultation.created_at < end)
    rows: Dict[int, Any] = {}
    with transaction() as session:
        numbers = list(session.scalars(query.order_by(Consultation.id)))
        for place in range(0, len(numbers), _BATCH):
            rows.update(rows_by_id(session, Consultation, numbers[place : place + _BATCH]))
    yield list(EXPORTED)
    for number in numbers:
        if number in rows:
            yield [cell(value) for value in _exported(rows[number], zone)]


def cell(value: Any) -> str:
    """A value as a spreadsheet shows it: never a formula, whatever a person called themselves."""
    text = "" if value is None else str(value)
    return "'" + text if text.lstrip().startswith(FORMULA) or text.startswith(FORMULA) else text


def _exported(row: Any, zone: ZoneInfo) -> List[Any]:
    whole = is_readable(row)
    verdict = row.verdict if whole else {}
    reasons = verdict.get("reasons", [])
    person = [row.name, row.phone, row.email] if whole else [UNREADABLE, "", ""]
    complete = ("yes" if verdict.get("complete") else "no") if whole else ""
    return [
        show_reference(row.reference),
        f"{row.created_at.astimezone(zone):%Y-%m-%d %H:%M}",
        row.status,
        row.channel,
        *person,
        "; ".join(str(window.get("label", "")) for window in row.windows),
        *(f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else "" for at in (row.slot_start, row.agreed_start)),
        row.outcome,
        "yes" if row.screened else "no",
        complete,
        " ".join(str(one["rule"]) for one in reasons if one.get("rule")),
        max((str(one["earliest"]) for one in reasons if one.get("earliest")), default=""),
        row.rules_version,
        row.consent_text_version,
    ]


@dataclass(frozen=True)
class Stored:
    """What is stored with a request beside its line in the list; personal, so it stays out of `repr`."""

    verdict: Dict[str, Any] = field(repr=False)
    findings: List[Dict[str, Any]] = field(repr=False)
    answers: Dict[str, str] = field(repr=False)
    screened: bool
    consent_text_version: str
    consented_at: datetime


def read_request(number: int) -> Optional[Stored]:
    """The screening and the consent of a request; None when it is gone."""
    with transaction() as session:
        row = session.get(Consultation, number)
        if row is None:
            return None
        return Stored(row.verdict, row.findings, row.answers, row.screened, row.consent_text_version, row.consented_at)


def number_of(conversation_id: str) -> Optional[str]:
    """The number of somebody who wrote by text message, while it is kept; None otherwise."""
    query = select(SmsInbox.number).where(SmsInbox.conversation_id == conversation_id, SmsInbox.number.isnot(None))
    with transaction() as session:
        return session.scalars(query.order_by(SmsInbox.received_at.desc()).limit(1)).first()
