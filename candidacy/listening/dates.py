"""Find times in a message and turn them into calendar dates: "2 weeks ago", "since June", "in 2012".

A time is a range of days, from the earliest to the latest it can mean, and never ends after today.
"""

from __future__ import annotations

import calendar
import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from typing import List, Optional, Sequence, Tuple

from dateutil.relativedelta import relativedelta

from candidacy.listening.date_words import (
    DAYS,
    HOLIDAYS,
    MONTHS,
    NUMBERS,
    PATTERNS,
    SEASONS,
    UNIT_OF,
)
from candidacy.listening.text import Token

Range = Tuple[date, date]

AGO, SINCE, POINT, FUTURE, LASTING, VAGUE = "ago", "since", "point", "future", "lasting", "vague"
"""Kinds of time: so long ago, from then until now, then, still to come, so long (no date), long ago."""


@dataclass(frozen=True)
class Time:
    """A time in a message: half-open token range, kind, and the days it can mean."""

    start: int
    end: int
    kind: str
    when: Optional[Range] = None


def _number(text: Optional[str]) -> Optional[float]:
    if not text:
        return None
    text = text.strip()
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


def _span(match: "re.Match[str]", today: date) -> Optional[Range]:
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
        low = high = _number(raw)  # type: ignore[assignment]
        if low is None:
            return None
        second = _number(group.get("n2") or group.get("n3"))
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


def _month_range(year: int, month: int, first: int = 1, last: int = 31) -> Range:
    end = calendar.monthrange(year, month)[1]
    return date(year, month, min(first, end)), date(year, month, min(last, end))


def _latest_month(month: int, today: date) -> int:
    return today.year if month <= today.month else today.year - 1


def _date(year: int, month: int, day: int) -> Optional[date]:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _resolve(name: str, match: "re.Match[str]", today: date) -> Optional[Tuple[str, Optional[Range]]]:
    group = match.groupdict()
    since = (group.get("since") or "").strip() == "since"
    point = SINCE if since else POINT
    if name in ("ahead", "next"):
        if match.group() == "tonight":
            return POINT, (today, today)
        # "In a year" lies ahead; after a denial ("no botox in a year") it lies behind.
        return FUTURE, _span(match, today) if group.get("u") else None
    if name in ("ago", "post"):
        span = _span(match, today)
        return (AGO, span) if span else None
    if name == "lastfor":
        span = _span(match, today)
        return (LASTING, span) if group.get("n") else None
    if name in ("for", "sinceunit"):
        return LASTING, (_span(match, today) if group.get("u") else None)
    if name in ("dayofmonth", "monthday"):
        month, day = MONTHS[group["month"]], int(group["dom"])
        year = int(group["year"]) if group.get("year") else _latest_month(month, today)
        found = _date(year, month, day)
        if found and not group.get("year") and found > today:
            found = _date(year - 1, month, day)
        return (point, (found, found)) if found and found <= today else None
    if name == "numeric":
        return _numeric(group, today, point)
    if name == "the":
        for back in (0, 1):
            base = today - relativedelta(months=back)
            found = _date(base.year, base.month, int(group["dom"]))
            if found and found <= today:
                return point, (found, found)
        return None
    if name == "monthyear":
        return point, _month_range(int(group["year"]), MONTHS[group["month"]])
    if name == "month":
        return _month(group, today, point, match.group())
    if name == "year":
        year = int(group["year"])
        return (point, (date(year, 1, 1), date(year, 12, 31))) if year <= today.year else (FUTURE, None)
    if name == "lastunit":
        return point, _last_unit(group["lead"], group["w"], today)
    if name == "weekday":
        day = today - timedelta(days=(today.weekday() - DAYS[group["day"]]) % 7 or 7)
        # "Last Friday" said on a Sunday may be the Friday of the week before.
        near = "last" in (group.get("lead") or "") and (today - day).days < 3
        early = day - timedelta(days=7) if near else day
        return point, (early, day)
    if name == "holiday":
        month, day = HOLIDAYS[group["hol"]]
        found = _date(today.year, month, day) or today
        found = found if found <= today else found.replace(year=today.year - 1)
        return point, (found, found)
    if name == "season":
        return point, _last_unit("in", group["season"], today)
    if name == "today":
        return point, (today - timedelta(days=6) if "week" in match.group() else today, today)
    if name == "yesterday":
        day = today - timedelta(days=2 if group.get("b") else 1)
        return point, (day, day)
    if name == "days":
        return AGO, (today - timedelta(days=14 if "week" in match.group() else 7), today - timedelta(days=1))
    if name == "recent":
        return AGO, (today - timedelta(days=60), today)
    if name == "months":
        return AGO, (today - relativedelta(months=18), today - relativedelta(months=1))
    return VAGUE, (today - relativedelta(years=100), today - relativedelta(years=2))


