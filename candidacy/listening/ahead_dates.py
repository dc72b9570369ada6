"""Dates without a year: whether they lie ahead, and what a heading such as "last winter" makes of them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, List, Sequence

from dateutil.relativedelta import relativedelta

from candidacy.listening.date_names import MONTHS
from candidacy.listening.text import Token

if TYPE_CHECKING:
    from candidacy.listening.dates import Time

_NEAR = timedelta(days=75)
"""A bare day and month that comes within this time is meant to come, unless the words before it look back."""

_PAST = re.compile(
    r"\b(?:had|was|were|did|got|since|last|ago|stopped|finished|started|began|been|gave|went|came|ended|quit|"
    r"took|used|born|dob|birthday|done|off|diagnosed|removed|on it|ago|past|over)\b"
)
_PLANNED = re.compile(
    r"\b(?:wants?|wanting|booked|book|pencilled|penciled|scheduled|wedding|going|will|having|coming|plan|"
    r"planned|planning|married|hoping|next|due|ready)\b"
)
_LEADS = re.compile(r"^last (?:winter|spring|summer|autumn|fall|year)$")
_LATER = frozenset(("this", "now", "currently", "since", "recently", "lately", "today"))


def _clause(before: str) -> str:
    """The words before a date back to the last full stop."""
    return re.split(r"[.?!;\n]", before)[-1]


def is_until(before: str, coming: date, today: date) -> bool:
    """ "Gentamicin until 30 November": it goes on till then."""
    near = coming - today <= 2 * _NEAR
    return near and re.search(r"\b(?:until|till|til|through|thru|up to)(?: the)? ?$", before) is not None


def is_planned(before: str) -> bool:
    """ "Wants this for her 60th in …", "pencilled in for …": no word that looks back."""
    clause = _clause(before)
    return bool(_PLANNED.search(clause)) and not _PAST.search(clause)


def is_ahead(coming: date, today: date, before: str) -> bool:
    """ "Hernia op on the 4th of December", said in November."""
    return coming - today <= _NEAR and not _PAST.search(_clause(before))


def under_heading(times: List["Time"], tokens: Sequence[Token]) -> List["Time"]:
    """ "Last winter I was a mess. Shingles in November": a bare month of that time, not of this year."""
    found: List["Time"] = []
    heading = None
    for time in times:
        words = [token.norm for token in tokens[time.start : time.end]]
        if _LEADS.match(" ".join(words)) and time.when:
            heading = time
        elif heading and heading.when and {t.norm for t in tokens[heading.end : time.start]} & _LATER:
            heading = None
        bare = time.kind == "point" and time.when and not any(word[:1].isdigit() for word in words)
        if heading and heading is not time and heading.when and bare and time.when:
            if _is_month(words) and time.when[0] > heading.when[1] + timedelta(days=60):
                first, last = (day - relativedelta(years=1) for day in time.when)
                time = replace(time, when=(first, last))
        found.append(time)
    return found


def _is_month(words: Sequence[str]) -> bool:
    return any(word in MONTHS for word in words)
