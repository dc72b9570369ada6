"""Answer what was asked, note what was disclosed, and steer the talk."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Text

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.notes import is_under_age, notes
from actions.talk import BOOKING, CALLBACK, CHANGING, OTHER, REMINDING, SCREENING, SLOT_OF, Talk
from candidacy.ages import UNDER_AGE
from candidacy.answers import REST, reads_as_question
from candidacy.findings import ABSENT, HYPOTHETICAL, POSSIBLE, Finding
from candidacy.knowledge import GROUPS, load
from candidacy.record import Record
from candidacy.screening import NO, YES, assess

FAQ = "faq_"
_OF_ONESELF = re.compile(r"\b(?:i|i'?m|me|myself)\b", re.IGNORECASE)
OTHER_HEALTH = GROUPS[-1]
MOST_ANSWERS = 3
"""So many questions of one message are answered; more at once nobody reads."""

REPLIES = {
    "talk_to_human": "utter_talk_to_human",
    "reschedule_or_cancel": "utter_reschedule_or_cancel",
    "privacy": "utter_privacy",
    "bot_challenge": "utter_bot_challenge",
    "goodbye": "utter_goodbye",
    "thank": "utter_thank",
    "help": "utter_help",
}
MANNERS = ("thank", "goodbye", "help")
FORMS = {"start_screening": SCREENING, "book_consultation": BOOKING, "remind_me": REMINDING}


def answer_questions(dispatcher: CollectingDispatcher, talk: Talk) -> int:
    """Utter the answers to what the latest message asks, in order; returns how many."""
    said = []
    for item in talk.asked:
        intent = item.get("intent") or ""
        # In a form a reply such as "34" or "whenever" may look like a topic: only a question is an aside.
        if talk.form and intent.startswith(FAQ) and not reads_as_question(item.get("text") or ""):
            continue
        if intent in MANNERS and (talk.form or any(f.surfaced for f in talk.heard_now)):
            continue  # "any time" is an answer there, and a disclosure is no goodbye
        if talk.form in (BOOKING, CALLBACK, CHANGING) and intent == "reschedule_or_cancel":
            continue  # "make it Thursday" puts right what is not sent yet
        response = f"utter_{intent}" if intent.startswith(FAQ) else REPLIES.get(intent)
        if response and response not in said and len(said) < MOST_ANSWERS:
            dispatcher.utter_message(response=response)
            said.append(response)
    return len(said)


def contradiction(talk: Talk) -> Optional[Text]:
    """A condition that the latest message denies though it was disclosed before, or None."""
    ages = _ages_now(talk)
    grown_up = ages and not is_under_age(assess(ages, {}, talk.today))
    if grown_up and all(is_under_age(talk.verdict(record)) for record in (talk.record_before, talk.record)):
        return UNDER_AGE  # 17 and now 18: for the rules both bear on the age
    before = talk.record_before.conditions
    now = set(talk.record.contradictions())
    denied = [f.condition for f in talk.heard_now if f.assertion == ABSENT]
    return next((c for c in denied if c and c in before and c in now), None)


def _ages_now(talk: Talk) -> List[Finding]:
    """Ages that the latest message states."""
    return [f for f in talk.heard_now if f.condition == UNDER_AGE and f.quantity]


def taken_back(talk: Talk) -> List[Text]:
    """Conditions that stood before the latest message and do not stand any more."""
    standing = talk.record.conditions
    return [condition for condition in talk.record_before.conditions if condition not in standing]


def reopened(talk: Talk, record: Record) -> List[EventType]:
    """Events for a question whose yes has lost what it rested on: its other parts were never answered."""
    standing = set(record.conditions)
    for group, answer in talk.answers.items():
        ids = {rule.id for rule in load().rulebook.group(group)}
        withdrawn = any(item.superseded and item.finding.condition in ids for item in record.heard)
        if group != GROUPS[0] and answer == YES and withdrawn and not standing & ids:
            return [SlotSet(SLOT_OF[group], None), SlotSet("follow_up", f"{REST}:{group}"),
                    SlotSet("verdict", talk.verdict(record, **{group: ""}).outcome)]
    return []


def ask_contradiction(dispatcher: CollectingDispatcher, talk: Talk, condition: Text) -> List[EventType]:
    """Ask once which of two statements is right; until then the disclosure stands."""
    ages = _ages_now(talk)
    if condition == UNDER_AGE and ages:
        # Under 18 first and grown up now: mostly a parent who asks for a child and then for herself.
        whom = ":self" if _OF_ONESELF.search(talk.text) else ""
        dispatcher.utter_message(response="utter_contradiction_age", age=f"{ages[-1].quantity:g}")
        return [SlotSet("offered", f"{OTHER}:{talk.now:.6f}{whom}")]
    dispatcher.utter_message(response="utter_contradiction", heard=load().rule(condition).plain_name)
    return [SlotSet("offered", f"contradiction:{condition}")]


class ActionAnswer(Action):
    """Several questions at once, a disclosure, or a question about a condition: all in one reply."""

    def name(self) -> Text:
        return "action_answer"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        replied = reply_to_read_back(dispatcher, talk, domain)
        if replied is not None:
            return replied
        said = answer_questions(dispatcher, talk)
        events = talk.remember()
        wanted = [item.get("intent") for item in talk.asked]
        if "my_data" in wanted:
            from actions.privacy import tell_what_is_kept

            tell_what_is_kept(dispatcher, talk)
            said += 1
        if "delete_data" in wanted:
            from actions.privacy import ask_before_deleting

            return events + ask_before_deleting(dispatcher, talk)
        doubted = contradiction(talk)
        if doubted:
            return events + ask_contradiction(dispatcher, talk, doubted)
        from actions.offers import accept, decline

        if talk.pending == "hypothetical" and talk.says in (YES, NO) and not talk.heard_now and not said:
            return accept(dispatcher, talk) if talk.says == YES else decline(dispatcher, talk)
        back = taken_back(talk)
        noted = notes(talk, [finding for finding in talk.heard_now if finding.condition not in back])
        if back:
            noted.insert(0, ("utter_answer_changed", {}))
            events += reopened(talk, talk.record)
        for response, values in noted:
            dispatcher.utter_message(response=response, **values)
        verdict = talk.verdict()
        form = next((FORMS[item["intent"]] for item in talk.asked if item.get("intent") in FORMS), None)
        if is_under_age(verdict):
            return events
        if form and form != talk.form:
            return events + [FollowupAction(form)]
        if not noted and not said and _tells_age(dispatcher, talk):
            return events + offer_check(dispatcher, talk)
        if not noted and not said:
            # It reads like a disclosure that no rule knows: never a no, so it counts as an open point.
            response = "utter_condition_unclear_in_form" if talk.form else "utter_condition_unclear"
            dispatcher.utter_message(response=response)
            unknown = Finding(None, None, POSSIBLE, talk.text, 0, len(talk.text), group=OTHER_HEALTH)
            return talk.remember(talk.record.hear([unknown], talk.now))
        asked_about = [f.condition for f in talk.heard_now if f.assertion == HYPOTHETICAL and f.condition]
        surfaced = any(f.surfaced for f in talk.heard_now)
        if asked_about:  # asked whether it applies: one yes-or-no question at a time
            return events + [SlotSet("offered", f"hypothetical:{','.join(dict.fromkeys(asked_about))}")]
        if surfaced and not verdict.call_today:
            return events + offer_check(dispatcher, talk)
        return events


def reply_to_read_back(
    dispatcher: CollectingDispatcher, talk: Talk, domain: Dict[Text, Any]
) -> Optional[List[EventType]]:
    """What follows when the message replies to "is that all still right?"; None when it does not."""
    from actions.returning import take_reply

    return take_reply(dispatcher, talk, domain)


def offer_check(dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
    """Offer the check or a request, unless a form is open."""
    if talk.form:
        return []
    dispatcher.utter_message(response="utter_offer_next")
    return [SlotSet("offered", SCREENING)]


def _tells_age(dispatcher: CollectingDispatcher, talk: Talk) -> bool:
    """Say that an age was noted; False when the message tells none."""
    ages = [f.quantity for f in talk.heard_now if f.condition == UNDER_AGE and f.quantity]
    if ages:
        dispatcher.utter_message(response="utter_age_heard", age=f"{ages[-1]:g}")
    return bool(ages)


def withdraw(record: Record, condition: Text, at: float) -> Record:
    """The record after the person said that a disclosed condition does not apply."""
    return record.hear([Finding(condition, None, ABSENT)], at, corrects=True)

