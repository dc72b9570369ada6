"""The web channel on a real server with a scripted bot behind it: real Rasa trackers, no model.

`python -m tests.web_fixtures 5999` serves it for looking at the page by hand.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys
import tempfile
import threading
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, Iterator, List, Optional

import pytest
from rasa.core.channels.channel import UserMessage, register
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, SessionStarted, UserUttered
from sanic import Sanic

from candidacy.knowledge.clinic_models import Chat
from candidacy.listening import listen
from channels.web import WebInput
from desk.settings import settings

YES_NO = [("Yes", "/affirm"), ("No", "/deny"), ("Not sure", "/unsure"), ("Skip", "/skip")]
MEDICINES = [
    "Blood thinner",
    "Aspirin",
    "Muscle relaxant",
    "Antibiotic by drip",
    "Steroid cream",
    "None of these",
]


def _text(*lines: str, **extra: Any) -> Dict[str, Any]:
    return {"text": "\n".join(lines), **extra}


FIXED = {
    "utter_greet": _text(
        "Hi, I am the assistant of Larkspur Skin Clinic. I am automated, not a clinician. "
        "I answer questions about Micro-Botox and pass on a request for a visit.",
        "How would you like to start?",
        buttons=[
            ("Ask a question", "/faq_how_it_works"),
            ("Check my answers", "/start_screening"),
            ("Request a visit", "/book_consultation"),
        ],
    ),
    "utter_unavailable": _text("Sorry, I cannot answer right now. Please call us at (555) 010-0142."),
    "utter_empty_message": _text("I did not get any words. What would you like to know?"),
    "utter_too_long": _text("That is more than I can read at once. Please send it in smaller parts."),
    "utter_too_fast": _text("That was very quick. Please wait a moment. In an emergency, call 911."),
    "utter_link_over": _text("That link has ended. You can start here anew, or text us for another one."),
    "utter_urgent": _text("This may be an emergency. Call 911 now.", utter_action="utter_urgent"),
    "utter_choice_gone": _text("Those buttons have changed. Please use the ones below, or type your answer."),
}

EMERGENCY = _text(
    "This may be an emergency. Call 911 now if you have trouble breathing or swallowing.",
    "Then call the clinic at (555) 010-0142. If you think of hurting yourself, call or text 988.",
    utter_action="utter_urgent",
)
HOW = _text(
    "Tiny amounts of the toxin are placed into the upper skin with very fine needles.",
    "Most studies used injections into the skin, and they were small.",
)
HOW_LONG = _text(
    "Some people see a change within days, others in up to two weeks. It usually lasts 3 to 4 months. "
    "Like any treatment it has risks, so ask me about side effects too.",
    buttons=[("Side effects", "/faq_side_effects"), ("Check my answers", "/start_screening")],
)
FIRST = _text(
    "Question 1 of 8. How old are you?",
    "You can skip any question.",
    buttons=[("Skip", "/skip"), ("Why do you ask?", "/why")],
)
THIRD = _text(
    "Question 3 of 8",
    "Do you have a nerve or muscle condition, such as myasthenia gravis, ALS or Lambert-Eaton syndrome?",
    buttons=YES_NO,
)
SIXTH = _text(
    "Question 6 of 8: Do you take any of these? Choose all that apply.",
    buttons=[(title, title.lower()) for title in MEDICINES],
    multi=True,
)
VERDICT = _text(
    "Thank you. Some of what you told me needs a provider to look at before any treatment:",
    "- You take a blood thinner. It can make bruises more likely. Do not stop it on your own.",
    "- You are pregnant or may be. Treatment has to wait. The earliest date is 2027-05-20.",
    "- You had a peel on 2026-11-10. The skin should rest until 2026-12-08.",
    "Only a provider decides. Would you like to request a visit? Your answers go with it.",
    buttons=[("Request a visit", "/book_consultation"), ("Not now", "/deny")],
)

NAME = _text("What is your first name?")
REQUESTED = _text(
    "Thank you. Your request is with the clinic; the team confirms it. Your reference code is 7KQ2MXP.",
    utter_action="utter_requested",
)

SCRIPT: Dict[str, List[Dict[str, Any]]] = {
    r"swallow|911": [EMERGENCY],
    r"how does it work|faq_how_it_works": [HOW, HOW_LONG],
    r"start_screening|check my answers": [FIRST],
    r"^\d\d$": [THIRD],
    r"affirm": [SIXTH],
    r"aspirin|blood thinner": [VERDICT],
    r"book_consultation": [NAME],
    r"^dana$": [REQUESTED],
    r"quiet": [],
}
"""What the scripted bot says to a message in which the pattern is found."""


class ScriptedAgent:
    """Stands where Rasa's agent stands: same methods, real trackers, answers from SCRIPT.

    A text "crash" raises, "slow" takes `slow` seconds, "quiet" says nothing. `finished` counts the turns that ended.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything and work as told."""
        self.domain = Domain.empty()
        self.tracker_store = InMemoryTrackerStore(self.domain)
        self.nlg = SimpleNamespace(generate=self._generate)
        self.received: List[UserMessage] = []
        self.slow = 6.0
        self.ready = True
        self.finished = 0
        self.greets = True
        self.nlg_works = True

    def is_ready(self) -> bool:
        return self.ready

    async def _generate(self, name: str, tracker: Any, channel: str, **_: Any) -> Optional[Dict[str, Any]]:
        if not self.nlg_works:
            raise RuntimeError("nlg")
        return _message(FIXED[name]) if name in FIXED else None

    async def execute_action(
        self, sender: str, name: str, output: Any, policy: Any, confidence: float
    ) -> None:
        if not self.greets:
            raise RuntimeError("no greeting today")
        tracker = await self.tracker_store.get_or_create_tracker(sender, append_action_listen=False)
        if not tracker.events:
            tracker.update(ActionExecuted("action_session_start"))
            tracker.update(SessionStarted())
        tracker.update(ActionExecuted(name))
        if name in FIXED:
            await self._utter(tracker, output, {**FIXED[name], "utter_action": name})
        await self.tracker_store.save(tracker)

    async def log_message(self, message: UserMessage) -> Any:
        tracker = await self.tracker_store.get_or_create_tracker(message.sender_id)
        self._hear(tracker, message)
        await self.tracker_store.save(tracker)
        return tracker

    async def handle_message(self, message: UserMessage) -> None:
        self.received.append(message)
        if "crash" in message.text:
            raise RuntimeError(f"a secret of the patient: {message.text}")
        tracker = await self.tracker_store.get_or_create_tracker(message.sender_id)
        self._hear(tracker, message)
        if "slow" in message.text:
            await asyncio.sleep(self.slow)
        answers = next((a for pattern, a in SCRIPT.items() if re.search(pattern, message.text, re.I)), None)
        if answers is None:
            answers = [{"text": f"You wrote: {message.text[:60]}"}]
        for answer in answers:
            await self._utter(tracker, message.output_channel, answer)
        tracker.update(ActionExecuted("action_listen"))
        await self.tracker_store.save(tracker)
        self.finished += 1

    @staticmethod
    def _hear(tracker: Any, message: UserMessage) -> None:
        tracker.update(
            UserUttered(
                message.text,
                {"name": "x"},
                input_channel=message.input_channel,
                message_id=message.message_id,
                metadata=message.metadata,
            )
        )

    @staticmethod
    async def _utter(tracker: Any, output: Any, answer: Dict[str, Any]) -> None:
        message = _message(answer)
        text, buttons = message.pop("text"), message.pop("buttons", None)
        event = BotUttered(text, data={"buttons": buttons}, metadata=message)
        tracker.update(event)
        await output.send_response(tracker.sender_id, event.message())


def _message(answer: Dict[str, Any]) -> Dict[str, Any]:
    message = dict(answer)
    if "buttons" in message:
        message["buttons"] = [{"title": title, "payload": payload} for title, payload in message["buttons"]]
    return message


class Facts(SimpleNamespace):
    """A clinic with nobody's signature on its rules."""


