"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Iterator

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DATA_KEY", "a key for the tests and for nothing else")


WAYS_TO_WRITE = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "a token for the tests",
    "TWILIO_FROM": "+15550100100",
    "PUBLIC_URL": "https://chat.clinic.example",
    "SMTP_HOST": "127.0.0.1",
    "SMTP_TLS": "none",
    "MAIL_FROM": "desk@clinic.example",
    "MAIL_TO": "desk@clinic.example",
}
"""Settings with which reminders can be offered; the action server itself sends nothing."""


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for this run's databases and logs."""
    return tmp_path_factory.mktemp("bot")


@pytest.fixture(scope="session")
def action_server(work: Path) -> Iterator["object"]:
    """The real action server with a database of its own."""
    from tests.harness import ActionServer

    os.environ["DATABASE_URL"] = f"sqlite:///{work}/desk.db"
    server = ActionServer(work, **WAYS_TO_WRITE)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def bot(action_server) -> "object":
    """The trained bot, talking to the real action server."""
    from tests.harness import Bot

    return Bot(action_server.url)


@pytest.fixture(scope="session")
def states(bot) -> "object":
    """Every state of the talk by name (tests/states.py)."""
    from tests.states import play_states

    return play_states(bot)
