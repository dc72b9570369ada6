"""The bot's wording: facts, blank facts, fragments, and text that people typed."""

from __future__ import annotations

import asyncio
from typing import Any, Dict, List, Optional

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered
from rasa.shared.core.trackers import DialogueStateTracker

from components.clinic_responses import ClinicResponses

DOMAIN = """
version: "3.1"
slots:
  booking_name: {type: any, influence_conversation: false, mappings: [{type: custom}]}
responses:
  utter_phone:
  - text: "Call {clinic.phone}."
  utter_price:
  - text: "It costs {clinic.price}."
  - text: "The clinic will tell you the price."
    metadata: {unset: true}
  utter_name:
  - text: "Thanks, {booking_name}."
  utter_turns:
  - text: one
  - text: two
  utter_list:
  - text: "Because:\\n{lines}"
  utter_line:
  - text: "- {what}"
  utter_sms:
  - text: long
  - text: short
    channel: sms
  utter_button:
  - text: Pick
    buttons:
    - {title: "Call {clinic.phone}", payload: /talk_to_human}
  utter_broken:
  - text: "A {nobody.knows} gap"
"""


@pytest.fixture()
def responses() -> ClinicResponses:
    made = ClinicResponses(None, Domain.from_yaml(DOMAIN))
    made._facts = {"clinic.phone": "555 0100", "clinic.price": None}
    return made


def say(
    responses: ClinicResponses, name: str, events: Optional[List[Any]] = None, channel: str = "web", **values: Any
) -> Optional[Dict[str, Any]]:
    domain = Domain.from_yaml(DOMAIN)
    tracker = DialogueStateTracker.from_events("x", events or [], slots=domain.slots)
    return asyncio.run(responses.generate(name, tracker, channel, **values))


def test_a_fact_stands_in_the_text(responses: ClinicResponses) -> None:
    assert say(responses, "utter_phone")["text"] == "Call 555 0100."


def test_a_blank_fact_uses_the_unset_variation(responses: ClinicResponses) -> None:
    assert say(responses, "utter_price")["text"] == "The clinic will tell you the price."


def test_a_known_fact_does_not(responses: ClinicResponses) -> None:
    responses._facts["clinic.price"] = "$300"
    assert say(responses, "utter_price")["text"] == "It costs $300."


def test_braces_that_somebody_typed_stay_words(responses: ClinicResponses) -> None:
    text = say(responses, "utter_name", booking_name="{clinic.phone}")["text"]
    assert text == "Thanks, {clinic.phone}."


def test_variations_take_turns(responses: ClinicResponses) -> None:
    said = BotUttered("one", metadata={"utter_action": "utter_turns"})
    assert [say(responses, "utter_turns", [said] * n)["text"] for n in range(3)] == ["one", "two", "one"]


def test_a_list_of_fragments_becomes_lines(responses: ClinicResponses) -> None:
    lines = [{"response": "utter_line", "what": "first"}, {"response": "utter_line", "what": "second"}]
    assert say(responses, "utter_list", lines=lines)["text"] == "Because:\n- first\n- second"


def test_a_channel_may_have_words_of_its_own(responses: ClinicResponses) -> None:
    assert say(responses, "utter_sms", channel="sms")["text"] == "short"
    assert say(responses, "utter_sms", channel="web")["text"] == "long"


def test_button_titles_are_filled_as_well(responses: ClinicResponses) -> None:
    assert say(responses, "utter_button")["buttons"][0]["title"] == "Call 555 0100"


def test_a_name_without_a_value_leaves_no_brace(responses: ClinicResponses) -> None:
    assert say(responses, "utter_broken")["text"] == "A gap"


def test_an_unknown_response_is_none(responses: ClinicResponses) -> None:
    assert say(responses, "utter_nothing_of_the_kind") is None
