"""What the actions need to know of a conversation, read from the tracker."""

from __future__ import annotations

import time
from datetime import date
from functools import cached_property
from typing import Any, Dict, List, Optional, Text

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet

from candidacy.ages import UNDER_AGE
from candidacy.answers import corrects, polarity
from candidacy.cues import cues
from candidacy.findings import ABSENT, PRESENT, Finding
from candidacy.knowledge import GROUPS
from candidacy.listening import listen
from candidacy.record import Record
from candidacy.returning import Again, is_old
from candidacy.screening import ANSWERS, NO, SKIPPED, UNSURE, YES, Verdict, assess
from desk.settings import today

SCREENING, BOOKING = "screening_form", "booking_form"
CHANGING, CALLBACK, REMINDING = "change_form", "callback_form", "reminder_form"
UNSENT = "booking_run"
"""Slot: the run of the booking form whose request is not known to be stored; with the conversation it is the key."""
RUN_LASTS = 24 * 3600.0  # seconds
LISTEN = "action_listen"
SLOT_OF = {group: group.lower() for group in GROUPS}
GROUP_OF = {slot: group for group, slot in SLOT_OF.items()}
CHOSEN = {"affirm": YES, "deny": NO, "unsure": UNSURE, "skip": SKIPPED}
"""Intents of the answer buttons."""

UNNAMED = "unnamed"
OTHER = "other"
"""Value of the slot `treated` when the writer asks for somebody else; offer: a new record for somebody else."""
READ_BACK, CHANGE = "read_back", "change"
"""Offers that follow a return: "is that all still right?" and "what has changed?"."""
DELETE = "delete"
"""Offer: to delete everything."""

WAITS_FOR_YES_OR_NO = ("restart", "contradiction", "hypothetical", OTHER, DELETE, READ_BACK, CHANGE)
"""Kinds of offers that are questions of their own, also inside a form."""


