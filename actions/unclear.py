"""Which words answer a message that nothing fitted."""

from __future__ import annotations

from typing import Text

from rasa_sdk import Tracker

from actions.talk import GROUP_OF, SCREENING, Talk


PERSONAL = ("booking_", "change_", "callback_", "reminder_")
"""How the slots of the forms about a person and a request begin; each has words for what cannot be read."""


def unclear_response(talk: Talk) -> Text:
    """The response for a message that fits nothing: in a form it explains, then offers a way out."""
    if not any(letter.isalnum() for letter in talk.text):
        return "utter_empty_message"
    if not talk.form and talk.verdict().outcome == "urgent":
        return "utter_urgent"  # "should I wait until tomorrow?"
    if talk.form == SCREENING:
        tries = _failed_tries(talk.tracker)
        names = ["utter_unclear_in_form", "utter_unclear_in_form_again", "utter_unclear_in_form_person"]
        return names[min(tries, 2)]
    if talk.form:
        if _failed_tries(talk.tracker) >= 2:
            return "utter_unclear_in_form_person"
        slot = talk.tracker.get_slot("requested_slot") or ""
        return f"utter_{slot}_unreadable" if slot.startswith(PERSONAL) else "utter_unclear_in_form"
    return "utter_unclear_again" if _failed_tries(talk.tracker) else "utter_unclear"


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
        elif kind == "action" and event.get("name") in ("action_unclear", "action_affirm", "action_deny"):
            count += 1
        elif kind == "slot" and event.get("value") is not None:
            if event.get("name") in GROUP_OF or (event.get("name") or "").startswith(PERSONAL):
                break
    return count
