"""The list and a request in the inbox: what is shown, what is changed, what is written down."""

from __future__ import annotations

import csv
import io
import re
from typing import Any, List

import pytest
import sqlalchemy as sa

from desk import inbox as worklist
from desk.database import transaction, utc_now
from desk.handoff import raise_alert, request_callback
from desk.records import Alert, Consultation, Delivery
from desk.sms_consent import opted_out
from desk.staff_audit import Event, list_events
from desk.staff_records import StaffNote
from tests import desk_fixtures, staff_fixtures
from tests.staff_fixtures import ALL_NO, Staff, book, say, store

database = desk_fixtures.database
talks = staff_fixtures.talks
quick_hashes = staff_fixtures.quick_hashes
inbox = staff_fixtures.inbox


def audit(*actions: str) -> List[Event]:
    return list_events(actions=actions)


# ---- The list ----


def test_the_list_tells_who_when_how_worried_and_what_next(inbox: Staff) -> None:
    book("Dana Lopez", ("I'm 34", "I'm 10 weeks pregnant"), {**ALL_NO, "Q2_pregnancy": "yes"}, "a")
    book("Priya Raman", conversation="b", phone=None, email="priya@example.org")
    book("Jo", ("I'm 29",), {"Q1_age": "yes"}, "c", screened=False)
    request_callback("d", "sms", "Rosa", "+15550100199")
    page = Staff("lee").get("/").text
    rows = re.findall(r"<li class=\"row (\w+)[^>]*>(.*?)</li>", page, re.S)
    told = {re.search(r"<h3><a[^>]*>([^<]*)", row).group(1): (level, re.sub(r"<[^>]+>|\s+", " ", row)) for level, row in rows}
    assert list(told) == ["Rosa", "Jo", "Priya Raman", "Dana Lopez"], "newest first"
    assert told["Dana Lopez"][0] == "alarm" and "Pregnancy" in told["Dana Lopez"][1]
    assert "Show it to a provider" in told["Dana Lopez"][1] and "(555) 010-0142" in told["Dana Lopez"][1]
    assert told["Priya Raman"][0] == "calm" and "Write to agree on a time" in told["Priya Raman"][1]
    assert told["Jo"][0] == "open" and "Not screened" in told["Jo"][1]
    assert "Call back" in told["Rosa"][1] and "Text message" in told["Rosa"][1]
    assert "not clinically reviewed" in page


def test_no_word_says_that_somebody_may_be_treated(inbox: Staff) -> None:
    booking = book()
    lee = Staff("lee")
    text = lee.get("/").text + lee.get(f"/requests/{booking.reference}").text
    assert not re.search(r"(?i)\b(?:qualif|cleared|approved|good candidate|eligible|safe\b)", re.sub(r"<[^>]+>", " ", text))


def test_alerts_stand_on_top_the_most_pressing_first_until_somebody_took_care(inbox: Staff) -> None:
    book("Tom Baker", conversation="t")
    raise_alert("urgent", "a", "sms")
    raise_alert("call_today", "t", "web")
    with transaction() as session:
        session.add(Alert(kind="delivery", conversation_id="", channel="email"))
    lee = Staff("lee")
    page = lee.get("/").text
    order = [page.index(words) for words in ("Somebody described an emergency", "Tom Baker</b>: Somebody told", "E-mail to staff: messages")]
    assert order == sorted(order) and order[-1] < page.index('class="list"')
    (alert,) = [one for one in worklist.alerts() if one.kind == "urgent"]
    lee.post(f"/alerts/{alert.id}/done")
    lee.post(f"/alerts/{alert.id}/done")
    assert "Somebody described an emergency" not in lee.get("/").text
    assert [(event.username, event.subject_id) for event in audit("alert taken care of")] == [("lee", str(alert.id))]


def test_views_count_and_pages_hold_twenty_five(inbox: Staff) -> None:
    for number in range(27):
        book(f"Person {number:02}", conversation=f"talk-{number}")
    lee = Staff("lee")
    first, second = lee.get("/").text, lee.get("/?page=2").text
    assert first.count('class="row') == 25 and second.count('class="row') == 2
    assert "Page 1 of 2" in first and "Person 26" in first and "Person 00" in second
    for odd in ("/?page=0", "/?page=-1", "/?page=x", "/?page=99999999999", "/?page=9999", "/?page=²"):
        assert lee.get(odd).status_code == 200, odd
    assert lee.get("/?view=nonsense").status_code == 404
    assert re.search(r'To do <span class="count">27<', first)


