"""The staff's worklist: requests and call-backs in one list, alerts, failed deliveries, opt-outs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from desk.database import transaction
from desk.readable import is_readable, rows_by_id
from desk.records import STATUSES, Alert, Callback, Consultation, Delivery
from desk.references import read_reference, show_reference
from desk.sealing import contact_key
from desk.staff_records import StaffEvent

CONSULTATION, CALLBACK = "consultation", "callback"
"""Kinds of entries, named as in `desk.delivery`."""

VIEWS: Mapping[str, Tuple[str, ...]] = {
    "todo": STATUSES[:2],
    "new": STATUSES[:1],
    "contacted": STATUSES[1:2],
    "confirmed": STATUSES[2:3],
    "closed": STATUSES[3:4],
    "cancelled": STATUSES[4:],
    "all": STATUSES,
}
"""Name of a view of the list → statuses in it."""

_PRESSING = {"urgent": 0, "call_today": 1}
REVIEWED, STATUS_CHANGED = "looked at by a provider", "status changed"
"""Actions of the audit that change what the list shows."""

@dataclass(frozen=True)
class Entry:
    """One line of the worklist; the personal parts stay out of `repr`.

    Attributes:
        key: What addresses and the audit name it by: the reference code, or the number of a call-back.
        readable: False when it is sealed with a key that is not there: name, contacts and verdict are not known.
        outcome: The screening's outcome; None when nobody was screened (a call-back).
        agreed_start: The time that staff agreed on with the person, or None.
        earliest: Last day of a wait that is known, or None.
        reviewed: A provider has looked at it.
        rules: Ids of the rules that matched, worst first.
        alert: Kind of an alert of the same conversation that nobody has seen, or None.
    """

    kind: str
    id: int
    key: str
    created_at: datetime
    status: str
    channel: str
    conversation_id: str = field(repr=False)
    name: str = field(repr=False)
    phone: Optional[str] = field(repr=False)
    email: Optional[str] = field(repr=False)
    windows: Tuple[Mapping[str, Any], ...] = ()
    slot_start: Optional[datetime] = None
    agreed_start: Optional[datetime] = None
    outcome: Optional[str] = field(default=None, repr=False)
    screened: bool = True
    complete: bool = True
    call_today: bool = field(default=False, repr=False)
    earliest: Optional[date] = field(default=None, repr=False)
    rules: Tuple[str, ...] = field(default=(), repr=False)
    reviewed: bool = False
    alert: Optional[str] = None
    failed: bool = False
    readable: bool = True


@dataclass(frozen=True)
class AlertEntry:
    """An alert, and the entry of the same conversation if there is one."""

    id: int
    kind: str
    created_at: datetime
    channel: str
    conversation_id: str = field(repr=False)
    seen_at: Optional[datetime] = None
    entry: Optional[Entry] = field(default=None, repr=False)


def worklist(view: str = "todo", limit: int = 25, offset: int = 0) -> Tuple[List[Entry], int]:
    """One page of the list, newest first, and how many entries the view has in all.

    Raises:
        KeyError: For an unknown view.
        DeskUnavailable: When the database cannot be reached.
    """
    statuses = VIEWS[view]
    rows = union_all(
        *(
            select(literal(kind).label("kind"), table.id.label("id"), table.created_at.label("at")).where(
                table.status.in_(statuses)
            )
            for kind, table in ((CONSULTATION, Consultation), (CALLBACK, Callback))
        )
    ).subquery()
    with transaction() as session:
        total = session.execute(select(func.count()).select_from(rows)).scalar_one()
        page = select(rows.c.kind, rows.c.id).order_by(rows.c.at.desc(), rows.c.id.desc())
        found = [tuple(row) for row in session.execute(page.limit(limit).offset(offset))]
        return entries_of(session, found), total


def entry(kind: str, key: str) -> Optional[Entry]:
    """The entry of a reference code (a request) or of a number (a call-back); None for none."""
    with transaction() as session:
        if kind == CONSULTATION:
            number = session.scalars(select(Consultation.id).filter_by(reference=read_reference(key))).first()
        else:
            number = int(key) if key.isascii() and key.isdigit() and len(key) < 10 else None
        found = entries_of(session, [(kind, number)]) if number is not None else []
        return found[0] if found else None


def siblings(of: Entry) -> List[Entry]:
    """Other entries of the same conversation or contact, newest first."""
    with transaction() as session:
        found: List[Tuple[str, int]] = []
        contact = contact_key(of.phone or of.email)
        for kind, table in ((CONSULTATION, Consultation), (CALLBACK, Callback)):
            same = (table.conversation_id == of.conversation_id) | (table.contact_key == contact)
            numbers = session.scalars(select(table.id).where(same).order_by(table.id.desc()).limit(10))
            found += [(kind, number) for number in numbers if (kind, number) != (of.kind, of.id)]
        return entries_of(session, found)


def counts() -> Dict[str, int]:
    """How many entries each view has."""
    with transaction() as session:
        by_status = _by_status(session)
    return {view: sum(by_status.get(status, 0) for status in statuses) for view, statuses in VIEWS.items()}


def alerts(unseen_only: bool = True, limit: int = 50, number: Optional[int] = None) -> List[AlertEntry]:
    """Alerts, the most pressing and then the newest first, each with the request or call-back of its conversation."""
    query = select(Alert).order_by(Alert.id.desc()).limit(limit)
    if unseen_only:
        query = query.where(Alert.seen_at.is_(None))
    if number is not None:
        query = query.where(Alert.id == number)
    with transaction() as session:
        rows = sorted(session.scalars(query), key=lambda row: (_PRESSING.get(row.kind, 2), -row.id))
        talks = {row.conversation_id for row in rows}
        found: Dict[str, Tuple[str, int]] = {}
        for kind, table in ((CALLBACK, Callback), (CONSULTATION, Consultation)):
            own = select(table.conversation_id, table.id).where(table.conversation_id.in_(talks)).order_by(table.id)
            found.update({talk: (kind, number) for talk, number in session.execute(own)})
        known = {one.conversation_id: one for one in entries_of(session, list(found.values()))}
        return [
            AlertEntry(
                row.id, row.kind, row.created_at, row.channel, row.conversation_id, row.seen_at, known.get(row.conversation_id)
            )
            for row in rows
        ]


def pulse() -> Dict[str, Any]:
    """What an open page asks for twice a second: how much is new, and a text that changes with anything it shows."""
    moved = select(func.max(StaffEvent.id)).where(StaffEvent.action.in_((REVIEWED, STATUS_CHANGED)))
    own = Consultation
    open_ones = select(own.id, own.status, own.slot_start, own.agreed_start, own.windows)
    open_ones = open_ones.where(own.status.in_(STATUSES[:3])).order_by(own.id.desc()).limit(100)
    unseen = select(func.count(), func.max(Alert.id)).where(Alert.seen_at.is_(None))
    dead = select(func.count(), func.max(Delivery.id)).where(Delivery.state == "dead")
    with transaction() as session:
        by_status = _by_status(session)
        alarms = session.execute(unseen).one()
        parts = [
            sorted(by_status.items()),
            [session.execute(select(func.max(table.id))).scalar() for table in (Consultation, Callback)],
            list(alarms),
            list(session.execute(dead).one()),
            session.execute(moved).scalar(),
            [list(row) for row in session.execute(open_ones)],
        ]
    digest = hashlib.blake2b(json.dumps(parts, default=str).encode("utf-8"), digest_size=8).hexdigest()
    return {"pulse": digest, "new": by_status.get(STATUSES[0], 0), "alerts": alarms[0]}


def _by_status(session: Session) -> Dict[str, int]:
    found: Dict[str, int] = {}
    for table in (Consultation, Callback):
        for status, count in session.execute(select(table.status, func.count()).group_by(table.status)):
            found[status] = found.get(status, 0) + count
    return found


def entries_of(session: Session, wanted: Sequence[Tuple[str, int]]) -> List[Entry]:
    """Entries by kind and number, in the order wanted; those that are gone are left out."""
    made: Dict[Tuple[str, int], Entry] = {}
    rows: Dict[Tuple[str, int], Any] = {}
    for kind, table in ((CONSULTATION, Consultation), (CALLBACK, Callback)):
        numbers = [number for one, number in wanted if one == kind]
        if numbers:
            rows.update({(kind, number): row for number, row in rows_by_id(session, table, numbers).items()})
    talks = {row.conversation_id for row in rows.values()}
    unseen = select(Alert.conversation_id, Alert.kind).where(Alert.seen_at.is_(None), Alert.conversation_id.in_(talks))
    alarmed = {talk: kind for talk, kind in session.execute(unseen.order_by(Alert.kind))}
    keys = [show_reference(row.reference) for (kind, _), row in rows.items() if kind == CONSULTATION]
    looked = select(StaffEvent.subject_id).where(StaffEvent.action == REVIEWED, StaffEvent.subject_id.in_(keys))
    reviewed = set(session.scalars(looked))
    dead = select(Delivery.subject, Delivery.subject_id).where(Delivery.state == "dead")
    failed = {tuple(row) for row in session.execute(dead)}
    for place, row in rows.items():
        whole = is_readable(row)
        common = dict(
            kind=place[0],
            id=row.id,
            created_at=row.created_at,
            status=row.status,
            channel=row.channel,
            conversation_id=row.conversation_id,
            name=row.name if whole else "",
            readable=whole,
            outcome=row.outcome,
            alert=alarmed.get(row.conversation_id),
            failed=place in failed,
        )
        if place[0] == CALLBACK:
            contact = row.contact if whole else None
            mail = "@" in (contact or "")
            ways = dict(phone=None if mail else contact, email=contact if mail else None)
            made[place] = Entry(key=str(row.id), **common, **ways)
            continue
        verdict, key = row.verdict if whole else {}, show_reference(row.reference)
        reasons = verdict.get("reasons", [])
        days = [date.fromisoformat(one["earliest"]) for one in reasons if one.get("earliest")]
        made[place] = Entry(
            key=key,
            **common,
            phone=row.phone if whole else None,
            email=row.email if whole else None,
            windows=tuple(row.windows),
            slot_start=row.slot_start,
            agreed_start=row.agreed_start,
            screened=row.screened,
            complete=bool(verdict.get("complete")),
            call_today=any(one.get("call_today") for one in reasons),
            earliest=max(days, default=None),
            rules=tuple(str(one["rule"]) for one in reasons if one.get("rule")),
            reviewed=key in reviewed,
        )
    return [made[place] for place in dict.fromkeys(wanted) if place in made]