class Talk:
    """A reader of one tracker; it changes nothing by itself.

    Attributes:
        tracker: Rasa's tracker.
        today: The clinic's calendar day when the latest message came.
    """

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker
        self.today: date = today(at=self.now)

    @property
    def intent(self) -> Text:
        """Intent of the latest message."""
        return (self.tracker.latest_message.get("intent") or {}).get("name") or ""

    @property
    def text(self) -> Text:
        """The latest message as typed."""
        return self.tracker.latest_message.get("text") or ""

    @property
    def chosen(self) -> Optional[Text]:
        """The answer of a pressed button, or None for typed words."""
        return CHOSEN.get(self.intent) if self.text.startswith("/") else None

    @property
    def says(self) -> Optional[Text]:
        """What the latest message says as a whole, pressed or typed: yes, no, unsure, skipped or None."""
        return self.chosen or polarity(self.text)

    @cached_property
    def messages(self) -> List[Dict[Text, Any]]:
        """The person's messages of this record, oldest first, as tracker events."""
        since = self.tracker.get_slot("record_from") or 0.0
        events = [event for event in self.tracker.events if event.get("event") == "user"]
        return [event for event in events if (event.get("timestamp") or 0.0) >= since]

    @property
    def asked(self) -> List[Dict[Text, Any]]:
        """What the latest message asks, in order: {intent, confidence, text}."""
        return list(((self.messages[-1] if self.messages else {}).get("parse_data") or {}).get("asked") or [])

    @property
    def choices(self) -> List[Text]:
        """Intents of the topics that a message which was not understood may have meant, best first."""
        return list(((self.messages[-1] if self.messages else {}).get("parse_data") or {}).get("choices") or [])

    @cached_property
    def heard_now(self) -> List[Finding]:
        """Findings of the latest message."""
        return self._findings_of(self.messages[-1]) if self.messages else []

    @cached_property
    def heard_last(self) -> List[Finding]:
        """Findings of the message before the latest one."""
        return self._findings_of(self.messages[-2]) if len(self.messages) > 1 else []

    def _findings_of(self, event: Dict[Text, Any]) -> List[Finding]:
        """Findings about the person to be treated, who may be somebody the writer speaks of as "she"."""
        text = event.get("text") or ""
        if self.tracker.get_slot("treated") != OTHER or text.startswith("/"):
            return findings_of(event)
        # Heard once more behind the words that say whom it is for: "she" is then the patient.
        return listen(f"{cues().words('about_other')[0]} {text}", self.today)

    @cached_property
    def record_before(self) -> Record:
        """The record without the latest message."""
        return self._record(self.messages[:-1])

    @cached_property
    def record(self) -> Record:
        """The record with every message heard, also those said while the action server was away."""
        return self._record(self.messages)

    def _record(self, messages: List[Dict[Text, Any]]) -> Record:
        record = Record.from_list(self.tracker.get_slot("findings") or [])
        until = self.tracker.get_slot("heard_until") or 0.0
        for event in messages:
            at = event.get("timestamp") or 0.0
            if at > until:
                record = record.hear(self._findings_of(event), at, corrects=_corrects(event))
        return record

    @property
    def now(self) -> float:
        """Timestamp of the latest message."""
        return (self.messages[-1].get("timestamp") if self.messages else None) or time.time()

    @property
    def answers(self) -> Dict[Text, Text]:
        """Question group → answer, of the questions answered so far."""
        values = {group: self.tracker.get_slot(slot) for group, slot in SLOT_OF.items()}
        return {group: value for group, value in values.items() if value in ANSWERS}

    @property
    def told_at(self) -> Optional[float]:
        """When what was told was said or last confirmed (its oldest part); None when nothing was told."""
        oldest = min((item.at for item in self.record.heard), default=None)
        return self.tracker.get_slot("confirmed_at") or oldest

    @property
    def is_old(self) -> bool:
        """True when what was told must be read back before a verdict uses it."""
        return is_old(self.told_at, self.now)

    @property
    def asked_again(self) -> Dict[Text, Again]:
        """Question group → what is asked again of it, on return after a deferral."""
        saved = self.tracker.get_slot("asked_again") or {}
        return {group: Again.from_dict(data) for group, data in saved.items()}

    def verdict(self, record: Optional[Record] = None, **answers: Text) -> Verdict:
        """The verdict as it stands; `answers` add to those of the slots, "" takes one away.

        What is being asked again counts as it was answered before until it is answered anew.
        """
        before = {group: again.before for group, again in self.asked_again.items()}
        known = {group: answer for group, answer in {**before, **self.answers, **answers}.items() if answer}
        return assess((record or self.record).findings, known, self.today)

    def remember(self, record: Optional[Record] = None, **answers: Text) -> List[EventType]:
        """Events that keep the record and the verdict in the tracker's slots."""
        record = record or self.record
        events: List[EventType] = [
            SlotSet("findings", record.to_list()),
            SlotSet("heard_until", self.now),
            SlotSet("verdict", self.verdict(record, **answers).outcome),
        ]
        if self.tracker.get_slot("confirmed_at") is None and (record.heard or answers or self.answers):
            events.append(SlotSet("confirmed_at", self.told_at or self.now))
        return events

    @property
    def form(self) -> Optional[Text]:
        """Name of the open form."""
        return (self.tracker.active_loop or {}).get("name")

    def answers_form(self, form: Text) -> bool:
        """True when the form looks at a new message; False when it starts or comes back from an aside."""
        if self.form != form:
            return False
        names = [event.get("name") for event in self.tracker.events if event.get("event") == "action"]
        if names and names[-1] == form:  # the form notes its own run before it asks us
            names.pop()
        return bool(names) and names[-1] == LISTEN

    def offered(self) -> Optional[Text]:
        """What the bot offered in its last turn, or None: an older offer is not what a "yes" means."""
        users = 0
        for event in reversed(self.tracker.events):
            if event.get("event") == "user":
                users += 1
                if users == 2:
                    return None
            elif users == 1 and event.get("event") == "slot" and event.get("name") == "offered":
                return event.get("value")
        return None

    @property
    def pending(self) -> Text:
        """Kind of a yes-or-no question of ours that is open and no form asks: restart, contradiction …"""
        kind = (self.offered() or "").partition(":")[0]
        return kind if kind in WAITS_FOR_YES_OR_NO else ""

    @property
    def run(self) -> Optional[Text]:
        """The run of the booking form that was begun lately and whose end nobody has heard of; None for none."""
        run = self.tracker.get_slot(UNSENT)
        return run if run and self.now - float(run) < RUN_LASTS else None

    @property
    def unsent(self) -> bool:
        """True when somebody said "yes, send it" and never heard what came of it: a process died in between."""
        return bool(self.form != BOOKING and self.run and self.tracker.get_slot("booking_consent") == YES)

    @property
    def left_open(self) -> Optional[Text]:
        """The form that was open last and is not finished; None when there is none, or one is open."""
        loops = [event.get("name") for event in self.tracker.events if event.get("event") == "active_loop"]
        last = next((name for name in reversed(loops) if name), None)
        begun = {SCREENING: 0 < len(self.answers) < len(SLOT_OF), BOOKING: bool(self.run)}
        return last if not self.form and begun.get(last) else None

    @property
    def asks_now(self) -> bool:
        """True when this turn has just put such a question: a form then keeps its own to itself."""
        for event in reversed(self.tracker.events):
            if event.get("event") == "user":
                return False
            if event.get("event") == "slot" and event.get("name") == "offered":
                return (event.get("value") or "").partition(":")[0] in (*WAITS_FOR_YES_OR_NO, "correction")
        return False

    def said_before(self, response: Text, since: float = 0.0) -> bool:
        """True when this response was uttered in this record, since a time in seconds since the epoch."""
        since = max(since, self.tracker.get_slot("record_from") or 0.0)
        return any(
            event.get("event") == "bot"
            and (event.get("timestamp") or 0.0) >= since
            and (event.get("metadata") or {}).get("utter_action") == response
            for event in self.tracker.events
        )


