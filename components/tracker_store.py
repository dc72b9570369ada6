"""Where conversations are kept: SQLite or PostgreSQL, in sessions of a bounded length.

A long talk makes every turn slower, because Rasa replays its events. Past a limit the store begins a
fresh session that starts where the talk stands: each slot's latest value once, the open form, what was
said but not yet taken into the record, and the last turns word for word. Older events stay in the
database; `retrieve_full_tracker` gives the whole talk, each event once. Events are encrypted there
(desk/conversations.py).
"""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Optional, Text

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore, TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import INTENT_NAME_KEY
from sqlalchemy.exc import SQLAlchemyError

from components.fresh_session import CARRIED, fresh_session
from desk.conversations import conversations_address, opened_event, prepare_sqlite, sealed_event
from desk.handoff import raise_alert
from desk.sealing import CannotUnseal, check_keys

logger = logging.getLogger(__name__)

LONGEST_SESSION = 400
"""Events after which a fresh session begins; a turn brings about eight."""

WAIT_SECONDS = 2
"""How long a statement may wait: reading and saving together must leave a turn its six seconds."""

ALERTS = (
    ("urgent", ("utter_urgent", "utter_self_harm")),
    ("call_today", ("utter_call_today", "utter_verdict_call_today")),
)
"""Kind of alert and the responses that raise it, most pressing first; a turn raises one."""


class ConversationsUnavailable(RasaException):
    """The database did not answer. The text names the kind of failure only: a driver's may quote the row."""

    def __init__(self, failure: Text) -> None:
        super().__init__(f"the database of conversations is not available ({failure})")


