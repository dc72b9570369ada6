"""The screening form: read answers, ask the next question, state the verdict."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text, Type

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import answer_questions, ask_contradiction, contradiction
from actions.notes import advice, is_under_age, listed, notes, reason_lines, sources
from actions.talk import BOOKING, GROUP_OF, SCREENING, SLOT_OF, Talk, capital, stated_age
from candidacy.ages import age_in
from candidacy.answers import REST, WHEN, WHICH, Answer, closes_a_list, denied_in, interpret, polarity
from candidacy.findings import PRESENT, Finding
from candidacy.knowledge import load
from candidacy.record import Record
from candidacy.screening import AGE_GROUP, NO, UNSURE, YES

STEERING = ("stop", "start_over", "why", "talk_to_human", "delete_data", "for_someone_else", "repeat", "privacy")
"""Intents that steer the talk even where their words could be read as an answer."""

SAID_BY_VERDICT = [f"utter_note_{outcome}" for outcome in ("contraindicated", "defer", "defer_until",
                                                           "provider_review", "ask")]
"""After the last question the verdict follows at once and says the same."""


class ValidateScreeningForm(Action):
    """Returns slots only when the message answers the question asked.

    Otherwise nothing, so that the form rejects and the rules answer: any other slot set here would
    swallow a question asked in between (rasa/core/actions/forms.py).
    """

    def name(self) -> Text:
        return "validate_screening_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        if talk.form != SCREENING:
            return self._start(dispatcher, talk)
        if not talk.answers_form(SCREENING):
            return []
        slot = tracker.get_slot("requested_slot")
        if slot not in GROUP_OF:
            return []
        group = GROUP_OF[slot]
        says_age = group == AGE_GROUP and age_in(talk.text) is not None  # "ok nvm. 47"
        if talk.intent in STEERING and not talk.heard_now and not says_age:
            return []
        question = tracker.get_slot("follow_up") or group
        if talk.intent == "correct" and polarity(talk.text) is None and not talk.heard_now:
            return []
        if talk.pending and (talk.pending != "hypothetical" or talk.says in (YES, NO) and not talk.heard_now):
            return []  # a yes or no is meant for what we asked in between
        before = talk.record_before
        settled = denied_in(before.findings, group, load().rulebook) + before.conditions
        answer = interpret(question, talk.text, talk.heard_now, talk.today, talk.chosen, settled=settled)
        if answer is None and question == group and _heard_in(group, talk) and closes_a_list(talk.text):
            answer = Answer(NO)  # "that's all", asked whether anything else applies
        if answer is None:
            return []
        return self._take(dispatcher, talk, group, question, answer)

    @staticmethod
    def _start(dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
        """The form opens: the consent line, and an age that was stated already is not asked again."""
        # A finished screening is asked for again: the verdict alone says it all.
        if len(talk.answers) < len(SLOT_OF) and not talk.said_before("utter_screening_consent"):
            dispatcher.utter_message(response="utter_screening_consent")
        record = talk.record
        age = stated_age(record) or age_in(talk.text)  # "hi, 58, want to be screened" says it beside the wish
        if age is not None:
            record = record.hear([age], talk.now)
        events = talk.remember(record)
        if age is not None and AGE_GROUP not in talk.answers:
            events.append(SlotSet(SLOT_OF[AGE_GROUP], YES))
            if not is_under_age(talk.verdict(record)) and age.quantity:
                dispatcher.utter_message(response="utter_age_heard", age=f"{age.quantity:g}")
        if is_under_age(talk.verdict(record)):
            events.append(SlotSet("requested_slot", None))
        return events

    def _take(
        self, dispatcher: CollectingDispatcher, talk: Talk, group: Text, question: Text, answer: Answer
    ) -> List[EventType]:
        doubted = contradiction(talk)
        record = self._with_answer(talk, question, answer)
        asked_already = list(talk.tracker.get_slot("followed_up") or [])
        follow_up = answer.follow_up
        if follow_up is None and answer.value in (YES, UNSURE):
            follow_up = _date_to_ask(record, group, asked_already)
        noticed = [*talk.heard_now, *(f for f in answer.findings if f not in talk.heard_now)]
        kind, _, subject = question.rpartition(":")
        if kind == WHEN:
            noticed = [f for f in noticed if f.condition != subject]
            noticed += [f for f in record.findings if f.condition == subject and f.surfaced]
        spoken = notes(talk, [f for f in noticed if self._worth_noting(f, group, follow_up)])
        unsaid = ["utter_verdict_under_age", "utter_note_denied"]
        if follow_up is None and not set(SLOT_OF) - set(talk.answers) - {group}:
            unsaid += SAID_BY_VERDICT
        for response, values in spoken:
            if response not in unsaid:
                dispatcher.utter_message(response=response, **values)
        answer_questions(dispatcher, talk)
        if follow_up is not None:
            asked_already.append(follow_up)
        value = None if follow_up is not None else answer.value
        if value is not None and kind == WHEN:
            value = YES  # what it is about was disclosed; only its date may stay unknown
        if value == NO and set(record.conditions) & set(_ids(group)):
            value = YES  # "nothing else", beside what was told before
        changed = {group: value} if value else {}
        events = talk.remember(record, **changed) + [
            SlotSet("follow_up", follow_up),
            SlotSet("followed_up", asked_already),
            SlotSet(SLOT_OF[group], value),
        ]
        verdict = talk.verdict(record, **changed)
        if is_under_age(verdict):
            return events + [SlotSet("requested_slot", None)]
        if any(response == "utter_note_contraindicated" and response not in unsaid for response, _ in spoken):
            if not talk.said_before("utter_go_on_after_stop_rule"):
                dispatcher.utter_message(response="utter_go_on_after_stop_rule")
        if doubted:
            events += ask_contradiction(dispatcher, doubted)
        return events

    @staticmethod
    def _worth_noting(finding: Finding, group: Text, follow_up: Optional[Text]) -> bool:
        """What is denied in a reply is the reply, and what we ask the date of is noted with its date."""
        if follow_up == f"{WHEN}:{finding.condition}":
            return False
        return finding.surfaced or finding.condition not in _ids(group)

    @staticmethod
    def _with_answer(talk: Talk, question: Text, answer: Answer) -> Record:
        """The record with what the reply means in the light of its question."""
        derived = [finding for finding in answer.findings if finding not in talk.heard_now]
        kind, _, _ = question.rpartition(":")
        if kind != WHEN:
            return talk.record.hear(derived, talk.now)
        record = talk.record
        for dated in derived:
            for finding in [f for f in record.findings if f.condition == dated.condition and f.surfaced]:
                new = Finding.from_dict({**finding.to_dict(), "when": dated.when, "assertion": PRESENT})
                record = record.hear([new], talk.now, corrects=True)
        return record


def _ids(group: Text) -> List[Text]:
    return [rule.id for rule in load().rulebook.group(group)]


def _date_to_ask(record: Record, group: Text, asked_already: List[Text]) -> Optional[Text]:
    """A follow-up on the date, for a condition of this group whose wait counts from one we do not know."""
    for rule in load().rulebook.group(group):
        question = f"{WHEN}:{rule.id}"
        if rule.asks_when is None or question in asked_already:
            continue
        standing = [f for f in record.findings if f.condition == rule.id and f.surfaced]
        if standing and not any(f.when for f in standing):
            return question
    return None


def _heard_in(group: Text, talk: Talk) -> List[Text]:
    """Plain names of what was already disclosed and belongs to this question."""
    standing = talk.record.conditions
    return [rule.plain_name for rule in load().rulebook.group(group) if rule.id in standing]


class _AskGroup:
    """Ask one of the eight questions, worded around what was heard, or its follow-up."""

    group: Text = ""

    def name(self) -> Text:
        return f"action_ask_{SLOT_OF[self.group]}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        if talk.asks_now:
            return []  # one question at a time: two yes-or-no questions could not be told apart
        kind, _, subject = (tracker.get_slot("follow_up") or "").rpartition(":")
        rules = load().rulebook.group(self.group)
        base = f"utter_ask_{SLOT_OF[self.group]}"
        if talk.form == BOOKING or self.group == AGE_GROUP:
            dispatcher.utter_message(response=f"{base}_booking" if talk.form == BOOKING else base)
        elif kind == WHICH and subject == self.group:
            other = domain["responses"]["utter_choice_other"][0]["text"]
            buttons = [{"title": capital(rule.plain_name), "payload": rule.names[0]} for rule in rules]
            buttons.append({"title": other, "payload": other})
            dispatcher.utter_message(response="utter_ask_which", buttons=buttons, multi=True)
        elif kind == REST and subject == self.group:
            settled = denied_in(talk.record.findings, self.group, load().rulebook) + talk.record.conditions
            items = ", ".join(rule.plain_name for rule in rules if rule.id not in settled)
            dispatcher.utter_message(response="utter_ask_rest", items=items)
        elif kind == WHEN and subject in _ids(self.group):
            dispatcher.utter_message(response="utter_ask_when", question=load().rule(subject).asks_when)
        else:
            heard = _heard_in(self.group, talk)
            if heard:
                dispatcher.utter_message(response=f"{base}_heard", heard=listed(heard))
            else:
                dispatcher.utter_message(response=base)
        return []


def _ask_action(group: Text) -> Type[Action]:
    """rasa-sdk registers every subclass of Action that it finds; one for each question."""
    return type(f"ActionAsk{group.replace('_', ' ').title().replace(' ', '')}", (_AskGroup, Action), {"group": group})


ASK_ACTIONS = [_ask_action(group) for group in SLOT_OF]


class ActionVerdict(Action):
    """State the verdict with its reasons, earliest dates and the next step."""

    def name(self) -> Text:
        return "action_verdict"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        verdict = talk.verdict()
        events = talk.remember() + [SlotSet("follow_up", None)]
        if is_under_age(verdict):
            dispatcher.utter_message(response="utter_verdict_under_age")
            return events
        if verdict.outcome == "urgent":
            dispatcher.utter_message(response="utter_urgent")
            return events
        values = {"reasons": reason_lines(verdict, talk.answers), "sources": sources(verdict)}
        for response, tip in advice(verdict):
            dispatcher.utter_message(response=response, **tip)
        if verdict.call_today:
            dispatcher.utter_message(response="utter_verdict_call_today", **values)
            return events
        outcome = verdict.outcome
        if outcome == "no_flag" and not verdict.complete:
            outcome = "ask"
        dispatcher.utter_message(response=f"utter_verdict_{outcome}", **values)
        return events + [SlotSet("offered", BOOKING)]
