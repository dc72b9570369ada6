"""The worker's side of the delivery table: who sends which row, and what becomes of it.

A claim is a lease: it moves `next_attempt_at` ahead and raises `attempts`, in one conditional UPDATE. Only
the worker that still has its number of attempts may say what became of the row, so two workers, or one
that comes back from the dead, never answer for each other.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, List, Optional

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from desk.database import transaction
from desk.delivery.failures import FAILED, REFUSED, SENDING, SENDING_AGAIN, UNREACHABLE, DeliveryFailed
from desk.delivery.message import Message, message_of
from desk.records import Alert, Delivery

WAITING, SENT, DEAD = "waiting", "sent", "dead"

LEASE = timedelta(minutes=1)
"""After this another worker may take the row; longer than a round and a delivery together can last (10 s and 30 s)."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
ATTEMPTS = 30
"""1, 2, 4, 8, 16, 32 minutes, then every hour: about a day in all."""

HOLDING_ATTEMPTS = 6
"""So often (about an hour) a failure that may be this message's own fault holds up those behind it."""

PATIENCE = timedelta(minutes=15)
"""When a target has failed for longer, staff get an alert."""

_leased = Delivery.failure.like(f"{SENDING}%")


@dataclass(frozen=True)
class Claim:
    """A row that this worker may send now; `was_away` when its target was not there the last time."""

    id: int
    target: str
    attempts: int
    was_away: bool


def due_targets(now: datetime) -> List[str]:
    """Targets with a row whose time has come."""
    query = select(Delivery.target).distinct().where(Delivery.state == WAITING, Delivery.next_attempt_at <= now)
    with transaction() as session:
        return list(session.scalars(query))


def claim(target: str, now: datetime) -> Optional[Claim]:
    """Take the oldest row of a target whose time has come and that no earlier one holds up; None for none.

    Raises:
        DeskUnavailable: When the database does not answer.
    """
    earlier = aliased(Delivery)
    first = (
        select(Delivery)
        .where(Delivery.target == target, Delivery.state == WAITING, Delivery.next_attempt_at <= now)
        .where(~select(earlier.id).where(_same_subject(earlier), earlier.state == WAITING, earlier.id < Delivery.id).exists())
        .order_by(Delivery.id)
        .limit(1)
    )
    while True:
        with transaction() as session:
            _hold_up(session, target, now)
            row = session.scalars(first).first()
            if row is None:
                _hold_followers(session, target, now)
                return None
            away = (row.failure or "").startswith((UNREACHABLE, FAILED, SENDING_AGAIN))
            mine = _change(
                session,
                and_(Delivery.id == row.id, Delivery.attempts == row.attempts, Delivery.next_attempt_at <= now),
                attempts=row.attempts + 1,
                next_attempt_at=now + LEASE,
                failure=SENDING_AGAIN if away else SENDING,
            )
            if mine:
                return Claim(row.id, target, row.attempts + 1, away)
            session.expire_all()  # another worker was quicker


def compose(claimed: Claim) -> Optional[Message]:
    """What to say; None when it was deleted."""
    with transaction() as session:
        row = session.get(Delivery, claimed.id)
        return None if row is None else message_of(session, row)


def delivered(claimed: Claim, now: datetime, sent_at: datetime, note: Optional[str] = None) -> None:
    """The target took it. `note` is what staff should know all the same."""
    with transaction() as session:
        _change(session, _of(claimed), state=SENT, sent_at=sent_at, failure=note)
        if note:
            _alert(session, claimed.target, now)
        if claimed.was_away:
            # It is back: what waited for it goes now, in order, without waiting for its own next time.
            others = or_(Delivery.failure.is_(None), and_(~_leased, ~Delivery.failure.like(f"{REFUSED}%")))
            _change(session, and_(Delivery.target == claimed.target, Delivery.next_attempt_at > now, others), next_attempt_at=now)


