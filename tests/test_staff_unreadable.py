"""A row that is sealed with a key that is not there: it keeps its line, and the others list as usual."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any, Dict

import pytest
import sqlalchemy as sa

from desk import bookings, sealing
from desk import inbox as worklist
from desk.database import transaction
from desk.handoff import raise_alert, request_callback
from desk.readable import is_readable, rows_by_id
from desk.records import Consultation
from desk.settings import today
from desk.sms_consent import opt_out
from desk.sms_consent import STAFF as BY_STAFF
from desk.staff_audit import list_events
from tests import desk_fixtures, staff_fixtures
from tests.staff_fixtures import ALL_NO, Staff, book

database = desk_fixtures.database
talks, quick_hashes, inbox = staff_fixtures.talks, staff_fixtures.quick_hashes, staff_fixtures.inbox

KEY = "a key for the tests and for nothing else"


def with_another_key(table: str, number: int, *columns: str) -> None:
    """Seal some values of a row as a machine with another key would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_KEY", "a key of another machine that nobody here has")
        sealing.forget_keys()
        values: Dict[str, str] = {column: sealing.seal('{"outcome": "defer"}') for column in columns}
    sealing.forget_keys()
    changes = ", ".join(f"{column} = :{column}" for column in columns)
    with transaction() as session:
        session.execute(sa.text(f"UPDATE {table} SET {changes} WHERE id = :id"), {**values, "id": number})


def lost(name: str = "Dana Lopez", **changes: Any) -> worklist.Entry:
    """A request whose name nobody here can read."""
    entry = worklist.entry("consultation", book(name, **changes).reference)
    with_another_key("consultation_request", entry.id, "name", "phone")
    return entry


def line(page: str, key: str) -> str:
    """The words of an entry's line in the list."""
    (row,) = [one for one in re.findall(r'<li class="row.*?</li>', page, re.S) if key in one]
    return " ".join(re.sub(r"<[^>]+>", " ", row).split())


def test_its_line_has_reference_status_and_time_and_the_rest_lists_as_usual(inbox: Staff) -> None:
    book("Anna First", conversation="a")
    entry = lost(conversation="b", said=["I'm 34", "I take eliquis"], answers={**ALL_NO, "Q6_medicines": "yes"})
    book("Cleo Last", conversation="c")
    answer = Staff("lee").get("/")
    assert answer.status_code == 200
    told = line(answer.text, entry.key)
    assert told.startswith(f"Cannot be read {entry.key} · Web chat · just now") and told.endswith("New")
    assert "encrypted with another key" in told and "Bring its key back" in told and "tel:" not in told
    assert "A provider looks first" in told, "the outcome stands in clear"
    for name in ("Anna First", "Cleo Last"):
        assert f">{name}</a>" in answer.text and "(555) 010-0142" in line(answer.text, name)
    assert 'To do <span class="count">3<' in answer.text


@pytest.mark.parametrize("columns", [("name",), ("phone",), ("verdict",), ("findings", "answers")])
def test_one_value_that_does_not_open_is_enough(inbox: Staff, columns: Any) -> None:
    entry = worklist.entry("consultation", book().reference)
    with_another_key("consultation_request", entry.id, *columns)
    told = line(Staff("lee").get("/").text, entry.key)
    assert told.startswith("Cannot be read") and "Not known" in told, "nothing is claimed of a screening that nobody can read"
    assert "Dana" not in told and "No flag" not in told


def test_a_call_back_too(inbox: Staff) -> None:
    rosa, nina = (request_callback(talk, "web", talk, "+15550100199") for talk in ("Rosa", "Nina"))
    with_another_key("callback_request", rosa.id, "contact")
    lee = Staff("lee")
    page = lee.get("/").text
    assert "Nina" in page and "Cannot be read" in page and "Rosa" not in page
    assert "DATA_KEY" in lee.get(f"/callbacks/{rosa.id}").text and "Nina" in lee.get(f"/callbacks/{nina.id}").text


