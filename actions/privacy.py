"""What is kept about the person, and having it deleted; on every channel."""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from typing import Any, Dict, List, Optional, Text

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.phrasing import day
from actions.returning import told_lines
from actions.talk import DELETE, Talk
from candidacy.replies import read
from candidacy.screening import NO, YES
from desk import privacy
from desk.database import DeskUnavailable
from desk.sealing import CannotUnseal
from desk.settings import now

logger = logging.getLogger(__name__)

SHOWN_HERE = ("web", "cmdline")
"""Channels on which the person may read what was told; by text only the kinds, with the private link."""

LINES = {
    privacy.MESSAGES: "utter_kept_messages",
    privacy.ANSWERS: "utter_kept_answers",
    privacy.REQUEST: "utter_kept_request",
    privacy.CALLBACK: "utter_kept_callback",
    privacy.REMINDER: "utter_kept_reminder",
    privacy.ALERT: "utter_kept_alert",
}


class ActionMyData(Action):
    """A short list of what is kept, with its dates; where others cannot read it, also what was told."""

    def name(self) -> Text:
        return "action_my_data"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        tell_what_is_kept(dispatcher, talk)
        return talk.remember()


def tell_what_is_kept(dispatcher: CollectingDispatcher, talk: Talk) -> None:
    """Say what is kept about the person; asks nothing."""
    try:
        kept = privacy.kept(talk.tracker.sender_id)
    except (DeskUnavailable, CannotUnseal) as error:
        logger.error("what is kept could not be read: %s", type(error).__name__)
        dispatcher.utter_message(response="utter_kept_unavailable")
        return
    lines = [_line(one) for one in kept]
    if not any(one.kind == privacy.MESSAGES for one in kept):
        lines.insert(0, _line(_in_this_talk(talk)))
    name = talk.tracker.get_slot("booking_name")
    shown = talk.tracker.get_latest_input_channel() in SHOWN_HERE
    if name and shown:
        contact = (talk.tracker.get_slot("booking_contact") or {}).get("shown") or ""
        known = {"response": "utter_kept_contact", "name": name, "contact": contact}
        lines.append(known if contact else {"response": "utter_kept_name", "name": name})
    told = told_lines(talk) if shown else []
    if told:
        dispatcher.utter_message(response="utter_kept_told", kept=lines, told=told)
    else:
        dispatcher.utter_message(response="utter_kept", kept=lines)


def _line(one: privacy.Kept) -> Dict[Text, Any]:
    since, until = _shown_day(one.since), _shown_day(one.until)
    line: Dict[Text, Any] = {"response": LINES[one.kind], "since": since, "until": until}
    if one.kind == privacy.MESSAGES:
        line["count"] = str(one.count)
        line["days"] = since if since == until else {"response": "utter_kept_days", "since": since, "until": until}
    if one.reference:
        line["reference"] = one.reference
    if one.day:
        line["day"] = day(one.day)
    return line


def _shown_day(at: datetime) -> Text:
    return day(now(at=at.timestamp()).date())


def _in_this_talk(talk: Talk) -> privacy.Kept:
    """The messages of this talk, where the stored ones cannot be read from here."""
    times = [event.get("timestamp") or talk.now for event in talk.tracker.events if event.get("event") == "user"]
    since, until = (datetime.fromtimestamp(at, timezone.utc) for at in (min(times), max(times)))
    return privacy.Kept(privacy.MESSAGES, since, until, len(times))


class ActionDeleteData(Action):
    """Ask once before everything goes."""

    def name(self) -> Text:
        return "action_delete_data"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        if talk.pending == DELETE and _insists(talk):
            return delete_all(dispatcher, talk)
        if talk.pending == DELETE and _opening(talk) == NO:
            return keep_all(dispatcher, talk)
        return ask_before_deleting(dispatcher, talk)


def _opening(talk: Talk) -> Optional[Text]:
    return read(talk.text).opening or talk.says


def _insists(talk: Talk) -> bool:
    """True for "yes, delete it all", said to the question: a yes stands in front."""
    return _opening(talk) == YES


def ask_before_deleting(dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
    """The one question; a consultation that is confirmed is named, because it would be called off."""
    try:
        visit = privacy.upcoming(talk.tracker.sender_id)
    except DeskUnavailable as error:
        logger.error("a deletion could not be prepared: %s", error)
        dispatcher.utter_message(response="utter_delete_failed")
        return talk.remember()
    dispatcher.utter_message(response="utter_delete_ask_with_visit" if visit else "utter_delete_ask")
    return talk.remember() + [SlotSet("offered", DELETE)]


def delete_all(dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
    """The yes was given: write the request down; it is carried out when this turn is over."""
    try:
        privacy.request_deletion(talk.tracker.sender_id)
    except DeskUnavailable as error:
        logger.error("a deletion could not be written down: %s", error)
        dispatcher.utter_message(response="utter_delete_failed")
        return talk.remember() + [SlotSet("offered", None)]
    dispatcher.utter_message(response="utter_delete_started")
    return [ActiveLoop(None), SlotSet("requested_slot", None), SlotSet("offered", None)]


def keep_all(dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
    """The answer was no."""
    dispatcher.utter_message(response="utter_delete_kept")
    return talk.remember() + [SlotSet("offered", None)]
