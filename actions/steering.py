"""Stop, correct, start over, somebody else, why, tell me more, how do you know, say it again."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import FAQ, reopened, reply_to_read_back, withdraw
from actions.emergency import reminder_of_emergency
from actions.offers import decline, settle_contradiction
from actions.returning import topic_button
from actions.talk import (
    BOOKING,
    CALLBACK,
    CHANGING,
    DELETE,
    GROUP_OF,
    REMINDING,
    SCREENING,
    SLOT_OF,
    Talk,
    stated_age,
)
from candidacy.ages import age_in
from candidacy.answers import goes_on, is_over, reads_as_question
from candidacy.knowledge import load
from candidacy.screening import SKIPPED
from desk.changes import CANCEL, MOVE, read_change

MOST_SOURCES = 4
LATELY = 3600.0  # seconds
SENT = ("utter_booking_requested", "utter_booking_requested_flagged", "utter_booking_slot_kept", "utter_booking_link")
STOPPED = {REMINDING: "utter_reminder_stopped", CHANGING: "utter_change_stopped", CALLBACK: "utter_callback_not_sent"}
GOODBYES = {
    SCREENING: "utter_goodbye_in_screening",
    BOOKING: "utter_goodbye_in_booking",
    CHANGING: "utter_goodbye_in_change",
    CALLBACK: "utter_goodbye_in_callback",
}
SMS = "sms"
"""The channel whose messages are not private."""


class ActionStop(Action):
    """End the open form; what was said stays in the record."""

    def name(self) -> Text:
        return "action_stop"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        replied = reply_to_read_back(dispatcher, talk, domain) if is_over(talk.text) else None
        if replied is not None:
            return replied  # "I finished it"
        if reads_as_question(talk.text) and any(takes_medicine(c) for c in talk.record.conditions):
            dispatcher.utter_message(response="utter_keep_your_medicine")  # "should I stop it?"
            return talk.remember()
        closing = closed_form()
        if talk.form == SCREENING:
            dispatcher.utter_message(response="utter_screening_stopped")
            group = GROUP_OF.get(tracker.get_slot("requested_slot") or "")
            # What was being asked counts as skipped for the outcome, yet can be asked again.
            return talk.remember(None, **({group: SKIPPED} if group else {})) + closing
        if talk.form == BOOKING:
            dispatcher.utter_message(response="utter_booking_stopped")
            return talk.remember() + closing
        if talk.form in STOPPED:
            dispatcher.utter_message(response=STOPPED[talk.form])
            return talk.remember() + closing
        dispatcher.utter_message(response="utter_nothing_to_stop")
        return talk.remember()


def takes_medicine(condition: Text) -> bool:
    """True when a condition is told by the name of a medicine."""
    rule = load().rule(condition)
    return any(part.drugs for part in (rule, *rule.variants))


def closed_form() -> List[EventType]:
    """Events that end the open form."""
    return [ActiveLoop(None), SlotSet("requested_slot", None), SlotSet("follow_up", None)]


class ActionGoodbye(Action):
    """Say goodbye; an open form ends kindly, with a word on how to come back."""

    def name(self) -> Text:
        return "action_goodbye"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        dispatcher.utter_message(response=GOODBYES.get(talk.form, "utter_goodbye"))
        return talk.remember() + (closed_form() if talk.form else [])


class ActionCorrect(Action):
    """Take back an answer: the one named, the one disputed, or ask which."""

    def name(self) -> Text:
        return "action_correct"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        kind, _, condition = (talk.offered() or "").partition(":")
        if kind == "contradiction":
            return settle_contradiction(dispatcher, talk, condition)
        if talk.pending == DELETE and not talk.heard_now:
            return decline(dispatcher, talk)  # "no wait": whoever hesitates loses nothing
        group = next(tracker.get_latest_entity_values("group"), None)
        if group in SLOT_OF:
            return _ask_again(dispatcher, talk, group)
        sent = any(talk.said_before(response, talk.now - LATELY) for response in SENT)
        if sent and not (talk.form or talk.heard_now) and read_change(talk.text) in (CANCEL, MOVE):
            return talk.remember() + [FollowupAction(CHANGING)]  # "actually can I change it", right after a request
        replied = reply_to_read_back(dispatcher, talk, domain)
        if replied is not None:
            return replied
        if talk.heard_now:
            dispatcher.utter_message(response="utter_answer_changed")
            return talk.remember() + reopened(talk, talk.record)
        age = age_in(talk.text)
        if age is not None and stated_age(talk.record) is not None:
            dispatcher.utter_message(response="utter_age_heard", age=f"{age.quantity:g}")
            return talk.remember(talk.record.hear([age], talk.now, corrects=True))
        answered = [group for group in SLOT_OF if group in talk.answers]
        if not answered:
            dispatcher.utter_message(response="utter_nothing_to_correct")
            return talk.remember()
        buttons = [topic_button(domain, group) for group in answered]
        dispatcher.utter_message(response="utter_correct_which", buttons=buttons)
        return talk.remember() + [SlotSet("offered", "correction")]


def _ask_again(dispatcher: CollectingDispatcher, talk: Talk, group: Text) -> List[EventType]:
    """Clear one group's answer and findings, so that the form asks it again; the record keeps both."""
    record = talk.record
    for rule in load().rulebook.group(group):
        if rule.id in record.conditions:
            record = withdraw(record, rule.id, talk.now)
    dispatcher.utter_message(response="utter_answer_changed")
    events = talk.remember(record) + [SlotSet(SLOT_OF[group], None), SlotSet("follow_up", None)]
    if talk.form != SCREENING:
        events.append(FollowupAction(SCREENING))
    return events


