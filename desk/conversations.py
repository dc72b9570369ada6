"""The stored conversations: where they are, how they are encrypted, and how they go.

Rasa writes them (components/tracker_store.py); the desk reads, renews and deletes them. The column
`data` holds one event as JSON, sealed; rows from before encryption are plain and still read.
"""

from __future__ import annotations

import os
import threading
from datetime import datetime
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

import sqlalchemy as sa
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from desk.database import WAIT_MS, DeskUnavailable
from desk.sealing import seal, unseal
from desk.settings import ROOT, settings

EVENTS = sa.Table(
    "events",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sender_id", sa.String(255)),
    sa.Column("timestamp", sa.Float),
    sa.Column("data", sa.Text),
)
"""The columns of Rasa's table that are used here."""

_engines: Dict[str, Engine] = {}
_lock = threading.Lock()


def conversations_address() -> str:
    """SQLAlchemy address of the conversations.

    CONVERSATIONS_DB names a SQLite file (relative to the project's folder); else a PostgreSQL
    DATABASE_URL keeps them too; else they are in var/conversations.db.

    Raises:
        BadSetting: When DATABASE_URL cannot be used.
    """
    file = os.environ.get("CONVERSATIONS_DB", "").strip()
    if not file and settings().database_url.startswith("postgresql"):
        return settings().database_url
    return f"sqlite:///{ROOT / (file or 'var/conversations.db')}"


def sealed_event(json_text: str) -> str:
    """One event as it is kept.

    Raises:
        BadSetting: When there is no usable key.
    """
    return seal(json_text)


def opened_event(data: str) -> str:
    """The JSON of one kept event, sealed or from before encryption.

    Raises:
        CannotUnseal: When none of the keys opens it.
    """
    return data if data.startswith("{") else unseal(data)


def prepare_sqlite(connection: Any, _record: Any = None) -> None:
    """Settings of each connection to a SQLite file of conversations: deleted rows are overwritten."""
    connection.execute("PRAGMA secure_delete = ON")


def engine(address: Optional[str] = None) -> Engine:
    """The engine of the conversations for desk work; one per address and process.

    Raises:
        BadSetting: When DATABASE_URL cannot be used.
    """
    address = address or conversations_address()
    url = make_url(address)
    with _lock:
        known = _engines.get(address)
        if known is None:
            options: Dict[str, Any] = {"future": True, "hide_parameters": True}
            if url.drivername.startswith("sqlite"):
                known = sa.create_engine(url, connect_args={"timeout": WAIT_MS / 1000}, **options)
                sa.event.listen(known, "connect", prepare_sqlite)
            else:
                arguments = {"connect_timeout": WAIT_MS // 1000, "tcp_user_timeout": WAIT_MS}
                known = sa.create_engine(url, connect_args=arguments, pool_pre_ping=True, **options)
            _engines[address] = known
        return known


def forget_engines() -> None:
    """Close every connection (for tests)."""
    with _lock:
        for known in _engines.values():
            known.dispose()
        _engines.clear()


def exists(where: Engine) -> bool:
    """True when there is anything to work on: before the first start there is no table."""
    if where.dialect.name == "sqlite" and not Path(where.url.database or "").exists():
        return False
    try:
        return sa.inspect(where).has_table(EVENTS.name)
    except SQLAlchemyError as error:
        raise DeskUnavailable(type(error).__name__) from None


def events_of(conversation_id: str, address: Optional[str] = None) -> Iterator[str]:
    """The events of a conversation over all its sessions, oldest first, each as JSON.

    Raises:
        DeskUnavailable: When the database cannot be reached.
        CannotUnseal: When none of the keys opens an event.
    """
    where = engine(address)
    query = sa.select(EVENTS.c.data).where(EVENTS.c.sender_id == conversation_id).order_by(EVENTS.c.id)
    try:
        if not exists(where):
            return
        with where.connect() as connection:
            rows = connection.execute(query).all()
    except SQLAlchemyError as error:
        raise DeskUnavailable(type(error).__name__) from None
    for (data,) in rows:
        yield opened_event(data)


def delete(conversation_id: str, address: Optional[str] = None) -> int:
    """Delete a conversation, all its sessions; returns how many events there were.

    Raises:
        DeskUnavailable: When the database cannot be reached; nothing is deleted then.
    """
    where = engine(address)
    return _delete(where, EVENTS.c.sender_id == conversation_id) if exists(where) else 0


def delete_quiet_since(moment: datetime, most: int, address: Optional[str] = None) -> int:
    """Delete conversations in which nothing was said since a moment; returns how many there were.

    Args:
        moment: With its zone.
        most: At most so many conversations.

    Raises:
        DeskUnavailable: When the database cannot be reached.
    """
    where = engine(address)
    if not exists(where):
        return 0
    last = sa.func.max(EVENTS.c.timestamp)
    quiet = sa.select(EVENTS.c.sender_id).group_by(EVENTS.c.sender_id).having(last < moment.timestamp()).limit(most)
    try:
        with where.connect() as connection:
            found: List[str] = list(connection.execute(quiet).scalars())
        for conversation_id in found:
            # Asked once more in the deleting statement: the person may have come back meanwhile.
            newest = sa.select(last).where(EVENTS.c.sender_id == conversation_id).scalar_subquery()
            _delete(where, sa.and_(EVENTS.c.sender_id == conversation_id, newest < moment.timestamp()), False)
    except SQLAlchemyError as error:
        raise DeskUnavailable(type(error).__name__) from None
    if found:
        empty_log(where)
    return len(found)


def reseal(batch: int = 500, address: Optional[str] = None) -> int:
    """Seal every event anew with the newest key, also those from before encryption; returns how many.

    Raises:
        DeskUnavailable: When the database cannot be reached.
        CannotUnseal: When none of the keys opens an event; those before it are done.
    """
    where, done, last = engine(address), 0, 0
    if not exists(where):
        return 0
    try:
        while True:
            query = sa.select(EVENTS.c.id, EVENTS.c.data).where(EVENTS.c.id > last).order_by(EVENTS.c.id).limit(batch)
            with where.connect() as connection:
                rows = connection.execute(query).all()
            if not rows:
                break
            with where.begin() as connection:
                for number, data in rows:
                    new = sealed_event(opened_event(data))
                    connection.execute(sa.update(EVENTS).where(EVENTS.c.id == number).values(data=new))
            done, last = done + len(rows), rows[-1].id
        empty_log(where)
    except SQLAlchemyError as error:
        raise DeskUnavailable(type(error).__name__) from None
    return done


def _delete(where: Engine, which: Any, and_log: bool = True) -> int:
    try:
        with where.begin() as connection:
            count = connection.execute(sa.delete(EVENTS).where(which)).rowcount
        if and_log:
            empty_log(where)
        return count
    except SQLAlchemyError as error:
        raise DeskUnavailable(type(error).__name__) from None


def empty_log(where: Engine) -> None:
    """SQLite: write the log back into the file and empty it, so that it holds nothing of deleted rows.

    Somebody who reads at the moment may prevent it; the next one does it then.
    """
    if where.dialect.name == "sqlite":
        with where.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
