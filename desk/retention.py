"""Delete what has been kept long enough: days by kind stand in `clinic.yml` (`retention`). A job of the worker."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Callable, Dict, List, Optional

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from candidacy.knowledge import load
from candidacy.knowledge.retention_models import Retention
from desk import audit, conversations
from desk.database import engine, transaction
from desk.privacy_records import (
    DeletionReceipt,
    DeletionRequest,
    EndedConversation,
    Reminder,
    ScreeningRecord,
)
from desk.records import Alert, Callback, Consultation, Delivery, ReferenceTry, SlotCell
from desk.sms_records import SmsInbox, SmsOutbox
from desk.staff_records import StaffNote

BATCH = 200
"""Rows in one transaction, so that nobody who writes has to wait."""

EVERY = timedelta(hours=1)
_looked: List[datetime] = []

Step = Callable[[Session], int]


def apply(now: datetime, retention: Optional[Retention] = None) -> int:
    """Delete what is older than its days; returns how many rows. Looks once an hour, and on while there is more.

    Args:
        now: The moment, with its zone.
        retention: Days by kind; those of `clinic.yml` when None.

    Raises:
        DeskUnavailable: When a database cannot be reached; what was deleted before stays deleted.
    """
    if _looked and _looked[0] <= now < _looked[0] + EVERY:
        return 0
    days = retention or load().clinic.retention
    moved = conversations.delete_quiet_since(now - timedelta(days=days.conversations), BATCH)
    more = moved >= BATCH
    for step in _steps(days, now):
        with transaction() as session:
            count = step(session)
        moved, more = moved + count, more or count >= BATCH
    if moved:
        conversations.empty_log(engine())
    if not more:
        _looked[:] = [now]
    return moved


def forget_times() -> None:
    """Look again at the next call (for tests)."""
    _looked.clear()


def _steps(days: Retention, now: datetime) -> List[Step]:
    """One small transaction each."""

    def before(kind: str) -> datetime:
        return now - timedelta(days=getattr(days, kind))

    def old(table: Any, *which: Any) -> Step:
        return lambda session: _delete(session, table, *which)

    return [
        lambda session: _empty_screenings(session, before("screenings")),
        lambda session: _delete_requests(session, Consultation, "consultation", before("requests"), now),
        lambda session: _delete_requests(session, Callback, "callback", before("requests"), now),
        old(Alert, Alert.created_at < before("alerts"), Alert.seen_at.is_not(None)),
        old(SmsInbox, SmsInbox.received_at < before("texts"), SmsInbox.state != "new"),
        old(SmsOutbox, SmsOutbox.created_at < before("texts"), SmsOutbox.state != "waiting"),
        old(Reminder, Reminder.created_at < before("reminders"), Reminder.state != "waiting",
            Reminder.due_on < before("reminders").date()),
        old(Reminder, Reminder.created_at < before("reminders"), Reminder.state == "gone"),
        old(DeletionReceipt, DeletionReceipt.done_at < before("receipts")),
        old(DeletionRequest, DeletionRequest.requested_at < before("receipts"), DeletionRequest.state == "done"),
        old(EndedConversation, EndedConversation.ended_at < before("receipts")),
        old(ReferenceTry, ReferenceTry.at < before("tries")),
        old(Delivery, Delivery.created_at < before("requests"), ~_has_subject()),
    ]  # fmt: skip


def _has_subject() -> Any:
    """A message about a request that is still kept goes with it; one about a deleted request goes by itself."""
    return or_(
        exists().where(Delivery.subject == "consultation", Consultation.id == Delivery.subject_id),
        exists().where(Delivery.subject == "callback", Callback.id == Delivery.subject_id),
    )


def _delete(session: Session, table: Any, *which: Any) -> int:
    key = table.__table__.primary_key.columns[0]
    found = list(session.scalars(select(key).where(*which).limit(BATCH)))
    if found:
        session.execute(delete(table).where(key.in_(found)).execution_options(synchronize_session=False))
    return len(found)


def _empty_screenings(session: Session, before: datetime) -> int:
    query = select(ScreeningRecord.id).where(
        ScreeningRecord.created_at < before, ScreeningRecord.conversation_id.is_not(None)
    )
    found = list(session.scalars(query.order_by(ScreeningRecord.id).limit(BATCH)))
    return audit.empty(session, ScreeningRecord.id.in_(found)) if found else 0


def _delete_requests(session: Session, table: Any, subject: str, before: datetime, now: datetime) -> int:
    """Requests with all that hangs on them; a visit that is still to come is kept."""
    query = select(table.id).where(table.created_at < before)
    if table is Consultation:
        for column in (Consultation.slot_start, Consultation.agreed_start):
            query = query.where(or_(column.is_(None), column < now))
    found = list(session.scalars(query.order_by(table.id).limit(BATCH)))
    if not found:
        return 0
    hanging: Dict[Any, Any] = {
        Delivery: (Delivery.subject == subject, Delivery.subject_id.in_(found)),
        StaffNote: (StaffNote.subject == subject, StaffNote.subject_id.in_(found)),
    }
    if table is Consultation:
        hanging[SlotCell] = (SlotCell.consultation_id.in_(found),)
    hanging[table] = (table.id.in_(found),)
    for kind, which in hanging.items():
        session.execute(delete(kind).where(*which).execution_options(synchronize_session=False))
    return len(found)
