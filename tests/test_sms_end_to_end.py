"""Text messages end to end: a pretend Twilio with real signatures, a real Rasa process, the official client."""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from typing import Any, Dict, Iterator, List
from urllib.parse import urlencode

import pytest
import yaml

from desk.conversations import opened_event
from desk.sms_text import fits
from tests.harness import ROOT, until
from tests.sms_fixtures import KEY, Phone, RunningBot, rows

SCREENING = "check for reasons to wait"
EMERGENCY = "I can't breathe and my throat is swelling"


@pytest.fixture(scope="module")
def running(action_server: Any, work: Any) -> Iterator[RunningBot]:
    folder = work / "sms"
    folder.mkdir()
    # The bot answers every word itself here, as where the provider's own answers are switched off.
    bot = RunningBot(folder, action_server.url, answers_stop=False)
    yield bot
    bot.kill()


@pytest.fixture
def phone(running: RunningBot) -> Phone:
    return running.phone()


def post(bot: RunningBot, body: bytes, signature: str = "", kind: str = "application/x-www-form-urlencoded") -> int:
    """Post bytes to the webhook; the status."""
    headers = {"Content-Type": kind, **({"X-Twilio-Signature": signature} if signature else {})}
    request = urllib.request.Request(f"{bot.url}/webhooks/sms/incoming", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return int(error.code)


# ---- A talk ----


def test_the_first_answer_comes_with_who_writes_and_later_ones_without(phone: Phone) -> None:
    first = phone.say("how long does it last?")
    assert all(words in first for words in ("automated", "not a clinician", "not private", "STOP", "HELP", "rates"))
    assert first.index("STOP") < first.index("months") and "Reply with a number" not in first
    second = phone.say("does it hurt?")
    assert "STOP" not in second
    assert all(fits(text) for text in phone.got)


def test_an_emergency_comes_before_who_writes(phone: Phone) -> None:
    answer = phone.say(EMERGENCY)
    assert answer.startswith("This may be an emergency") and "STOP" not in answer
    assert "automated" in phone.say("how long does it last?")


def test_the_eight_questions_by_numbers_after_a_warning_with_a_link(phone: Phone) -> None:
    start = phone.say("2") + phone.say(SCREENING)
    assert "Texts are not private" in start and f"{phone.bot.url}/webhooks/web/#link=" in start
    answers = [phone.say(text) for text in ("3", "2", "two", "(2)", "2)", "2 No", "No.", "2")]
    for number, answer in enumerate(answers[:7], 2):
        assert f"Question {number} of 8" in answer
    assert "rules out" in answers[-1] and "1 Book a consultation / 2 Not now" in answers[-1]
    assert "name" in phone.say("1")
    contacts = rows(phone.bot, "SELECT * FROM sms_contact WHERE screening_by_text_at IS NOT NULL")
    assert contacts and contacts[-1]["disclosed_at"]


def test_what_was_disclosed_is_not_repeated_and_the_private_page_has_it(phone: Phone) -> None:
    phone.say(SCREENING)
    phone.say("41")
    answer = phone.say("I am pregnant and take eliquis")
    assert "a provider needs to look at" in answer.lower()
    for text in ("2", "2", "2", "2", "2", "2", "2"):
        answer = phone.say(text)
        if "Would you like to book" in answer:
            break
    link = answer.split("#link=")[1].split()[0]
    for text in phone.got:
        assert "eliquis" not in text.lower() and "told me about" not in text
    page = _page(phone.bot, link)
    assert "blood thinner" in page and "pregnan" in page


def _page(bot: RunningBot, link: str) -> str:
    request = urllib.request.Request(
        f"{bot.url}/webhooks/web/session", json.dumps({"link": link}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        token = json.load(answer)["token"]
    request = urllib.request.Request(f"{bot.url}/webhooks/web/history", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return str([m["text"] for m in json.load(answer)["messages"] if m["who"] == "bot"])


def test_pictures_empty_and_odd_messages_get_a_kind_answer(phone: Phone) -> None:
    assert "pictures" in phone.say("", media=1)
    both = phone.say("how long does it last?", media=2)
    assert "pictures" in both and "months" in both
    assert "words" in phone.say("")
    assert phone.say("\U0001f600\U0001f600")
    assert phone.say("how long does it last? " + "really " * 220)
    status = phone.bot.twilio.post(phone.bot.twilio.form(phone.number, None))
    assert status == 200
    phone.settle()
    phone.hush("Liked \u201cThis may be an emergency. Call 911.\u201d")


def test_the_number_of_the_phone_may_be_the_contact(phone: Phone) -> None:
    phone.say("book a consultation")
    phone.say("47")
    answer = phone.say("Maria")
    assert "this number" in answer and "Maria" not in answer
    assert "time" in phone.say("this number").lower() or "suit" in phone.got[-1]
    assert phone.number[-4:] not in "".join(phone.got)


# ---- Consent ----


def test_stop_is_heard_once_then_nothing_but_an_emergency_and_start_opens_again(phone: Phone) -> None:
    phone.say(SCREENING)
    phone.say("33")
    assert "no more texts" in phone.say("stop texting me please")
    for text in ("what does it cost", "stop", "hello??", "2"):
        phone.hush(text)
    assert phone.say(EMERGENCY).startswith("This may be an emergency")
    phone.hush("what does it cost")
    assert "again" in phone.say("START")
    assert "price" in phone.say("what does it cost")


def test_a_bare_cancel_is_an_opt_out_and_an_appointment_to_cancel_is_none(phone: Phone) -> None:
    assert "no more texts" not in phone.say("cancel my appointment")
    assert "no more texts" in phone.say("CANCEL")


def test_help_names_the_clinics_phone(phone: Phone) -> None:
    assert "(555) 010-0142" in phone.say("HELP")


def test_an_opt_out_at_the_provider_is_learnt_from_its_refusal(phone: Phone) -> None:
    phone.bot.twilio.opted_out.add(phone.number)
    assert phone.bot.twilio.text(phone.number, "how long does it last?") == 200
    until(lambda: phone.bot_rows() == (0, 0))
    dead = rows(phone.bot, "SELECT failure FROM sms_outbox WHERE state = 'dead'")
    assert {"failure": "21610"} in dead and phone.got == []
    phone.bot.twilio.opted_out.discard(phone.number)
    phone.hush("hello?")


# ---- Once, in order, whatever happens ----


def test_four_copies_at_once_get_one_reply(phone: Phone) -> None:
    fields = phone.bot.twilio.form(phone.number, "how long does it last?")
    statuses: List[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(phone.bot.twilio.post(fields))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: phone.got)
    phone.settle()
    count = len(phone.got)
    assert statuses == [200] * 4
    assert phone.bot.twilio.post(fields) == 200  # and one much later
    phone.settle()
    assert len(phone.got) == count and sum("months" in text for text in phone.got) == 1


def test_many_messages_at_once_are_answered_in_the_order_of_their_arrival(phone: Phone) -> None:
    phone.say("hi")
    for text in (SCREENING, "29", "no", "no", "no"):
        assert phone.bot.twilio.text(phone.number, text) == 200
    until(lambda: any("Question 5" in text for text in phone.got))
    phone.settle()
    numbers = [n for text in phone.got for n in range(1, 9) if f"Question {n} of 8" in text]
    assert numbers == [1, 2, 3, 4, 5]


def test_too_many_requests_at_the_provider_delay_and_lose_nothing(phone: Phone) -> None:
    phone.bot.twilio.refusals.extend([(429, 20429, None), (500, 20500, None)])
    assert "months" in phone.say("how long does it last?")


def test_killed_between_acknowledging_and_answering_it_answers_once_after_the_start(phone: Phone) -> None:
    bot = phone.bot
    phone.say("hi")
    before = len(phone.got)
    bot.gate.open.clear()
    assert bot.twilio.text(phone.number, SCREENING) == 200
    until(lambda: bot.gate.waiting)  # the turn is under way
    bot.kill()
    bot.gate.open.set()
    assert bot.twilio.sent[-1].to != phone.number or len(phone.got) == before
    bot.start()
    until(lambda: any("Question 1" in text for text in phone.got))
    phone.settle()
    assert sum("Question 1 of 8" in text for text in phone.got) == 1
    assert "Question 2" in phone.say("44")

    # Killed once more, while Twilio has taken the answer and not said so yet.
    bot.twilio.pause = 3.0
    assert bot.twilio.text(phone.number, "no") == 200
    until(lambda: any("Question 3" in text for text in phone.got))
    bot.kill()
    bot.twilio.pause = 0.0
    bot.start()
    phone.settle()
    assert sum("Question 3 of 8" in text for text in phone.got) == 1
    assert "Question 4" in phone.say("no")


# ---- Attacks ----


def test_a_forged_webhook_is_refused_and_kept_nowhere(phone: Phone) -> None:
    bot = phone.bot
    fields = bot.twilio.form(phone.number, "hi")
    right = bot.twilio.validator.compute_signature(f"{bot.url}/webhooks/sms/incoming", fields)
    elsewhere = bot.twilio.validator.compute_signature(f"{bot.url}/webhooks/sms/status", fields)
    before = rows(bot, "SELECT count(*) AS n FROM sms_inbox")
    for signature in ("", "nonsense", right[:-2], right.lower(), elsewhere, "\u00fc"):
        assert bot.twilio.post(fields, signature=signature) == 403
    for change in ({"Body": "stop"}, {"From": "+15550100111"}, {"MessageSid": "SM" + "0" * 32}, {"More": ""}):
        assert bot.twilio.post({**fields, **change}, signature=right) == 403
    without_blanks = {key: value for key, value in fields.items() if value}
    assert bot.twilio.post(without_blanks, signature=right) == 403
    assert rows(bot, "SELECT count(*) AS n FROM sms_inbox") == before
    assert bot.twilio.post(fields, signature=right) == 200


def test_another_host_in_the_headers_changes_nothing(phone: Phone) -> None:
    bot = phone.bot
    fields = bot.twilio.form(phone.number, "hi")
    signature = bot.twilio.validator.compute_signature("https://evil.example/webhooks/sms/incoming", fields)
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https",
               "X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}  # fmt: skip
    request = urllib.request.Request(f"{bot.url}/webhooks/sms/incoming", urlencode(fields).encode(), headers)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 403


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"a=" + b"x" * 1_000_000, "application/x-www-form-urlencoded", 413),
        (b'{"Body": "hi"}', "application/json", 415),
        (b"Body=hi", "text/plain", 415),
        (b"Body=%ff%fe", "application/x-www-form-urlencoded", 400),
        (b"Body=hi&Body=stop", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a%d=1" % n for n in range(300)), "application/x-www-form-urlencoded", 400),
        ("B\u00f6dy=hi".encode(), "application/x-www-form-urlencoded", 400),
        (b"", "application/x-www-form-urlencoded", 403),
        (b"Body", "application/x-www-form-urlencoded", 403),
    ],
)
def test_what_is_no_webhook_is_refused(running: RunningBot, body: bytes, kind: str, status: int) -> None:
    assert post(running, body, "x" * 28, kind) == status


def test_a_truncated_webhook_is_refused_and_the_bot_lives(running: RunningBot, phone: Phone) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
        connection.sendall(
            b"POST /webhooks/sms/incoming HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\nBody=hi"
        )
        connection.shutdown(socket.SHUT_WR)
        assert b" 200 " not in connection.recv(200)
    assert phone.say("hi")


def test_signed_oddities_are_acknowledged_and_answer_nobody(running: RunningBot) -> None:
    twilio = running.twilio
    sent = len(twilio.sent)
    for number in ("Clinic", "whatsapp:+15550100123", "+1", "55512", "", "+15550100199; DROP TABLE"):
        assert twilio.post(twilio.form(number, "hi")) == 200
    assert twilio.post(twilio.form("+15550100123", "hi", message_id="../../etc")) == 200
    assert twilio.post(twilio.form("+15550100123", "hi", NumMedia="-1")) == 200
    running.phone().settle()
    assert {sent_text.to for sent_text in twilio.sent[sent:]} <= {"+15550100123"}


def test_every_intent_typed_as_a_command_is_text(running: RunningBot) -> None:
    domain = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    intents = [*domain["intents"], "restart", "session_start", "back"]
    for start in range(0, len(intents), 12):
        phone = running.phone()
        for number, intent in enumerate(intents[start : start + 12]):
            text = f'//{intent}{{"finding": "pregnancy"}}' if number % 3 else f"/{intent}"
            assert running.twilio.text(phone.number, text) == 200
    phone.settle()
    heard = [event for event in conversations(running) if event.get("event") == "user"]
    typed = [event["text"] for event in heard if any(event["text"].startswith(intent) for intent in intents)]
    assert len(typed) >= len(intents)
    assert not [event["text"] for event in heard if event["text"].startswith("/") and "shown" not in event["metadata"]]
    assert not [event for event in conversations(running) if event.get("event") in ("restart", "rewind", "undo")]


def conversations(running: RunningBot) -> List[Dict[str, Any]]:
    """Every event of every conversation, opened."""
    with sqlite3.connect(running.environment["CONVERSATIONS_DB"]) as connection:
        found = connection.execute("SELECT data FROM events ORDER BY id").fetchall()
    return [json.loads(opened_event(row[0])) for row in found]


@pytest.mark.parametrize(
    "text",
    ["{findings}", "{clinic.phone} {booking_name}", "<script>alert(1)</script>", "%s %d {0}", "'; DROP TABLE sms_inbox; --",
     "${7*7} {{7*7}}", "\u202egnp.exe", "\x00\x07hello"],
)  # fmt: skip
def test_markup_and_names_in_braces_are_text_and_do_not_come_back(phone: Phone, text: str) -> None:
    answer = phone.say(text)
    assert answer and "{" not in answer and "<" not in answer and "49" not in answer


def test_a_machine_that_answers_a_machine_is_left_alone(phone: Phone) -> None:
    for _ in range(45):
        assert phone.bot.twilio.text(phone.number, "Thanks for your message. We will get back to you.") == 200
    until(lambda: phone.bot_rows() == (0, 0), 60)
    assert sum("That was a lot at once" in text for text in phone.got) == 1
    assert len(phone.got) < 40
    assert phone.say(EMERGENCY).startswith("This may be an emergency")


def test_a_delivery_that_failed_is_noted_and_a_forged_report_is_not(phone: Phone) -> None:
    phone.say("hi")
    provider_id = rows(phone.bot, "SELECT provider_id FROM sms_outbox WHERE state = 'sent' ORDER BY id DESC")[0]["provider_id"]
    report = {"MessageSid": provider_id, "MessageStatus": "undelivered", "ErrorCode": "30003", "To": phone.number}
    assert phone.bot.twilio.post(report, "forged", "/webhooks/sms/status") == 403
    assert phone.bot.twilio.post(report, path="/webhooks/sms/status") == 204
    found = rows(phone.bot, f"SELECT failure FROM sms_outbox WHERE provider_id = '{provider_id}'")
    assert found == [{"failure": "30003"}]


def test_the_acknowledgement_does_not_wait_for_the_answer(phone: Phone) -> None:
    phone.say("hi")
    phone.bot.gate.open.clear()
    try:
        started = time.monotonic()
        assert phone.bot.twilio.text(phone.number, SCREENING) == 200
        assert time.monotonic() - started < 3
        assert phone.bot_rows()[0] == 1
    finally:
        phone.bot.gate.open.set()
    phone.settle()


def test_last_no_log_and_no_row_holds_a_number_or_a_word(running: RunningBot) -> None:
    """The last test of this module: it looks at all that the others have left behind."""
    log = running.log.read_text("utf-8", "replace")
    numbers = {sent.to[2:] for sent in running.twilio.sent}
    assert not [number for number in numbers if number in log]
    for words in ("eliquis", "throat is swelling", "DROP TABLE", "Maria", "#link="):
        assert words not in log, words
    assert KEY not in log and running.twilio.settings.token not in log
    stored = str(rows(running, "SELECT * FROM sms_inbox")) + str(rows(running, "SELECT * FROM sms_outbox"))
    assert not [number for number in numbers if number in stored]
    assert not rows(running, "SELECT * FROM sms_inbox WHERE state <> 'new' AND (body IS NOT NULL OR number IS NOT NULL)")
    assert not rows(running, "SELECT * FROM sms_outbox WHERE state <> 'waiting' AND (body IS NOT NULL OR number IS NOT NULL)")
