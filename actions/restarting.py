"""A new record: a fresh start, or another person to be treated."""

from __future__ import annotations

from typing import Any, Dict, List, Text

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.talk import OTHER, READ_BACK, Talk, forget_record
from candidacy.answers import for_other

SELF = "self"
"""Behind the time of an offer of a new record: it is for the writer."""


def start_over(dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
    """A fresh record for the same conversation."""
    dispatcher.utter_message(response="utter_started_over")
    return forget_record(talk.now + 0.001)


class ActionStartOver(Action):
    """Ask before dropping what was told; at once when there is nothing to lose."""

    def name(self) -> Text:
        return "action_start_over"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        nothing_to_lose = not talk.record.heard and not talk.answers and not talk.form
        if nothing_to_lose or talk.pending == READ_BACK:  # there it stands among the choices
            return start_over(dispatcher, talk)
        dispatcher.utter_message(response="utter_start_over_ask")
        return talk.remember() + [SlotSet("offered", "restart")]


class ActionSomeoneElse(Action):
    """The treatment is for another person: a new record, which this very message may begin.

    What was told before would then count no more, so where there is any of it, and the words leave a doubt,
    a yes comes first: "but my friend had it" speaks of somebody else too.
    """

    def name(self) -> Text:
        return "action_someone_else"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        if talk.pending == OTHER:  # "it's for my husband", asked whether it is for somebody else
            return begin_for_other(dispatcher, talk, (talk.offered() or "").partition(":")[2])
        to_lose = any(f.surfaced for f in talk.record_before.findings) or talk.answers or talk.form
        if to_lose and not for_other(talk.text):
            dispatcher.utter_message(response="utter_someone_else_ask")
            return talk.remember() + [SlotSet("offered", f"{OTHER}:{talk.now:.6f}")]
        return begin_for_other(dispatcher, talk, f"{talk.now:.6f}")


def begin_for_other(dispatcher: CollectingDispatcher, talk: Talk, since: Text) -> List[EventType]:
    """A new record from the message of this time on, itself included: it often says something about that person.

    Args:
        dispatcher: Gets the message.
        talk: The conversation.
        since: Seconds since the epoch, and ":self" behind them when it is the writer who is meant now.
    """
    at, _, whom = since.partition(":")
    dispatcher.utter_message(response="utter_started_for_you" if whom == SELF else "utter_someone_else")
    return forget_record(float(at) - 0.001) + [SlotSet("treated", None if whom == SELF else OTHER)]
