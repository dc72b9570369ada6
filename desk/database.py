"""The front desk's database: SQLite or PostgreSQL, brought up to date by migrations, used in transactions."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, Iterator, Optional

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    MetaData,
    Text,
    create_engine,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session, declarative_base
from sqlalchemy.types import TypeDecorator

from desk.migrations import upgrade
from desk.sealing import seal, unseal
from desk.settings import settings

WAIT_MS = 2000
"""How long a statement may wait for the database: an action has 4 s in all and must still answer."""


class DeskUnavailable(RuntimeError):
    """The database cannot be reached or does not answer. The text names the kind of failure only."""

    def __init__(self, failure: str) -> None:
        super().__init__(f"the front desk's database is not available ({failure})")


class Conflict(RuntimeError):
    """A constraint of the database refused a row. The text holds nothing of the row."""

    def __init__(self) -> None:
        super().__init__("the database refused the row: a constraint does not allow it")


class UtcDateTime(TypeDecorator):
    """A moment, kept in UTC and returned with its zone on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Optional[datetime], dialect: Any) -> Optional[datetime]:
        """To UTC; ValueError for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its zone")
        return value.astimezone(timezone.utc)

    def process_result_value(self, value: Optional[datetime], dialect: Any) -> Optional[datetime]:
        """SQLite forgets the zone; it is UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)


class Sealed(TypeDecorator):
    """A text that is encrypted in the database: names, contacts, what people wrote."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Optional[str], dialect: Any) -> Optional[str]:
        """Encrypted with the newest key."""
        return None if value is None else seal(value)

    def process_result_value(self, value: Optional[str], dialect: Any) -> Optional[str]:
        """In clear again. CannotUnseal when no key fits."""
        return None if value is None else unseal(value)


class SealedJson(Sealed):
    """A JSON value that is encrypted in the database: findings, answers, verdicts."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Optional[str]:
        """As JSON, encrypted with the newest key."""
        return super().process_bind_param(None if value is None else json.dumps(value), dialect)

    def process_result_value(self, value: Optional[str], dialect: Any) -> Any:
        """In clear again, read from JSON."""
        text = super().process_result_value(value, dialect)
        return None if text is None else json.loads(text)


Base = declarative_base(
    metadata=MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
)

Json = JSON().with_variant(JSONB(), "postgresql")


def utc_now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(timezone.utc)


def one_of(column: str, values: tuple) -> CheckConstraint:
    """A check that a text column holds one of these values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


_engines: Dict[str, Engine] = {}
_lock = threading.Lock()


def engine(url: Optional[str] = None) -> Engine:
    """The engine of a database, its tables made; one per address and process.

    Args:
        url: SQLAlchemy address; DATABASE_URL when None.

    Raises:
        DeskUnavailable: When the database cannot be reached.
        BadSetting: When DATABASE_URL cannot be used.
    """
    address = url or settings().database_url
    with _lock:
        known = _engines.get(address)
        if known is not None and _still_there(address):
            return known
        try:
            made = _connect(address)
        except (SQLAlchemyError, OSError) as error:
            raise DeskUnavailable(type(error).__name__) from None
        _engines[address] = made
        return made


@contextmanager
def transaction(url: Optional[str] = None) -> Iterator[Session]:
    """One transaction: committed at the end of the block, undone by an error in it.

    Raises:
        Conflict: When a constraint refused a row.
        DeskUnavailable: When the database cannot be reached or does not answer in time.
    """
    # The database's own messages may quote the row, so none of them goes further than this.
    try:
        with Session(engine(url), future=True, expire_on_commit=False) as session, session.begin():
            yield session
    except IntegrityError:
        raise Conflict() from None
    except SQLAlchemyError as error:
        raise DeskUnavailable(type(error).__name__) from None


def forget_engines() -> None:
    """Close every connection; the next use connects anew (for tests, and after a fork)."""
    with _lock:
        for known in _engines.values():
            known.dispose()
        _engines.clear()


def _still_there(address: str) -> bool:
    """A SQLite file that was removed under a running process is made again, with its tables."""
    url = make_url(address)
    return not url.drivername.startswith("sqlite") or Path(url.database or "").exists()


def _connect(address: str) -> Engine:
    url = make_url(address)
    options: Dict[str, Any] = {"future": True, "hide_parameters": True}
    if url.drivername.startswith("sqlite"):
        Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
        made = create_engine(address, connect_args={"timeout": WAIT_MS / 1000}, **options)
        event.listen(made, "connect", _prepare_sqlite)
    else:
        arguments = {"connect_timeout": WAIT_MS // 1000, "tcp_user_timeout": WAIT_MS}
        options.update(pool_pre_ping=True, pool_timeout=WAIT_MS / 1000)
        made = create_engine(address, connect_args=arguments, **options)
        event.listen(made, "connect", _prepare_postgresql)
    upgrade(made)
    return made


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten, not just forgotten
    connection.execute(f"PRAGMA busy_timeout = {WAIT_MS}")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = {WAIT_MS}")
    connection.commit()
