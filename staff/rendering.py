"""Pages from templates: everything a person wrote is shown as text."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Optional

import phonenumbers
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from candidacy.knowledge import Knowledge, load
from desk.database import utc_now
from desk.settings import time_zone
from staff import words

HERE = Path(__file__).resolve().parent


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page from `staff/templates`."""
    knowledge = facts()
    return HTMLResponse(
        environment().get_template(template).render(
            clinic=knowledge.clinic.facts["name"],
            demo=knowledge.clinic.demo,
            signed=knowledge.rulebook.signed,
            rules_version=knowledge.rulebook.version,
            words=words,
            **values,
        ),
        status,
    )


@lru_cache(maxsize=1)
def facts() -> Knowledge:
    """The clinic's rules, sources and facts, read once at the start."""
    return load()


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates' environment."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(when=when, day=day, ago=ago, phone=phone, clock=clock, iso=iso, rule=rule)
    return made


def local(moment: datetime) -> datetime:
    """A moment in the clinic's time zone."""
    return moment.astimezone(time_zone(facts().clinic))


def when(moment: datetime) -> str:
    """Mon 23 Nov, 3:05 pm; with the year when it is not this one."""
    there = local(moment)
    year = "" if there.year == local(utc_now()).year else f" {there.year}"
    return f"{there:%a} {there.day} {there:%b}{year}, {clock(moment)}"


def clock(moment: datetime) -> str:
    """3:05 pm."""
    there = local(moment)
    return f"{there.hour % 12 or 12}:{there:%M} {'am' if there.hour < 12 else 'pm'}"


def day(value: Optional[date]) -> str:
    """Mon 23 Nov 2026; empty for None."""
    return f"{value:%a} {value.day} {value:%b %Y}" if value else ""


def ago(moment: datetime) -> str:
    """How long ago, in its largest unit: just now, 12 min ago, 3 h ago, 2 days ago."""
    minutes = int((utc_now() - moment) / timedelta(minutes=1))
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 24 * 60:
        return f"{minutes // 60} h ago"
    days = minutes // (24 * 60)
    return f"{days} day{'' if days == 1 else 's'} ago"


def iso(moment: datetime) -> str:
    """For the `datetime` attribute."""
    return moment.isoformat(timespec="seconds")


def phone(contact: Optional[str]) -> str:
    """A number as it is dialled at home, or abroad with its country; anything else as it is."""
    try:
        number = phonenumbers.parse(contact or "")
    except phonenumbers.NumberParseException:
        return contact or ""
    country = phonenumbers.country_code_for_region(facts().clinic.country)
    home = number.country_code == country
    shape = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(number, shape.NATIONAL if home else shape.INTERNATIONAL)


def rule(name: str) -> str:
    """The clinical name of a rule; its id where an older version of the rules had it."""
    return next((one.name for one in facts().rulebook.rules if one.id == name), name)