def test_a_search_leaves_no_trace_of_its_words(inbox: Staff) -> None:
    book("Dana Lopez", conversation="a")
    book("Someone Else", conversation="b", phone="+15550100177")
    lee = Staff("lee")
    page = lee.post("/search", words="0142")
    assert page.status_code == 200 and "Dana Lopez" in page.text and "Someone Else" not in page.text
    assert "Nobody found" in lee.post("/search", words="zzz").text
    (event, _) = audit("searched")
    assert (event.subject, event.subject_id, event.change) == (None, None, None)


def test_the_pulse_changes_with_everything_the_list_shows(inbox: Staff) -> None:
    lee = Staff("lee")
    seen = [lee.get("/pulse").json()]
    booking = book()
    seen.append(lee.get("/pulse").json())
    request_callback("k", "web", "Rosa", "+15550100199")
    seen.append(lee.get("/pulse").json())
    raise_alert("urgent", "a", "web")
    seen.append(lee.get("/pulse").json())
    lee.post(f"/requests/{booking.reference}/status", status="contacted", was="requested")
    seen.append(lee.get("/pulse").json())
    with transaction() as session:
        session.query(Consultation).one().windows = [{"label": "Fri"}]
    seen.append(lee.get("/pulse").json())
    assert len({one["pulse"] for one in seen}) == len(seen)
    assert seen[-1] | {"pulse": ""} == {"pulse": "", "new": 1, "alerts": 1}
    lee.get(f"/requests/{booking.reference}")
    lee.post("/search", words="dana")
    assert lee.get("/pulse").json() == seen[-1], "looking changes nothing"


# ---- One request ----


def test_the_card_tells_outcome_reason_words_sources_and_trace(inbox: Staff) -> None:
    booking = book(
        "Marcus Webb", ("I am 58", "I take eliquis"), {**ALL_NO, "Q6_medicines": "yes", "Q8_other_health": "skipped"}
    )
    kim = Staff("kim")
    text = kim.get(f"/requests/{booking.reference}").text
    for words in ("A provider looks first", "“eliquis”", "anticoagulant", "58 years", "Skipped", "not clinically reviewed", "How the rules came to this"):
        assert words in text, words
    (one,) = kim.get(f"/requests/{booking.reference}/card").json()["cards"]
    assert len(one["summary"]) <= 140 and one["indicator"] == "warning" and one["source"]["label"]
    assert "Other health" in one["detail"] and all(link["url"].startswith("http") for link in one["links"])
    assert f"({booking.verdict['version']}" in text or booking.verdict["version"] in text


def test_the_earliest_day_and_the_call_of_today_are_told(inbox: Staff) -> None:
    booking = book(said=["I'm 36", "I had a chemical peel 5 days ago"], answers={**ALL_NO, "Q7_recent_procedures": "yes"})
    earliest = worklist.entry("consultation", booking.reference).earliest
    lee = Staff("lee")
    assert earliest is not None and f"{earliest.day} {earliest:%b %Y}" in lee.get(f"/requests/{booking.reference}").text
    assert f"not before {earliest:%a} {earliest.day}" in lee.get("/").text


def test_the_conversation_is_shown_in_its_order_with_the_words_of_buttons(inbox: Staff) -> None:
    booking = book()
    buttons = [{"title": "Check my answers", "payload": "/start_screening"}]
    store(
        "talk-1",
        [
            {"event": "bot", "text": "Hello there.", "timestamp": 1.0, "data": {"buttons": buttons}},
            {"event": "user", "text": "/start_screening", "timestamp": 2.0},
            {"event": "bot", "text": "How old are you?", "timestamp": 3.0},
            {"event": "user", "text": "/x", "timestamp": 4.0, "metadata": {"shown": "Yes, and No"}},
            {"event": "session_started", "timestamp": 5.0},
            {"event": "bot", "text": "How old are you?", "timestamp": 5.5, "metadata": {"carried": True}},
            {"event": "user", "text": "34", "timestamp": 6.0},
            {"event": "user", "text": "EXTERNAL", "timestamp": 7.0, "metadata": {"is_external": True}},
        ],
    )
    store("talk-2", [{"event": "user", "text": "somebody else", "timestamp": 1.0}])
    text = Staff("lee").get(f"/requests/{booking.reference}").text
    said = re.findall(r'<li class="(patient|bot)"><span class="sr">[^<]*</span><p>([^<]*)</p>', text)
    assert said == [
        ("bot", "Hello there."), ("patient", "Check my answers"), ("bot", "How old are you?"), ("patient", "Yes, and No"),
        ("patient", "34"),
    ]  # fmt: skip
    assert "/start_screening" not in text and "somebody else" not in text