def test_its_own_page_says_what_is_wrong_and_nothing_is_changed_there(inbox: Staff, caplog: pytest.LogCaptureFixture) -> None:
    entry = lost()
    kim, path = Staff("kim"), f"/requests/{entry.key}"
    posts = {"/status": {"status": "closed", "was": "requested"}, "/notes": {"text": "x"}, "/review": {},
             "/time": {"was": "requested", "had": "", "day": f"{today() + timedelta(days=3)}", "clock": "11:00"}}  # fmt: skip
    for answer in (kim.get(path), kim.get(path + "/card"), *(kim.post(path + where, **form) for where, form in posts.items())):
        assert answer.status_code == 500 and "DATA_KEY" in answer.text
    assert {event.action for event in list_events(subject_id=entry.key)} == set()
    assert "opens with none of the keys" in caplog.text and "Dana" not in caplog.text
    assert worklist.entry("consultation", entry.key).status == "requested"


def test_another_entry_of_the_same_person_still_opens(inbox: Staff) -> None:
    entry = lost(conversation="a")
    other = book("Dana Lopez", conversation="a")
    page = Staff("lee").get(f"/requests/{other.reference}").text
    assert "<h1>Dana Lopez</h1>" in page and f'href="/requests/{entry.key}"' in page


def test_alerts_opt_outs_and_the_search_bear_it(inbox: Staff) -> None:
    entry = lost(conversation="a")
    book("Dana Other", conversation="b", phone="+15550100177")
    raised = raise_alert("urgent", "a", "web")
    opt_out("+15550100142", BY_STAFF)
    lee = Staff("lee")
    assert "<b>Cannot be read</b>: Somebody described an emergency" in lee.get("/").text
    assert "Cannot be read" in lee.get(f"/alerts/{raised.id}").text
    assert lee.get("/opt-outs").status_code == 200
    found = {words: lee.post("/search", words=words).text for words in ("dana", entry.key, "555 010 0142")}
    assert "Dana Other" in found["dana"] and entry.key not in found["dana"]
    assert all(entry.key in found[words] for words in (entry.key, "555 010 0142")), "found by what stands in clear"


def test_the_export_keeps_its_line_without_the_person(inbox: Staff) -> None:
    book("Anna First", conversation="a")
    entry = lost(conversation="b", email="dana@example.org")
    book("Cleo Last", conversation="c")
    answer = Staff("ana").post("/export", first=f"{today() - timedelta(days=1)}", last=f"{today()}")
    assert answer.status_code == 200
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["name"] for row in rows] == ["Anna First", "cannot be read", "Cleo Last"]
    bare = rows[1]
    assert (bare["reference"], bare["status"], bare["rules_version"]) == (entry.key, "requested", rows[0]["rules_version"])
    assert bare["asked_at"] and not any(bare[name] for name in ("phone", "email", "complete", "rules", "earliest"))


def test_with_the_key_back_everything_is_as_before(inbox: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    book()
    before = worklist.worklist()
    monkeypatch.setenv("DATA_KEY", "a newer key that nobody has put beside the old one")
    sealing.forget_keys()
    (entry,), total = worklist.worklist()
    assert (entry.readable, entry.name, entry.phone, total) == (False, "", None, 1)
    monkeypatch.setenv("DATA_KEY", KEY)
    sealing.forget_keys()
    assert worklist.worklist() == before


def test_the_list_in_the_terminal_says_it_in_one_line(inbox: Staff, capsys: pytest.CaptureFixture) -> None:
    lost()
    assert bookings.main([]) == 1
    assert capsys.readouterr().err.strip() == "a stored value opens with none of the keys in DATA_KEY"


def test_where_all_open_it_is_one_query_and_few_more_for_one_that_does_not(database: str) -> None:
    entries = [worklist.entry("consultation", book(f"Person {n}", conversation=f"t-{n}").reference) for n in range(32)]
    numbers = [entry.id for entry in entries]

    def counted() -> int:
        statements = []
        with transaction() as session:
            note = sa.event.listen
            note(session.get_bind(), "before_cursor_execute", lambda *given: statements.append(given[2]))
            rows = rows_by_id(session, Consultation, numbers)
        assert sorted(rows) == numbers
        assert [show for show in numbers if not is_readable(rows[show])] == bad
        return len(statements)

    bad: list = []
    assert counted() == 1
    with_another_key("consultation_request", numbers[20], "name")
    bad.append(numbers[20])
    assert counted() <= 12
