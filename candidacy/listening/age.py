"""Hear the age of the person who would be treated, and nothing that only looks like an age."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

from dateutil.relativedelta import relativedelta

from candidacy.listening.age_context import counts
from candidacy.listening.age_words import AGE, ORDINALS, WORDS
from candidacy.listening.clauses import Part
from candidacy.listening.date_names import MONTHS
from candidacy.listening.dates import POINT
from candidacy.listening.scene import Scene

_DECADES = {
    "twenties": 20,
    "thirties": 30,
    "forties": 40,
    "fifties": 50,
    "sixties": 60,
    "seventies": 70,
    "eighties": 80,
}
_BESIDE = frozenset("here student bday birthday school college uni university".split())
_COUNTED = frozenset(
    "units unit price cost dose size room number level day week days weeks code am pm at for".split()
)
_PARTS = {"early": 2, "mid": 5, "late": 8}
_AHEAD = (
    r"^ ?(?:is )?(?:coming up|tomorrow|(?:in|on|at|next|this coming) (?:the )?(?:early |late |mid )?(?:"
    + "|".join(sorted(MONTHS, key=len, reverse=True))
    + r"|spring|summer|autumn|fall|winter|new year|christmas|xmas|easter|week|month|year|weekend|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|\d{1,2}))\b(?! (?:19|20)\d\d)"
)


@dataclass(frozen=True)
class Age:
    """An age of the person to be treated: half-open token range and years; None years for "a minor"."""

    start: int
    end: int
    years: float


def _value(raw: str) -> Optional[float]:
    if raw[0].isdigit():
        return float(raw)
    total = sum(WORDS.get(word, 0) for word in raw.split())
    return float(total) if total else None


def find_ages(scene: Scene) -> List[Age]:
    """The ages in a message that are those of the person to be treated, in order."""
    starts, length = [], 0
    for token in scene.tokens:
        starts.append(length)
        length += len(token.norm) + 1
    text = " ".join(token.norm for token in scene.tokens)
    at = {offset: index for index, offset in enumerate(starts)}
    found: List[Age] = _births(scene) + _alone(scene)
    if found:
        return found
    for match in AGE.finditer(text):
        group = match.groupdict()
        years = _years(group, match.group(), scene)
        if years is None or not 5 <= years <= 110:
            continue
        first = max(index for offset, index in at.items() if offset <= match.start())
        last = max(index for offset, index in at.items() if offset < match.end()) + 1
        years = _about_to(
            match.group(),
            years,
            text[match.end() : match.end() + 25],
            text[max(match.start() - 20, 0) : match.start()],
        )
        if counts(
            scene,
            first,
            last,
            match.group(),
            group,
            text[match.end() : match.end() + 30],
            text[max(match.start() - 30, 0) : match.start()],
        ):
            found.append(Age(first, last, years))
    return found


def _births(scene: Scene) -> List[Age]:
    """A full date of birth, by the calendar."""
    found = []
    for time in scene.times:
        if time.when is None or (time.when[1] - time.when[0]).days > 330 or time.kind != POINT:
            continue
        before = {scene.norm(i) for i in range(max(time.start - 5, 0), time.start)}
        if (
            before & {"dob", "birth", "born", "birthdate", "birthday"}
            and time.when[0].year < scene.today.year - 4
        ):
            # Of "12/3/09" both orders are thought of; the younger counts.
            years = relativedelta(scene.today, time.when[1]).years
            found.append(Age(time.start, time.end, float(years)))
    return found


def _alone(scene: Scene) -> List[Age]:
    """ "Student here, nineteen, …" and "17 and a half, bday in feb": a figure that stands by itself."""
    found = []
    for number, part in enumerate(scene.parts[:3]):
        words = [scene.norm(i) for i in range(part.start, part.end) if scene.tokens[i].word]
        greeted = words[1:] if words and words[0] in ("hi", "hiya", "hey", "hello", "yes", "no") else words
        half = greeted[1:] == ["and", "a", "half"]
        beside = {scene.norm(i) for p in scene.parts[:4] if p is not part for i in range(p.start, p.end)}
        told = half or (number and beside & _BESIDE) or _bare(scene, part, greeted)
        years = _value(greeted[0]) if greeted and (greeted[0].isdigit() or greeted[0] in WORDS) else None
        if years is not None and 12 <= years <= 60 and (half or len(greeted) == 1) and told:
            first = part.start + len(words) - len(greeted)
            found.append(Age(first, part.end, years + (0.5 if half else 0)))
    return found[:1]


def _bare(scene: Scene, part: Part, words: Sequence[str]) -> bool:
    """ "17, can I come?", "My story: 19, uni": the only figure that stands alone, and of a young person."""
    if len(words) != 1 or not words[0].isdigit() or not 13 <= int(words[0]) <= 21:
        return False
    figures = [
        p
        for p in scene.parts
        if all(scene.norm(i)[:1].isdigit() or not scene.tokens[i].word for i in range(p.start, p.end))
    ]
    before = scene.norm(part.start - 2)
    return len(figures) == 1 and len(scene.parts) > 1 and not before[:1].isdigit() and before not in _COUNTED


def _years(group: Dict[str, Optional[str]], text: str, scene: Scene) -> Optional[float]:
    born = group["h"] or group["k"]
    if born:
        return float(scene.today.year - int(born))
    decade = group["g"] and float(group["g"]) or (group["gw"] and float(_DECADES[group["gw"]]))
    if decade:
        return decade + next((extra for word, extra in _PARTS.items() if word in text), 5)
    if group["r"]:
        raw = group["r"]
        return float(ORDINALS[raw]) if raw in ORDINALS else float(re.sub(r"\D", "", raw))
    raw = next((group[name] for name in "abcdepqstv" if group[name]), None)
    years = _value(raw) if raw else None
    if years is not None and (group["half"] or group["half2"]):
        years += 0.5
    return years


def _about_to(text: str, years: float, behind: str, before: str) -> float:
    """ "Turning 18 next month" and "almost 18": 17 today."""
    words = text.split()
    soon = (
        any(word in ("almost", "nearly", "turning", "turn") for word in words)
        or "going to be" in text
        or "about to" in text
    )
    soon = (
        soon
        or re.match(
            r"^ ?(?:next (?:week|month|year)|tomorrow|in (?:a|one|two|three|\d+) (?:days?|weeks?|months?))\b",
            behind,
        )
        is not None
        or "gonna be" in text
        or "soon to be" in text
        or re.match(r"^ (?:till|until|til) ", behind) is not None
        or "not even" in text
        or "not yet" in before
        or text.startswith("be ")
    )
    if re.match(_AHEAD, behind) and words[0] not in ("turned", "was", "aged", "age"):
        # "I am 18 in March", "my 18th birthday is in May".
        soon = soon or not re.match(r"^ (?:was|last)\b", behind)
    if text.startswith("sweet ") and years > 15:
        # The party is at sixteen or before it: under 18 in any case.
        return years
    if soon and "just turned" not in text and "this year already" not in behind:
        return years - 1 if years == int(years) else float(int(years))
    return years


def grown(years: float) -> Tuple[str, Optional[str]]:
    """Whether an age raises the rule: present with its variant below 22, else absent."""
    if years < 18:
        return "present", "under_18"
    return ("present", "18_to_21") if years < 22 else ("absent", None)
