"""Every case that one rule can decide, found by asking the screening itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product
from typing import Dict, FrozenSet, Iterator, List, Optional, Tuple

from candidacy.findings import ASSERTIONS, HYPOTHETICAL, POSSIBLE, Finding
from candidacy.knowledge.models import Rule, RuleBook, Variant
from candidacy.screening import Reason, add_duration, assess

DAY = date(2026, 7, 15)
"""Any day would do: what is tried out counts from it."""

NO_DATE, WAITING, OVER = "date not known", "date known, wait not over", "date known, wait over"


@dataclass(frozen=True)
class Tried:
    """One thing that could be heard, and what the rule made of it."""

    finding: Finding
    reason: Reason

    @property
    def dated(self) -> str:
        """What is known of the date and of the wait that counts from it."""
        if self.finding.when is None:
            return NO_DATE
        return WAITING if self.reason.earliest else OVER


@dataclass
class Case:
    """What decides: a variant, the rule itself, or a doubt.

    Attributes:
        variant: The variant, or None.
        doubt: True for "not sure", on which no variant decides.
        tried: What led here; empty when nothing does.
    """

    variant: Optional[Variant] = None
    doubt: bool = False
    tried: List[Tried] = field(default_factory=list)

    @property
    def assertions(self) -> Tuple[str, ...]:
        """Assertions that led here."""
        return tuple(one for one in ASSERTIONS if any(t.finding.assertion == one for t in self.tried))

    @property
    def dated(self) -> FrozenSet[str]:
        """What was known of the date on the ways here."""
        return frozenset(tried.dated for tried in self.tried)


def cases(rule: Rule) -> List[Case]:
    """The variants in file order, then the rule itself, then a doubt; the last two only if they decide."""
    by_variant: Dict[Optional[str], Case] = {v.id: Case(v) for v in rule.variants}
    itself, doubt = Case(), Case(doubt=True)
    for tried in _tried(rule):
        if tried.reason.variant is not None:
            by_variant[tried.reason.variant].tried.append(tried)
        elif tried.finding.assertion == POSSIBLE:
            doubt.tried.append(tried)
        else:
            itself.tried.append(tried)
    return [*by_variant.values(), *(case for case in (itself, doubt) if case.tried)]


def _tried(rule: Rule) -> Iterator[Tried]:
    book = RuleBook.construct(version="", rules=[rule])
    named: List[Optional[str]] = [None, *(v.id for v in rule.variants if v.test.named)]
    assertions = [one for one in ASSERTIONS if one != HYPOTHETICAL]
    for variant, assertion, when, age in product(named, assertions, _dates(rule), _ages(rule)):
        finding = Finding(rule.id, variant, assertion, when=(when, when) if when else None, quantity=age)
        for reason in assess([finding], {}, DAY, book).reasons:
            if reason.rule == rule.id:
                yield Tried(finding, reason)


def _dates(rule: Rule) -> List[Optional[date]]:
    """No date, and days around every wait and window of the rule."""
    lengths = {rule.wait}
    for variant in rule.variants:
        lengths |= {variant.wait, variant.test.elapsed_less_than, variant.test.elapsed_at_least}
    days = {DAY, DAY - timedelta(days=1)}
    for length in filter(None, lengths):
        start = DAY - (add_duration(DAY, length) - DAY)
        days |= {start + timedelta(days=off) for off in range(-4, 5)}
    ago = [one for one in days if one <= DAY]
    return [None, *sorted(ago)] if any(lengths) else [None, DAY]


def _ages(rule: Rule) -> List[Optional[float]]:
    """No age, and the ages at the edges of every variant."""
    edges = {edge for v in rule.variants for edge in (v.test.age_from, v.test.age_to) if edge is not None}
    return [None, *sorted({float(edge + off) for edge in edges for off in (-1, 0, 1)})]

