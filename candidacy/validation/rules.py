"""The screening rules agree with themselves, with the clinic's facts and with how answers are read."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple
from zoneinfo import ZoneInfo

from candidacy.cues import read_cues
from candidacy.knowledge import Rule
from candidacy.knowledge.load import BrokenFile, Knowledge
from candidacy.knowledge.models import WEEKDAYS
from candidacy.validation.project import RULES_FILE, Problem, Project

UNDER_AGE = "under_age"
CLINIC, ANSWERS = "data/clinic/clinic.yml", "data/clinic/answers.yml"


class Listed(NamedTuple):
    """A word that a rule listens for."""

    rule: str
    kind: str
    word: str
    shared: bool


def normal(phrase: str) -> str:
    """A phrase as it is compared: small letters, no hyphens, no apostrophes."""
    return " ".join(re.sub(r"[-'\u2019]", "", phrase.casefold().replace("-", " ")).split())


def check(project: Project) -> Iterator[Problem]:
    """Everything about the rules and the clinic's facts that does not agree."""
    path = project.root / "data" / "clinic" / "answers.yml"
    bands: Dict[str, int] = {}
    try:
        bands = dict(read_cues(path).data["age_bands"])
    except BrokenFile as error:
        yield project.told(error)
    knowledge = project.knowledge
    if knowledge is None:
        return
    yield from _clinic(knowledge)
    yield from _words(knowledge)
    yield from _returning(knowledge)
    if bands:
        yield from _ages(project, knowledge, bands)


def unused_sources(project: Project) -> List[str]:
    """Ids of sources that no rule and no response names."""
    if project.knowledge is None:
        return []
    named = {source for variation in project.said for source in variation.metadata.get("sources") or []}
    for rule in project.knowledge.rulebook.rules:
        named |= set(rule.sources)
        named |= {source for variant in rule.variants for source in variant.sources or []}
    return sorted(set(project.knowledge.sources) - named)


def _clinic(knowledge: Knowledge) -> Iterator[Problem]:
    clinic = knowledge.clinic
    try:
        ZoneInfo(clinic.time_zone)
    except (KeyError, ValueError, OSError):
        yield Problem(
            CLINIC, "time_zone", f"{clinic.time_zone!r} is no time zone; write for example America/New_York"
        )
    if not re.fullmatch(r"[A-Z]{2}", clinic.country):
        yield Problem(
            CLINIC, "country", f"{clinic.country!r} is no country code; write two capital letters such as US"
        )
    for weekday in WEEKDAYS:
        if weekday not in clinic.hours:
            yield Problem(CLINIC, f"hours.{weekday}", "is missing; write its hours, or null when closed")
        else:
            day = clinic.hours[weekday]
            if day is not None and day.opens >= day.closes:
                yield Problem(CLINIC, f"hours.{weekday}", "closes before it opens; swap the two")


def _listed(knowledge: Knowledge) -> Iterator[Listed]:
    for rule in knowledge.rulebook.rules:
        for part in (rule, *rule.variants):
            for name in part.names:
                yield Listed(rule.id, "name", name, False)
            for drug in part.drugs:
                yield Listed(rule.id, "drug", drug.name, drug.shared)


def _words(knowledge: Knowledge) -> Iterator[Problem]:
    by_word: Dict[str, List[Listed]] = {}
    by_rule: Dict[str, List[Listed]] = {}
    for listed in _listed(knowledge):
        by_word.setdefault(normal(listed.word), []).append(listed)
        by_rule.setdefault(listed.rule, []).append(listed)
    for same in by_word.values():
        for one, other in combinations(same, 2):
            if one.rule != other.rule:
                yield from _clash(one, other)
    for same in by_word.values():
        for listed in same:
            if listed.shared and not any(
                other.rule != listed.rule and other.kind == "drug" for other in same
            ):
                what = f"{listed.word!r} is shared: true, yet no other rule lists it; drop shared"
                yield Problem(RULES_FILE, f"conditions.{listed.rule}.drugs", what)
    for rule in knowledge.rulebook.rules:
        alike = {normal(phrase) for phrase in rule.look_alikes}
        for listed in by_rule.get(rule.id, []):
            if normal(listed.word) in alike:
                what = f"{listed.word!r} is a {listed.kind} and a look-alike of the same rule; keep one"
                yield Problem(RULES_FILE, f"conditions.{rule.id}.look_alikes", what)
        yield from _twice(rule)


