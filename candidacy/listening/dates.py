"""Find times in a message and turn them into calendar dates: "2 weeks ago", "since June", "in 2012".

A time is a range of days, from the earliest to the latest it can mean, and never ends after today.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from typing import List, Optional, Sequence, Tuple

from dateutil.relativedelta import relativedelta

from candidacy.listening.date_names import DAYS, MONTHS
from candidacy.listening.date_words import PATTERNS
from candidacy.listening.holidays import SOUTH, named_day, season_days
from candidacy.listening.ahead_dates import is_ahead, is_planned, is_until, under_heading
from candidacy.listening.spans import (
    before_last,
    day_of,
    last_unit,
    latest_month,
    month_range,
    number,
    span_of,
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


def _resolve(
    name: str, match: "re.Match[str]", today: date, south: bool, before: str = ""
) -> Optional[Tuple[str, Optional[Range]]]:
    group = match.groupdict()
    since = (group.get("since") or "").strip() == "since"
    point = SINCE if since else POINT
    if name in ("ahead", "next"):
        if match.group() == "tonight":
            return POINT, (today, today)
        # "In a year" lies ahead; after a denial ("no botox in a year") it lies behind.
        return FUTURE, span_of(match, today) if group.get("u") else None
    if name in ("ago", "post", "daypost"):
        span = span_of(match, today)
        return (AGO, span) if span else None
    if name == "lastfor":
        span = span_of(match, today)
        return (LASTING, span) if group.get("n") else None
    if name in ("for", "sinceunit"):
        return LASTING, (span_of(match, today) if group.get("u") else None)
    if name in ("dayofmonth", "monthday"):
        month, day = MONTHS[group["month"]], int(group["dom"])
        year = int(group["year"]) if group.get("year") else latest_month(month, today)
        found = day_of(year, month, day)
        coming = day_of(today.year + (month < today.month), month, day)
        if coming and not group.get("year") and not since and coming > today:
            if is_until(before, coming, today):
                return LASTING, None
            if is_ahead(coming, today, before):
                return FUTURE, None
        if found and not group.get("year") and found > today:
            found = day_of(year - 1, month, day)
        return (point, (found, found)) if found and found <= today else None
    if name == "numeric":
        return _numeric(group, today, point)
    if name == "the":
        coming = day_of(today.year, today.month, int(group["dom"]))
        if coming and coming > today and is_planned(before):
            return FUTURE, None
        for back in (0, 1):
            base = today - relativedelta(months=back)
            found = day_of(base.year, base.month, int(group["dom"]))
            if found and found <= today:
                return point, (found, found)
        return None
    if name == "monthyear":
        return point, month_range(int(group["year"]), MONTHS[group["month"]])
    if name == "month":
        if is_planned(before) and not group.get("rel") and "last" not in match.group() and not since:
            return FUTURE, None
        return _month(group, today, point, match.group())
    if name == "year":
        year = int(group["year"])
        return (point, (date(year, 1, 1), date(year, 12, 31))) if year <= today.year else (FUTURE, None)
    if name == "lastunit":
        return point, last_unit(group["lead"], group["w"], today, south)
    if name == "beforelast":
        return point, before_last(group, today, south)
    if name == "daysback":
        span = number(group["n"].replace("the ", "")) or (2 if "couple" in group["n"] else 4)
        day = today - timedelta(days=(today.weekday() - DAYS[group["day"]]) % 7 or 7)
        return point, (day - timedelta(days=round(7 * (span - 1))),) * 2
    if name == "weekday":
        day = today - timedelta(days=(today.weekday() - DAYS[group["day"]]) % 7 or 7)
        # "Last Friday" said on a Sunday may be the Friday of the week before.
        near = "last" in (group.get("lead") or "") and (today - day).days < 3
        early = day - timedelta(days=7) if near else day
        return point, (early, day)
    if name == "holiday":
        return _holiday(group, today, point, before)
    if name == "offset":
        return _offset(match, today)
    if name == "seasonyear":
        year = _year(group, today) or today.year
        days = season_days(group["season"], today, False, south, year)
        return (point, days) if days[0] <= today else (FUTURE, None)
    if name == "season":
        return point, season_days(group["season"], today, False, south)
    if name == "lockdown":
        return point, (date(2020, 3, 1), date(2021, 12, 31))
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
    if year < 100:
        year += 2000 if 2000 + year <= today.year else 1900
    days = (
        [found for found in (day_of(year, x, y), day_of(year, y, x)) if found] if 1900 < year < 2100 else []
    )
    if not group.get("z"):
        days = [day if day <= today else day_of(day.year - 1, day.month, day.day) or day for day in days]
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
            else (point, month_range(latest_month(MONTHS[name], today), MONTHS[name]))
        )
    month = MONTHS[name]
    year = latest_month(month, today)
    if lead == "last" and month == today.month:
        year -= 1
    if group.get("rel"):
        year = today.year - (group["rel"] == "last")
    first, last = 1, 31
    if lead == "early" or "beginning of" in text or "start of" in text:
        last = 12
    elif lead == "late" or "end of" in text:
        first = 18
    return point, month_range(year, month, first, last)


def _year(group: dict, today: date) -> Optional[int]:
    if group.get("rel"):
        return today.year - (group["rel"] == "last")
    if group.get("yy"):
        return 2000 + int(group["yy"])
    return int(group["year"]) if group.get("year") else None


def _holiday(group: dict, today: date, point: str, before: str) -> Optional[Tuple[str, Optional[Range]]]:
    year = _year(group, today)
    coming = named_day(group["hol"], today, today.year)
    if year is None and coming and coming[0] > today and (group["ahead"] or group["lead"] == "this "):
        return FUTURE, None
    if year is None and coming and coming[0] > today and point == POINT and not group["lead"]:
        if is_ahead(coming[0], today, before):
            return FUTURE, None
    found = named_day(group["hol"], today, year)
    if not found or found[0] > today:
        return (FUTURE, None) if found else None
    return point, found


def _offset(match: "re.Match[str]", today: date) -> Optional[Tuple[str, Optional[Range]]]:
    """ "A month before Halloween", "the week after Easter": counted from the named day."""
    group = match.groupdict()
    day = named_day(group["hol"], today, _year(group, today))
    if group["one"]:
        low, high = {"day": (1, 1), "night": (1, 1), "month": (7, 31)}.get(group["one"], (1, 9))
    else:
        span = span_of(match, today)
        if span is None:
            return None
        low, high = (today - span[1]).days, (today - span[0]).days
    if not day:
        return None
    if group["side"] == "before":
        return POINT, (day[0] - timedelta(days=high), day[1] - timedelta(days=low))
    return POINT, (day[0] + timedelta(days=low), day[1] + timedelta(days=high))


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
    south = SOUTH.search(text) is not None
    for name, pattern in PATTERNS:
        for match in pattern.finditer(text):
            begin, finish = match.span()
            if begin == finish or any(begin < b and a < finish for a, b in taken):
                continue
            resolved = _resolve(name, match, today, south, text[max(begin - 60, 0) : begin])
            if resolved is None:
                continue
            kind, when = resolved
            if when is not None:
                when = (min(when[0], today), min(when[1], today))
            taken.append((begin, finish))
            found.append(Time(bisect_right(starts, begin) - 1, bisect_right(starts, finish - 1), kind, when))
    found.sort(key=lambda time: time.start)
    return under_heading(found, tokens)
