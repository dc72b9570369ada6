"""The booking form: the least that the clinic needs, read back, sent only after a yes."""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from typing import Any, Dict, List, Optional, Text, Tuple

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import answer_questions
from actions.notes import is_under_age, notes
from actions.returning import SEND, read_back
from actions.screening import STEERING
from actions.talk import BOOKING, SLOT_OF, Talk, stated_age
from candidacy.answers import interpret, polarity
from candidacy.knowledge import load
from candidacy.replies import corrects, read, without_correction
from candidacy.screening import AGE_GROUP, NO, SKIPPED, UNSURE, YES
from desk.booking import ConsultationRequest, NotBookable, request_consultation
from desk.contact import read_contact, without_contacts
from desk.names import read_name
from desk.records import DeskUnavailable
from desk.settings import now
from desk.windows import Window, offer_windows, read_windows

logger = logging.getLogger(__name__)

CONSENT_TEXT_VERSION = "1"
"""Goes up whenever `utter_ask_booking_consent` or `utter_greet` changes what people agree to."""

ASIDES = STEERING + ("correct", "reschedule_or_cancel", "start_screening", "bot_challenge", "complaint", "help")
MOST_WINDOWS = 3
LATER_STEPS = ("booking_contact", "booking_windows", "booking_consent")
"""Steps at which what was given before may be put right."""


