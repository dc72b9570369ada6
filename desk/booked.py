"""Requests for a consultation as the desk reads them: one, by its code and proof, or a list."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Dict, List, Mapping, Optional, Tuple

from sqlalchemy import select

from candidacy.knowledge import load
from desk.contact import EXTENSION
from desk.database import transaction
from desk.records import STATUSES, Consultation
from desk.references import read_reference, show_reference
from desk.settings import now, time_zone
from desk.windows.window import make_window

OPEN_STATUSES = STATUSES[:3]
"""Requests that staff still have work with."""


class NotBookable(RuntimeError):
    """No consultation can be asked for; nothing was stored."""


@dataclass(frozen=True)
class Booking:
    """A stored request.

    Attributes:
        reference: Code as people see it, XXX-XXXX.
        status: One of `desk.records.STATUSES`.
        created_at: Moment of the request, UTC.
        slot_start: The time taken (mode slots), UTC, or None.
        agreed_start: The time that staff agreed on with the person, UTC, or None.
        windows, verdict, findings, answers: As stored; dates are ISO-8601 text.
    """

    reference: str
    status: str
    created_at: datetime
    conversation_id: str
    channel: str
    name: str = field(repr=False)
    phone: Optional[str] = field(repr=False)
    email: Optional[str] = field(repr=False)
    consent_text_version: str
    consented_at: datetime
    windows: Tuple[Mapping[str, Any], ...]
    slot_start: Optional[datetime]
    agreed_start: Optional[datetime]
    screened: bool
    outcome: str = field(repr=False)
    verdict: Mapping[str, Any] = field(repr=False)
    findings: Tuple[Mapping[str, Any], ...] = field(repr=False)
    answers: Mapping[str, str] = field(repr=False)
    rules_version: str

    @property
    def times(self) -> Tuple[Mapping[str, Any], ...]:
        """Times to read back: the one agreed on, as a window, or else the windows as stored."""
        if self.agreed_start is None:
            return self.windows
        clinic = load().clinic
        there = self.agreed_start.astimezone(time_zone(clinic))
        return (make_window(now(clinic), clinic, dates=[there.date()], part=f"{there:%H:%M}").to_dict(),)

    def to_dict(self) -> Dict[str, Any]:
        """A JSON-ready dictionary."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        for name in ("created_at", "consented_at"):
            plain[name] = plain[name].isoformat()
        for name in ("slot_start", "agreed_start"):
            plain[name] = plain[name].isoformat() if plain[name] else None
        return {**plain, "windows": list(self.windows), "findings": list(self.findings)}


def list_requests(limit: int = 50, status: Optional[str] = None) -> List[Booking]:
    """Requests, newest first.

    Args:
        limit: At most so many.
        status: Only this status; "open" means requested, contacted or confirmed; None means all.

    Raises:
        ValueError: For an unknown status.
        DeskUnavailable: When the database cannot be reached.
    """
    query = select(Consultation).order_by(Consultation.created_at.desc(), Consultation.id.desc()).limit(limit)
    if status == "open":
        query = query.where(Consultation.status.in_(OPEN_STATUSES))
    elif status is not None:
        query = query.where(Consultation.status == known_status(status))
    with transaction() as session:
        return [booking_of(row) for row in session.scalars(query)]


def find(reference: str, phone_last4: Optional[str] = None, email: Optional[str] = None) -> Optional[Booking]:
    """The request with this code, if the caller also knows its phone's last digits or its e-mail.

    Args:
        reference: The code in any writing: "x4f 29gh", "X4F-29GH".
        phone_last4: Last four digits of the phone.
        email: The e-mail address; capitals do not matter.

    Returns:
        The booking, or None when the code or the proof is wrong (which of them is not told).
    """
    code = read_reference(reference)
    if code is None:
        return None
    with transaction() as session:
        row = session.scalars(select(Consultation).filter_by(reference=code)).first()
        return booking_of(row) if row is not None and proven(row, phone_last4, email) else None


def known_status(status: str) -> str:
    """The status. Raises ValueError when it is none of STATUSES."""
    if status not in STATUSES:
        raise ValueError(f"unknown status {status!r}; one of {', '.join(STATUSES)}")
    return status


def proven(row: Consultation, phone_last4: Optional[str], email: Optional[str]) -> bool:
    """True when the last four digits of the phone, or the e-mail address, are those of the request."""
    digits = "".join(letter for letter in phone_last4 or "" if letter.isdigit())
    if row.phone and len(digits) == 4 and row.phone.partition(EXTENSION)[0].endswith(digits):
        return True
    return bool(row.email and email and row.email.casefold() == email.strip().casefold())


def booking_of(row: Consultation) -> Booking:
    """A row as the rest of the desk sees it."""
    values = {name: getattr(row, name) for name in Booking.__dataclass_fields__}
    values.update(
        reference=show_reference(row.reference), windows=tuple(row.windows), findings=tuple(row.findings)
    )
    return Booking(**values)
