"""A request as a calendar entry (RFC 5545); the same text goes by mail (RFC 5546) and to CalDAV (RFC 4791)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Optional, Sequence

from icalendar import Calendar, Event, vCalAddress

from desk.delivery.message import CANCELLED, Message

PRODUCT = "-//Front desk//Requests//EN"


def calendar_entry(message: Message, organizer: Optional[str] = None, attendees: Sequence[str] = ()) -> Optional[bytes]:
    """The entry with its time zone, or None when no calendar day is known.

    A time that was taken blocks the calendar; a preferred one is tentative and blocks nothing.

    Args:
        message: What happened.
        organizer: Mail address of the desk; given for mail, whose entry carries a METHOD (REQUEST, or
            CANCEL with the same UID and a higher SEQUENCE). A stored entry must have none (RFC 4791, 4.1).
        attendees: Mail addresses of staff, for mail.
    """
    if message.start is None or message.end is None:
        return None
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    event = Event()
    event.add("uid", message.uid)
    event.add("dtstamp", message.created_at)
    event.add("sequence", message.sequence)
    event.add("dtstart", message.start)
    event.add("dtend", message.end)
    event.add("summary", f"Request {message.reference}")
    event.add("description", f"{message.link}\nWho it is stands in the inbox.")
    event.add("url", message.link)
    event.add("transp", "OPAQUE" if message.taken else "TRANSPARENT")
    cancelled = message.action == CANCELLED
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED" if message.firm else "TENTATIVE")
    if organizer is not None:
        calendar.add("method", method_of(message))
        event.add("organizer", vCalAddress(f"mailto:{organizer}"))
        for address in attendees:
            attendee = vCalAddress(f"mailto:{address}")
            attendee.params["RSVP"] = "FALSE"
            event.add("attendee", attendee)
    calendar.add_component(event)
    if isinstance(message.start, datetime):
        year = message.start.year
        calendar.add_missing_timezones(date(year - 1, 1, 1), date(year + 2, 1, 1))
    return calendar.to_ical()


def method_of(message: Message) -> str:
    """CANCEL or REQUEST."""
    return "CANCEL" if message.action == CANCELLED else "REQUEST"


def sequence_in(text: bytes) -> Optional[int]:
    """SEQUENCE of a stored entry; None when it is no entry that can be read."""
    try:
        events = Calendar.from_ical(text).walk("VEVENT")
        return int(events[0].get("sequence", 0)) if events else None
    except (ValueError, TypeError, IndexError):
        return None

