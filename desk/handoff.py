"""Call-back requests and alerts: what staff should see before anything else."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any, Dict, List, Optional

from sqlalchemy import select, update

from candidacy.screening import Verdict
from desk.booking import UrgentFirst, check_bookable
from desk.database import Conflict, transaction
from desk.delivery import enqueue
from desk.records import ALERT_KINDS, Alert, Callback
from desk.sealing import contact_key


@dataclass(frozen=True)
class CallbackRequest:
    """A stored call-back request; the personal parts stay out of `repr`."""

    id: int
    created_at: datetime
    conversation_id: str
    channel: str
    name: str = field(repr=False)
    contact: str = field(repr=False)
    outcome: Optional[str] = field(repr=False)

    def to_dict(self) -> Dict[str, Any]:
        """A JSON-ready dictionary."""
        return {**asdict(self), "created_at": self.created_at.isoformat()}


@dataclass(frozen=True)
class RaisedAlert:
    """A stored alert. `kind` is urgent or call_today; `seen_at` is None until staff have seen it."""

    id: int
    created_at: datetime
    kind: str
    conversation_id: str
    channel: str
    seen_at: Optional[datetime]

    def to_dict(self) -> Dict[str, Any]:
        """A JSON-ready dictionary."""
        seen = self.seen_at.isoformat() if self.seen_at else None
        return {**asdict(self), "created_at": self.created_at.isoformat(), "seen_at": seen}


def request_callback(
    conversation_id: str,
    channel: str,
    name: str,
    contact: str,
    verdict: Optional[Verdict] = None,
    *,
    idempotency_key: Optional[str] = None,
) -> CallbackRequest:
    """Store that somebody asked to be called or written to, and the messages that tell of it, in one transaction.

    Args:
        contact: Phone in E.164, or e-mail address.
        verdict: The verdict as it stands, if there is one; only its outcome is kept.
        idempotency_key: A second call with the same key returns the first request.

    Raises:
        UnderAge: When the verdict says under 18; nothing is stored.
        DeskUnavailable: When it could not be stored; the person must be told.
    """
    if verdict is not None:
        try:
            check_bookable(verdict)
        except UrgentFirst:
            pass  # somebody in trouble may well be called back
    row = Callback(
        conversation_id=conversation_id,
        channel=channel,
        name=name,
        contact=contact,
        contact_key=contact_key(contact),
        outcome=verdict.outcome if verdict else None,
        idempotency_key=idempotency_key,
    )
    try:
        with transaction() as session:
            session.add(row)
            session.flush()
            enqueue(session, "callback", row.id, "requested")
        return _callback(row)
    except Conflict:
        with transaction() as session:
            query = select(Callback).filter_by(idempotency_key=idempotency_key)
            return _callback(session.scalars(query).one())


def raise_alert(kind: str, conversation_id: str, channel: str) -> RaisedAlert:
    """Store an alert for staff, and the messages that tell of it, in one transaction.

    Raises:
        ValueError: For an unknown kind.
        DeskUnavailable: When it could not be stored.
    """
    if kind not in ALERT_KINDS:
        raise ValueError(f"unknown kind of alert {kind!r}; one of {', '.join(ALERT_KINDS)}")
    row = Alert(kind=kind, conversation_id=conversation_id, channel=channel)
    with transaction() as session:
        session.add(row)
        session.flush()
        enqueue(session, "alert", row.id, "raised")
    return _alert(row)


def list_callbacks(limit: int = 50) -> List[CallbackRequest]:
    """Call-back requests, newest first."""
    query = select(Callback).order_by(Callback.created_at.desc(), Callback.id.desc()).limit(limit)
    with transaction() as session:
        return [_callback(row) for row in session.scalars(query)]


def list_alerts(limit: int = 50, unseen_only: bool = True) -> List[RaisedAlert]:
    """Alerts, newest first; only those that nobody has seen unless told otherwise."""
    query = select(Alert).order_by(Alert.created_at.desc(), Alert.id.desc()).limit(limit)
    if unseen_only:
        query = query.where(Alert.seen_at.is_(None))
    with transaction() as session:
        return [_alert(row) for row in session.scalars(query)]


def mark_seen(alert_id: int) -> bool:
    """Note that staff have seen an alert. False when there is no such unseen alert."""
    change = (
        update(Alert)
        .where(Alert.id == alert_id, Alert.seen_at.is_(None))
        .values(seen_at=datetime.now(timezone.utc))
        .execution_options(synchronize_session=False)
    )
    with transaction() as session:
        return session.execute(change).rowcount == 1


def _callback(row: Callback) -> CallbackRequest:
    return CallbackRequest(**{name: getattr(row, name) for name in CallbackRequest.__dataclass_fields__})


def _alert(row: Alert) -> RaisedAlert:
    return RaisedAlert(**{name: getattr(row, name) for name in RaisedAlert.__dataclass_fields__})
