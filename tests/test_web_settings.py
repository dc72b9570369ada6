"""Settings of the web face, what logs hold, metrics' labels, and one order for all channels."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any, Dict, List

import pytest
from prometheus_client import generate_latest
from rasa.core.channels.channel import UserMessage

from channels import metrics
from channels.credentials import credentials_file
from channels.turns import Incoming, Talks, Turns
from components.log_redaction import MASK, safe_event, safe_record
from desk import web_settings as module
from desk.settings import BadSetting
from desk.web_settings import is_loopback, read_web_settings
from tests.web_fixtures import ScriptedAgent


def test_without_settings_there_is_no_link_no_frame_no_proxy_and_no_staff_channel() -> None:
    found = read_web_settings({})
    assert (found.public_url, found.frame_origins, found.trusted_proxies) == (None, (), ())
    assert found.link_hours == 48 and found.staff_rest is False


def test_settings_are_read() -> None:
    found = read_web_settings(
        {
            "PUBLIC_URL": "https://chat.x.example/bot/",
            "FRAME_ORIGINS": "https://x.example, https://*.x.example:8443/",
            "TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8,::1",
            "LINK_HOURS": "12",
            "STAFF_REST": "on",
        }
    )
    assert found.public_url == "https://chat.x.example/bot"
    assert found.frame_origins == ("https://x.example", "https://*.x.example:8443")
    assert [str(network) for network in found.trusted_proxies] == ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]
    assert found.link_hours == 12 and found.staff_rest is True


@pytest.mark.parametrize(
    "variable, value",
    [
        ("PUBLIC_URL", "chat.x.example"),
        ("PUBLIC_URL", "http://chat.x.example"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "https://user:hunter2@x.example"),
        ("PUBLIC_URL", "https://x.example/?a=1"),
        ("PUBLIC_URL", "https://x.example/#a"),
        ("PUBLIC_URL", "https://x.example:port"),
        ("PUBLIC_URL", "javascript:alert(1)"),
        ("FRAME_ORIGINS", "*"),
        ("FRAME_ORIGINS", "https://x.example; script-src *"),
        ("FRAME_ORIGINS", "https://x.example/page"),
        ("FRAME_ORIGINS", "x.example"),
        ("TRUSTED_PROXIES", "proxy.local"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("LINK_HOURS", "0"),
        ("LINK_HOURS", "169"),
        ("LINK_HOURS", "two"),
        ("LINK_HOURS", "\u0662"),
        ("STAFF_REST", "perhaps"),
    ],
)
def test_a_setting_that_cannot_be_used_is_told_in_one_line_without_its_value(variable: str, value: str) -> None:
    with pytest.raises(BadSetting) as caught:
        read_web_settings({variable: value})
    text = str(caught.value)
    assert text.startswith(f"{variable}: ") and "\n" not in text and "hunter2" not in text


@pytest.mark.parametrize(
    "host, expected",
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("[::1]", True), ("localhost", True), ("0.0.0.0", False),
     ("::", False), ("10.0.0.1", False), ("localhost.evil.example", False), ("", False)],
)  # fmt: skip
def test_what_only_this_machine_can_reach(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.fixture
def staff_rest(monkeypatch: pytest.MonkeyPatch) -> Any:
    yield lambda value: (monkeypatch.setenv("STAFF_REST", value), module.web_settings.cache_clear())
    monkeypatch.undo()
    module.web_settings.cache_clear()


def test_the_staff_channel_stands_in_a_file_of_its_own(staff_rest: Any, tmp_path: Path) -> None:
    (tmp_path / "credentials.yml").write_text("channels.web.WebInput: {}\n", "utf-8")
    staff_rest("0")
    assert credentials_file(tmp_path, "0.0.0.0") == str(tmp_path / "credentials.yml")
    staff_rest("1")
    used = Path(credentials_file(tmp_path, "127.0.0.1"))
    assert used.read_text("utf-8") == "channels.web.WebInput: {}\nrest:\n"
    assert "rest" not in (tmp_path / "credentials.yml").read_text("utf-8")
    with pytest.raises(BadSetting, match="STAFF_REST"):
        credentials_file(tmp_path, "0.0.0.0")


# Logs


def record(name: str, level: int, message: str, *arguments: Any, error: Any = None) -> str:
    """How a line looks in the log."""
    failure = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord(name, level, "/x/processor.py", 7, message, arguments, failure, "act")
    return logging.Formatter("%(message)s").format(safe_record(made))


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_debug_lines_of_others_are_cut_to_their_place() -> None:
    line = record("rasa.core.processor", logging.DEBUG, "Received user message 'I have lupus'")
    assert line == "processor:7 act"
    assert record("asyncio", logging.WARNING, "Executing <Handle f('I have lupus')> took 2 s") == "processor:7 act"


def test_our_own_lines_and_warnings_stay_but_for_what_is_personal() -> None:
    assert record("channels.turns", logging.DEBUG, "a turn failed: %s", "KeyError") == "a turn failed: KeyError"
    told = "lock of web-IUL1mKBr0AQBFRIngEaaA1Q7 and sms-0123456789abcdef0123 for a@b.example, +15558675309"
    line = record("rasa.core.lock_store", logging.WARNING, told)
    assert line == f"lock of {MASK} and {MASK} for {MASK}, {MASK}"
    assert MASK in record("x", logging.ERROR, "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ3ZWIifQ.abc-_")
    assert record("rasa", logging.INFO, "Loading model models/20261122-185543-calm.tar.gz...").endswith("calm.tar.gz...")


def test_exceptions_keep_their_type_and_places_but_no_text() -> None:
    line = record("sanic.error", logging.ERROR, "uncaught", error=raised(ValueError("I have lupus")))
    assert "ValueError" in line and "test_web_settings.py" in line and "lupus" not in line
    line = record("rasa", logging.ERROR, "no", error=raised(ImportError("cannot import name 'x'")))
    assert "ImportError: cannot import name 'x'" in line


def test_structured_lines_keep_what_cannot_be_personal() -> None:
    event = {
        "event": "processor.actions.log",
        "action_name": "action_listen",
        "rasa_events": ["lupus"],
        "sender_id": "web-x",
        "anything_new": "lupus",
        "count": 3,
        "exc_info": True,
    }
    kept = safe_event(None, "debug", event)
    assert kept == {"event": "processor.actions.log", "action_name": "action_listen", "count": 3}
    assert safe_event(None, "error", {"event": "I have lupus, what's that?!"}) == {"event": MASK}


# Metrics


def test_what_is_in_no_closed_set_counts_as_other() -> None:
    metrics.know_intents(["greet"])
    metrics.count_turn("web", "I have lupus")
    metrics.count_turn("+15558675309", "greet")
    metrics.count_refusal("sms", "zebedee@quux.example")
    metrics.TurnCounter().publish({"event": "user", "sender_id": "web-secret", "text": "quux", "parse_data": None})
    metrics.TurnCounter().publish({"event": "bot", "text": "quux"})
    text = generate_latest().decode()
    assert 'channel="other",intent="greet"' in text and 'channel="sms",kind="other"' in text
    for personal in ("lupus", "15558675309", "quux", "web-secret"):
        assert personal not in text


# One order for all channels


def take(turns: Turns, agent: Any, text: str, **more: Any) -> Any:
    return turns.take(agent, agent.handle_message, "sms-one", Incoming(text=text, shown=text, **more))


def test_two_channels_keep_one_order_in_one_conversation() -> None:
    async def both() -> List[str]:
        agent, talks = ScriptedAgent(), Talks()
        agent.slow = 0.3
        web, sms = Turns("web", 5, talks), Turns("sms", 5, talks)
        slow = asyncio.ensure_future(take(sms, agent, "slow by text"))
        await asyncio.sleep(0)
        await asyncio.gather(slow, take(web, agent, "then on the page"))
        tracker = await agent.tracker_store.retrieve_full_tracker("sms-one")
        return [event.text for event in tracker.events if event.type_name in ("user", "bot")]

    said = asyncio.run(both())
    assert said == ["slow by text", "You wrote: slow by text", "then on the page", "You wrote: then on the page"]


def test_all_turns_of_a_process_share_one_memory() -> None:
    assert Turns("web", 1).talks is Turns("sms", 1).talks


def test_what_came_too_late_on_one_channel_is_not_said_on_another() -> None:
    async def late() -> Dict[str, List[str]]:
        agent, talks = ScriptedAgent(), Talks()
        agent.slow = 1.0
        web, sms = Turns("web", 0.4, talks), Turns("sms", 5, talks)
        await take(web, agent, "slow, with reasons for the page only")
        return {
            name: [message["text"] for message in (await take(turns, agent, f"next by {name}")).body["messages"]]
            for name, turns in (("sms", sms), ("web", Turns("web", 5, talks)))
        }

    said = asyncio.run(late())
    assert said["sms"] == ["You wrote: next by sms"]
    assert said["web"] == ["You wrote: slow, with reasons for the page only", "You wrote: next by web"]


def test_a_message_is_a_user_message_of_its_channel() -> None:
    agent = ScriptedAgent()
    asyncio.run(take(Turns("sms", 5, Talks()), agent, "hello", id="SM1"))
    (message,) = agent.received
    assert isinstance(message, UserMessage) and (message.input_channel, message.message_id) == ("sms", "SM1")
    assert json.dumps(message.metadata or {}) == "{}"
