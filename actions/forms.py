"""What the forms have in common: when to look at a message, and how a person is taken down."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, List, Optional, Text

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import answer_questions
from actions.notes import is_under_age, notes
from actions.talk import SLOT_OF, Talk, stated_age
from actions.times import told_early
from candidacy.ages import age_in
from candidacy.answers import interpret
from candidacy.knowledge import load
from candidacy.replies import corrects, read, without_correction
from candidacy.screening import AGE_GROUP, NO, YES
from desk.contact import Contact, read_contact, without_contacts
from desk.names import read_name

STEERING = ("stop", "start_over", "why", "talk_to_human", "delete_data", "for_someone_else", "repeat", "privacy",
            "my_data", "cancel_reminder")  # fmt: skip
"""Intents that steer the talk even where their words could be read as an answer."""

ASIDES = STEERING + (
    "goodbye", "correct", "reschedule_or_cancel", "start_screening", "bot_challenge", "complaint", "help",
)  # fmt: skip
"""In a form about a person these are no answers either."""

_NO = re.compile(r"^\s*(?:no+|nope|nah)\b[\s,.!-]*", re.IGNORECASE)
_CALLED = re.compile(r"\b(?:my name is|my name'?s|i'?m called|call me) [^\W\d_][\w'-]+", re.IGNORECASE)
_RENAMED = re.compile(r"\bname\b.{0,20}?\b(?:to|should be|must be)\s+(.+)$", re.IGNORECASE)
_SPEAKS_OF_NAME = re.compile(r"\bname\b", re.IGNORECASE)

STAYS: Dict[Text, Any] = {"offered": None}
"""Slots after which the form stays at its question without a second message."""

PUTS_RIGHT = ("correct", "reschedule_or_cancel", "privacy", "help", "complaint", "bot_challenge")
"""Of these a message that puts something right, such as "no, my name is Ana", may be taken for one."""

Reader = Callable[[CollectingDispatcher, Talk], Dict[Text, Any]]


class FormValidation:
    """The opening of every form's validation.

    It returns slots only when the message answers the question asked. Otherwise nothing, so that the form
    rejects and the rules answer: any other slot set there would swallow a question asked in between
    (rasa/core/actions/forms.py).
    """

    form: Text = ""

    def name(self) -> Text:
        return f"validate_{self.form}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        if talk.form != self.form:
            return self.start(dispatcher, talk)
        if not talk.answers_form(self.form):
            return []
        return self.answer(dispatcher, talk, tracker.get_slot("requested_slot") or "")

    def start(self, dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
        """Events when the form opens."""
        raise NotImplementedError

    def answer(self, dispatcher: CollectingDispatcher, talk: Talk, slot: Text) -> List[EventType]:
        """Events for a new message while this slot is asked for; [] when it is no answer."""
        raise NotImplementedError


class PersonForm(FormValidation):
    """A form that takes an age, a name and a contact, reads them back and asks for a yes."""

    later_steps: tuple = ()
    """Steps at which what was given before may be put right."""

    def readers(self) -> Dict[Text, Reader]:
        """Slot → what reads its answer."""
        return {SLOT_OF[AGE_GROUP]: _age, "booking_name": _name, "booking_contact": _contact}

    def answer(self, dispatcher: CollectingDispatcher, talk: Talk, slot: Text) -> List[EventType]:
        """Take the answer, or something that was given before and is put right."""
        gives_contact = _contact_in(talk) is not None
        says_no = slot.endswith("_consent") and read(talk.text).opening == NO
        put_right = self.put_right(dispatcher, talk, slot) if slot in self.later_steps else {}
        declines = says_no and not put_right  # "no, make it Thursday" is no "no" to the request
        puts_right = put_right and talk.intent in PUTS_RIGHT
        says_age = slot == SLOT_OF[AGE_GROUP] and age_in(talk.text) is not None
        if talk.intent in ASIDES and not (gives_contact or declines or puts_right or says_age) or talk.pending:
            return []
        readers = self.readers()
        reads = slot in readers and not (put_right and says_no)
        slots = readers[slot](dispatcher, talk) if reads else {}
        if put_right and not slots:
            if put_right != STAYS:
                dispatcher.utter_message(response="utter_booking_changed")
            slots = put_right
        slots = self.beside(dispatcher, talk, slot, slots)
        if not slots:
            return []
        for response, values in notes(talk, [f for f in talk.heard_now if f.surfaced]):
            if response != "utter_verdict_under_age":
                dispatcher.utter_message(response=response, **values)
        if not (puts_right or gives_contact and talk.intent == "talk_to_human"):  # "my number is …"
            answer_questions(dispatcher, talk)
        events = talk.remember() + [SlotSet(name, value) for name, value in slots.items()]
        if is_under_age(talk.verdict()):
            events += [SlotSet(name, None) for name in ("booking_name", "booking_contact", "requested_slot")]
        return events

    def put_right(self, dispatcher: CollectingDispatcher, talk: Talk, slot: Text) -> Dict[Text, Any]:
        """Something given before is given anew: "wrong number, it is ...", "it's Ana"."""
        contact = _contact_in(talk)
        if contact and slot != "booking_contact":
            return {"booking_contact": stored(contact)}
        tells = corrects(talk.text) or _SPEAKS_OF_NAME.search(talk.text)
        words = without_correction(_NO.sub("", talk.text))
        renamed = _RENAMED.search(words)
        name = read_name(renamed.group(1) if renamed else words) if tells else None
        return {"booking_name": name} if name else {}

    def beside(
        self, dispatcher: CollectingDispatcher, talk: Talk, slot: Text, slots: Dict[Text, Any]
    ) -> Dict[Text, Any]:
        """The slots with what the message tells besides the answer."""
        return slots


def age_known(talk: Talk) -> bool:
    """True when the age was told; left out in the check it is asked, before any contact is taken."""
    return stated_age(talk.record) is not None or talk.answers.get(AGE_GROUP) == YES


def hear_age(talk: Talk) -> None:
    """Hear an age that stands beside the wish: "book me please, 34"."""
    age = None if talk.text.startswith("/") or stated_age(talk.record) else age_in(talk.text)
    if age is not None:
        talk.__dict__["record"] = talk.record.hear([age], talk.now)


def known_age(talk: Talk) -> List[EventType]:
    """Events that keep an age told before from being asked again, and have one that was left out asked."""
    return [SlotSet(SLOT_OF[AGE_GROUP], YES if age_known(talk) else None)]


def stored(contact: Contact) -> Dict[Text, Text]:
    """A contact as the slot keeps it."""
    return {"kind": contact.kind, "value": contact.value, "shown": contact.shown}


def without_person(text: Text, slots: Dict[Text, Any]) -> Text:
    """The words without the contact and the name that were read from them."""
    rest = without_contacts(text)
    for piece in (slots.get("booking_name") or "").split():
        rest = re.sub(rf"(?<!\w){re.escape(piece)}(?!\w)", " ", rest, flags=re.IGNORECASE)
    return rest


def yes_or_no(talk: Talk) -> Optional[Text]:
    """The answer to "shall I?": yes, no, or None."""
    said = NO if read(talk.text).opening == NO else talk.says
    return said if said in (YES, NO) else None


def comes_back_from(talk: Talk, action: Text) -> bool:
    """True when this action ran in this turn."""
    for event in reversed(talk.tracker.events):
        if event.get("event") == "user":
            return False
        if event.get("event") == "action" and event.get("name") == action:
            return True
    return False


def _contact_in(talk: Talk) -> Optional[Contact]:
    return read_contact(talk.text, load().clinic.country)


def _age(dispatcher: CollectingDispatcher, talk: Talk) -> Dict[Text, Any]:
    answer = interpret(AGE_GROUP, talk.text, talk.heard_now, talk.today, talk.chosen)
    # Without an age no contact data is taken, so a skip does not pass here.
    if answer is None or answer.value != YES:
        return {}
    talk.__dict__["record"] = talk.record.hear(answer.findings, talk.now)
    slots: Dict[Text, Any] = {SLOT_OF[AGE_GROUP]: YES}
    contact, called = _contact_in(talk), _CALLED.search(talk.text)
    if contact:  # "I'm Zed, 39, my number is 555 010 0122"
        slots["booking_contact"] = stored(contact)
    name = read_name(called.group()) if called else None
    return {**slots, "booking_name": name} if name else slots


def _name(dispatcher: CollectingDispatcher, talk: Talk) -> Dict[Text, Any]:
    if talk.text.startswith("/"):
        return {}
    contact = _contact_in(talk)
    words = without_contacts(talk.text)
    # "Bridget, 555 010 0190, any Tuesday": beside a number or a time the first part is the name.
    more = contact or told_early(talk, words)
    name = read_name(words) or (read_name(words.split(",")[0]) if more else None)
    if contact and name is None:
        dispatcher.utter_message(response="utter_noted")  # kept; the name is asked for again
    found = {"booking_name": name} if name else {}
    return {**found, "booking_contact": stored(contact)} if contact else found


def _contact(dispatcher: CollectingDispatcher, talk: Talk) -> Dict[Text, Any]:
    contact = _contact_in(talk)
    return {"booking_contact": stored(contact)} if contact else {}
