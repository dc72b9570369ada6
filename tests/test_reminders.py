"""One message, on its day, by day, to somebody who still wants it; by text and by e-mail."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any, Iterator, List

import pytest
from sqlalchemy import select

from desk import reminders, sms_consent, sms_outbox
from desk.consent import consent, consent_version, digest_now
from desk.database import transaction
from desk.privacy_records import Reminder
from desk.records import Alert
from desk.sms_records import SmsOutbox
from desk.sms_settings import sms_settings
from desk.web_settings import web_settings
from tests.conftest import WAYS_TO_WRITE
from tests.delivery_fixtures import MailServer, Use, mail_server, use  # noqa: F401  fixtures
from tests.test_retention import a_consultation, add

pytest_plugins = ("tests.desk_fixtures",)

DAY = date(2027, 3, 3)
NOON = datetime(2027, 3, 3, 17, 0, tzinfo=timezone.utc)  # noon at the clinic
NIGHT = datetime(2027, 3, 3, 7, 0, tzinfo=timezone.utc)  # two in the morning
NUMBER, ADDRESS = "+15550100142", "dana@example.com"
TEXTS = {name: value for name, value in WAYS_TO_WRITE.items() if name.startswith(("TWILIO", "PUBLIC"))}


@pytest.fixture(autouse=True)
def _ways(monkeypatch: pytest.MonkeyPatch, use: Use) -> Iterator[None]:  # noqa: F811
    for name, value in TEXTS.items():
        monkeypatch.setenv(name, value)
    for cached in (sms_settings, web_settings):
        cached.cache_clear()
    reminders.forget_times()
    yield
    monkeypatch.undo()
    for cached in (sms_settings, web_settings):
        cached.cache_clear()


def by_mail(server: MailServer) -> dict:
    return {"SMTP_URL": f"smtp://127.0.0.1:{server.port}", "MAIL_FROM": "desk@clinic.example", "MAIL_TO": "a@clinic.example"}


def asked(kind: str = "phone", contact: str = NUMBER, day: date = DAY, talk: str = "talk-1") -> None:
    reminders.ask(talk, "web", kind, contact, day, datetime(2026, 11, 22, 15, tzinfo=timezone.utc))


def rows(table: Any = Reminder) -> List[Any]:
    with transaction() as session:
        return list(session.scalars(select(table).order_by(table.id)))


def test_a_text_goes_out_once_on_its_day_and_not_before(database: str) -> None:
    asked()
    assert reminders.send_due(NOON - timedelta(days=1)) == 0 and not rows(SmsOutbox)
    assert reminders.send_due(NOON) == 1
    assert [reminders.send_due(NOON + timedelta(days=n)) for n in range(3)] == [0, 0, 0]
    (text,) = rows(SmsOutbox)
    assert (text.number, text.kind) == (NUMBER, sms_outbox.PROACTIVE)
    assert text.body.startswith("Hello from ") and "STOP" in text.body
    (row,) = rows()
    assert (row.state, row.contact, row.contact_key, row.consent_text_version) == ("sent", None, None, consent_version())


def test_nothing_goes_out_at_night(database: str) -> None:
    asked()
    assert reminders.send_due(NIGHT) == 0 and rows()[0].state == "waiting"
    assert reminders.send_due(NIGHT + timedelta(days=1, hours=10)) == 1


@pytest.mark.parametrize("name", ["utter_reminder", "utter_reminder_subject", "utter_reminder_open", "utter_reminder_call"])
def test_the_words_say_nothing_of_health(name: str) -> None:
    from desk.wording import wording

    for channel in ("", "sms"):
        text = wording(name, channel, where="there", url="https://chat.clinic.example")
        for word in ("botox", "treat", "health", "pregnan", "medic", "skin clinic care", "condition", "wait", "check"):
            assert word not in text.lower().replace("larkspur skin clinic", "")


def test_an_e_mail_goes_out_once_and_holds_the_way_back(
    database: str, mail_server: MailServer, use: Use  # noqa: F811
) -> None:
    use(by_mail(mail_server))
    asked("email", ADDRESS)
    assert [reminders.send_due(NOON) for _ in range(2)] == [1, 0]
    (mail,) = mail_server.mails
    assert mail["To"] == ADDRESS and "https://chat.clinic.example/webhooks/web/" in mail.get_content()
    assert mail["Auto-Submitted"] == "auto-generated"
    assert (rows()[0].state, rows()[0].contact) == ("sent", None)


def test_a_mail_server_that_is_away_is_tried_again_and_staff_hear_of_it_in_the_end(
    database: str, mail_server: MailServer, use: Use, caplog: pytest.LogCaptureFixture  # noqa: F811
) -> None:
    use(by_mail(mail_server))
    asked("email", ADDRESS)
    asked("email", ADDRESS, talk="talk-2")
    mail_server.down()
    assert reminders.send_due(NOON) == 0 and rows()[0].state == "waiting" and rows()[0].contact == ADDRESS
    mail_server.up()
    mail_server.refuse[ADDRESS] = "550 no such user"
    reminders.send_due(NOON)
    assert not mail_server.mails and not rows(Alert)
    assert reminders.send_due(NOON + timedelta(days=3)) == 2
    assert [row.state for row in rows()] == ["dead", "dead"] and rows()[0].contact is None
    assert {alert.kind for alert in rows(Alert)} == {"delivery"}
    assert ADDRESS not in caplog.text and "dana" not in caplog.text


def test_who_opted_out_gets_none_and_the_number_is_gone(database: str) -> None:
    asked()
    sms_consent.opt_out(NUMBER, sms_consent.WORD)
    assert reminders.send_due(NOON - timedelta(days=40)) == 1  # long before its day
    assert (rows()[0].state, rows()[0].contact, rows(SmsOutbox)) == ("gone", None, [])


def test_an_opt_out_just_before_is_heard(database: str) -> None:
    asked()
    reminders.send_due(NOON - timedelta(days=1))
    reminders._tidied[:] = [NOON - timedelta(seconds=1)]
    sms_consent.opt_out(NUMBER, sms_consent.WORD)
    reminders.send_due(NOON)
    assert (rows()[0].state, rows(SmsOutbox)) == ("gone", [])


def test_who_books_in_the_meantime_needs_none(database: str) -> None:
    asked()
    add(a_consultation(1, datetime.now(timezone.utc) + timedelta(seconds=1), conversation_id="talk-1", status="requested"))
    assert reminders.send_due(NOON) == 1
    assert (rows()[0].state, rows(SmsOutbox)) == ("gone", [])


def test_a_booking_from_before_changes_nothing(database: str) -> None:
    add(a_consultation(1, datetime(2026, 1, 1, tzinfo=timezone.utc), conversation_id="talk-1", status="requested"))
    asked()
    assert reminders.send_due(NOON) == 1 and len(rows(SmsOutbox)) == 1


def test_the_number_of_a_text_is_known_while_it_is_answered(database: str) -> None:
    from desk import sms_inbox

    sms_inbox.receive("SM1", NUMBER, "remind me")
    (text,) = sms_inbox.waiting()
    assert reminders.number_of(text.conversation_id) == NUMBER and reminders.number_of("sms-other") is None
    sms_inbox.answer(text, [])
    assert reminders.number_of(text.conversation_id) is None


def test_a_reminder_is_taken_back(database: str) -> None:
    asked()
    assert reminders.waiting_day("talk-1") == DAY
    assert (reminders.cancel("talk-1"), reminders.cancel("talk-1")) == (True, False)
    assert reminders.waiting_day("talk-1") is None and reminders.send_due(NOON) == 0


def test_a_second_wish_replaces_the_first(database: str) -> None:
    asked()
    asked(day=DAY + timedelta(days=30))
    assert [row.state for row in rows()] == ["gone", "waiting"] and reminders.send_due(NOON) == 0


def test_without_a_way_to_write_none_is_promised(
    database: str, monkeypatch: pytest.MonkeyPatch, mail_server: MailServer, use: Use  # noqa: F811
) -> None:
    assert reminders.ways() == ("phone",)
    use(by_mail(mail_server))
    assert reminders.ways() == ("phone", "email")
    for name in TEXTS:
        monkeypatch.delenv(name)
    sms_settings.cache_clear()
    assert reminders.ways() == ("email",)
    asked()  # kept while texts were still set up
    assert reminders.send_due(NOON) == 0 and rows()[0].state == "waiting"


def test_the_consent_texts_are_those_of_their_version() -> None:
    """Whoever changes a text raises the version in data/clinic/consent.yml and writes the digest that this prints."""
    assert digest_now() == consent().digest, f"digest {digest_now()}: raise the version and write it to consent.yml"


def test_every_text_that_asks_for_a_consent_has_a_version() -> None:
    from desk.wording import responses

    asking = {name for name in responses() if name.endswith("_consent") and not name.startswith("utter_ask_change")}
    assert asking <= set(consent().texts)
