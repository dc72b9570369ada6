"""A person instead of the bot: the phone and its hours, or a request to be called back."""

from __future__ import annotations

import logging
import re
from typing import Any, Dict, List, Text

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.forms import PersonForm, Reader, age_known, hear_age, known_age, stored, yes_or_no
from actions.notes import is_under_age
from actions.talk import CALLBACK, SCREENING, SLOT_OF, Talk
from candidacy.knowledge import load
from candidacy.screening import YES
from desk.booking import NotBookable
from desk.contact import read_contact
from desk.database import DeskUnavailable
from desk.handoff import request_callback
from desk.opening import is_open, next_opening, opening_hours
from desk.settings import now
from desk.windows.window import show_date, show_time

logger = logging.getLogger(__name__)

RUN = "callback_run"
_CALL_ME = re.compile(
    r"\b(?:call|ring|phone|text|e-?mail|contact|reach) (?:me|my)\b|\bcall(?:ing)?[ -]?back\b"
    r"|\bget in touch with me\b|\b(?:leave|take) (?:a|my) (?:message|number)\b|\bgive me a (?:call|ring)\b",
    re.IGNORECASE,
)

_NOT_ME = re.compile(
    r"\b(?:no|not|never|don'?t|do not|won'?t|needn'?t|without|stop)\b.{0,30}\b(?:call|ring|phone|text|contact|reach)",
    re.IGNORECASE,
)
"""In front of such words they are no wish: "no, I don't want a call back"."""


def hours_now(talk: Talk) -> Dict[Text, Any]:
    """A fragment: until when the clinic is open, or when it opens."""
    moment, clinic = now(at=talk.now), load().clinic
    if not clinic.hours:
        return {"response": "utter_hours_unknown"}
    hours = opening_hours(moment.date(), clinic)
    if hours and is_open(moment, clinic):
        return {"response": "utter_open_until", "closes": show_time(f"{hours[1]:%H:%M}")}
    opens = next_opening(moment, clinic)
    if opens is None:
        return {"response": "utter_hours_unknown"}
    days = (opens.date() - moment.date()).days
    response = {0: "utter_opens_today", 1: "utter_opens_tomorrow"}.get(days, "utter_opens_on")
    return {"response": response, "day": show_date(opens.date(), moment.date()), "opens": show_time(f"{opens:%H:%M}")}


class ActionTalkToHuman(Action):
    """Give the phone and its hours, and offer to have somebody call back."""

    def name(self) -> Text:
        return "action_talk_to_human"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        hours = hours_now(talk)
        if talk.form == CALLBACK or is_under_age(talk.verdict()):
            dispatcher.utter_message(response="utter_human_phone", hours=hours)
            return talk.remember()
        contact = read_contact(talk.text, load().clinic.country)
        if contact is None and not talk.form and _NOT_ME.search(talk.text.replace("\u2019", "'")):
            dispatcher.utter_message(response="utter_callback_not_sent")
            return talk.remember()
        if contact or _CALL_ME.search(talk.text):
            return talk.remember() + [FollowupAction(CALLBACK)]
        if talk.form:
            dispatcher.utter_message(response="utter_human_in_form", hours=hours)
            return talk.remember()
        dispatcher.utter_message(response="utter_human", hours=hours)
        return talk.remember() + [SlotSet("offered", CALLBACK)]


class ValidateCallbackForm(PersonForm, Action):
    """Age, name, contact and a yes; what was told before is not asked again."""

    form = CALLBACK
    later_steps = ("booking_contact", "callback_consent")

    def readers(self) -> Dict[Text, Reader]:
        """Slot → what reads its answer."""
        return {**super().readers(), "callback_consent": _consent}

    def start(self, dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
        """Open, with the contact and the name that the wish itself may hold."""
        run = talk.tracker.get_slot(RUN) or f"{talk.now:.6f}"
        if talk.tracker.get_slot("callback_consent") == YES and talk.tracker.get_slot(RUN):
            return talk.remember()  # agreed to, and nobody has heard what came of it
        hear_age(talk)
        events = talk.remember() + [SlotSet("callback_consent", None), SlotSet(RUN, run)]
        if is_under_age(talk.verdict()):
            return events + [SlotSet("requested_slot", None)]
        contact = read_contact(talk.text, load().clinic.country)
        if contact:
            events.append(SlotSet("booking_contact", stored(contact)))
        dispatcher.utter_message(response="utter_callback_start" if age_known(talk) else "utter_callback_age")
        return events + known_age(talk)


def _consent(dispatcher: CollectingDispatcher, talk: Talk) -> Dict[Text, Any]:
    said = yes_or_no(talk)
    return {"callback_consent": said} if said else {}


class ActionAskCallbackConsent(Action):
    """Read back whom to call, and ask for the yes."""

    def name(self) -> Text:
        return "action_ask_callback_consent"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        contact = (tracker.get_slot("booking_contact") or {}).get("shown", "")
        dispatcher.utter_message(response="utter_ask_callback_consent", contact=contact)
        return []


class ActionSubmitCallback(Action):
    """Store the call-back request with the screening as it stands; say what happened."""

    def name(self) -> Text:
        return "action_submit_callback"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk, slot = Talk(tracker), tracker.get_slot
        events, closed = talk.remember(), [SlotSet(RUN, None), SlotSet("callback_consent", None)]
        if is_under_age(talk.verdict()):
            dispatcher.utter_message(response="utter_verdict_under_age")
            return events + closed
        if slot("callback_consent") != YES:
            dispatcher.utter_message(response="utter_callback_not_sent")
            return events + closed
        contact = slot("booking_contact") or {}
        try:
            request_callback(
                tracker.sender_id,
                tracker.get_latest_input_channel() or "",
                slot("booking_name") or "",
                contact.get("value") or "",
                talk.verdict(),
                idempotency_key=f"{tracker.sender_id}:callback:{slot(RUN)}",
            )
        except (DeskUnavailable, NotBookable) as error:
            logger.error("a call-back request could not be stored: %s", type(error).__name__)
            dispatcher.utter_message(response="utter_callback_failed")
            return events + [SlotSet("offered", CALLBACK)]
        dispatcher.utter_message(response="utter_callback_taken", hours=hours_now(talk))
        begun = 1 < len(talk.answers) < len(SLOT_OF)  # the age is asked here too
        if begun:
            dispatcher.utter_message(response="utter_go_on_with_check")
        return events + closed + ([SlotSet("offered", SCREENING)] if begun else [])
