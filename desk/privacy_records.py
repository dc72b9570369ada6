"""Records of screenings, deletions and reminders."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Integer, String

from desk.database import Base, Json, Sealed, SealedJson, UtcDateTime, one_of, utc_now

DELETION_STATES = ("waiting", "done")
REMINDER_STATES = ("waiting", "sent", "gone", "dead")


class ScreeningRecord(Base):
    """One screening as it was judged. Rows are only added; `hash` chains each to the one before.

    A deletion empties `conversation_id` and `content`; the chain goes over the digest and stays whole.
    """

    __tablename__ = "screening_record"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id = Column(Integer, primary_key=True)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now, index=True)
    conversation_id = Column(String(255), index=True)
    channel = Column(String(40), nullable=False)
    rules_version = Column(String(80), nullable=False)
    complete = Column(Boolean(create_constraint=False), nullable=False)
    content = Column(SealedJson)
    digest = Column(String(64), nullable=False)
    previous = Column(String(64), nullable=False)
    hash = Column(String(64), nullable=False, unique=True)


class AuditPermission(Base):
    """While a row stands here, records of screenings may be emptied or sealed anew (`desk.audit.permitted`)."""

    __tablename__ = "audit_permission"

    id = Column(Integer, primary_key=True)


class DeletionRequest(Base):
    """Somebody said yes to having everything deleted; done after the turn was saved."""

    __tablename__ = "deletion_request"
    __table_args__ = (one_of("state", DELETION_STATES), {"sqlite_autoincrement": True})

    id = Column(Integer, primary_key=True)
    requested_at = Column(UtcDateTime, nullable=False, default=utc_now, index=True)
    conversation_id = Column(String(255), index=True)
    state = Column(String(20), nullable=False, default=DELETION_STATES[0], index=True)


class DeletionReceipt(Base):
    """What was deleted and when, without a word of whose it was."""

    __tablename__ = "deletion_receipt"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id = Column(Integer, primary_key=True)
    requested_at = Column(UtcDateTime, nullable=False)
    done_at = Column(UtcDateTime, nullable=False, default=utc_now)
    rows = Column(Json, nullable=False)


class EndedConversation(Base):
    """A conversation that was deleted: its session is refused from then on. `key` is a keyed hash of its id."""

    __tablename__ = "ended_conversation"

    key = Column(String(32), primary_key=True)
    ended_at = Column(UtcDateTime, nullable=False, default=utc_now)


class PrivateLinkUse(Base):
    """How often a private link was used. The link itself is a signed token and nothing of it is kept."""

    __tablename__ = "private_link_use"

    digest = Column(String(64), primary_key=True)
    uses = Column(Integer, nullable=False)
    ends_at = Column(UtcDateTime, nullable=False, index=True)


class Reminder(Base):
    """One message on one day, to somebody who asked for it."""

    __tablename__ = "reminder"
    __table_args__ = (one_of("state", REMINDER_STATES), {"sqlite_autoincrement": True})

    id = Column(Integer, primary_key=True)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)
    conversation_id = Column(String(255), nullable=False, index=True)
    channel = Column(String(40), nullable=False)
    contact_kind = Column(String(10), nullable=False)
    contact = Column(Sealed)
    contact_key = Column(String(32), index=True)
    due_on = Column(Date, nullable=False, index=True)
    consent_text_version = Column(String(40), nullable=False)
    consented_at = Column(UtcDateTime, nullable=False)
    state = Column(String(20), nullable=False, default=REMINDER_STATES[0], index=True)
    sent_at = Column(UtcDateTime)