class ValidateBookingForm(Action):
    """Returns slots only when the message answers the question asked, like the screening form's."""

    def name(self) -> Text:
        return "validate_booking_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        if talk.form != BOOKING:
            return self._start(dispatcher, talk)
        if not talk.answers_form(BOOKING):
            return []
        slot = tracker.get_slot("requested_slot") or ""
        gives_contact = read_contact(talk.text, load().clinic.country) is not None
        declines = slot == "booking_consent" and read(talk.text).opening == NO
        put_right = self._put_right(talk, slot) if slot in LATER_STEPS and not declines else {}
        puts_right = put_right and talk.intent in ("correct", "reschedule_or_cancel")
        if talk.intent in ASIDES and not (gives_contact or declines or puts_right):
            return []
        if talk.pending:
            return []
        readers = {
            SLOT_OF[AGE_GROUP]: self._age,
            "booking_name": self._name,
            "booking_contact": self._contact,
            "booking_windows": self._windows,
            "booking_consent": self._consent,
        }
        slots = readers[slot](dispatcher, talk) if slot in readers else {}
        if put_right and not slots:
            dispatcher.utter_message(response="utter_booking_changed")
            slots = put_right
        if not slots:
            return []
        for response, values in notes(talk, [f for f in talk.heard_now if f.surfaced]):
            if response != "utter_verdict_under_age":
                dispatcher.utter_message(response=response, **values)
        answer_questions(dispatcher, talk)
        events = talk.remember() + [SlotSet(name, value) for name, value in slots.items()]
        if is_under_age(talk.verdict()):
            events.append(SlotSet("requested_slot", None))
        return events

    @staticmethod
    def _put_right(talk: Talk, slot: Text) -> Dict[Text, Any]:
        """Something given before is given anew: "wrong number, it is ...", "make it mornings", "it's Ana"."""
        contact = read_contact(talk.text, load().clinic.country)
        if contact and slot != "booking_contact":
            return {"booking_contact": _stored(contact)}
        if slot == "booking_consent":
            windows = [window for window in read_windows(talk.text, now(at=talk.now), load().clinic) if window.open]
            if windows:
                return {"booking_windows": [window.to_dict() for window in windows[:MOST_WINDOWS]]}
        name = read_name(without_correction(talk.text)) if corrects(talk.text) else None
        return {"booking_name": name} if name else {}

    @staticmethod
    def _start(dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
        age = stated_age(talk.record)
        known = age is not None or AGE_GROUP in talk.answers
        events = talk.remember() + [SlotSet("booking_windows", None), SlotSet("booking_consent", None)]
        if is_under_age(talk.verdict()) or talk.verdict().outcome == "urgent":
            return events + [SlotSet("requested_slot", None)]
        dispatcher.utter_message(response="utter_booking_start" if known else "utter_booking_not_screened")
        if age is not None:
            events.append(SlotSet(SLOT_OF[AGE_GROUP], YES))
        return events

    @staticmethod
    def _age(dispatcher: CollectingDispatcher, talk: Talk) -> Dict[Text, Any]:
        answer = interpret(AGE_GROUP, talk.text, talk.heard_now, talk.today, talk.chosen)
        # Without an age no contact data is taken, so a skip does not pass here.
        if answer is None or answer.value != YES:
            return {}
        record = talk.record.hear(answer.findings, talk.now)
        talk.__dict__["record"] = record
        return {SLOT_OF[AGE_GROUP]: YES}

    @staticmethod
    def _name(dispatcher: CollectingDispatcher, talk: Talk) -> Dict[Text, Any]:
        if talk.text.startswith("/"):
            return {}
        contact = read_contact(talk.text, load().clinic.country)
        words = without_contacts(talk.text)
        # "Bridget, 555 010 0190, any Tuesday": beside a number the first part is the name.
        name = read_name(words) or (read_name(words.split(",")[0]) if contact else None)
        if name is None:
            return {}
        return {"booking_name": name, **({"booking_contact": _stored(contact)} if contact else {})}

    @staticmethod
    def _contact(dispatcher: CollectingDispatcher, talk: Talk) -> Dict[Text, Any]:
        contact = read_contact(talk.text, load().clinic.country)
        return {"booking_contact": _stored(contact)} if contact else {}

    @staticmethod
    def _windows(dispatcher: CollectingDispatcher, talk: Talk) -> Dict[Text, Any]:
        moment, clinic = now(at=talk.now), load().clinic
        if talk.chosen in (SKIPPED, UNSURE) or polarity(talk.text) in (SKIPPED, UNSURE):
            return {"booking_windows": []}
        windows = read_windows(talk.text, moment, clinic)
        open_ones = [window for window in windows if window.open]
        if windows and not open_ones:
            closed = ", ".join(window.label for window in windows)
            dispatcher.utter_message(response="utter_booking_window_closed", closed=closed)
            return {"offered": None}  # stays at this question without a second message
        return {"booking_windows": [window.to_dict() for window in open_ones[:MOST_WINDOWS]]} if open_ones else {}

    @staticmethod
    def _consent(dispatcher: CollectingDispatcher, talk: Talk) -> Dict[Text, Any]:
        said = NO if read(talk.text).opening == NO else talk.says
        return {"booking_consent": said} if said in (YES, NO) else {}


def _stored(contact: Any) -> Dict[Text, Text]:
    return {"kind": contact.kind, "value": contact.value, "shown": contact.shown}


class ActionAskBookingName(Action):
    """Ask for the name; on a later day what was told is read back first."""

    def name(self) -> Text:
        return "action_ask_booking_name"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        events, asks = _read_back_first(dispatcher, Talk(tracker))
        if not asks:
            dispatcher.utter_message(response="utter_ask_booking_name")
        return events


def _read_back_first(dispatcher: CollectingDispatcher, talk: Talk) -> Tuple[List[EventType], bool]:
    """Before a step of the booking: its events, and whether something else is asked in its place."""
    if talk.asks_now:
        return [], True  # one question at a time
    return read_back(dispatcher, talk, BOOKING)


class ActionAskBookingWindows(Action):
    """Offer the next open times as choices; own words are as good."""

    def name(self) -> Text:
        return "action_ask_booking_windows"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        events, asks = _read_back_first(dispatcher, talk)
        if asks:
            return events
        windows = offer_windows(now(at=talk.now), load().clinic, count=4)
        buttons = [{"title": window.label, "payload": window.label} for window in windows]
        dispatcher.utter_message(response="utter_ask_booking_windows", buttons=buttons, multi=True)
        return events


class ActionAskBookingConsent(Action):
    """Read the request back and ask for the yes."""

    def name(self) -> Text:
        return "action_ask_booking_consent"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        events, asks = _read_back_first(dispatcher, Talk(tracker))
        if asks:
            return events
        windows = [Window.from_dict(item).label for item in tracker.get_slot("booking_windows") or []]
        contact = (tracker.get_slot("booking_contact") or {}).get("shown", "")
        values: Dict[Text, Any] = {"contact": contact, "windows": "; ".join(windows)}
        if not windows:
            values["windows"] = {"response": "utter_any_time"}
        dispatcher.utter_message(response="utter_ask_booking_consent", **values)
        return events


class ActionSubmitBooking(Action):
    """Store the request; say what happened, also when it could not be stored."""

    def name(self) -> Text:
        return "action_submit_booking"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        read, asks = read_back(dispatcher, talk, SEND if tracker.get_slot("booking_consent") == YES else BOOKING)
        events = talk.remember() + read
        return events if asks else events + send_request(dispatcher, talk)


def send_request(dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
    """Store the request of a finished form; say what happened."""
    verdict = talk.verdict()
    if is_under_age(verdict):
        dispatcher.utter_message(response="utter_verdict_under_age")
        return []
    if verdict.outcome == "urgent":
        dispatcher.utter_message(response="utter_booking_urgent")
        return []
    if talk.tracker.get_slot("booking_consent") != YES:
        dispatcher.utter_message(response="utter_booking_not_sent")
        return []
    reference = _stored_reference(talk)
    if reference is None:
        dispatcher.utter_message(response="utter_booking_failed")
        return [SlotSet("booking_consent", None)]
    flagged = verdict.outcome not in ("no_flag", "ask")
    response = "utter_booking_requested_flagged" if flagged else "utter_booking_requested"
    dispatcher.utter_message(response=response, reference=reference)
    return [SlotSet("reference", reference)]


def _stored_reference(talk: Talk) -> Optional[Text]:
    """Reference code of the stored request; None when it could not be stored."""
    tracker, contact = talk.tracker, talk.tracker.get_slot("booking_contact") or {}
    verdict = talk.verdict()
    try:
        request = ConsultationRequest(
            conversation_id=tracker.sender_id,
            channel=tracker.get_latest_input_channel() or "",
            name=tracker.get_slot("booking_name") or "",
            phone=contact.get("value") if contact.get("kind") == "phone" else None,
            email=contact.get("value") if contact.get("kind") == "email" else None,
            windows=[Window.from_dict(item) for item in tracker.get_slot("booking_windows") or []],
            consent_text_version=CONSENT_TEXT_VERSION,
            consented_at=datetime.fromtimestamp(talk.now, timezone.utc),
            screened=len(talk.answers) == len(SLOT_OF),  # every question was put
            verdict=verdict,
            findings=talk.record.findings,
            answers=talk.answers,
        )
        # The message that said yes is the run of the form: sent twice, it books once.
        booking = request_consultation(request, idempotency_key=f"{tracker.sender_id}:{talk.now:.6f}")
    except (DeskUnavailable, NotBookable, ValueError) as error:
        logger.error("a consultation request could not be stored: %s", type(error).__name__)
        return None
    return booking.reference
