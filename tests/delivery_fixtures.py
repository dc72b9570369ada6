"""Real targets for deliveries, which can be down and up again: a mail server, a web server, a Radicale."""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
from datetime import date, datetime, timedelta, timezone
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from candidacy.findings import Finding
from candidacy.screening import assess
from desk.database import transaction
from desk.delivery import enqueue
from desk.delivery.delivery_settings import delivery_settings
from desk.records import Alert, Callback, Consultation, Delivery
from desk.references import new_reference
from desk.staff_settings import staff_settings
from tests.harness import free_port

SECRET = "a webhook secret that is long enough"
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=timezone.utc)
SLOT = datetime(2026, 11, 27, 20, 0, tzinfo=timezone.utc)
NAME, PHONE, EMAIL = "Quillon Zabriskie", "+15550100177", "quillon.z@patient.example"
WORDS = "I take Eliquis and I am 10 weeks pregnant"
WINDOWS = [
    {"label": "Fri 27 Nov, afternoon", "days": ["2026-11-27"], "part": "afternoon", "start": None, "end": None, "open": True},
    {"label": "weekdays after 5 pm", "days": ["monday"], "part": "any", "start": "17:00", "end": None, "open": True},
]
PERSONAL = ("Quillon", "Zabriskie", "5550100177", "0100177", "quillon.z", "patient.example", "talk-secret")
HEALTH = (
    "eliquis", "pregnan", "blood", "weeks", "botox", "toxin", "needl", "defer", "contraindicat", "provider_review",
    "screen", "apixaban", "medicine", "skin", "allerg",
)  # fmt: skip


class MailServer:
    """aiosmtpd on a port of its own."""

    def __init__(self) -> None:
        self.port, self.mails, self.refuse = free_port(), [], {}  # type: Tuple[int, List[Any], Dict[str, str]]
        self.refusing_all: Optional[str] = None
        self._controller: Optional[Controller] = None

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if self.refusing_all or address in self.refuse:
            return self.refusing_all or self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.original_content or envelope.content, policy=policy.default))
        return "250 OK"

    def up(self) -> None:
        """Listen."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def down(self) -> None:
        """Refuse connections."""
        if self._controller:
            self._controller.stop()
            self._controller = None

    @property
    def settings(self) -> Dict[str, str]:
        return {"SMTP_URL": f"smtp://127.0.0.1:{self.port}", "MAIL_FROM": "desk@clinic.example", "MAIL_TO": "front@clinic.example"}


class HttpTarget:
    """A web server that keeps what it got; as a receiver it verifies and drops repeats."""

    def __init__(self, path: str = "/requests") -> None:
        self.port, self.path = free_port(), path
        self.requests: List[Dict[str, Any]] = []
        self.status, self.headers = 200, {}  # type: Tuple[int, Dict[str, str]]
        self._server: Optional[ThreadingHTTPServer] = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    @property
    def settings(self) -> Dict[str, str]:
        return {"WEBHOOK_URL": self.url, "WEBHOOK_SECRET": SECRET}

    @property
    def accepted(self) -> List[str]:
        """Idempotency keys in the order in which they first came with a right signature."""
        return list(dict.fromkeys(r["headers"]["Idempotency-Key"] for r in self.requests if r["right"] and r["status"] < 300))

    def up(self) -> None:
        """Listen."""
        target = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                signed = f"{self.headers.get('X-Timestamp')}.".encode() + body
                right = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
                target.requests.append(
                    {
                        "path": self.path, "headers": dict(self.headers), "body": body, "status": target.status,
                        "right": self.headers.get("X-Signature") == f"v1={right}",
                    }
                )  # fmt: skip
                self.send_response(target.status)
                for name, value in target.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self) -> None:
        """Refuse connections."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class CalendarServer:
    """A real Radicale with one calendar, kept in a folder."""

    def __init__(self, folder: Path) -> None:
        self.port, self.folder, self.lines = free_port(), folder, []  # type: Tuple[int, Path, List[str]]
        self.collection = folder / "collection-root" / "desk" / "requests"
        self.collection.mkdir(parents=True)
        (self.collection / ".Radicale.props").write_text('{"tag": "VCALENDAR"}')
        (folder / "users").write_text("desk:calendar password\n")
        self._server: Any = None

    @property
    def settings(self) -> Dict[str, str]:
        url = f"http://127.0.0.1:{self.port}/desk/requests"
        return {"CALDAV_URL": url, "CALDAV_USER": "desk", "CALDAV_PASSWORD": "calendar password"}

    @property
    def entries(self) -> List[str]:
        """The stored entries, oldest first."""
        files = sorted(self.collection.glob("*.ics"), key=lambda path: path.stat().st_mtime_ns)
        return [path.read_text() for path in files]

    def up(self) -> None:
        """Listen."""
        from radicale.app import Application
        from radicale.config import load

        configuration = load()
        own = {
            "storage": {"filesystem_folder": str(self.folder)},
            "auth": {"type": "htpasswd", "htpasswd_filename": str(self.folder / "users"), "htpasswd_encryption": "plain", "delay": "0"},
            "logging": {"level": "error"},
        }
        configuration.update(own, "test", privileged=True)
        target = self

        class Quiet(WSGIRequestHandler):
            def log_message(self, form: str, *values: Any) -> None:
                target.lines.append(form % values)

        self._server = make_server("127.0.0.1", self.port, Application(configuration), handler_class=Quiet)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


