"""The record of screenings: whole under many writers, and a change of any part of it is noticed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, Dict

import pytest
from sqlalchemy import select, text

from candidacy.findings import Finding
from candidacy.screening import assess
from desk import audit, sealing
from desk.database import DeskUnavailable, engine, transaction
from desk.privacy_records import ScreeningRecord

pytest_plugins = ("tests.desk_fixtures",)

TODAY = date(2026, 11, 22)


def record(talk: str = "talk-1", **changes: Any) -> int:
    """Store one screening of somebody on a blood thinner."""
    finding = Finding("anticoagulant", None, "present", "I take Eliquis", end=14)
    answers = {"Q1_age": "yes", "Q6_medicines": "yes"}
    values: Dict[str, Any] = {
        "conversation_id": talk,
        "channel": "web",
        "verdict": assess([finding], answers, TODAY).to_dict(),
        "findings": [finding.to_dict()],
        "answers": answers,
    }
    return audit.record_screening(**{**values, **changes})


def change(statement: str, **values: Any) -> None:
    """Change the database behind the program's back, as its owner may: the triggers go first."""
    with engine().begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE screening_record DISABLE TRIGGER USER"))
        else:
            for name in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS screening_record_no_{name}"))
        connection.execute(text(statement), values)


def test_a_record_holds_what_was_judged_and_why(database: str) -> None:
    record()
    found = audit.records_of("talk-1")
    assert [one["rules_version"] for one in found] == [found[0]["verdict"]["version"]]
    assert found[0]["answers"]["Q6_medicines"] == "yes" and found[0]["findings"][0]["text"] == "I take Eliquis"
    assert len(found[0]["verdict"]["trace"]) > 40
    assert audit.records_of("talk-2") == []


def test_nothing_that_was_said_stands_in_the_database_in_clear(database: str) -> None:
    record()
    with engine().connect() as connection:
        row = str(connection.execute(text("SELECT * FROM screening_record")).all())
    assert "Eliquis" not in row and "anticoagulant" not in row and "medicines" not in row


def test_the_same_screening_twice_gives_two_digests(database: str) -> None:
    record(), record()
    with transaction() as session:
        digests = session.scalars(select(ScreeningRecord.digest)).all()
    assert len(set(digests)) == 2  # or an emptied content could be guessed by trying


def test_many_writers_at_once_make_one_chain(database: str) -> None:
    with ThreadPoolExecutor(12) as pool:
        assert len(set(pool.map(lambda number: record(f"talk-{number}"), range(36)))) == 36
    found = audit.check()
    assert (found.rows, found.broken, found.emptied) == (36, None, 0)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE screening_record SET rules_version = '9.9.9' WHERE id = 2", "rules version"),
        ("UPDATE screening_record SET channel = 'sms' WHERE id = 2", "was changed"),
        ("UPDATE screening_record SET complete = NOT complete WHERE id = 2", "was changed"),
        ("UPDATE screening_record SET created_at = (SELECT created_at FROM screening_record WHERE id = 1) WHERE id = 2", "moment"),
        ("UPDATE screening_record SET content = (SELECT content FROM screening_record WHERE id = 1) WHERE id = 2", "content was changed"),
        ("UPDATE screening_record SET content = NULL WHERE id = 2", "without a deletion"),
        ("UPDATE screening_record SET content = 's1.AAAA' WHERE id = 2", "none of the keys"),
        ("UPDATE screening_record SET digest = 'x' WHERE id = 2", "was changed"),
    ],
)  # fmt: skip
def test_a_changed_row_is_named(database: str, statement: str, why: str, capsys: pytest.CaptureFixture) -> None:
    for number in range(3):
        record(f"talk-{number}")
    change(statement)
    assert audit.main([]) == 1
    told = capsys.readouterr().out
    assert "BROKEN at record 2" in told and why in told and "The 1 records before it are whole" in told


def test_a_row_that_was_taken_out_is_noticed_at_the_next_one(database: str) -> None:
    for _ in range(3):
        record()
    change("DELETE FROM screening_record WHERE id = 2")
    assert (audit.check().broken, audit.check().rows) == (3, 1)


def test_rows_missing_at_the_end_are_noticed_by_a_head_written_down(
    database: str, capsys: pytest.CaptureFixture
) -> None:
    record()
    before = audit.check().head
    record()
    head = audit.check().head
    assert audit.main(["--head", before]) == 0  # rows were added since: fine
    change("DELETE FROM screening_record WHERE id = 2")
    assert audit.main([]) == 0 and audit.main(["--head", head]) == 1
    assert "not in the chain" in capsys.readouterr().out


def test_an_emptied_record_leaves_the_chain_whole(database: str) -> None:
    record("talk-1"), record("talk-2"), record("talk-1")
    with transaction() as session:
        assert audit.empty(session, ScreeningRecord.conversation_id == "talk-1") == 2
    found = audit.check()
    assert (found.rows, found.emptied, found.broken) == (3, 2, None)
    record("talk-1")
    assert audit.check().broken is None and len(audit.records_of("talk-1")) == 1


def test_after_a_change_of_keys_the_chain_is_still_whole(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    record()
    monkeypatch.setenv("DATA_KEY", "a newer key for the tests and nothing else,a key for the tests and for nothing else")
    sealing.forget_keys()
    record()
    assert (audit.check().rows, audit.check().broken) == (2, None)


def test_a_database_that_is_away_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, sqlite_database: str, capsys: pytest.CaptureFixture
) -> None:
    def away() -> None:
        raise DeskUnavailable("OperationalError")

    monkeypatch.setattr(audit, "transaction", away)
    assert audit.main([]) == 1
    assert "not available" in capsys.readouterr().err
