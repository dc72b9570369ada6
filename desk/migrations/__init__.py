"""Brings a database to the newest schema. One file a step in `versions/`."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection, Engine

FOLDER = Path(__file__).resolve().parent
FIRST = "0001"
LOCK = 7_231_001
"""Any number; the same for all processes of this project (PostgreSQL advisory lock)."""


def upgrade(engine: Engine) -> None:
    """Run every step that the database has not seen, one process at a time.

    A SQLite file gets its write-ahead log here as well.

    Raises:
        SQLAlchemyError: When the database cannot be reached or a step fails; the step is undone.
    """
    if engine.dialect.name == "postgresql":
        _upgrade(engine)
        return
    # Two processes that open a new SQLite file at once are refused by it, however long they would wait.
    with open(f"{engine.url.database}.lock", "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with engine.connect() as connection:
            # Kept in the file: readers and the one writer do not block each other.
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        _upgrade(engine)


def _upgrade(engine: Engine) -> None:
    scripts = ScriptDirectory(str(FOLDER))
    head = scripts.get_current_head()
    with engine.connect() as connection:
        if MigrationContext.configure(connection).get_current_revision() == head:
            return
    with _alone(engine) as connection:
        context = MigrationContext.configure(connection)
        current = context.get_current_revision()
        if current == head:
            return
        if current is None and inspect(connection).has_table("consultation_request"):
            # Made before there were migrations: its tables are those of the first step.
            context.stamp(scripts, FIRST)
            current = FIRST
        for step in reversed(list(scripts.iterate_revisions(head, current or "base"))):
            with Operations.context(context):
                step.module.upgrade()
            context.stamp(scripts, step.revision)


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction that no second process enters at the same time; for SQLite its file is locked already."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL statement_timeout = 60000"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            yield connection
        return
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver begins none before a CREATE TABLE
        yield connection
        connection.commit()
