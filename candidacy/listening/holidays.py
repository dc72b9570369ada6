"""Days and seasons that have a name: "Anzac Day", "the August bank holiday", "Diwali", "last winter".

A name that means different days in different countries (Mother's Day, Thanksgiving) or a feast whose day
moves with the moon is given as the range of all of them.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Callable, Dict, Optional, Tuple

from dateutil.easter import easter

Range = Tuple[date, date]


def _fixed(month: int, day: int) -> Callable[[int], Range]:
    return lambda year: (date(year, month, day), date(year, month, day))


def _nth(month: int, weekday: int, count: int) -> Callable[[int], Range]:
    """The nth weekday (Monday 0) of a month; -1 for the last."""

    def day(year: int) -> Range:
        if count > 0:
            first = date(year, month, 1)
            found = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))
        else:
            last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
            found = last - timedelta(days=(last.weekday() - weekday) % 7)
        return found, found

    return day


def _from_easter(first: int, last: Optional[int] = None) -> Callable[[int], Range]:
    def day(year: int) -> Range:
        sunday = easter(year)
        return sunday + timedelta(days=first), sunday + timedelta(days=first if last is None else last)

    return day


def _between(start: Tuple[int, int], end: Tuple[int, int]) -> Callable[[int], Range]:
    return lambda year: (date(year, *start), date(year, *end))


def _moon(
    days: Dict[int, Range], else_from: Tuple[int, int], else_to: Tuple[int, int]
) -> Callable[[int], Range]:
    return lambda year: days.get(year) or (date(year, *else_from), date(year, *else_to))


def _one(year: int, month: int, day: int, more: int = 1) -> Range:
    return date(year, month, day) - timedelta(days=more), date(year, month, day) + timedelta(days=more)


_DIWALI = {2023: _one(2023, 11, 12), 2024: _one(2024, 11, 1), 2025: _one(2025, 10, 21), 2026: _one(2026, 11, 8),
           2027: _one(2027, 10, 29), 2028: _one(2028, 10, 17)}  # fmt: skip
_EID = {2023: (date(2023, 4, 21), date(2023, 6, 30)), 2024: (date(2024, 4, 9), date(2024, 6, 18)),
        2025: (date(2025, 3, 30), date(2025, 6, 8)), 2026: (date(2026, 3, 20), date(2026, 5, 29)),
        2027: (date(2027, 3, 9), date(2027, 5, 18)), 2028: (date(2028, 2, 26), date(2028, 5, 7))}  # fmt: skip
_RAMADAN = {2024: (date(2024, 3, 10), date(2024, 4, 9)), 2025: (date(2025, 2, 28), date(2025, 3, 30)),
            2026: (date(2026, 2, 17), date(2026, 3, 20)), 2027: (date(2027, 2, 7), date(2027, 3, 10))}  # fmt: skip

_DAYS: Dict[str, Callable[[int], Range]] = {
    r"(?:christmas|xmas) eve": _fixed(12, 24),
    r"boxing day|st stephens day|stephens day": _fixed(12, 26),
    r"christmas(?: day)?|xmas|chrimbo|crimbo": _fixed(12, 25),
    r"new years eve|new year eve|nye|hogmanay": _fixed(12, 31),
    r"new years day|new years|new year": _fixed(1, 1),
    r"good friday": _from_easter(-2),
    r"easter(?: sunday| monday| weekend| holidays| hols| break)?": _from_easter(-3, 1),
    r"shrove tuesday|pancake day|mardi gras|fat tuesday": _from_easter(-47),
    r"carnival": _from_easter(-50, -47),
    r"ash wednesday": _from_easter(-46),
    r"whit(?:sun| monday)?|pentecost": _from_easter(49, 50),
    r"(?:canadian thanksgiving)": _nth(10, 0, 2),
    r"thanksgiving": _nth(11, 3, 4),
    r"cyber monday": lambda year: tuple(d + timedelta(days=4) for d in _nth(11, 3, 4)(year)),  # type: ignore[dict-item,return-value]
    r"black friday": lambda year: tuple(d + timedelta(days=1) for d in _nth(11, 3, 4)(year)),  # type: ignore[dict-item,return-value]
    r"halloween|hallowe en|all hallows": _fixed(10, 31),
    r"bonfire night|guy fawkes(?: night| day)?|fireworks night": _fixed(11, 5),
    r"(?:st |saint )?(?:paddys|patricks|paddy s|patrick s|pattys)(?: day)?": _fixed(3, 17),
    r"valentines(?: day)?|v day|galentines": _fixed(2, 14),
    r"burns night": _fixed(1, 25),
    r"anzac(?: day)?": _fixed(4, 25),
    r"australia day|invasion day": _fixed(1, 26),
    r"waitangi(?: day)?": _fixed(2, 6),
    r"melbourne cup(?: day)?|cup day": _nth(11, 1, 1),
    r"st georges day": _fixed(4, 23),
    r"st andrews day": _fixed(11, 30),
    r"canada day": _fixed(7, 1),
    r"victoria day": lambda year: (date(year, 5, 18), date(year, 5, 24)),
    r"(?:the )?(?:4 ?th|fourth) of july|july (?:4 ?th|fourth)|independence day weekend": _fixed(7, 4),
    r"memorial day(?: weekend)?": _nth(5, 0, -1),
    r"labor day(?: weekend)?|labour day(?: weekend)?": _nth(9, 0, 1),
    r"columbus day|indigenous peoples day": _nth(10, 0, 2),
    r"mlk day|martin luther king day": _nth(1, 0, 3),
    r"presidents day": _nth(2, 0, 3),
    r"super ?bowl(?: sunday)?": _nth(2, 6, 2),
    r"juneteenth": _fixed(6, 19),
    r"veterans day|remembrance day|armistice day|remembrance sunday": _fixed(11, 11),
    r"cinco de mayo": _fixed(5, 5),
    r"groundhog day": _fixed(2, 2),
    r"mothers day|mothering sunday": lambda year: (easter(year) - timedelta(days=21), _nth(5, 6, 2)(year)[1]),
    r"fathers day": lambda year: (_nth(6, 6, 3)(year)[0], _nth(9, 6, 1)(year)[1]),
    r"(?:early )?may (?:day|bank holiday)(?: weekend)?": lambda year: (
        _nth(5, 0, 1)(year)[0],
        _nth(5, 0, -1)(year)[1],
    ),
    r"(?:the )?august bank holiday(?: weekend)?": lambda year: (
        _nth(8, 0, 1)(year)[0],
        _nth(8, 0, -1)(year)[1],
    ),
    r"june bank holiday(?: weekend)?": _nth(6, 0, 1),
    r"october bank holiday(?: weekend)?": _nth(10, 0, -1),
    r"spring bank holiday(?: weekend)?": _nth(5, 0, -1),
    r"diwali|deepavali|divali|deepawali": _moon(_DIWALI, (10, 15), (11, 15)),
    r"dussehra|dasara|dussera|durga puja|navratri|navaratri": _between((9, 22), (10, 24)),
    r"holi": _between((3, 1), (3, 26)),
    r"onam": _between((8, 20), (9, 16)),
    r"pongal|makar sankranti|lohri": _between((1, 13), (1, 16)),
    r"raksha bandhan|rakhi": _between((8, 8), (8, 31)),
    r"ganesh chaturthi|ganpati": _between((8, 25), (9, 20)),
    r"karva chauth": _between((10, 9), (11, 2)),
    r"republic day": _fixed(1, 26),
    r"independence day": _between((7, 4), (8, 15)),
    r"(?:bakri )?eid(?: al fitr| al adha| ul fitr| ul adha)?|bakrid": _moon(_EID, (1, 1), (12, 31)),
    r"ramadan|ramzan|ramadhan": _moon(_RAMADAN, (1, 20), (4, 10)),
    r"hanukkah|chanukah": _between((12, 1), (12, 30)),
    r"yom kippur|rosh hashanah": _between((9, 10), (10, 12)),
    r"passover": _between((3, 25), (4, 27)),
    r"(?:chinese|lunar) new year": _between((1, 21), (2, 20)),
    r"crop over|cropover": _between((8, 1), (8, 7)),
    r"emancipation day": _fixed(8, 1),
    r"oktoberfest": _between((9, 16), (10, 6)),
}

NAMES = "|".join(sorted(_DAYS, key=len, reverse=True))
"""All names as one alternation of a regular expression."""

_TABLE = [(re.compile(rf"(?:{name})\Z"), day) for name, day in _DAYS.items()]


def named_day(name: str, today: date, year: Optional[int] = None) -> Optional[Range]:
    """The latest days of this name that are not to come, or those of a year.

    Thanksgiving is kept in October and in November: the range runs over both where the two that went by
    last lie on either side of the new year.
    """
    day = next((day for pattern, day in _TABLE if pattern.match(name)), None)
    if day is None:
        return None
    if year is not None:
        return day(year)
    found = next((r for r in (day(today.year), day(today.year - 1)) if r[0] <= today), day(today.year - 2))
    if name == "thanksgiving":
        october = next(r for r in (_nth(10, 0, 2)(y) for y in (today.year, today.year - 1)) if r[0] <= today)
        found = min(found[0], october[0]), max(found[1], october[1])
    return found[0], min(found[1], today)


SEASONS = {"spring": (3, 5), "summer": (6, 8), "fall": (9, 11), "autumn": (9, 11), "winter": (12, 14)}
_OPPOSITE = {"spring": "autumn", "summer": "winter", "fall": "spring", "autumn": "spring", "winter": "summer"}
SOUTH = re.compile(
    r"\b(?:anzac|aussie|australian?|oz|sydney|melbourne|brisbane|perth|adelaide|tassie|queensland|nsw|hsc|arvo|"
    r"nz|new zealand|kiwi|auckland|wellington|christchurch|south africa|cape town|joburg|durban)\b"
)
"""Words of people for whom winter is in June."""


def _months(season: str, year: int) -> Range:
    start, end = SEASONS[season]
    last = year + end // 12 if end > 12 else year
    month = end - 12 if end > 12 else end
    return date(year, start, 1), date(last + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def season_days(season: str, today: date, over: bool, south: bool, year: Optional[int] = None) -> Range:
    """The latest season of this name, or that of a year.

    Args:
        season: "summer" ...
        today: The clinic's calendar day.
        over: True for the latest one that has ended ("last summer").
        south: True when the words show a person from the southern half; the range then holds both.
        year: The year in which it began.
    """
    spans = []
    for name in [season, _OPPOSITE[season]] if south else [season]:
        years = [year] if year is not None else [today.year, today.year - 1, today.year - 2]
        found = [_months(name, y) for y in years]
        done = [r for r in found if r[0] <= today and (r[1] <= today or not over)]
        spans.append(done[0] if done else found[-1])
    return min(r[0] for r in spans), max(r[1] for r in spans)
