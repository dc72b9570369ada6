"""What is kept about a conversation, and how all of it goes.

A deletion has two halves. `request_deletion` is written during the turn in which the person says yes; the
turn itself would bring everything back if it were deleted then. `delete_everything` runs after the turn
was saved (channels/deleting.py) and may be broken off anywhere: run again, it finishes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Dict, List, Optional

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session

from desk import audit, conversations, sms_consent, sms_inbox, sms_outbox, transcripts
from desk.database import engine, transaction, utc_now
from desk.delivery import enqueue
from desk.privacy_records import (
    DeletionReceipt,
    DeletionRequest,
    EndedConversation,
    Reminder,
    ScreeningRecord,
)
from desk.records import Alert, Callback, Consultation, Delivery, SlotCell, time_of
from desk.references import show_reference
from desk.sealing import keyed_hash
from desk.sms_records import SmsInbox, SmsOutbox
from desk.staff_records import StaffNote

PATIENCE = timedelta(minutes=10)
"""So long a deletion waits for the text message that announces it; then it runs all the same."""

MESSAGES, ANSWERS, REQUEST, CALLBACK, REMINDER, ALERT = "messages", "answers", "request", "callback", "reminder", "alert"
"""Kinds of what is kept."""

_WAITING, _DONE = "waiting", "done"
_SUBJECTS = ((Consultation, "consultation"), (Callback, "callback"))


@dataclass(frozen=True)
class Kept:
    """Something that is kept.

    Attributes:
        kind: One of the kinds above.
        since, until: Oldest and newest of it.
        count: How many.
        reference: Of a request.
        day: Of a reminder.
    """

    kind: str
    since: datetime
    until: datetime
    count: int = 1
    reference: Optional[str] = None
    day: Optional[Any] = None


@dataclass(frozen=True)
class Pending:
    """A deletion that was asked for and not done yet."""

    id: int
    conversation_id: str
    requested_at: datetime


def kept(conversation_id: str) -> List[Kept]:
    """What is kept about a conversation, by kinds; no content.

    Raises:
        DeskUnavailable: When the database cannot be reached.
    """
    said = [line["at"] for line in transcripts.read(conversation_id) if line["who"] == transcripts.PATIENT and line["at"]]
    found = [Kept(MESSAGES, min(said), max(said), len(said))] if said else []
    with transaction() as session:

        def rows(table: Any, *which: Any) -> List[Any]:
            query = select(table).filter_by(conversation_id=conversation_id).where(*which).order_by(table.created_at)
            return list(session.scalars(query))

        screenings = rows(ScreeningRecord)
        if screenings:
            times = [row.created_at for row in screenings]
            found.append(Kept(ANSWERS, min(times), max(times), len(times)))
        for row in rows(Consultation):
            found.append(Kept(REQUEST, row.created_at, row.created_at, reference=show_reference(row.reference)))
        for kind, table, which in (
            (CALLBACK, Callback, ()),
            (REMINDER, Reminder, (Reminder.state == _WAITING,)),
            (ALERT, Alert, (Alert.kind != "delivery",)),
        ):
            for row in rows(table, *which):
                found.append(Kept(kind, row.created_at, row.created_at, day=getattr(row, "due_on", None)))
    return found


def upcoming(conversation_id: str, now: Optional[datetime] = None) -> bool:
    """True when a confirmed consultation of this conversation is still to come, as far as the desk knows."""
    with transaction() as session:
        query = select(Consultation).filter_by(conversation_id=conversation_id)
        return any(_is_upcoming(row, now or utc_now()) for row in session.scalars(query))


def request_deletion(conversation_id: str) -> None:
    """Write down that everything of a conversation shall go; a second call adds nothing.

    Raises:
        DeskUnavailable: When it could not be stored; the person must be told.
    """
    with transaction() as session:
        waiting = select(DeletionRequest).filter_by(conversation_id=conversation_id, state=_WAITING)
        if session.scalars(waiting).first() is None:
            session.add(DeletionRequest(conversation_id=conversation_id))


def pending(now: Optional[datetime] = None) -> List[Pending]:
    """Deletions that may run now, oldest first: the reply that announces one has left before.

    Raises:
        DeskUnavailable: When the database cannot be reached.
    """
    moment = now or utc_now()
    unanswered = exists().where(
        SmsInbox.conversation_id == DeletionRequest.conversation_id,
        SmsInbox.state == sms_inbox.NEW,
        SmsInbox.received_at <= DeletionRequest.requested_at,
    )
    unsent = exists().where(
        SmsOutbox.conversation_id == DeletionRequest.conversation_id,
        SmsOutbox.state == sms_outbox.WAITING,
        SmsOutbox.kind != sms_outbox.PROACTIVE,
    )
    query = (
        select(DeletionRequest)
        .where(DeletionRequest.state == _WAITING)
        .where(or_(~unanswered & ~unsent, DeletionRequest.requested_at < moment - PATIENCE))
        .order_by(DeletionRequest.id)
    )
    with transaction() as session:
        return [Pending(row.id, row.conversation_id, row.requested_at) for row in session.scalars(query)]


def delete_everything(request_id: int) -> Optional[Dict[str, int]]:
    """Delete all that a request asks for; returns how many of each kind, or None when it was done before.

    The caller holds the conversation's lock. Broken off anywhere, it may simply be run again.

    Raises:
        DeskUnavailable: When a database cannot be reached.
    """
    with transaction() as session:
        request = session.get(DeletionRequest, request_id)
        if request is None or request.state == _DONE:
            return None
        conversation_id = request.conversation_id
    events = conversations.delete(conversation_id)
    with transaction() as session:
        query = select(DeletionRequest).where(DeletionRequest.id == request_id, DeletionRequest.state == _WAITING)
        request = session.scalars(query.with_for_update()).first()
        if request is None:
            return None
        rows = {"events": events, **_delete_rows(session, conversation_id, request.requested_at)}
        session.add(DeletionReceipt(requested_at=request.requested_at, rows=rows))
        if session.get(EndedConversation, _ended_key(conversation_id)) is None:
            session.add(EndedConversation(key=_ended_key(conversation_id)))
        request.state, request.conversation_id = _DONE, None
    conversations.empty_log(engine())
    return rows


def has_ended(conversation_id: str) -> bool:
    """True when a conversation was deleted: its sessions and links are refused from then on.

    Raises:
        DeskUnavailable: When the database cannot be reached.
    """
    with transaction() as session:
        return session.get(EndedConversation, _ended_key(conversation_id)) is not None


def _ended_key(conversation_id: str) -> str:
    return keyed_hash(conversation_id, "ended")


def _delete_rows(session: Session, conversation_id: str, requested_at: datetime) -> Dict[str, int]:
    """Delete the desk's rows of a conversation, in the caller's transaction."""
    done: Dict[str, int] = {}

    def drop(name: str, table: Any, *which: Any) -> None:
        change = delete(table).where(*which).execution_options(synchronize_session=False)
        done[name] = done.get(name, 0) + session.execute(change).rowcount

    done["screenings"] = audit.empty(session, ScreeningRecord.conversation_id == conversation_id)
    for table, subject in _SUBJECTS:
        rows = list(session.scalars(select(table).filter_by(conversation_id=conversation_id)))
        numbers = [row.id for row in rows]
        told = _told_outside(session, subject, numbers)
        drop("deliveries", Delivery, Delivery.subject == subject, Delivery.subject_id.in_(numbers))
        drop("notes", StaffNote, StaffNote.subject == subject, StaffNote.subject_id.in_(numbers))
        if table is Consultation:
            _call_off(session, rows, told)
            drop("times", SlotCell, SlotCell.consultation_id.in_(numbers))
        session.flush()
        drop(f"{subject}s", table, table.id.in_(numbers))
    drop("alerts", Alert, Alert.conversation_id == conversation_id)
    drop("reminders", Reminder, Reminder.conversation_id == conversation_id)
    done["texts"] = _delete_texts(session, conversation_id, requested_at)
    return done


def _told_outside(session: Session, subject: str, numbers: List[int]) -> List[int]:
    """Those of which something has left the desk."""
    query = select(Delivery.subject_id).where(
        Delivery.subject == subject, Delivery.subject_id.in_(numbers), Delivery.state != _WAITING
    )
    return list(set(session.scalars(query)))


def _call_off(session: Session, rows: List[Consultation], told: List[int]) -> None:
    """Tell staff, and the clinic's calendar, that what they expected will not be; the code alone is left of it."""
    for row in rows:
        reference = show_reference(row.reference)
        if _is_upcoming(row, utc_now()):
            session.add(Alert(kind="free_time", conversation_id=reference, channel=row.channel))
        if row.id in told and row.status not in ("closed", "cancelled"):
            enqueue(session, "consultation", row.id, f"cancelled {reference}")