def test_an_emergency_without_a_request_shows_what_was_heard_so_far(inbox: Staff) -> None:
    from candidacy.listening import listen
    from candidacy.record import Record
    from desk.settings import today

    words = "had my treatment yesterday and now i cant swallow"
    record = Record().hear(listen(words, today()), 1.0).to_list()
    say("a", [("user", words), ("bot", "Call 911 now.")], {"findings": record, "q1_age": None})
    raised = raise_alert("urgent", "a", "web")
    page = Staff("lee").get(f"/alerts/{raised.id}").text
    assert "Emergency:" in page and words in page and "Not known" in page and "as far as the talk has come" in page
    assert [event.subject for event in audit("viewed")] == ["alert"]


def test_what_people_wrote_is_shown_as_text(inbox: Staff) -> None:
    nasty = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    booking = book(name=nasty[:60], said=["I'm 34"])
    say("talk-1", [("user", nasty), ("bot", "javascript:alert(1)")])
    lee = Staff("lee")
    lee.post(f"/requests/{booking.reference}/notes", text=nasty + "{{ 7*7 }}")
    for path in ("/", f"/requests/{booking.reference}"):
        text = lee.get(path).text
        assert "<script>alert" not in text and "<img" not in text and "&lt;script&gt;" in text
    assert "{{ 7*7 }}" in lee.get(f"/requests/{booking.reference}").text
    page = lee.post("/search", words=nasty).text
    assert "<img" not in page


def test_a_state_is_changed_once_and_a_page_that_is_too_old_changes_nothing(inbox: Staff) -> None:
    booking = book()
    lee, kim = Staff("lee"), Staff("kim")
    path = f"/requests/{booking.reference}"
    assert lee.post(path + "/status", status="contacted", was="requested").headers["location"] == f"{path}?said=moved"
    late = kim.post(path + "/status", status="cancelled", was="requested")
    assert late.headers["location"] == f"{path}?said=changed"
    assert worklist.entry("consultation", booking.reference).status == "contacted"
    assert "Somebody else changed" in kim.get(late.headers["location"]).text
    assert [event.change for event in audit("status changed")] == ["requested to contacted"]
    for odd in ({"status": "gone", "was": "contacted"}, {"status": "closed"}, {"was": "contacted"}):
        assert kim.post(path + "/status", **odd).status_code == 400
    text = kim.get(path).text
    assert "New to Contacted" in text and "lee," in text


def test_a_call_back_is_worked_on_like_a_request(inbox: Staff) -> None:
    made = request_callback("k", "web", "Rosa", "+15550100199")
    lee, path = Staff("lee"), f"/callbacks/{made.id}"
    assert "Call back" in lee.get(path).text and "(555) 010-0199" in lee.get(path).text
    lee.post(path + "/status", status="contacted", was="requested")
    lee.post(path + "/notes", text="voice mail")
    assert "voice mail" in lee.get(path).text and worklist.entry("callback", str(made.id)).status == "contacted"
    assert lee.post(path + "/status", status="closed", was="requested").headers["location"].endswith("said=changed")


def test_notes_are_kept_encrypted_and_bounded(inbox: Staff, database: str) -> None:  # noqa: F811
    booking = book()
    lee, path = Staff("lee"), f"/requests/{booking.reference}"
    lee.post(path + "/notes", text="  prefers Thursdays  ")
    lee.post(path + "/notes", text="\u00e9" * 2000)
    for bad in ("", "   ", "x" * 2001):
        assert lee.post(path + "/notes", text=bad).headers["location"].endswith("said=empty")
    with transaction() as session:
        assert [note.text for note in session.query(StaffNote).order_by(StaffNote.id)] == ["prefers Thursdays", "\u00e9" * 2000]
        raw = session.execute(sa.text("SELECT text FROM staff_note")).scalars().all()
        assert len(raw) == 2 and not any("Thursdays" in text for text in raw)
    assert "prefers Thursdays" in lee.get(path).text


def test_who_looked_is_written_down_before_anything_is_shown(inbox: Staff) -> None:
    booking = book()
    Staff("lee").get(f"/requests/{booking.reference}")
    Staff("kim").get(f"/requests/{booking.reference.replace('-', '')}/card")
    seen = [(event.username, event.subject, event.subject_id) for event in audit("viewed")]
    assert seen == [("kim", "consultation", booking.reference), ("lee", "consultation", booking.reference)]
    ana = Staff("ana")
    assert booking.reference in ana.get("/audit").text and "Dana" not in ana.get("/audit").text
    assert "kim" in ana.get("/audit?user=kim").text
    assert ana.get("/audit?user=%27&page=x").status_code == 200


