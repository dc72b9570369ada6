"""Who saw and changed what in the inbox, and the notes of staff. Rows are only added."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import List, Optional, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.database import transaction
from desk.staff_records import StaffEvent, StaffNote

NOBODY = "(unknown)"
"""Stands for whoever is not logged in."""

CONSOLE = "(console)"
"""Stands for whoever has the clinic's own machine."""

VIEWED = "viewed"
LONGEST_NOTE = 2000
"""Characters of a note."""


@dataclass(frozen=True)
class Event:
    """One line of the audit; `subject_id` is a reference code or a number, never a name."""

    id: int
    at: datetime
    username: str
    action: str
    subject: Optional[str]
    subject_id: Optional[str]
    change: Optional[str]


@dataclass(frozen=True)
class Note:
    """A note of staff; its words stay out of `repr`."""

    at: datetime
    username: str
    text: str = field(repr=False)


def note(
    session: Session,
    username: str,
    action: str,
    subject: Optional[str] = None,
    subject_id: Optional[str] = None,
    change: Optional[str] = None,
) -> None:
    """Add a line to the audit, in the transaction of what it tells of.

    Args:
        subject: request, callback, alert, delivery, user, …
        subject_id: Reference code, row number or user name.
        change: What changed, in a few fixed words ("requested → contacted"); nothing a person wrote.
    """
    event = StaffEvent(username=username, action=action, subject=subject, subject_id=subject_id, change=change)
    session.add(event)


def note_event(
    username: str,
    action: str,
    subject: Optional[str] = None,
    subject_id: Optional[str] = None,
    change: Optional[str] = None,
) -> None:
    """Add a line to the audit in a transaction of its own.

    Raises:
        DeskUnavailable: When it could not be stored; what it tells of must then not be shown.
    """
    with transaction() as session:
        note(session, username, action, subject, subject_id, change)


def list_events(
    limit: int = 100,
    offset: int = 0,
    *,
    subject: Optional[str] = None,
    subject_id: Optional[str] = None,
    username: Optional[str] = None,
    actions: Sequence[str] = (),
) -> List[Event]:
    """Lines of the audit, newest first; only those of a subject, user or actions where given."""
    query = select(StaffEvent).order_by(StaffEvent.id.desc()).limit(limit).offset(offset)
    for column, value in (
        (StaffEvent.subject, subject),
        (StaffEvent.subject_id, subject_id),
        (StaffEvent.username, username),
    ):
        if value is not None:
            query = query.where(column == value)
    if actions:
        query = query.where(StaffEvent.action.in_(actions))
    with transaction() as session:
        return [
            Event(**{name: getattr(row, name) for name in Event.__dataclass_fields__})
            for row in session.scalars(query)
        ]


def add_note(username: str, subject: str, row_id: int, shown_id: str, text: str) -> None:
    """Keep a note on a request or call-back.

    Args:
        row_id: Number of the row.
        shown_id: What the audit names it by.

    Raises:
        ValueError: For an empty note or one over `LONGEST_NOTE`.
    """
    words = text.strip()
    if not words or len(words) > LONGEST_NOTE:
        raise ValueError(f"a note has 1 to {LONGEST_NOTE} characters")
    with transaction() as session:
        session.add(StaffNote(username=username, subject=subject, subject_id=row_id, text=words))
        note(session, username, "note added", subject, shown_id)


def list_notes(subject: str, row_id: int) -> List[Note]:
    """Notes on a request or call-back, oldest first."""
    query = select(StaffNote).filter_by(subject=subject, subject_id=row_id).order_by(StaffNote.id)
    with transaction() as session:
        return [Note(row.at, row.username, row.text or "") for row in session.scalars(query)]
