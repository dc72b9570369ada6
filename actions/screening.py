"""The screening form: read answers, ask the next question, state the verdict."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import answer_questions, ask_contradiction, contradiction
from actions.asking import heard_in, ids_of, only_on_the_private_page
from actions.forms import STEERING, FormValidation
from actions.notes import advice, is_under_age, notes, reason_lines, sources
from actions.recording import keep_record
from actions.reminding import can_be_reminded
from actions.returning import question_again, read_back, reopen
from actions.talk import BOOKING, GROUP_OF, SCREENING, SLOT_OF, Talk, stated_age
from candidacy.ages import age_in
from candidacy.answers import (
    AGAIN,
    STILL,
    WHEN,
    Answer,
    closes_a_list,
    denied_in,
    interpret,
    is_over,
    polarity,
)
from candidacy.findings import POSSIBLE, PRESENT, Finding
from candidacy.knowledge import load
from candidacy.record import Record
from candidacy.screening import AGE_GROUP, NO, SKIPPED, UNSURE, YES

SAID_BY_VERDICT = [f"utter_note_{outcome}" for outcome in ("contraindicated", "defer", "defer_until",
                                                           "provider_review", "ask")]
"""After the last question the verdict follows at once and says the same."""


class ValidateScreeningForm(FormValidation, Action):
    """Reads the replies to the eight questions and their follow-ups."""

    form = SCREENING

    def answer(self, dispatcher: CollectingDispatcher, talk: Talk, slot: Text) -> List[EventType]:
        """Take the reply to the open question."""
        tracker = talk.tracker
        if slot not in GROUP_OF:
            return []
        group = GROUP_OF[slot]
        says_age = group == AGE_GROUP and age_in(talk.text) is not None  # "ok nvm. 47"
        question = tracker.get_slot("follow_up") or group
        closes = question == group and bool(heard_in(group, talk)) and closes_a_list(talk.text)
        closes = closes or question.partition(":")[0] in (STILL, AGAIN) and is_over(talk.text)  # "finished it"
        if talk.intent in STEERING and not (talk.heard_now or says_age or closes):
            return []
        if talk.intent == "book_consultation" and group == AGE_GROUP:
            return []  # "just book me, 51": that form hears the age too
        if talk.intent == "correct" and polarity(talk.text) is None and not talk.heard_now and not says_age:
            return []
        if talk.pending and (talk.pending != "hypothetical" or talk.says in (YES, NO) and not talk.heard_now):
            return []  # a yes or no is meant for what we asked in between
        before = talk.record_before
        settled = denied_in(before.findings, group, load().rulebook) + before.conditions
        answer = interpret(question, talk.text, talk.heard_now, talk.today, talk.chosen, settled=settled)
        if answer is None and closes and question == group:
            answer = Answer(NO)  # "that's all", asked whether anything else applies
        if answer is None:
            return self._late_age(dispatcher, talk)
        return self._take(dispatcher, talk, group, question, answer)

    @staticmethod
    def _late_age(dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
        """The age, left out at its own question and told at a later one, which is then asked again."""
        age = age_in(talk.text) if talk.answers.get(AGE_GROUP) in (SKIPPED, UNSURE) else None
        if age is None:
            return []
        record = talk.record.hear([age], talk.now)
        events = talk.remember(record, **{AGE_GROUP: YES}) + [SlotSet(SLOT_OF[AGE_GROUP], YES)]
        if is_under_age(talk.verdict(record)):
            return events + [SlotSet("requested_slot", None)]
        dispatcher.utter_message(response="utter_age_heard", age=f"{age.quantity:g}")
        return events

    def start(self, dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
        """The form opens: the consent line, and an age that was stated already is not asked again."""
        if only_on_the_private_page(talk.tracker) and len(talk.answers) < len(SLOT_OF):
            return [*talk.remember(), SlotSet("requested_slot", None)]  # action_verdict then gives the link
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
            if not is_under_age(talk.verdict(record)) and age.quantity and not talk.is_old:
                dispatcher.utter_message(response="utter_age_heard", age=f"{age.quantity:g}")
        if is_under_age(talk.verdict(record)):
            events.append(SlotSet("requested_slot", None))
        return events + reopen(talk)

    def _take(
        self, dispatcher: CollectingDispatcher, talk: Talk, group: Text, question: Text, answer: Answer
    ) -> List[EventType]:
        doubted = contradiction(talk)
        record = self._with_answer(talk, question, answer)
        asked_already = list(talk.tracker.get_slot("followed_up") or [])
        follow_up = answer.follow_up
        if follow_up is None and answer.value in (YES, UNSURE):
            follow_up = _date_to_ask(record, group, asked_already)
        follow_up = follow_up or question_again(talk, group, record, asked_already)
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
        again = talk.asked_again.get(group)
        if value == NO and (set(record.conditions) & set(ids_of(group)) or (again and again.unnamed)):
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
            events += ask_contradiction(dispatcher, talk, doubted)
        return events

    @staticmethod
    def _worth_noting(finding: Finding, group: Text, follow_up: Optional[Text]) -> bool:
        """What is denied in a reply is the reply, and what we ask the date of is noted with its date."""
        if follow_up == f"{WHEN}:{finding.condition}":
            return False
        return finding.surfaced or finding.condition not in ids_of(group)

    @staticmethod
    def _with_answer(talk: Talk, question: Text, answer: Answer) -> Record:
        """The record with what the reply means in the light of its question."""
        derived = [finding for finding in answer.findings if finding not in talk.heard_now]
        kind, _, _ = question.rpartition(":")
        if kind in (STILL, AGAIN):
            doubted = any(finding.assertion == POSSIBLE for finding in derived)
            return talk.record.hear(derived, talk.now, corrects=not doubted)
        if kind != WHEN:
            return talk.record.hear(derived, talk.now)
        record = talk.record
        for dated in derived:
            for finding in [f for f in record.findings if f.condition == dated.condition and f.surfaced]:
                new = Finding.from_dict({**finding.to_dict(), "when": dated.when, "assertion": PRESENT})
                record = record.hear([new], talk.now, corrects=True)
        return record


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
        if only_on_the_private_page(tracker) and len(talk.answers) < len(SLOT_OF) and not is_under_age(verdict):
            dispatcher.utter_message(response="utter_screening_by_link")
            return events
        opened = reopen(talk)
        if opened:
            return events + opened + [FollowupAction(SCREENING)]
        read, asks = read_back(dispatcher, talk, SCREENING)
        if asks:
            return events + read
        events += read + [SlotSet("asked_again", None)]
        await keep_record(talk, verdict)
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
        if can_be_reminded(talk, verdict):
            outcome = "defer_until"
        dispatcher.utter_message(response=f"utter_verdict_{outcome}", **values)
        return events + [SlotSet("offered", BOOKING)]
