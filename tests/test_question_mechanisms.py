"""A conversation that rests on a mechanism of understanding fails when that mechanism is off, and passes when it is on."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest

from tests.conversations.runner import FOLDER, Player, load_case
from tests.harness import ROOT, ActionServer, Bot

SEVERAL = [
    "questions/three_questions_at_once_are_answered_in_the_order_they_came",
    "questions/somebody_asks_how_it_works_and_how_long_it_lasts_in_one_breath",
    "questions/a_question_a_medicine_and_a_wish_to_book_in_one_breath",
]
FOLLOW_UPS = [
    "questions/a_follow_up_leans_on_the_topic_just_talked_about",
    "questions/what_about_fillers_stays_with_the_question_about_combining",
]
AMBIGUOUS = ["questions/two_topics_that_are_equally_likely_are_offered_as_a_choice"]
SIGNS = ["questions/a_thumb_up_is_a_yes_to_what_was_offered"]
TWICE = ["trouble/the_second_time_nothing_fits_a_person_is_offered_first"]


def problems(bot: Bot, name: str) -> List[str]:
    from desk.settings import today

    return Player(load_case(FOLDER / f"{name}.yml"), bot, today()).play()


@pytest.mark.parametrize("name", [*SEVERAL, *FOLLOW_UPS, *AMBIGUOUS, *SIGNS, *TWICE])
def test_with_every_mechanism_the_talk_goes_well(bot: Bot, name: str) -> None:
    assert not problems(bot, name)


@pytest.mark.parametrize("name", SEVERAL)
def test_without_clauses_only_one_of_several_questions_is_answered(
    bot: Bot, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("components.intent_classifier.clauses", lambda text: [text])
    assert problems(bot, name)


@pytest.mark.parametrize("name", FOLLOW_UPS)
def test_without_the_last_topic_a_follow_up_goes_wrong(
    bot: Bot, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("components.intent_classifier.last_topic", lambda tracker: None)
    assert problems(bot, name)


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_without_choices_a_message_of_two_meanings_gets_no_help(
    bot: Bot, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "components.intent_classifier.SentenceIntentClassifier._choices", lambda self, ranking: []
    )
    assert problems(bot, name)


@pytest.mark.parametrize("name", SIGNS)
def test_without_the_emoji_a_thumb_up_is_not_understood(
    bot: Bot, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from components.intent_classifier import SentenceIntentClassifier as Classifier

    understand = Classifier._without_words

    def forgetful(self: Classifier, text: str) -> object:
        monkeypatch.setitem(self.config, "emoji", {})
        return understand(self, text)

    monkeypatch.setattr(Classifier, "_without_words", forgetful)
    assert problems(bot, name)


@pytest.fixture
def forgetful_actions(work: Path, tmp_path: Path, bot: Bot, action_server: ActionServer):
    """An action server that does not count how often nothing fitted."""
    (tmp_path / "sitecustomize.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nimport actions.unclear\n"
        "actions.unclear._failed_tries = lambda tracker: 0\n",
        "utf-8",
    )
    server = ActionServer(work, PYTHONPATH=str(tmp_path))
    bot.use_actions(server.url)
    yield server
    bot.use_actions(action_server.url)
    server.stop()


@pytest.mark.parametrize("name", TWICE)
def test_without_counting_the_second_time_is_like_the_first(
    bot: Bot, name: str, forgetful_actions: ActionServer
) -> None:
    assert problems(bot, name)


@pytest.mark.parametrize("text", ["9999", "4421", "52", "7", "12/3", "1234!"])
def test_a_bare_number_asks_for_nothing(bot: Bot, text: str) -> None:
    assert bot.parse(text)["intent"]["name"] == "nlu_fallback"


@pytest.mark.parametrize("text", ["911", "999!!", "9-1-1", "112"])
def test_the_number_of_help_alone_is_a_call_for_help(bot: Bot, text: str) -> None:
    assert bot.parse(text)["intent"]["name"] == "urgent_symptom"
