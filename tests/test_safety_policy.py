"""The promises that no rule may break: emergency first, never silence, in every state of the talk."""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest
from rasa.core.channels import UserMessage
from rasa.shared.core.domain import Domain
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

from channels.transcript import Collected
from components.fresh_session import fresh_session
from components.safety_policy import COMMANDS, current_turn
from tests.harness import ActionServer, Bot

AT_ONCE = 6
"""Turns that run side by side in the grid."""

MOST_MESSAGES = 2
"""The reply, and the open question asked again."""

QUESTIONS = [
    ("q1_age", "47"),
    ("q2_pregnancy", "/deny"),
    ("q3_nerve_muscle", "/deny"),
    ("q4_allergy", "/deny"),
    ("q5_skin_today", "/deny"),
    ("q6_medicines", "/deny"),
    ("q7_recent_procedures", "/deny"),
    ("q8_other_health", "/deny"),
]
FOLLOW_UPS = {
    "which": ("q8_other_health", ["/affirm"]),
    "rest": ("q2_pregnancy", ["not pregnant"]),
    "when": ("q6_medicines", ["/affirm", "accutane"]),
}
QUESTION_OF_ITS_OWN = ("utter_start_over_ask", "utter_correct_which", "utter_contradiction", "utter_note_hypothetical")
"""Replies that ask something themselves; the form's question waits."""
BOOKING = [
    ("booking_name", "Maria Long"),
    ("booking_contact", "512 555 0142"),
    ("booking_windows", "weekday mornings"),
    ("booking_consent", "/affirm"),
]

State = List[Dict[str, Any]]


@dataclass
class Turn:
    """One turn of the grid: what was sent in which state, and what came of it."""

    state: str
    intent: str
    tracker: DialogueStateTracker
    messages: List[Dict[str, Any]]
    actions: List[str] = field(init=False)

    def __post_init__(self) -> None:
        self.actions = []
        for event in reversed(self.tracker.events):
            if isinstance(event, UserUttered):
                break
            if isinstance(event, ActionExecuted) and event.action_name:
                self.actions.insert(0, event.action_name)

    @property
    def texts(self) -> List[str]:
        return [message.get("text") or "" for message in self.messages]

    @property
    def responses(self) -> List[str]:
        return [str(message.get("utter_action")) for message in self.messages]

    def problems(self) -> List[str]:
        """What the turn broke of the promises."""
        found = []
        if not self.messages or not all(text.strip() for text in self.texts):
            found.append("silence")
        if len(self.messages) > MOST_MESSAGES:
            found.append(f"{len(self.messages)} messages")
        if len(set(self.texts)) < len(self.texts):
            found.append("said twice")
        if any("{" in text for text in self.texts):
            found.append("a name was left in a text")
        if self.actions.count("action_listen") != 1 or self.actions[-1] != "action_listen":
            found.append(f"did not end in listening: {self.actions}")
        if "utter_unavailable" in self.responses:
            found.append("unavailable")
        said = f"/{self.intent}"
        events = self.tracker.events
        if not any(isinstance(e, UserUttered) and e.text == said for e in events) or any(map(_takes_back, events)):
            found.append("the message is gone")
        if self.tracker.active_loop_name and not self.responses[-1].startswith(("utter_ask_", *QUESTION_OF_ITS_OWN)):
            found.append("the open question was not asked again")
        return found


def _takes_back(event: Event) -> bool:
    return event.type_name in ("rewind", "undo", "restart")


def say(bot: Bot, sender: str, text: str, channel: str = "web") -> List[Dict[str, Any]]:
    """One turn as a channel runs it."""
    output = Collected(channel)
    bot.run(bot.agent.handle_message(UserMessage(text, output, sender, input_channel=channel)))
    return output.messages


def snapshot(bot: Bot, sender: str) -> State:
    """Where a conversation stands, in few events, as a long talk goes on in the database."""
    tracker = bot.run(bot.agent.tracker_store.retrieve(sender))
    return fresh_session(tracker, bot.agent.domain.slots)  # type: ignore[union-attr]


async def _copy(bot: Bot, state: State) -> str:
    sender = f"copy-{uuid.uuid4().hex}"
    tracker = DialogueStateTracker.from_dict(sender, state, bot.agent.domain.slots)  # type: ignore[union-attr]
    await bot.agent.tracker_store.save(tracker)
    return sender


def open_talk(bot: Bot) -> str:
    """A talk opened as the page opens it."""
    sender = f"talk-{uuid.uuid4().hex}"
    for action in ("utter_greet", "action_listen"):
        bot.run(bot.agent.execute_action(sender, action, Collected("web"), None, 1.0))
    return sender


