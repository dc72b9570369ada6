"""The opening of a fresh session: everything of a talk that its next turn may need, in few events."""

from __future__ import annotations

import time
from typing import Any, Dict, Iterable, List, Text

from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker

CARRIED = "carried"
"""Metadata key of events that a fresh session repeats or sums up: the talk itself has them once."""

KEPT_TURNS = 2
"""Turns kept word for word: "tell me more", "say that again" and "yes" refer to what was said last."""

UTTER_GREET = "utter_greet"
FINDING = "finding"


def fresh_session(tracker: DialogueStateTracker, slots: Iterable[Slot]) -> List[Dict[Text, Any]]:
    """Events, as dictionaries marked as carried, that bring a new tracker to where this one stands.

    Args:
        tracker: A tracker at the end of a turn.
        slots: The domain's slots with their initial values.
    """
    slots = list(slots)
    events = list(tracker.events)
    start = _start_of_last_turns(events)
    opening = _opening(tracker, events[:start], events[start:], slots)
    rebuilt = DialogueStateTracker.from_events(tracker.sender_id, opening, slots)
    if not _same_state(rebuilt, tracker):
        # The last turns took something back that lies before them (as "/back" in the shell does).
        opening = _summary(tracker, events, set()) + [ActionExecuted(ACTION_LISTEN_NAME)]
    return [_marked(event) for event in opening]


def _opening(
    tracker: DialogueStateTracker, before: List[Event], last: List[Event], slots: List[Slot]
) -> List[Event]:
    past = DialogueStateTracker.from_events(tracker.sender_id, before, slots)
    set_later = {event.key for event in last if isinstance(event, SlotSet)}
    opening = _summary(past, before, set_later)
    opening.append(ActionExecuted(ACTION_LISTEN_NAME))
    for message in _not_heard_yet(tracker, before):
        opening += [message, ActionExecuted(ACTION_LISTEN_NAME)]
    return opening + _each_slot_once(last)


def _start_of_last_turns(events: List[Event]) -> int:
    said = [index for index, event in enumerate(events) if isinstance(event, UserUttered)]
    return said[-KEPT_TURNS:][0] if said else len(events)


def _summary(tracker: DialogueStateTracker, events: List[Event], set_later: "set[Text]") -> List[Event]:
    """A session's start, each slot's latest value once, the open form, and that the greeting was said."""
    summary: List[Event] = [SessionStarted()]
    for slot in tracker.slots.values():
        if slot.name not in set_later and slot.value != slot.initial_value:
            summary.append(SlotSet(slot.name, slot.value))
    form = tracker.active_loop_name
    if form:
        summary.append(ActiveLoop(form))
        if tracker.is_active_loop_rejected:
            summary.append(ActionExecutionRejected(form))
    if any(isinstance(event, ActionExecuted) and event.action_name == UTTER_GREET for event in events):
        summary.append(ActionExecuted(UTTER_GREET))
    return summary


def _not_heard_yet(tracker: DialogueStateTracker, before: List[Event]) -> List[UserUttered]:
    """Messages with findings that the record lacks: said while the action server was away."""
    heard_until = tracker.get_slot("heard_until") or 0.0
    return [
        event
        for event in before
        if isinstance(event, UserUttered)
        and event.timestamp > heard_until
        and any(entity.get("entity") == FINDING for entity in event.entities)
    ]


def _each_slot_once(events: List[Event]) -> List[Event]:
    latest = {event.key: index for index, event in enumerate(events) if isinstance(event, SlotSet)}
    return [
        event
        for index, event in enumerate(events)
        if not isinstance(event, SlotSet) or latest[event.key] == index
    ]


def _same_state(one: DialogueStateTracker, other: DialogueStateTracker) -> bool:
    return (
        one.current_slot_values() == other.current_slot_values()
        and one.active_loop_name == other.active_loop_name
        and one.is_active_loop_rejected == other.is_active_loop_rejected
    )


def _marked(event: Event) -> Dict[Text, Any]:
    data = event.as_dict()
    data.setdefault("timestamp", time.time())
    data["metadata"] = {**(data.get("metadata") or {}), CARRIED: True}
    return data
