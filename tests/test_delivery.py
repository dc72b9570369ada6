"""Deliveries: written with the request, sent in order, again and again, and staff hear of what does not arrive."""

from __future__ import annotations

import json
import random
import threading
from datetime import timedelta
from typing import Any, List

import pytest
from sqlalchemy import delete, update

from desk.database import transaction
from desk.delivery import enqueue, retry
from desk.delivery.claims import ATTEMPTS, LEASE, claim, delivered, due_targets, failed, pause
from desk.delivery.failures import REFUSED, UNREACHABLE, DeliveryFailed
from desk.delivery.sending import deliver_due
from desk.records import Alert, Consultation, Delivery
from tests.delivery_fixtures import (  # noqa: F401
    NOW,
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
from tests.desk_fixtures import database, sqlite_database  # noqa: F401

ALL = ("email", "webhook", "caldav")


def test_without_a_target_there_is_nothing_to_deliver(sqlite_database: str, use: Use) -> None:  # noqa: F811
    book()
    assert rows() == [] and deliver_due(NOW) == 0


def test_each_target_gets_one_row_however_often_it_is_asked(  # noqa: F811
    database: str, use: Use, web_server: HttpTarget, mail_server: MailServer  # noqa: F811
) -> None:
    use(web_server.settings, mail_server.settings)
    number = book()
    with transaction() as session:
        assert enqueue(session, "consultation", number, "requested") == []
    assert [row.idempotency_key for row in rows()] == [f"consultation:{number}:requested:{t}" for t in ("email", "webhook")]


def test_rows_live_and_die_with_the_booking_s_transaction(sqlite_database: str, use: Use, web_server: HttpTarget) -> None:  # noqa: F811
    use(web_server.settings)
    with pytest.raises(RuntimeError):
        with transaction() as session:
            enqueue(session, "consultation", 1, "requested")
            raise RuntimeError("the booking failed")
    assert rows() == []


def test_a_row_without_its_subject_s_number_is_refused(sqlite_database: str, use: Use) -> None:  # noqa: F811
    with transaction() as session:
        for subject, number in (("consultation", None), ("patient", 1)):
            with pytest.raises(ValueError, match="needs a subject"):
                enqueue(session, subject, number, "requested")  # type: ignore[arg-type]


def test_a_call_back_goes_where_it_has_something_to_tell_and_staff_s_own_work_is_not_mailed(
    sqlite_database: str, use: Use, web_server: HttpTarget, mail_server: MailServer, calendar_server: CalendarServer  # noqa: F811
) -> None:
    use(web_server.settings, mail_server.settings, calendar_server.settings)
    ask_for_a_call()
    assert [row.target for row in rows()] == ["email", "webhook"]
    with transaction() as session:
        assert {row.target for row in enqueue(session, "consultation", 5, "contacted-2")} == {"webhook", "caldav"}


def test_everything_is_down_for_an_hour_then_all_arrives_in_order_and_staff_saw_the_alert(
    database: str, use: Use, web_server: HttpTarget, mail_server: MailServer, calendar_server: CalendarServer  # noqa: F811
) -> None:
    use(web_server.settings, mail_server.settings, calendar_server.settings)
    targets = (web_server, mail_server, calendar_server)
    for target in targets:
        target.down()
    numbers: List[int] = []
    for minute in range(61):
        at = NOW + minutes(minute)
        if minute in (0, 3, 20, 59):
            numbers.append(book(at))
        if minute == 30:
            happens(numbers[1], "rescheduled", at, slot_start=NOW + timedelta(days=5))
        deliver_due(at)
        if minute == 14:
            assert alerts() == []
        if minute == 16:
            assert [alert.channel for alert in alerts()] == list(sorted(ALL))
    assert len(alerts()) == 3, "one alert a target, not one a minute"
    assert all(row.state == "waiting" for row in rows())
    assert sum(row.attempts > 0 for row in rows()) == 3, "only the oldest row of each target is tried"

    for target in targets:
        target.up()
    at = NOW + minutes(60)
    while any(row.state == "waiting" for row in rows()):
        at += minutes(1)
        assert at < NOW + minutes(130), "the longest pause is an hour"
        deliver_due(at)
    first, second, third, fourth = numbers
    order = [(first, "requested"), (second, "requested"), (third, "requested"), (second, "rescheduled"), (fourth, "requested")]
    assert web_server.accepted == [f"consultation:{number}:{event}:webhook" for number, event in order]
    assert [mail["Subject"].split(": ")[1] for mail in mail_server.mails] == ["new", "new", "new", "changed", "new"]
    references = _references()
    assert [mail["Subject"].split()[1][:-1] for mail in mail_server.mails] == [references[number] for number, _ in order]
    assert len(calendar_server.entries) == 4
    assert sum("SEQUENCE:1" in entry for entry in calendar_server.entries) == 1
    assert len(alerts()) == 3
    assert {row.state for row in rows()} == {"sent"}


def test_the_second_outage_raises_an_alert_of_its_own(sqlite_database: str, use: Use, web_server: HttpTarget) -> None:  # noqa: F811
    use(web_server.settings)
    for outage, begin in enumerate((NOW, NOW + timedelta(hours=9)), 1):
        web_server.down()
        book(begin)
        for minute in range(0, 40):
            deliver_due(begin + minutes(minute))
        _staff_look(begin + minutes(40))
        deliver_due(begin + minutes(41))
        assert len(alerts()) == outage, "seen, and still away: nothing new to say"
        web_server.up()
        deliver_due(begin + minutes(140))
    assert {row.state for row in rows()} == {"sent"}


def test_when_a_target_is_back_nothing_waits_for_its_own_next_time_but_what_it_refused(
    sqlite_database: str, use: Use, web_server: HttpTarget  # noqa: F811
) -> None:
    use(web_server.settings)
    for failure, pause_minutes in (("failed: status 500", 50), ("refused: status 400", 50), ("unreachable: ConnectError", 0)):
        number = book()
        with transaction() as session:
            session.execute(
                update(Delivery)
                .where(Delivery.subject_id == number)
                .values(attempts=8, failure=failure, next_attempt_at=NOW + minutes(pause_minutes))
            )
    assert deliver_due(NOW) >= 2
    assert [row.state for row in rows()] == ["sent", "waiting", "sent"]


def test_one_message_that_a_target_refuses_does_not_hold_up_the_others(sqlite_database: str, use: Use, web_server: HttpTarget) -> None:  # noqa: F811
    use(web_server.settings)
    web_server.status = 400
    first = book()
    deliver_due(NOW)
    web_server.status = 200
    second = book(NOW + minutes(0.1))
    deliver_due(NOW + minutes(0.1))
    assert [row.state for row in rows()] == ["waiting", "sent"]
    assert rows()[0].failure == "refused: status 400"
    deliver_due(NOW + minutes(2))
    assert web_server.accepted == [f"consultation:{n}:requested:webhook" for n in (second, first)]


def test_a_later_message_about_the_same_request_waits_for_the_earlier(database: str, use: Use, web_server: HttpTarget) -> None:  # noqa: F811
    use(web_server.settings)
    web_server.status = 400
    number = book()
    deliver_due(NOW)
    happens(number, "cancelled", NOW, status="cancelled")
    web_server.status = 200
    assert deliver_due(NOW + minutes(0.5)) == 0
    assert due_targets(NOW + minutes(0.5)) == [], "what waits behind another is not overdue"
    assert deliver_due(NOW + minutes(2)) == 2
    assert [key.split(":")[2] for key in web_server.accepted] == ["requested", "cancelled"]


def test_after_about_a_day_it_is_given_up_staff_are_told_and_may_have_it_tried_again(
    database: str, use: Use, web_server: HttpTarget  # noqa: F811
) -> None:
    use(web_server.settings)
    web_server.status = 403
    number = book()
    at = NOW
    while rows()[0].state == "waiting":
        deliver_due(at)
        at = max(at + minutes(1), rows()[0].next_attempt_at)
    row = rows()[0]
    assert row.state == "dead" and row.attempts == ATTEMPTS == len(web_server.requests)
    assert timedelta(hours=20) < at - NOW < timedelta(hours=28)
    assert [(a.channel, a.kind, a.conversation_id) for a in alerts()] == [("webhook", "delivery", "")]
    assert deliver_due(at + timedelta(days=1)) == 0, "dead is dead"

    web_server.status = 200
    with transaction() as session:
        assert retry(session, row.id, at) is True
        assert retry(session, row.id, at) is False
    assert deliver_due(at) == 1 and web_server.accepted == [f"consultation:{number}:requested:webhook"]
    with transaction() as session:
        assert retry(session, row.id, at) is False and retry(session, 999, at) is False


def test_a_dead_message_is_not_sent_after_a_later_one(sqlite_database: str, use: Use, web_server: HttpTarget) -> None:  # noqa: F811
    use(web_server.settings)
    number = book()
    with transaction() as session:
        session.execute(update(Delivery).values(state="dead"))
    happens(number, "cancelled", status="cancelled")
    deliver_due(NOW)
    with transaction() as session:
        assert retry(session, rows()[0].id, NOW) is False


def test_pauses_grow_from_a_minute_to_an_hour_with_some_chance() -> None:
    random.seed(1)
    means = [sum((pause(n).total_seconds() for _ in range(200))) / 200 for n in range(1, ATTEMPTS + 1)]
    assert [round(mean / 60) for mean in means[:7]] == [1, 2, 4, 8, 16, 32, 60]
    assert all(3500 < mean < 3700 for mean in means[6:])
    assert len({pause(3) for _ in range(20)}) > 10


def test_two_workers_share_the_rows_and_send_each_once_in_order(database: str, use: Use, web_server: HttpTarget) -> None:  # noqa: F811
    use(web_server.settings)
    numbers = [book() for _ in range(12)]
    for number in numbers:
        happens(number, "rescheduled")
        happens(number, "cancelled", status="cancelled")
    start, errors = threading.Barrier(3), []

    def one_worker() -> None:
        start.wait()
        try:
            while any(row.state == "waiting" for row in rows()):
                deliver_due(NOW)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=one_worker) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    keys = [request["headers"]["Idempotency-Key"] for request in web_server.requests]
    assert len(keys) == len(set(keys)) == 36
    for number in numbers:
        own = [key.split(":")[2] for key in keys if key.startswith(f"consultation:{number}:")]
        assert own == ["requested", "rescheduled", "cancelled"]


