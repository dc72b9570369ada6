"""Who may change a request: its code, and something only its person knows; wrong tries are limited."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import List, Optional

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from desk.booked import OPEN_STATUSES, Booking, booking_of, proven
from desk.database import transaction, utc_now
from desk.records import Consultation, ReferenceTry
from desk.references import read_reference
from desk.sealing import contact_key, keyed_hash
from desk.sms_records import SmsContact

MOST_WRONG = 5
"""Wrong tries in an hour, of one conversation and for one code."""

WITHIN = timedelta(hours=1)
_PURPOSE = "reference try"


class TooManyTries(RuntimeError):
    """Too many wrong tries; nothing was looked up, so a right one is refused as well."""

    def __init__(self) -> None:
        super().__init__("too many wrong tries")


def prove(
    reference: str,
    conversation_id: str,
    phone_last4: Optional[str] = None,
    email: Optional[str] = None,
    at: Optional[datetime] = None,
) -> Optional[Booking]:
    """The request with this code, when the proof is right. A wrong code and a wrong proof are the same.

    A text message from the number of the request is proof by itself.

    Args:
        reference: The code in any writing.
        conversation_id: Who tries.
        phone_last4: Last four digits of the phone.
        email: The e-mail address.
        at: The moment, for tests.

    Raises:
        TooManyTries: After MOST_WRONG wrong ones within the hour.
        DeskUnavailable: When the database cannot be reached; nothing counts as a try.
    """
    code = read_reference(reference) or ""
    moment = at or utc_now()
    tried = _write_down(code, conversation_id, moment)
    with transaction() as session:
        # Written down first: many tries at the same moment see each other, none slips through.
        if any(_wrong(session, who, moment) > MOST_WRONG for who in _who(code, conversation_id)):
            # Does not count, or the pause would never end for whoever goes on trying.
            session.execute(delete(ReferenceTry).where(ReferenceTry.id.in_(tried)))
            refused, booking = True, None
        else:
            refused, booking = False, _looked_up(session, code, conversation_id, phone_last4, email)
            if booking is not None:
                session.execute(update(ReferenceTry).where(ReferenceTry.id.in_(tried)).values(right=True))
    if refused:
        raise TooManyTries()
    return booking


def requests_of_number(conversation_id: str) -> List[Booking]:
    """Open requests of the phone number that writes these text messages, newest first; [] on other channels.

    Raises:
        DeskUnavailable: When the database cannot be reached.
    """
    with transaction() as session:
        key = _number_key(session, conversation_id)
        if key is None:
            return []
        query = (
            select(Consultation)
            .where(Consultation.contact_key == key, Consultation.status.in_(OPEN_STATUSES))
            .order_by(Consultation.id.desc())
            .limit(5)
        )
        return [booking_of(row) for row in session.scalars(query)]


def _looked_up(
    session: Session, code: str, conversation_id: str, phone_last4: Optional[str], email: Optional[str]
) -> Optional[Booking]:
    row = session.scalars(select(Consultation).filter_by(reference=code)).first()
    if row is None:
        return None
    same_number = row.phone and _number_key(session, conversation_id) == contact_key(row.phone)
    return booking_of(row) if same_number or proven(row, phone_last4, email) else None


def _number_key(session: Session, conversation_id: str) -> Optional[str]:
    query = select(SmsContact.number_key).filter_by(conversation_id=conversation_id)
    return session.scalars(query).first()


def _who(code: str, conversation_id: str) -> List[str]:
    return [keyed_hash(f"talk:{conversation_id}", _PURPOSE), keyed_hash(f"code:{code}", _PURPOSE)]


def _write_down(code: str, conversation_id: str, moment: datetime) -> List[int]:
    """Count a try as wrong until it proves right."""
    rows = [ReferenceTry(at=moment, who=who, right=False) for who in _who(code, conversation_id)]
    with transaction() as session:
        session.add_all(rows)
    return [row.id for row in rows]


def _wrong(session: Session, who: str, moment: datetime) -> int:
    query = select(func.count()).where(
        ReferenceTry.who == who, ReferenceTry.at > moment - WITHIN, ReferenceTry.right.is_(False)
    )
    return session.execute(query).scalar() or 0
