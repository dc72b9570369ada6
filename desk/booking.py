"""Ask for a consultation. Staff confirm; nothing here does.

Reading requests stands in `desk.booked`, what happens to one later in `desk.changing`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Mapping, Optional, Sequence

from sqlalchemy import select

from candidacy.findings import Finding
from candidacy.knowledge import load
from candidacy.screening import Verdict
from desk.booked import Booking, NotBookable, booking_of, find, list_requests
from desk.changing import cancel, change_status, reschedule
from desk.database import Conflict, DeskUnavailable, transaction
from desk.delivery import enqueue
from desk.records import STATUSES, Consultation
from desk.references import new_reference
from desk.sealing import contact_key
from desk.settings import now
from desk.slots import SlotTaken, hold, is_free, is_offered
from desk.windows import Window

__all__ = [
    "Booking",
    "ConsultationRequest",
    "NotBookable",
    "SlotTaken",
    "UnderAge",
    "UrgentFirst",
    "cancel",
    "change_status",
    "check_bookable",
    "find",
    "list_requests",
    "request_consultation",
    "reschedule",
]


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
        windows: Preferred times, at most three; the one taken, where `slot_start` is given.
        slot_start: A free time to hold (mode slots), or None.
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
    slot_start: Optional[datetime] = None
    findings: Sequence[Finding] = field(default=(), repr=False)
    answers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("a request needs a name")
        if not self.phone and not self.email:
            raise ValueError("a request needs a phone number or an e-mail address")


def request_consultation(request: ConsultationRequest, *, idempotency_key: str) -> Booking:
    """Store a request, once for each key, with its time and one message for each target outside.

    All of it is one transaction: it is there as a whole or not at all. A second call with the same key gives
    the first request back; where it names another contact or time, the request is brought up to date.

    Args:
        request: What the person asks for.
        idempotency_key: Conversation id and run of the form.

    Raises:
        UnderAge: When the verdict says under 18; nothing is stored.
        UrgentFirst: When the verdict is urgent; nothing is stored.
        SlotTaken: When `slot_start` is not free any more; nothing is stored.
        DeskUnavailable: When it could not be stored; the person must be told and given the phone number.
    """
    check_bookable(request.verdict)
    settings = load().clinic.booking
    # Each lost race for a time leaves one seat less to race for.
    for _ in range(5 + settings.seats):
        row = _row(request, idempotency_key)
        try:
            with transaction() as session:
                session.add(row)
                session.flush()  # before the time: a retry of a stored request must not find it taken
                if request.slot_start is not None:
                    _check_offered(request)
                    hold(session, row.id, request.slot_start, settings)
                enqueue(session, "consultation", row.id, "requested")
            return booking_of(row)
        except Conflict:
            # The key is taken (this request is stored already), or a seat, or once in a blue moon the reference.
            stored = _brought_up_to_date(request, idempotency_key)
            if stored is not None:
                return stored
        except DeskUnavailable:
            # Too many wrote at once; reading waits for nobody, and may tell that the time has gone meanwhile.
            if request.slot_start is None or is_free(request.slot_start, settings):
                raise
            raise SlotTaken() from None
    raise DeskUnavailable("too many at once")


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


def _check_offered(request: ConsultationRequest) -> None:
    """Raises SlotTaken for a time that was chosen long ago and is too soon by now."""
    moment = now(at=request.consented_at.timestamp())
    if request.slot_start and not is_offered(request.slot_start, moment, load().clinic):
        raise SlotTaken()


def _brought_up_to_date(request: ConsultationRequest, key: str) -> Optional[Booking]:
    """The request stored under this key, with what was said last; None when there is none."""
    with transaction() as session:
        row = session.scalars(select(Consultation).filter_by(idempotency_key=key).with_for_update()).first()
        if row is None:
            return None
        untouched = row.status == STATUSES[0]  # staff have not begun with it
        person = {"name": request.name.strip(), "phone": request.phone, "email": request.email}
        if untouched and any(getattr(row, name) != value for name, value in person.items()):
            for name, value in person.items():
                setattr(row, name, value)
            row.contact_key = contact_key(request.phone or request.email)
        stored = booking_of(row)
    times = [window.to_dict() for window in request.windows]
    if not untouched or (list(stored.windows), stored.slot_start) == (times, request.slot_start):
        return stored
    return reschedule(stored.reference, request.windows, request.slot_start)


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
        contact_key=contact_key(request.phone or request.email),
        consent_text_version=request.consent_text_version,
        consented_at=request.consented_at,
        windows=[window.to_dict() for window in request.windows],
        slot_start=request.slot_start,
        screened=request.screened,
        outcome=verdict["outcome"],
        verdict=verdict,
        findings=[finding.to_dict() for finding in request.findings],
        answers=dict(request.answers),
        rules_version=verdict["version"],
        idempotency_key=key,
    )
