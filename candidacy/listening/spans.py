"""Count days back from today: "two weeks", "last month", "the Friday before last" - as calendar days."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from typing import Optional, Tuple

from dateutil.relativedelta import relativedelta

from candidacy.listening.date_names import DAYS, NUMBERS, UNIT_OF
from candidacy.listening.holidays import season_days

Range = Tuple[date, date]


def number(text: Optional[str]) -> Optional[float]:
    text = (text or "").strip()
    if not text:
        return None
    if "/" in text:
        whole, _, part = text.partition(" ")
        top, _, bottom = part.partition(" / ")
        try:
            return float(whole) + float(top) / float(bottom)
        except (ValueError, ZeroDivisionError):
            return None
    if text[0].isdigit():
        return min(float(text), 5000.0)
    return float(NUMBERS[text]) if text in NUMBERS else None


def _back(today: date, count: float, unit: str) -> date:
    """The day `count` units before today, by the calendar for whole months and years."""
    count = min(count, 2000 if unit != "years" else 100)
    whole = int(count)
    if unit == "fortnights":
        return today - timedelta(days=round(14 * count))
    if unit in ("hours", "minutes"):
        return today - timedelta(days=int(count // 24) if unit == "hours" else 0)
    if unit == "years":
        return today - relativedelta(months=round(12 * count))
    if unit == "months":
        return today - relativedelta(months=whole) - timedelta(days=round(30 * (count - whole)))
    days = {"days": 1, "weeks": 7, "weekends": 7}[unit]
    return today - timedelta(days=round(days * count))


def span_of(match: "re.Match[str]", today: date) -> Optional[Range]:
    group = match.groupdict()
    unit = UNIT_OF[group["u"]]
    raw = (group.get("n") or "1").strip()
    low: Optional[float]
    if "couple" in raw:
        low, high = 2.0, 3.0
    elif "few" in raw:
        low, high = 3.0, 5.0
    elif raw == "several":
        low, high = 4.0, 9.0
    elif raw.startswith("half"):
        low = high = 0.5
    else:
        low = high = number(raw)  # type: ignore[assignment]
        if low is None:
            return None
        second = number(group.get("n2") or group.get("n3"))
        if second is not None and second > low:
            high = second
    if group.get("half") or group.get("h0"):
        low, high = low + 0.5, high + 0.5
    about = group.get("about") or ""
    if about in ("almost", "nearly", "less than", "under", "not quite", "close to"):
        low *= 0.85
    elif about in ("over", "more than", "at least", "past", "well over"):
        high *= 1.3
    elif about in ("about", "around", "approx", "approximately", "roughly", "like", "maybe"):
        low, high = low * 0.93, high * 1.07
    return _back(today, high, unit), _back(today, low, unit)


def month_range(year: int, month: int, first: int = 1, last: int = 31) -> Range:
    end = calendar.monthrange(year, month)[1]
    return date(year, month, min(first, end)), date(year, month, min(last, end))


def latest_month(month: int, today: date) -> int:
    return today.year if month <= today.month else today.year - 1


def day_of(year: int, month: int, day: int) -> Optional[date]:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def last_unit(lead: str, unit: str, today: date, south: bool) -> Range:
    now = lead == "this"
    monday = today - timedelta(days=today.weekday())
    if unit in ("week", "wk"):
        return (
            (monday, today) if now else (monday - timedelta(days=7), min(monday - timedelta(days=1), today))
        )
    if unit == "weekend":
        last_sunday = today - timedelta(days=(today.weekday() + 1) % 7 or 7) if not now else today
        return last_sunday - timedelta(days=2), last_sunday
    if unit in ("night", "morning", "afternoon", "evening"):
        return (today, today) if now else (today - timedelta(days=1), today - timedelta(days=1))
    if unit == "month":
        first = today.replace(day=1)
        return (first, today) if now else (first - relativedelta(months=1), first - timedelta(days=1))
    if unit in ("year", "yr"):
        return (
            (date(today.year, 1, 1), today)
            if now
            else (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31))
        )
    return season_days(unit, today, lead == "last", south)


def before_last(group: dict, today: date, south: bool) -> Range:
    """ "The week before last", "the Friday before last"."""
    if group["day"]:
        day = today - timedelta(days=(today.weekday() - DAYS[group["day"]]) % 7 or 7)
        return day - timedelta(days=14 if (today - day).days < 3 else 7), day - timedelta(days=7)
    start, end = last_unit("last", group["w"], today, south)
    if group["w"] in ("week", "weekend"):
        return start - timedelta(days=7), end - timedelta(days=7)
    if group["w"] == "month":
        return start - relativedelta(months=1), start - timedelta(days=1)
    return start - relativedelta(years=1), end - relativedelta(years=1)
