"""The words of time by themselves: numbers, units, months and days of the week."""

from __future__ import annotations

import calendar
from typing import Dict

NUMBERS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
}
_UNITS = {
    "hours": "hours? hrs? hr h",
    "days": "days? d nights? dys",
    "weeks": "weeks? wks? wk w wek weks",
    "months": "months? mos? mths? mth mo mnths? mons?",
    "years": "years? yrs? yr y yeas summers winters christmases",
    "fortnights": "fortnights?",
    "minutes": "minutes? mins? min",
    "weekends": "weekends?",
}
UNIT_OF: Dict[str, str] = {}
for _name, _forms in _UNITS.items():
    for _form in _forms.split():
        UNIT_OF[_form.replace("?", "")] = _name
        if _form.endswith("s?"):
            UNIT_OF[_form[:-2]] = _name
MONTHS = {name.lower(): index for index, name in enumerate(calendar.month_name) if name}
MONTHS.update(
    {
        "jan": 1,
        "feb": 2,
        "feburary": 2,
        "febuary": 2,
        "mar": 3,
        "apr": 4,
        "jun": 6,
        "jul": 7,
        "aug": 8,
        "sept": 9,
        "sep": 9,
        "oct": 10,
        "nov": 11,
        "dec": 12,
        "novemeber": 11,
        "septemeber": 9,
        "decemeber": 12,
        "ocotber": 10,
        "agust": 8,
    }
)
DAYS = {name.lower(): index for index, name in enumerate(calendar.day_name)}
DAYS.update(
    {
        "mon": 0,
        "tues": 1,
        "tue": 1,
        "weds": 2,
        "wed": 2,
        "thurs": 3,
        "thur": 3,
        "thu": 3,
        "fri": 4,
        "sat": 5,
        "tuesdays": 1,
        "mondays": 0,
        "wednesdays": 2,
        "thursdays": 3,
        "fridays": 4,
        "saturdays": 5,
        "sundays": 6,
    }
)
