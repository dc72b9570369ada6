"""A mail to staff: which request, what happened, when, a link; with a calendar entry."""

from __future__ import annotations

import ssl
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as CRLF
from email.utils import format_datetime
from typing import Optional

import aiosmtplib

from desk.delivery.delivery_settings import Mail
from desk.delivery.failures import FAILED, REFUSED, UNREACHABLE, DeliveryFailed
from desk.delivery.ics import calendar_entry, method_of
from desk.delivery.message import CANCELLED, CHANGED, CONFIRMED, NEW, Message
from desk.sealing import keyed_hash

SECONDS = 10
"""Longest silence of the mail server."""

_HEADLINES = {
    "consultation": {
        NEW: "A new request for a consultation is waiting.",
        CHANGED: "A request for a consultation was changed.",
        CONFIRMED: "A request for a consultation was confirmed.",
        CANCELLED: "A request for a consultation was cancelled.",
    },
    "callback": {
        NEW: "Somebody asks to be called back.",
        CHANGED: "A call-back request was changed.",
        CONFIRMED: "A call-back request was confirmed.",
        CANCELLED: "A call-back request was cancelled.",
    },
    "alert": {NEW: "An alert is waiting in the inbox. Please look at it now."},
}


async def send(message: Message, mail: Mail, now: datetime) -> Optional[str]:
    """Hand a mail to the server. A repeat carries the same Message-ID.

    Returns:
        What staff should know although it was delivered, or None.

    Raises:
        DeliveryFailed: The server did not take it for anybody.
    """
    try:
        refused, _ = await aiosmtplib.send(
            mail_of(message, mail, now),
            sender=mail.sender,
            recipients=list(mail.recipients),
            hostname=mail.host,
            port=mail.port,
            username=mail.user,
            password=mail.password,
            use_tls=mail.tls == "tls",
            start_tls=mail.tls == "starttls",
            local_hostname=_domain(mail),
            timeout=SECONDS,
        )
    except aiosmtplib.SMTPAuthenticationError as error:
        raise DeliveryFailed(FAILED, f"login, code {error.code}") from None
    except aiosmtplib.SMTPRecipientsRefused as error:
        codes = [one.code for one in error.recipients]
        kind = UNREACHABLE if all(code < 500 for code in codes) else REFUSED
        raise DeliveryFailed(kind, f"every recipient, code {codes[0]}") from None
    except aiosmtplib.SMTPResponseException as error:
        raise DeliveryFailed(UNREACHABLE if error.code < 500 else REFUSED, f"code {error.code}") from None
    except (aiosmtplib.SMTPException, ssl.SSLError, OSError) as error:
        raise DeliveryFailed(UNREACHABLE, type(error).__name__) from None
    return f"{REFUSED}: {len(refused)} of {len(mail.recipients)} recipients" if refused else None


def mail_of(message: Message, mail: Mail, now: datetime) -> EmailMessage:
    """The mail: plain text and, when a calendar day is known, the entry (as invitation and as a file)."""
    made = EmailMessage(policy=CRLF)
    made["Subject"] = f"{'Alert' if message.subject == 'alert' else 'Request'} {message.reference}: {message.action}"
    made["From"] = mail.sender
    made["To"] = ", ".join(mail.recipients)
    made["Date"] = format_datetime(now)
    made["Message-ID"] = f"<{keyed_hash(message.key, 'message-id')}@{_domain(mail)}>"
    made["Auto-Submitted"] = "auto-generated"
    lines = [_HEADLINES[message.subject][message.action], "", f"Reference: {message.reference}"]
    if message.times:
        lines.append(f"{'Time' if message.taken else 'Preferred'}: {'; '.join(message.times)}")
    lines += [f"Inbox: {message.link}", "", "Who it is stands in the inbox, not in this mail.", ""]
    made.set_content("\n".join(lines))
    entry = calendar_entry(message, mail.sender, mail.recipients)
    if entry is not None:
        text, method = entry.decode("utf-8"), method_of(message)
        made.add_alternative(text, subtype="calendar", params={"method": method})
        made.add_attachment(entry, "application", "ics", filename="request.ics")
    return made


def _domain(mail: Mail) -> str:
    return mail.sender.rpartition("@")[2]
