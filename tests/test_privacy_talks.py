"""With the trained bot: typed words stand nowhere in clear, and after a deletion nowhere at all."""

from __future__ import annotations

import logging
import sqlite3
import threading
from pathlib import Path
from typing import Any, Iterator, List

import pytest

from actions import recording
from channels.deleting import Deleter
from channels.turns import Talks
from components.tracker_store import ClinicTrackerStore
from desk import audit, conversations, privacy
from tests.conversations.manners import broken_manners
from tests.harness import Bot, Conversation

TYPED = ["Eliquis", "Gwendolyn", "512 555 0147", "+15125550147", "0147", "gwen.price@example.com", "lupus", "wheezy"]
"""A drug, a name, a number in both writings, an address, two conditions in her own words."""

SAID = ["hi, I take Eliquis and i have lupus", "sometimes wheezy too", "book me in", "44", "Gwendolyn", "512 555 0147", "weekday mornings",
        "yes", "my mail is gwen.price@example.com"]  # fmt: skip


@pytest.fixture
def kept_bot(bot: Bot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bot]:
    """The bot with the real store of conversations, in a file."""
    monkeypatch.setenv("CONVERSATIONS_DB", str(tmp_path / "conversations.db"))
    agent: Any = bot.agent
    before = agent.tracker_store
    store = ClinicTrackerStore(agent.domain, address=conversations.conversations_address())
    agent.tracker_store = agent.processor.tracker_store = store
    yield bot
    agent.tracker_store = agent.processor.tracker_store = before
    conversations.forget_engines()


def everywhere(folder: Path) -> bytes:
    return b"\n".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def found_in(data: bytes) -> List[str]:
    return [word for word in TYPED if word.lower().encode() in data.lower()]


def desk_file(work: Path) -> Path:
    return work / "desk.db"


def talk_of(bot: Bot) -> Conversation:
    talk = bot.talk()
    for line in SAID:
        talk.say(line)
        assert not [p for p in broken_manners(talk.last, {}) if "gave up" in p], talk.transcript
    return talk


def test_what_was_typed_stands_in_no_file_and_no_log_and_is_gone_after_the_deletion(
    kept_bot: Bot, action_server: Any, work: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from desk import database, sealing
    from desk.settings import settings

    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{desk_file(work)}")  # the action server's
    for forget in (settings.cache_clear, database.forget_engines, sealing.forget_keys):
        forget()
    with caplog.at_level(logging.INFO):
        talk = talk_of(kept_bot)
        assert any("Reference:" in line for line in talk.transcript), talk.transcript
        talk.say("what do you know about me")
        assert "Gwendolyn" in talk.texts and "blood thinner" in talk.texts and "Your request" in talk.texts
        kept_bot.run(Deleter(talks=Talks()).run(kept_bot.agent))  # what other talks of this run asked for
        talk.say("delete my data")
        talk.press("Yes, delete it all")
    lines = [record.getMessage() for record in caplog.records if record.name.split(".")[0] in ("rasa", "channels", "components", "desk")]
    assert not found_in("\n".join(lines).encode())
    assert found_in(everywhere(work)) == [] and found_in(everywhere(tmp_path)) == []  # databases and logs, in clear
    sealed = _sealed(tmp_path / "conversations.db", "SELECT data FROM events WHERE sender_id = ?", talk.sender)
    sealed += _sealed(desk_file(work), "SELECT name FROM consultation_request WHERE conversation_id = ?", talk.sender)
    assert len(sealed) > 60 and all(value.startswith("s1.") for value in sealed)
    clear = "".join(conversations.events_of(talk.sender))
    assert "Eliquis" in clear and "Gwendolyn" in clear  # the dump before: there, once it is opened

    assert kept_bot.run(Deleter(talks=Talks()).run(kept_bot.agent)) == 1
    assert list(conversations.events_of(talk.sender)) == [] and privacy.has_ended(talk.sender)
    after = everywhere(work) + everywhere(tmp_path)
    assert not [value for value in sealed if value[3:33].encode() in after]
    assert talk.sender.encode() not in everywhere(tmp_path)
    for file in (desk_file(work), tmp_path / "conversations.db"):
        with sqlite3.connect(file) as connection:
            assert talk.sender not in "\n".join(connection.iterdump())
    assert audit.check().broken is None
    for forget in (settings.cache_clear, database.forget_engines):
        forget()


def _sealed(file: Path, query: str, sender: str) -> List[str]:
    with sqlite3.connect(file) as connection:
        return [row[0] for row in connection.execute(query, (sender,))]


# The record of a verdict


def test_a_verdict_is_told_although_it_cannot_be_recorded(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def away(**_: Any) -> None:
        raise recording_error("she takes Eliquis")

    recording_error = RuntimeError
    monkeypatch.setattr(recording, "record_screening", away)
    _run_keep_record()
    assert "could not be recorded: RuntimeError" in caplog.text and "Eliquis" not in caplog.text


def test_a_slow_database_does_not_hold_the_verdict_up(monkeypatch: pytest.MonkeyPatch) -> None:
    done, go = threading.Event(), threading.Event()

    def slow(**_: Any) -> None:
        go.wait(20)
        done.set()

    monkeypatch.setattr(recording, "record_screening", slow)
    monkeypatch.setattr(recording, "LONGEST_WAIT", 0.05)
    _run_keep_record(after=lambda: (done.is_set() and pytest.fail("it waited"), go.set()))
    assert done.wait(20)  # it is finished behind the answer


def _run_keep_record(after: Any = lambda: None) -> None:
    import asyncio
    from datetime import date
    from types import SimpleNamespace

    from candidacy.record import Record
    from candidacy.screening import assess

    talk = SimpleNamespace(
        tracker=SimpleNamespace(sender_id="talk", get_latest_input_channel=lambda: "web"), record=Record(), answers={}
    )

    async def scene() -> None:
        await recording.keep_record(talk, assess([], {}, date(2026, 11, 22)))  # type: ignore[arg-type]
        after()

    asyncio.run(scene())
