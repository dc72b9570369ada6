"""What follows the words of an emergency: an "ok" to them is no end of it."""

from __future__ import annotations

from typing import List, Text

from rasa_sdk import Tracker

REMINDERS = {
    "utter_self_harm": "utter_self_harm_reminder",
    "utter_self_harm_reminder": "utter_self_harm_reminder",
    "utter_urgent": "utter_urgent_reminder",
    "utter_urgent_reminder": "utter_urgent_reminder",
}


def reminder_of_emergency(tracker: Tracker) -> Text:
    """The response that says once more whom to call; empty when the bot's last words were others."""
    said: List[Text] = []
    for event in reversed(tracker.events):
        if event.get("event") == "user" and said:
            break
        if event.get("event") == "bot":
            said.append(str((event.get("metadata") or {}).get("utter_action")))
    return next((reminder for words, reminder in REMINDERS.items() if words in said), "")
