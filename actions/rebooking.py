"""Change or cancel a request: its code, a proof, what to do, and a yes."""

from __future__ import annotations

import logging
import re
from typing import Any, Dict, List, Optional, Text

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.forms import ASIDES, FormValidation, comes_back_from, yes_or_no
from actions.talk import BOOKING, CALLBACK, CHANGING, Talk
from actions.times import WISH, in_words, keep_early, start_of, take_times, told_early, wish_again
from candidacy.knowledge import load
from candidacy.screening import NO, SKIPPED, UNSURE, YES
from desk.booked import OPEN_STATUSES
from desk.booking import Booking, SlotTaken, reschedule
from desk.changes import CANCEL, KEEP, MOVE, read_change
from desk.changing import NotOpen, cancel_proven
from desk.contact import EXTENSION, read_contact
from desk.database import DeskUnavailable
from desk.proof import TooManyTries, prove, requests_of_number
from desk.references import read_reference, show_reference
from desk.windows import Window

logger = logging.getLogger(__name__)

FIELDS = ("change_reference", "change_proof", "change_wish", "change_windows", "change_consent")
SUBMIT = "action_submit_change"
SMS = "sms"
_NO_CODE = re.compile(
    r"\b(?:no|not|don'?t|haven'?t|didn'?t|never|without|lost|forgot\w*|can'?t|cannot|deleted)\b.{0,25}"
    r"\b(?:codes?|reference|number|it|one)\b",
    re.IGNORECASE,
)
_LAST4 = re.compile(r"(?<!\d)(\d{4})(?!\d)")


class ActionChangeBooking(Action):
    """Somebody wants to change, cancel or look up a request: the form for it, unless another one is open."""

    def name(self) -> Text:
        return "action_change_booking"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        if talk.form == CHANGING:
            dispatcher.utter_message(response="utter_keep_going")
            return talk.remember()
        if talk.form:
            unsent = talk.form in (BOOKING, CALLBACK)
            dispatcher.utter_message(response="utter_change_not_sent_yet" if unsent else "utter_change_later")
            return talk.remember()
        return talk.remember() + [FollowupAction(CHANGING)]


