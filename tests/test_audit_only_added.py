"""Records of screenings and the audit of staff: the database itself refuses to change them, but for what is lawful."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, List

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from candidacy.knowledge.retention_models import Retention
from desk import audit, conversations, privacy, reseal, retention, sealing
from desk.database import Conflict, engine, transaction, utc_now
from desk.privacy_records import AuditPermission, ScreeningRecord
from desk.staff_audit import list_events, note_event
from desk.staff_records import StaffEvent
from tests import staff_fixtures
from tests.test_audit import record

pytest_plugins = ("tests.desk_fixtures",)

talks = staff_fixtures.talks
ALLOW = "INSERT INTO audit_permission (id) VALUES (1)"


@pytest.fixture
def kept(database: str, talks: None) -> None:
    """Three screenings and three lines of the audit."""
    for number in (1, 2, 3):
        record(f"talk-{number}")
        note_event("lee", "viewed", "consultation", f"ABC-DEF{number}")


def dump() -> List[Any]:
    with engine().connect() as connection:
        tables = ("screening_record", "staff_event", "audit_permission")
        return [connection.execute(text(f"SELECT * FROM {table} ORDER BY id")).all() for table in tables]


def refused(*statements: str) -> None:
    """The last statement is refused, and all of the transaction leaves nothing behind."""
    before = dump()
    with pytest.raises(IntegrityError, match="is only added to"):
        with engine().begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
    assert dump() == before


CHANGES = [
    "UPDATE screening_record SET rules_version = '9.9.9' WHERE id = 2",
    "UPDATE screening_record SET channel = 'sms'",
    "UPDATE screening_record SET complete = NOT complete WHERE id = 2",
    "UPDATE screening_record SET created_at = '2020-01-01 00:00:00' WHERE id = 2",
    "UPDATE screening_record SET digest = 'x' WHERE id = 2",
    "UPDATE screening_record SET previous = 'x' WHERE id = 2",
    "UPDATE screening_record SET hash = 'x' WHERE id = 2",
    "UPDATE screening_record SET id = 99 WHERE id = 2",
    "UPDATE screening_record SET content = NULL WHERE id = 2",
    "UPDATE screening_record SET conversation_id = NULL WHERE id = 2",
    "UPDATE screening_record SET conversation_id = 'talk-9' WHERE id = 2",
    "UPDATE screening_record SET content = 's1.AAAA', conversation_id = NULL WHERE id = 2",
    "UPDATE screening_record SET content = NULL, conversation_id = NULL, rules_version = '9' WHERE id = 2",
    "DELETE FROM screening_record WHERE id = 2",
    "DELETE FROM screening_record",
    "UPDATE staff_event SET username = 'kim' WHERE id = 2",
    "UPDATE staff_event SET subject_id = NULL",
    "UPDATE staff_event SET at = '2020-01-01 00:00:00' WHERE id = 2",
    "DELETE FROM staff_event WHERE id = 2",
    "DELETE FROM staff_event",
]
LAWFUL = [
    "UPDATE screening_record SET content = NULL, conversation_id = NULL WHERE id = 2",
    "UPDATE screening_record SET content = 's1.AAAA' WHERE id = 2",
]
"""In shape: an emptying, a new seal."""


@pytest.mark.parametrize("statement", CHANGES + LAWFUL)
def test_without_permission_nothing_is_changed(kept: None, statement: str) -> None:
    refused(statement)


@pytest.mark.parametrize("statement", CHANGES)
def test_a_permission_lets_no_more_through_than_an_emptying_and_a_new_seal(kept: None, statement: str) -> None:
    refused(ALLOW, statement)


@pytest.mark.parametrize("statement", LAWFUL)
def test_a_permission_lets_these_through(kept: None, statement: str) -> None:
    with engine().begin() as connection:
        connection.execute(text(ALLOW))
        assert connection.execute(text(statement)).rowcount == 1


def test_an_emptied_record_is_not_filled_again(kept: None) -> None:
    with transaction() as session:
        audit.empty(session, ScreeningRecord.id == 2)
    for statement in (
        "UPDATE screening_record SET content = 's1.AAAA' WHERE id = 2",
        "UPDATE screening_record SET conversation_id = 'talk-2' WHERE id = 2",
        "UPDATE screening_record SET content = 's1.AAAA', conversation_id = 'talk-2' WHERE id = 2",
    ):
        refused(ALLOW, statement)


@pytest.mark.parametrize("table", ["screening_record", "staff_event"])
def test_ways_around_are_refused_too(kept: None, table: str) -> None:
    columns = [column.name for column in {"screening_record": ScreeningRecord, "staff_event": StaffEvent}[table].__table__.columns]
    listed = ", ".join(columns)
    if engine().dialect.name == "postgresql":
        refused(f"TRUNCATE {table}")
        refused(f"INSERT INTO {table} SELECT * FROM {table} WHERE id = 2 ON CONFLICT (id) DO UPDATE SET id = 99")
        return
    refused(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE id = 2")
    refused(f"REPLACE INTO {table} ({listed}) SELECT {listed} FROM {table} WHERE id = 1")
    refused(f"UPDATE OR REPLACE {table} SET id = 1 WHERE id = 2")
    if table == "screening_record":
        own = ", ".join("99" if column == "id" else column for column in columns)
        refused(f"INSERT OR REPLACE INTO {table} ({listed}) SELECT {own} FROM {table} WHERE id = 2")  # by its hash


def test_the_program_itself_cannot_either(kept: None) -> None:
    with pytest.raises(Conflict):
        with transaction() as session:
            session.get(StaffEvent, 2).username = "kim"
    with pytest.raises(Conflict):
        with transaction() as session:
            session.delete(session.get(ScreeningRecord, 2))
    assert len(list_events()) == 3 and audit.check().rows == 3


def test_nobody_else_has_the_permission_meanwhile_and_it_is_gone_after(kept: None) -> None:
    with transaction() as session, audit.permitted(session):
        with transaction() as other:
            assert other.scalars(select(AuditPermission)).all() == []
        session.execute(text(LAWFUL[0]))
    refused(LAWFUL[1].replace("id = 2", "id = 3"))
    with pytest.raises(RuntimeError):
        with transaction() as session, audit.permitted(session):
            raise RuntimeError("in the middle")
    refused(LAWFUL[1].replace("id = 2", "id = 3"))


def test_a_permission_that_somebody_left_open_is_closed_by_the_next_lawful_change(kept: None) -> None:
    with engine().begin() as connection:
        connection.execute(text("INSERT INTO audit_permission (id) VALUES (7)"))
    with transaction() as session:
        audit.empty(session, ScreeningRecord.id == 1)
    refused(LAWFUL[0])


# ---- What is lawful goes on ----


def test_a_deletion_empties_the_records_and_leaves_the_audit(kept: None) -> None:
    privacy.request_deletion("talk-2")
    (waiting,) = privacy.pending()
    rows = privacy.delete_everything(waiting.id)
    assert rows is not None and rows["screenings"] == 1
    found = audit.check()
    assert (found.rows, found.emptied, found.broken) == (3, 1, None)
    assert audit.records_of("talk-2") == [] and len(audit.records_of("talk-3")) == 1 and len(list_events()) == 3


def test_age_empties_the_records(kept: None) -> None:
    retention.forget_times()
    assert retention.apply(utc_now() + timedelta(days=40), Retention(screenings=30)) >= 3
    found = audit.check()
    assert (found.rows, found.emptied, found.broken) == (3, 3, None)
    assert len(list_events()) == 3


def test_a_new_key_seals_the_records_anew(kept: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction() as session:
        audit.empty(session, ScreeningRecord.id == 1)
    before = [row.content for row in dump()[0]]
    monkeypatch.setenv("DATA_KEY", "a newer key for the tests and nothing else,a key for the tests and for nothing else")
    sealing.forget_keys()
    assert reseal.reseal()["screening_record"] == 2
    after = [row.content for row in dump()[0]]
    assert after[0] is None and not set(before[1:]) & set(after[1:])
    found = audit.check()
    assert (found.rows, found.emptied, found.broken) == (3, 1, None)
    assert audit.records_of("talk-3")[0]["findings"][0]["text"] == "I take Eliquis"
    assert conversations.reseal() == 0


def test_records_are_added_while_a_deletion_holds_the_permission(database: str, talks: None) -> None:
    from concurrent.futures import ThreadPoolExecutor

    for number in range(8):
        record(f"old-{number}")

    def empty(number: int) -> int:
        with transaction() as session:
            return audit.empty(session, ScreeningRecord.conversation_id == f"old-{number}")

    with ThreadPoolExecutor(8) as pool:
        emptied = [pool.submit(empty, number) for number in range(8)]
        added = [pool.submit(record, f"new-{number}") for number in range(8)]
        assert [job.result() for job in emptied] == [1] * 8 and len({job.result() for job in added}) == 8
    found = audit.check()
    assert (found.rows, found.emptied, found.broken) == (16, 8, None)
