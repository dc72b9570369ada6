"""The record of screenings: one row for each verdict given, only ever added to, each chained to the last.

`python -m desk.audit` (make audit) checks the chain. A deletion empties a row's content and whose it was;
the chain goes over a digest of the content and stays whole. The digest covers a random part as well, so
that nobody can guess an emptied content by trying.

The database refuses every other change of a row (migrations/versions/0005_append_only.py says what that
protects against and what not); the chain shows what was changed all the same.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Union

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from desk.database import DeskUnavailable, transaction, utc_now
from desk.privacy_records import AuditPermission, ScreeningRecord
from desk.sealing import CannotUnseal, keyed_hash
from desk.settings import BadSetting

FIRST = "0" * 32
"""What the first row is chained to."""

_LOCK = 7_231_002
"""Advisory lock of PostgreSQL: one writer at a time, or two rows would follow the same one."""

_PURPOSE = "audit"
_BATCH = 500


@dataclass(frozen=True)
class Checked:
    """What a check of the chain found.

    Attributes:
        rows: How many rows there are.
        emptied: How many of them were emptied by a deletion.
        head: Hash of the newest row: written down elsewhere, it shows later whether rows at the end are gone.
        broken: Id of the first row that does not fit, or None.
        why: What does not fit about it.
    """

    rows: int
    emptied: int
    head: str
    broken: Optional[int] = None
    why: str = ""


def record_screening(
    conversation_id: str,
    channel: str,
    verdict: Mapping[str, Any],
    findings: Sequence[Mapping[str, Any]],
    answers: Mapping[str, str],
    at: Optional[datetime] = None,
) -> int:
    """Add the record of one verdict; returns its id.

    Args:
        verdict: `Verdict.to_dict()`, trace included.
        findings: Everything heard, as dictionaries.
        answers: Question group to answer.
        at: When it was told; now when None.

    Raises:
        DeskUnavailable: When it could not be stored.
    """
    content = {
        "verdict": dict(verdict),
        "findings": list(findings),
        "answers": dict(answers),
        "salt": secrets.token_hex(16),
    }
    row = ScreeningRecord(
        created_at=at or utc_now(),
        conversation_id=conversation_id,
        channel=channel,
        rules_version=str(verdict["version"]),
        complete=bool(verdict["complete"]),
        content=content,
        digest=_digest(content),
    )
    with transaction() as session:
        _alone(session)
        newest = select(ScreeningRecord.hash).order_by(ScreeningRecord.id.desc()).limit(1)
        row.previous = session.scalar(newest) or FIRST
        row.hash = _hash(row)
        session.add(row)
    return row.id


def empty(session: Session, *which: Any) -> int:
    """Empty content and owner of the records that fit; the rows and their chain stay. Returns how many."""
    change = (
        update(ScreeningRecord)
        .where(ScreeningRecord.conversation_id.is_not(None), *which)
        .values(conversation_id=None, content=None)
        .execution_options(synchronize_session=False)
    )
    with permitted(session):
        return session.execute(change).rowcount


@contextmanager
def permitted(connection: Union[Session, Connection]) -> Iterator[None]:
    """In this block records may be emptied or sealed anew, by this transaction alone.

    The permission is a row that is written and taken back within the transaction, which the caller undoes
    when the block fails.
    """
    connection.execute(insert(AuditPermission.__table__))
    yield
    connection.execute(delete(AuditPermission.__table__))


def records_of(conversation_id: str) -> List[Dict[str, Any]]:
    """The records of a conversation, newest first: `{id, created_at, rules_version, complete, verdict, findings, answers}`.

    Raises:
        DeskUnavailable: When the database cannot be reached.
    """
    query = select(ScreeningRecord).filter_by(conversation_id=conversation_id).order_by(ScreeningRecord.id.desc())
    with transaction() as session:
        rows = session.scalars(query).all()
    shown = ("id", "created_at", "rules_version", "complete")
    kept = ("verdict", "findings", "answers")
    return [
        {**{name: getattr(row, name) for name in shown}, **{name: row.content[name] for name in kept}} for row in rows
    ]


def check(known_head: Optional[str] = None) -> Checked:
    """Go over the whole chain, oldest row first.

    Args:
        known_head: A head printed by an earlier check; the chain must still hold it.

    Raises:
        DeskUnavailable: When the database cannot be reached.
    """
    previous, last, rows, emptied = FIRST, 0, 0, 0
    seen_head = known_head is None
    with transaction() as session:
        while True:
            query = select(ScreeningRecord).where(ScreeningRecord.id > last).order_by(ScreeningRecord.id).limit(_BATCH)
            try:
                batch = session.scalars(query).all()
            except CannotUnseal:
                return _first_sealed_wrongly(session, last, rows, emptied, previous)
            if not batch:
                break
            for row in batch:
                why = _wrong_with(row, previous)
                if why:
                    return Checked(rows, emptied, previous, row.id, why)
                previous, last, rows = row.hash, row.id, rows + 1
                emptied += row.content is None
                seen_head = seen_head or row.hash == known_head
            session.expunge_all()
    if not seen_head:
        return Checked(rows, emptied, previous, last, "the head that was written down is not in the chain")
    return Checked(rows, emptied, previous)


def _first_sealed_wrongly(session: Session, last: int, rows: int, emptied: int, previous: str) -> Checked:
    """Find the row by itself: in a batch, the one that does not open has no name."""
    while True:
        query = select(ScreeningRecord).where(ScreeningRecord.id > last).order_by(ScreeningRecord.id).limit(1)
        try:
            row = session.scalars(query).one()
        except CannotUnseal:
            number = select(ScreeningRecord.id).where(ScreeningRecord.id > last).order_by(ScreeningRecord.id).limit(1)
            return Checked(rows, emptied, previous, session.scalar(number), "its content opens with none of the keys")
        why = _wrong_with(row, previous)
        if why:
            return Checked(rows, emptied, previous, row.id, why)
        previous, last, rows = row.hash, row.id, rows + 1
        emptied += row.content is None


def _wrong_with(row: ScreeningRecord, previous: str) -> str:
    if row.previous != previous:
        return "it does not follow the row before it: a row was taken out, put in or changed"
    if row.hash != _hash(row):
        return "its moment, channel, rules version or digest was changed"
    if row.content is not None and _digest(row.content) != row.digest:
        return "its content was changed"
    if row.content is None and row.conversation_id is not None:
        return "its content was taken out without a deletion"
    return ""


def _digest(content: Mapping[str, Any]) -> str:
    return keyed_hash(json.dumps(content, sort_keys=True, separators=(",", ":")), _PURPOSE)


def _hash(row: ScreeningRecord) -> str:
    at = row.created_at.astimezone(utc_now().tzinfo).isoformat()
    parts = [row.previous, at, row.channel, row.rules_version, str(bool(row.complete)), row.digest]
    return keyed_hash("\n".join(parts), _PURPOSE)


def _alone(session: Session) -> None:
    """From here to the end of the transaction nobody else adds a record."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    else:
        session.execute(text("BEGIN IMMEDIATE"))  # the driver itself begins only at the first change


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Check and print; 0 when the chain is whole, 1 when it is broken or cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m desk.audit", description="Check the record of screenings.")
    parser.add_argument("--head", help="a head that an earlier check printed: the chain must still hold it")
    options = parser.parse_args(arguments)
    try:
        found = check(options.head)
    except (DeskUnavailable, BadSetting) as error:
        print(error, file=sys.stderr)
        return 1
    if found.broken is not None:
        print(f"BROKEN at record {found.broken}: {found.why}. The {found.rows} records before it are whole.")
        return 1
    print(f"{found.rows} records, the chain is whole; {found.emptied} were emptied by a deletion or by age.")
    print(f"head {found.head}  (write it down: make audit ARGS=\"--head {found.head}\" shows if rows at the end go missing)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
