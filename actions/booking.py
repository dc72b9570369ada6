"""The booking form: the least that the clinic needs, read back, sent only after a yes."""

from __future__ import annotations

from typing import Any, Dict, List, Text, Tuple

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.forms import (
    STAYS,
    PersonForm,
    Reader,
    age_known,
    comes_back_from,
    hear_age,
    known_age,
    stored,
    without_person,
    yes_or_no,
)
from actions.notes import is_under_age
from actions.returning import read_back
from actions.talk import BOOKING, CALLBACK, UNSENT, Talk
from actions.times import WISH, ask_times, in_words, keep_early, take_times, told_early
from candidacy.knowledge import load
from candidacy.knowledge.booking_models import LINK, SLOTS
from desk.contact import read_contact, without_contacts

SUBMIT = "action_submit_booking"
OPENINGS = {SLOTS: "utter_booking_start_slots", LINK: "utter_booking_start_link"}


class ValidateBookingForm(PersonForm, Action):
    """Age, name, contact, times and a yes."""

    form = BOOKING
    later_steps = ("booking_contact", "booking_windows", "booking_consent")

    def readers(self) -> Dict[Text, Reader]:
        """Slot → what reads its answer."""
        return {
            **super().readers(),
            "booking_windows": lambda dispatcher, talk: take_times(dispatcher, talk, "booking_windows"),
            "booking_consent": _consent,
        }

    def start(self, dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
        """Open: a request that waits to be sent goes on where it was; else times and the yes are asked anew."""
        if talk.unsent:
            return talk.remember()
        hear_age(talk)
        events = talk.remember() + [SlotSet("booking_consent", None)]
        if is_under_age(talk.verdict()) or talk.verdict().outcome == "urgent":
            return events + [SlotSet("requested_slot", None)]
        if talk.run and comes_back_from(talk, SUBMIT):
            return events  # its time was just taken: the rest is kept
        mode = load().clinic.booking.mode
        opening = OPENINGS.get(mode, "utter_booking_start")
        dispatcher.utter_message(response=opening if age_known(talk) else "utter_booking_not_screened")
        contact = None if talk.text.startswith("/") else read_contact(talk.text, load().clinic.country)
        if contact:  # "book me, 45, pat@mail.example"
            events.append(SlotSet("booking_contact", stored(contact)))
        slots: Dict[Text, Any] = {"booking_windows": None, WISH: None, UNSENT: talk.run or f"{talk.now:.6f}"}
        if mode == LINK:
            slots["booking_windows"] = []  # picked on the clinic's own page
        elif talk.intent == "book_consultation":
            slots.update(keep_early(talk, told_early(talk, without_contacts(talk.text), dispatcher)))
        return events + [SlotSet(name, value) for name, value in slots.items()] + known_age(talk)

    def put_right(self, dispatcher: CollectingDispatcher, talk: Talk, slot: Text) -> Dict[Text, Any]:
        """As in every form about a person, and "make it mornings" at the last step."""
        changed = super().put_right(dispatcher, talk, slot)
        if "booking_contact" in changed or slot != "booking_consent" or load().clinic.booking.mode == LINK:
            return changed
        said = len(dispatcher.messages)
        windows = told_early(talk, talk.text, dispatcher)
        if not windows:  # named, yet closed then: told, and asked once more
            return changed or (dict(STAYS) if len(dispatcher.messages) > said else {})
        # A free time is taken at once; where several fit, the question about times comes again.
        return {"booking_windows": None, **keep_early(talk, windows)}

    def beside(
        self, dispatcher: CollectingDispatcher, talk: Talk, slot: Text, slots: Dict[Text, Any]
    ) -> Dict[Text, Any]:
        """Times told too early are kept, and said to be when nothing else was told."""
        if slot not in ("booking_name", "booking_contact") or load().clinic.booking.mode == LINK:
            return slots
        windows = told_early(talk, without_person(talk.text, slots))
        early = keep_early(talk, windows)
        if early and not slots:
            times = [window.to_dict() for window in windows]
            dispatcher.utter_message(response="utter_booking_time_noted", windows=in_words(times))
        return {**early, **slots}


def _consent(dispatcher: CollectingDispatcher, talk: Talk) -> Dict[Text, Any]:
    said = yes_or_no(talk)
    return {"booking_consent": said} if said else {}


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
    if talk.form == CALLBACK:
        return [], False  # a person will ask
    return read_back(dispatcher, talk, BOOKING)


class ActionAskBookingWindows(Action):
    """Offer times as choices; own words are as good."""

    def name(self) -> Text:
        return "action_ask_booking_windows"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        events, asks = _read_back_first(dispatcher, talk)
        if asks:
            return events
        slots = ask_times(dispatcher, talk, domain, "utter_ask_booking_windows")
        return events + [SlotSet(name, value) for name, value in slots.items()]


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
        contact = (tracker.get_slot("booking_contact") or {}).get("shown", "")
        windows = in_words(tracker.get_slot("booking_windows"))
        if load().clinic.booking.mode == LINK:
            windows = {"response": "utter_times_on_page"}
        dispatcher.utter_message(response="utter_ask_booking_consent", contact=contact, windows=windows)
        return events