class ActionWhy(Action):
    """Tell why the open question is asked."""

    def name(self) -> Text:
        return "action_why"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        slot = tracker.get_slot("requested_slot") or ""
        if talk.form and slot in GROUP_OF:
            why = f"utter_why_{slot}"
            ids = (domain["responses"][why][0].get("metadata") or {}).get("sources") or []
            titles = [load().sources[source].title for source in ids[:1] if source in load().sources]
            dispatcher.utter_message(
                response="utter_why_with_source", why={"response": why}, source=titles[0], sources=ids
            )
        elif talk.form == REMINDING:
            dispatcher.utter_message(response="utter_why_reminder")
        elif talk.form == CHANGING:
            dispatcher.utter_message(response="utter_why_change")
        elif talk.form:
            dispatcher.utter_message(response="utter_why_booking")
        else:
            dispatcher.utter_message(response="utter_why_nothing")
        return talk.remember()


def last_topic(tracker: Tracker) -> Optional[Text]:
    """The FAQ response uttered last, without its `_more` ending, or None."""
    for event in reversed(tracker.events):
        if event.get("event") == "bot":
            name = (event.get("metadata") or {}).get("utter_action") or ""
            if name.startswith(f"utter_{FAQ}"):
                return name
    return None


class ActionHelp(Action):
    """What can be asked here; right after the words of an emergency, whom to call."""

    def name(self) -> Text:
        return "action_help"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        dispatcher.utter_message(response=reminder_of_emergency(tracker) or "utter_help")
        return talk.remember()


class ActionMore(Action):
    """More on the topic talked about last, or the topics to choose from."""

    def name(self) -> Text:
        return "action_more"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk, topic = Talk(tracker), last_topic(tracker)
        if goes_on(talk.text) and (talk.form or talk.left_open):  # "can we continue"
            if talk.form:
                dispatcher.utter_message(response="utter_keep_going")
                return talk.remember()
            return talk.remember() + [FollowupAction(talk.left_open)]
        if topic is None:
            dispatcher.utter_message(response="utter_help")
        elif topic.endswith("_more") or f"{topic}_more" not in domain["responses"]:
            dispatcher.utter_message(response="utter_nothing_more")
        else:
            dispatcher.utter_message(response=f"{topic}_more")
        return talk.remember()


class ActionSources(Action):
    """Name the sources of what was said last."""

    def name(self) -> Text:
        return "action_sources"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        known = load().sources
        titles = [known[s].title for s in last_sources(tracker) if s in known][:MOST_SOURCES]
        if titles:
            lines = [{"response": "utter_source_line", "title": title} for title in titles]
            dispatcher.utter_message(response="utter_sources", sources=lines)
        else:
            dispatcher.utter_message(response="utter_no_sources")
        return Talk(tracker).remember()


def last_sources(tracker: Tracker) -> List[Text]:
    """Source ids of the newest bot message that has any."""
    for event in reversed(tracker.events):
        if event.get("event") == "bot":
            data = event.get("metadata") or {}
            ids = data.get("sources") or (data.get("metadata") or {}).get("sources")
            if ids and all(isinstance(item, str) for item in ids):
                return list(ids)
    return []


class ActionRepeat(Action):
    """Say the last bot turn again."""

    def name(self) -> Text:
        return "action_repeat"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        last: List[Text] = []
        users = 0
        by_text = tracker.get_latest_input_channel() == SMS
        for event in reversed(tracker.events):
            if event.get("event") == "user":
                users += 1
                if users == 2:
                    if by_text and event.get("input_channel") != SMS:
                        dispatcher.utter_message(response="utter_sms_said_on_the_page")
                        return talk.remember()
                    break
            elif event.get("event") == "bot" and users == 1 and event.get("text"):
                whole = None if by_text else (event.get("metadata") or {}).get("in_full")
                last.append(whole or event["text"])
        if talk.form and not talk.offered():
            last = last[1:]  # the form asks its own question again
        elif not last:
            dispatcher.utter_message(response="utter_nothing_to_repeat")
        for text in reversed(last):
            dispatcher.utter_message(text=text)
        # What was offered stays open: a "yes" after "what?" still means it.
        return talk.remember() + ([SlotSet("offered", talk.offered())] if talk.offered() else [])
