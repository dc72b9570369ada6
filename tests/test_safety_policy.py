"""The promises that no rule may break: emergency first, and never silence."""

from __future__ import annotations

import uuid
from typing import Dict, List

import pytest
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    Event,
    LoopInterrupted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from components.safety_policy import COMMANDS, current_turn
from tests.harness import Bot
from tests.states import State, copy, open_talk, say

# One turn, read from a tracker


def tracker_of(*events: Event) -> DialogueStateTracker:
    return DialogueStateTracker.from_events("one", list(events), [])


ASKED = (ActionExecuted("action_listen"), UserUttered("hm", {"name": "faq_cost"}))


@pytest.mark.parametrize(
    "events, said, failed, rejected",
    [
        ([], 0, False, False),
        ([ActionExecuted("utter_faq_cost"), BotUttered("x")], 1, False, False),
        ([ActionExecuted("utter_greet"), BotUttered("hi")], 0, False, False),
        (
            [ActionExecuted("utter_greet"), BotUttered("hi"), ActionExecuted("utter_okay"), BotUttered("x")],
            1,
            False,
            False,
        ),
        ([ActionExecuted("screening_form")], 0, True, False),
        (
            [
                ActionExecuted("action_answer"),
                BotUttered("x"),
                LoopInterrupted(True),
                ActionExecuted("screening_form"),
            ],
            1,
            True,
            False,
        ),
        ([ActionExecuted("action_stop"), SlotSet("a", 1)], 0, False, False),
        ([ActionExecuted("action_stop"), ActiveLoop(None)], 0, False, False),
        ([ActionExecutionRejected("screening_form")], 0, False, True),
        ([ActionExecuted("action_deactivate_loop")], 0, False, False),
        (
            [ActionExecuted("action_answer"), ActionExecuted("utter_faq_cost"), BotUttered("x")],
            1,
            True,
            False,
        ),
    ],
)
def test_a_turn_is_read_from_the_newest_events(
    events: List[Event], said: int, failed: bool, rejected: bool
) -> None:
    earlier = (*ASKED, ActionExecuted("action_broken"), ActionExecuted("utter_okay"), BotUttered("y"))
    turn = current_turn(tracker_of(*earlier, *ASKED, *events))
    assert (turn.said, turn.failed, turn.rejected, turn.intent) == (said, failed, rejected, "faq_cost")


def test_before_anybody_has_written_there_is_no_message() -> None:
    assert current_turn(tracker_of(ActionExecuted("utter_greet"), BotUttered("hi"))).message is None


# Emergencies in own words

EMERGENCY = "I can't swallow since my treatment yesterday"


@pytest.mark.parametrize(
    "state", ["no form", "q4_allergy", "which follow-up", "booking_contact", "start over?"]
)
def test_an_emergency_in_own_words_comes_first(bot: Bot, states: Dict[str, State], state: str) -> None:
    sender = bot.run(copy(bot, states[state]))
    messages = say(bot, sender, EMERGENCY)
    assert [m["utter_action"] for m in messages] == ["utter_urgent"]
    tracker = bot.run(bot.agent.tracker_store.retrieve(sender))
    assert tracker.active_loop_name is None
    assert any(isinstance(e, UserUttered) and e.text == EMERGENCY for e in tracker.applied_events())
    # "yes" to nothing in particular does not bring the questions back
    assert all("utter_ask_q" not in str(m.get("utter_action")) for m in say(bot, sender, "ok thanks"))


def test_an_emergency_is_answered_before_any_greeting(bot: Bot) -> None:
    for channel in ("web", "cmdline", "sms"):
        sender = f"first-{uuid.uuid4().hex}"
        assert [m["utter_action"] for m in say(bot, sender, EMERGENCY, channel)] == ["utter_urgent"]


def test_what_was_said_before_the_emergency_stays_in_the_record(bot: Bot) -> None:
    sender = open_talk(bot)
    say(bot, sender, "/start_screening")
    say(bot, sender, "47")
    say(bot, sender, "yes, I am 10 weeks pregnant")
    say(bot, sender, EMERGENCY)
    say(bot, sender, "/start_screening")
    findings = bot.run(bot.agent.tracker_store.retrieve(sender)).get_slot("findings")
    assert "pregnancy" in [f["condition"] for f in findings]


# The greeting where the channel cannot open the chat


@pytest.mark.parametrize("channel", ["cmdline", "sms"])
def test_the_greeting_comes_before_the_first_answer_and_once(bot: Bot, channel: str) -> None:
    sender = f"first-{uuid.uuid4().hex}"
    first = [m["utter_action"] for m in say(bot, sender, "how long will it last?", channel)]
    assert first == ["utter_greet", "utter_faq_duration"]
    assert [m["utter_action"] for m in say(bot, sender, "what does it cost?", channel)] == ["utter_faq_cost"]


@pytest.mark.parametrize("channel", ["cmdline", "sms", "web"])
def test_a_hello_is_greeted_once(bot: Bot, channel: str) -> None:
    sender = f"first-{uuid.uuid4().hex}"
    for _ in range(2):
        assert [m["utter_action"] for m in say(bot, sender, "/greet", channel)] == ["utter_greet"]


def test_a_screening_may_begin_with_the_first_message(bot: Bot) -> None:
    sender = f"first-{uuid.uuid4().hex}"
    first = [m["utter_action"] for m in say(bot, sender, "/start_screening", "sms")]
    assert first == ["utter_greet", "utter_screening_consent", "utter_ask_q1_age"]
    assert [m["utter_action"] for m in say(bot, sender, "47", "sms")] == ["utter_ask_q2_pregnancy"]


# Rasa's own commands, which staff may type in the shell


@pytest.mark.parametrize("state", ["no form", "q1_age", "q4_allergy", "which follow-up", "booking_contact"])
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_is_answered_and_the_talk_goes_on(
    bot: Bot, states: Dict[str, State], state: str, command: str
) -> None:
    sender = bot.run(copy(bot, states[state]))
    messages = say(bot, sender, f"/{command}", "cmdline")
    assert 1 <= len(messages) <= 2 and all(m["text"] for m in messages)
    assert "utter_unavailable" not in [m.get("utter_action") for m in messages]
    tracker = bot.run(bot.agent.tracker_store.retrieve(sender))
    assert tracker.latest_action_name == "action_listen"
    if command == "restart":
        assert tracker.active_loop_name is None and not tracker.get_slot("findings")
    assert [m["utter_action"] for m in say(bot, sender, "/faq_cost", "cmdline")][0] in (
        "utter_faq_cost",
        "utter_greet",
    )


def test_a_step_back_in_a_form_asks_an_earlier_question(bot: Bot, states: Dict[str, State]) -> None:
    sender = bot.run(copy(bot, states["q4_allergy"]))
    say(bot, sender, "/deny", "cmdline")
    last = say(bot, sender, "/back", "cmdline")[-1]
    assert last["utter_action"].startswith("utter_ask_q")


# A turn that broke off


def test_a_form_whose_refusal_was_the_last_thing_done_takes_the_next_answer(
    bot: Bot, states: Dict[str, State]
) -> None:
    broken_off = [
        UserUttered("what?", {"name": "nlu_fallback"}),
        ActionExecutionRejected("screening_form"),
        ActionExecuted("action_unclear"),
        ActionExecuted("utter_unavailable"),
        ActionExecuted("action_listen"),
    ]
    sender = bot.run(copy(bot, states["q4_allergy"] + [event.as_dict() for event in broken_off]))
    assert [m["utter_action"] for m in say(bot, sender, "/deny")] == ["utter_ask_q5_skin_today"]
