"""Texts on their way to people: put here in the transaction that causes them, sent by channels/sms_sender.py."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Dict, List, Optional

from sqlalchemy import and_, case, func, select, update
from sqlalchemy.orm import Session, aliased

from candidacy.knowledge import Clinic, load
from desk.database import transaction, utc_now
from desk.settings import time_zone
from desk.sms_consent import PROVIDER, change, is_opted_out
from desk.sms_records import SmsOutbox
from desk.sms_text import plain

REPLY, URGENT, CONSENT, PROACTIVE = "reply", "urgent", "consent", "proactive"
"""Kinds: an answer; the emergency words, which go also to somebody who opted out; the one word that an
opt-out or opt-in was heard; and what nobody has just asked for, such as a reminder."""

KINDS = (REPLY, URGENT, CONSENT, PROACTIVE)
WAITING, SENT, DEAD = "waiting", "sent", "dead"
CLAIM = timedelta(seconds=60)
"""A text that is being sent is left alone for so long; after that its sender counts as gone."""

OPTED_OUT, TOO_OLD = "opted_out", "too_old"
_DESPITE_OPT_OUT = (URGENT, CONSENT)


@dataclass(frozen=True)
class Outgoing:
    """One text to be sent; what is personal stays out of `repr`.

    Attributes:
        in_doubt: An earlier attempt began and nobody knows how it ended: ask the provider first.
        opted_out: The person wants no such text any more.
    """

    id: int
    conversation_id: str
    kind: str
    number: str = field(repr=False)
    body: str = field(repr=False)
    attempts: int
    created_at: datetime
    in_doubt: bool
    opted_out: bool


def put(
    session: Optional[Session],
    conversation_id: str,
    number: str,
    text: str,
    kind: str,
    idempotency_key: str,
    not_before: Optional[datetime] = None,
    in_reply_to: Optional[str] = None,
) -> Optional[int]:
    """Send a text, soon or later; its id, or None when it is empty, was put here before, or is not wanted.

    What is proactive waits for the hours of `clinic.yml` (`sms.proactive`) and is not kept for a number
    that opted out. The words must hold nothing personal: texts are not private.

    Args:
        session: The transaction it belongs to; one of its own when None.
        conversation_id: The conversation, for deletion and order.
        number: To whom (E.164).
        text: What; letters that GSM-7 lacks are replaced.
        kind: REPLY, URGENT, CONSENT or PROACTIVE.
        idempotency_key: The same key is kept once.
        not_before: The earliest moment; at once when None.
        in_reply_to: The provider's id of the message it answers.

    Raises:
        ValueError: For an unknown kind.
        DeskUnavailable: When it could not be kept.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r}: one of {', '.join(KINDS)}")
    body = plain(text)
    if not body:
        return None
    moment = not_before or utc_now()
    if kind == PROACTIVE:
        moment = next_allowed(max(moment, utc_now()))
    with transaction() if session is None else nullcontext(session) as own:
        known = select(SmsOutbox.id).where(SmsOutbox.idempotency_key == idempotency_key)
        if own.execute(known).first() is not None:
            return None
        if kind == PROACTIVE and is_opted_out(own, number):
            return None
        row = SmsOutbox(
            conversation_id=conversation_id,
            in_reply_to=in_reply_to,
            kind=kind,
            number=number,
            body=body,
            idempotency_key=idempotency_key,
            next_attempt_at=moment,
        )
        own.add(row)
        own.flush()
        return int(row.id)


def next_allowed(moment: datetime, clinic: Optional[Clinic] = None) -> datetime:
    """The moment itself, or the next one at which the clinic may write first."""
    clinic = clinic or load().clinic
    local = moment.astimezone(time_zone(clinic))
    opens, closes = (time.fromisoformat(value) for value in (clinic.sms.proactive.opens, clinic.sms.proactive.closes))
    if opens <= local.time() < closes:
        return moment
    day = local.date() if local.time() < opens else local.date() + timedelta(days=1)
    return datetime.combine(day, opens, tzinfo=local.tzinfo)