def test_a_worker_that_comes_back_after_its_lease_says_nothing(database: str, use: Use, web_server: HttpTarget) -> None:  # noqa: F811
    use(web_server.settings)
    book()
    slow = claim("webhook", NOW)
    assert slow is not None and claim("webhook", NOW + LEASE / 2) is None
    later = NOW + LEASE
    quick = claim("webhook", later)
    assert quick is not None and quick.attempts == 2
    failed(slow, DeliveryFailed(UNREACHABLE, "ConnectError"), later)
    delivered(slow, later, later)
    assert rows()[0].state == "waiting" and rows()[0].attempts == 2
    delivered(quick, later, later)
    assert rows()[0].state == "sent"


def test_one_target_that_fails_does_not_stop_the_others(
    sqlite_database: str, use: Use, web_server: HttpTarget, mail_server: MailServer  # noqa: F811
) -> None:
    use(web_server.settings, mail_server.settings)
    web_server.down()
    book()
    assert deliver_due(NOW) == 1
    assert len(mail_server.mails) == 1 and due_targets(NOW) == []


def test_a_fault_of_ours_in_one_message_is_retried_like_any_other(
    sqlite_database: str, use: Use, web_server: HttpTarget, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:
    use(web_server.settings)
    book()

    def broken(*_: Any) -> None:
        raise KeyError("Quillon")

    with monkeypatch.context() as patch:
        patch.setattr("desk.delivery.sending.compose", broken)
        assert deliver_due(NOW) == 0
    assert rows()[0].failure == "failed: KeyError"
    assert deliver_due(NOW + minutes(2)) == 1


def test_a_target_that_was_switched_off_ends_in_an_alert_not_in_silence(sqlite_database: str, use: Use, web_server: HttpTarget) -> None:  # noqa: F811
    use(web_server.settings)
    book()
    use()
    for minute in range(17):
        deliver_due(NOW + minutes(minute))
    assert rows()[0].failure == f"{REFUSED}: the target is not configured any more"
    assert [alert.channel for alert in alerts()] == ["webhook"]


def test_what_was_deleted_is_told_to_nobody_but_its_calendar_entry_goes(
    sqlite_database: str, use: Use, web_server: HttpTarget, calendar_server: CalendarServer  # noqa: F811
) -> None:
    use(web_server.settings, calendar_server.settings)
    number = book()
    assert deliver_due(NOW) == 2 and len(calendar_server.entries) == 1
    happens(number, "cancelled", status="cancelled")
    with transaction() as session:
        session.delete(session.get(Consultation, number))
    deliver_due(NOW)
    assert calendar_server.entries == []
    assert [key.split(":")[2] for key in web_server.accepted] == ["requested"]
    assert [(row.target, row.event) for row in rows(state="waiting")] == []
    assert not any(row.event == "cancelled" and row.target == "webhook" for row in rows())


def test_after_a_deletion_staff_are_told_by_the_code_alone(
    sqlite_database: str, use: Use, web_server: HttpTarget, mail_server: MailServer, calendar_server: CalendarServer, tmp_path: Any  # noqa: F811
) -> None:
    fhir = {"FHIR_EXPORT": "health-data", "FHIR_FOLDER": str(tmp_path / "fhir")}
    use(web_server.settings, mail_server.settings, calendar_server.settings, fhir)
    number = book()
    deliver_due(NOW)
    code = _references()[number]
    with transaction() as session:
        session.delete(session.get(Consultation, number))
        session.execute(delete(Delivery))
        at_once(enqueue(session, "consultation", number, f"cancelled {code}"), NOW)
    deliver_due(NOW)
    assert mail_server.mails[-1]["Subject"] == f"Request {code}: cancelled"
    told = json.loads(web_server.requests[-1]["body"])
    assert (told["event"], told["reference"], told["start"], told["times"]) == ("consultation.cancelled", code, None, [])
    assert told["link"] == "https://inbox.clinic.example", "there is no page of it any more"
    assert calendar_server.entries == [] and len(list((tmp_path / "fhir").iterdir())) == 1
    assert sorted((row.target, row.state) for row in rows()) == [("caldav", "sent"), ("email", "sent"), ("webhook", "sent")]


def test_a_slow_target_is_cut_off(sqlite_database: str, use: Use, web_server: HttpTarget, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    import asyncio

    async def forever(*_: Any) -> None:
        await asyncio.Event().wait()

    use(web_server.settings)
    book()
    monkeypatch.setattr("desk.delivery.sending.SECONDS_EACH", 0.05)
    monkeypatch.setattr("desk.delivery.webhook.send", forever)
    assert deliver_due(NOW) == 0
    assert rows()[0].failure == "failed: no end after 0.05 s"


def _references() -> dict:
    from desk.references import show_reference

    with transaction() as session:
        return {row.id: show_reference(row.reference) for row in session.query(Consultation)}


def _staff_look(at: Any) -> None:
    with transaction() as session:
        session.execute(update(Alert).where(Alert.seen_at.is_(None)).values(seen_at=at))