def stated_age(record: Record) -> Optional[Finding]:
    """The age the person has stated, or None."""
    ages = [f for f in record.findings if f.condition == UNDER_AGE and f.assertion in (PRESENT, ABSENT)]
    return ages[-1] if ages else None


def findings_of(event: Dict[Text, Any]) -> List[Finding]:
    """Findings of one user event: heard by the listener, or chosen by a button."""
    found = []
    for entity in (event.get("parse_data") or {}).get("entities") or []:
        if entity.get("entity") != "finding":
            continue
        if entity.get("finding"):
            found.append(Finding.from_dict(entity["finding"]))
        elif entity.get("value") and entity["value"] != UNNAMED:
            found.append(Finding(entity["value"], None, entity.get("role") or PRESENT))
    return found


def _corrects(event: Dict[Text, Any]) -> bool:
    intent = ((event.get("parse_data") or {}).get("intent") or {}).get("name")
    return intent == "correct" or corrects(event.get("text") or "")


def forget_record(at: float) -> List[EventType]:
    """Events that start a new record: nothing said before `at` counts any more."""
    slots = ["findings", "verdict", "treated", "confirmed_at", "asked_again", "follow_up", "followed_up"]
    slots += ["offered", *GROUP_OF, "booking_name", "booking_contact", "booking_windows", "booking_wish", "booking_consent"]
    slots += [UNSENT, "callback_consent", "change_reference", "change_proof", "change_wish", "change_windows"]
    slots += ["change_consent", "reminder_contact", "reminder_consent", "requested_slot"]
    return [
        *(SlotSet(slot, None) for slot in slots),
        SlotSet("record_from", at),
        SlotSet("heard_until", at),
        ActiveLoop(None),
    ]
