"""The action server stopped, failing, hanging or slow: the promised text in time, and nothing lost."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import urllib.request
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, Iterable, Iterator, List, Optional

import pytest
from rasa.core.channels import UserMessage
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from channels.transcript import Collected
from channels.turns import Incoming, Turns
from tests.harness import ActionServer, Bot, free_port

PROMISE = 6.0
"""Seconds of the bot's own clock, on a machine that also runs other tests; alone it takes about four."""

UNAVAILABLE = ["utter_unavailable"]


@dataclass(frozen=True)
class Situation:
    """What was said before the outage, what is said in it, and what must come.

    Attributes:
        before: Messages while all is well.
        said: The message during the outage.
        reply: Responses that answer it.
        form: The form that must still be open.
        after: The message once all is well again, and the responses that answer it.
        found: A condition that must then stand in the record.
    """

    said: str
    reply: List[str]
    before: tuple = ()
    form: Optional[str] = None
    after: str = "/faq_cost"
    after_reply: tuple = ("utter_faq_cost",)
    found: Optional[str] = None


AT_Q2 = ("/start_screening", "47")
SITUATIONS: Dict[str, Situation] = {
    "a hello": Situation("/greet", ["utter_greet"]),
    "a question": Situation("how long will it last?", ["utter_faq_duration"]),
    "two questions": Situation(
        "how does it work and how long will it last?",
        UNAVAILABLE,
        after="how does it work and how long will it last?",
        after_reply=("utter_faq_how_it_works", "utter_faq_duration"),
    ),
    "the start of a screening": Situation(
        "/start_screening",
        UNAVAILABLE,
        after="/start_screening",
        after_reply=("utter_screening_consent", "utter_ask_q1_age"),
    ),
    "a disclosure": Situation(
        "I'm 10 weeks pregnant", UNAVAILABLE, after="/affirm", after_reply=(), found="pregnancy"
    ),
    "an answer": Situation(
        "/deny",
        UNAVAILABLE,
        AT_Q2,
        "screening_form",
        after="/deny",
        after_reply=("utter_ask_q3_nerve_muscle",),
    ),
    "a disclosure in a screening": Situation(
        "I take eliquis",
        UNAVAILABLE,
        AT_Q2,
        "screening_form",
        after="/deny",
        after_reply=("utter_ask_q3_nerve_muscle",),
        found="anticoagulant",
    ),
    "a question in a screening": Situation(
        "how long will it last?",
        ["utter_faq_duration"],
        AT_Q2,
        "screening_form",
        after="/deny",
        after_reply=("utter_ask_q3_nerve_muscle",),
    ),
    "a name in a booking": Situation(
        "Maria Long",
        UNAVAILABLE,
        ("/book_consultation", "47"),
        "booking_form",
        after="Maria Long",
        after_reply=("utter_ask_booking_contact",),
    ),
    "an emergency": Situation("I can't swallow since my treatment yesterday", ["utter_urgent"]),
    "an emergency in a screening": Situation(
        "I can't breathe, my throat is swelling", ["utter_urgent"], AT_Q2
    ),
    "an emergency in a booking": Situation(
        "I can't breathe, my throat is swelling", ["utter_urgent"], ("/book_consultation", "47")
    ),
}


@dataclass
class Outcome:
    """What came of a situation."""

    responses: List[str]
    seconds: float
    tracker: DialogueStateTracker
    responses_after: List[str]
    tracker_after: DialogueStateTracker


@contextmanager
def misbehaving(mode: str, real: str) -> Iterator[str]:
    """The address of an action server that is stopped, fails, hangs, talks nonsense or is slow."""
    if mode == "stopped":
        yield f"http://127.0.0.1:{free_port()}/webhook"
        return
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = 200, b""
            if mode == "hanging":
                over.wait(60)
            elif mode == "answering 500":
                status, answer = 500, b'{"error": "broken"}'
            elif mode == "answering 400 without sense":
                status, answer = 400, b"<html>"
            elif mode == "bad JSON":
                answer = b'{"events": ['
            elif mode == "another format":
                answer = json.dumps(
                    {"events": [{"event": "slot", "secret": "x"}], "responses": "none"}
                ).encode()
            else:
                time.sleep(0.3)
                request = urllib.request.Request(real, body, {"Content-Type": "application/json"})
                with urllib.request.urlopen(request, timeout=30) as response:
                    answer = response.read()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(answer)
            except OSError:  # the bot has long hung up
                pass

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/webhook"
    finally:
        over.set()
        server.shutdown()
        server.server_close()


async def say(bot: Bot, sender: str, text: str) -> List[str]:
    """One turn; the responses that answered it."""
    output = Collected("web")
    await bot.agent.handle_message(UserMessage(text, output, sender, input_channel="web"))
    return [str(message.get("utter_action")) for message in output.messages]