Use = Callable[..., None]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Iterator[Use]:
    """Sets these variables and no other target's."""

    def choose(*groups: Dict[str, str]) -> None:
        for name in list(os.environ):
            if name.startswith(("SMTP_", "MAIL_", "WEBHOOK_", "CALDAV_", "FHIR_")):
                monkeypatch.delenv(name)
        monkeypatch.setenv("STAFF_URL", "https://inbox.clinic.example")
        for group in groups:
            for name, value in group.items():
                monkeypatch.setenv(name, value)
        delivery_settings.cache_clear()
        staff_settings.cache_clear()

    choose()
    yield choose
    delivery_settings.cache_clear()
    staff_settings.cache_clear()


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    made = MailServer()
    made.up()
    yield made
    made.down()


@pytest.fixture
def web_server() -> Iterator[HttpTarget]:
    made = HttpTarget()
    made.up()
    yield made
    made.down()


@pytest.fixture
def calendar_server(tmp_path: Path) -> Iterator[CalendarServer]:
    made = CalendarServer(tmp_path / "radicale")
    made.up()
    yield made
    made.down()


def book(at: datetime = NOW, slot: Optional[datetime] = SLOT, event: str = "requested", **changes: Any) -> int:
    """A booking with health and contact data, and its deliveries, in one transaction; its number."""
    heard = [Finding("anticoagulant", text=WORDS, when=(date(2026, 9, 1), date(2026, 9, 14))), Finding(None, group="Q4_allergy", text="rather not say", assertion="possible")]
    verdict = assess([], {"Q1_age": "yes"}, NOW.date()).to_dict()
    values: Dict[str, Any] = {
        "reference": new_reference(), "created_at": at, "conversation_id": "talk-secret", "channel": "web", "name": NAME,
        "phone": PHONE, "email": EMAIL, "consent_text_version": "1", "consented_at": at, "windows": WINDOWS,
        "slot_start": slot, "screened": True, "outcome": "provider_review", "verdict": verdict,
        "findings": [finding.to_dict() for finding in heard], "answers": {"Q1_age": "yes", "Q6_medicines": "yes"},
        "rules_version": verdict["version"], "idempotency_key": f"talk-secret:{new_reference()}",
    }  # fmt: skip
    with transaction() as session:
        row = Consultation(**{**values, **changes})
        session.add(row)
        session.flush()
        at_once(enqueue(session, "consultation", row.id, event), at)
        return int(row.id)


def ask_for_a_call(at: datetime = NOW) -> int:
    """A call-back request and its deliveries; its number."""
    with transaction() as session:
        row = Callback(conversation_id="talk-secret", channel="web", name=NAME, contact=PHONE, created_at=at)
        session.add(row)
        session.flush()
        at_once(enqueue(session, "callback", row.id, "requested"), at)
        return int(row.id)


def happens(number: int, event: str, at: datetime = NOW, **changes: Any) -> None:
    """Something happens to a booking."""
    with transaction() as session:
        row = session.get(Consultation, number)
        for name, value in changes.items():
            setattr(row, name, value)
        at_once(enqueue(session, "consultation", number, event), at)


def at_once(rows: List[Delivery], at: datetime) -> None:
    """Rows as if written at a moment of the test's clock."""
    for row in rows:
        row.created_at = row.next_attempt_at = at


def rows(**which: Any) -> List[Delivery]:
    """Delivery rows in the order written."""
    with transaction() as session:
        return list(session.scalars(select(Delivery).filter_by(**which).order_by(Delivery.id)))


def alerts() -> List[Alert]:
    """Alerts of deliveries, oldest first."""
    with transaction() as session:
        return list(session.scalars(select(Alert).filter_by(kind="delivery").order_by(Alert.id)))


def minutes(count: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=count)
