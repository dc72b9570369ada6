"""Read a conversation back: what was said, in order, and what the bot noted. Only reads."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional

from desk.conversations import events_of

PATIENT, BOT = "patient", "bot"
CARRIED = "carried"
"""Metadata key of events that a fresh session repeats; the talk itself has them once."""

SHOWN = "shown"
"""Metadata key of a user message: the words on the button that was pressed."""


def read(conversation_id: str) -> List[Dict[str, Any]]:
    """The whole talk, oldest first: `{who: patient|bot, text, at}`, `at` in UTC; empty for an unknown one.

    Raises:
        DeskUnavailable: When the database cannot be reached.
        CannotUnseal: When none of the keys opens an event.
    """
    return list(lines(map(json.loads, events_of(conversation_id))))


def read_slots(conversation_id: str, names: Iterable[str]) -> Dict[str, Any]:
    """The latest values of some of the bot's slots; one that was never set is missing.

    Raises:
        DeskUnavailable: When the database cannot be reached.
        CannotUnseal: When none of the keys opens an event.
    """
    wanted, values = set(names), {}
    for event in map(json.loads, events_of(conversation_id)):
        if event.get("event") == "slot" and event.get("name") in wanted:
            values[event["name"]] = event.get("value")
    return values


def lines(events: Iterable[Mapping[str, Any]]) -> Iterator[Dict[str, Any]]:
    """What was said, from Rasa's events in the order kept; never the payload of a button."""
    buttons: List[Mapping[str, Any]] = []
    said: List[str] = []
    resumed = False
    for event in events:
        kind, metadata = event.get("event"), event.get("metadata") or {}
        if metadata.get(CARRIED):
            continue
        if kind == "session_started":
            resumed = True
        elif kind == "user":
            words = _words(event, metadata, buttons)
            if metadata.get("is_external") or not words:
                continue
            buttons, said, resumed = [], [], False
            yield {"who": PATIENT, "text": words, "at": _moment(event)}
        elif kind == "bot":
            words = event.get("text") or ""
            # A fresh session of the same talk repeats the open question; it was said once.
            if words and not (resumed and words in said):
                said.append(words)
                yield {"who": BOT, "text": words, "at": _moment(event)}
            buttons = (event.get("data") or {}).get("buttons") or buttons


def _words(event: Mapping[str, Any], metadata: Mapping[str, Any], buttons: List[Mapping[str, Any]]) -> str:
    words = metadata.get(SHOWN) or event.get("text") or ""
    if words.startswith("/") and SHOWN not in metadata:
        # Pressed where the channel does not note the words: the title of the button, or nothing.
        return next((str(one["title"]) for one in buttons if one.get("payload") == words and one.get("title")), "")
    return str(words)


def _moment(event: Mapping[str, Any]) -> Optional[datetime]:
    at = event.get("timestamp")
    return None if at is None else datetime.fromtimestamp(at, timezone.utc)
