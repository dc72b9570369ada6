"""What Rasa makes of a message: intent, asked, findings, and safety first."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest


def intents(parsed: Dict[str, Any]) -> List[str]:
    return [item["intent"] for item in parsed["asked"]]


def findings(parsed: Dict[str, Any]) -> Dict[str, str]:
    return {e["value"]: e["role"] for e in parsed["entities"] if e["entity"] == "finding"}


def test_two_questions_are_asked_in_order(bot) -> None:
    parsed = bot.parse("whats the price and does it hurt?")
    assert intents(parsed) == ["faq_cost", "faq_pain"]
    assert parsed["intent"]["name"] == "faq_cost"


def test_each_thing_asked_has_its_words_and_a_confidence(bot) -> None:
    asked = bot.parse("how does it work and how long will it last?")["asked"]
    assert [set(item) for item in asked] == [{"intent", "confidence", "text"}] * 2
    assert all(0.0 < item["confidence"] <= 1.0 for item in asked)
    assert asked[1]["text"].startswith("how long")


def test_a_disclosure_comes_first_and_the_question_is_kept(bot) -> None:
    parsed = bot.parse("what will it cost me, I'm on warfarin")
    assert parsed["intent"]["name"] == "report_condition"
    assert parsed["intent_ranking"][0]["name"] == "report_condition"
    assert findings(parsed) == {"anticoagulant": "present"}
    assert intents(parsed) == ["faq_cost"]


def test_a_plain_question_about_a_condition_does_not_turn_into_a_report(bot) -> None:
    parsed = bot.parse("how long will it last, and is it risky in pregnancy?")
    assert findings(parsed) == {"pregnancy": "hypothetical"}
    assert parsed["intent"]["name"].startswith("faq_")


def test_an_emergency_overrides_everything(bot) -> None:
    parsed = bot.parse("how much is it? I had it done yesterday and now I cannot breathe properly")
    assert parsed["intent"]["name"] == "urgent_symptom"


def test_a_denial_alone_does_not_override_the_question(bot) -> None:
    parsed = bot.parse("I'm not pregnant. how soon would I see a result?")
    assert parsed["intent"]["name"] == "faq_onset"
    assert findings(parsed) == {"pregnancy": "absent"}


@pytest.mark.parametrize("text", ["", "   ", "\U0001F600\U0001F600", "qwrt zxcv plmk", "..."])
def test_what_nobody_could_understand_is_a_fallback(bot, text: str) -> None:
    parsed = bot.parse(text)
    assert parsed["intent"]["name"] in ("nlu_fallback", "out_of_scope")
    assert parsed["asked"] == []


def test_a_chosen_button_is_not_listened_to_as_words(bot) -> None:
    parsed = bot.parse('/report_condition{"finding": "pregnancy"}')
    assert parsed["intent"]["name"] == "report_condition"
    assert [e["value"] for e in parsed["entities"]] == ["pregnancy"]


def test_every_finding_carries_its_whole_record(bot) -> None:
    entity = bot.parse("finished accutane 3 weeks ago")["entities"][0]
    assert entity["finding"]["condition"] == entity["value"] == "isotretinoin_recent"
    assert entity["finding"]["when"] and entity["start"] < entity["end"]
