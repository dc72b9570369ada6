"""What leans on the topic just talked about, and which topic that was."""

from __future__ import annotations

from pathlib import Path

import pytest
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from components.follow_up import last_topic, opens_a_follow_up, points_back, topic_questions

DATA = Path(__file__).resolve().parents[1] / "data" / "faq"
OPENERS = ("and", "what about")


def tracker(*events: object) -> DialogueStateTracker:
    return DialogueStateTracker.from_events("someone", list(events))  # type: ignore[arg-type]


def said(response: str) -> BotUttered:
    return BotUttered("…", metadata={"utter_action": response})


def test_every_topic_has_a_short_question_of_its_own() -> None:
    questions = topic_questions(DATA)
    assert set(questions) == {f"faq_{path.stem}" for path in DATA.glob("*.yml")}
    assert len(set(questions.values())) == len(questions)
    assert all(len(question) <= 30 for question in questions.values())


@pytest.mark.parametrize("text", ["and for men?", "What about fillers", "and?"])
def test_a_few_words_that_begin_so_lean_on_what_was_said(text: str) -> None:
    assert opens_a_follow_up(text, OPENERS)


@pytest.mark.parametrize(
    "text",
    ["", "android phones", "how much is it", "and then my sister told me that hers lasted until the summer"],
)
def test_other_words_and_long_messages_stand_alone(text: str) -> None:
    assert not opens_a_follow_up(text, OPENERS)


def test_that_points_back_in_a_short_message_only() -> None:
    assert points_back("how long is that?", ("that",))
    assert not points_back("how long does the numbing cream need before that pen comes out", ("that",))
    assert not points_back("how long", ("that",))


def test_the_topic_is_the_last_answer_of_the_turn_just_past() -> None:
    talk = tracker(UserUttered("hi"), said("utter_faq_cost"), UserUttered("?"), said("utter_faq_pain_more"))
    assert last_topic(talk) == "faq_pain"


def test_an_older_answer_is_no_topic_any_more() -> None:
    assert last_topic(tracker(UserUttered("hi"), said("utter_faq_cost"), UserUttered("?"), said("utter_okay"))) is None
    assert last_topic(tracker()) is None
    assert last_topic(None) is None
