"""Every state that a talk can be in, played once, and turns from there in conversations of their own."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import Any, Dict, List

from rasa.core.channels import UserMessage
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from channels.transcript import Collected
from components.fresh_session import fresh_session
from components.safety_policy import COMMANDS
from tests.harness import Bot

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
QUESTION_OF_ITS_OWN = (
    "utter_start_over_ask",
    "utter_correct_which",
    "utter_contradiction",
    "utter_note_hypothetical",
    "utter_delete_ask",
    "utter_someone_else_ask",
)
"""Replies that ask something themselves; the form's question waits."""
BOOKING = [
    ("booking_name", "Maria Long"),
    ("booking_contact", "512 555 0142"),
    ("booking_windows", "weekday mornings"),
    ("booking_consent", "/affirm"),
]

STATES = [
    *("no form", "after the verdict", "after the booking", "start over?", "age for a booking"),
    *(slot for slot, _ in QUESTIONS),
    *(f"{kind} follow-up" for kind in FOLLOW_UPS),
    *(slot for slot, _ in BOOKING),
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
        if not any(isinstance(e, UserUttered) and e.text == said for e in events) or any(
            map(_takes_back, events)
        ):
            found.append("the message is gone")
        if self.tracker.active_loop_name and not self._asks():
            found.append("the open question was not asked again")
        return found

    def _asks(self) -> bool:
        """The last words are a question, or one of before word for word."""
        before = [
            str(event.metadata.get("utter_action"))
            for event in self.tracker.events
            if isinstance(event, BotUttered) and event.text == self.texts[-1]
        ]
        return any(name.startswith(("utter_ask_", *QUESTION_OF_ITS_OWN)) for name in (self.responses[-1], *before))


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


async def copy(bot: Bot, state: State) -> str:
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
        aside = bot.run(copy(bot, states[slot]))
        for step in steps:
            say(bot, aside, step)
        states[f"{kind} follow-up"] = snapshot(bot, aside)
    aside = bot.run(copy(bot, states["q4_allergy"]))
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


def run_grid(bot: Bot, states: Dict[str, State]) -> List[Turn]:
    """Every intent in every state, some at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def turn(name: str, intent: str) -> Turn:
        async with gate:
            sender = await copy(bot, states[name])
            output = Collected("web")
            await bot.agent.handle_message(UserMessage(f"/{intent}", output, sender, input_channel="web"))
            tracker = await bot.agent.tracker_store.retrieve(sender)
            return Turn(name, intent, tracker, output.messages)  # type: ignore[arg-type]

    async def all_turns() -> List[Turn]:
        return await asyncio.gather(*(turn(name, intent) for name in states for intent in wanted))

    wanted = said_by_people(bot.agent.domain)  # type: ignore[arg-type]
    return asyncio.run_coroutine_threadsafe(all_turns(), bot._loop).result(300)


def said_by_people(domain: Domain) -> List[str]:
    """The intents of domain.yml; Rasa's own commands are tried elsewhere."""
    return [intent for intent in domain.intents if intent not in COMMANDS and intent != "nlu_fallback"]
