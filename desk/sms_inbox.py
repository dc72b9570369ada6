"""What people text, kept before it is acknowledged and until it is answered."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Callable, List, Optional, Sequence, Tuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from desk import sms_outbox
from desk.database import Conflict, transaction, utc_now
from desk.sms_consent import contact_of
from desk.sms_records import SmsInbox

NEW, ANSWERED, DROPPED = "new", "answered", "dropped"

_lock = threading.Lock()
_last: List[datetime] = []


@dataclass(frozen=True)
class Text:
    """One message of a person; what is personal stays out of `repr`."""

    message_id: str
    conversation_id: str
    number: str = field(repr=False)
    body: str = field(repr=False)
    media: int = 0
    attempts: int = 0
    received_at: Optional[datetime] = None


def receive(message_id: str, number: str, body: str, media: int = 0) -> bool:
    """Keep a message; False when it is known already.

    Args:
        message_id: The provider's id.
        number: Who wrote it (E.164).
        body: What was written.
        media: How many pictures or files came with it; they are not fetched.

    Raises:
        DeskUnavailable: When it could not be kept; the provider must send it again.
    """
    for _ in range(3):
        try:
            with transaction() as session:
                if session.get(SmsInbox, message_id) is not None:
                    return False
                contact = contact_of(session, number)
                session.add(
                    SmsInbox(
                        message_id=message_id,
                        received_at=_next_moment(),
                        conversation_id=contact.conversation_id,
                        number=number,
                        body=body,
                        media=media,
                    )
                )
            return True
        except Conflict:  # a copy, or another message of the same new number, at the same moment
            continue
    with transaction() as session:
        if session.get(SmsInbox, message_id) is not None:
            return False
    raise Conflict()


def waiting(most: int = 200) -> List[Text]:
    """Messages without an answer, in the order of their arrival.

    Raises:
        DeskUnavailable: When the database does not answer.
    """
    with transaction() as session:
        rows = session.execute(
            select(SmsInbox)
            .where(SmsInbox.state == NEW)
            .order_by(SmsInbox.received_at, SmsInbox.message_id)
            .limit(most)
        ).scalars()
        return [
            Text(row.message_id, row.conversation_id, row.number or "", row.body or "", row.media, row.attempts,
                 row.received_at)
            for row in rows
        ]  # fmt: skip


def answer(
    text: Text, answers: Sequence[Tuple[str, str]], besides: Optional[Callable[[Session], Any]] = None
) -> bool:
    """Put the answers into the outbox and close the message, in one transaction; False when it was closed before.

    Args:
        text: The message.
        answers: Text and kind of each (`desk.sms_outbox`); none for a message that gets no answer on purpose.
        besides: What else belongs to that transaction, such as an opt-out.

    Raises:
        DeskUnavailable: When nothing was changed.
    """
    with transaction() as session:
        closed = session.execute(
            update(SmsInbox)
            .where(SmsInbox.message_id == text.message_id, SmsInbox.state == NEW)
            .values(state=ANSWERED if answers else DROPPED, answered_at=utc_now(), number=None, body=None)
        )
        if not closed.rowcount:
            return False
        if besides is not None:
            besides(session)
        for number, (body, kind) in enumerate(answers):
            sms_outbox.put(
                session,
                text.conversation_id,
                text.number,
                body,
                kind,
                f"{text.message_id}:{number}",
                in_reply_to=text.message_id,
            )
        return True


def tried(message_id: str) -> None:
    """Count one attempt at answering.

    Raises:
        DeskUnavailable: When the database does not answer.
    """
    with transaction() as session:
        session.execute(
            update(SmsInbox).where(SmsInbox.message_id == message_id).values(attempts=SmsInbox.attempts + 1)
        )


def _next_moment() -> datetime:
    """The present moment, but later than the last one given: the order of arrival must not hang on the clock."""
    with _lock:
        moment = utc_now()
        if _last and moment <= _last[0]:
            moment = _last[0] + timedelta(microseconds=1)
        _last[:] = [moment]
        return moment