def claim(now: Optional[datetime] = None) -> Optional[Outgoing]:
    """The next text that is due, emergencies first, then the oldest; it is left to the caller for a minute.

    An answer waits for the answers before it in the same conversation, so that they arrive in order.

    Raises:
        DeskUnavailable: When the database does not answer.
    """
    now = now or utc_now()
    earlier = aliased(SmsOutbox)
    behind = (
        select(earlier.id)
        .where(
            earlier.conversation_id == SmsOutbox.conversation_id,
            earlier.id < SmsOutbox.id,
            earlier.state == WAITING,
            earlier.kind == REPLY,
        )
        .exists()
    )
    with transaction() as session:
        row = session.execute(
            select(SmsOutbox)
            .where(
                SmsOutbox.state == WAITING,
                SmsOutbox.next_attempt_at <= now,
                ~and_(SmsOutbox.kind == REPLY, behind),
            )
            .order_by(case((SmsOutbox.kind == URGENT, 0), else_=1), SmsOutbox.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).scalar_one_or_none()
        if row is None:
            return None
        allowed = next_allowed(now) if row.kind == PROACTIVE else now
        if allowed > now:
            row.next_attempt_at = allowed  # a retry that slid into the night
            return None
        found = Outgoing(
            row.id,
            row.conversation_id,
            row.kind,
            row.number or "",
            row.body or "",
            row.attempts,
            row.created_at,
            in_doubt=row.attempts > 0 and row.failure is None,
            opted_out=row.kind not in _DESPITE_OPT_OUT and is_opted_out(session, row.number or ""),
        )
        row.attempts += 1
        row.failure = None
        row.next_attempt_at = now + CLAIM
        return found


def release() -> int:
    """At the start of the one process that sends: what its forerunner was sending is due now, and in doubt.

    Raises:
        DeskUnavailable: When the database does not answer.
    """
    with transaction() as session:
        freed = session.execute(
            update(SmsOutbox)
            .where(SmsOutbox.state == WAITING, SmsOutbox.attempts > 0, SmsOutbox.failure.is_(None))
            .values(next_attempt_at=utc_now())
        )
        return int(freed.rowcount)


def sent(row_id: int, provider_id: str) -> None:
    """The provider took it: what it said and to whom is emptied.

    Raises:
        DeskUnavailable: When that could not be kept; it is then in doubt.
    """
    _close(row_id, state=SENT, provider_id=provider_id, sent_at=utc_now(), failure=None)


def give_up(row_id: int, failure: str) -> None:
    """It will never be sent. `failure` is a code, never a text.

    Raises:
        DeskUnavailable: When the database does not answer.
    """
    _close(row_id, state=DEAD, failure=failure[:80])


def again(row_id: int, at: datetime, failure: Optional[str]) -> None:
    """Try once more at a moment; without a `failure` it stays in doubt whether it went out.

    Raises:
        DeskUnavailable: When the database does not answer.
    """
    with transaction() as session:
        session.execute(
            update(SmsOutbox).where(SmsOutbox.id == row_id).values(next_attempt_at=at, failure=failure)
        )


def drop_unwanted(session: Session, number: str) -> int:
    """After an opt-out: nothing that waits for this number is sent, but for emergency words; how many rows."""
    rows = session.execute(
        select(SmsOutbox).where(SmsOutbox.state == WAITING, SmsOutbox.kind.not_in(_DESPITE_OPT_OUT))
    ).scalars()
    dropped = 0
    for row in rows:  # numbers are encrypted and cannot be asked for in SQL
        if row.number == number:
            row.state, row.failure, row.number, row.body = DEAD, OPTED_OUT, None, None
            dropped += 1
    return dropped


def refuse(row_id: int, number: str, failure: str) -> None:
    """The provider says that this number wants no texts: so it is kept, and nothing that waits for it is sent.

    Raises:
        DeskUnavailable: When nothing was changed.
    """
    with transaction() as session:
        change(session, number, PROVIDER)
        session.execute(
            update(SmsOutbox)
            .where(SmsOutbox.id == row_id)
            .values(number=None, body=None, state=DEAD, failure=failure[:80])
        )
        drop_unwanted(session, number)


def known_ids(ids: List[str]) -> List[str]:
    """Those of the provider's ids that belong to texts marked as sent.

    Raises:
        DeskUnavailable: When the database does not answer.
    """
    if not ids:
        return []
    with transaction() as session:
        found = session.execute(select(SmsOutbox.provider_id).where(SmsOutbox.provider_id.in_(ids)))
        return [str(value) for value in found.scalars()]


def not_delivered(provider_id: str, failure: str) -> None:
    """The provider took it and could not deliver it; kept for staff.

    Raises:
        DeskUnavailable: When the database does not answer.
    """
    with transaction() as session:
        session.execute(
            update(SmsOutbox).where(SmsOutbox.provider_id == provider_id).values(failure=failure[:80])
        )


def counts() -> Dict[str, int]:
    """How many texts are in each state.

    Raises:
        DeskUnavailable: When the database does not answer.
    """
    with transaction() as session:
        return dict(session.execute(select(SmsOutbox.state, func.count()).group_by(SmsOutbox.state)).all())


def _close(row_id: int, **values: Any) -> None:
    with transaction() as session:
        session.execute(
            update(SmsOutbox).where(SmsOutbox.id == row_id).values(number=None, body=None, **values)
        )
