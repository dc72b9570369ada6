"""Send a finished booking: stored once, also when somebody says yes twice or a process dies in between."""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from typing import Any, Dict, List, Text

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.notes import is_under_age
from actions.returning import SEND, read_back
from actions.talk import BOOKING, SLOT_OF, UNSENT, Talk
from actions.times import WISH, in_words, start_of, wish_again
from candidacy.knowledge import load
from candidacy.knowledge.booking_models import CODE, LINK
from candidacy.screening import YES
from desk.booking import Booking, ConsultationRequest, NotBookable, SlotTaken, request_consultation
from desk.consent import consent_version
from desk.database import DeskUnavailable
from desk.windows import Window

logger = logging.getLogger(__name__)

LOST = (DeskUnavailable, NotBookable, ValueError)


class ActionSubmitBooking(Action):
    """Store the request; say what happened, also when it could not be stored."""

    def name(self) -> Text:
        return "action_submit_booking"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]
    ) -> List[EventType]:
        talk = Talk(tracker)
        read, asks = read_back(dispatcher, talk, SEND if tracker.get_slot("booking_consent") == YES else BOOKING)
        events = talk.remember() + read
        return events if asks else events + send_request(dispatcher, talk)


def send_request(dispatcher: CollectingDispatcher, talk: Talk) -> List[EventType]:
    """Store the request of a finished form; say what happened."""
    verdict = talk.verdict()
    if is_under_age(verdict):
        dispatcher.utter_message(response="utter_verdict_under_age")
        return [SlotSet(UNSENT, None)]
    if verdict.outcome == "urgent":
        self_harm = any(finding.self_harm for finding in talk.record.findings)
        dispatcher.utter_message(response="utter_booking_self_harm" if self_harm else "utter_booking_urgent")
        return [SlotSet(UNSENT, None)]
    if talk.tracker.get_slot("booking_consent") != YES:
        dispatcher.utter_message(response="utter_booking_not_sent")
        return [SlotSet(UNSENT, None)]
    try:
        booking = _store(talk)
    except SlotTaken:
        dispatcher.utter_message(response="utter_booking_slot_taken", windows=in_words(_windows(talk)))
        kept = {"booking_consent": None, "booking_windows": None, WISH: wish_again(talk, _windows(talk))}
        return [SlotSet(name, value) for name, value in kept.items()] + [FollowupAction(BOOKING)]
    except LOST as error:
        logger.error("a consultation request could not be stored: %s", type(error).__name__)
        dispatcher.utter_message(response="utter_booking_failed")
        return [SlotSet("offered", BOOKING)]  # a yes, or "book", sends the same request once more
    _say(dispatcher, booking, flagged=verdict.outcome not in ("no_flag", "ask"))
    return [SlotSet("reference", booking.reference), SlotSet(UNSENT, None)]


def _say(dispatcher: CollectingDispatcher, booking: Booking, flagged: bool) -> None:
    settings = load().clinic.booking
    if booking.slot_start is not None:
        times = in_words(list(booking.windows))
        dispatcher.utter_message(response="utter_booking_slot_kept", reference=booking.reference, windows=times)
    elif settings.mode == LINK:
        page = (settings.url or "").replace(CODE, booking.reference)
        dispatcher.utter_message(response="utter_booking_link", reference=booking.reference, page=page)
    else:
        response = "utter_booking_requested_flagged" if flagged else "utter_booking_requested"
        dispatcher.utter_message(response=response, reference=booking.reference)
        return
    if flagged:
        dispatcher.utter_message(response="utter_provider_sees_it")


def _windows(talk: Talk) -> List[Dict[Text, Any]]:
    return talk.tracker.get_slot("booking_windows") or []


def _store(talk: Talk) -> Booking:
    """The stored request.

    Raises:
        SlotTaken: When its time is not free any more.
        DeskUnavailable, NotBookable, ValueError: When it could not be stored.
    """
    tracker, contact = talk.tracker, talk.tracker.get_slot("booking_contact") or {}
    key = f"{tracker.sender_id}:{tracker.get_slot(UNSENT) or f'{talk.now:.6f}'}"
    request = ConsultationRequest(
        conversation_id=tracker.sender_id,
        channel=tracker.get_latest_input_channel() or "",
        name=tracker.get_slot("booking_name") or "",
        phone=contact.get("value") if contact.get("kind") == "phone" else None,
        email=contact.get("value") if contact.get("kind") == "email" else None,
        windows=[Window.from_dict(item) for item in _windows(talk)],
        slot_start=start_of(_windows(talk)),
        consent_text_version=consent_version(),
        consented_at=datetime.fromtimestamp(talk.now, timezone.utc),
        screened=len(talk.answers) == len(SLOT_OF),  # every question was put
        verdict=talk.verdict(),
        findings=talk.record.findings,
        answers=talk.answers,
    )
    return request_consultation(request, idempotency_key=key)
