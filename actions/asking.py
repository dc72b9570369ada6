"""Put the eight questions: worded around what was told before, or one of their follow-ups."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text, Type

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.notes import in_a_row, listed
from actions.phrasing import capital
from actions.returning import ask_again, question_again, read_back
from actions.talk import BOOKING, CALLBACK, SCREENING, SLOT_OF, Talk
from candidacy.answers import AGAIN, CHANGED, REST, STILL, WHEN, WHICH, denied_in
from candidacy.knowledge import load
from candidacy.screening import AGE_GROUP
from desk.sms_words import words


def ids_of(group: Text) -> List[Text]:
    return [rule.id for rule in load().rulebook.group(group)]


def heard_in(group: Text, talk: Talk) -> List[Text]:
    """Plain names of what was already disclosed and belongs to this question."""
    standing = talk.record.conditions
    return [rule.plain_name for rule in load().rulebook.group(group) if rule.id in standing]


def only_on_the_private_page(tracker: Tracker) -> bool:
    """True for a text message of a clinic that does not take health answers by text (clinic.yml, `sms`)."""
    return tracker.get_latest_input_channel() == "sms" and load().clinic.sms.screening == "link"


class _AskGroup:
    """Ask one of the eight questions, worded around what was heard, or its follow-up."""

    group: Text = ""

    def name(self) -> Text:
        return f"action_ask_{SLOT_OF[self.group]}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        if only_on_the_private_page(tracker) and talk.form == SCREENING:
            dispatcher.utter_message(response="utter_screening_by_link")
            return []
        if talk.asks_now:
            return []  # one question at a time: two yes-or-no questions could not be told apart
        follow_up = tracker.get_slot("follow_up")
        events: List[EventType] = []
        if not follow_up and next(tracker.get_latest_entity_values("group"), None) != self.group:
            events, asks = read_back(dispatcher, talk, talk.form or SCREENING)
            if asks:
                return events
        if not follow_up and talk.form == SCREENING:
            asked_already = list(tracker.get_slot("followed_up") or [])
            follow_up = question_again(talk, self.group, talk.record, asked_already)
            if follow_up:
                events += [SlotSet("follow_up", follow_up), SlotSet("followed_up", [*asked_already, follow_up])]
        self._ask(dispatcher, talk, domain, follow_up or "")
        return events

    def _ask(
        self, dispatcher: CollectingDispatcher, talk: Talk, domain: Dict[Text, Any], follow_up: Text
    ) -> None:
        kind, _, subject = follow_up.rpartition(":")
        rules = load().rulebook.group(self.group)
        base = f"utter_ask_{SLOT_OF[self.group]}"
        if self.group == AGE_GROUP:
            dispatcher.utter_message(response=f"{base}_booking" if talk.form in (BOOKING, CALLBACK) else base)
        elif kind in (STILL, AGAIN, CHANGED):
            ask_again(dispatcher, talk, self.group, follow_up)
        elif kind == WHICH and subject == self.group:
            other = domain["responses"]["utter_choice_other"][0]["text"]
            short = words().short_names if talk.tracker.get_latest_input_channel() == "sms" else {}
            buttons = [
                {"title": short.get(rule.id) or capital(rule.plain_name), "payload": rule.names[0]} for rule in rules
            ]
            buttons.append({"title": other, "payload": other})
            dispatcher.utter_message(response="utter_ask_which", buttons=buttons, multi=True)
        elif kind == REST and subject == self.group:
            settled = denied_in(talk.record.findings, self.group, load().rulebook)
            settled += talk.record.conditions + talk.record.withdrawn
            items = in_a_row([rule.plain_name for rule in rules if rule.id not in settled])
            dispatcher.utter_message(response="utter_ask_rest", items=items)
        elif kind == WHEN and subject in ids_of(self.group):
            dispatcher.utter_message(response="utter_ask_when", question=load().rule(subject).asks_when)
        else:
            before = _told_before(self.group, talk)
            if before:
                dispatcher.utter_message(response=f"{base}_heard", before=before)
            else:
                dispatcher.utter_message(response=base)


def _told_before(group: Text, talk: Talk) -> Optional[Dict[Text, Any]]:
    """What was disclosed or denied before and belongs to this question, as a fragment; None for nothing."""
    heard = heard_in(group, talk)
    denied = [load().rule(c).plain_name for c in denied_in(talk.record.findings, group, load().rulebook)]
    denied = [name for name in dict.fromkeys(denied) if name not in heard]
    if heard and denied:
        return {"response": "utter_before_both", "heard": listed(heard), "denied": listed(denied)}
    if heard:
        return {"response": "utter_before_heard", "heard": listed(heard)}
    return {"response": "utter_before_denied", "denied": listed(denied)} if denied else None


def _ask_action(group: Text) -> Type[Action]:
    """rasa-sdk registers every subclass of Action that it finds; one for each question."""
    return type(f"ActionAsk{group.replace('_', ' ').title().replace(' ', '')}", (_AskGroup, Action), {"group": group})


ASK_ACTIONS = [_ask_action(group) for group in SLOT_OF]
