"""Who may open the inbox: users with Argon2 hashes, logins kept on this side, locks after wrong tries."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from threading import BoundedSemaphore
from typing import List, Optional

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import case, delete, literal, or_, select, update
from sqlalchemy.orm import Session

from desk.database import UtcDateTime, transaction, utc_now
from desk.staff_audit import NOBODY, note
from desk.staff_records import StaffSession, StaffUser
from desk.staff_settings import staff_settings

STAFF, PROVIDER, ADMIN = ROLES = ("staff", "provider", "admin")
SHORTEST, LONGEST = 12, 200
"""Characters of a password."""

TRIES = 5
LOCK = timedelta(minutes=15)
_USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,39}", re.ASCII)
_TOUCH_AFTER = timedelta(seconds=30)

# Each check takes 64 MB for a moment; a flood of logins must not take the machine's memory.
_checks = BoundedSemaphore(2)


class BadUser(ValueError):
    """A user or a password that cannot be used. The text says why, never what was given."""


@dataclass(frozen=True)
class User:
    """A user as admins see it."""

    username: str
    role: str
    created_at: datetime
    disabled_at: Optional[datetime]
    locked_until: Optional[datetime]


@dataclass(frozen=True)
class Login:
    """Somebody who is logged in; the token stays out of `repr`."""

    username: str
    role: str
    token: str = field(repr=False)


def create_user(name: str, password: str, role: str, by: str) -> User:
    """Add a user.

    Args:
        name: 2 to 40 small letters, digits, dots, hyphens; begins with a letter.
        by: Who does it, for the audit.

    Raises:
        BadUser: For a name, password or role that cannot be used, or a name that exists.
        DeskUnavailable: When the database cannot be reached.
    """
    username = name.strip().lower()
    if not _USERNAME.fullmatch(username):
        raise BadUser("a user name has 2 to 40 small letters, digits, dots or hyphens and begins with a letter")
    if role not in ROLES:
        raise BadUser(f"a role is one of {', '.join(ROLES)}")
    hashed = _hash(username, password)
    with transaction() as session:
        if session.get(StaffUser, username) is not None:
            raise BadUser("there is a user of that name already")
        row = StaffUser(username=username, password_hash=hashed, role=role)
        session.add(row)
        note(session, by, "user added", "user", username, role)
        session.flush()
        return _user(row)


def list_users() -> List[User]:
    """All users by name."""
    with transaction() as session:
        return [_user(row) for row in session.scalars(select(StaffUser).order_by(StaffUser.username))]


def has_users() -> bool:
    """True when somebody can log in at all."""
    with transaction() as session:
        query = select(StaffUser.username).where(StaffUser.disabled_at.is_(None)).limit(1)
        return session.execute(query).first() is not None


def set_password(username: str, password: str, by: str, keep: Optional[str] = None) -> None:
    """Change a password, lift a lock, and end the user's logins.

    Args:
        keep: Token of the login that goes on, when users change their own.

    Raises:
        BadUser: For a password that cannot be used, or an unknown user.
    """
    hashed = _hash(username, password)
    with transaction() as session:
        row = _known(session, username)
        row.password_hash, row.failed_tries, row.locked_until = hashed, 0, None
        session.execute(
            delete(StaffSession)
            .where(StaffSession.username == username, StaffSession.token_hash != _digest(keep or ""))
            .execution_options(synchronize_session=False)
        )
        note(session, by, "password changed", "user", username)


def set_disabled(username: str, disabled: bool, by: str) -> None:
    """Close a user's access, or open it again; closing ends the logins at once.

    Raises:
        BadUser: For an unknown user, or for oneself: somebody must be able to undo it.
    """
    if username == by and disabled:
        raise BadUser("nobody can close their own access")
    with transaction() as session:
        row = _known(session, username)
        row.disabled_at = utc_now() if disabled else None
        row.failed_tries, row.locked_until = 0, None
        if disabled:
            session.execute(delete(StaffSession).where(StaffSession.username == username))
        note(session, by, "access closed" if disabled else "access opened", "user", username)


def check_password(username: str, password: str) -> bool:
    """True when the password is right, whatever the lock; counts nothing."""
    with transaction() as session:
        row = session.get(StaffUser, username)
        hashed = row.password_hash if row is not None else _nobodys_hash()
    return _matches(hashed, password) and row is not None


def log_in(name: str, password: str, now: Optional[datetime] = None) -> Optional[Login]:
    """A new login, or None: unknown, closed, wrong or locked look and last the same.

    A try is counted before the password is looked at, so that tries at the same time count too.
    """
    moment, username = now or utc_now(), name.strip().lower()[:60]
    counted = _count_try(username, moment)
    with transaction() as session:
        row = session.get(StaffUser, username)
        hashed = row.password_hash if row is not None and counted else _nobodys_hash()
    right = _matches(hashed, password) and counted and row is not None
    token = secrets.token_urlsafe(32)
    with transaction() as session:
        row = session.get(StaffUser, username)
        if not right or row is None or row.disabled_at is not None or row.password_hash != hashed:
            # People type a password where the name belongs: an unknown name is not written down.
            locked = row is not None and row.failed_tries >= TRIES
            who = username if row is not None else NOBODY
            note(session, who, "login failed", change="locked" if locked else None)
            return None
        row.failed_tries, row.locked_until = 0, None
        if _hasher().check_needs_rehash(row.password_hash):
            row.password_hash = _hasher().hash(password)
        settings = staff_settings()
        session.execute(delete(StaffSession).where(StaffSession.expires_at < moment))
        session.add(
            StaffSession(
                token_hash=_digest(token), username=username, created_at=moment, expires_at=moment + settings.idle
            )
        )
        note(session, username, "login")
        return Login(username, row.role, token)


def who_is(token: str, active: bool = True, now: Optional[datetime] = None) -> Optional[Login]:
    """Whose login a token is; None when it is unknown, over, or its user may not enter any more.

    Args:
        active: True for something a person did, which keeps the login alive; a page that looks for
            news by itself does not.
    """
    moment, settings = now or utc_now(), staff_settings()
    with transaction() as session:
        row = session.get(StaffSession, _digest(token))
        user = session.get(StaffUser, row.username) if row is not None else None
        if row is None or user is None or user.disabled_at is not None:
            return None
        end = row.created_at + settings.longest
        if row.expires_at <= moment or end <= moment:
            return None
        until = min(moment + settings.idle, end)
        if active and until - row.expires_at > _TOUCH_AFTER:
            row.expires_at = until
        return Login(row.username, user.role, token)


def log_out(token: str) -> None:
    """End a login; an unknown one changes nothing."""
    with transaction() as session:
        row = session.get(StaffSession, _digest(token))
        if row is not None:
            note(session, row.username, "logout")
            session.delete(row)


def new_password(username: str) -> str:
    """A password to print once: four groups of five, without letters that look alike and without the user's name."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    while True:
        password = "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))
        if not username or username not in password:
            return password


