"""Nothing that leaves the desk, and no trace of it, tells who somebody is or what they told (FHIR's body apart)."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, Iterator, List

import pytest
from prometheus_client import REGISTRY, generate_latest

from desk.database import transaction
from desk.delivery import enqueue, retry
from desk.delivery.sending import deliver_due
from desk.records import Alert
from tests.delivery_fixtures import (  # noqa: F401
    EMAIL,
    HEALTH,
    NAME,
    NOW,
    PERSONAL,
    PHONE,
    SLOT,
    WORDS,
    CalendarServer,
    HttpTarget,
    MailServer,
    Use,
    alerts,
    ask_for_a_call,
    at_once,
    book,
    calendar_server,
    happens,
    mail_server,
    minutes,
    rows,
    use,
    web_server,
)
from tests.desk_fixtures import sqlite_database  # noqa: F401


@pytest.fixture
def log_lines() -> Iterator[List[str]]:
    """Every log line of every library, at every level."""
    lines: List[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name != "mail.log":  # the tests' mail server, which quotes what the test has it refuse with
                lines.append(logging.Formatter("%(name)s %(message)s").format(record))

    handler, root, before = Keep(level=0), logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.setLevel(before)
    root.removeHandler(handler)


def _leaks(text: str) -> List[str]:
    text = text.lower()
    return [word for word in (*PERSONAL, *HEALTH) if word.lower() in text]


def test_the_search_finds_what_it_is_meant_to_find() -> None:
    assert _leaks(f"{NAME} {PHONE} {EMAIL} {WORDS}")
    assert _leaks("screening") and _leaks("Zabriskie") and not _leaks("Request X4F-29GH: new, Fri 27 Nov")


def test_nothing_personal_or_clinical_leaves_the_desk(
    sqlite_database: str, use: Use, mail_server: MailServer, web_server: HttpTarget,  # noqa: F811
    calendar_server: CalendarServer, log_lines: List[str], tmp_path: Path, capfd: Any,  # noqa: F811
) -> None:  # fmt: skip
    fhir = HttpTarget("/r4b")
    fhir.up()
    use(
        mail_server.settings, web_server.settings, calendar_server.settings,
        {"FHIR_EXPORT": "health-data", "FHIR_URL": fhir.url},
    )  # fmt: skip
    seen: List[str] = []
    try:
        _everything_that_can_happen(web_server, mail_server, calendar_server, fhir, seen)
    finally:
        fhir.down()

    assert len(mail_server.mails) >= 6 and len(web_server.requests) >= 8 and len(fhir.requests) >= 4
    assert calendar_server.lines and log_lines and alerts()
    for mail in mail_server.mails:
        seen += [mail.as_string(), *(_decoded(part) for part in mail.walk())]
    for request in web_server.requests:
        seen += [request["path"], str(request["headers"]), request["body"].decode()]
    for request in fhir.requests:  # its body is what it is for
        seen += [request["path"], str(request["headers"])]
        assert not [word for word in PERSONAL if word in request["body"].decode()]
    for path in calendar_server.collection.rglob("*"):
        seen += [str(path.relative_to(calendar_server.folder)), path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""]
    seen += calendar_server.lines + log_lines
    seen += [str((row.target, row.event, row.idempotency_key, row.failure)) for row in rows()]
    seen += [str((alert.channel, alert.kind, alert.conversation_id)) for alert in alerts()]  # those of deliveries
    output = capfd.readouterr()
    seen += [output.out, output.err, generate_latest(REGISTRY).decode()]
    found = {word: text[:300] for text in seen for word in _leaks(_without_our_places(text))}
    assert found == {}


def _everything_that_can_happen(web: HttpTarget, mail: MailServer, calendar: CalendarServer, fhir: HttpTarget, seen: List[str]) -> None:
    number = book()
    book(slot=None)
    ask_for_a_call()
    with transaction() as session:
        alert = Alert(kind="urgent", conversation_id="talk-secret", channel="web")
        session.add(alert)
        session.flush()
        at_once(enqueue(session, "alert", alert.id, "raised"), NOW)
    deliver_due(NOW)
    assert any("/alerts/1" in str(sent) for sent in mail.mails)
    seen += calendar.entries
    happens(number, "rescheduled", slot_start=SLOT + timedelta(days=1))
    happens(number, "confirmed", status="confirmed")
    happens(number, "contacted", status="contacted")
    deliver_due(NOW)
    # Now all that can go wrong: refusals that quote, servers that are away.
    web.status, fhir.status = 400, 500
    mail.refusing_all = f"550 {NAME} {WORDS}"
    happens(number, "cancelled", status="cancelled")
    calendar.down()
    for minute in range(0, 20):
        deliver_due(NOW + minutes(minute))
    web.down()
    mail.down()
    deliver_due(NOW + minutes(80))
    with transaction() as session:
        for row in rows(state="dead"):
            retry(session, row.id, NOW)
    web.up()
    mail.up()
    calendar.up()
    web.status = fhir.status = 200
    mail.refusing_all = None
    deliver_due(NOW + timedelta(hours=4))
    assert {row.state for row in rows()} == {"sent"}


def _decoded(part: Any) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if payload else ""


def _without_our_places(text: str) -> str:
    """Our own paths in the tests' folder (SQLite's file in SQLAlchemy's debug lines) say nothing about anybody."""
    return re.sub(r"/\S*/pytest-of-\S*|micro-botox\S*|tests?[./]\S*", "", text)


def test_an_adapter_s_own_fault_is_told_by_its_kind_alone(
    sqlite_database: str, use: Use, web_server: HttpTarget, monkeypatch: pytest.MonkeyPatch, log_lines: List[str]  # noqa: F811
) -> None:
    async def broken(*_: Any) -> None:
        raise ValueError(f"{NAME} {PHONE} {WORDS}")

    use(web_server.settings)
    book()
    monkeypatch.setattr("desk.delivery.webhook.send", broken)
    deliver_due(NOW)
    assert rows()[0].failure == "failed: ValueError"
    assert any("failed: ValueError" in line for line in log_lines)
    assert [line for line in log_lines if _leaks(_without_our_places(line))] == []


def test_an_invalid_resource_is_told_without_its_content(
    sqlite_database: str, use: Use, tmp_path: Path, log_lines: List[str]  # noqa: F811
) -> None:
    use({"FHIR_EXPORT": "health-data", "FHIR_FOLDER": str(tmp_path / "fhir")})
    book(answers={"Q6_medicines": ["I take Eliquis"]})
    deliver_due(NOW)
    assert rows()[0].failure == "failed: no valid FHIR R4B"
    assert [line for line in log_lines if _leaks(_without_our_places(line))] == []