def _numeric(group: dict, today: date, point: str) -> Optional[Tuple[str, Optional[Range]]]:
    """ "5/3" and "5/3/2026": both orders are thought of, so the range may hold two days."""
    x, y = int(group["x"]), int(group["y"])
    year = int(group["z"]) if group.get("z") else today.year
    year += 2000 if year < 100 else 0
    days = [found for found in (_date(year, x, y), _date(year, y, x)) if found] if 1900 < year < 2100 else []
    if not group.get("z"):
        days = [day if day <= today else _date(day.year - 1, day.month, day.day) or day for day in days]
        if not point == SINCE and not (group.get("since") or "").strip() and not days:
            return None
    days = [day for day in days if day <= today]
    return (point, (min(days), max(days))) if days else None


def _month(group: dict, today: date, point: str, text: str) -> Optional[Tuple[str, Optional[Range]]]:
    name, lead = group["month"], (group.get("lead") or "").strip()
    # "may", "mar" and "march" are words of their own: they need a lead, or stand after "since".
    if name in ("may", "mar", "march", "dec", "sep", "jan", "jun") and not lead and not group.get("since"):
        return (
            None
            if name in ("may", "mar")
            else (point, _month_range(_latest_month(MONTHS[name], today), MONTHS[name]))
        )
    month = MONTHS[name]
    year = _latest_month(month, today)
    if lead == "last" and month == today.month:
        year -= 1
    if group.get("rel"):
        year = today.year - (group["rel"] == "last")
    first, last = 1, 31
    if lead == "early" or "beginning of" in text or "start of" in text:
        last = 12
    elif lead == "late" or "end of" in text:
        first = 18
    return point, _month_range(year, month, first, last)


def _last_unit(lead: str, unit: str, today: date) -> Range:
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
    start, end = SEASONS[unit]
    for year in (today.year, today.year - 1, today.year - 2):
        first = date(year, start, 1)
        final = first + relativedelta(months=end - start + 1) - timedelta(days=1)
        if first <= today and (final <= today or lead != "last"):
            return first, final
    return date(today.year - 2, start, 1), date(today.year - 2, start, 28)


def find_times(tokens: Sequence[Token], today: date) -> List[Time]:
    """The times in a message, in order; where two overlap the earlier pattern of the table wins."""
    pieces, starts, length = [], [], 0
    for token in tokens:
        starts.append(length)
        pieces.append(token.norm)
        length += len(token.norm) + 1
    text = " ".join(pieces)
    taken: List[Tuple[int, int]] = []
    found: List[Time] = []
    for name, pattern in PATTERNS:
        for match in pattern.finditer(text):
            begin, finish = match.span()
            if begin == finish or any(begin < b and a < finish for a, b in taken):
                continue
            resolved = _resolve(name, match, today)
            if resolved is None:
                continue
            kind, when = resolved
            if when is not None:
                when = (min(when[0], today), min(when[1], today))
            taken.append((begin, finish))
            found.append(Time(bisect_right(starts, begin) - 1, bisect_right(starts, finish - 1), kind, when))
    found.sort(key=lambda time: time.start)
    return found