def _is_upcoming(row: Consultation, now: datetime) -> bool:
    at = time_of(row)
    return row.status == "confirmed" and (at is None or at > now)


def _delete_texts(session: Session, conversation_id: str, requested_at: datetime) -> int:
    """Delete text messages; what came in after the yes goes on in a new talk. The wish for no texts stays."""
    new = sms_consent.renew(session, conversation_id)
    if new is not None:
        later = (SmsInbox.conversation_id == conversation_id, SmsInbox.state == sms_inbox.NEW, SmsInbox.received_at > requested_at)
        change = update(SmsInbox).where(*later).values(conversation_id=new)
        session.execute(change.execution_options(synchronize_session=False))
        # So do the answers to such messages: they were worked out just before the locks were taken.
        answered = select(SmsInbox.message_id).where(
            SmsInbox.conversation_id == conversation_id, SmsInbox.received_at > requested_at
        )
        on_its_way = (SmsOutbox.conversation_id == conversation_id, SmsOutbox.state == sms_outbox.WAITING)
        change = update(SmsOutbox).where(*on_its_way, SmsOutbox.in_reply_to.in_(answered)).values(conversation_id=new)
        session.execute(change.execution_options(synchronize_session=False))
    count = 0
    for table in (SmsInbox, SmsOutbox):
        change = delete(table).where(table.conversation_id == conversation_id)
        count += session.execute(change.execution_options(synchronize_session=False)).rowcount
    return count
