"""Take and offer times: preferred ones that staff agree on, or free ones that are held."""

from __future__ import annotations

import logging
import re
from datetime import datetime
from typing import Any, Dict, List, Optional, Text

from rasa_sdk.executor import CollectingDispatcher

from actions.talk import Talk
from candidacy.ages import UNDER_AGE
from candidacy.answers import polarity, reads_as_question
from candidacy.knowledge import load
from candidacy.knowledge.booking_models import SLOTS
from candidacy.screening import SKIPPED, UNSURE
from desk.database import DeskUnavailable
from desk.settings import now
from desk.slots import Slot, free_slots, spread
from desk.windows import Window, offer_windows, read_windows

logger = logging.getLogger(__name__)

MOST_WINDOWS = 3
OFFERED = 4
"""So many free times are offered at once: more do not fit a text message."""

WISH = "booking_wish"
"""Slot: times told in words where free ones are offered, and those offered already."""

_SOONEST = "as soon as possible"
_MORE = re.compile(
    r"\b(?:more|other|others|different|another|none of (?:them|those|these)|later ones?|next ones?|something else)\b",
    re.IGNORECASE,
)


def told_early(talk: Talk, text: Text, dispatcher: Optional[CollectingDispatcher] = None) -> List[Window]:
    """Times named before they are asked for; a question about hours, or one beside health, names none.

    Args:
        talk: The conversation.
        text: The words to read.
        dispatcher: Told when the clinic is closed at all of them; None to pass over that.
    """
    if talk.text.startswith("/") or any(f.surfaced and f.condition != UNDER_AGE for f in talk.heard_now):
        return []
    if talk.intent.startswith("faq_") and reads_as_question(talk.text):
        return []
    windows = read_windows(text, now(at=talk.now), load().clinic)
    open_ones = [window for window in windows if window.open][:MOST_WINDOWS]
    if windows and not open_ones and dispatcher is not None:
        _say_closed(dispatcher, windows)
    return open_ones


def _say_closed(dispatcher: CollectingDispatcher, windows: List[Window]) -> None:
    closed = ", ".join(window.label for window in windows)
    dispatcher.utter_message(response="utter_booking_window_closed", closed=closed)


def keep_early(talk: Talk, windows: List[Window]) -> Dict[Text, Any]:
    """Slots for times told early: the answer where staff agree on a time, a wish where free ones are offered."""
    if not windows:
        return {}
    if not takes_slots():
        return {"booking_windows": [window.to_dict() for window in windows]}
    taken = _only_one(windows, _free(talk, windows))
    wish = {WISH: {"windows": [window.to_dict() for window in windows]}}
    return {**wish, "booking_windows": [_held(taken)]} if taken else wish


def takes_slots() -> bool:
    """True when people take a free time by themselves."""
    return load().clinic.booking.mode == SLOTS


def take_times(dispatcher: CollectingDispatcher, talk: Talk, field: Text) -> Dict[Text, Any]:
    """Slots for the reply to the question about times; {} when it names none.

    A time at which the clinic is closed, or that is not free, is told and the question stays open.
    """
    if talk.chosen in (SKIPPED, UNSURE) or polarity(talk.text) in (SKIPPED, UNSURE):
        return {field: []}
    windows = read_windows(talk.text, now(at=talk.now), load().clinic)
    open_ones = [window for window in windows if window.open][:MOST_WINDOWS]
    if windows and not open_ones:
        _say_closed(dispatcher, windows)
        return {"offered": None}  # stays at this question without a second message
    if not takes_slots() or not _free(talk):
        return {field: [window.to_dict() for window in open_ones]} if open_ones else {}
    if not open_ones:
        wish = talk.tracker.get_slot(WISH) or {}
        return {WISH: {**wish, "more": True}} if _MORE.search(talk.text) else {}
    taken = _only_one(open_ones, _free(talk, open_ones))
    if taken:
        return {field: [_held(taken)]}
    return {WISH: {"windows": [window.to_dict() for window in open_ones]}}


