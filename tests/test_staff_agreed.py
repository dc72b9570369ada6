"""The time that staff agree on with a person: written in the inbox, shown, told outside, off with a new wish."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, datetime, timedelta, timezone
from typing import Any, Dict, List, Optional, Tuple
from zoneinfo import ZoneInfo

import pytest

from candidacy.knowledge import Clinic, load
from desk import agreed, bookings, changing, privacy, retention, slots
from desk import inbox as worklist
from desk.agreed import BadTime, in_hours, read_time, suggestion
from desk.booking import SlotTaken, cancel, find, reschedule
from desk.database import transaction, utc_now
from desk.delivery.sending import deliver_due
from desk.handoff import request_callback
from desk.records import Alert, Consultation, SlotCell
from desk.settings import now, today
from desk.staff_audit import list_events
from desk.staff_work import Changed
from desk.windows import Window, read_windows
from tests import delivery_fixtures, desk_fixtures, staff_fixtures
from tests.delivery_fixtures import HttpTarget, MailServer, Use, rows
from tests.staff_fixtures import Staff, book

database, sqlite_database = desk_fixtures.database, desk_fixtures.sqlite_database
talks, quick_hashes, inbox = staff_fixtures.talks, staff_fixtures.quick_hashes, staff_fixtures.inbox
use, mail_server = delivery_fixtures.use, delivery_fixtures.mail_server
web_server, calendar_server = delivery_fixtures.web_server, delivery_fixtures.calendar_server

ZONE = ZoneInfo("America/New_York")
MOMENT = datetime(2026, 11, 22, 13, 0, tzinfo=ZONE)  # a Sunday


def clinic(**booking: Any) -> Clinic:
    """The clinic of `data/clinic`, booking otherwise."""
    facts = load().clinic
    return Clinic(**{**facts.dict(), "booking": {**facts.booking.dict(), **booking}})


def at(entry: Any, start: datetime, by: str = "lee") -> None:
    """Agree as the page does."""
    fresh = worklist.entry(entry.kind, entry.key)
    agreed.agree(fresh, fresh.status, fresh.agreed_start, start, by)


def open_day(step: int = 1) -> date:
    """A day on which the clinic is open at 11, some days ahead."""
    day = today() + timedelta(days=step)
    while not in_hours(datetime(day.year, day.month, day.day, 11, tzinfo=ZONE), load().clinic):
        day += timedelta(days=1)
    return day


def entry_of(**changes: Any) -> worklist.Entry:
    found = worklist.entry("consultation", book(**changes).reference)
    assert found is not None
    return found


# ---- What was written ----


def test_a_time_is_read_in_the_clinic_s_zone_in_winter_and_summer() -> None:
    for day, utc in (("2026-11-27", 20), ("2027-06-04", 19)):
        assert read_time(day, "15:00", MOMENT, clinic()) == datetime.fromisoformat(day).replace(hour=utc, tzinfo=timezone.utc)
    assert read_time(" 2026-11-27 ", "15:00:30", MOMENT, clinic()).second == 0


@pytest.mark.parametrize(
    ("day", "clock", "why"),
    [
        ("", "15:00", "missing"), ("2026-11-27", "", "missing"), ("27.11.2026", "15:00", "missing"),
        ("2026-02-30", "15:00", "missing"), ("2026-11-27", "25:00", "missing"), ("2026-11-27", "\u0661\u0665:00", "missing"),
        ("2026-11-22", "13:00", "past"), ("2026-11-21", "15:00", "past"), ("0001-01-01", "00:00", "past"),
        ("2027-11-24", "15:00", "far"), ("9999-12-31", "23:59", "far"),
        ("2027-03-14", "02:30", "skipped"), ("2027-11-07", "01:30", "twice"),
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_kept_says_why(day: str, clock: str, why: str) -> None:
    with pytest.raises(BadTime) as refused:
        read_time(day, clock, MOMENT, clinic())
    assert refused.value.why == why


def test_the_hours_beside_a_change_of_clocks_are_taken() -> None:
    assert read_time("2027-03-14", "03:00", MOMENT, clinic()).hour == 7
    assert read_time("2027-11-07", "02:00", MOMENT, clinic()).hour == 7


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("friday afternoon", "2026-11-27 12:00"),
        ("weekdays after 5", "2026-11-24 17:00"),  # Tuesday and Thursday alone are open then
        ("tuesday at 10:30", "2026-11-24 10:30"),
        ("sunday morning or wednesday morning", "2026-11-25 09:00"),  # closed on Sundays
        ("any day", "2026-11-23 09:00"),
    ],
)
def test_the_form_begins_with_the_first_open_time_that_suits(words: str, expected: str) -> None:
    windows = [window.to_dict() for window in read_windows(words, MOMENT, clinic())]
    found = suggestion(windows, MOMENT, clinic())
    assert found is not None and f"{found.astimezone(ZONE):%Y-%m-%d %H:%M}" == expected


@pytest.mark.parametrize("windows", [[], [{"label": "Fri", "days": ["2026-11-20"]}], [{"label": "x", "days": ["sunday"]}]])
def test_where_no_time_makes_sense_none_is_suggested(windows: List[Dict[str, Any]]) -> None:
    assert suggestion(windows, MOMENT, clinic()) is None


# ---- The page ----


def form(page: str) -> Dict[str, str]:
    """The fields of the form of the time, as a browser would send them."""
    own = re.search(r'<form class="agree".*?</form>', page, re.S)
    return dict(re.findall(r'name="(\w+)"(?: type="\w+")? value="([^"]*)"', own.group(0))) if own else {}


def test_staff_write_the_time_and_see_it_everywhere(inbox: Staff, capsys: pytest.CaptureFixture) -> None:
    booking = book(windows=read_windows("any day", now(), load().clinic))
    lee, path, day = Staff("lee"), f"/requests/{booking.reference}", open_day(3)
    fields = form(lee.get(path).text)
    assert fields["day"] > today().isoformat() and re.fullmatch(r"\d\d:\d\d", fields["clock"]) and fields["had"] == ""
    answer = lee.post(path + "/time", **{**fields, "day": day.isoformat(), "clock": "11:00"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?said=agreed")
    shown = f"{day:%a} {day.day} {day:%b}"
    page = lee.get(path + "?said=agreed").text
    assert "Agreed</span>" in page and f"{shown}, 11:00 am" in page and "asked for any day" in page and "Change the time" in page
    row = re.search(r'<li class="row.*?</li>', lee.get("/?view=confirmed").text, re.S).group(0)
    assert f"{shown}, 11:00 am" in row and "Agreed" in row and "Expect the visit" in row
    file = Staff("ana").post("/export", first=f"{today() - timedelta(days=1)}", last=f"{today()}").content.decode("utf-8-sig")
    (line,) = csv.DictReader(io.StringIO(file))
    assert (line["agreed_time"], line["slot"], line["status"]) == (f"{day} 11:00", "", "confirmed")
    assert bookings.main([]) == 0 and f"{day:%a %d %b %Y} 11:00" in capsys.readouterr().out
    told = [(event.username, event.action, event.change) for event in list_events(subject_id=booking.reference) if event.action != "viewed"]
    assert told == [("lee", "status changed", "requested to confirmed"), ("lee", "time agreed", f"{day} 11:00")]
    assert f"time agreed</b> {day} 11:00" in page


@pytest.mark.parametrize("why", ["missing", "past", "far", "skipped", "twice"])
def test_a_bad_time_is_told_kindly_and_stays_in_the_form(inbox: Staff, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    booking = book()
    lee, path = Staff("lee"), f"/requests/{booking.reference}"

    def refuse(*_: Any) -> None:
        raise BadTime(why)

    monkeypatch.setattr(agreed, "read_time", refuse)
    answer = lee.post(path + "/time", was="requested", had="", day="2020-01-01", clock='"><b>')
    assert answer.status_code == 400 and 'role="alert"' in answer.text and "Nothing was changed." in answer.text
    fields = form(answer.text)
    assert fields["day"] == "2020-01-01" and fields["clock"] == "&#34;&gt;&lt;b&gt;"
    entry = worklist.entry("consultation", booking.reference)
    assert (entry.status, entry.agreed_start) == ("requested", None) and not list_events(actions=["time agreed"])


def test_a_time_outside_the_hours_is_kept_and_said(inbox: Staff) -> None:
    booking = book()
    lee, path = Staff("lee"), f"/requests/{booking.reference}"
    fields = {**form(lee.get(path).text), "day": open_day(3).isoformat(), "clock": "22:00"}
    assert lee.post(path + "/time", **fields).headers["location"].endswith("said=outside")
    assert "closed then" in lee.get(path + "?said=outside").text
    assert worklist.entry("consultation", booking.reference).agreed_start is not None


def test_there_is_a_form_only_where_a_time_is_to_be_agreed_on(inbox: Staff) -> None:
    call, lee = request_callback("k", "web", "Rosa", "+15550100199"), Staff("lee")
    assert not form(lee.get(f"/callbacks/{call.id}").text)
    booking = book()
    path = f"/requests/{booking.reference}"
    assert form(lee.get(path).text)["was"] == "requested"
    lee.post(path + "/status", status="contacted", was="requested")
    page = lee.get(path).text
    assert page.index('class="agree"') < page.index('class="steps"') and "Confirmed, no time yet" in page
    lee.post(path + "/status", status="closed", was="contacted")
    assert not form(lee.get(path).text)
    assert lee.post(path + "/time", was="closed", had="", day=f"{open_day()}", clock="11:00").headers["location"].endswith("changed")
    with transaction() as session:
        row = session.query(Consultation).one()
        row.status, row.slot_start = "requested", utc_now() + timedelta(days=3)
    assert not form(lee.get(path).text) and "Time held" in lee.get(path).text


def test_a_page_that_is_too_old_changes_nothing(inbox: Staff) -> None:
    booking = book()
    lee, path, day = Staff("lee"), f"/requests/{booking.reference}", open_day(3).isoformat()
    old = {**form(lee.get(path).text), "day": day}
    lee.post(path + "/time", **{**old, "clock": "11:00"})
    kept = worklist.entry("consultation", booking.reference)
    for stale in (old, {**old, "was": "confirmed"}):  # another status, or another time, than it is by now
        assert lee.post(path + "/time", **{**stale, "clock": "12:00"}).headers["location"].endswith("said=changed")
    assert worklist.entry("consultation", booking.reference) == kept
    for odd in ({"was": "gone"}, {"was": "confirmed", "had": "yesterday"}):
        assert lee.post(path + "/time", **{**old, "clock": "12:00", **odd}).status_code == 400
    assert lee.post(path + "/time", **{**form(lee.get(path).text), "clock": "12:00"}).headers["location"].endswith("said=agreed")


def test_the_open_list_hears_of_a_new_time(inbox: Staff) -> None:
    entry, lee = entry_of(), Staff("lee")
    at(entry, utc_now() + timedelta(days=3))
    before = lee.get("/pulse").json()
    at(entry, utc_now() + timedelta(days=4))
    assert lee.get("/pulse").json() != before


# ---- What hears of it ----


def test_the_targets_hear_of_it_as_of_a_slot(database: str, use: Use, mail_server: MailServer, web_server: HttpTarget,
                                             calendar_server: Any) -> None:  # fmt: skip
    import json

    from icalendar import Calendar

    use(mail_server.settings, web_server.settings, calendar_server.settings)
    entry = entry_of(windows=read_windows("friday afternoon", MOMENT, load().clinic))
    moment = utc_now() + timedelta(seconds=5)
    deliver_due(moment)
    first, second = (utc_now().replace(microsecond=0) + timedelta(days=days) for days in (3, 4))
    for start in (first, first, second):
        at(entry, start)
        deliver_due(moment)
    assert [row.event for row in rows(target="email")] == ["requested", "confirmed", "rescheduled"], "the same time twice is told once"
    bodies = [json.loads(request["body"]) for request in web_server.requests]
    assert [(one["action"], one["taken"]) for one in bodies] == [("new", False), ("confirmed", True), ("changed", True)]
    assert datetime.fromisoformat(bodies[1]["start"]) == first and datetime.fromisoformat(bodies[2]["start"]) == second
    assert [mail["Subject"].split(": ")[1] for mail in mail_server.mails] == ["new", "confirmed", "changed"]
    (stored,) = calendar_server.entries
    event = Calendar.from_ical(stored).walk("VEVENT")[0]
    assert (str(event["status"]), str(event["transp"]), event.decoded("dtstart")) == ("CONFIRMED", "OPAQUE", second)
    for start in (None, first):
        reschedule(entry.key, read_windows("tuesday morning", MOMENT, load().clinic)) if start is None else at(entry, start)
        deliver_due(moment)
    times = [json.loads(request["body"])["taken"] for request in web_server.requests]
    assert times[-2:] == [False, True], "a new wish is only a wish"


def test_a_fhir_appointment_is_booked_for_the_time(sqlite_database: str) -> None:
    from desk.delivery.fhir import bundle_of
    from desk.delivery.message import message_of
    from desk.records import Delivery

    entry, start = entry_of(), utc_now().replace(microsecond=0) + timedelta(days=3)
    at(entry, start)
    with transaction() as session:
        row = Delivery(target="fhir", event="confirmed", subject="consultation", subject_id=entry.id, idempotency_key="k")
        session.add(row)
        session.flush()
        message = message_of(session, row)
    appointment = bundle_of(message)["entry"][1]["resource"]
    assert appointment["status"] == "booked" and datetime.fromisoformat(appointment["start"]) == start


# ---- What else knows of a time ----


def test_a_new_wish_of_the_person_takes_the_time_off(database: str) -> None:
    entry = entry_of(windows=read_windows("friday afternoon", MOMENT, load().clinic))
    start = datetime.combine(open_day(3), datetime.min.time(), ZONE).replace(hour=15)
    at(entry, start)
    booking = find(entry.key, "0142")
    assert [one["label"] for one in booking.times] == [f"{start:%a} {start.day} {start:%b} at 3 pm"], "what is read back to them"
    again = reschedule(entry.key, [Window.from_dict(one) for one in booking.windows])
    assert (again.status, again.agreed_start, again.times) == ("requested", None, booking.windows)
    cancel(entry.key, "0142")
    with pytest.raises(Changed):
        at(entry, start)


@pytest.mark.parametrize(("days", "told"), [(3, True), (-3, False)])
def test_a_deletion_tells_staff_of_a_visit_to_come(database: str, talks: None, days: int, told: bool) -> None:
    entry = entry_of()
    at(entry, utc_now() + timedelta(days=days))
    assert privacy.upcoming("talk-1") is told
    privacy.request_deletion("talk-1")
    (waiting,) = privacy.pending()
    privacy.delete_everything(waiting.id)
    with transaction() as session:
        assert [alert.conversation_id for alert in session.query(Alert)] == ([entry.key] if told else [])
        assert session.query(Consultation).count() == 0


def test_retention_keeps_a_request_whose_visit_is_to_come(database: str, talks: None) -> None:
    soon, over = entry_of(conversation="a"), entry_of(conversation="b")
    at(soon, utc_now() + timedelta(days=1000))
    at(over, utc_now() + timedelta(days=3))
    retention.forget_times()
    retention.apply(utc_now() + timedelta(days=900))
    assert worklist.entry("consultation", over.key) is None
    assert worklist.entry("consultation", soon.key) is not None


def held() -> List[Tuple[datetime, int]]:
    with transaction() as session:
        return sorted((row.starts_at, row.seat) for row in session.query(SlotCell))


def test_where_free_times_are_given_away_the_time_takes_its_seat(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    knowledge = load()
    fixed = type(knowledge)(**{**knowledge.__dict__, "clinic": clinic(mode="slots", seats=1)})
    for module in (agreed, changing):
        monkeypatch.setattr(module, "load", lambda: fixed)
    start = datetime.combine(open_day(3), datetime.min.time(), ZONE).replace(hour=11, minute=10).astimezone(timezone.utc)
    first, second = entry_of(conversation="a"), entry_of(conversation="b")
    at(first, start)
    assert [cell.minute for cell, _ in held()] == [0, 15, 30], "every quarter of an hour that it touches"
    for step in (-10, 0, 20):
        with pytest.raises(SlotTaken):
            at(second, start + timedelta(minutes=step))
    assert not slots.is_free(start + timedelta(minutes=5), fixed.clinic.booking)
    at(second, start + timedelta(minutes=35))
    at(second, start + timedelta(minutes=65))
    assert len(held()) == 5, "the old time is free again"
    changing.change_status(first.key, "cancelled")
    assert len(held()) == 2
    at(second, start)
    with pytest.raises(SlotTaken):
        changing.change_status(first.key, "confirmed")


def test_where_staff_alone_give_times_two_visits_may_fall_together(database: str) -> None:
    start = utc_now() + timedelta(days=3)
    for talk in ("a", "b"):
        at(entry_of(conversation=talk), start)
    assert held() == []


def test_two_who_agree_at_once_are_told_apart(database: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    entry, start = entry_of(), utc_now().replace(microsecond=0) + timedelta(days=3)

    def one(number: int) -> Optional[str]:
        try:
            agreed.agree(entry, "requested", None, start + timedelta(hours=number), f"user-{number}")
        except Changed:
            return None
        return f"user-{number}"

    with ThreadPoolExecutor(6) as pool:
        (winner,) = filter(None, pool.map(one, range(6)))
    assert [event.username for event in list_events(actions=["time agreed"])] == [winner]
    assert worklist.entry("consultation", entry.key).agreed_start == start + timedelta(hours=int(winner[5:]))