class ClinicTrackerStore(SQLTrackerStore):
    """Rasa's SQL store with bounded sessions and alerts for staff."""

    def __init__(
        self,
        domain: Optional[Domain] = None,
        event_broker: Optional[EventBroker] = None,
        host: Optional[Text] = None,
        longest_session: int = LONGEST_SESSION,
        address: Optional[Text] = None,
        **unknown: Any,
    ) -> None:
        """Open the database and make its table (`tracker_store:` in endpoints.yml).

        Args:
            domain: Slots of the trackers.
            event_broker: Gets a copy of new events (see parent class).
            host: Not used; Rasa passes the endpoint's `url`.
            longest_session: Events after which a fresh session begins.
            address: SQLAlchemy address; `conversations_address()` when None.

        Raises:
            RasaException: For a key that is not known.
            ConversationsUnavailable: When the database cannot be reached.
            BadSetting: When DATA_KEY cannot be used.
        """
        check_keys()
        if unknown:
            raise RasaException(
                f"endpoints.yml: tracker_store: {', '.join(sorted(unknown))}: not a key of this store"
            )
        self.longest_session = longest_session
        self._alerts = ThreadPoolExecutor(1, thread_name_prefix="alerts")
        with _named_failures():
            self.engine = _connect(address or conversations_address())
            self.Base.metadata.create_all(self.engine)
        self.sessionmaker = sa.orm.session.sessionmaker(bind=self.engine)
        TrackerStore.__init__(self, domain, event_broker)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store what is new in a tracker; begin a fresh session when this one has grown too long.

        Raises:
            ConversationsUnavailable: When it could not be stored.
        """
        with _named_failures(), self.session_scope() as session:
            try:
                new = self._new_events(session, tracker)
            except SQLAlchemyError:
                self._alert(tracker, _since_last_message(tracker))  # staff hear of it all the same
                raise
            self._alert(tracker, new)
            session.add_all(self._row(tracker.sender_id, event.as_dict()) for event in new)
            if self._is_long(tracker):
                carried = fresh_session(tracker, self.domain.slots)
                session.add_all(self._row(tracker.sender_id, event) for event in carried)
            session.commit()
        tracker.stored = len(tracker.events)  # type: ignore[attr-defined]
        if self.event_broker is not None:  # Rasa's own way would read the whole tracker once more
            await self._stream_new_events(self.event_broker, new, tracker.sender_id)

    async def keys(self) -> Iterable[Text]:
        """Ids of all conversations."""
        with _named_failures():
            return await super().keys()

    async def _retrieve(
        self, sender_id: Text, fetch_events_from_all_sessions: bool
    ) -> Optional[DialogueStateTracker]:
        with _named_failures(), self.session_scope() as session:
            rows = self._event_query(session, sender_id, fetch_events_from_all_sessions).all()
            kept = [row.data for row in rows]
        events = _opened(kept)  # out here: Rasa takes a ValueError in there for a wrong setting and ends the process
        if fetch_events_from_all_sessions:
            events = [event for event in events if not (event.get("metadata") or {}).get(CARRIED)]
        if not events:
            return None
        tracker = DialogueStateTracker.from_dict(sender_id, events, self.domain.slots)
        tracker.stored = len(tracker.events)  # type: ignore[attr-defined]
        return tracker

    def _event_query(self, session: Any, sender_id: Text, fetch_events_from_all_sessions: bool) -> Any:
        """Events in the order stored. A session begins at a row: carried events keep their older times."""
        query = session.query(self.SQLEvent).filter(self.SQLEvent.sender_id == sender_id)
        if not fetch_events_from_all_sessions:
            start = (
                session.query(sa.func.max(self.SQLEvent.id))
                .filter(
                    self.SQLEvent.sender_id == sender_id, self.SQLEvent.type_name == SessionStarted.type_name
                )
                .scalar_subquery()
            )
            query = query.filter(sa.or_(self.SQLEvent.id >= start, start.is_(None)))
        return query.order_by(self.SQLEvent.id)

    def _new_events(self, session: Any, tracker: DialogueStateTracker) -> List[Event]:
        """Events of a tracker that are not in the database yet."""
        events = list(tracker.events)
        stored = getattr(tracker, "stored", None)
        if stored is not None:
            return events[stored:]
        rows = self._event_query(session, tracker.sender_id, False)
        first = rows.first()
        if first is None:
            return events
        if any(event.timestamp == first.timestamp for event in events[:2]):
            return events[rows.count() :]
        # Made anew because the database did not answer when the turn began: its opening
        # (action_session_start, SessionStarted, action_listen) must not hide the talk so far.
        said = next((i for i, event in enumerate(events) if isinstance(event, UserUttered)), len(events))
        return events[said:]

    def _row(self, sender_id: Text, event: Dict[Text, Any]) -> Any:
        intent = ((event.get("parse_data") or {}).get("intent") or {}).get(INTENT_NAME_KEY)
        return self.SQLEvent(
            sender_id=sender_id,
            type_name=event["event"],
            timestamp=event.get("timestamp"),
            intent_name=intent,
            action_name=event.get("name"),
            data=sealed_event(json.dumps(event)),
        )

    def _is_long(self, tracker: DialogueStateTracker) -> bool:
        """True at the end of a turn when the session has grown by more than its limit."""
        events = tracker.events
        if len(events) <= self.longest_session or not _listens(events[-1]):
            return False
        return sum(not event.metadata.get(CARRIED) for event in events) > self.longest_session

    def _alert(self, tracker: DialogueStateTracker, new: Iterable[Event]) -> None:
        said = {event.metadata.get("utter_action") for event in new if isinstance(event, BotUttered)}
        kind = next((kind for kind, responses in ALERTS if said.intersection(responses)), None)
        if kind is not None:
            channel = tracker.get_latest_input_channel() or ""
            self._alerts.submit(_raise_alert, kind, tracker.sender_id, channel)


def _raise_alert(kind: Text, conversation_id: Text, channel: Text) -> None:
    try:
        raise_alert(kind, conversation_id, channel)
    except Exception as error:  # noqa: BLE001  an alert must never disturb the talk
        logger.error("an alert could not be stored: %s", type(error).__name__)


def _opened(kept: List[Text]) -> List[Dict[Text, Any]]:
    try:
        return [json.loads(opened_event(data)) for data in kept]
    except (CannotUnseal, ValueError) as error:
        raise ConversationsUnavailable(type(error).__name__) from None


def _since_last_message(tracker: DialogueStateTracker) -> List[Event]:
    events = list(tracker.events)
    last = next((i for i in reversed(range(len(events))) if isinstance(events[i], UserUttered)), 0)
    return events[last:]


def _listens(event: Event) -> bool:
    return isinstance(event, ActionExecuted) and event.action_name == ACTION_LISTEN_NAME


@contextmanager
def _named_failures() -> Iterator[None]:
    """Database errors as ConversationsUnavailable: Rasa logs their text, which may quote what was said."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise ConversationsUnavailable(type(error).__name__) from None


def _connect(address: Text) -> sa.engine.Engine:
    url = sa.engine.make_url(address)
    if not url.drivername.startswith("sqlite"):
        arguments = {"connect_timeout": WAIT_SECONDS, "tcp_user_timeout": WAIT_SECONDS * 1000}
        engine = sa.create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=arguments)
        sa.event.listen(engine, "connect", _limit_statements)
        return engine
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": WAIT_SECONDS})
    sa.event.listen(engine, "connect", prepare_sqlite)
    with engine.connect() as connection:
        # Kept in the file: staff may read while a turn is being written.
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    return engine


def _limit_statements(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = {WAIT_SECONDS * 1000}")
    connection.commit()
