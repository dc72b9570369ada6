"""A talk that outgrows its session goes on as if nothing had happened."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from rasa.core.tracker_store import FailSafeTrackerStore
from rasa.shared.core.events import UserUttered

from channels.transcript import open_offer, talk
from components.fresh_session import CARRIED
from components.tracker_store import ClinicTrackerStore
from tests.harness import ActionServer, Bot, free_port
from tests.states import say

LONGEST = 30
"""A few turns; every talk below is cut several times."""


@pytest.fixture
def short(bot: Bot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bot]:
    """The bot with a database whose sessions are short."""
    store = ClinicTrackerStore(
        bot.agent.domain, longest_session=LONGEST, address=f"sqlite:///{tmp_path}/conversations.db"
    )
    safe = FailSafeTrackerStore(store)
    monkeypatch.setattr(bot.agent, "tracker_store", safe)
    monkeypatch.setattr(bot.agent.processor, "tracker_store", safe)
    yield bot


def responses(bot: Bot, sender: str, text: str, channel: str = "web") -> List[str]:
    return [str(message.get("utter_action")) for message in say(bot, sender, text, channel)]


def tracker(bot: Bot, sender: str) -> Any:
    return bot.run(bot.agent.tracker_store.retrieve(sender))


def full(bot: Bot, sender: str) -> Any:
    return bot.run(bot.agent.tracker_store.retrieve_full_tracker(sender))


def was_cut(bot: Bot, sender: str) -> bool:
    return any(event.metadata.get(CARRIED) for event in tracker(bot, sender).events)


def record(bot: Bot, sender: str) -> Dict[str, str]:
    items = tracker(bot, sender).get_slot("findings") or []
    return {item["condition"]: item["assertion"] for item in items if not item["superseded"]}


def test_a_screening_goes_on_question_by_question(short: Bot) -> None:
    sender = f"long-{uuid.uuid4().hex}"
    said = [
        ("I take eliquis", None),
        ("/start_screening", "utter_ask_q1_age"),
        ("47", "utter_ask_q2_pregnancy"),
    ]
    said += [("/deny", f"utter_ask_{slot}") for slot in ("q3_nerve_muscle", "q4_allergy", "q5_skin_today")]
    said += [
        ("how long will it last?", "utter_ask_q5_skin_today"),
        ("why do you ask?", "utter_ask_q5_skin_today"),
    ]
    said += [("/deny", "utter_ask_q6_medicines_heard"), ("/deny", None)]
    cuts = 0
    for text, asked in said:
        came = responses(short, sender, text, "sms")
        assert asked is None or came[-1] == asked, (text, came)
        cuts += was_cut(short, sender)
        assert len(tracker(short, sender).events) < 2 * LONGEST + 30
    assert cuts > 3
    assert record(short, sender)["anticoagulant"] == "present"
    assert [e.text for e in full(short, sender).events if isinstance(e, UserUttered)] == [
        text for text, _ in said
    ]
    greeted = [
        e
        for e in full(short, sender).events
        if e.type_name == "bot" and e.metadata["utter_action"] == "utter_greet"
    ]
    assert len(greeted) == 1


def test_what_was_said_last_is_still_known_after_a_cut(short: Bot) -> None:
    sender = f"long-{uuid.uuid4().hex}"
    for _ in range(20):
        responses(short, sender, "/faq_cost")
        if was_cut(short, sender) and len(tracker(short, sender).events) < LONGEST:
            break
    assert was_cut(short, sender)
    assert responses(short, sender, "/tell_me_more") in (["utter_faq_cost_more"], ["utter_nothing_more"])


def test_an_old_offer_is_no_longer_what_a_yes_means(short: Bot) -> None:
    sender = f"long-{uuid.uuid4().hex}"
    responses(short, sender, "I take eliquis")  # offers the questions
    for _ in range(12):
        responses(short, sender, "/faq_cost")
    assert was_cut(short, sender)
    assert "utter_ask_q1_age" not in responses(short, sender, "/affirm")


def test_nothing_said_while_the_action_server_was_away_is_lost(
    short: Bot, action_server: ActionServer
) -> None:
    sender = f"long-{uuid.uuid4().hex}"
    responses(short, sender, "/start_screening")
    responses(short, sender, "47")
    short.use_actions(f"http://127.0.0.1:{free_port()}/webhook")
    try:
        assert responses(short, sender, "I take eliquis") == ["utter_unavailable"]
        for _ in range(12):
            assert responses(short, sender, "/help") == ["utter_unavailable"]
        assert was_cut(short, sender)
    finally:
        short.use_actions(action_server.url)
    assert responses(short, sender, "/deny")[-1] == "utter_ask_q3_nerve_muscle"
    assert record(short, sender)["anticoagulant"] == "present"


def test_the_page_shows_the_whole_talk_once_with_its_open_buttons(short: Bot) -> None:
    sender = f"long-{uuid.uuid4().hex}"
    responses(short, sender, "/start_screening")
    for _ in range(8):
        responses(short, sender, "how long will it last?")
    assert was_cut(short, sender)
    lines = talk(full(short, sender))
    assert [line["text"] for line in lines if line["who"] == "user"] == ["how long will it last?"] * 8
    questions = [
        line for line in lines if line["who"] == "bot" and line["text"].startswith("Question 1 of 8")
    ]
    assert len(questions) == 9
    offer, again = open_offer(full(short, sender)), open_offer(tracker(short, sender))
    assert offer and again and offer.buttons == again.buttons and offer.id == again.id