def failed(claimed: Claim, failure: DeliveryFailed, now: datetime) -> None:
    """The target did not take it: try again later, or give up and tell staff."""
    text = str(failure)[:80]
    with transaction() as session:
        if claimed.attempts < ATTEMPTS:
            _change(session, _of(claimed), next_attempt_at=now + pause(claimed.attempts), failure=text)
        elif _change(session, _of(claimed), state=DEAD, failure=text):
            _alert(session, claimed.target, now)
        _hold_up(session, claimed.target, now)
        _hold_followers(session, claimed.target, now)


def nothing_to_say(claimed: Claim) -> None:
    """What the row tells of was deleted; so is the row."""
    with transaction() as session:
        session.execute(delete(Delivery).where(_of(claimed)).execution_options(synchronize_session=False))


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts: doubled each time, with a tenth of chance either way."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempts - 1, 10)) * random.uniform(0.9, 1.1)


def alert_of_failing_targets(now: datetime) -> int:
    """One alert for each target that has failed for longer than PATIENCE; how many are new."""
    failing = or_(Delivery.attempts > 1, and_(Delivery.attempts == 1, ~_leased))
    oldest = (
        select(Delivery.target, func.min(Delivery.created_at))
        .where(Delivery.state == WAITING, failing, Delivery.created_at <= now - PATIENCE)
        .group_by(Delivery.target)
    )
    with transaction() as session:
        return sum(_alert(session, target, now, since) for target, since in session.execute(oldest).all())


def _hold_up(session: Session, target: str, now: datetime) -> None:
    """While a target is away its oldest row alone is tried; the rest waits behind it, so that order is kept."""
    away = or_(
        Delivery.failure.like(f"{UNREACHABLE}%"),
        Delivery.failure == SENDING_AGAIN,
        and_(Delivery.failure.like(f"{FAILED}%"), Delivery.attempts <= HOLDING_ATTEMPTS),
    )
    query = (
        select(Delivery.id, Delivery.next_attempt_at)
        .where(Delivery.target == target, Delivery.state == WAITING, Delivery.next_attempt_at > now, away)
        .order_by(Delivery.id)
        .limit(1)
    )
    front = session.execute(query).first()
    if front is not None:
        later = and_(Delivery.target == target, Delivery.id > front.id, Delivery.next_attempt_at < front.next_attempt_at)
        _change(session, later, next_attempt_at=front.next_attempt_at)


def _hold_followers(session: Session, target: str, now: datetime) -> None:
    """A message behind an earlier one about the same request is not due either: nobody need wonder at its age."""
    earlier = aliased(Delivery)
    wait = (
        select(func.max(earlier.next_attempt_at))
        .where(_same_subject(earlier), earlier.state == WAITING, earlier.id < Delivery.id)
        .where(earlier.next_attempt_at > now, ~earlier.failure.like(f"{SENDING}%"))
        .correlate(Delivery)
        .scalar_subquery()
    )
    blocked = and_(Delivery.target == target, Delivery.next_attempt_at <= now, wait.is_not(None))
    if session.execute(select(Delivery.id).where(blocked, Delivery.state == WAITING).limit(1)).first():
        _change(session, blocked, next_attempt_at=wait)


def _same_subject(other: Any) -> Any:
    return and_(other.target == Delivery.target, other.subject == Delivery.subject, other.subject_id == Delivery.subject_id)


def _of(claimed: Claim) -> Any:
    return and_(Delivery.id == claimed.id, Delivery.attempts == claimed.attempts, Delivery.state == WAITING)


def _change(session: Session, which: Any, **values: Any) -> int:
    change = update(Delivery).where(which, Delivery.state == WAITING).values(**values)
    return session.execute(change.execution_options(synchronize_session=False)).rowcount


def _alert(session: Session, target: str, now: datetime, since: Optional[datetime] = None) -> int:
    """An alert, unless staff have one of this target that they have not seen, or saw one since it began."""
    known = Alert.seen_at.is_(None) if since is None else or_(Alert.seen_at.is_(None), Alert.created_at >= since)
    same = and_(Alert.kind == "delivery", Alert.channel == target)
    if session.scalars(select(Alert.id).where(same, known).limit(1)).first() is not None:
        return 0
    session.add(Alert(kind="delivery", conversation_id="", channel=target, created_at=now))
    return 1
