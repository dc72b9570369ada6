"""The rules broken one at a time: each rule and variant left out, made milder, or without its wait."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import Any, Iterator

from benchmarks.mutants import Mutant
from candidacy import screening
from candidacy.findings import ASSERTIONS, Finding
from candidacy.knowledge import OUTCOMES, Rule, RuleBook, Variant


def _milder(verdict: str) -> str:
    """The next milder outcome; what is mildest becomes a matter for the provider."""
    at = OUTCOMES.index(verdict) + 1
    return OUTCOMES[at] if at < len(OUTCOMES) else "provider_review"


def _of_part(part: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Mechanism, words and change of each mutant of a rule or variant in itself."""
    milder = _milder(part.verdict)
    yield "rule", f"{part.verdict} becomes {milder}", {"verdict": milder}
    if part.wait:
        yield "date_window", f"its wait of {part.wait} is gone", {"wait": None}
    if getattr(part, "call_today", False):
        yield "same_day", "not told to the clinic the same day", {"call_today": False}
    for name in ("elapsed_less_than", "elapsed_at_least"):
        if isinstance(part, Variant) and getattr(part.test, name):
            yield "date_window", f"{name} is not looked at", {"test": part.test.copy(update={name: None})}


def of_rules(book: RuleBook) -> list[Mutant]:
    """The mutants of the rules: each rule and variant left out, made milder, without its wait."""
    found = []

    def add(mechanism: str, what: str, rule: Rule, changed: list[Rule]) -> None:
        rules = [one for old in book.rules for one in (changed if old.id == rule.id else [old])]
        found.append(Mutant(mechanism, what, book=book.copy(update={"rules": rules}), rule=rule.id))

    for rule in book.rules:
        add("rule", f"{rule.id} is left out", rule, [])
        for mechanism, what, change in _of_part(rule):
            add(mechanism, f"{rule.id}: {what}", rule, [rule.copy(update=change)])
        for variant in rule.variants:
            others = [v for v in rule.variants if v is not variant]
            where = f"{rule.id}/{variant.id}"
            add("variant", f"{where} is left out", rule, [rule.copy(update={"variants": others})])
            for mechanism, what, change in _of_part(variant):
                variants = [v.copy(update=change) if v is variant else v for v in rule.variants]
                mechanism = "variant" if mechanism == "rule" else mechanism
                add(mechanism, f"{where}: {what}", rule, [rule.copy(update={"variants": variants})])
    return found


def shown_by(mutant: Mutant, book: RuleBook) -> Finding | None:
    """A finding that is judged otherwise under a mutant of a rule; None when no case could notice it."""
    rule = book.rule(mutant.rule)
    parts = [rule, *rule.variants, *(v.test for v in rule.variants)]
    names = ("wait", "elapsed_less_than", "elapsed_at_least")
    spans = {getattr(part, name, None) for part in parts for name in names} - {None}
    today = date(2026, 11, 22)
    days = {today, *(today - (screening.add_duration(today, span) - today) for span in spans)}
    near = {day + timedelta(more) for day in days for more in (-3, 0, 3)}
    whens = [None, *((day, day) for day in sorted(near) if day <= today)]
    ages = [None, 5.0, 17.0, 18.0, 21.0, 22.0] if any(v.test.age_to for v in rule.variants) else [None]
    for assertion, variant, when, age in product(ASSERTIONS, [None, *rule.variants], whens, ages):
        finding = Finding(rule.id, variant and variant.id, assertion, when=when, quantity=age)
        before, after = (_judged(one, finding, today) for one in (book, mutant.book))
        if before != after:
            return finding
    return None


def _judged(book: RuleBook, finding: Finding, today: date) -> Any:
    """What a case can see of a verdict."""
    rules = [rule for rule in book.rules if rule.id == finding.condition]
    verdict = screening.assess([finding], {}, today, book.copy(update={"rules": rules}))
    used = [(reason.rule, reason.variant) for reason in verdict.reasons]
    return verdict.outcome, used, verdict.earliest, verdict.call_today
