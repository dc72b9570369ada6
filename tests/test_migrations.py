"""The schema that the migrations make is the one the code uses, also on top of an older database."""

from __future__ import annotations

import importlib
import json
from multiprocessing import get_context
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from desk import database as db
from desk.migrations import FIRST, FOLDER, upgrade
from desk.records import Consultation
from tests.desk_fixtures import database, sqlite_database  # noqa: F401  fixtures

TABLES = ("desk.records", "desk.sms_records", "desk.privacy_records", "desk.staff_records")


def test_the_migrations_make_the_tables_that_the_code_uses(database: str) -> None:  # noqa: F811
    for module in TABLES:
        importlib.import_module(module)
    with db.engine().connect() as connection:
        # SQLite holds no column to its type, so the migrations leave it as it was made.
        types = connection.dialect.name == "postgresql"
        context = MigrationContext.configure(connection, opts={"compare_type": types})
        differences = compare_metadata(context, db.Base.metadata)
        differences = [d for d in differences if getattr(d[1], "name", None) != "sqlite_sequence"]
    assert differences == []


def test_a_database_of_the_first_version_keeps_its_rows_and_is_encrypted(database: str) -> None:  # noqa: F811
    old = sa.create_engine(database, future=True)
    first = importlib.import_module("desk.migrations.versions.0001_requests")
    with old.begin() as connection:
        with Operations.context(MigrationContext.configure(connection)):
            first.upgrade()
        assert first.revision == FIRST
        connection.execute(
            sa.text(
                "INSERT INTO consultation_request (reference, created_at, status, conversation_id, channel, name, phone,"
                " consent_text_version, consented_at, windows, screened, outcome, verdict, findings, answers,"
                " rules_version, idempotency_key) VALUES ('2CFG34H', '2026-11-01 10:00:00', 'requested', 'talk', 'web',"
                " 'Dana Lopez', '+15550100142', '1', '2026-11-01 10:00:00', '[]', :yes, 'defer', :verdict, '[]', '{}',"
                " '1.0.0', 'key')"
            ),
            {"yes": True, "verdict": json.dumps({"outcome": "defer"})},
        )
        connection.execute(
            sa.text(
                "INSERT INTO alert (created_at, kind, conversation_id, channel)"
                " VALUES ('2026-11-01 10:00:00', 'urgent', 'talk', 'web')"
            )
        )
    old.dispose()
    with db.transaction() as session:
        row = session.query(Consultation).one()
        assert (row.name, row.phone, row.verdict) == ("Dana Lopez", "+15550100142", {"outcome": "defer"})
        stored = session.execute(sa.text("SELECT name, phone, verdict FROM consultation_request")).one()
        assert not any("Dana" in str(value) or "5550100" in str(value) or "defer" in str(value) for value in stored)
        assert session.execute(sa.text("SELECT kind FROM alert")).scalar_one() == "urgent"
        session.execute(
            sa.text(
                "INSERT INTO alert (created_at, kind, conversation_id, channel)"
                " VALUES ('2026-11-01 10:00:00', 'delivery', '', 'web')"
            )
        )


def test_a_database_with_an_audit_keeps_it_and_refuses_to_change_it_from_then_on(database: str) -> None:  # noqa: F811
    old = sa.create_engine(database, future=True)
    with old.begin() as connection:
        context = MigrationContext.configure(connection)
        with Operations.context(context):
            for name in ("0001_requests", "0002_sealed", "0003_front_desk"):
                importlib.import_module(f"desk.migrations.versions.{name}").upgrade()
        context.stamp(ScriptDirectory(str(FOLDER)), "0003")
        connection.execute(
            sa.text("INSERT INTO staff_event (at, username, action) VALUES ('2026-11-01 10:00:00', 'ana', 'login')")
        )
    old.dispose()
    with db.transaction() as session:
        assert session.execute(sa.text("SELECT username FROM staff_event")).scalar_one() == "ana"
    with pytest.raises(db.Conflict):
        with db.transaction() as session:
            session.execute(sa.text("DELETE FROM staff_event"))


def test_processes_that_start_together_make_the_tables_once(sqlite_database: str, tmp_path: Path) -> None:  # noqa: F811
    with get_context("spawn").Pool(8) as pool:
        for number in range(10):
            address = sqlite_database.replace("desk.db", f"desk-{number}.db")
            assert pool.map(_open, [address] * 8, chunksize=1) == ["0005"] * 8


def _open(address: str) -> str:
    with db.engine(address).connect() as connection:
        upgrade(db.engine(address))
        return str(MigrationContext.configure(connection).get_current_revision())
