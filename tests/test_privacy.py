"""Everything of a conversation goes when it is asked for, whatever breaks in between; what must stay stays."""

from __future__ import annotations

import asyncio
import json
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, Iterator, List

import pytest
import sqlalchemy as sa
from rasa.core.lock_store import InMemoryLockStore
from sqlalchemy import select

from channels.deleting import Deleter, is_over, of_the_server
from channels.turns import Incoming, Talks, Turns
from desk import audit, conversations, privacy, reminders, sms_consent, sms_inbox, sms_outbox
from desk.database import Base, DeskUnavailable, engine, transaction
from desk.delivery.delivery_settings import delivery_settings
from desk.handoff import raise_alert
from desk.privacy_records import DeletionReceipt, DeletionRequest
from desk.records import Alert, Callback, Delivery, SlotCell
from desk.sms_records import SmsContact, SmsInbox, SmsOutbox
from desk.staff_records import StaffNote
from tests.delivery_fixtures import Use, use  # noqa: F401  a fixture
from tests.test_audit import record
from tests.test_retention import a_consultation, a_conversation, add, count

pytest_plugins = ("tests.desk_fixtures",)

NOW = datetime.now(timezone.utc)
TALK, OTHER = "web-of-hers", "web-of-somebody-else"
NUMBER = "+15550100142"


@pytest.fixture(autouse=True)
def _own_conversations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CONVERSATIONS_DB", str(tmp_path / "conversations.db"))
    yield
    conversations.forget_engines()


def fill(talk: str, number: int, **booking: Any) -> None:
    """Something of every kind."""
    record(talk)
    add(
        a_consultation(number, NOW, conversation_id=talk, name="Dana Lopez", phone=NUMBER, **booking),
        Callback(id=number, conversation_id=talk, channel="web", name="Dana Lopez", contact=NUMBER),
        StaffNote(username="ana", subject="consultation", subject_id=number, text="she is worried"),
        SmsOutbox(conversation_id=talk, kind="reply", number=NUMBER, body="hello", idempotency_key=f"o{number}", state="sent"),
        SmsInbox(message_id=f"SM{number}", conversation_id=talk, number=NUMBER, body="I take Eliquis", state="answered"),
        Delivery(target="caldav", event="requested", subject="consultation", subject_id=number,
                 idempotency_key=f"d{number}", state="sent"),
    )  # fmt: skip
    add(SlotCell(starts_at=NOW + timedelta(days=number), seat=0, consultation_id=number))
    raise_alert("urgent", talk, "web")
    reminders.ask(talk, "web", "phone", NUMBER, date(2027, 3, 3), NOW)


def dump() -> Dict[str, List[str]]:
    """Every row of every table as it stands in the databases, by table."""
    found: Dict[str, List[str]] = {}
    for where, tables in ((engine(), list(Base.metadata.tables)), (conversations.engine(), ["events"])):
        with where.connect() as connection:
            for table in tables:
                rows = connection.execute(sa.text(f"SELECT * FROM {table}")).all()
                found[table] = [str(tuple(row)) for row in rows]
    return found


def raw_bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def sealed_in(rows: Dict[str, List[str]]) -> List[str]:
    """Every encrypted value."""
    return [part.strip("'),( ") for lines in rows.values() for line in lines for part in line.split(", ") if "s1." in part]


def pieces_in(value: str, data: bytes) -> bool:
    """True when a piece of a value is there; a long one lies on several pages of the file."""
    return any(piece.encode() in data for piece in (value[3:33], value[-30:]))


def ask_and_delete(talk: str = TALK) -> Any:
    privacy.request_deletion(talk)
    (one,) = privacy.pending()
    return privacy.delete_everything(one.id)


def test_a_dump_before_and_after_shows_that_all_of_it_is_gone_and_nothing_of_others(database: str, tmp_path: Path) -> None:
    a_conversation((TALK, NOW), (TALK, NOW), (OTHER, NOW))
    fill(TALK, 1)
    before = dump()
    fill(OTHER, 2)
    hers = [value for value in sealed_in(before) if value not in str(before["events"][2])]
    files = raw_bytes(tmp_path)
    assert len(hers) > 8 and ("postgresql" in database or all(pieces_in(value, files) for value in hers))
    rows = ask_and_delete()
    after = dump()
    assert rows["events"] == 2 and rows["consultations"] == rows["callbacks"] == rows["screenings"] == 1
    text = json.dumps(after)
    assert TALK not in text and not [value for value in hers if value in text]
    files = raw_bytes(tmp_path)
    assert not [value for value in hers if pieces_in(value, files)]  # nor in a log or a free page
    for table in ("consultation_request", "callback_request", "staff_note", "sms_outbox", "sms_inbox", "slot_cell",
                  "alert", "reminder", "events"):  # fmt: skip
        assert len(after[table]) == 1, table
    assert (audit.check().broken, audit.check().emptied) == (None, 1)


