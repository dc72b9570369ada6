"""Which words answer a message that nothing fitted."""

from __future__ import annotations

from typing import Text

from rasa_sdk import Tracker

from actions.notes import is_under_age
from actions.talk import CHANGE, GROUP_OF, READ_BACK, SCREENING, SLOT_OF, Talk
from candidacy.answers import reads_as_question
from candidacy.screening import AGE_GROUP

PERSONAL = ("booking_", "change_", "callback_", "reminder_")
"""How the slots of the forms about a person and a request begin; each has words for what cannot be read."""


def unclear_response(talk: Talk, leaves_out: bool = False) -> Text:
    """The response for a message that fits nothing: in a form it explains, then offers a way out.

    Args:
        talk: The conversation.
        leaves_out: The message says "skip" or "I don't know" where neither is possible.
    """
    if not any(letter.isalnum() for letter in talk.text):
        return "utter_empty_message"
    if not talk.form and talk.verdict().outcome == "urgent":
        return "utter_urgent"  # "should I wait until tomorrow?"
    if not talk.form and is_under_age(talk.verdict()):
        return "utter_verdict_under_age"  # "my mom says it's ok"
    if talk.pending in (READ_BACK, CHANGE):
        return "utter_read_back_unreadable"
    tries = _failed_tries(talk.tracker)
    if not talk.form:
        return "utter_unclear_again" if tries else "utter_unclear"
    if tries >= 2:
        return "utter_unclear_in_form_person" if talk.form == SCREENING else "utter_unclear_person"
    if leaves_out and talk.form != SCREENING:
        return "utter_cannot_skip"
    if reads_as_question(talk.text):
        return "utter_no_answer_in_form"
    slot = talk.tracker.get_slot("requested_slot") or ""
    if slot == SLOT_OF[AGE_GROUP]:
        return "utter_age_unreadable"
    if slot.startswith(PERSONAL):
        return f"utter_{slot}_unreadable"
    return "utter_unclear_in_form_again" if tries else "utter_unclear_in_form"


def _failed_tries(tracker: Tracker) -> int:
    """How often in a row nothing fitted, since the last answer or understood message."""
    count, understood = 0, ("nlu_fallback", "out_of_scope", "affirm", "deny", "unsure", "skip", "report_condition")
    users = 0
    for event in reversed(tracker.events):
        kind = event.get("event")
        if kind == "user":
            users += 1
            intent = ((event.get("parse_data") or {}).get("intent") or {}).get("name")
            if intent not in understood:
                break
        elif kind == "action" and event.get("name") in ("action_unclear", "action_affirm", "action_deny", "action_unsure", "action_skip"):
            count += 1
        elif kind == "slot" and event.get("value") is not None:
            if event.get("name") in GROUP_OF or (event.get("name") or "").startswith(PERSONAL):
                break
    return count
