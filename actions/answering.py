"""Answer what was asked, note what was disclosed, and steer the talk."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.emergency import reminder_of_emergency
from actions.notes import is_under_age, notes
from actions.talk import BOOKING, CALLBACK, CHANGING, DELETE, REMINDING, SCREENING, SLOT_OF, Talk
from actions.unclear import unclear_response
from candidacy.ages import UNDER_AGE
from candidacy.answers import REST, reads_as_question
from candidacy.findings import ABSENT, HYPOTHETICAL, POSSIBLE, PRESENT, Finding
from candidacy.knowledge import GROUPS, load
from candidacy.record import Record
from candidacy.screening import NO, YES
from desk.references import read_reference

FAQ = "faq_"
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
        if talk.form and intent in MANNERS:
            continue  # "any time" is an answer there
        response = f"utter_{intent}" if intent.startswith(FAQ) else REPLIES.get(intent)
        if response and response not in said and len(said) < MOST_ANSWERS:
            dispatcher.utter_message(response=response)
            said.append(response)
    return len(said)


def contradiction(talk: Talk) -> Optional[Text]:
    """A condition that the latest message denies though it was disclosed before, or None."""
    before = talk.record_before.conditions
    now = set(talk.record.contradictions())
    denied = [f.condition for f in talk.heard_now if f.assertion == ABSENT]
    return next((c for c in denied if c and c in before and c in now), None)


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


def ask_contradiction(dispatcher: CollectingDispatcher, condition: Text) -> List[EventType]:
    """Ask once which of two statements is right; until then the disclosure stands."""
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
            return events + ask_contradiction(dispatcher, doubted)
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
            return events + _offer_check(dispatcher, talk)
        if not noted and not said:
            # It reads like a disclosure that no rule knows: never a no, so it counts as an open point.
            dispatcher.utter_message(response="utter_condition_unclear")
            unknown = Finding(None, None, POSSIBLE, talk.text, 0, len(talk.text), group=OTHER_HEALTH)
            return talk.remember(talk.record.hear([unknown], talk.now))
        asked_about = next((f for f in talk.heard_now if f.assertion == HYPOTHETICAL and f.condition), None)
        surfaced = any(f.surfaced for f in talk.heard_now)
        if asked_about and not surfaced:
            return events + [SlotSet("offered", f"hypothetical:{asked_about.condition}")]
        if surfaced and not verdict.call_today:
            return events + _offer_check(dispatcher, talk)
        return events


def reply_to_read_back(
    dispatcher: CollectingDispatcher, talk: Talk, domain: Dict[Text, Any]
) -> Optional[List[EventType]]:
    """What follows when the message replies to "is that all still right?"; None when it does not."""
    from actions.returning import take_reply

    return take_reply(dispatcher, talk, domain)


def _offer_check(dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
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


class ActionUnclear(Action):
    """Nothing fitted: say so; the second time offer a person; in a form explain, then offer a way out."""

    def name(self) -> Text:
        return "action_unclear"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        replied = reply_to_read_back(dispatcher, talk, domain)
        if replied is not None:
            return replied
        if talk.pending and talk.says in (YES, NO):
            return accept(dispatcher, talk) if talk.says == YES else decline(dispatcher, talk)
        if talk.unsent:
            return talk.remember() + [FollowupAction(BOOKING)]
        if not talk.form and read_reference(talk.text):
            return talk.remember() + [FollowupAction(CHANGING)]  # nothing but a reference code
        choices = [] if talk.form else talk.choices
        if choices:
            buttons = [topic_choice(domain, intent) for intent in choices]
            dispatcher.utter_message(response="utter_did_you_mean", buttons=buttons)
        else:
            dispatcher.utter_message(response=unclear_response(talk))
        return talk.remember()


def topic_choice(domain: Dict[Text, Any], intent: Text) -> Dict[Text, Text]:
    """A button that asks one of the common questions."""
    topic = domain["responses"][f"utter_{intent}"][0]["metadata"]["topic"]
    return {"title": topic, "payload": f"/{intent}"}


class ActionAffirm(Action):
    """A yes outside a question accepts what was just offered."""

    def name(self) -> Text:
        return "action_affirm"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        replied = reply_to_read_back(dispatcher, talk, domain)
        return accept(dispatcher, talk) if replied is None else replied


def accept(dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
    """What follows from a yes to what was offered."""
    from actions.privacy import delete_all
    from actions.steering import start_over

    offered = talk.offered() or ""
    kind, _, subject = offered.partition(":")
    if kind == "restart":
        return start_over(dispatcher, talk)
    if kind == DELETE:
        return delete_all(dispatcher, talk)
    if kind == "hypothetical":
        asked = [f for f in talk.record.findings if f.condition == subject and f.assertion == HYPOTHETICAL]
        finding = Finding(subject, asked[-1].variant if asked else None, PRESENT)
        record = talk.record.hear([finding], talk.now)
        for response, values in notes(talk, [finding]):
            dispatcher.utter_message(response=response, **values)
        return talk.remember(record) + [SlotSet("offered", None)] + _offer_check(dispatcher, talk)
    if kind == "contradiction":
        dispatcher.utter_message(response="utter_noted")
        return talk.remember() + [SlotSet("offered", None)]
    if talk.form:
        dispatcher.utter_message(response=unclear_response(talk))
        return talk.remember()
    if talk.unsent:
        return talk.remember() + [FollowupAction(BOOKING)]
    if offered in (SCREENING, BOOKING, CALLBACK):
        return talk.remember() + [FollowupAction(offered)]
    dispatcher.utter_message(response=reminder_of_emergency(talk.tracker) or "utter_okay")
    return talk.remember()


class ActionDeny(Action):
    """A no outside a question declines what was just offered."""

    def name(self) -> Text:
        return "action_deny"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        replied = reply_to_read_back(dispatcher, talk, domain)
        return decline(dispatcher, talk) if replied is None else replied


def decline(dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
    """What follows from a no to what was offered."""
    kind, _, subject = (talk.offered() or "").partition(":")
    if kind == "contradiction":
        return settle_contradiction(dispatcher, talk, subject)
    if kind == DELETE:
        from actions.privacy import keep_all

        return keep_all(dispatcher, talk)
    if talk.form and not talk.pending:
        dispatcher.utter_message(response=unclear_response(talk))
    elif talk.form:
        dispatcher.utter_message(response="utter_keep_going")
    else:
        dispatcher.utter_message(response=reminder_of_emergency(talk.tracker) or "utter_okay")
    return talk.remember() + [SlotSet("offered", None)]


def settle_contradiction(dispatcher: CollectingDispatcher, talk: Talk, condition: Text) -> List[EventType]:
    """The disputed condition does not apply: both statements stay in the record, the denial counts."""
    record = withdraw(talk.record, condition, talk.now)
    dispatcher.utter_message(response="utter_answer_changed")
    return talk.remember(record) + [SlotSet("offered", None)] + reopened(talk, record)


def withdraw(record: Record, condition: Text, at: float) -> Record:
    """The record after the person said that a disclosed condition does not apply."""
    return record.hear([Finding(condition, None, ABSENT)], at, corrects=True)