def _count_try(username: str, moment: datetime) -> bool:
    """Count one try; False while the user is locked, or when there is none."""
    over = StaffUser.locked_until.isnot(None)  # a lock that is over: counting begins anew
    until = literal(moment + LOCK, UtcDateTime())
    tries = case((over, 1), else_=StaffUser.failed_tries + 1)
    change = (
        update(StaffUser)
        .where(
            StaffUser.username == username,
            or_(StaffUser.locked_until.is_(None), StaffUser.locked_until <= moment),
        )
        .values(failed_tries=tries, locked_until=case((tries >= TRIES, until), else_=None))
        .execution_options(synchronize_session=False)
    )
    with transaction() as session:
        return session.execute(change).rowcount == 1


def _hash(username: str, password: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadUser(f"a password has {SHORTEST} to {LONGEST} characters")
    if username in password.lower() or len(set(password)) < 5:
        raise BadUser("a password holds neither the user name nor the same few letters again and again")
    with _checks:
        return _hasher().hash(password)


def _matches(hashed: str, password: str) -> bool:
    try:
        with _checks:
            return _hasher().verify(hashed, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    """Checked in place of an unknown user's, so that the answer takes as long."""
    return _hasher().hash(secrets.token_urlsafe(32))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8")).hexdigest()


def _known(session: Session, username: str) -> StaffUser:
    row = session.get(StaffUser, username)
    if row is None:
        raise BadUser("there is no user of that name")
    return row


def _user(row: StaffUser) -> User:
    return User(row.username, row.role, row.created_at or utc_now(), row.disabled_at, row.locked_until)
