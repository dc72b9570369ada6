"""What arrives at real targets: mails with their entries, signed webhooks, calendar entries, FHIR."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from fhir.resources.R4B.bundle import Bundle
from icalendar import Calendar
from sqlalchemy import update

from desk.database import transaction
from desk.delivery.message import spans
from desk.delivery.sending import deliver_due
from desk.records import Consultation, Delivery
from desk.references import show_reference
from tests.delivery_fixtures import (  # noqa: F401
    EMAIL,
    NAME,
    NOW,
    SECRET,
    SLOT,
    WINDOWS,
    WORDS,
    CalendarServer,
    HttpTarget,
    MailServer,
    Use,
    alerts,
    ask_for_a_call,
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
from tests.harness import ROOT

ZONE = ZoneInfo("America/New_York")


def _code(number: int) -> str:
    with transaction() as session:
        return str(session.get(Consultation, number).reference)


def _unmark() -> None:
    """As after a crash between sending and marking, when the lease is over."""
    with transaction() as session:
        session.execute(update(Delivery).values(state="waiting", next_attempt_at=NOW))


def _text(mail: Any) -> str:
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


# Mail


def _entry(mail: Any) -> Calendar:
    (part,) = [p for p in mail.walk() if p.get_content_type() == "text/calendar"]
    (file,) = [p for p in mail.walk() if p.get_filename() == "request.ics"]
    calendar = Calendar.from_ical(file.get_content())
    assert part.get_param("method") == calendar["method"]
    assert Calendar.from_ical(part.get_content()).to_ical() == calendar.to_ical()
    return calendar


def test_a_mail_says_which_request_when_and_where(sqlite_database: str, use: Use, mail_server: MailServer) -> None:  # noqa: F811
    use(mail_server.settings)
    number = book()
    deliver_due(NOW)
    (mail,) = mail_server.mails
    code = _code(number)
    assert mail["Subject"] == f"Request {show_reference(code)}: new"
    assert (mail["From"], mail["To"], mail["Auto-Submitted"]) == ("desk@clinic.example", "front@clinic.example", "auto-generated")
    text = _text(mail)
    assert "Time: Fri 27 Nov 2026, 3 pm EST\n" in text
    assert f"Inbox: https://inbox.clinic.example/requests/{code}\n" in text


def test_the_entry_has_its_time_zone_and_follows_the_request(sqlite_database: str, use: Use, mail_server: MailServer) -> None:  # noqa: F811
    use(mail_server.settings)
    number = book()
    happens(number, "rescheduled", slot_start=SLOT + timedelta(days=210))  # summer time by then
    happens(number, "confirmed", status="confirmed")
    happens(number, "cancelled", status="cancelled")
    deliver_due(NOW)
    calendars = [_entry(mail) for mail in mail_server.mails]
    events = [calendar.walk("VEVENT")[0] for calendar in calendars]
    assert [str(calendar["method"]) for calendar in calendars] == ["REQUEST", "REQUEST", "REQUEST", "CANCEL"]
    assert [event["sequence"] for event in events] == [0, 1, 2, 3]
    assert len({str(event["uid"]) for event in events}) == 1
    # Rendered when sent: each mail tells the time that counts by then.
    assert [str(event["status"]) for event in events][-1] == "CANCELLED"
    for calendar, event in zip(calendars, events, strict=True):
        assert event["dtstart"].params["TZID"] == "America/New_York"
        assert [str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")] == ["America/New_York"]
        assert event.decoded("dtstart") == (SLOT + timedelta(days=210)).astimezone(ZONE)
        assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=30)
        assert str(event["organizer"]) == "mailto:desk@clinic.example"
        assert str(event["attendee"]) == "mailto:front@clinic.example"


def test_a_confirmed_time_is_firm_a_taken_one_blocks_and_a_preferred_one_does_not(
    sqlite_database: str, use: Use, mail_server: MailServer  # noqa: F811
) -> None:
    use(mail_server.settings)
    book()
    book(status="confirmed")
    book(slot=None)
    book(slot=None, windows=WINDOWS[1:])
    deliver_due(NOW)
    *with_entry, without = mail_server.mails
    events = [_entry(mail).walk("VEVENT")[0] for mail in with_entry]
    assert [(str(e["status"]), str(e["transp"])) for e in events] == [
        ("TENTATIVE", "OPAQUE"), ("CONFIRMED", "OPAQUE"), ("TENTATIVE", "TRANSPARENT"),
    ]  # fmt: skip
    assert events[2].decoded("dtstart").isoformat() == "2026-11-27T12:00:00-05:00"
    assert events[2].decoded("dtend").isoformat() == "2026-11-27T17:00:00-05:00"
    assert "Preferred: Fri 27 Nov, afternoon; weekdays after 5 pm\n" in _text(with_entry[2])
    assert not [part for part in without.walk() if part.get_filename()]
    assert "Preferred: weekdays after 5 pm\n" in _text(without)


def test_preferred_times_become_spans_only_where_a_day_is_named() -> None:
    day = {"days": ["2026-11-27"], "part": "any", "start": None, "end": None}
    cases = [{**day}, {**day, "part": "15:00"}, {**day, "start": "17:00"}, {**day, "part": "evening"}, {"days": ["monday"]}, {"days": []}]
    found = [(a.isoformat(), b.isoformat()) for a, b in spans(cases, ZONE)]
    assert found == [
        ("2026-11-27", "2026-11-28"),
        ("2026-11-27T15:00:00-05:00", "2026-11-27T15:30:00-05:00"),
        ("2026-11-27T17:00:00-05:00", "2026-11-28T00:00:00-05:00"),
        ("2026-11-27T17:00:00-05:00", "2026-11-28T00:00:00-05:00"),
    ]


def test_a_call_back_is_mailed_without_a_contact(sqlite_database: str, use: Use, mail_server: MailServer) -> None:  # noqa: F811
    use(mail_server.settings)
    number = ask_for_a_call()
    deliver_due(NOW)
    (mail,) = mail_server.mails
    assert mail["Subject"] == f"Request CB-{number}: new" and "Somebody asks to be called back." in _text(mail)
    assert f"https://inbox.clinic.example/callbacks/{number}\n" in _text(mail)


def test_a_repeat_carries_the_same_message_id_and_another_message_another(sqlite_database: str, use: Use, mail_server: MailServer) -> None:  # noqa: F811
    use(mail_server.settings)
    number = book()
    happens(number, "cancelled", status="cancelled")
    deliver_due(NOW)
    first, second = (mail["Message-ID"] for mail in mail_server.mails)
    assert first != second and re.fullmatch(r"<[0-9a-f]{32}@clinic\.example>", first)
    _unmark()
    deliver_due(NOW + minutes(5))
    assert [mail["Message-ID"] for mail in mail_server.mails] == [first, second, first, second]


def test_one_wrong_recipient_stops_no_mail_but_staff_hear_of_it(sqlite_database: str, use: Use, mail_server: MailServer) -> None:  # noqa: F811
    use({**mail_server.settings, "MAIL_TO": "front@clinic.example, gone@clinic.example"})
    mail_server.refuse["gone@clinic.example"] = "550 no such user gone@clinic.example"
    book()
    assert deliver_due(NOW) == 1
    assert rows()[0].state == "sent" and rows()[0].failure == "refused: 1 of 2 recipients"
    assert [alert.channel for alert in alerts()] == ["email"]


@pytest.mark.parametrize(
    ("answer", "failure"), [("550 no such user", "refused: every recipient, code 550"), ("450 later", "unreachable: every recipient, code 450")]
)
def test_a_mail_server_that_refuses_is_asked_again(
    sqlite_database: str, use: Use, mail_server: MailServer, answer: str, failure: str  # noqa: F811
) -> None:
    use(mail_server.settings)
    book()
    mail_server.refusing_all = answer
    deliver_due(NOW)
    assert (rows()[0].state, rows()[0].failure) == ("waiting", failure)
    mail_server.refusing_all = None
    deliver_due(NOW + minutes(2))
    assert rows()[0].state == "sent" and len(mail_server.mails) == 1


# Webhook


def test_a_webhook_is_signed_and_the_readme_s_example_accepts_it_once_in_its_window(
    sqlite_database: str, use: Use, web_server: HttpTarget  # noqa: F811
) -> None:
    use(web_server.settings)
    number = book()
    deliver_due(NOW)
    (request,) = web_server.requests
    assert json.loads(request["body"]) == {
        "id": f"consultation:{number}:requested:webhook", "event": "consultation.requested", "action": "new",
        "reference": show_reference(_code(number)), "at": NOW.isoformat(), "sequence": 0, "start": "2026-11-27T15:00:00-05:00",
        "end": "2026-11-27T15:30:00-05:00", "taken": True, "times": ["Fri 27 Nov 2026, 3 pm EST"], "time_zone": "America/New_York",
        "link": f"https://inbox.clinic.example/requests/{_code(number)}",
    }  # fmt: skip
    readme = (ROOT / "README.md").read_text("utf-8")
    (example,) = [code for code in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "X-Signature" in code]
    verify = {}
    exec(example, verify)
    headers, at = request["headers"], NOW.timestamp()
    check = verify["is_from_the_desk"]
    assert check(SECRET.encode(), headers, request["body"], at + 299)
    assert not check(SECRET.encode(), headers, request["body"], at + 301)
    assert not check(SECRET.encode(), headers, request["body"], at - 301)
    assert not check(b"another secret", headers, request["body"], at)
    assert not check(SECRET.encode(), headers, request["body"] + b" ", at)
    assert not check(SECRET.encode(), {**headers, "X-Timestamp": str(int(at) + 1)}, request["body"], at)
    assert not check(SECRET.encode(), {}, request["body"], at)


def test_a_redirect_is_not_followed(sqlite_database: str, use: Use, web_server: HttpTarget) -> None:  # noqa: F811
    use(web_server.settings)
    book()
    web_server.status, web_server.headers = 307, {"Location": web_server.url + "/elsewhere"}
    deliver_due(NOW)
    assert [request["path"] for request in web_server.requests] == ["/requests"]
    assert rows()[0].failure == "refused: status 307"


@pytest.mark.parametrize(("status", "kind"), [(503, "unreachable"), (429, "unreachable"), (500, "failed"), (401, "refused")])
def test_what_a_status_means(sqlite_database: str, use: Use, web_server: HttpTarget, status: int, kind: str) -> None:  # noqa: F811
    use(web_server.settings)
    web_server.status = status
    book()
    deliver_due(NOW)
    assert rows()[0].failure == f"{kind}: status {status}"


# CalDAV


def test_the_calendar_shows_how_a_request_stands(sqlite_database: str, use: Use, calendar_server: CalendarServer) -> None:  # noqa: F811
    use(calendar_server.settings)
    number = book()
    deliver_due(NOW)
    (entry,) = calendar_server.entries
    assert f"SUMMARY:Request {show_reference(_code(number))}" in entry
    assert "DTSTART;TZID=America/New_York:20261127T150000" in entry and "BEGIN:VTIMEZONE" in entry and "METHOD" not in entry
    happens(number, "rescheduled", slot_start=SLOT + timedelta(hours=1))
    deliver_due(NOW)
    (entry,) = calendar_server.entries
    assert "T160000" in entry and "SEQUENCE:1" in entry
    happens(number, "confirmed", status="confirmed")
    deliver_due(NOW)
    assert "STATUS:CONFIRMED" in calendar_server.entries[0]
    happens(number, "cancelled", status="cancelled")
    deliver_due(NOW)
    assert calendar_server.entries == [] and {row.state for row in rows()} == {"sent"}


def test_two_requests_at_one_time_are_two_entries(sqlite_database: str, use: Use, calendar_server: CalendarServer) -> None:  # noqa: F811
    use(calendar_server.settings)
    book(), book()
    deliver_due(NOW)
    assert len(calendar_server.entries) == 2


def test_an_entry_that_staff_moved_in_their_calendar_is_replaced_only_by_a_later_message(
    sqlite_database: str, use: Use, calendar_server: CalendarServer  # noqa: F811
) -> None:
    use(calendar_server.settings)
    number = book()
    deliver_due(NOW)
    (path,) = calendar_server.collection.glob("*.ics")
    url = f"{calendar_server.settings['CALDAV_URL']}/{path.name}"
    moved = path.read_text().replace("T150000", "T173000")
    answer = httpx.put(url, content=moved, auth=("desk", "calendar password"), trust_env=False)
    assert answer.status_code in (201, 204)
    _unmark()
    deliver_due(NOW)
    assert "T173000" in calendar_server.entries[0]
    happens(number, "rescheduled", slot_start=SLOT + timedelta(hours=1))
    deliver_due(NOW)
    assert "T160000" in calendar_server.entries[0]


def test_an_entry_that_changes_in_the_same_moment_is_read_again(
    sqlite_database: str, use: Use, calendar_server: CalendarServer, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:
    from desk.delivery import caldav

    use(calendar_server.settings)
    number = book()
    deliver_due(NOW)
    happens(number, "rescheduled", slot_start=SLOT + timedelta(hours=1))
    real = caldav.status_of

    async def raced(http: Any, method: str, url: str, **options: Any) -> Any:
        if method == "PUT":
            (path,) = calendar_server.collection.glob("*.ics")
            await real(http, "PUT", url, content=path.read_text().replace("T150000", "T110000"))
        return await real(http, method, url, **options)

    with monkeypatch.context() as patch:
        patch.setattr(caldav, "status_of", raced)
        deliver_due(NOW)
    assert rows()[1].failure == "failed: the entry changed in the same moment"
    assert "T110000" in calendar_server.entries[0]
    deliver_due(NOW + minutes(2))
    assert "T160000" in calendar_server.entries[0] and rows()[1].state == "sent"


def test_a_wrong_password_is_told_as_such(sqlite_database: str, use: Use, calendar_server: CalendarServer) -> None:  # noqa: F811
    use({**calendar_server.settings, "CALDAV_PASSWORD": "wrong"})
    book()
    deliver_due(NOW)
    assert rows()[0].failure == "refused: status 401"


# FHIR


def test_fhir_carries_the_screening_and_the_wish_and_is_valid(sqlite_database: str, use: Use, tmp_path: Path) -> None:  # noqa: F811
    folder = tmp_path / "fhir"
    use({"FHIR_EXPORT": "health-data", "FHIR_FOLDER": str(folder)})
    number = book(slot=None)
    deliver_due(NOW)
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(folder.stat().st_mode) == 0o700
    bundle = Bundle.parse_raw(file.read_text())
    response, appointment = (entry.resource for entry in bundle.entry)
    assert str(response.questionnaire) == "https://larkspur-skin.example/fhir/Questionnaire/screening|1.0.0"
    assert response.status == "stopped" and response.identifier.value == _code(number)
    items = {item.linkId: item for item in response.item}
    assert items["Q1_age"].answer[0].valueCoding.code == "yes"
    told = items["Q6_medicines"].answer[0].item[0]
    assert told.linkId == "anticoagulant" and told.answer[0].valueCoding.code == "present"
    assert told.answer[0].item[0].answer[0].valueString == WORDS
    assert [str(day.valueDate) for day in told.answer[0].item[1].answer] == ["2026-09-01", "2026-09-14"]
    assert items["Q4_allergy"].item[0].answer[0].valueCoding.code == "possible"
    assert appointment.status == "proposed" and appointment.start is None
    assert appointment.requestedPeriod[0].start == datetime(2026, 11, 27, 12, tzinfo=ZONE)
    assert appointment.supportingInformation[0].reference == bundle.entry[0].fullUrl
    text = file.read_text()
    assert NAME.split()[0] not in text and EMAIL not in text and "5550100177" not in text


def test_fhir_is_posted_as_one_transaction_that_may_be_repeated(sqlite_database: str, use: Use, web_server: HttpTarget) -> None:  # noqa: F811
    use({"FHIR_EXPORT": "health-data", "FHIR_URL": web_server.url, "FHIR_TOKEN": "a token"})
    number = book()
    happens(number, "cancelled", status="cancelled")
    deliver_due(NOW)
    assert [request["headers"]["Authorization"] for request in web_server.requests] == ["Bearer a token"] * 2
    for request in web_server.requests:
        entries = json.loads(request["body"])["entry"]
        assert [entry["request"]["method"] for entry in entries] == ["PUT", "PUT"]
        assert all(entry["request"]["url"].endswith(f"%7C{_code(number)}") for entry in entries)
        assert request["path"] == "/requests"
    assert {row.state for row in rows()} == {"sent"}


def test_the_export_s_library_is_loaded_only_when_it_is_used() -> None:
    code = "import sys, desk.worker, desk.delivery.fhir; sys.exit('fhir.resources' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