class ValidateChangeForm(FormValidation, Action):
    """Takes what was said already, proves who it is, then asks only for what is missing."""

    form = CHANGING

    def start(self, dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
        """Open with what the wish itself told; by text message the number is the proof."""
        if comes_back_from(talk, SUBMIT) and talk.tracker.get_slot("change_proof"):
            return talk.remember()  # its new time was just taken: the rest is kept
        slots: Dict[Text, Any] = {name: None for name in (*FIELDS, WISH)}
        code = read_reference(talk.text)
        wish = read_change(talk.text)
        slots["change_wish"] = None if wish == KEEP else wish
        if talk.tracker.get_latest_input_channel() == SMS:
            slots.update(_by_number(talk, code))
        own = talk.tracker.get_slot("reference")
        if code or own:
            slots["change_reference"] = slots["change_reference"] or show_reference(code or read_reference(own) or "")
        if slots["change_wish"] == MOVE:
            slots.update(_early(talk, dispatcher))
        return talk.remember() + [SlotSet(name, value) for name, value in slots.items()]

    def answer(self, dispatcher: CollectingDispatcher, talk: Talk, slot: Text) -> List[EventType]:
        """Take the answer to the open question."""
        readers = {
            "change_reference": self._reference,
            "change_proof": self._proof,
            "change_wish": self._wish,
            "change_windows": self._windows,
            "change_consent": self._consent,
        }
        beside = _wish_beside(talk) if slot in ("change_reference", "change_proof") else {}
        tells = {
            "change_reference": read_reference(talk.text) or beside,
            "change_proof": _LAST4.search(talk.text) or "@" in talk.text or beside,
            "change_wish": read_change(talk.text),
            "change_windows": talk.intent == "reschedule_or_cancel" or read_change(talk.text),
            "change_consent": yes_or_no(talk),
        }
        if talk.pending or (talk.intent in ASIDES and not tells.get(slot)):
            return []
        slots = readers[slot](dispatcher, talk) if slot in readers else {}
        if beside and not slots:
            dispatcher.utter_message(response="utter_change_noted")
            slots = beside
        return talk.remember() + [SlotSet(name, value) for name, value in slots.items()] if slots else []

    @staticmethod
    def _reference(dispatcher: CollectingDispatcher, talk: Talk) -> Dict[Text, Any]:
        code = read_reference(talk.text)
        if code is None and (_NO_CODE.search(talk.text.replace("\u2019", "'")) or talk.says in (NO, UNSURE, SKIPPED)):
            dispatcher.utter_message(response="utter_change_no_code")
            return {"requested_slot": None, "offered": CALLBACK}
        if code is None:
            return {}
        slots: Dict[Text, Any] = {"change_reference": show_reference(code)}
        wish = read_change(talk.text)
        if wish in (CANCEL, MOVE):
            slots["change_wish"] = wish
        return {**slots, **ValidateChangeForm._proof(dispatcher, talk)}  # "X4F-29GH, 0142"

    @staticmethod
    def _proof(dispatcher: CollectingDispatcher, talk: Talk) -> Dict[Text, Any]:
        """A wrong code and a wrong proof are answered by the same words."""
        code = read_reference(talk.text)
        rest = _without_code(talk.text)
        contact = read_contact(rest, load().clinic.country)
        digits = _LAST4.findall(rest)
        reference = show_reference(code) if code else talk.tracker.get_slot("change_reference") or ""
        if contact is None and not digits:
            return {"change_reference": reference} if code else {}
        phone = contact.value.partition(EXTENSION)[0][-4:] if contact and contact.kind == "phone" else digits[-1] if digits else None
        email = contact.value if contact and contact.kind == "email" else None
        try:
            booking = prove(reference, talk.tracker.sender_id, phone, email)
        except TooManyTries:
            dispatcher.utter_message(response="utter_change_too_many")
            return {"requested_slot": None}
        except DeskUnavailable as error:
            logger.error("a request could not be looked up: %s", error)
            dispatcher.utter_message(response="utter_change_failed")
            return {"requested_slot": None}
        if booking is None:
            dispatcher.utter_message(response="utter_change_not_found")
            return {"change_reference": None, "change_proof": None}
        return _found(dispatcher, talk, booking)

    @staticmethod
    def _wish(dispatcher: CollectingDispatcher, talk: Talk) -> Dict[Text, Any]:
        wish = read_change(talk.text)
        early = _early(talk, dispatcher) if wish in (None, MOVE) else {}
        if early:
            wish = MOVE
        return {**early, **_what_follows(wish)} if wish else {}

    @staticmethod
    def _windows(dispatcher: CollectingDispatcher, talk: Talk) -> Dict[Text, Any]:
        wish = read_change(talk.text)  # "oh, just cancel it"
        return _what_follows(wish) if wish in (CANCEL, KEEP) else take_times(dispatcher, talk, "change_windows")

    @staticmethod
    def _consent(dispatcher: CollectingDispatcher, talk: Talk) -> Dict[Text, Any]:
        said = yes_or_no(talk)
        if said:
            return {"change_consent": said}
        windows = told_early(talk, talk.text)
        if talk.tracker.get_slot("change_wish") == MOVE and windows:
            return {"change_windows": None, **_early(talk, dispatcher)}
        return {}


def _wish_beside(talk: Talk) -> Dict[Text, Any]:
    """What to do with the request, told before it is found: "cancel it", "to Friday morning"."""
    early = {} if _LAST4.search(talk.text) else _early(talk, None)
    wish = MOVE if early else read_change(talk.text)
    return {**early, **_what_follows(wish)} if wish in (CANCEL, MOVE) else {}


def _found(dispatcher: CollectingDispatcher, talk: Talk, booking: Booking) -> Dict[Text, Any]:
    """Slots after the proof. A request that is over ends the form."""
    slots: Dict[Text, Any] = {"change_reference": booking.reference, "change_proof": _shown(booking)}
    if booking.status not in OPEN_STATUSES:
        dispatcher.utter_message(response="utter_change_over", reference=booking.reference)
        return {**slots, "change_wish": None, "requested_slot": None}
    told = read_change(talk.text)
    return {**slots, **_what_follows(talk.tracker.get_slot("change_wish") or (told if told != KEEP else None))}


def _shown(booking: Booking) -> Dict[Text, Any]:
    """What is read back of a request; as the slot's value it is also the sign that the proof was right."""
    return {"windows": list(booking.times)}


def _what_follows(wish: Optional[Text]) -> Dict[Text, Any]:
    """Questions that a wish leaves out: a cancellation needs no time, keeping needs nothing."""
    if wish == CANCEL:
        return {"change_wish": CANCEL, "change_windows": []}
    if wish == KEEP:
        return {"change_wish": KEEP, "requested_slot": None}
    return {"change_wish": wish}


def _by_number(talk: Talk, code: Optional[Text]) -> Dict[Text, Any]:
    """By text message: the request of this number, when there is one that can be meant."""
    try:
        own = requests_of_number(talk.tracker.sender_id)
    except DeskUnavailable:
        return {}
    meant = [one for one in own if code in (None, read_reference(one.reference))]
    booking = meant[0] if len(meant) == 1 else None
    if booking is None:
        return {}
    wish, found = read_change(talk.text), {"change_reference": booking.reference, "change_proof": _shown(booking)}
    return {**found, **_what_follows(None if wish == KEEP else wish)}


def _early(talk: Talk, dispatcher: Optional[CollectingDispatcher]) -> Dict[Text, Any]:
    """Times told beside the wish: "move it to Friday afternoon"."""
    early = keep_early(talk, told_early(talk, _without_code(talk.text), dispatcher))
    if "booking_windows" in early:
        early["change_windows"] = early.pop("booking_windows")
    return early


def _without_code(text: Text) -> Text:
    code = read_reference(text)
    return re.sub(rf"{code[:3]}[\s-]?{code[3:]}", " ", text, flags=re.IGNORECASE) if code else text


class ActionSubmitChange(Action):
    """Carry out what was agreed; say what happened."""

    def name(self) -> Text:
        return "action_submit_change"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk, slot = Talk(tracker), tracker.get_slot
        done = talk.remember() + [SlotSet(name, None) for name in (*FIELDS, WISH)]
        proven = slot("change_reference") if slot("change_proof") else None
        if not proven or slot("change_wish") not in (CANCEL, MOVE, KEEP):
            return done  # why it ended was said when it ended
        if slot("change_consent") != YES:
            dispatcher.utter_message(response="utter_change_kept", reference=proven)
            return done
        try:
            booking = _carry_out(slot("change_wish"), proven, slot("change_windows") or [])
        except SlotTaken:
            dispatcher.utter_message(response="utter_booking_slot_taken", windows=in_words(slot("change_windows")))
            wish = wish_again(talk, slot("change_windows") or [])
            again = {"change_windows": None, "change_consent": None, WISH: wish}
            return talk.remember() + [SlotSet(k, v) for k, v in again.items()] + [FollowupAction(CHANGING)]
        except NotOpen:
            dispatcher.utter_message(response="utter_change_over", reference=proven)
            return done
        except DeskUnavailable as error:
            logger.error("a request could not be changed: %s", error)
            dispatcher.utter_message(response="utter_change_failed")
            return done
        if booking is None:
            dispatcher.utter_message(response="utter_change_not_found")
        elif slot("change_wish") == CANCEL:
            dispatcher.utter_message(response="utter_change_cancelled", reference=proven)
        else:
            response = "utter_change_moved_slot" if booking.slot_start else "utter_change_moved"
            dispatcher.utter_message(response=response, reference=proven, windows=in_words(list(booking.windows)))
        return done


def _carry_out(wish: Text, reference: Text, windows: List[Dict[Text, Any]]) -> Optional[Booking]:
    """The request as it is now; None when it is gone."""
    if wish == CANCEL:
        return cancel_proven(reference)
    return reschedule(reference, [Window.from_dict(item) for item in windows], start_of(windows))
