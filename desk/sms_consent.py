"""Whether a number wants texts. A number is known here by its keyed hash alone."""

from __future__ import annotations

from typing import Optional

from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.database import Conflict, transaction, utc_now
from desk.sealing import contact_key, keyed_hash
from desk.sms_records import SmsContact

PREFIX = "sms-"
"""How the ids of conversations by text begin."""

STAFF, PROVIDER, WORD, WORDING = "staff", "provider", "word", "wording"
"""By whom or what a number was opted out."""


def number_key(number: str) -> str:
    """The keyed hash of a number (E.164): the one by which its requests are found too."""
    return contact_key(number) or ""


def conversation_of(key: str, generation: int) -> str:
    """The id of a conversation; it tells nothing of the number."""
    return PREFIX + keyed_hash(f"{key}:{generation}", "sms-talk")


def contact_of(session: Session, number: str) -> SmsContact:
    """The row of a number, made when it is new. It may conflict with one made at the same moment."""
    key = number_key(number)
    contact = session.get(SmsContact, key)
    if contact is None:
        contact = SmsContact(number_key=key, generation=0, conversation_id=conversation_of(key, 0))
        session.add(contact)
        session.flush()
    return contact


def is_opted_out(session: Session, number: str) -> bool:
    """True when this number wants no texts."""
    key = number_key(number)
    return session.execute(
        select(SmsContact.number_key).where(SmsContact.number_key == key, SmsContact.opted_out_at.is_not(None))
    ).first() is not None


def opted_out(number: str) -> bool:
    """True when this number wants no texts.

    Raises:
        DeskUnavailable: When the database does not answer.
    """
    return opted_out_by(number) is not None


def opted_out_by(number: str) -> Optional[str]:
    """By whom or what a number was opted out; None when it is not.

    Raises:
        DeskUnavailable: When the database does not answer.
    """
    with transaction() as session:
        contact = session.get(SmsContact, number_key(number))
        return contact.opted_out_by if contact is not None and contact.opted_out_at else None


def opt_out(number: str, by: str) -> bool:
    """Send this number nothing from now on; True when it was not opted out before.

    Args:
        number: E.164.
        by: STAFF, PROVIDER, WORD or WORDING.

    Raises:
        DeskUnavailable: When the database does not answer.
    """
    return _alone(number, by)


def opt_in(number: str) -> bool:
    """Texts are welcome again; True when the number was opted out before.

    Raises:
        DeskUnavailable: When the database does not answer.
    """
    return _alone(number, None)


def change(session: Session, number: str, by: Optional[str]) -> bool:
    """Opt a number out (`by` says by whom) or in (None), inside a transaction; True when that is a change."""
    contact = contact_of(session, number)
    changed = (contact.opted_out_at is None) is (by is not None)
    if changed:
        contact.opted_out_at = utc_now() if by else None
        contact.opted_out_by = by
        contact.changed_at = utc_now()
    return changed


def note(number: str, disclosed: bool = False, screening: bool = False) -> None:
    """Keep that somebody was told who writes, or was warned before a screening by text; the first time counts.

    Raises:
        DeskUnavailable: When the database does not answer.
    """
    if not disclosed and not screening:
        return
    with transaction() as session:
        contact = contact_of(session, number)
        if disclosed:
            contact.disclosed_at = contact.disclosed_at or utc_now()
        if screening:
            contact.screening_by_text_at = contact.screening_by_text_at or utc_now()


def renew(session: Session, conversation_id: str) -> Optional[str]:
    """After everything of a conversation was deleted: the next text begins another one, whose id this is.

    The opt-out stays: it is a wish about the number. None for a conversation that is not by text.
    """
    contact = session.execute(
        select(SmsContact).where(SmsContact.conversation_id == conversation_id)
    ).scalar_one_or_none()
    if contact is None:
        return None
    contact.generation += 1
    contact.conversation_id = conversation_of(contact.number_key, contact.generation)
    contact.disclosed_at = contact.screening_by_text_at = None
    contact.changed_at = utc_now()
    return str(contact.conversation_id)


def _alone(number: str, by: Optional[str]) -> bool:
    for left in (2, 1, 0):
        try:
            with transaction() as session:
                return change(session, number, by)
        except Conflict:  # the row was made at the same moment
            if not left:
                raise
    return False