def test_conversations_kept_in_the_same_postgresql_go_too(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if database.startswith("postgresql"):
        monkeypatch.delenv("CONVERSATIONS_DB")
    a_conversation((TALK, NOW), (TALK, NOW), (OTHER, NOW))
    assert [one.kind for one in privacy.kept(TALK)] == ["messages"] and privacy.kept(TALK)[0].count == 2
    assert conversations.reseal() == 3 and conversations.delete_quiet_since(NOW - timedelta(days=1), 10) == 0
    assert ask_and_delete()["events"] == 2
    assert TALK not in json.dumps(dump()) and len(dump()["events"]) == 1
    assert conversations.delete_quiet_since(NOW + timedelta(days=1), 10) == 1 and dump()["events"] == []


def test_the_receipt_says_nothing_of_whose_it_was(database: str) -> None:
    a_conversation((TALK, NOW))
    fill(TALK, 1)
    ask_and_delete()
    with transaction() as session:
        (receipt,) = session.scalars(select(DeletionReceipt)).all()
        (request,) = session.scalars(select(DeletionRequest)).all()
        assert (request.state, request.conversation_id) == ("done", None)
        assert set(map(type, receipt.rows.values())) == {int}
    assert privacy.has_ended(TALK) and not privacy.has_ended(OTHER)
    assert TALK not in str(dump()["ended_conversation"])


@pytest.mark.parametrize("place", ["desk.conversations.delete", "desk.audit.empty", "desk.sms_consent.renew", "desk.conversations.empty_log"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_broken_off_anywhere_it_finishes_the_next_time(
    database: str, place: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_conversation((TALK, NOW))
    fill(TALK, 1)
    module, _, name = place.rpartition(".")
    real = getattr(__import__(module, fromlist=[name]), name)

    def killed(*given: Any, **named: Any) -> Any:
        if when == "after":
            real(*given, **named)
        raise KeyboardInterrupt  # nothing catches it, as nothing catches kill -9

    privacy.request_deletion(TALK)
    (one,) = privacy.pending()
    with monkeypatch.context() as patch:
        patch.setattr(place, killed)
        with pytest.raises(KeyboardInterrupt):
            privacy.delete_everything(one.id)
    for waiting in privacy.pending():
        privacy.delete_everything(waiting.id)
    assert privacy.pending() == [] and count(DeletionReceipt) == 1 and privacy.has_ended(TALK)
    assert TALK not in json.dumps(dump())


def test_asked_twice_it_is_one_deletion_and_done_twice_it_changes_nothing(database: str) -> None:
    privacy.request_deletion(TALK)
    privacy.request_deletion(TALK)
    (one,) = privacy.pending()
    assert privacy.delete_everything(one.id) is not None
    assert privacy.delete_everything(one.id) is None and count(DeletionReceipt) == 1


@pytest.mark.parametrize(
    ("status", "days", "told"), [("confirmed", 3, True), ("confirmed", -3, False), ("requested", 3, False), ("cancelled", 3, False)]
)
def test_staff_are_told_to_free_a_confirmed_time(
    database: str, status: str, days: int, told: bool, use: Use, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:
    use({"CALDAV_URL": "http://127.0.0.1:9/", "CALDAV_USER": "desk", "CALDAV_PASSWORD": "x"})
    delivery_settings.cache_clear()
    fill(TALK, 1, status=status, slot_start=NOW + timedelta(days=days))
    assert privacy.upcoming(TALK) is told
    ask_and_delete()
    with transaction() as session:
        alerts = session.scalars(select(Alert)).all()
        deliveries = session.scalars(select(Delivery)).all()
    assert [(one.kind, one.conversation_id) for one in alerts] == ([("free_time", "X4F-29G1")] if told else [])
    called_off = ["cancelled X4F-29G1"] if status in ("confirmed", "requested") else []  # it stands in their calendar
    assert [one.event for one in deliveries] == called_off and count(SlotCell) == 0


# By text


def by_text() -> str:
    sms_inbox.receive("SM1", NUMBER, "delete everything")
    return sms_inbox.waiting()[0].conversation_id


def test_a_text_after_the_yes_begins_a_new_talk_and_the_opt_out_stays(database: str) -> None:
    talk = by_text()
    sms_consent.opt_out(NUMBER, sms_consent.WORD)
    privacy.request_deletion(talk)
    sms_inbox.answer(sms_inbox.waiting()[0], [])
    sms_inbox.receive("SM2", NUMBER, "I cannot breathe")
    (one,) = privacy.pending()
    privacy.delete_everything(one.id)
    (kept,) = sms_inbox.waiting()
    assert kept.body == "I cannot breathe" and kept.conversation_id != talk
    assert sms_consent.opted_out(NUMBER) and count(SmsContact) == 1
    assert talk not in json.dumps({**dump_desk()})


def dump_desk() -> Dict[str, List[str]]:
    with engine().connect() as connection:
        return {t: [str(tuple(r)) for r in connection.execute(sa.text(f"SELECT * FROM {t}"))] for t in Base.metadata.tables}


def test_the_text_that_announces_it_leaves_first(database: str) -> None:
    talk = by_text()
    privacy.request_deletion(talk)
    assert privacy.pending() == []  # its turn is still running
    sms_inbox.answer(sms_inbox.waiting()[0], [("In a moment all of it will be gone.", sms_outbox.REPLY)])
    assert privacy.pending() == []  # its words wait to be sent
    outgoing = sms_outbox.claim(datetime.now(timezone.utc) + timedelta(seconds=1))
    sms_outbox.sent(outgoing.id, "SM9")  # type: ignore[union-attr]
    assert len(privacy.pending()) == 1


def test_a_text_that_never_leaves_does_not_hold_it_up_for_ever(database: str) -> None:
    privacy.request_deletion(by_text())
    assert privacy.pending() == []
    assert len(privacy.pending(datetime.now(timezone.utc) + privacy.PATIENCE)) == 1


# In the process that writes conversations


def an_agent() -> Any:
    return SimpleNamespace(lock_store=InMemoryLockStore())


def test_it_waits_for_the_turn_and_what_waited_behind_it_is_refused(sqlite_database: str) -> None:
    async def scene() -> None:
        agent, talks, heard = an_agent(), Talks(), []  # type: ignore[var-annotated]
        turns, deleter = Turns("web", 5.0, talks), Deleter(talks=talks)
        privacy.request_deletion(TALK)
        talk = talks.talk(TALK, new=True)
        await talk.lock.acquire()  # a turn is running
        deleting = asyncio.ensure_future(deleter.run(agent))
        await asyncio.sleep(0.1)
        assert not deleting.done() and not privacy.has_ended(TALK)

        async def deliver(message: Any) -> None:
            heard.append(message)

        later = asyncio.ensure_future(turns.take(agent, deliver, TALK, Incoming(text="and one more thing")))
        await asyncio.sleep(0)
        talk.lock.release()
        assert await deleting == 1
        assert (await later).status == 401 and not heard
        assert await is_over(TALK) and await deleter.run(agent) == 0

    asyncio.run(scene())


def test_one_that_fails_is_tried_again_and_the_others_do_not_wait(
    sqlite_database: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    privacy.request_deletion(TALK)
    privacy.request_deletion(OTHER)
    real, broken = conversations.delete, [True]

    def delete(talk: str, *given: Any) -> int:
        if talk == TALK and broken:
            raise DeskUnavailable("OperationalError")
        return real(talk, *given)

    monkeypatch.setattr(conversations, "delete", delete)
    deleter = Deleter(talks=Talks())
    assert asyncio.run(deleter.run(an_agent())) == 1
    assert [one.conversation_id for one in privacy.pending()] == [TALK] and TALK not in caplog.text
    broken.clear()
    deleter._not_before.clear()
    assert asyncio.run(deleter.run(an_agent())) == 1


def test_each_process_carries_out_those_of_its_own_conversations(sqlite_database: str) -> None:
    privacy.request_deletion("shell-abc")
    assert asyncio.run(Deleter(of_the_server, Talks()).run(an_agent())) == 0
    assert asyncio.run(Deleter(lambda talk: talk.startswith("shell-"), Talks()).run(an_agent())) == 1


def test_with_the_database_away_nobody_is_shut_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: str) -> bool:
        raise DeskUnavailable("OperationalError")

    monkeypatch.setattr(privacy, "has_ended", away)
    assert asyncio.run(is_over(TALK)) is False


# What is kept


def test_what_is_kept_is_told_by_kinds_and_days(database: str) -> None:
    assert privacy.kept(TALK) == []
    fill(TALK, 1)
    found = privacy.kept(TALK)
    assert [one.kind for one in found] == ["answers", "request", "callback", "reminder", "alert"]
    assert found[1].reference == "X4F-29G1" and found[3].day == date(2027, 3, 3)
    assert "Dana" not in str(found) and NUMBER not in str(found)