def _returning(knowledge: Knowledge) -> Iterator[Problem]:
    """What defers somebody must be asked about again, or she could never come back with better news."""
    book = knowledge.rulebook
    for rule in book.rules:
        parts = (rule, *rule.variants)
        if not rule.may_change and any(part.wait or part.verdict == "defer" for part in parts):
            what = "has a wait, so a later day may bring another answer; write may_change: true"
            yield Problem(RULES_FILE, f"conditions.{rule.id}.may_change", what)
        if not rule.may_change and (rule.asks_later or rule.earlier_name):
            what = "is never asked about again (may_change: false); drop asks_later and earlier_name"
            yield Problem(RULES_FILE, f"conditions.{rule.id}.may_change", what)
    for group in book.returning.questions:
        if not any(rule.may_change for rule in book.group(group)):
            what = f"none of the rules of {group} may change; drop it, or mark those that may"
            yield Problem(RULES_FILE, "returning.questions", what)


def _twice(rule: Rule) -> Iterator[Problem]:
    for key in ("names", "look_alikes"):
        seen = set()
        for phrase in getattr(rule, key):
            if phrase.casefold() in seen:
                yield Problem(
                    RULES_FILE, f"conditions.{rule.id}.{key}", f"{phrase!r} stands there twice; remove one"
                )
            seen.add(phrase.casefold())


def _clash(one: Listed, other: Listed) -> Iterator[Problem]:
    key = f"conditions.{one.rule}.{one.kind}s"
    if one.kind == other.kind == "drug":
        if not (one.shared and other.shared):
            what = f"{one.word!r} stands in {other.rule} too; mark it shared: true in both, or keep one"
            yield Problem(RULES_FILE, key, what)
    else:
        what = f"{one.word!r} is a {other.kind} of {other.rule} too; a phrase raises one rule, so keep one"
        yield Problem(RULES_FILE, key, what)


def _ages(project: Project, knowledge: Knowledge, bands: Dict[str, int]) -> Iterator[Problem]:
    rule = next((rule for rule in knowledge.rulebook.rules if rule.id == UNDER_AGE), None)
    if rule is None:
        yield Problem(RULES_FILE, "conditions", f"the rule {UNDER_AGE} is missing; the age question needs it")
        return
    for band, youngest in bands.items():
        numbers = [int(number) for number in re.findall(r"\d+", band)]
        if band.startswith(("under", "below")):
            numbers = [number - 1 for number in numbers]
        if youngest not in numbers or len({_variant(rule, age) for age in numbers}) != 1:
            what = f"the band {band!r} ({youngest}) does not lie in one case of {UNDER_AGE}; mend it"
            yield Problem(ANSWERS, f"age_bands.{band}", what)
    covered = {_variant(rule, age) for age in bands.values()}
    for variant in rule.variants:
        if variant.id not in covered:
            yield Problem(
                ANSWERS, "age_bands", f"no band stands for the case {variant.id} of {UNDER_AGE}; add one"
            )
    offered = [b.get("payload") for v in project.responses.get("utter_ask_q1_age", []) for b in v.buttons]
    for payload in offered:
        if payload not in bands:
            yield Problem(
                "domain.yml",
                "responses.utter_ask_q1_age",
                f"the button {payload!r} is no age band of answers.yml",
            )


def _variant(rule: Rule, age: int) -> Optional[str]:
    spans: List[Tuple[str, int, int]] = [
        (v.id, v.test.age_from or 0, v.test.age_to or 200) for v in rule.variants
    ]
    return next((name for name, low, high in spans if low <= age <= high), None)
