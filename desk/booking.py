"""Ask for a consultation, find the request again, move it on. Staff confirm; nothing here does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from sqlalchemy import select, update

from candidacy.findings import Finding
from candidacy.screening import Verdict
from desk.records import STATUSES, Conflict, Consultation, DeskUnavailable, transaction
from desk.references import new_reference, read_reference, show_reference
from desk.windows import Window

OPEN_STATUSES = STATUSES[:3]
"""Requests that staff still have work with."""


class NotBookable(RuntimeError):
    """No consultation can be asked for; nothing was stored."""


class UnderAge(NotBookable):
    """The person is under 18: no contact data is taken."""

    def __init__(self) -> None:
        super().__init__("under age: nothing was stored")


class UrgentFirst(NotBookable):
    """The screening ended as urgent: help comes first, not a booking."""

    def __init__(self) -> None:
        super().__init__("urgent: nothing was stored")


@dataclass(frozen=True)
class ConsultationRequest:
    """What a person asks for. Personal parts stay out of `repr`, so that no log can show them.

    Attributes:
        conversation_id: Rasa's sender id.
        channel: web, sms or shell.
        name: First name, or first and last.
        phone: E.164, or None. One of phone and email is needed.
        email: Address, or None.
        windows: Preferred times, at most three.
        consent_text_version: Version of the text that was agreed to.
        consented_at: Moment of the yes, with a time zone.
        screened: False for "just book me".
        verdict: The verdict as it stands, also when nothing was asked.
        findings: What was heard about the person.
        answers: Question group → answer.
    """

    conversation_id: str
    channel: str
    name: str = field(repr=False)
    consent_text_version: str
    consented_at: datetime
    screened: bool
    verdict: Verdict = field(repr=False)
    phone: Optional[str] = field(default=None, repr=False)
    email: Optional[str] = field(default=None, repr=False)
    windows: Sequence[Window] = ()
    findings: Sequence[Finding] = field(default=(), repr=False)
    answers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("a request needs a name")
        if not self.phone and not self.email:
            raise ValueError("a request needs a phone number or an e-mail address")


@dataclass(frozen=True)
class Booking:
    """A stored request.

    Attributes:
        reference: Code as people see it, XXX-XXXX.
        status: One of `desk.records.STATUSES`.
        created_at: Moment of the request, UTC.
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
    screened: bool
    outcome: str = field(repr=False)
    verdict: Mapping[str, Any] = field(repr=False)
    findings: Tuple[Mapping[str, Any], ...] = field(repr=False)
    answers: Mapping[str, str] = field(repr=False)
    rules_version: str

    def to_dict(self) -> Dict[str, Any]:
        """A JSON-ready dictionary."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        for name in ("created_at", "consented_at"):
            plain[name] = plain[name].isoformat()
        return {**plain, "windows": list(self.windows), "findings": list(self.findings)}


def request_consultation(request: ConsultationRequest, *, idempotency_key: str) -> Booking:
    """Store a request, once for each key.

    Args:
        request: What the person asks for.
        idempotency_key: Conversation id and form run; a second call with it returns the first booking.

    Raises:
        UnderAge: When the verdict says under 18; nothing is stored.
        UrgentFirst: When the verdict is urgent; nothing is stored.
        DeskUnavailable: When it could not be stored; the person must be told and given the phone number.
    """
    check_bookable(request.verdict)
    for _ in range(5):
        row = _row(request, idempotency_key)
        try:
            with transaction() as session:
                session.add(row)
            return _booking(row)
        except Conflict:
            # The key is taken (this request is stored already), or, once in a blue moon, the reference.
            with transaction() as session:
                query = select(Consultation).filter_by(idempotency_key=idempotency_key)
                stored = session.scalars(query).first()
            if stored is not None:
                return _booking(stored)
    raise DeskUnavailable("no free reference")


def check_bookable(verdict: Verdict) -> None:
    """Return when contact data may be taken with this verdict.

    Raises:
        UnderAge: A reason says under 18.
        UrgentFirst: The outcome is urgent.
    """
    for reason in verdict.reasons:
        # "I'm a minor" matches the rule without an age, and so without the variant.
        too_young = reason.variant == "under_18" or reason.outcome == "contraindicated"
        if reason.rule == "under_age" and too_young:
            raise UnderAge()
    if verdict.outcome == "urgent":
        raise UrgentFirst()


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
        query = query.where(Consultation.status == _known(status))
    with transaction() as session:
        return [_booking(row) for row in session.scalars(query)]


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
        return _booking(row) if row is not None and _proven(row, phone_last4, email) else None


def cancel(
    reference: str, phone_last4: Optional[str] = None, email: Optional[str] = None
) -> Optional[Booking]:
    """Cancel a request that is still open; a second cancel changes nothing.

    Returns:
        The booking as it is now (closed stays closed), or None as in `find`.
    """
    booking = find(reference, phone_last4, email)
    if booking is None:
        return None
    return _set_status(booking.reference, "cancelled", OPEN_STATUSES)


def change_status(reference: str, status: str) -> Optional[Booking]:
    """Set the status, for staff. None for an unknown code.

    Raises:
        ValueError: For an unknown status.
        DeskUnavailable: When the database cannot be reached.
    """
    return _set_status(reference, _known(status), STATUSES)


def _set_status(reference: str, status: str, only_from: Sequence[str]) -> Optional[Booking]:
    code = read_reference(reference)
    change = (
        update(Consultation)
        .where(Consultation.reference == code, Consultation.status.in_(only_from))
        .values(status=status)
        .execution_options(synchronize_session=False)
    )
    with transaction() as session:
        session.execute(change)
        row = session.scalars(select(Consultation).filter_by(reference=code)).first()
        return _booking(row) if row is not None else None


def _known(status: str) -> str:
    if status not in STATUSES:
        raise ValueError(f"unknown status {status!r}; one of {', '.join(STATUSES)}")
    return status


def _proven(row: Consultation, phone_last4: Optional[str], email: Optional[str]) -> bool:
    digits = "".join(letter for letter in phone_last4 or "" if letter.isdigit())
    if row.phone and len(digits) == 4 and row.phone.endswith(digits):
        return True
    return bool(row.email and email and row.email.casefold() == email.strip().casefold())


def _row(request: ConsultationRequest, key: str) -> Consultation:
    verdict = request.verdict.to_dict()
    return Consultation(
        reference=new_reference(),
        status=STATUSES[0],
        conversation_id=request.conversation_id,
        channel=request.channel,
        name=request.name.strip(),
        phone=request.phone,
        email=request.email,
        consent_text_version=request.consent_text_version,
        consented_at=request.consented_at,
        windows=[window.to_dict() for window in request.windows],
        screened=request.screened,
        outcome=verdict["outcome"],
        verdict=verdict,
        findings=[finding.to_dict() for finding in request.findings],
        answers=dict(request.answers),
        rules_version=verdict["version"],
        idempotency_key=key,
    )


def _booking(row: Consultation) -> Booking:
    values = {name: getattr(row, name) for name in Booking.__dataclass_fields__}
    values.update(
        reference=show_reference(row.reference), windows=tuple(row.windows), findings=tuple(row.findings)
    )
    return Booking(**values)
