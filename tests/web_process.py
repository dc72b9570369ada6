"""The bot as it runs for a clinic: `launch.py rasa` as a process of its own, at the loudest log level."""

from __future__ import annotations

import atexit
import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List

import requests

from desk.sealing import unseal
from tests.harness import ROOT, ActionServer, free_port, wait_for

_addresses = itertools.count(1)


class Process:
    """A running bot with databases, ports and a log of its own.

    Args:
        folder: Where its databases and log go.
        actions: Webhook of its action server.
        environment: Further settings.
    """

    def __init__(self, folder: Path, actions: str = "http://127.0.0.1:9/webhook", **environment: str) -> None:
        self.port, self.metrics_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}/webhooks/web/"
        self.log, self.conversations = folder / "rasa.log", folder / "conversations.db"
        self.actions_log = self.log
        self.environment = {
            **os.environ,
            "RASA_PORT": str(self.port),
            "METRICS_PORT": str(self.metrics_port),
            "ACTION_ENDPOINT_URL": actions,
            "DATABASE_URL": f"sqlite:///{folder}/desk.db",
            "CONVERSATIONS_DB": str(self.conversations),
            "WEB_SESSION_SECRET": "a secret for the tests and for nothing else at all",
            "TRUSTED_PROXIES": "127.0.0.1",
            **environment,
        }
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "launch.py"), "rasa"],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 120
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                return wait_for(f"{self.url}health", 1)
            except TimeoutError:
                pass
        raise RuntimeError(f"the bot did not start:\n{self.log.read_text('utf-8')[-2000:]}")

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End it; SIGKILL is a crash."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, how)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def visitor(self) -> "Visitor":
        """Somebody new, at an address of their own."""
        return Visitor(self.url)

    def metrics(self) -> str:
        """The page that Prometheus reads."""
        return requests.get(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10).text

    def events(self, conversation: str) -> List[Dict[str, Any]]:
        """The stored events of a conversation."""
        with sqlite3.connect(self.conversations) as database:
            rows = database.execute("SELECT data FROM events WHERE sender_id = ? ORDER BY id", (conversation,))
            return [json.loads(unseal(row[0])) for row in rows]


class Visitor:
    """A browser without the page."""

    def __init__(self, url: str) -> None:
        self.url = url
        number = next(_addresses)
        self.address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        self.headers = {"X-Forwarded-For": self.address}
        self.opened = requests.post(url + "session", headers=self.headers, timeout=30).json()
        self.token = self.opened["token"]
        self.headers["Authorization"] = "Bearer " + self.token

    def post(self, **body: Any) -> requests.Response:
        """Send a message."""
        return requests.post(self.url + "message", json=body, headers=self.headers, timeout=30)

    def history(self) -> Dict[str, Any]:
        """The whole talk."""
        return requests.get(self.url + "history", headers=self.headers, timeout=30).json()

    @property
    def conversation(self) -> str:
        """The id inside the token."""
        import jwt

        return jwt.decode(self.token, options={"verify_signature": False})["sub"]


@lru_cache(maxsize=1)
def running() -> Process:
    """One bot with its action server for the whole test run, logging at DEBUG."""
    folder = Path(tempfile.mkdtemp(prefix="web-process-"))
    desk = f"sqlite:///{folder}/desk.db"
    loud = {"LOG_LEVEL": "DEBUG", "LOG_LEVEL_LIBRARIES": "DEBUG", "LOG_LEVEL_SANIC": "DEBUG"}
    actions = ActionServer(folder, DATABASE_URL=desk, **loud)
    atexit.register(actions.stop)
    process = Process(folder, actions.url, **loud)
    process.actions_log = actions.log
    atexit.register(process.stop)
    return process
