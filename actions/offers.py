"""What a yes, a no, a doubt or something unreadable means for what the bot has just offered."""

from __future__ import annotations

from typing import Any, Dict, List, Text

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import ask_contradiction, offer_check, reopened, reply_to_read_back, withdraw
from actions.emergency import reminder_of_emergency
from actions.notes import is_under_age, notes
from actions.phrasing import capital
from actions.talk import BOOKING, CALLBACK, CHANGING, DELETE, OTHER, SCREENING, SLOT_OF, Talk, stated_age
from actions.unclear import unclear_response
from candidacy.ages import age_in
from candidacy.answers import goes_on, only_thanks, reads_as_question, takes_back
from candidacy.findings import HYPOTHETICAL, POSSIBLE, PRESENT, Finding
from candidacy.knowledge import load
from candidacy.screening import NO, YES
from desk.references import read_reference


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
        if not talk.form and stated_age(talk.record) is None and age_in(talk.text):
            record = talk.record.hear([age_in(talk.text)], talk.now)  # "45", out of the blue
            dispatcher.utter_message(response="utter_age_heard", age=f"{stated_age(record).quantity:g}")
            return talk.remember(record) + offer_check(dispatcher, talk)
        choices = [] if talk.form or is_under_age(talk.verdict()) else talk.choices
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
        if replied is not None:
            return replied
        if not talk.pending and not talk.form and talk.says != YES and reads_as_question(talk.text):
            # "Is that a yes?" agrees to nothing.
            if len(talk.answers) == len(SLOT_OF) and talk.verdict().outcome != "urgent":
                return talk.remember() + [FollowupAction("action_verdict")]
            dispatcher.utter_message(response=unclear_response(talk))
            return talk.remember()
        if not talk.pending and not talk.form and only_thanks(talk.text):
            dispatcher.utter_message(response=reminder_of_emergency(talk.tracker) or "utter_thank")
            return talk.remember()
        return accept(dispatcher, talk)


def accept(dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
    """What follows from a yes to what was offered."""
    from actions.privacy import delete_all
    from actions.restarting import begin_for_other, start_over

    offered = talk.offered() or ""
    kind, _, subject = offered.partition(":")
    if kind == "restart":
        return start_over(dispatcher, talk)
    if kind == DELETE:
        return delete_all(dispatcher, talk)
    if kind == "hypothetical":
        return _applies(dispatcher, talk, subject.split(","))
    if kind == OTHER:
        return begin_for_other(dispatcher, talk, subject)
    if kind == "contradiction":
        dispatcher.utter_message(response="utter_noted")
        return talk.remember() + [SlotSet("offered", None)]
    if talk.form:
        on = goes_on(talk.text)
        dispatcher.utter_message(response="utter_keep_going" if on else unclear_response(talk))
        return talk.remember()
    left = talk.left_open if goes_on(talk.text) else None
    if talk.unsent or left:
        return talk.remember() + [FollowupAction(left or BOOKING)]
    if offered in (SCREENING, BOOKING, CALLBACK):
        return talk.remember() + [FollowupAction(offered)]
    dispatcher.utter_message(response=reminder_of_emergency(talk.tracker) or "utter_okay")
    return talk.remember()


def _applies(
    dispatcher: CollectingDispatcher, talk: Talk, conditions: List[Text], how: Text = PRESENT
) -> List[EventType]:
    """A yes, or a doubt, to "does this apply to you?"; of several things at once a yes leaves open which."""
    record, several = talk.record, len(conditions) > 1
    findings = []
    for condition in conditions:
        asked = [f for f in record.findings if f.condition == condition and f.assertion == HYPOTHETICAL]
        variant = asked[-1].variant if asked else None
        findings.append(Finding(condition, variant, POSSIBLE if several else how))
    record = record.hear(findings, talk.now)
    events = talk.remember(record) + [SlotSet("offered", None)]
    by_text = talk.tracker.get_latest_input_channel() == "sms"  # where no message names what was told
    if several and how == PRESENT and not by_text:
        rules = [load().rule(condition) for condition in conditions]
        buttons = [{"title": capital(rule.plain_name), "payload": rule.names[0]} for rule in rules]
        dispatcher.utter_message(response="utter_ask_which", buttons=buttons, multi=True)
        return events
    for response, values in notes(talk, findings):
        dispatcher.utter_message(response=response, **values)
    return events + offer_check(dispatcher, talk)


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
    if kind == OTHER:
        dispatcher.utter_message(response="utter_same_person")
        return talk.remember() + [SlotSet("offered", None)]
    if kind == SCREENING and not talk.form and takes_back(talk.text):
        told = [f.condition for f in talk.heard_last if f.surfaced and f.condition in talk.record.conditions]
        if told:  # "no I'm not, kidding", right after "you told me about pregnancy"
            return talk.remember() + ask_contradiction(dispatcher, talk, told[0])
    if talk.form and not talk.pending:
        dispatcher.utter_message(response=unclear_response(talk))
    elif talk.form:
        dispatcher.utter_message(response="utter_keep_going")
    else:
        dispatcher.utter_message(response=reminder_of_emergency(talk.tracker) or "utter_no_thanks")
    return talk.remember() + [SlotSet("offered", None)]


class _LeaveOpen:
    """A doubt, or no wish to say: never a no to what was asked in between, and no end of an open form."""

    otherwise: Text = ""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        replied = reply_to_read_back(dispatcher, talk, domain)
        if replied is not None:
            return replied
        if talk.pending == "hypothetical":
            return _applies(dispatcher, talk, (talk.offered() or "").partition(":")[2].split(","), POSSIBLE)
        if talk.pending == "contradiction":
            dispatcher.utter_message(response="utter_noted")  # what was disclosed stands
            return talk.remember() + [SlotSet("offered", None)]
        if talk.pending in (DELETE, OTHER, "restart"):
            return decline(dispatcher, talk)
        if talk.form or talk.pending:
            dispatcher.utter_message(response=unclear_response(talk, leaves_out=True))
        else:
            dispatcher.utter_message(response=reminder_of_emergency(talk.tracker) or self.otherwise)
        return talk.remember()


class ActionUnsure(_LeaveOpen, Action):
    """A doubt outside the questions of the check."""

    otherwise = "utter_unsure"

    def name(self) -> Text:
        return "action_unsure"


class ActionSkip(_LeaveOpen, Action):
    """Nothing that can be skipped is asked now."""

    otherwise = "utter_skip"

    def name(self) -> Text:
        return "action_skip"


def settle_contradiction(dispatcher: CollectingDispatcher, talk: Talk, condition: Text) -> List[EventType]:
    """The disputed condition does not apply: both statements stay in the record, the denial counts."""
    record = withdraw(talk.record, condition, talk.now)
    dispatcher.utter_message(response="utter_answer_changed")
    return talk.remember(record) + [SlotSet("offered", None)] + reopened(talk, record)
