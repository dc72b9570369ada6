"""An inbox with people in it, for the tests of `staff/`."""

from __future__ import annotations

import json
import re
import time
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from candidacy.listening import listen
from candidacy.screening import assess
from desk import conversations, staff
from desk.booking import Booking, request_consultation
from desk.settings import today
from desk.staff_settings import staff_settings
from tests.desk_fixtures import a_request

ORIGIN = "http://localhost:5006"
PASSWORD = "correct horse 42 staple"
USERS = {"ana": "admin", "lee": "staff", "kim": "provider"}
ALL_NO = {
    "Q1_age": "yes", "Q2_pregnancy": "no", "Q3_nerve_muscle": "no", "Q4_allergy": "no", "Q5_skin_today": "no",
    "Q6_medicines": "no", "Q7_recent_procedures": "no", "Q8_other_health": "no",
}  # fmt: skip


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Argon2 with little memory, so that hundreds of logins take seconds; the product's own cost is tested apart."""
    from argon2 import PasswordHasher

    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(staff, "_hasher", lambda: hasher)
    staff._nobodys_hash.cache_clear()
    yield
    staff._nobodys_hash.cache_clear()


@pytest.fixture
def talks(database: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A place for conversations: a file beside SQLite, the same PostgreSQL otherwise."""
    if database.startswith("sqlite"):
        monkeypatch.setenv("CONVERSATIONS_DB", str(tmp_path / "conversations.db"))
    else:
        monkeypatch.delenv("CONVERSATIONS_DB", raising=False)
    conversations.forget_engines()
    yield
    conversations.forget_engines()


@pytest.fixture
def inbox(database: str, talks: None, quick_hashes: None, monkeypatch: pytest.MonkeyPatch) -> Iterator["Staff"]:
    """Nobody is logged in yet."""
    yield from _inbox(monkeypatch)


def _inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator["Staff"]:
    for name in ("STAFF_URL", "INBOX_PORT", "STAFF_IDLE_MINUTES", "STAFF_SESSION_HOURS"):
        monkeypatch.delenv(name, raising=False)
    staff_settings.cache_clear()
    for name, role in USERS.items():
        staff.create_user(name, PASSWORD, role, "(console)")
    yield Staff()
    staff_settings.cache_clear()


class Staff:
    """A browser at the inbox, without a login or with one."""

    def __init__(self, user: Optional[str] = None, base: str = ORIGIN) -> None:
        from staff.app import make_app

        self.base = base
        self.client = TestClient(make_app(), base_url=base, follow_redirects=False)
        if user:
            self.log_in(user)

    def get(self, path: str, **headers: str) -> Any:
        """A page."""
        return self.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def log_in(self, user: str, password: str = PASSWORD) -> Any:
        """Through the form, as a person does."""
        token = self.token("/login")
        answer = self.send("/login", {"token": token, "username": user, "password": password, "next": "/"})
        return answer

    def token(self, path: str = "/account") -> str:
        """The form token of a page."""
        found = re.search(r'name="token" value="([0-9a-f]*)"', self.get(path).text)
        return found.group(1) if found else ""

    def post(self, path: str, **fields: str) -> Any:
        """A form of the inbox, with the token that its pages carry."""
        return self.send(path, {"token": self.token(), **fields})

    def send(self, path: str, fields: Dict[str, str], origin: Optional[str] = None) -> Any:
        """A POST as it stands."""
        return self.client.post(path, data=fields, headers={"origin": self.base if origin is None else origin})


def book(
    name: str = "Dana Lopez",
    said: Sequence[str] = ("I'm 34",),
    answers: Optional[Dict[str, str]] = None,
    conversation: str = "talk-1",
    **changes: Any,
) -> Booking:
    """A request of somebody who said this and answered that."""
    given = ALL_NO if answers is None else answers
    findings = [finding for text in said for finding in listen(text, today())]
    request = a_request(
        name=name, conversation_id=conversation, findings=findings, answers=given,
        verdict=assess(findings, given, today()), **changes,
    )  # fmt: skip
    return request_consultation(request, idempotency_key=f"{conversation}:{name}:{time.monotonic_ns()}")


def say(conversation: str, lines: Sequence[Tuple[str, str]], slots: Optional[Dict[str, Any]] = None) -> None:
    """Put a talk where the bot keeps it: ("user" or "bot", words), then the slots it set."""
    events: List[Dict[str, Any]] = [
        {"event": who, "text": words, "timestamp": 1795370000.0 + 10 * number, "metadata": {}, "data": {}}
        for number, (who, words) in enumerate(lines)
    ]
    events += [{"event": "slot", "name": name, "value": value, "timestamp": 1795380000.0} for name, value in (slots or {}).items()]
    store(conversation, events)


def store(conversation: str, events: Sequence[Dict[str, Any]]) -> None:
    """Rasa's events of a conversation, sealed as the tracker store seals them."""
    engine = conversations.engine()
    table = sa.Table(
        "events",
        sa.MetaData(),
        sa.Column("id", sa.Integer, sa.Sequence("events_id_seq"), primary_key=True),
        sa.Column("sender_id", sa.String(255)),
        sa.Column("type_name", sa.String(255)),
        sa.Column("timestamp", sa.Float),
        sa.Column("intent_name", sa.String(255)),
        sa.Column("action_name", sa.String(255)),
        sa.Column("data", sa.Text),
    )
    with engine.begin() as connection:
        table.create(connection, checkfirst=True)
        for event in events:
            connection.execute(
                table.insert().values(
                    sender_id=conversation,
                    type_name=event["event"],
                    timestamp=event.get("timestamp"),
                    data=conversations.sealed_event(json.dumps(event)),
                )
            )
