"""A reminder for somebody who has to wait: the day is the verdict's, the contact and the yes are hers."""

from __future__ import annotations

import logging
from datetime import date, datetime, timezone
from typing import Any, Dict, List, Optional, Text

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import answer_questions
from actions.forms import ASIDES, FormValidation, stored, yes_or_no
from actions.notes import is_under_age, notes
from actions.phrasing import day
from actions.steering import SMS
from actions.talk import REMINDING, Talk
from candidacy.answers import reads_as_question
from candidacy.knowledge import load
from candidacy.screening import NO, YES, Verdict
from desk import reminders
from desk.contact import Contact, mask, read_contact
from desk.database import DeskUnavailable

logger = logging.getLogger(__name__)

CONTACT, CONSENT = "reminder_contact", "reminder_consent"
WAITS = ("defer",)
NOT_FROM_HERE = {"phone": "utter_reminder_no_phone", "email": "utter_reminder_no_email"}


def day_to_come_back(verdict: Verdict, today: date) -> Optional[date]:
    """The day on which every wait that stands in the way is over; None when one has no date, or none is ahead."""
    if verdict.outcome not in WAITS:
        return None
    days = [reason.earliest for reason in verdict.reasons if reason.outcome in WAITS]
    if not days or any(one is None for one in days):
        return None
    last = max(one for one in days if one is not None)
    return last if last > today else None


def can_be_reminded(talk: Talk, verdict: Verdict) -> bool:
    """True when there is a day to come back and a way to write to the person on it."""
    if day_to_come_back(verdict, talk.today) is None:
        return False
    return bool(_own_number(talk) if _writes_by_text(talk) else reminders.ways())


class ValidateReminderForm(FormValidation, Action):
    """Where to write, and a yes."""

    form = REMINDING

    def start(self, dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
        """Open: what is known of the person is not asked again; without a day there is nothing to ask."""
        events = talk.remember() + [SlotSet(CONSENT, None), SlotSet(CONTACT, None)]
        if _why_not(talk):
            return events + [SlotSet("requested_slot", None)]
        if _writes_by_text(talk):
            return events + [SlotSet(CONTACT, _own_number(talk))]
        known = talk.tracker.get_slot("booking_contact")
        if known and known.get("kind") in reminders.ways():
            events.append(SlotSet(CONTACT, known))
        return events

    def answer(self, dispatcher: CollectingDispatcher, talk: Talk, slot: Text) -> List[EventType]:
        """A contact at either step, or the yes or no."""
        contact = None if _writes_by_text(talk) else read_contact(talk.text, load().clinic.country)
        refuses = talk.intent == "cancel_reminder"
        if contact is None and (talk.intent in ASIDES and not refuses or talk.pending):
            return []
        slots = self._read(dispatcher, talk, slot, contact)
        if not slots:
            return []
        for response, values in notes(talk, [finding for finding in talk.heard_now if finding.surfaced]):
            dispatcher.utter_message(response=response, **values)
        if contact is None or reads_as_question(talk.text):  # "my number is ..." asks for nobody
            answer_questions(dispatcher, talk)
        return talk.remember() + [SlotSet(name, value) for name, value in slots.items()]

    @staticmethod
    def _read(
        dispatcher: CollectingDispatcher, talk: Talk, slot: Text, contact: Optional[Contact]
    ) -> Dict[Text, Any]:
        if contact is not None:
            if contact.kind in reminders.ways():
                return {CONTACT: stored(contact)}
            dispatcher.utter_message(response=NOT_FROM_HERE[contact.kind])
            return {"offered": None}  # stays at this question without a second message
        said = NO if talk.intent == "cancel_reminder" else yes_or_no(talk)
        if slot == CONSENT and said:
            return {CONSENT: said}
        if slot == CONTACT and said == NO:
            return {CONTACT: {}, CONSENT: said}  # "no" to giving one
        return {}


class ActionAskReminderConsent(Action):
    """Say what will be sent, where and when, and ask for the yes."""

    def name(self) -> Text:
        return "action_ask_reminder_consent"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        when = day_to_come_back(talk.verdict(), talk.today)
        if talk.asks_now or when is None:
            return []
        contact = tracker.get_slot(CONTACT) or {}
        dispatcher.utter_message(response="utter_ask_reminder_consent", contact=contact.get("shown"), day=day(when))
        return []


class ActionSubmitReminder(Action):
    """Keep the reminder; say what will happen, also when it could not be kept."""

    def name(self) -> Text:
        return "action_submit_reminder"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        events = talk.remember() + [SlotSet("requested_slot", None)]
        why = _why_not(talk)
        if why:
            dispatcher.utter_message(response=why)
            return events
        when = day_to_come_back(talk.verdict(), talk.today)
        if tracker.get_slot(CONSENT) != YES:
            dispatcher.utter_message(response="utter_reminder_declined", day=day(when))  # type: ignore[arg-type]
            return events
        events += [SlotSet(CONTACT, None), SlotSet(CONSENT, None)]
        if not _keep(talk, when):  # type: ignore[arg-type]
            dispatcher.utter_message(response="utter_reminder_failed", day=day(when))  # type: ignore[arg-type]
            return events
        dispatcher.utter_message(response="utter_reminder_kept", day=day(when))  # type: ignore[arg-type]
        return events


class ActionCancelReminder(Action):
    """No reminder after all."""

    def name(self) -> Text:
        return "action_cancel_reminder"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        try:
            gone = reminders.cancel(tracker.sender_id)
            dispatcher.utter_message(response="utter_reminder_cancelled" if gone else "utter_reminder_none")
        except DeskUnavailable as error:
            logger.error("a reminder could not be cancelled: %s", error)
            dispatcher.utter_message(response="utter_reminder_cancel_failed")
        return talk.remember()


def _why_not(talk: Talk) -> Optional[Text]:
    """The response that says why there can be no reminder, or None."""
    verdict = talk.verdict()
    if is_under_age(verdict):
        return "utter_verdict_under_age"
    if verdict.outcome == "urgent":
        return "utter_urgent"
    when = day_to_come_back(verdict, talk.today)
    if when is None:
        return "utter_reminder_no_day"
    if _writes_by_text(talk):
        return None if _own_number(talk) else "utter_reminder_no_way"
    return None if reminders.ways() else "utter_reminder_no_way"


def _writes_by_text(talk: Talk) -> bool:
    return talk.tracker.get_latest_input_channel() == SMS


def _own_number(talk: Talk) -> Optional[Dict[Text, Text]]:
    """The number that texts us, masked for the slot; the number itself is read again when it is needed."""
    try:
        number = reminders.number_of(talk.tracker.sender_id)
    except DeskUnavailable as error:
        logger.error("the number of a text could not be read: %s", error)
        return None
    return {"kind": SMS, "value": "", "shown": mask(number)} if number else None


def _keep(talk: Talk, when: date) -> bool:
    contact = talk.tracker.get_slot(CONTACT) or {}
    sender, kind, value = talk.tracker.sender_id, contact.get("kind"), contact.get("value")
    try:
        if kind == SMS:
            kind, value = reminders.PHONE, reminders.number_of(sender)
        if not value:
            return False
        said = datetime.fromtimestamp(talk.now, timezone.utc)
        reminders.ask(sender, talk.tracker.get_latest_input_channel() or "", str(kind), value, when, said)
        return True
    except (DeskUnavailable, ValueError) as error:
        logger.error("a reminder could not be kept: %s", type(error).__name__)
        return False
