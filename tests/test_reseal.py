"""With a new key everything is sealed anew; after that the old one opens nothing and is not needed to read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Iterator

import pytest
import sqlalchemy as sa

from desk import conversations, reseal, sealing
from desk.database import Base, engine, transaction
from desk.records import Consultation
from desk.staff_records import StaffNote
from tests.test_privacy import NOW, fill
from tests.test_retention import a_conversation

pytest_plugins = ("tests.desk_fixtures",)

OLD = "a key for the tests and for nothing else"
NEW = "a newer key for the tests and nothing else"


@pytest.fixture(autouse=True)
def _own_conversations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CONVERSATIONS_DB", str(tmp_path / "conversations.db"))
    yield
    conversations.forget_engines()


def use(keys: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_KEY", keys)
    sealing.forget_keys()


def test_everything_opens_with_the_new_key_alone(
    database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    a_conversation(("talk-1", NOW), ("talk-1", NOW), ("talk-1", NOW))
    with conversations.engine().begin() as connection:  # a row from before encryption
        plain = json.dumps({"event": "user", "text": "I take Eliquis"})
        connection.execute(sa.text("UPDATE events SET data = :data WHERE id = 1"), {"data": plain})
    fill("talk-1", 1)
    use(f"{NEW},{OLD}", monkeypatch)
    assert reseal.main() == 0
    told = capsys.readouterr().out
    assert "3  events" in told and "Everything is encrypted with the newest key" in told
    use(NEW, monkeypatch)
    assert "I take Eliquis" in "".join(conversations.events_of("talk-1"))
    with transaction() as session:
        assert session.get(Consultation, 1).name == "Dana Lopez"  # type: ignore[union-attr]
        assert session.get(StaffNote, 1).text == "she is worried"  # type: ignore[union-attr]
    use(OLD, monkeypatch)
    values = []
    for where, table, columns in [
        (conversations.engine(), "events", ["data"]),
        *((engine(), table, columns) for table, columns in reseal.sealed_columns().items()),
    ]:
        with where.connect() as connection:
            rows = connection.execute(sa.text(f"SELECT {', '.join(columns)} FROM {table}")).all()
            values += [value for row in rows for value in row if value is not None]
    assert len(values) > 15
    for value in values:
        with pytest.raises(sealing.CannotUnseal):
            sealing.unseal(value)


def test_without_the_old_key_nothing_is_changed_and_one_line_says_so(
    sqlite_database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    fill("talk-1", 1)
    use(NEW, monkeypatch)
    assert reseal.main() == 1
    assert "opens with none of the keys in DATA_KEY" in capsys.readouterr().err
    use(OLD, monkeypatch)
    with transaction() as session:
        assert session.get(Consultation, 1).name == "Dana Lopez"  # type: ignore[union-attr]


def test_every_column_with_words_or_contacts_of_a_person_is_sealed() -> None:
    names = ("name", "phone", "email", "contact", "number", "body", "text", "content", "findings", "answers", "verdict")
    sealed = reseal.sealed_columns()
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.name in names:
                assert column.name in sealed.get(table.name, []), f"{table.name}.{column.name} is kept in clear"
