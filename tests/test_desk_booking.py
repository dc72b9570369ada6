"""Requests for a consultation: stored once, found again, moved on; on SQLite and PostgreSQL."""

from __future__ import annotations

import logging
import re
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timezone

import pytest
from sqlalchemy import inspect, select

from candidacy.findings import Finding
from candidacy.screening import assess
from desk import database as db
from desk.booking import (
    Booking,
    NotBookable,
    UnderAge,
    UrgentFirst,
    cancel,
    change_status,
    find,
    list_requests,
    request_consultation,
)
from desk.database import DeskUnavailable, engine, transaction
from desk.handoff import list_alerts, list_callbacks, mark_seen, raise_alert, request_callback
from desk.records import Consultation
from desk.references import SYMBOLS, new_reference, read_reference, show_reference
from desk.settings import settings
from desk.windows import Window
from tests.desk_fixtures import a_request

pytest_plugins = ("tests.desk_fixtures",)

TODAY = date(2026, 11, 22)
THREADS = 20


def _ask(key: str) -> Booking:
    return request_consultation(a_request(), idempotency_key=key)


def test_a_request_is_stored_with_its_screening_and_read_back_whole(database: str) -> None:
    findings = [Finding("pregnancy", text="10 weeks along", end=14)]
    window = Window("Fri 27 Nov, afternoon", ("2026-11-27",), "afternoon")
    verdict = assess(findings, {"Q2_pregnancy": "yes"}, TODAY)
    booking = request_consultation(
        a_request(
            email="dana@example.com",
            findings=findings,
            answers={"Q2_pregnancy": "yes"},
            windows=[window],
            verdict=verdict,
        ),
        idempotency_key="talk-1:1",
    )
    assert re.fullmatch(rf"[{SYMBOLS}]{{3}}-[{SYMBOLS}]{{4}}", booking.reference)
    (stored,) = list_requests()
    assert stored == booking
    assert stored.status == "requested"
    assert stored.verdict == verdict.to_dict()
    assert stored.outcome == verdict.outcome and stored.rules_version == verdict.version
    assert Window.from_dict(stored.windows[0]) == window
    assert Finding.from_dict(stored.findings[0]) == findings[0]
    assert stored.consented_at == datetime(2026, 11, 22, 15, 0, tzinfo=timezone.utc)
    assert abs((datetime.now(timezone.utc) - stored.created_at).total_seconds()) < 60


def test_the_same_key_gives_the_same_booking(database: str) -> None:
    first = request_consultation(a_request(), idempotency_key="talk-1:1")
    assert request_consultation(a_request(), idempotency_key="talk-1:1") == first
    assert len(list_requests()) == 1


def test_what_was_said_last_counts_until_staff_have_begun(database: str) -> None:
    first = request_consultation(a_request(), idempotency_key="talk-1:1")
    window = Window("mornings", (), "morning")
    wanted = a_request(name="Dana Lopes", phone=None, email="d@example.com", windows=[window])
    again = request_consultation(wanted, idempotency_key="talk-1:1")
    assert (again.reference, again.name, again.email, again.phone) == (first.reference, "Dana Lopes", "d@example.com", None)
    assert [item["label"] for item in again.windows] == ["mornings"]
    change_status(first.reference, "contacted")
    assert request_consultation(a_request(), idempotency_key="talk-1:1").name == "Dana Lopes"
    assert len(list_requests()) == 1


def test_twenty_threads_with_one_key_make_one_booking(database: str) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(lambda _: _ask("same"), range(THREADS)))
    assert len({booking.reference for booking in made}) == 1
    assert len(list_requests(limit=100)) == 1


def test_twenty_threads_with_their_own_keys_make_twenty_references(database: str) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(lambda n: _ask(f"talk:{n}"), range(THREADS)))
    assert len({booking.reference for booking in made}) == THREADS
    assert len(list_requests(limit=100)) == THREADS


