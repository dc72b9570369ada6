"""Sending: the official client against a pretend Twilio, with everything that can go wrong on the way."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any, Awaitable, Callable, Iterator, List, Optional

import pytest
from sqlalchemy import select

from channels import sms_sender, sms_twilio
from channels.fake_twilio import FakeTwilio
from channels.sms_provider import NotSent
from channels.sms_sender import Sender
from channels.sms_twilio import Twilio
from desk import sms_consent, sms_outbox
from desk.database import transaction
from desk.sms_outbox import PROACTIVE, REPLY, URGENT
from desk.sms_records import SmsOutbox

pytest_plugins = ("tests.desk_fixtures",)
NUMBER, OTHER = "+15550100199", "+15550100188"


@pytest.fixture
def twilio(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> FakeTwilio:
    monkeypatch.setattr(sms_sender, "FIRST_WAIT", 0.02)
    monkeypatch.setattr(sms_sender, "LONGEST_WAIT", 0.2)
    monkeypatch.setattr(sms_sender, "POLL_SECONDS", 0.05)
    return FakeTwilio("http://127.0.0.1:1")


def put(words: str, key: str, kind: str = REPLY, number: str = NUMBER) -> Optional[int]:
    return sms_outbox.put(None, "sms-" + number[-4:], number, words, kind, key)


def rows() -> List[Any]:
    with transaction() as session:
        return list(session.execute(select(SmsOutbox).order_by(SmsOutbox.id)).scalars())


def send_until(twilio: FakeTwilio, done: Callable[[], bool], provider: Any = None) -> None:
    """Run a sender until a condition holds."""

    async def run() -> None:
        used = provider or Twilio(twilio.settings)
        task = asyncio.ensure_future(Sender(lambda: used).run())
        deadline = time.monotonic() + 20
        try:
            while not done():
                assert time.monotonic() < deadline and not task.done(), "it did not happen in time"
                await asyncio.sleep(0.02)
        finally:
            task.cancel()
            await used.close()

    asyncio.run(run())


def nothing_waits() -> bool:
    return all(row.state != "waiting" for row in rows())


def test_texts_go_out_in_order_and_are_emptied(twilio: FakeTwilio) -> None:
    for number in range(5):
        put(f"text {number}", str(number))
    send_until(twilio, nothing_waits)
    assert twilio.to(NUMBER) == [f"text {number}" for number in range(5)]
    assert {(row.state, row.number, row.body) for row in rows()} == {("sent", None, None)}
    assert [row.provider_id for row in rows()] == [sent.id for sent in twilio.sent]


def test_too_many_requests_are_tried_again_after_the_time_asked_for(twilio: FakeTwilio) -> None:
    twilio.refusals.append((429, 20429, 1))
    put("one", "1")
    put("two", "2")
    started = time.monotonic()
    sms_sender.LONGEST_WAIT = 5.0
    send_until(twilio, nothing_waits)
    assert time.monotonic() - started >= 1
    assert twilio.to(NUMBER) == ["one", "two"] and twilio.tries == 3


def test_a_failing_provider_is_tried_again_and_nothing_goes_out_twice(twilio: FakeTwilio) -> None:
    twilio.refusals.extend([(500, 20500, None), (503, 20503, None)])
    put("one", "1")
    send_until(twilio, nothing_waits)
    assert twilio.to(NUMBER) == ["one"] and rows()[0].attempts == 3


def test_whom_the_provider_bars_is_opted_out_and_gets_nothing_more(twilio: FakeTwilio) -> None:
    twilio.opted_out.add(NUMBER)
    put("one", "1")
    put("two", "2")
    put("hello", "3", number=OTHER)
    send_until(twilio, nothing_waits)
    assert [(row.state, row.failure) for row in rows()] == [("dead", "21610"), ("dead", "opted_out"), ("sent", None)]
    assert sms_consent.opted_out_by(NUMBER) == "provider" and twilio.to(OTHER) == ["hello"]


def test_a_text_that_the_provider_refuses_for_good_is_given_up(twilio: FakeTwilio) -> None:
    twilio.refusals.append((400, 21211, None))
    put("one", "1")
    put("two", "2")
    send_until(twilio, nothing_waits)
    assert [(row.state, row.failure) for row in rows()] == [("dead", "21211"), ("sent", None)]


def test_a_wrong_password_loses_nothing(twilio: FakeTwilio) -> None:
    twilio.refusals.extend([(401, 20003, None)] * 3)
    put("one", "1")
    send_until(twilio, nothing_waits)
    assert twilio.to(NUMBER) == ["one"]


def test_a_provider_that_cannot_be_reached_is_tried_again(twilio: FakeTwilio) -> None:
    class Away(Twilio):
        left = 2

        def _messages(self) -> Any:
            if self.left:
                self.left -= 1
                return Twilio(replace(self.settings, api_base="http://127.0.0.1:9"))._messages()
            return super()._messages()

    put("one", "1")
    send_until(twilio, nothing_waits, Away(twilio.settings))
    assert twilio.to(NUMBER) == ["one"] and rows()[0].attempts == 3


def test_a_text_taken_before_a_crash_is_not_sent_again(twilio: FakeTwilio) -> None:
    """The provider took it, and the process died before it could write that down."""
    row_id = put("one", "1")
    assert sms_outbox.claim() is not None
    taken = twilio._keep(NUMBER, "one")
    send_until(twilio, nothing_waits)
    assert twilio.tries == 0 and twilio.to(NUMBER) == ["one"]
    assert (rows()[0].id, rows()[0].provider_id) == (row_id, taken.id)


def test_a_text_claimed_and_not_taken_before_a_crash_is_sent(twilio: FakeTwilio) -> None:
    """The same words went to the same person before: that text is known and is not taken for this one."""
    put("Thanks.", "1")
    send_until(twilio, nothing_waits)
    put("Thanks.", "2")
    assert sms_outbox.claim() is not None
    send_until(twilio, nothing_waits)
    assert twilio.to(NUMBER) == ["Thanks.", "Thanks."]


def test_an_answer_that_came_too_late_is_in_doubt_and_asked_for(
    twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms_twilio, "SECONDS", 0.3)
    twilio.pause = 1.0
    put("one", "1")
    send_until(twilio, nothing_waits)
    assert twilio.tries == 1 and twilio.to(NUMBER) == ["one"] and rows()[0].state == "sent"


def test_a_doubt_stays_while_the_provider_cannot_be_asked(twilio: FakeTwilio) -> None:
    put("one", "1")
    sms_outbox.claim()
    twilio._keep(NUMBER, "one")
    asked: List[int] = []

    class Shy(Twilio):
        async def _ask(self, work: Awaitable[Any]) -> Any:  # type: ignore[override]
            asked.append(1)
            if len(asked) < 3:
                work.close()  # type: ignore[attr-defined]
                raise NotSent("connection")
            return await Twilio._ask(work)

    send_until(twilio, nothing_waits, Shy(twilio.settings))
    assert len(asked) == 3 and twilio.tries == 0 and twilio.to(NUMBER) == ["one"]


def test_an_emergency_goes_out_before_what_waits_and_after_an_opt_out(twilio: FakeTwilio) -> None:
    put("one", "1")
    put("two", "2", number=OTHER)
    put("Call 911.", "3", URGENT)
    sms_consent.opt_out(NUMBER, "wording")
    send_until(twilio, nothing_waits)
    assert [sent.body for sent in twilio.sent] == ["Call 911.", "two"]


def test_an_old_answer_is_given_up(twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sms_sender, "MOST_AGE", timedelta(0))
    put("one", "1")
    send_until(twilio, nothing_waits)
    assert [(row.state, row.failure) for row in rows()] == [("dead", "too_old")]


def test_one_number_sends_no_faster_than_allowed_but_an_emergency_does(sqlite_database: str, twilio: FakeTwilio) -> None:
    slow = FakeTwilio("http://127.0.0.1:1", per_second=4)
    for number in range(3):
        put(f"text {number}", str(number), number=OTHER)
    started = time.monotonic()
    send_until(slow, nothing_waits)
    assert time.monotonic() - started >= 0.45
    gaps = [(b.at - a.at).total_seconds() for a, b in zip(slow.sent, slow.sent[1:], strict=False)]
    assert all(gap >= 0.2 for gap in gaps)


def test_off_means_off(twilio: FakeTwilio) -> None:
    put("one", "1")

    async def once() -> bool:
        return await Sender(lambda: None).send_next()

    assert asyncio.run(once()) is False and rows()[0].state == "waiting"


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def test_no_log_line_holds_a_number_or_a_text(twilio: FakeTwilio, logged: pytest.LogCaptureFixture) -> None:
    twilio.refusals.extend([(500, 20500, None), (400, 21211, None)])
    put("words of nobody else", "1")
    put("words of nobody else", "2", PROACTIVE)
    send_until(twilio, lambda: any(row.state == "dead" for row in rows()))
    assert logged.records
    assert "words of nobody" not in logged.text and NUMBER[2:] not in logged.text
