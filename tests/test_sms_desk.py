"""Text messages in the desk's database: inbox, outbox, consent, settings; on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, List

import pytest
from sqlalchemy import select, text

from candidacy.knowledge import load
from desk import privacy, sms_consent, sms_inbox, sms_outbox
from desk.database import transaction, utc_now
from desk.settings import BadSetting
from desk.sms_consent import STAFF, WORD, conversation_of, number_key
from desk.sms_inbox import Text
from desk.sms_outbox import CONSENT, PROACTIVE, REPLY, URGENT
from desk.sms_records import SmsContact, SmsInbox, SmsOutbox
from desk.sms_settings import read_sms_settings

pytest_plugins = ("tests.desk_fixtures",)

NUMBER, OTHER = "+15550100199", "+15550100188"


def put(kind: str = REPLY, key: str = "k", number: str = NUMBER, words: str = "hello", **more: Any) -> Any:
    return sms_outbox.put(None, "sms-talk", number, words, kind, key, **more)


def outbox() -> List[Dict[str, Any]]:
    with transaction() as session:
        columns = ("id", "state", "kind", "number", "body", "failure", "attempts", "provider_id")
        found = session.execute(select(SmsOutbox).order_by(SmsOutbox.id)).scalars()
        return [{name: getattr(row, name) for name in columns} for row in found]


def the_text(message_id: str = "SM1") -> Text:
    return next(text for text in sms_inbox.waiting() if text.message_id == message_id)


# ---- Inbox ----


def test_a_message_is_kept_once_and_answered_once(database: str) -> None:
    assert sms_inbox.receive("SM1", NUMBER, "hi") is True
    assert sms_inbox.receive("SM1", NUMBER, "hi") is False
    found = the_text()
    assert (found.number, found.body) == (NUMBER, "hi") and found.conversation_id.startswith("sms-")
    assert sms_inbox.answer(found, [("one", REPLY), ("two", REPLY)]) is True
    assert sms_inbox.answer(found, [("three", REPLY)]) is False
    assert [row["body"] for row in outbox()] == ["one", "two"]
    assert sms_inbox.waiting() == [] and sms_inbox.receive("SM1", NUMBER, "hi") is False


def test_copies_at_the_same_moment_are_kept_once(database: str) -> None:
    results: List[bool] = []
    barrier = threading.Barrier(4)

    def copy(message_id: str) -> None:
        barrier.wait()
        results.append(sms_inbox.receive(message_id, NUMBER, "hi"))

    for ids in (["SM1"] * 4, ["SM2", "SM3", "SM4", "SM5"]):
        threads = [threading.Thread(target=copy, args=(one,)) for one in ids]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results.count(True) == 5 and results.count(False) == 3
    assert len({text.conversation_id for text in sms_inbox.waiting()}) == 1


def test_the_order_of_arrival_is_kept_though_the_clock_stands(database: str, monkeypatch: Any) -> None:
    now = utc_now() + timedelta(hours=1)
    monkeypatch.setattr(sms_inbox, "utc_now", lambda: now)
    for number in (3, 1, 2):
        sms_inbox.receive(f"SM{number}", NUMBER, str(number))
    assert [text.body for text in sms_inbox.waiting()] == ["3", "1", "2"]
    sms_inbox._last.clear()


def test_what_is_answered_and_what_was_said_stand_nowhere_in_clear(database: str) -> None:
    sms_inbox.receive("SM1", NUMBER, "I am pregnant")
    with transaction() as session:
        raw = str(session.execute(text("SELECT * FROM sms_inbox")).all())
    assert "pregnant" not in raw and NUMBER[2:] not in raw
    assert "pregnant" not in repr(the_text()) and NUMBER not in repr(the_text())
    sms_inbox.answer(the_text(), [("ok", REPLY)])
    with transaction() as session:
        row = session.execute(select(SmsInbox)).scalar_one()
        assert (row.number, row.body, row.state) == (None, None, "answered")


def test_an_answer_that_fails_half_way_changes_nothing(database: str) -> None:
    sms_inbox.receive("SM1", NUMBER, "stop")

    def broken(session: Any) -> None:
        sms_consent.change(session, NUMBER, WORD)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        sms_inbox.answer(the_text(), [("ok", CONSENT)], broken)
    assert outbox() == [] and the_text().body == "stop" and sms_consent.opted_out(NUMBER) is False


# ---- Outbox ----


def test_the_same_key_is_put_once(database: str) -> None:
    assert put() is not None and put(words="again") is None
    assert put(key="k2", words="\U0001f600") is None  # nothing is left of it
    assert [row["body"] for row in outbox()] == ["hello"]
    with pytest.raises(ValueError):
        put(kind="spam", key="k3")


def test_emergencies_go_first_and_answers_in_order(database: str) -> None:
    first, second, urgent = put(key="1"), put(key="2"), put(URGENT, "3")
    claimed = [sms_outbox.claim(), sms_outbox.claim()]
    assert [row.id for row in claimed if row] == [urgent, first]
    assert sms_outbox.claim() is None  # the second answer waits for the first
    sms_outbox.sent(first, "SMx")
    assert sms_outbox.claim().id == second  # type: ignore[union-attr]


def test_another_persons_answer_does_not_wait(database: str) -> None:
    put(key="1")
    sms_outbox.claim()
    other = sms_outbox.put(None, "sms-other", OTHER, "hi", REPLY, "2")
    assert sms_outbox.claim().id == other  # type: ignore[union-attr]


def test_what_was_sent_or_given_up_is_emptied(database: str) -> None:
    one, two = put(key="1"), put(key="2")
    sms_outbox.sent(one, "SMx")
    sms_outbox.give_up(two, "21211")
    assert [(row["state"], row["number"], row["body"]) for row in outbox()] == [("sent", None, None), ("dead", None, None)]


def test_a_claim_without_an_end_is_in_doubt_and_a_known_failure_is_not(database: str) -> None:
    row_id = put()
    first = sms_outbox.claim()
    assert first is not None and first.in_doubt is False and sms_outbox.claim() is None
    assert sms_outbox.release() == 1
    assert sms_outbox.claim().in_doubt is True  # type: ignore[union-attr]
    sms_outbox.again(row_id, utc_now(), "429")
    assert sms_outbox.claim().in_doubt is False  # type: ignore[union-attr]
    later = utc_now() + sms_outbox.CLAIM + timedelta(seconds=1)
    assert sms_outbox.claim(later).in_doubt is True  # type: ignore[union-attr]


# ---- Consent ----


def test_after_an_opt_out_only_an_emergency_is_sent(database: str) -> None:
    put(key="waits")
    put(URGENT, "urgent")
    with transaction() as session:
        sms_consent.change(session, NUMBER, WORD)
        assert sms_outbox.drop_unwanted(session, NUMBER) == 1
    assert [(row["state"], row["body"]) for row in outbox()] == [("dead", None), ("waiting", "hello")]
    assert put(PROACTIVE, "reminder") is None
    put(REPLY, "late")
    found = [sms_outbox.claim(), sms_outbox.claim()]
    assert [(row.kind, row.opted_out) for row in found if row] == [(URGENT, False), (REPLY, True)]


def test_opting_out_and_in_is_kept_by_a_hash_alone(database: str) -> None:
    assert sms_consent.opt_out(NUMBER, STAFF) is True and sms_consent.opt_out(NUMBER, WORD) is False
    assert sms_consent.opted_out_by(NUMBER) == STAFF and sms_consent.opted_out(OTHER) is False
    with transaction() as session:
        assert NUMBER[2:] not in str(session.execute(text("SELECT * FROM sms_contact")).all())
    assert sms_consent.opt_in(NUMBER) is True and sms_consent.opted_out(NUMBER) is False


def test_after_a_deletion_the_same_number_begins_anew_and_stays_opted_out(database: str) -> None:
    sms_inbox.receive("SM1", NUMBER, "hi")
    before = the_text().conversation_id
    sms_consent.opt_out(NUMBER, WORD)
    with transaction() as session:
        after = sms_consent.renew(session, before)
        assert sms_consent.renew(session, "web-somebody") is None
    sms_inbox.receive("SM2", NUMBER, "hi")
    assert the_text("SM2").conversation_id == after == conversation_of(number_key(NUMBER), 1) != before
    assert sms_consent.opted_out(NUMBER) is True


def test_an_answer_on_its_way_outlives_a_deletion_that_was_asked_for_before(database: str) -> None:
    sms_inbox.receive("SM1", NUMBER, "yes, delete it all")
    conversation = the_text().conversation_id
    privacy.request_deletion(conversation)
    sms_inbox.answer(the_text(), [("In a moment it will be gone.", REPLY)])
    sms_outbox.sent(sms_outbox.claim().id, "SMx")  # type: ignore[union-attr]
    (due,) = privacy.pending()
    sms_inbox.receive("SM2", NUMBER, "hi")
    sms_inbox.answer(the_text("SM2"), [("Hello.", REPLY)])  # just before the deletion takes its locks
    assert privacy.delete_everything(due.id) is not None
    assert [(row["state"], row["body"]) for row in outbox()] == [("waiting", "Hello.")]
    assert sms_outbox.claim().conversation_id != conversation  # type: ignore[union-attr]


def test_the_first_disclosure_and_warning_count(database: str) -> None:
    sms_consent.note(NUMBER)
    sms_consent.note(NUMBER, disclosed=True, screening=True)
    with transaction() as session:
        first = session.execute(select(SmsContact)).scalar_one()
        moments = (first.disclosed_at, first.screening_by_text_at)
    sms_consent.note(NUMBER, disclosed=True)
    with transaction() as session:
        again = session.execute(select(SmsContact)).scalar_one()
        assert (again.disclosed_at, again.screening_by_text_at) == moments and None not in moments


# ---- Quiet hours ----


def at_clinic(hour: int, minute: int = 0) -> datetime:
    from desk.settings import time_zone

    return datetime(2026, 11, 20, hour, minute, tzinfo=time_zone())


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [((3, 0), (20, 8, 0)), ((7, 59), (20, 8, 0)), ((8, 0), None), ((20, 59), None), ((21, 0), (21, 8, 0)), ((23, 30), (21, 8, 0))],
)
def test_the_clinic_writes_first_only_by_day(moment: tuple, allowed: Any) -> None:
    clinic = load().clinic
    when = at_clinic(*moment)
    found = sms_outbox.next_allowed(when, clinic)
    expected = when if allowed is None else when.replace(day=allowed[0], hour=allowed[1], minute=allowed[2])
    assert found == expected


def test_a_reminder_put_at_night_waits_and_one_that_slid_into_the_night_waits_again(sqlite_database: str, monkeypatch: Any) -> None:
    night = at_clinic(23).astimezone(timezone.utc)
    monkeypatch.setattr(sms_outbox, "utc_now", lambda: night)
    put(PROACTIVE, "reminder")
    answer = put(REPLY, "answer")
    assert sms_outbox.claim(night).id == answer  # type: ignore[union-attr]
    sms_outbox.sent(answer, "SMx")
    morning = at_clinic(8, 1) + timedelta(days=1)
    assert sms_outbox.claim(morning - timedelta(minutes=2)) is None
    assert sms_outbox.claim(morning + timedelta(hours=14)) is None
    assert sms_outbox.claim(morning) is None  # it was moved to the morning after that
    assert sms_outbox.claim(morning + timedelta(days=1)).kind == PROACTIVE  # type: ignore[union-attr]


# ---- Settings ----

GOOD = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "t" * 32,
    "TWILIO_FROM": "+15550100142",
    "PUBLIC_URL": "https://chat.clinic.example/",
}


def test_all_settings_or_none() -> None:
    assert read_sms_settings({}) is None and read_sms_settings({"PUBLIC_URL": "https://chat.clinic.example"}) is None
    settings = read_sms_settings(GOOD)
    assert settings and settings.public_url == "https://chat.clinic.example" and settings.per_second == 1
    assert settings.provider_answers_stop and settings.token not in repr(settings)
    service = {**GOOD, "TWILIO_FROM": "", "TWILIO_MESSAGING_SERVICE_SID": "MG" + "1" * 32}
    assert read_sms_settings(service).per_second == 0  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("change", "variable"),
    [({name: ""}, name) for name in GOOD]
    + [
        ({"TWILIO_ACCOUNT_SID": "AB12"}, "TWILIO_ACCOUNT_SID"),
        ({"TWILIO_FROM": "555"}, "TWILIO_FROM"),
        ({"TWILIO_MESSAGING_SERVICE_SID": "MG" + "1" * 32}, "TWILIO_FROM"),
        ({"PUBLIC_URL": "http://chat.clinic.example"}, "PUBLIC_URL"),
        ({"TWILIO_API_BASE": "http://elsewhere.example"}, "TWILIO_API_BASE"),
        ({"TWILIO_API_BASE": "nonsense"}, "TWILIO_API_BASE"),
        ({"SMS_PROVIDER_ANSWERS_STOP": "maybe"}, "SMS_PROVIDER_ANSWERS_STOP"),
        ({"SMS_PER_SECOND": "fast"}, "SMS_PER_SECOND"),
        ({"SMS_PER_SECOND": "-1"}, "SMS_PER_SECOND"),
    ],
)  # fmt: skip
def test_a_half_set_provider_stops_the_start_with_one_line(change: Dict[str, str], variable: str) -> None:
    with pytest.raises(BadSetting) as caught:
        read_sms_settings({**GOOD, **change})
    assert caught.value.variable == variable and "\n" not in str(caught.value)
    assert "t" * 32 not in str(caught.value)