def test_a_failed_delivery_is_tried_again_by_a_click(inbox: Staff) -> None:
    booking = book()
    entry = worklist.entry("consultation", booking.reference)
    with transaction() as session:
        session.add(
            Delivery(
                target="email", event="requested", subject="consultation", subject_id=entry.id, idempotency_key="k",
                state="dead", attempts=12, failure="refused", next_attempt_at=utc_now(),
            )
        )  # fmt: skip
    lee = Staff("lee")
    assert "Not delivered" in lee.get("/").text and "E-mail to staff" in lee.get("/deliveries").text
    number = re.search(r"/deliveries/(\d+)/again", lee.get(f"/requests/{booking.reference}").text).group(1)
    lee.post(f"/deliveries/{number}/again")
    with transaction() as session:
        row = session.get(Delivery, int(number))
        assert (row.state, row.attempts) == ("waiting", 0)
    assert "Everything arrived" in lee.get("/deliveries").text
    lee.post(f"/deliveries/{number}/again")
    assert len(audit("delivery tried again")) == 1


def test_staff_stop_text_messages_for_somebody_who_says_so(inbox: Staff) -> None:
    booking = book()
    lee = Staff("lee")
    assert not opted_out("+15550100142")
    lee.post(f"/requests/{booking.reference}/stop-texts")
    assert opted_out("+15550100142")
    assert "wants no text messages" in lee.get(f"/requests/{booking.reference}").text
    page = lee.get("/opt-outs").text
    assert "Dana Lopez" in page and "told staff" in page and "0142" not in page
    assert len(audit("text messages stopped")) == 1


def test_an_export_is_for_a_spreadsheet_holds_no_formula_and_is_in_the_audit(inbox: Staff) -> None:
    booking = book('=HYPERLINK("http://evil.example")', said=["I'm 34", "I take eliquis"], answers={**ALL_NO, "Q6_medicines": "yes"})
    ana = Staff("ana")
    assert ana.post("/export", first="2026-11-30", last="2026-11-01").status_code == 400
    assert ana.post("/export", first="x", last="").status_code == 400
    assert not audit("exported")
    day = worklist.entry("consultation", booking.reference).created_at
    answer = ana.post("/export", first=f"{day:%Y}-01-01", last=f"{day:%Y}-12-31")
    assert answer.headers["content-type"].startswith("text/csv") and "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 1 and rows[0]["reference"] == booking.reference
    assert rows[0]["name"].startswith("'=HYPERLINK") and rows[0]["phone"] == "'+15550100142"
    assert rows[0]["rules"] == "anticoagulant" and rows[0]["outcome"] == "provider_review"
    assert not any(value.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for value in row.values())
    assert [event.username for event in audit("exported")] == ["ana"]


def test_what_does_not_exist_is_told_kindly(inbox: Staff) -> None:
    lee = Staff("lee")
    for path in ("/requests/ABC-DEFG", "/requests/x", "/callbacks/99", "/alerts/99", "/nowhere", "/static/nothing.js", "/callbacks/x"):
        answer = lee.get(path)
        assert answer.status_code == 404, path


def test_titles_and_addresses_hold_no_name_and_no_health_word(inbox: Staff) -> None:
    booking = book(said=["I'm 34", "I'm 10 weeks pregnant"], answers={**ALL_NO, "Q2_pregnancy": "yes"})
    lee = Staff("lee")
    for path in ("/", f"/requests/{booking.reference}"):
        page = lee.get(path).text
        title = re.search(r"<title>(.*?)</title>", page).group(1)
        assert not re.search(r"(?i)dana|lopez|pregnan", title)
        for address in re.findall(r'(?:href|action)="(/[^"]*)"', page):
            assert not re.search(r"(?i)dana|lopez|pregnan|0142", address)


# ---- When something is broken ----


def test_a_database_that_is_away_is_told_and_nothing_more(inbox: Staff, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    from desk.database import DeskUnavailable

    lee = Staff("lee")

    def away(*_: Any, **__: Any) -> None:
        raise DeskUnavailable("OperationalError")

    monkeypatch.setattr("desk.inbox.transaction", away)
    answer = lee.get("/")
    assert answer.status_code == 503 and "does not answer" in answer.text


def test_an_error_shows_and_logs_nothing_of_a_person(inbox: Staff, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    lee = Staff("lee")

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("Dana Lopez is pregnant")

    monkeypatch.setattr("desk.inbox.worklist", broken)
    answer = lee.get("/")
    assert answer.status_code == 500 and "Dana" not in answer.text
    assert "Dana" not in caplog.text and "RuntimeError" in caplog.text
