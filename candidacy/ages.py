"""Read a bare age: "47", "thirty four", "in my forties", "65 or over"."""

from __future__ import annotations

import re
from typing import List, Optional

from candidacy.cues import cues
from candidacy.findings import ABSENT, PRESENT, Finding
from candidacy.knowledge import load
from candidacy.replies import plain, reads_as_question

UNDER_AGE = "under_age"

_NUMBER = re.compile(r"\d{1,3}")
_DECADE = re.compile(r"([3-9])0 ?'?s")


def age_in(text: str) -> Optional[Finding]:
    """The age that a reply, or one part of it, gives, as a finding of `under_age`; None when it is no age.

    Only years are read; "almost 18" is 17, and a lower limit counts only where the rules treat every
    age above it alike.
    """
    whole = _bare_age(text)
    if whole is not None:
        return whole
    # "31. And I am still nursing", "never mind, 47": the one part that is nothing but an age.
    ages = [age for age in map(_bare_age, re.split(r"[.,;\n]+", text)) if age]
    return ages[0] if len(ages) == 1 else None


def _bare_age(text: str) -> Optional[Finding]:
    if reads_as_question(text):
        return None
    words = plain(text)
    known = cues()
    for band, youngest in known.data["age_bands"].items():
        if words in (plain(band), plain(band).replace(" to ", " ")):
            return _finding(youngest, text)
    words = _trim(words)
    ahead = known.ends(words, "age", "ahead")
    words = words[: ahead.start()].strip() if ahead else words
    less, more = known.begins(words, "age", "nearly"), known.begins(words, "age", "over")
    if less or more:
        words = _trim(words[(less or more).end() :].strip())  # type: ignore[union-attr]
    less = less or ahead
    up = known.ends(words.replace("+", " +"), "age", "up")
    if up:
        words, more = words.replace("+", " +")[: up.start()].strip(), up
    age = _number(words.replace("-", " ")) or _decade(words)
    if age is None or not known.data["age"]["least"] <= age <= known.data["age"]["most"]:
        return None
    if more:
        return _finding(age, text) if _adult(age) else None
    return _finding(age - 1 if less else age, text)


def _trim(words: str) -> str:
    """Without what may stand before and behind a bare age."""
    known = cues()
    match = known.begins(words, "lead_ins") or known.begins(words, "age", "before")
    while match and match.end() < len(words):
        words = words[match.end() :].strip()
        match = known.begins(words, "lead_ins") or known.begins(words, "age", "before")
    words = re.sub(r"(?<=\d)(?=[a-z])", " ", words)
    match = known.ends(words, "age", "behind") or known.ends(words, "tails")
    while match and match.start() > 0:
        words = words[: match.start()].strip()
        match = known.ends(words, "age", "behind") or known.ends(words, "tails")
    return words


def _number(words: str) -> Optional[int]:
    """Digits or number words up to 120."""
    if _NUMBER.fullmatch(words):
        return int(words)
    known = cues()
    units: List[str] = known.words("age", "units")
    tens = known.data["age"]["tens"]
    first, _, second = words.partition(" ")
    if words in units:
        return units.index(words)
    if first in tens and not second:
        return int(tens[first])
    if first in tens and second in units[1:10]:
        return int(tens[first]) + units.index(second)
    return None


def _decade(words: str) -> Optional[int]:
    """The youngest age of a decade from the thirties on; the twenties hold ages that the rules tell apart."""
    match = cues().begins(words, "age", "decade")
    if match:
        words = words[match.end() :].strip()
    figure = _DECADE.fullmatch(words)
    if figure:
        return int(figure.group(1)) * 10
    for name, value in cues().data["age"]["tens"].items():
        if words == f"{name[:-1]}ies" and _adult(int(value)):
            return int(value)
    return None


def _adult(age: int) -> bool:
    """True when no case of the age rule speaks of this age or an older one."""
    return all((variant.test.age_to or 0) < age for variant in load().rule(UNDER_AGE).variants)


def _finding(age: int, text: str) -> Finding:
    for variant in load().rule(UNDER_AGE).variants:
        low, high = variant.test.age_from or 0, variant.test.age_to or 200
        if low <= age <= high:
            return Finding(UNDER_AGE, variant.id, PRESENT, text, 0, len(text), quantity=age)
    return Finding(UNDER_AGE, None, ABSENT, text, 0, len(text), quantity=age)
