"""The text-message channel in a Rasa process of its own, between a pretend Twilio and the real action server."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Dict, List, Optional
from urllib.parse import urlsplit

from channels.fake_twilio import FakeTwilio
from tests.harness import ROOT, free_port, until, wait_for

KEY = "a key for the tests and for nothing else"


class Gate:
    """Stands before the action server; while it is shut, a turn that needs an action stands still."""

    def __init__(self, url: str) -> None:
        self.open = threading.Event()
        self.open.set()
        self.waiting = 0
        parts = urlsplit(url)
        gate = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                gate.waiting += 1
                gate.open.wait(30)
                gate.waiting -= 1
                try:
                    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
                    connection.request("POST", parts.path, body, {"Content-Type": "application/json"})
                    answer = connection.getresponse()
                    data = answer.read()
                    self.send_response(answer.status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:  # whoever asked was killed
                    pass

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class RunningBot:
    """Rasa as `make run` starts it, with a provider; it can be killed and started again."""

    def __init__(self, folder: Path, actions: str, answers_stop: bool = True, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.gate = Gate(actions)
        self.twilio = FakeTwilio(self.url, answers_stop)
        self.log = folder / f"rasa-{self.port}.log"
        settings = self.twilio.settings
        self.environment = {
            **os.environ,
            "RASA_PORT": str(self.port),
            "METRICS_PORT": str(free_port()),
            "ACTION_ENDPOINT_URL": self.gate.url,
            "DATABASE_URL": f"sqlite:///{folder}/desk.db",
            "CONVERSATIONS_DB": f"{folder}/conversations.db",
            "DATA_KEY": KEY,
            "WEB_SESSION_SECRET": "a secret of the tests that is long enough",
            "PUBLIC_URL": self.url,
            "TWILIO_ACCOUNT_SID": settings.account,
            "TWILIO_AUTH_TOKEN": settings.token,
            "TWILIO_FROM": str(settings.sender),
            "TWILIO_API_BASE": settings.api_base,
            "SMS_PROVIDER_ANSWERS_STOP": "1" if answers_stop else "0",
            "SMS_PER_SECOND": "0",
            **environment,
        }
        self.process: Optional["subprocess.Popen[bytes]"] = None
        self.start()

    def start(self) -> None:
        """Start the process and wait until it can answer."""
        with open(self.log, "ab") as log:
            command = [sys.executable, "-W", "ignore", str(ROOT / "launch.py"), "rasa"]
            self.process = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        try:
            wait_for(f"{self.url}/webhooks/web/health", 120)
        except TimeoutError:
            lines = self.log.read_text("utf-8", "replace").splitlines()
            raise TimeoutError("the bot did not start:\n" + "\n".join(lines[-10:])) from None

    def kill(self) -> None:
        """End it as a power cut does."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def phone(self) -> "Phone":
        """Somebody who has never written before."""
        return Phone(self, f"+1555{uuid.uuid4().int % 10**7:07}")


class Phone:
    """One person's phone.

    Attributes:
        number: Its number.
        transcript: What was said.
    """

    def __init__(self, bot: RunningBot, number: str) -> None:
        self.bot, self.number = bot, number
        self.transcript: List[str] = []

    @property
    def got(self) -> List[str]:
        """Every text of the clinic so far."""
        return self.bot.twilio.to(self.number)

    def say(self, text: str, media: int = 0, texts: int = 1) -> str:
        """Send a text and wait for so many texts; what came, joined."""
        before = len(self.got)
        self.transcript.append(f"PATIENT: {text}")
        assert self.bot.twilio.text(self.number, text, media) == 200
        until(lambda: len(self.got) >= before + texts, what=f"no answer to {text!r}: {self.bot.log}")
        self.settle()
        answer = "\n\n".join(self.got[before:])
        self.transcript.append(f"CLINIC: {answer}")
        return answer

    def hush(self, text: str) -> None:
        """Send a text that gets no answer: it is closed in the inbox and nothing came."""
        before = len(self.got)
        assert self.bot.twilio.text(self.number, text) == 200
        self.settle()
        assert self.got[before:] == []

    def settle(self) -> None:
        """Wait until everything is answered and sent."""
        until(lambda: self.bot_rows() == (0, 0), what="the inbox or the outbox did not empty")

    def bot_rows(self) -> tuple:
        """How many rows wait in the inbox and in the outbox."""
        import sqlite3

        path = self.bot.environment["DATABASE_URL"].replace("sqlite:///", "")
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5) as connection:
            return tuple(
                connection.execute(query).fetchone()[0]
                for query in (
                    "SELECT count(*) FROM sms_inbox WHERE state = 'new'",
                    "SELECT count(*) FROM sms_outbox WHERE state = 'waiting'",
                )
            )


def rows(bot: RunningBot, query: str) -> List[Dict[str, Any]]:
    """What stands in the desk's database, as it is stored."""
    import sqlite3

    path = bot.environment["DATABASE_URL"].replace("sqlite:///", "")
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]
