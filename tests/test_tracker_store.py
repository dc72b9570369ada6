"""Conversations in the database: bounded sessions, nothing lost, alerts for staff."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import EndpointConfig

import components.tracker_store as module
from components.fresh_session import CARRIED
from components.tracker_store import ClinicTrackerStore, ConversationsUnavailable
from desk import conversations, sealing
from desk.conversations import conversations_address, opened_event
from desk.settings import ROOT, database_address, settings
from tests.desk_fixtures import database  # noqa: F401  a fixture
from tests.harness import until

DOMAIN = Domain.from_yaml(
    """
version: "3.1"
intents: [greet]
slots:
  findings: {type: any, influence_conversation: false, mappings: [{type: custom}]}
  heard_until: {type: any, influence_conversation: false, mappings: [{type: custom}]}
  offered: {type: any, influence_conversation: false, mappings: [{type: custom}]}
  q1_age: {type: any, influence_conversation: false, mappings: [{type: custom}]}
forms:
  screening_form: {required_slots: [q1_age]}
actions: [action_answer]
"""
)


class Bench:
    """A store and one conversation in it."""

    def __init__(self, file: Path, longest: int = 30) -> None:
        self.file = file
        self.store = ClinicTrackerStore(DOMAIN, longest_session=longest, address=f"sqlite:///{file}")

    def turn(self, text: str, *events: Event, said: str = "utter_ok", finding: Optional[str] = None) -> None:
        """One turn as Rasa runs it: fetch, what happens, save."""
        tracker = self.fetch()
        entities = [{"entity": "finding", "value": finding, "finding": {}}] if finding else []
        tracker.update(
            UserUttered(text, {"name": "greet", "confidence": 1.0}, entities, input_channel="web"), DOMAIN
        )
        tracker.update(ActionExecuted(said))
        for event in events:
            tracker.update(event, DOMAIN)
        tracker.update(BotUttered(f"reply to {text}", metadata={"utter_action": said}))
        tracker.update(ActionExecuted("action_listen"))
        self.save(tracker)

    def fetch(self) -> DialogueStateTracker:
        tracker = asyncio.run(self.store.get_or_create_tracker("one", append_action_listen=False))
        if not tracker.events:
            tracker.update(ActionExecuted("action_session_start"))
            tracker.update(SessionStarted())
            tracker.update(ActionExecuted("action_listen"))
        return tracker

    def full(self) -> DialogueStateTracker:
        return asyncio.run(self.store.retrieve_full_tracker("one"))  # type: ignore[return-value]

    def save(self, tracker: DialogueStateTracker) -> None:
        asyncio.run(self.store.save(tracker))

    def rows(self) -> List[Dict[str, Any]]:
        with sqlite3.connect(self.file) as connection:
            return [json.loads(opened_event(data)) for (data,) in connection.execute("SELECT data FROM events ORDER BY id")]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "new" / "conversations.db")


def said_by_person(tracker: DialogueStateTracker) -> List[str]:
    return [event.text for event in tracker.events if isinstance(event, UserUttered)]


def carried(tracker: DialogueStateTracker) -> List[Event]:
    return [event for event in tracker.events if event.metadata.get(CARRIED)]


# Where it is kept


def test_it_is_used_through_endpoints_yml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVERSATIONS_DB", str(tmp_path / "shell.db"))
    endpoint = EndpointConfig.from_dict(
        {"type": "components.tracker_store.ClinicTrackerStore", "longest_session": 50}
    )
    store = TrackerStore.create(endpoint, DOMAIN)
    assert isinstance(store, ClinicTrackerStore) and store.longest_session == 50
    assert (tmp_path / "shell.db").exists()


def test_the_address_follows_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    def address(**environment: str) -> str:
        for name in ("CONVERSATIONS_DB", "DATABASE_URL"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        return conversations_address()

    try:
        assert address() == f"sqlite:///{ROOT}/var/conversations.db"
        assert address(DATABASE_URL="sqlite:///x/desk.db") == f"sqlite:///{ROOT}/var/conversations.db"
        assert address(DATABASE_URL="postgres://a@h/d") == "postgresql+psycopg2://a@h/d"
        assert (
            address(CONVERSATIONS_DB="var/s.db", DATABASE_URL="postgres://a@h/d")
            == f"sqlite:///{ROOT}/var/s.db"
        )
    finally:
        settings.cache_clear()


def test_an_unknown_key_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(RasaException, match="most_events"):
        ClinicTrackerStore(DOMAIN, address=f"sqlite:///{tmp_path}/a.db", most_events=3)


def test_the_folder_is_made_and_the_file_can_be_read_while_it_is_written(bench: Bench) -> None:
    with sqlite3.connect(bench.file) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_failure_names_its_kind_and_not_what_was_said(bench: Bench) -> None:
    bench.turn("first")
    tracker = bench.fetch()
    tracker.update(UserUttered("I have a secret illness"))
    with sqlite3.connect(bench.file) as connection:
        connection.execute("DROP TABLE events")
    with pytest.raises(ConversationsUnavailable) as caught:
        bench.save(tracker)
    assert "OperationalError" in str(caught.value)
    assert "secret" not in str(caught.value) and caught.value.__cause__ is None


def test_both_databases_keep_conversations(
    database: str, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:
    monkeypatch.delenv("CONVERSATIONS_DB", raising=False)
    postgresql = database.startswith("postgresql")
    assert (conversations_address() == database_address(database)) == postgresql
    store = ClinicTrackerStore(DOMAIN, longest_session=30, address=database)
    bench = Bench.__new__(Bench)
    bench.store = store
    for number in range(12):
        bench.turn(f"message {number} \x00 \U0001f600", SlotSet("findings", [{"condition": number}]))
    assert len(bench.fetch().events) < 45 and carried(bench.fetch())
    assert len(said_by_person(bench.full())) == 12
    assert bench.fetch().get_slot("findings") == [{"condition": 11}]
    if postgresql:
        with store.engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "2s"
    store.engine.dispose()


# Bounded sessions


def test_a_session_stays_short_and_the_whole_talk_is_kept(bench: Bench) -> None:
    for number in range(40):
        bench.turn(f"message {number}", SlotSet("offered", number))
    assert len(bench.fetch().events) < 30 + 15
    assert said_by_person(bench.full()) == [f"message {number}" for number in range(40)]
    replies = [event.text for event in bench.full().events if isinstance(event, BotUttered)]
    assert replies == [f"reply to message {number}" for number in range(40)]


def test_a_fresh_session_has_each_slot_once_the_form_and_listens(bench: Bench) -> None:
    bench.turn("start", SlotSet("findings", [{"condition": "a"}]), ActiveLoop("screening_form"))
    bench.turn("answer", SlotSet("q1_age", "yes"), SlotSet("requested_slot", "q1_age"))
    for number in range(6):
        bench.turn(f"aside {number}", SlotSet("findings", [{"condition": number}]), SlotSet("offered", None))
    tracker = bench.fetch()
    keys = [event.key for event in carried(tracker) if isinstance(event, SlotSet)]
    assert sorted(keys) == sorted(set(keys)) and {"findings", "q1_age", "requested_slot"} <= set(keys)
    assert tracker.active_loop_name == "screening_form" and tracker.get_slot("requested_slot") == "q1_age"
    assert tracker.get_slot("findings") == [{"condition": 5}] and tracker.get_slot("q1_age") == "yes"
    assert tracker.latest_action_name == "action_listen"
    assert isinstance(tracker.events[0], SessionStarted)
    assert bench.full().current_slot_values() == tracker.current_slot_values()


def test_the_last_turns_stay_word_for_word(bench: Bench) -> None:
    for number in range(7):
        bench.turn(f"message {number}", SlotSet("offered", f"offer {number}"))
    tracker = bench.fetch()
    kept = [event.text for event in carried(tracker) if isinstance(event, UserUttered)]
    assert kept == ["message 4", "message 5"] and said_by_person(tracker) == kept + ["message 6"]
    times = {event.text: event.timestamp for event in bench.full().events if isinstance(event, UserUttered)}
    assert all(times[e.text] == e.timestamp for e in tracker.events if isinstance(e, UserUttered))


def test_what_was_said_while_the_action_server_was_away_is_carried(bench: Bench) -> None:
    bench.turn("before", SlotSet("findings", []), finding="heard_already")
    bench.turn("heard", SlotSet("heard_until", time.time()))
    for number in range(12):
        bench.turn(f"aside {number}", finding=f"condition_{number}" if number in (0, 1, 5) else None)
    tracker = bench.fetch()
    unheard = ["aside 0", "aside 1", "aside 5"]
    assert [message for message in said_by_person(tracker) if message in unheard] == unheard
    assert "before" not in said_by_person(tracker) and "aside 2" not in said_by_person(tracker)


def test_a_long_outage_does_not_begin_a_session_every_turn(bench: Bench) -> None:
    for number in range(60):
        bench.turn(f"message {number}", finding="eczema")
    starts = [row for row in bench.rows() if row["event"] == "session_started"]
    assert len(starts) < 15
    assert [m for m in said_by_person(bench.fetch())] == [f"message {n}" for n in range(60)]


def test_the_greeting_stays_known(bench: Bench) -> None:
    bench.turn("hi", said="utter_greet")
    for number in range(20):
        bench.turn(f"message {number}")
    actions = [event.action_name for event in bench.fetch().events if isinstance(event, ActionExecuted)]
    assert actions.count("utter_greet") == 1


def test_a_turn_that_takes_back_older_ones_is_summed_up_only(bench: Bench) -> None:
    for number in range(5):
        bench.turn(f"message {number}", SlotSet("q1_age", str(number)))
    bench.turn("/back", UserUtteranceReverted(), UserUtteranceReverted(), UserUtteranceReverted())
    assert bench.fetch().get_slot("q1_age") == bench.full().get_slot("q1_age") == "2"
    bench.turn("/restart", Restarted())
    assert bench.fetch().get_slot("q1_age") is None


def test_no_session_begins_in_the_middle_of_a_turn(bench: Bench) -> None:
    tracker = bench.fetch()
    for number in range(40):
        tracker.update(UserUttered(f"message {number}"))
    bench.save(tracker)
    assert not carried(bench.fetch()) and len(bench.fetch().events) == 42


def test_a_tracker_saved_twice_is_stored_once(bench: Bench) -> None:
    for number in range(4):
        bench.turn(f"message {number}")
    tracker = bench.fetch()
    for text in ("one", "two", "three"):
        tracker.update(UserUttered(text))
        for _ in range(5):
            tracker.update(ActionExecuted("action_listen"))
        bench.save(tracker)
        bench.save(tracker)
    said = said_by_person(bench.full())
    assert said[-3:] == ["one", "two", "three"] and len(said) == 7


def test_a_turn_begun_without_the_database_is_added_to_the_talk(bench: Bench) -> None:
    bench.turn("first", SlotSet("findings", [{"condition": "a"}]), ActiveLoop("screening_form"))
    tracker = DialogueStateTracker("one", DOMAIN.slots)  # what Rasa makes when reading failed
    for event in (ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")):
        tracker.update(event)
    tracker.update(UserUttered("I am pregnant"))
    tracker.update(ActionExecuted("action_listen"))
    bench.save(tracker)
    after = bench.fetch()
    assert said_by_person(after) == ["first", "I am pregnant"]
    assert after.active_loop_name == "screening_form" and after.get_slot("findings")


# Alerts


@pytest.fixture
def alerts(monkeypatch: pytest.MonkeyPatch) -> List[Any]:
    raised: List[Any] = []
    monkeypatch.setattr(module, "raise_alert", lambda *values: raised.append(values))
    return raised


@pytest.mark.parametrize(
    "said, kind",
    [
        ("utter_urgent", "urgent"),
        ("utter_self_harm", "urgent"),
        ("utter_call_today", "call_today"),
        ("utter_verdict_call_today", "call_today"),
    ],
)
def test_staff_are_alerted_once_a_turn(bench: Bench, alerts: List[Any], said: str, kind: str) -> None:
    twice = BotUttered("again", metadata={"utter_action": said})
    bench.turn("help", twice, said=said)
    bench.turn("and now?")
    until(lambda: bool(alerts))
    bench.store._alerts.shutdown(wait=True)
    assert alerts == [(kind, "one", "web")]


def test_the_emergency_is_the_one_that_counts(bench: Bench, alerts: List[Any]) -> None:
    bench.turn("help", BotUttered("x", metadata={"utter_action": "utter_urgent"}), said="utter_call_today")
    bench.store._alerts.shutdown(wait=True)
    assert [kind for kind, _, _ in alerts] == ["urgent"]


def test_a_fresh_session_raises_no_alert_again(bench: Bench, alerts: List[Any]) -> None:
    for number in range(4):
        bench.turn(f"message {number}")
    bench.turn("help", *[ActionExecuted("action_answer")] * 12, said="utter_urgent")
    assert carried(bench.fetch())
    bench.turn("thanks")
    bench.store._alerts.shutdown(wait=True)
    assert len(alerts) == 1


def test_an_alert_that_fails_disturbs_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise ValueError("I cannot breathe")

    monkeypatch.setattr(module, "raise_alert", fail)
    bench.turn("I cannot breathe", said="utter_urgent")
    bench.store._alerts.shutdown(wait=True)
    assert said_by_person(bench.fetch()) == ["I cannot breathe"]
    assert "ValueError" in caplog.text and "breathe" not in caplog.text


# Encryption


def test_events_are_kept_encrypted_and_rows_from_before_still_read(bench: Bench) -> None:
    bench.turn("I take Eliquis")
    with sqlite3.connect(bench.file) as connection:
        (kept,) = connection.execute("SELECT data FROM events WHERE type_name = 'user'").fetchone()
        assert kept.startswith("s1.") and b"Eliquis" not in bench.file.read_bytes()
        connection.execute("UPDATE events SET data = ? WHERE type_name = 'user'", (opened_event(kept),))
    bench.turn("and aspirin")
    assert said_by_person(bench.fetch()) == said_by_person(bench.full()) == ["I take Eliquis", "and aspirin"]


def test_with_another_key_nothing_is_read_and_nothing_is_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bench.turn("I take Eliquis")
    monkeypatch.setenv("DATA_KEY", "another key that opens none of the rows")
    sealing.forget_keys()
    try:
        with pytest.raises(ConversationsUnavailable, match="CannotUnseal"):
            bench.fetch()
    finally:
        monkeypatch.undo()
        sealing.forget_keys()
    assert "Eliquis" not in caplog.text


def test_a_broken_row_is_told_apart_and_does_not_end_the_process(bench: Bench) -> None:
    bench.turn("hello")
    with sqlite3.connect(bench.file) as connection:
        connection.execute("UPDATE events SET data = '{' WHERE type_name = 'user'")
    with pytest.raises(ConversationsUnavailable, match="JSONDecodeError"):  # Rasa itself would call sys.exit
        bench.fetch()


def test_a_deleted_conversation_leaves_nothing_in_the_file(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.turn("I take Eliquis")
    kept = [row[0] for row in sqlite3.connect(bench.file).execute("SELECT data FROM events")]
    assert conversations.delete("one", f"sqlite:///{bench.file}") == len(kept) > 5
    conversations.forget_engines()
    left = b"".join(file.read_bytes() for file in bench.file.parent.iterdir())
    assert not [value for value in kept if value[3:33].encode() in left]
    bench.turn("hello again")
    assert said_by_person(bench.full()) == ["hello again"]