def test_a_reference_that_is_taken_is_drawn_again(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["2345CFG", "2345CFG", "6789HJM"])
    monkeypatch.setattr("desk.booking.new_reference", lambda: next(drawn))
    request_consultation(a_request(), idempotency_key="a")
    assert request_consultation(a_request(), idempotency_key="b").reference == "678-9HJM"


@pytest.mark.parametrize("finding", [Finding("under_age", quantity=16), Finding("under_age", text="minor")])
def test_nobody_under_18_is_stored(database: str, finding: Finding) -> None:
    verdict = assess([finding], {}, TODAY)
    with pytest.raises(UnderAge):
        request_consultation(a_request(verdict=verdict), idempotency_key="k")
    with pytest.raises(UnderAge):
        request_callback("talk-1", "web", "Dana", "+15550100142", verdict)
    assert list_requests() == [] and list_callbacks() == []


def test_somebody_of_19_can_ask(database: str) -> None:
    verdict = assess([Finding("under_age", quantity=19)], {"Q1_age": "yes"}, TODAY)
    assert request_consultation(a_request(verdict=verdict), idempotency_key="k").outcome == "provider_review"


def test_an_emergency_is_no_time_to_book(database: str) -> None:
    verdict = assess([Finding(None, emergency=True)], {}, TODAY)
    with pytest.raises(UrgentFirst):
        request_consultation(a_request(verdict=verdict), idempotency_key="k")
    assert issubclass(UrgentFirst, NotBookable)
    assert list_requests() == []
    assert request_callback("talk-1", "web", "Dana", "+15550100142", verdict).outcome == "urgent"


def test_requests_come_newest_first_and_by_status(database: str) -> None:
    made = [request_consultation(a_request(), idempotency_key=str(n)).reference for n in range(3)]
    assert [booking.reference for booking in list_requests()] == made[::-1]
    assert [booking.reference for booking in list_requests(limit=1)] == made[-1:]
    change_status(made[0], "contacted")
    change_status(made[1], "closed")
    assert [booking.reference for booking in list_requests(status="contacted")] == [made[0]]
    assert {booking.reference for booking in list_requests(status="open")} == {made[0], made[2]}
    with pytest.raises(ValueError, match="unknown status"):
        list_requests(status="lost")


def test_a_request_is_found_only_with_its_code_and_proof(database: str) -> None:
    reference = request_consultation(
        a_request(email="Dana@Example.com"), idempotency_key="k"
    ).reference
    loose = reference.replace("-", " ").lower()
    assert find(loose, phone_last4="0142").reference == reference
    assert find(reference, email="dana@example.com").reference == reference
    assert find(reference, phone_last4="ending 0142").reference == reference
    for digits in ("0143", "2", "", None):
        assert find(reference, phone_last4=digits) is None
    assert find(reference, email="x@example.com") is None
    assert find("234-5CFG", phone_last4="0142") is None
    assert find("no code", phone_last4="0142") is None


def test_a_request_without_a_phone_is_not_found_by_empty_digits(database: str) -> None:
    reference = request_consultation(
        a_request(phone=None, email="d@example.com"), idempotency_key="k"
    ).reference
    assert find(reference, phone_last4="", email="") is None


def test_cancelling_needs_the_proof_and_keeps_a_closed_request_closed(database: str) -> None:
    reference = request_consultation(a_request(), idempotency_key="k").reference
    assert cancel(reference, phone_last4="9999") is None
    assert list_requests()[0].status == "requested"
    assert cancel(reference, phone_last4="0142").status == "cancelled"
    assert cancel(reference, phone_last4="0142").status == "cancelled"
    change_status(reference, "closed")
    assert cancel(reference, phone_last4="0142").status == "closed"


def test_a_status_is_changed_by_staff_and_an_unknown_one_refused(database: str) -> None:
    reference = request_consultation(a_request(), idempotency_key="k").reference
    assert change_status(reference, "confirmed").status == "confirmed"
    assert change_status("234-5CFG", "confirmed") is None
    with pytest.raises(ValueError, match="unknown status"):
        change_status(reference, "done")