def ask_times(
    dispatcher: CollectingDispatcher, talk: Talk, domain: Dict[Text, Any], question: Text
) -> Dict[Text, Any]:
    """Offer times as choices; own words are as good. Returns slots to set.

    Args:
        dispatcher: Gets the message.
        talk: The conversation.
        domain: Rasa's domain, for the title of a button.
        question: The response that asks for preferred times.
    """
    wish = talk.tracker.get_slot(WISH) or {}
    free = _free(talk) if takes_slots() else []
    if not free:
        if takes_slots():
            question = "utter_ask_times_none_free"
        windows = offer_windows(now(at=talk.now), load().clinic, count=OFFERED)
        buttons = [{"title": window.label, "payload": window.label} for window in windows]
        dispatcher.utter_message(response=question, buttons=buttons, multi=True)
        return {}
    wanted = [Window.from_dict(item) for item in wish.get("windows") or []]
    fitting = [slot for slot in free if _suits(slot, wanted)] if wanted else free
    response = "utter_ask_slot_fitting" if wanted else "utter_ask_slot"
    if not fitting:
        response, fitting = "utter_ask_slot_none_fits", _near(free, wanted)
    shown = list(wish.get("shown") or [])
    left = [slot for slot in fitting if slot.starts_at.isoformat() not in shown]
    if wish.get("more") and left:
        response = "utter_ask_slot_more"
    else:
        left, shown = fitting, []
    chosen = spread(left, load().clinic, OFFERED)
    buttons = [{"title": slot.window.label, "payload": slot.window.label} for slot in chosen]
    if len(fitting) > len(chosen):
        other = domain["responses"]["utter_choice_other_times"][0]["text"]
        buttons.append({"title": other, "payload": other})
    dispatcher.utter_message(response=response, buttons=buttons)
    shown += [slot.starts_at.isoformat() for slot in chosen]
    return {WISH: {"windows": wish.get("windows") or [], "shown": shown}}


def start_of(windows: List[Dict[Text, Any]]) -> Optional[datetime]:
    """The free time that was taken, UTC; None for preferred times."""
    starts = [item["starts_at"] for item in windows or [] if item.get("starts_at")]
    return datetime.fromisoformat(starts[0]) if starts else None


def in_words(windows: List[Dict[Text, Any]]) -> Any:
    """Times as they are read back: "Fri 27 Nov, afternoon; mornings"; the words for any time when there are none."""
    labels = [Window.from_dict(item).label for item in windows or []]
    return "; ".join(labels) if labels else {"response": "utter_any_time"}


def wish_again(talk: Talk, lost: List[Dict[Text, Any]]) -> Dict[Text, Any]:
    """The wish that is left of a time that somebody else has: what was told in words, else the same day."""
    told = (talk.tracker.get_slot(WISH) or {}).get("windows")
    days = [Window(item["label"], tuple(item["days"])).to_dict() for item in lost]
    return {"windows": told or days}


def _held(slot: Slot) -> Dict[Text, Any]:
    return {**slot.window.to_dict(), "starts_at": slot.starts_at.isoformat()}


def _free(talk: Talk, windows: Optional[List[Window]] = None) -> List[Slot]:
    """Free times; none while the database is away, so that preferred times are taken instead."""
    try:
        return free_slots(now(at=talk.now), load().clinic, windows or ())
    except DeskUnavailable as error:
        logger.error("free times could not be read: %s", error)
        return []


def _only_one(windows: List[Window], free: List[Slot]) -> Optional[Slot]:
    """The free time that is meant when no choice is left: one named to the hour, the soonest, the only one."""
    if free and (len(free) == 1 or [window.label for window in windows] == [_SOONEST]):
        return free[0]
    exact = [slot for slot in free if any(window.exact and _suits(slot, [window]) for window in windows)]
    return exact[0] if len(exact) == 1 and len(windows) == 1 else None


def _suits(slot: Slot, windows: List[Window]) -> bool:
    clock = datetime.strptime(f"{slot.window.days[0]} {slot.window.part}", "%Y-%m-%d %H:%M")
    return any(window.holds(clock) for window in windows)


def _near(free: List[Slot], wanted: List[Window]) -> List[Slot]:
    """Where nothing fits: other times of the days that were named, else every free time."""
    days = [Window(window.label, window.days) for window in wanted if window.days]
    return [slot for slot in free if _suits(slot, days)] or free
