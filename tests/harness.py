"""The real bot for tests: the trained model in this process, the real action server beside it."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(true: Callable[[], Any], seconds: float = 30.0, what: str = "") -> Any:
    """The first true value of a condition. Raises AssertionError when it does not come in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = true()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(what or "it did not happen in time")


def wait_for(address: str, seconds: float = 90) -> None:
    """Return when an address answers. Raises TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"{address} did not answer within {seconds:g} s")


class ActionServer:
    """The real action server as a process of its own.

    Args:
        folder: Where its log is kept.
        root: The project, or a copy of it with another clinic's facts.
        command: What to run in place of the launcher.
        environment: Settings of its own.
    """

    def __init__(self, folder: Path, root: Path = ROOT, command: Sequence[str] = (), **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/webhook"
        self.log = folder / f"actions-{self.port}.log"
        env = {**os.environ, "ACTIONS_PORT": str(self.port), **environment}
        with open(self.log, "wb") as log:
            run = [sys.executable, *(command or (str(root / "launch.py"), "actions"))]
            self.process = subprocess.Popen(run, env=env, cwd=root, stdout=log, stderr=log)
        wait_for(f"http://127.0.0.1:{self.port}/health")

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait(10)


class Bot:
    """The trained model, its policies and wording, run as the web channel runs them.

    Args:
        action_url: Webhook of the action server.
        channel: Name of the channel that the bot believes it is on.
    """

    def __init__(self, action_url: str, channel: str = "web") -> None:
        import launch

        launch.quiet()
        from rasa.core.agent import Agent
        from rasa.core.utils import AvailableEndpoints
        from rasa.utils.endpoints import EndpointConfig
        from rasa.utils.log_utils import configure_structlog

        from components.rasa_tuning import tune

        configure_structlog(logging.WARNING)  # Rasa's own command line does this; the default shows messages
        tune(launch.ACTION_TIMEOUT)
        self.channel = channel
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        endpoints = AvailableEndpoints(
            action=EndpointConfig(action_url), nlg=EndpointConfig(type="components.clinic_responses.ClinicResponses")
        )
        model = sorted((ROOT / "models").glob("*.tar.gz"))
        if not model:
            raise FileNotFoundError("no trained model in models/; run `make train`")
        self.agent = Agent.load(
            str(model[-1]), action_endpoint=endpoints.action, generator=endpoints.nlg
        )

    def run(self, coroutine: Any) -> Any:
        """Run a coroutine on the bot's event loop and wait for its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    def use_actions(self, url: str) -> None:
        """Point the bot at another action server."""
        self.agent.processor.action_endpoint.url = url  # type: ignore[union-attr]

    def talk(self) -> "Conversation":
        """A new conversation."""
        return Conversation(self)

    def parse(self, text: str) -> Dict[str, Any]:
        """What the model understands of a text."""
        return self.run(self.agent.parse_message(text))


class Conversation:
    """One person's talk with the bot.

    Attributes:
        last: The bot's messages of the last turn: {text, buttons, multi}.
        transcript: Everything said so far, as "PATIENT: …" and "BOT: …" lines.
        ahead: Seconds by which the clock of this talk is ahead of the real one.
    """

    def __init__(self, bot: Bot) -> None:
        self.bot, self.sender = bot, f"test-{uuid.uuid4().hex}"
        self.last: List[Dict[str, Any]] = []
        self.transcript: List[str] = []
        self.ahead = 0.0

    def say(self, text: str) -> List[Dict[str, Any]]:
        """Send typed words (a leading "/" is text, as on the page) and return the bot's messages."""
        return self._send(text, text.lstrip("/ ") or " ")

    def press(self, title: str) -> List[Dict[str, Any]]:
        """Press the button with this title among those offered last.

        Raises:
            AssertionError: When there is no such button.
        """
        offered = next((m["buttons"] for m in reversed(self.last) if m.get("buttons")), [])
        payload = next((b["payload"] for b in offered if b["title"] == title), None)
        assert payload is not None, f"no button {title!r} among {[b['title'] for b in offered]}"
        return self._send(f"[{title}]", payload)

    def _send(self, shown: str, text: str) -> List[Dict[str, Any]]:
        from rasa.core.channels import CollectingOutputChannel, UserMessage

        channel = self.bot.channel

        class Output(CollectingOutputChannel):
            @classmethod
            def name(cls) -> str:
                return channel

        output = Output()
        message = UserMessage(text, output, self.sender, input_channel=channel)
        real = time.time
        # Events and what is heard take their time here; the action server takes it from the events.
        with patch("time.time", lambda: real() + self.ahead):
            self.bot.run(self.bot.agent.handle_message(message))
        self.last = [
            {"text": m.get("text") or "", "buttons": m.get("buttons") or [], "multi": bool(m.get("multi"))}
            for m in output.messages
        ]
        self.transcript.append(f"PATIENT: {shown}")
        self.transcript.extend(f"BOT: {m['text']} {[b['title'] for b in m['buttons']] or ''}" for m in self.last)
        return self.last

    @property
    def texts(self) -> str:
        """The bot's texts of the last turn, one a line."""
        return "\n".join(message["text"] for message in self.last)

    def tracker(self) -> Any:
        """Rasa's tracker of this conversation."""
        return self.bot.run(self.bot.agent.tracker_store.get_or_create_tracker(self.sender))

    def slot(self, name: str) -> Any:
        """Value of a slot."""
        return self.tracker().get_slot(name)

    def findings(self) -> Dict[str, str]:
        """Condition → assertion of what stands in the record."""
        items = self.slot("findings") or []
        return {item["condition"]: item["assertion"] for item in items if not item["superseded"]}
