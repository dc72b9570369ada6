"""What is old enough goes, what is not stays, what is still needed stays longer."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select

from candidacy.knowledge.retention_models import Retention
from desk import audit, conversations, retention
from desk.database import Base, transaction
from desk.privacy_records import DeletionReceipt, EndedConversation, Reminder, ScreeningRecord
from desk.records import Alert, Callback, Consultation, Delivery, ReferenceTry, SlotCell
from desk.sms_records import SmsContact, SmsInbox, SmsOutbox
from desk.staff_records import StaffNote
from tests.test_audit import record

pytest_plugins = ("tests.desk_fixtures",)

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=timezone.utc)
OLD, NEW = NOW - timedelta(days=31), NOW - timedelta(days=29)
THIRTY = Retention(**{name: 30 for name in Retention.__fields__})


@pytest.fixture(autouse=True)
def _fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CONVERSATIONS_DB", str(tmp_path / "conversations.db"))
    retention.forget_times()
    yield
    conversations.forget_engines()
    retention.forget_times()


def add(*rows: Any) -> None:
    with transaction() as session:
        session.add_all(rows)


def count(table: Any) -> int:
    with transaction() as session:
        return int(session.scalar(select(func.count()).select_from(table)) or 0)


def a_consultation(number: int, at: datetime, **changes: Any) -> Consultation:
    values: Dict[str, Any] = dict(
        id=number, reference=f"X4F29G{number}", created_at=at, status="closed", conversation_id=f"talk-{number}",
        channel="web", name="Dana", consent_text_version="1", consented_at=at, windows=[], screened=False,
        outcome="no_flag", verdict={}, findings=[], answers={}, rules_version="1", idempotency_key=f"talk:{number}",
    )  # fmt: skip
    return Consultation(**{**values, **changes})


def test_each_kind_goes_when_its_days_are_over_and_not_before(database: str) -> None:
    for number, at in ((1, OLD), (2, NEW)):
        add(
            a_consultation(number, at),
            Callback(id=number, created_at=at, conversation_id="t", channel="web", name="D", contact="+1"),
            Alert(created_at=at, kind="urgent", conversation_id="t", channel="web", seen_at=at),
            SmsInbox(message_id=f"m{number}", received_at=at, conversation_id="t", state="answered"),
            SmsOutbox(created_at=at, conversation_id="t", kind="reply", idempotency_key=f"k{number}", state="sent"),
            Reminder(created_at=at, conversation_id="t", channel="web", contact_kind="phone", due_on=at.date(),
                     consent_text_version="1", consented_at=at, state="sent"),
            DeletionReceipt(requested_at=at, done_at=at, rows={}),
            EndedConversation(key=f"key{number}", ended_at=at),
            ReferenceTry(at=at, who="x", right=False),
        )  # fmt: skip
        add(
            Delivery(created_at=at, target="email", event="requested", subject="consultation", subject_id=number,
                     idempotency_key=f"d{number}", state="sent"),
            StaffNote(at=at, username="a", subject="consultation", subject_id=number, text="called"),
            SlotCell(starts_at=at, seat=0, consultation_id=number),
        )  # fmt: skip
    assert retention.apply(NOW, THIRTY) > 0
    kinds = (Consultation, Callback, Alert, SmsInbox, SmsOutbox, Reminder, DeletionReceipt, EndedConversation,
             ReferenceTry, Delivery, StaffNote, SlotCell)  # fmt: skip
    assert {kind.__tablename__: count(kind) for kind in kinds} == {kind.__tablename__: 1 for kind in kinds}


def test_what_is_still_needed_stays(database: str) -> None:
    add(
        a_consultation(1, OLD, status="confirmed", slot_start=NOW + timedelta(days=3)),
        Alert(created_at=OLD, kind="urgent", conversation_id="t", channel="web"),  # nobody has seen it
        SmsInbox(message_id="m", received_at=OLD, conversation_id="t", state="new"),
        SmsOutbox(created_at=OLD, conversation_id="t", kind="reply", idempotency_key="k", state="waiting"),
        Reminder(created_at=OLD, conversation_id="t", channel="web", contact_kind="phone", contact="+1",
                 due_on=date(2027, 5, 1), consent_text_version="1", consented_at=OLD),
        SmsContact(number_key="n", conversation_id="t", opted_out_at=OLD),
    )  # fmt: skip
    retention.apply(NOW, THIRTY)
    kinds = (Consultation, Alert, SmsInbox, SmsOutbox, Reminder, SmsContact)
    assert [count(kind) for kind in kinds] == [1] * len(kinds)


def test_an_old_screening_is_emptied_and_the_chain_stays_whole(database: str) -> None:
    record("talk-1", at=OLD)
    record("talk-2", at=NEW)
    retention.apply(NOW, THIRTY)
    assert (audit.records_of("talk-1"), len(audit.records_of("talk-2"))) == ([], 1)
    assert (audit.check().rows, audit.check().emptied, audit.check().broken) == (2, 1, None)
    with transaction() as session:
        assert session.get(ScreeningRecord, 1).content is None  # type: ignore[union-attr]


def a_conversation(*talks: Any) -> None:
    """Conversations as Rasa keeps them: (conversation, moment of an event)."""
    from rasa.core.tracker_store import SQLTrackerStore

    where = conversations.engine()
    SQLTrackerStore.Base.metadata.create_all(where)
    with where.begin() as connection:
        for sender, at in talks:
            event = {"event": "user", "text": "hello", "timestamp": at.timestamp()}
            data = conversations.sealed_event(json.dumps(event))
            row = {"sender_id": sender, "type_name": "user", "timestamp": at.timestamp(), "data": data}
            connection.execute(SQLTrackerStore.SQLEvent.__table__.insert().values(**row))


def test_a_conversation_goes_when_it_has_been_quiet_long_enough(sqlite_database: str) -> None:
    a_conversation(("quiet", OLD - timedelta(days=9)), ("quiet", OLD), ("came back", OLD), ("came back", NEW))
    assert retention.apply(NOW, THIRTY) == 1
    assert not list(conversations.events_of("quiet"))
    assert len(list(conversations.events_of("came back"))) == 2


def test_a_great_many_go_in_batches_and_it_looks_again_only_after_an_hour(
    sqlite_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 10)
    add(*(ReferenceTry(at=OLD, who="x", right=False) for _ in range(25)))
    assert [retention.apply(NOW, THIRTY) for _ in range(4)] == [10, 10, 5, 0]
    add(ReferenceTry(at=OLD, who="x", right=False))
    assert retention.apply(NOW + timedelta(minutes=59), THIRTY) == 0
    assert retention.apply(NOW + timedelta(minutes=61), THIRTY) == 1


def test_without_any_database_of_conversations_it_works(database: str) -> None:
    assert retention.apply(NOW, THIRTY) == 0


@pytest.mark.parametrize("value", [0, -1, "90", 90.5, True, None, 99999])
def test_days_that_are_none_are_refused(value: Any) -> None:
    with pytest.raises(ValidationError, match="write a whole number of days"):
        Retention(conversations=value)


def test_receipts_outlive_every_session() -> None:
    with pytest.raises(ValidationError, match="at least 30 days"):
        Retention(receipts=29)


def test_every_table_that_holds_something_of_a_person_has_its_days(sqlite_database: str) -> None:
    """A new table must be thought of: here, or among those that hold nothing of a patient."""
    covered = {"consultation_request", "callback_request", "alert", "sms_inbox", "sms_outbox", "reminder",
               "deletion_receipt", "deletion_request", "ended_conversation", "reference_try", "delivery",
               "staff_note", "slot_cell", "screening_record"}  # fmt: skip
    # Of the last three: a keyed hash with wishes; a digest that goes when its link ends; numbers that are gone at once.
    nobody = {"staff_user", "staff_session", "staff_event", "sms_contact", "private_link_use", "audit_permission"}
    assert set(Base.metadata.tables) == covered | nobody