def play_states(bot: Bot) -> Dict[str, State]:
    """Every state of the talk, each played once."""
    states = {"no form": snapshot(bot, open_talk(bot))}
    talk = open_talk(bot)
    say(bot, talk, "/start_screening")
    for slot, answer in QUESTIONS:
        states[slot] = snapshot(bot, talk)
        say(bot, talk, answer)
    states["after the verdict"] = snapshot(bot, talk)
    for kind, (slot, steps) in FOLLOW_UPS.items():
        aside = bot.run(_copy(bot, states[slot]))
        for step in steps:
            say(bot, aside, step)
        states[f"{kind} follow-up"] = snapshot(bot, aside)
    aside = bot.run(_copy(bot, states["q4_allergy"]))
    say(bot, aside, "/start_over")
    states["start over?"] = snapshot(bot, aside)
    say(bot, talk, "/book_consultation")
    for slot, answer in BOOKING:
        states[slot] = snapshot(bot, talk)
        say(bot, talk, answer)
    states["after the booking"] = snapshot(bot, talk)
    unscreened = open_talk(bot)
    say(bot, unscreened, "/book_consultation")
    states["age for a booking"] = snapshot(bot, unscreened)
    return states


def run_grid(bot: Bot, states: Dict[str, State], intents: Optional[List[str]] = None) -> List[Turn]:
    """Every intent in every state, some at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def turn(name: str, intent: str) -> Turn:
        async with gate:
            sender = await _copy(bot, states[name])
            output = Collected("web")
            await bot.agent.handle_message(UserMessage(f"/{intent}", output, sender, input_channel="web"))
            tracker = await bot.agent.tracker_store.retrieve(sender)
            return Turn(name, intent, tracker, output.messages)  # type: ignore[arg-type]

    async def all_turns() -> List[Turn]:
        return await asyncio.gather(*(turn(name, intent) for name in states for intent in wanted))

    wanted = intents or said_by_people(bot.agent.domain)  # type: ignore[arg-type]
    return asyncio.run_coroutine_threadsafe(all_turns(), bot._loop).result(300)


def said_by_people(domain: Domain) -> List[str]:
    """The intents of domain.yml; Rasa's own commands are tried elsewhere."""
    return [intent for intent in domain.intents if intent not in COMMANDS and intent != "nlu_fallback"]


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
        ([ActionExecuted("utter_greet"), BotUttered("hi"), ActionExecuted("utter_okay"), BotUttered("x")], 1, False, False),
        ([ActionExecuted("screening_form")], 0, True, False),
        ([ActionExecuted("action_answer"), BotUttered("x"), LoopInterrupted(True), ActionExecuted("screening_form")], 1, True, False),
        ([ActionExecuted("action_stop"), SlotSet("a", 1)], 0, False, False),
        ([ActionExecuted("action_stop"), ActiveLoop(None)], 0, False, False),
        ([ActionExecutionRejected("screening_form")], 0, False, True),
        ([ActionExecuted("action_deactivate_loop")], 0, False, False),
        ([ActionExecuted("action_answer"), ActionExecuted("utter_faq_cost"), BotUttered("x")], 1, True, False),
    ],
)
def test_a_turn_is_read_from_the_newest_events(events: List[Event], said: int, failed: bool, rejected: bool) -> None:
    earlier = (*ASKED, ActionExecuted("action_broken"), ActionExecuted("utter_okay"), BotUttered("y"))
    turn = current_turn(tracker_of(*earlier, *ASKED, *events))
    assert (turn.said, turn.failed, turn.rejected, turn.intent) == (said, failed, rejected, "faq_cost")


def test_before_anybody_has_written_there_is_no_message() -> None:
    assert current_turn(tracker_of(ActionExecuted("utter_greet"), BotUttered("hi"))).message is None


# Every intent in every state


@pytest.fixture(scope="module")
def states(bot: Bot) -> Dict[str, State]:
    return play_states(bot)


STATES = [
    *("no form", "after the verdict", "after the booking", "start over?", "age for a booking"),
    *(slot for slot, _ in QUESTIONS),
    *(f"{kind} follow-up" for kind in FOLLOW_UPS),
    *(slot for slot, _ in BOOKING),
]


