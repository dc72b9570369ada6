"""The front desk's tables: requests, their times, call-backs, alerts, deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Optional

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, UniqueConstraint

from desk.database import Base, Json, Sealed, SealedJson, UtcDateTime, one_of, utc_now

STATUSES = ("requested", "contacted", "confirmed", "closed", "cancelled")
ALERT_KINDS = ("urgent", "call_today", "delivery", "free_time")
DELIVERY_STATES = ("waiting", "sent", "dead")


class Consultation(Base):
    """One request for a consultation, with the screening as it stood.

    `slot_start` is a time that the person took, `agreed_start` one that staff agreed on with them;
    `time_of` tells which of them counts.
    """

    __tablename__ = "consultation_request"
    __table_args__ = (
        UniqueConstraint("reference"),
        UniqueConstraint("idempotency_key"),
        one_of("status", STATUSES),
        {"sqlite_autoincrement": True},
    )

    id = Column(Integer, primary_key=True)
    reference = Column(String(7), nullable=False)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now, index=True)
    status = Column(String(20), nullable=False, default=STATUSES[0], index=True)
    conversation_id = Column(String(255), nullable=False, index=True)
    channel = Column(String(40), nullable=False)
    name = Column(Sealed, nullable=False)
    phone = Column(Sealed)
    email = Column(Sealed)
    contact_key = Column(String(32), index=True)
    consent_text_version = Column(String(40), nullable=False)
    consented_at = Column(UtcDateTime, nullable=False)
    windows = Column(Json, nullable=False)
    slot_start = Column(UtcDateTime)
    agreed_start = Column(UtcDateTime)
    screened = Column(Boolean(create_constraint=False), nullable=False)
    outcome = Column(String(20), nullable=False)
    verdict = Column(SealedJson, nullable=False)
    findings = Column(SealedJson, nullable=False)
    answers = Column(SealedJson, nullable=False)
    rules_version = Column(String(80), nullable=False)
    idempotency_key = Column(String(255), nullable=False)


def time_of(row: Any) -> Optional[datetime]:
    """The time of a visit: the slot taken, or the time agreed on; None while only preferred times are known.

    Args:
        row: Anything with `slot_start` and `agreed_start`: a row, or a part of one.
    """
    return row.slot_start or row.agreed_start


class SlotCell(Base):
    """A quarter of an hour of one seat, taken by a booking: the key makes a second booking impossible."""

    __tablename__ = "slot_cell"

    starts_at = Column(UtcDateTime, primary_key=True)
    seat = Column(Integer, primary_key=True, autoincrement=False)
    consultation_id = Column(Integer, ForeignKey("consultation_request.id", ondelete="CASCADE"), nullable=False, index=True)


class ReferenceTry(Base):
    """Somebody tried a reference code; wrong ones are limited (`who` is a keyed hash, never a contact)."""

    __tablename__ = "reference_try"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id = Column(Integer, primary_key=True)
    at = Column(UtcDateTime, nullable=False, default=utc_now)
    who = Column(String(64), nullable=False, index=True)
    right = Column(Boolean(create_constraint=False), nullable=False)


class Delivery(Base):
    """One message to one target outside: written in the same transaction as what it tells of."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("idempotency_key"),
        one_of("state", DELIVERY_STATES),
        {"sqlite_autoincrement": True},
    )

    id = Column(Integer, primary_key=True)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)
    target = Column(String(20), nullable=False)
    event = Column(String(40), nullable=False)
    subject = Column(String(20), nullable=False)
    subject_id = Column(Integer, nullable=False, index=True)
    idempotency_key = Column(String(120), nullable=False)
    state = Column(String(20), nullable=False, default=DELIVERY_STATES[0], index=True)
    attempts = Column(Integer, nullable=False, default=0)
    next_attempt_at = Column(UtcDateTime, nullable=False, default=utc_now, index=True)
    failure = Column(String(80))
    sent_at = Column(UtcDateTime)


class Callback(Base):
    """Somebody asked to be called or written to."""

    __tablename__ = "callback_request"
    __table_args__ = (UniqueConstraint("idempotency_key"), one_of("status", STATUSES), {"sqlite_autoincrement": True})

    id = Column(Integer, primary_key=True)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now, index=True)
    conversation_id = Column(String(255), nullable=False, index=True)
    channel = Column(String(40), nullable=False)
    status = Column(String(20), nullable=False, default=STATUSES[0], index=True)
    name = Column(Sealed, nullable=False)
    contact = Column(Sealed, nullable=False)
    contact_key = Column(String(32), index=True)
    outcome = Column(String(20))
    idempotency_key = Column(String(255))


class Alert(Base):
    """Staff should look now: an emergency was told, or a sign that needs the clinic the same day.

    "free_time": somebody who expected a confirmed consultation had everything deleted; `conversation_id`
    then holds the reference code, which is all that is left.
    """

    __tablename__ = "alert"
    __table_args__ = (one_of("kind", ALERT_KINDS), {"sqlite_autoincrement": True})

    id = Column(Integer, primary_key=True)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now, index=True)
    kind = Column(String(20), nullable=False)
    conversation_id = Column(String(255), nullable=False, index=True)
    channel = Column(String(40), nullable=False)
    seen_at = Column(UtcDateTime)


