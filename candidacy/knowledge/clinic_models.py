"""The shape of `clinic.yml`: hours, the chat's look, text messages, how to book, facts."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Dict, List, Optional

from pydantic import Field, validator

from candidacy.knowledge.booking_models import SLOTS, BookingSettings
from candidacy.knowledge.retention_models import Retention
from candidacy.knowledge.strict import Strict


class OpeningHours(Strict):
    """Opening time of one weekday, 24-hour clinic time."""

    opens: str
    closes: str

    @validator("opens", "closes")
    def _time(cls, value: str) -> str:
        if not re.match(r"^([01]\d|2[0-3]):[0-5]\d$", value):
            raise ValueError(f"{value!r} is no time; write for example '09:00', with the quotes")
        return value


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class TextMessages(Strict):
    """Text messages (SMS).

    Attributes:
        screening: "text": the eight questions may be answered by text after a warning; "link": only on
            the private page that a link opens.
        proactive: Clinic time within which the bot may write first, such as a reminder.
    """

    screening: str = "text"
    proactive: OpeningHours = OpeningHours(opens="08:00", closes="21:00")

    @validator("screening")
    def _way(cls, value: str) -> str:
        if value not in ("text", "link"):
            raise ValueError(f"{value!r}: one of text, link")
        return value

    @validator("proactive")
    def _by_day(cls, value: OpeningHours) -> OpeningHours:
        if value.opens >= value.closes:
            raise ValueError("opens must be before closes, such as '08:00' and '21:00'")
        return value


class Chat(Strict):
    """How the website chat looks, on every page that shows it and behind a private link.

    Attributes:
        accent: The clinic's colour, such as "#2f5d50" or "#abc".
        scheme: "light", "dark", or "auto": what the visitor's device prefers.
    """

    accent: str = "#6f3f50"
    scheme: str = "auto"

    @validator("accent")
    def _colour(cls, value: str) -> str:
        if not re.fullmatch(r"#([0-9a-fA-F]{3}){1,2}", value):
            raise ValueError(f"{value!r} is no colour; write for example '#2f5d50', with the quotes")
        return value

    @validator("scheme")
    def _known(cls, value: str) -> str:
        if value not in ("light", "dark", "auto"):
            raise ValueError(f"{value!r}: one of light, dark, auto")
        return value


NEVER_BLANK = ("name", "phone", "emergency_number", "crisis_line", "urgent_care")
"""Facts that the safety texts name."""


class Clinic(Strict):
    """`clinic.yml`: the facts of this clinic. A blank fact reads "the clinic will tell you"."""

    demo: bool
    country: str = Field(..., description="ISO 3166 code, for phone numbers and holidays")
    time_zone: str
    hours: Dict[str, Optional[OpeningHours]]
    closed_days: List[date] = Field([], description="closed besides public holidays")
    booking: BookingSettings = BookingSettings()
    facts: Dict[str, Optional[str]] = Field(
        ..., description="what texts may name as {clinic.<key>}; the key stands in this file only"
    )
    chat: Chat = Chat()
    sms: TextMessages = TextMessages()
    retention: Retention = Retention()

    @validator("hours")
    def _days(cls, value: dict) -> dict:
        unknown = [day for day in value if day not in WEEKDAYS]
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: one of {', '.join(WEEKDAYS)}")
        return value

    @validator("booking")
    def _slots_need_hours(cls, value: BookingSettings, values: dict) -> BookingSettings:
        if value.mode == SLOTS and not any((values.get("hours") or {}).values()):
            raise ValueError("mode slots needs opening hours; fill in `hours`, or write mode: request")
        return value

    @validator("closed_days", pre=True)
    def _calendar_days(cls, value: Any) -> List[date]:
        days = []
        for item in value or []:
            try:
                days.append(item if isinstance(item, date) else date.fromisoformat(str(item)))
            except ValueError:
                raise ValueError(f"{str(item)!r} is no date; write for example 2026-12-24") from None
        return days

    @validator("facts", pre=True)
    def _text(cls, value: dict) -> dict:
        return {key: (None if fact is None else str(fact).strip() or None) for key, fact in value.items()}

    @validator("facts")
    def _required(cls, value: dict) -> dict:
        for key in NEVER_BLANK:
            if not value.get(key):
                raise ValueError(f"facts.{key} must not be blank: the bot's safety texts name it")
        return value