@pytest.fixture(scope="module")
def grid(bot: Bot, action_server: ActionServer, states: Dict[str, State]) -> Iterator[Tuple[List[Turn], List[str]]]:
    """Every turn of the grid and the errors logged meanwhile."""
    import rasa.core.actions.action as actions

    # A thousand turns at once on a busy machine say nothing about time; other tests do.
    usual, actions.DEFAULT_REQUEST_TIMEOUT = actions.DEFAULT_REQUEST_TIMEOUT, 60  # type: ignore[assignment]
    logged: List[str] = []

    class Listen(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            logged.append(f"{record.name}: {record.getMessage()} {error!r} {getattr(error, '__cause__', None)!r}")

    listen = Listen(logging.WARNING)
    logging.getLogger().addHandler(listen)
    try:
        turns = run_grid(bot, states)
    finally:
        logging.getLogger().removeHandler(listen)
        actions.DEFAULT_REQUEST_TIMEOUT = usual
    yield turns, logged + [line for line in action_server.log.read_text().splitlines() if "Traceback" in line]


def test_the_states_are_what_they_are_called(bot: Bot, states: Dict[str, State]) -> None:
    assert sorted(states) == sorted(STATES)
    slots = bot.agent.domain.slots  # type: ignore[union-attr]
    for name, state in states.items():
        tracker = DialogueStateTracker.from_dict("one", state, slots)
        if name in dict(QUESTIONS + BOOKING):
            assert tracker.get_slot("requested_slot") == name
        if name.endswith("follow-up"):
            assert str(tracker.get_slot("follow_up")).startswith(name.split()[0]), name
        assert bool(tracker.active_loop_name) == (name not in ("no form", "after the verdict", "after the booking"))


@pytest.mark.parametrize("state", STATES)
def test_every_intent_gets_one_reply(grid: Tuple[List[Turn], List[str]], state: str) -> None:
    turns = [turn for turn in grid[0] if turn.state == state]
    assert len(turns) > 50
    broken = {turn.intent: (turn.problems(), turn.responses) for turn in turns if turn.problems()}
    assert not broken


def test_no_exception_is_logged(grid: Tuple[List[Turn], List[str]]) -> None:
    assert not grid[1]


def test_asking_for_the_open_form_asks_its_question_again(grid: Tuple[List[Turn], List[str]]) -> None:
    for turn in grid[0]:
        if (turn.intent, turn.tracker.active_loop_name) == ("start_screening", "screening_form"):
            assert turn.responses[-1].startswith("utter_ask_") and turn.actions[-2] == "screening_form"


def test_an_emergency_ends_the_form_in_every_state(grid: Tuple[List[Turn], List[str]], states: Dict[str, State]) -> None:
    for turn in grid[0]:
        if turn.intent == "urgent_symptom":
            assert turn.responses == ["utter_urgent"], turn.state
            assert turn.tracker.active_loop_name is None and turn.tracker.get_slot("requested_slot") is None
            before = DialogueStateTracker.from_dict("one", states[turn.state], turn.tracker.slots.values())
            for slot in ("findings", "q1_age", "q2_pregnancy", "booking_name", "booking_contact"):
                assert turn.tracker.get_slot(slot) == before.get_slot(slot), (turn.state, slot)


# Emergencies in own words

EMERGENCY = "I can't swallow since my treatment yesterday"


@pytest.mark.parametrize("state", ["no form", "q4_allergy", "which follow-up", "booking_contact", "start over?"])
def test_an_emergency_in_own_words_comes_first(bot: Bot, states: Dict[str, State], state: str) -> None:
    sender = bot.run(_copy(bot, states[state]))
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
    first = [m["utter_action"] for m in say(bot, sender, "how long does it last?", channel)]
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
    sender = bot.run(_copy(bot, states[state]))
    messages = say(bot, sender, f"/{command}", "cmdline")
    assert 1 <= len(messages) <= 2 and all(m["text"] for m in messages)
    assert "utter_unavailable" not in [m.get("utter_action") for m in messages]
    tracker = bot.run(bot.agent.tracker_store.retrieve(sender))
    assert tracker.latest_action_name == "action_listen"
    if command == "restart":
        assert tracker.active_loop_name is None and not tracker.get_slot("findings")
    assert [m["utter_action"] for m in say(bot, sender, "/faq_cost", "cmdline")][0] in ("utter_faq_cost", "utter_greet")


def test_a_step_back_in_a_form_asks_an_earlier_question(bot: Bot, states: Dict[str, State]) -> None:
    sender = bot.run(_copy(bot, states["q4_allergy"]))
    say(bot, sender, "/deny", "cmdline")
    last = say(bot, sender, "/back", "cmdline")[-1]
    assert last["utter_action"].startswith("utter_ask_q")


# A turn that broke off


def test_a_form_whose_refusal_was_the_last_thing_done_takes_the_next_answer(bot: Bot, states: Dict[str, State]) -> None:
    broken_off = [
        UserUttered("what?", {"name": "nlu_fallback"}),
        ActionExecutionRejected("screening_form"),
        ActionExecuted("action_unclear"),
        ActionExecuted("utter_unavailable"),
        ActionExecuted("action_listen"),
    ]
    sender = bot.run(_copy(bot, states["q4_allergy"] + [event.as_dict() for event in broken_off]))
    assert [m["utter_action"] for m in say(bot, sender, "/deny")] == ["utter_ask_q5_skin_today"]
