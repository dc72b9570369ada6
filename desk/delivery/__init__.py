"""What leaves the desk: e-mail, webhook, calendar, FHIR. Written down with the request, sent by the worker."""

from __future__ import annotations

from datetime import datetime
from typing import List

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from desk.delivery.delivery_settings import delivery_settings
from desk.records import Delivery

SUBJECTS = ("consultation", "callback", "alert")

_WITHOUT_TIME = ("caldav", "fhir")
"""Targets that a call-back and an alert have nothing to tell: they have no time and no screening."""

_OWN_WORK = ("contacted", "closed")
"""What staff do in the inbox themselves; no mail tells them so."""


def enqueue(session: Session, subject: str, subject_id: int, event: str) -> List[Delivery]:
    """Write one row for each configured target that it concerns into the caller's transaction; nothing is sent here.

    A second call with the same subject, number and event adds nothing. Something that happens more than
    once to one subject carries its number in the event ("rescheduled-2").

    Args:
        session: The transaction in which the request itself is written.
        subject: One of SUBJECTS.
        subject_id: Number of its row; flush the session first.
        event: "requested", "rescheduled", "confirmed", "cancelled", …, in lower case: at most 40 characters, no personal data.

    Returns:
        The new rows; none when no target is configured.

    Raises:
        ValueError: For an unknown subject or a row that has no number yet.
        BadSetting: When the settings of a target cannot be used (checked at the start already).
    """
    if subject not in SUBJECTS or subject_id is None:
        raise ValueError(f"a delivery needs a subject ({', '.join(SUBJECTS)}) and the number of its row")
    targets = [name for name in delivery_settings().targets if _concerns(name, subject, event)]
    keys = {f"{subject}:{subject_id}:{event}:{target}": target for target in targets}
    if not keys:
        return []
    known = set(session.scalars(select(Delivery.idempotency_key).where(Delivery.idempotency_key.in_(list(keys)))))
    rows = [
        Delivery(target=target, event=event, subject=subject, subject_id=subject_id, idempotency_key=key)
        for key, target in keys.items()
        if key not in known
    ]
    session.add_all(rows)
    return rows


def _concerns(target: str, subject: str, event: str) -> bool:
    if target == "email":
        return not event.startswith(_OWN_WORK)
    return subject == "consultation" or target not in _WITHOUT_TIME


def retry(session: Session, delivery_id: int, now: datetime) -> bool:
    """Have the worker try a dead delivery again from the first attempt, for staff.

    Args:
        session: The caller's transaction (who asked for it is written down there).
        delivery_id: Number of the row.
        now: The moment, with its zone.

    Returns:
        False when there is no such dead row, or when a later message about the same request has reached
        the target: an older one after it would mislead.
    """
    row = session.get(Delivery, delivery_id)
    if row is None:
        return False
    later = select(Delivery.id).where(
        Delivery.target == row.target,
        Delivery.subject == row.subject,
        Delivery.subject_id == row.subject_id,
        Delivery.id > row.id,
        Delivery.state == "sent",
    )
    change = update(Delivery).where(and_(Delivery.id == delivery_id, Delivery.state == "dead", ~later.exists()))
    change = change.values(state="waiting", attempts=0, next_attempt_at=now, failure=None)
    done = session.execute(change.execution_options(synchronize_session=False)).rowcount == 1
    session.expire(row)
    return done
