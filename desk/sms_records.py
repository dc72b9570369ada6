"""Text messages: what came in, what goes out, and who does not want any."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, UniqueConstraint

from desk.database import Base, Sealed, UtcDateTime, one_of, utc_now

INBOX_STATES = ("new", "answered", "dropped")
OUTBOX_STATES = ("waiting", "sent", "dead")


class SmsInbox(Base):
    """One message of a person, kept until it is answered; the provider's id lets a copy be known."""

    __tablename__ = "sms_inbox"
    __table_args__ = (one_of("state", INBOX_STATES),)

    message_id = Column(String(64), primary_key=True)
    received_at = Column(UtcDateTime, nullable=False, default=utc_now, index=True)
    conversation_id = Column(String(255), nullable=False, index=True)
    number = Column(Sealed)
    body = Column(Sealed)
    media = Column(Integer, nullable=False, default=0)
    state = Column(String(20), nullable=False, default=INBOX_STATES[0], index=True)
    attempts = Column(Integer, nullable=False, default=0)
    answered_at = Column(UtcDateTime)


class SmsOutbox(Base):
    """One message to a person. `number` and `body` are emptied once it was sent or given up."""

    __tablename__ = "sms_outbox"
    __table_args__ = (
        UniqueConstraint("idempotency_key"),
        one_of("state", OUTBOX_STATES),
        {"sqlite_autoincrement": True},
    )

    id = Column(Integer, primary_key=True)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)
    conversation_id = Column(String(255), nullable=False, index=True)
    in_reply_to = Column(String(64), index=True)
    kind = Column(String(20), nullable=False)
    number = Column(Sealed)
    body = Column(Sealed)
    idempotency_key = Column(String(120), nullable=False)
    state = Column(String(20), nullable=False, default=OUTBOX_STATES[0], index=True)
    attempts = Column(Integer, nullable=False, default=0)
    next_attempt_at = Column(UtcDateTime, nullable=False, default=utc_now, index=True)
    provider_id = Column(String(64))
    failure = Column(String(80))
    sent_at = Column(UtcDateTime)


class SmsContact(Base):
    """What a number wants. `number_key` is its keyed hash; the number itself is not kept.

    `generation` goes up when the person has everything deleted, so that the next message starts a new talk.
    """

    __tablename__ = "sms_contact"

    number_key = Column(String(32), primary_key=True)
    generation = Column(Integer, nullable=False, default=0)
    conversation_id = Column(String(255), nullable=False, index=True)
    opted_out_at = Column(UtcDateTime)
    opted_out_by = Column(String(40))
    disclosed_at = Column(UtcDateTime)
    screening_by_text_at = Column(UtcDateTime)
    changed_at = Column(UtcDateTime, nullable=False, default=utc_now)