def test_call_backs_and_alerts_reach_the_list(database: str) -> None:
    request_callback("talk-1", "web", "Dana", "+15550100142", idempotency_key="c1")
    request_callback("talk-1", "web", "Dana", "+15550100142", idempotency_key="c1")
    assert [callback.contact for callback in list_callbacks()] == ["+15550100142"]
    raise_alert("call_today", "talk-1", "web")
    urgent = raise_alert("urgent", "talk-2", "sms")
    assert [alert.kind for alert in list_alerts()] == ["urgent", "call_today"]
    assert mark_seen(urgent.id) and not mark_seen(urgent.id)
    assert [alert.kind for alert in list_alerts()] == ["call_today"]
    assert len(list_alerts(unseen_only=False)) == 2
    with pytest.raises(ValueError, match="unknown kind"):
        raise_alert("loud", "talk-1", "web")


def test_tables_and_constraints_have_names_that_a_migration_can_use(database: str) -> None:
    found = inspect(engine())
    assert {"consultation_request", "callback_request", "alert"} <= set(found.get_table_names())
    unique = {constraint["name"] for constraint in found.get_unique_constraints("consultation_request")}
    assert unique == {"uq_consultation_request_reference", "uq_consultation_request_idempotency_key"}
    checks = {constraint["name"] for constraint in found.get_check_constraints("consultation_request")}
    assert checks == {"ck_consultation_request_status"}


def test_a_failed_write_quotes_nobody(database: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bad = a_request(name="Dana Lopez", consent_text_version=None)  # the column does not allow it
    with pytest.raises(DeskUnavailable) as caught:
        request_consultation(bad, idempotency_key="k")
    shown = "".join(traceback.format_exception(caught.type, caught.value, caught.tb))
    assert not re.search(r"Lopez|0142", shown + caplog.text + repr(bad))


def test_a_booking_shows_no_person_in_its_repr(sqlite_database: str) -> None:
    booking = request_consultation(a_request(email="dana@example.com"), idempotency_key="k")
    assert not re.search(r"Lopez|0142|example\.com", repr(booking))


@pytest.mark.parametrize(
    "address", ["postgresql+psycopg2://nobody@127.0.0.1:1/none", "sqlite:////proc/no/desk.db"]
)
def test_a_database_that_is_not_there_has_its_own_error(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", address)
    settings.cache_clear()
    try:
        with pytest.raises(DeskUnavailable):
            request_consultation(a_request(), idempotency_key="k")
        with pytest.raises(DeskUnavailable):
            raise_alert("urgent", "talk-1", "web")
    finally:
        settings.cache_clear()


def test_a_file_removed_under_a_running_process_is_made_again(sqlite_database: str) -> None:
    request_consultation(a_request(), idempotency_key="k")
    for file in list(db.Path(db.make_url(sqlite_database).database).parent.glob("desk.db*")):
        file.unlink()
    request_consultation(a_request(), idempotency_key="k")
    with transaction() as session:
        assert len(session.scalars(select(Consultation)).all()) == 1


def test_sqlite_runs_with_a_write_ahead_log_and_foreign_keys(sqlite_database: str) -> None:
    with engine().connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_request_needs_a_name_and_a_way_to_reach_the_person() -> None:
    with pytest.raises(ValueError, match="needs a name"):
        a_request(name=" ")
    with pytest.raises(ValueError, match="phone number or an e-mail"):
        a_request(phone=None)


def test_codes_are_random_and_never_look_like_a_word_or_a_phone_number() -> None:
    codes = {new_reference() for _ in range(2000)}
    assert len(codes) == 2000
    for code in codes:
        assert len(code) == 7 and set(code) <= set(SYMBOLS)
        assert re.search(r"\d", code) and re.search(r"[A-Z]", code)
        assert read_reference(f"my code is {show_reference(code).lower()}, thanks") == code


@pytest.mark.parametrize("text", ["555-2345", "call 555 234 5678", "hmm", "", "X4F-29GHJ", "gym crwx"])
def test_other_words_are_no_code(text: str) -> None:
    assert read_reference(text) is None