def clinic(signed: bool = False) -> Any:
    """Knowledge as the page needs it."""
    facts = {
        "name": "Larkspur Skin Clinic",
        "phone": "(555) 010-0142",
        "emergency_number": "911",
        "crisis_line": "call or text 988",
        "address": "12 Example Street, Springfield",
        "hours_text": "Mon to Fri 9-5, Sat 10-2, closed Sunday",
    }
    rule = Facts(reviewed_on=date(2026, 11, 1) if signed else None)
    return Facts(
        clinic=Facts(facts=facts, demo=True, chat=Chat()), rulebook=Facts(version="2026.11", signed=signed, rules=[rule])
    )


class Server:
    """The channel on a free port of this machine, in a thread of its own."""

    def __init__(self, folder: Path, port: int = 0, turn_limit: float = 4.0, **settings: Any) -> None:
        self.database = f"sqlite:///{folder}/desk.db"
        os.environ.setdefault("DATABASE_URL", self.database)
        os.environ.setdefault("DATA_KEY", "a key for the tests and for nothing else")
        self.agent = ScriptedAgent()
        self.clinic = clinic()
        self.channel = WebInput(turn_limit=turn_limit, secret_file=folder / "secret", read=lambda: self.clinic, **settings)
        listen("warm up", date.today())  # loads the words, which takes seconds on a busy machine
        self._ready = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/webhooks/web/"
        threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True).start()
        if not self._ready.wait(20):
            raise RuntimeError("the test server did not start")

    def frame_from(self, origin: str) -> None:
        """Let pages of this origin, and no other, show the chat."""
        self.channel.frame_origins[:] = [origin]

    async def _main(self) -> None:
        app = Sanic(f"web_{self.port}", configure_logging=False)
        app.ctx.agent = self.agent
        register([self.channel], app, "/webhooks/")
        server = await app.create_server(sock=self._socket, return_asyncio_server=True, access_log=False)
        await server.startup()
        await server.before_start()
        await server.after_start()
        self._ready.set()
        await asyncio.Event().wait()


class Visitors:
    """What may happen to a visitor on the way."""

    refused = False

    def refuse_once(self, route: Any) -> None:
        """A server that no longer knows the session, once."""
        if self.refused:
            route.continue_()
        else:
            self.refused = True
            route.fulfill(status=401, json={"error": "session", "messages": []})


@lru_cache(maxsize=1)
def only_server() -> Server:
    """One server for the whole test run: Sanic 21.12 rewrites its own classes and cannot start twice."""
    return Server(Path(tempfile.mkdtemp(prefix="web-tests-")))


@pytest.fixture
def web() -> Iterator[Server]:
    """The server with a bot that has heard nothing yet; its turns may take four seconds."""
    server = only_server()
    server.agent.reset()
    server.clinic = clinic()
    server.channel.turns.talks.forget()
    for limit in server.channel.limits:
        limit.forget()
    with pytest.MonkeyPatch.context() as patch:
        # Not the database of the tests before: what waits there would be late by now.
        patch.setenv("DATABASE_URL", server.database)
        settings.cache_clear()
        yield server
    settings.cache_clear()


if __name__ == "__main__":
    served = Server(
        Path(tempfile.mkdtemp()),
        port=int(sys.argv[1]),
        turn_limit=10.0,
        frame_origins=["http://127.0.0.1:5998"],
    )
    print(served.url, flush=True)
    threading.Event().wait()
