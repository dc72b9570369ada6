"""Who may open the inbox, and who saw and changed what."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String

from desk.database import Base, Sealed, UtcDateTime, utc_now


class StaffUser(Base):
    """Somebody of the clinic; the password is kept as an Argon2 hash."""

    __tablename__ = "staff_user"

    username = Column(String(60), primary_key=True)
    password_hash = Column(String(200), nullable=False)
    role = Column(String(20), nullable=False)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)
    disabled_at = Column(UtcDateTime)
    failed_tries = Column(Integer, nullable=False, default=0)
    locked_until = Column(UtcDateTime)


class StaffSession(Base):
    """A login; the browser holds the token, the database its hash."""

    __tablename__ = "staff_session"

    token_hash = Column(String(64), primary_key=True)
    username = Column(String(60), nullable=False, index=True)
    created_at = Column(UtcDateTime, nullable=False, default=utc_now)
    expires_at = Column(UtcDateTime, nullable=False)


class StaffEvent(Base):
    """One line of the audit: rows are only added."""

    __tablename__ = "staff_event"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id = Column(Integer, primary_key=True)
    at = Column(UtcDateTime, nullable=False, default=utc_now, index=True)
    username = Column(String(60), nullable=False, index=True)
    action = Column(String(40), nullable=False)
    subject = Column(String(20))
    subject_id = Column(String(64), index=True)
    change = Column(String(80))


class StaffNote(Base):
    """A note of staff on a request."""

    __tablename__ = "staff_note"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id = Column(Integer, primary_key=True)
    at = Column(UtcDateTime, nullable=False, default=utc_now)
    username = Column(String(60), nullable=False)
    subject = Column(String(20), nullable=False)
    subject_id = Column(Integer, nullable=False, index=True)
    text = Column(Sealed)
