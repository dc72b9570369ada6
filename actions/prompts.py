"""Questions of the forms: one at a time, no thanks said twice, and a request read back before it is changed."""

from __future__ import annotations

from typing import Any, Dict, List, Text, Type

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.talk import Talk
from actions.times import ask_times, in_words
from desk.changes import CANCEL

LATELY = 3600.0  # seconds
PROMPTS = {
    "booking_contact": ("utter_ask_booking_contact", "utter_ask_booking_contact_again"),
    "change_reference": ("utter_ask_change_reference", "utter_ask_change_reference_again"),
    "change_proof": ("utter_ask_change_proof", "utter_ask_change_proof"),
    "reminder_contact": ("utter_ask_reminder_contact", "utter_ask_reminder_contact_again"),
}
"""Slot → the words of the question, and those when it was asked a short while ago."""


class _Prompt:
    """Ask for one slot, unless a yes-or-no question of this turn comes first."""

    slot: Text = ""

    def name(self) -> Text:
        return f"action_ask_{self.slot}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk, (first, again) = Talk(tracker), PROMPTS[self.slot]
        if talk.asks_now:
            return []
        dispatcher.utter_message(response=again if talk.said_before(first, talk.now - LATELY) else first)
        return []


def _prompt(slot: Text) -> Type[Action]:
    """rasa-sdk registers every subclass of Action that it finds; one for each slot."""
    return type(f"ActionAsk{slot.replace('_', ' ').title().replace(' ', '')}", (_Prompt, Action), {"slot": slot})


PROMPT_ACTIONS = [_prompt(slot) for slot in PROMPTS]


class ActionAskChangeWish(Action):
    """Read the request back and ask what to do with it."""

    def name(self) -> Text:
        return "action_ask_change_wish"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        found = tracker.get_slot("change_proof") or {}
        dispatcher.utter_message(response="utter_ask_change_wish", windows=in_words(found.get("windows") or []))
        return []


class ActionAskChangeWindows(Action):
    """Offer other times."""

    def name(self) -> Text:
        return "action_ask_change_windows"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        slots = ask_times(dispatcher, Talk(tracker), domain, "utter_ask_change_windows")
        return [SlotSet(name, value) for name, value in slots.items()]


class ActionAskChangeConsent(Action):
    """Read the change back and ask for the yes."""

    def name(self) -> Text:
        return "action_ask_change_consent"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        before = in_words((tracker.get_slot("change_proof") or {}).get("windows") or [])
        if tracker.get_slot("change_wish") == CANCEL:
            dispatcher.utter_message(response="utter_ask_change_consent_cancel", windows=before)
        else:
            after = in_words(tracker.get_slot("change_windows"))
            dispatcher.utter_message(response="utter_ask_change_consent_move", before=before, windows=after)
        return []
