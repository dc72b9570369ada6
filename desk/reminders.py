"""One message on one day to somebody who asked for it: kept encrypted, sent once, gone when it is not wanted.

By text it goes through the outbox of text messages (quiet hours, opt-outs); by e-mail straight to the mail
server. The words say nothing of health or of what was told. Whoever books in the meantime needs none.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP as CRLF
from email.utils import format_datetime, make_msgid
from typing import List, Optional, Tuple

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from desk import sms_consent, sms_outbox
from desk.booked import OPEN_STATUSES
from desk.consent import consent_version
from desk.database import transaction, utc_now
from desk.delivery.delivery_settings import Mail, delivery_settings
from desk.privacy_records import Reminder
from desk.records import Alert, Consultation
from desk.sealing import contact_key
from desk.settings import time_zone
from desk.sms_records import SmsInbox
from desk.sms_settings import sms_settings
from desk.web_settings import web_settings
from desk.wording import wording

logger = logging.getLogger(__name__)

PHONE, EMAIL = "phone", "email"
WAITING, SENT, GONE, DEAD = "waiting", "sent", "gone", "dead"
LONGEST_WAIT = timedelta(days=3)
"""A reminder that could not be sent for so long comes too late to help; staff are told."""

_TIDY_EVERY = timedelta(minutes=1)
_MOST = 50
_SECONDS = 10
_tidied: List[datetime] = []


def ways() -> Tuple[str, ...]:
    """How a reminder can reach somebody here: by text, by e-mail, both or none."""
    found = [PHONE] if sms_settings() is not None else []
    return tuple(found + [EMAIL] if delivery_settings().email is not None else found)


def number_of(conversation_id: str) -> Optional[str]:
    """The number that writes in a conversation by text, while its message is being answered; else None.

    Raises:
        DeskUnavailable: When the database cannot be reached.
    """
    query = select(SmsInbox).where(SmsInbox.conversation_id == conversation_id, SmsInbox.number.is_not(None))
    with transaction() as session:
        row = session.scalars(query.order_by(SmsInbox.received_at.desc()).limit(1)).first()
        return row.number if row is not None else None


def ask(conversation_id: str, channel: str, kind: str, contact: str, due_on: date, consented_at: datetime) -> None:
    """Keep a reminder, in place of an earlier one of the same conversation.

    Args:
        kind: PHONE or EMAIL.
        contact: E.164 number or address.
        due_on: The clinic's calendar day.
        consented_at: When the person said yes.

    Raises:
        ValueError: For an unknown kind.
        DeskUnavailable: When it could not be stored; the person must be told.
    """
    if kind not in (PHONE, EMAIL):
        raise ValueError(f"{kind!r}: one of {PHONE}, {EMAIL}")
    with transaction() as session:
        _drop(session, Reminder.conversation_id == conversation_id)
        session.add(
            Reminder(
                conversation_id=conversation_id,
                channel=channel,
                contact_kind=kind,
                contact=contact,
                contact_key=contact_key(contact),
                due_on=due_on,
                consent_text_version=consent_version(),
                consented_at=consented_at,
            )
        )


def cancel(conversation_id: str) -> bool:
    """No reminder after all; False when none was waiting.

    Raises:
        DeskUnavailable: When the database cannot be reached.
    """
    with transaction() as session:
        return _drop(session, Reminder.conversation_id == conversation_id) > 0


def waiting_day(conversation_id: str) -> Optional[date]:
    """The day of the reminder that waits, or None.

    Raises:
        DeskUnavailable: When the database cannot be reached.
    """
    query = select(Reminder.due_on).where(Reminder.conversation_id == conversation_id, Reminder.state == WAITING)
    with transaction() as session:
        return session.scalar(query.order_by(Reminder.id.desc()).limit(1))


def send_due(now: datetime) -> int:
    """Send what is due; returns how many reminders moved (a job of the worker).

    Raises:
        DeskUnavailable: When the database cannot be reached.
    """
    moved = 0
    if not _tidied or not _tidied[0] <= now < _tidied[0] + _TIDY_EVERY:
        moved += drop_unwanted()
        _tidied[:] = [now]
    today = now.astimezone(time_zone()).date()
    if sms_outbox.next_allowed(now) > now:
        return moved  # at night nobody is written to
    with transaction() as session:
        due = select(Reminder.id).where(Reminder.state == WAITING, Reminder.due_on <= today)
        numbers = list(session.scalars(due.order_by(Reminder.due_on, Reminder.id).limit(_MOST)))
    for number in numbers:
        moved += _send(number, now, today)
    return moved


def drop_unwanted() -> int:
    """Take back the reminders of those who want no texts any more or who have booked since; returns how many.

    Raises:
        DeskUnavailable: When the database cannot be reached.
    """
    with transaction() as session:
        rows = list(session.scalars(select(Reminder).where(Reminder.state == WAITING)))
        unwanted = [row.id for row in rows if not _wanted(session, row)]
        return _drop(session, Reminder.id.in_(unwanted)) if unwanted else 0


def forget_times() -> None:
    """Look for unwanted reminders at the next call (for tests)."""
    _tidied.clear()


def _wanted(session: Session, row: Reminder) -> bool:
    if row.contact_kind == PHONE and sms_consent.is_opted_out(session, row.contact or ""):
        return False
    booked = select(Consultation.id).where(
        or_(Consultation.conversation_id == row.conversation_id, Consultation.contact_key == row.contact_key),
        Consultation.created_at >= row.created_at,
        Consultation.status.in_(OPEN_STATUSES),
    )
    return session.scalar(booked.limit(1)) is None


def _drop(session: Session, *which: object) -> int:
    """Waiting reminders go; nothing of whom they were for stays."""
    change = (
        update(Reminder)
        .where(Reminder.state == WAITING, *which)
        .values(state=GONE, contact=None, contact_key=None)
        .execution_options(synchronize_session=False)
    )
    return session.execute(change).rowcount


def _send(number: int, now: datetime, today: date) -> int:
    """Send one reminder, once: it is marked as sent in the transaction that hands it over, or before the mail goes."""
    mail = delivery_settings().email
    with transaction() as session:
        query = select(Reminder).where(Reminder.id == number, Reminder.state == WAITING).with_for_update()
        row = session.scalars(query).first()
        if row is None:
            return 0
        if not _wanted(session, row):
            return _drop(session, Reminder.id == number)
        if row.contact_kind not in ways():
            return _give_up(session, row, today)
        contact, kind = row.contact, row.contact_kind
        row.state, row.sent_at = SENT, now
        if kind == PHONE:
            text = wording("utter_reminder", "sms")
            key = f"reminder:{number}"
            sms_outbox.put(session, row.conversation_id, contact, text, sms_outbox.PROACTIVE, key)
            row.contact = row.contact_key = None
            return 1
    assert mail is not None
    failure = asyncio.run(_mail(mail, contact, now))
    with transaction() as session:
        row = session.get(Reminder, number)
        if row is None or row.state != SENT:
            return 1
        if failure is None:
            row.contact = row.contact_key = None
            return 1
        row.state, row.sent_at = WAITING, None
        logger.error("a reminder by e-mail could not be sent: %s", failure)
        return _give_up(session, row, today)


def _give_up(session: Session, row: Reminder, today: date) -> int:
    """After some days it comes too late: staff are told that one did not go out."""
    if today < row.due_on + LONGEST_WAIT:
        return 0
    row.state, row.contact, row.contact_key = DEAD, None, None
    session.add(Alert(kind="delivery", conversation_id=row.conversation_id, channel=row.channel))
    return 1


def _where() -> str:
    """How to go on from a message: the address of the chat, if there is one, or the phone."""
    public = web_settings().public_url
    if not public:
        return wording("utter_reminder_call")
    return wording("utter_reminder_open", url=f"{public}/webhooks/web/")


async def _mail(mail: Mail, address: str, now: datetime) -> Optional[str]:
    """Hand the mail to the server; the kind of failure, or None."""
    import aiosmtplib  # only where there is mail to send

    made = EmailMessage(policy=CRLF)
    made["Subject"] = wording("utter_reminder_subject")
    made["From"] = mail.sender
    made["To"] = address
    made["Date"] = format_datetime(now)
    made["Message-ID"] = make_msgid(domain=mail.sender.rpartition("@")[2])
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(wording("utter_reminder", where=_where()) + "\n")
    try:
        await aiosmtplib.send(
            made,
            sender=mail.sender,
            recipients=[address],
            hostname=mail.host,
            port=mail.port,
            username=mail.user,
            password=mail.password,
            use_tls=mail.tls == "tls",
            start_tls=mail.tls == "starttls",
            timeout=_SECONDS,
        )
    except (aiosmtplib.SMTPException, ssl.SSLError, OSError) as error:
        return type(error).__name__  # its text may hold the address
    return None


def earliest(now: Optional[datetime] = None) -> date:
    """The first day for which a reminder makes sense: tomorrow, at the clinic."""
    return (now or utc_now()).astimezone(time_zone()).date() + timedelta(days=1)
