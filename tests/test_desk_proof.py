"""Changing a request: only with its code and a proof, few tries, the same words for a wrong code and a wrong proof."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any, List, Optional

import pytest
from sqlalchemy import select

from desk.booking import cancel, change_status, list_requests, request_consultation, reschedule
from desk.changes import CANCEL, KEEP, MOVE, read_change
from desk.changing import NotOpen, cancel_proven
from desk.database import transaction
from desk.delivery.delivery_settings import delivery_settings
from desk.handoff import raise_alert, request_callback
from desk.proof import MOST_WRONG, TooManyTries, prove, requests_of_number
from desk.records import Delivery, ReferenceTry
from desk.sealing import contact_key
from desk.sms_consent import number_key
from desk.sms_records import SmsContact
from desk.windows import Window
from tests.desk_fixtures import a_request

pytest_plugins = ("tests.desk_fixtures",)

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=timezone.utc)
WRONG = "234-5CFG"


@pytest.fixture
def targets(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two places that want to hear of requests."""
    values = {
        "WEBHOOK_URL": "https://hooks.example.com/x", "WEBHOOK_SECRET": "a secret of more than 32 characters",
        "CALDAV_URL": "https://cal.example.com/c/", "CALDAV_USER": "u", "CALDAV_PASSWORD": "p",
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    delivery_settings.cache_clear()
    yield
    delivery_settings.cache_clear()


def booked(key: str = "k", **changes: Any) -> str:
    return request_consultation(a_request(**changes), idempotency_key=key).reference


def tried(reference: str, digits: str, talk: str = "talk-9", at: datetime = NOON) -> Optional[str]:
    booking = prove(reference, talk, phone_last4=digits, at=at)
    return booking.reference if booking else None


def events() -> List[str]:
    with transaction() as session:
        return [row.event for row in session.scalars(select(Delivery).order_by(Delivery.id)) if row.target == "webhook"]


def test_the_code_and_the_digits_open_it(database: str) -> None:
    reference = booked(email="dana@example.com")
    assert tried(reference.lower().replace("-", " "), "0142") == reference
    assert prove(reference, "talk-9", email="DANA@example.com").reference == reference  # type: ignore[union-attr]
    assert tried(reference, "0143") is None and tried(WRONG, "0142") is None and tried("no code", "0142") is None


def test_an_extension_is_no_part_of_the_digits(database: str) -> None:
    reference = booked(phone="+15550100142;ext=1234")
    assert tried(reference, "0142") == reference and tried(reference, "1234") is None


def test_five_wrong_tries_of_one_talk_are_the_last_for_an_hour(database: str) -> None:
    reference = booked()
    for number in range(MOST_WRONG):
        assert tried(reference if number % 2 else WRONG, "9999") is None
    for at in (NOON, NOON + timedelta(minutes=59)):
        with pytest.raises(TooManyTries):
            tried(reference, "0142", at=at)  # the right one too, or it would tell
    assert tried(reference, "0142", at=NOON + timedelta(minutes=61)) == reference


def test_five_wrong_tries_for_one_code_are_the_last_whoever_tries(database: str) -> None:
    reference = booked()
    for number in range(MOST_WRONG):
        assert tried(reference, "9999", f"talk-{number}") is None
    with pytest.raises(TooManyTries):
        tried(reference, "0142", "talk-of-dana")
    other = booked("k2", conversation_id="talk-2")
    assert tried(other, "0142", "talk-of-dana") == other


def test_a_code_that_does_not_exist_is_limited_in_the_same_way(database: str) -> None:
    for number in range(MOST_WRONG):
        assert tried(WRONG, "9999", f"talk-{number}") is None
    with pytest.raises(TooManyTries):
        tried(WRONG, "9999", "talk-of-another")


def test_right_tries_do_not_count(database: str) -> None:
    reference = booked()
    assert [tried(reference, "0142") for _ in range(MOST_WRONG + 2)] == [reference] * (MOST_WRONG + 2)


def test_thirty_guesses_at_once_get_no_more_than_the_limit(database: str) -> None:
    reference = booked()

    def guess(number: int) -> str:
        try:
            return str(tried(reference, f"{number:04d}"))
        except TooManyTries:
            return "too many"

    with ThreadPoolExecutor(10) as pool:
        came = list(pool.map(guess, range(1000, 1030)))
    assert came.count("None") <= MOST_WRONG and came.count("too many") >= 30 - MOST_WRONG


def test_tries_hold_no_code_and_no_talk(database: str) -> None:
    reference = booked()
    tried(reference, "9999")
    with transaction() as session:
        kept = [row.who for row in session.scalars(select(ReferenceTry))]
    assert len(kept) == 2 and all(len(who) == 32 and "talk" not in who for who in kept)


def test_the_number_that_writes_is_proof_by_text_message(database: str) -> None:
    reference = booked(conversation_id="web-talk")
    assert contact_key("+15550100142") == number_key("+15550100142")
    with transaction() as session:
        session.add(SmsContact(number_key=contact_key("+15550100142"), conversation_id="sms-talk"))
        session.add(SmsContact(number_key=contact_key("+15550100177"), conversation_id="sms-other"))
    assert [one.reference for one in requests_of_number("sms-talk")] == [reference]
    assert requests_of_number("sms-other") == [] and requests_of_number("web-talk") == []
    assert prove(reference, "sms-talk").reference == reference  # type: ignore[union-attr]
    assert prove(reference, "sms-other") is None


def test_each_change_is_told_once_to_each_target(database: str, targets: None) -> None:
    reference = booked()
    reschedule(reference, [Window("mornings")])
    reschedule(reference, [Window("mornings")])  # nothing new
    reschedule(reference, [Window("evenings")])
    change_status(reference, "confirmed")
    change_status(reference, "confirmed")
    cancel(reference, phone_last4="0142")
    cancel(reference, phone_last4="0142")
    assert events() == ["requested", "rescheduled", "rescheduled-2", "confirmed", "cancelled"]
    with transaction() as session:
        assert len(session.scalars(select(Delivery)).all()) == 10  # two targets


def test_nothing_can_be_changed_about_a_closed_request(database: str, targets: None) -> None:
    reference = booked()
    change_status(reference, "closed")
    with pytest.raises(NotOpen):
        reschedule(reference, [Window("mornings")])
    assert cancel_proven(reference).status == "closed"  # type: ignore[union-attr]
    assert reschedule(WRONG, []) is None and cancel_proven(WRONG) is None
    assert events() == ["requested", "closed"]


def test_a_request_and_its_messages_are_there_together_or_not_at_all(
    database: str, targets: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("the machine stops here")

    with monkeypatch.context() as patch:
        patch.setattr("desk.booking.enqueue", broken)
        with pytest.raises(RuntimeError):
            booked()
    assert list_requests() == [] and events() == []
    booked()
    assert len(list_requests()) == 1 and events() == ["requested"]


def test_a_call_back_reaches_the_targets_in_the_same_transaction(database: str, targets: None) -> None:
    for _ in range(2):
        request_callback("talk-1", "web", "Dana", "+15550100142", idempotency_key="c1")
    assert events() == ["requested"]


@pytest.mark.parametrize("kind", ["urgent", "call_today"])
def test_an_alert_reaches_the_targets(database: str, targets: None, kind: str) -> None:
    raise_alert(kind, "talk-1", "web")
    with transaction() as session:
        assert [(row.subject, row.event) for row in session.scalars(select(Delivery)) if row.target == "webhook"] == [
            ("alert", "raised")
        ]


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("cancel it", CANCEL), ("cancel my consult pls", CANCEL), ("cancell my bookin", CANCEL),
        ("call it off", CANCEL), ("I don't need the appointment any longer", CANCEL),
        ("please take my booking off the calendar", CANCEL), ("changed my mind about it", CANCEL),
        ("change the time", MOVE), ("reshedule apointment", MOVE), ("can i move it to friday", MOVE),
        ("I can't make it tomorrow", MOVE), ("bump me to friday", MOVE), ("another day please", MOVE),
        ("cancel friday and give me another day", MOVE), ("do it earlier", MOVE),
        ("keep it as it is", KEEP), ("no, leave it", KEEP), ("don't cancel it", KEEP), ("never mind", KEEP),
        ("when is my appointment", None), ("did you get my booking", None), ("0142", None), ("", None),
    ],
)  # fmt: skip
def test_what_is_wanted_is_read_from_plain_words(text: str, wish: Optional[str]) -> None:
    assert read_change(text) == wish