def play(bot: Bot, mode: str, real: str, names: Iterable[str] = tuple(SITUATIONS)) -> Dict[str, Outcome]:
    """Situations under one misbehaviour, side by side."""
    senders = {name: f"outage-{uuid.uuid4().hex}" for name in names}

    async def before(name: str) -> None:
        for text in SITUATIONS[name].before:
            await say(bot, senders[name], text)

    async def during(name: str) -> Any:
        started = time.monotonic()
        responses = await say(bot, senders[name], SITUATIONS[name].said)
        return responses, time.monotonic() - started, await bot.agent.tracker_store.retrieve(senders[name])

    async def after(name: str) -> Any:
        responses = await say(bot, senders[name], SITUATIONS[name].after)
        return responses, await bot.agent.tracker_store.retrieve(senders[name])

    def all_at_once(step: Any) -> Dict[str, Any]:
        async def gathered() -> List[Any]:
            return await asyncio.gather(*map(step, senders))

        return dict(zip(senders, bot.run(gathered())))

    all_at_once(before)
    try:
        with misbehaving(mode, real) as address:
            bot.use_actions(address)
            come = all_at_once(during)
    finally:
        bot.use_actions(real)
    came_after = all_at_once(after)
    return {name: Outcome(*come[name], *came_after[name]) for name in senders}


FAILURES = (
    "stopped",
    "hanging",
    "answering 500",
    "answering 400 without sense",
    "bad JSON",
    "another format",
)


@pytest.fixture(scope="module", params=FAILURES)
def outage(request: pytest.FixtureRequest, bot: Bot, action_server: ActionServer) -> Dict[str, Outcome]:
    return play(bot, request.param, action_server.url)


@pytest.mark.parametrize("name", SITUATIONS)
def test_an_outage_is_told_in_time_and_loses_nothing(outage: Dict[str, Outcome], name: str) -> None:
    situation, outcome = SITUATIONS[name], outage[name]
    assert outcome.responses == situation.reply
    assert outcome.seconds < PROMISE
    assert any(isinstance(e, UserUttered) and e.text == situation.said for e in outcome.tracker.events)
    assert not any(event.type_name in ("rewind", "undo") for event in outcome.tracker.events)
    assert outcome.tracker.active_loop_name == situation.form
    assert outcome.tracker.latest_action_name == "action_listen"
    if situation.after_reply:
        assert [r for r in outcome.responses_after if not r.startswith("utter_note")] == list(
            situation.after_reply
        )
    if situation.found:
        record = outcome.tracker_after.get_slot("findings") or []
        assert situation.found in [item["condition"] for item in record]


def test_a_slow_server_is_waited_for(
    bot: Bot, action_server: ActionServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import rasa.core.actions.action as actions

    monkeypatch.setattr(
        actions, "DEFAULT_REQUEST_TIMEOUT", 20
    )  # slow by a third of a second, and the machine's part
    expected = {
        "two questions": ["utter_faq_how_it_works", "utter_faq_duration"],
        "an answer": ["utter_ask_q3_nerve_muscle"],
        "a question in a screening": ["utter_faq_duration", "utter_ask_q2_pregnancy"],
        "a name in a booking": ["utter_ask_booking_contact"],
        "an emergency": ["utter_urgent"],
    }
    came = play(bot, "slow", action_server.url, expected)
    assert {name: outcome.responses for name, outcome in came.items()} == expected


# Trouble inside the bot itself: the channel's last net


def turn(bot: Bot, text: str) -> Any:
    """A turn as the page takes it: the reply's body, and the tracker afterwards."""
    sender = f"net-{uuid.uuid4().hex}"
    turns = Turns("web", limit=10)
    incoming = Incoming(text=text, shown=text, id="one")
    reply = bot.run(turns.take(bot.agent, bot.agent.handle_message, sender, incoming))
    return reply, bot.run(bot.agent.tracker_store.retrieve(sender))


def test_an_exception_in_understanding_gives_the_kind_text(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(bot.agent.processor, "_parse_message_with_graph", broken)
    reply, tracker = turn(bot, "how long will it last?")
    assert reply.status == 200 and len(reply.body["messages"]) == 1
    assert "(555) 010-0142" in reply.body["messages"][0]["text"]
    said = [event.text for event in tracker.events if isinstance(event, UserUttered)]
    assert said == ["how long will it last?"]


def test_an_exception_in_wording_gives_the_kind_text(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    generate = bot.agent.nlg.generate

    async def broken(response: str, *arguments: Any, **values: Any) -> Any:
        if response == "utter_faq_duration":
            raise RuntimeError("broken")
        return await generate(response, *arguments, **values)

    monkeypatch.setattr(bot.agent.nlg, "generate", broken)
    reply, tracker = turn(bot, "how long will it last?")
    assert [m["text"][:20] for m in reply.body["messages"]] == ["Sorry, I cannot answ"]
    assert any(isinstance(e, UserUttered) for e in tracker.applied_events())
    assert tracker.latest_action_name == "action_listen"
