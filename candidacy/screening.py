"""Apply the clinic's rules to what was heard and answered: a verdict with its reasons and trace.

`assess` is pure and deterministic: the same findings, answers, day and rules version give the same
verdict. It never reads free text.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Iterable, List, Mapping, Optional, Sequence

from dateutil.relativedelta import relativedelta

from candidacy.findings import PAST, POSSIBLE, PRESENT, Finding
from candidacy.knowledge import GROUPS, OUTCOMES, Rule, RuleBook, Variant, load
from candidacy.verdict import Reason, TraceEntry, Verdict

YES, NO, UNSURE, SKIPPED = "yes", "no", "unsure", "skipped"
ANSWERS = (YES, NO, UNSURE, SKIPPED)
"""What a question group can be answered with. For `Q1_age` a stated age is `yes`."""

AGE_GROUP = GROUPS[0]

_PART = re.compile(r"(\d+)([YMWD])")
_UNITS = {"Y": "years", "M": "months", "W": "weeks", "D": "days"}


def add_duration(day: date, duration: str) -> date:
    """The calendar day `duration` (ISO-8601, such as P6M) after `day`.

    Raises:
        ValueError: When `duration` holds no part such as 6M.
    """
    parts = _PART.findall(duration)
    if not parts:
        raise ValueError(f"{duration!r} is no ISO-8601 duration")
    step = relativedelta(**{_UNITS[unit]: int(number) for number, unit in parts})  # type: ignore[arg-type]
    return day + step


def worst(outcomes: Iterable[str]) -> str:
    """The worst of some outcomes; `no_flag` for none."""
    return min(outcomes, key=OUTCOMES.index, default=OUTCOMES[-1])


def assess(
    findings: Sequence[Finding],
    answers: Mapping[str, str],
    today: date,
    rulebook: Optional[RuleBook] = None,
) -> Verdict:
    """Judge what was said so far.

    Args:
        findings: Everything heard about the person, in any order.
        answers: Question group → one of `ANSWERS`; a group that was not asked is missing.
        today: The clinic's calendar day.
        rulebook: The rules; those of `data/clinic` when None.

    Returns:
        The verdict. Nothing said is `no_flag` and not complete.

    Raises:
        ValueError: For an unknown question group or answer.
    """
    book = rulebook or load().rulebook
    for group, answer in answers.items():
        if group not in GROUPS or answer not in ANSWERS:
            raise ValueError(f"unknown question group or answer: {group!r}: {answer!r}")
    reasons: List[Reason] = []
    trace: List[TraceEntry] = []
    known = {rule.id for rule in book.rules}
    for rule in book.rules:
        mine = [finding for finding in findings if finding.condition == rule.id]
        matched = [reason for reason in (_judge(rule, finding, today) for finding in mine) if reason]
        reasons.extend(_keep_worst(matched))
        trace.append(_trace(rule, mine, matched, answers))
    for finding in findings:
        if finding.condition in known:
            continue
        if finding.emergency:
            reasons.append(Reason(None, None, "urgent", group=finding.group))
        elif finding.surfaced:
            reasons.append(Reason(None, None, "ask", group=finding.group, call_today=finding.call_today))
    reasons.extend(_open_questions(answers, reasons))
    reasons.sort(key=lambda reason: OUTCOMES.index(reason.outcome))
    unanswered = tuple(group for group in GROUPS if answers.get(group) not in (YES, NO))
    return Verdict(
        outcome=worst(reason.outcome for reason in reasons),
        reasons=tuple(reasons),
        complete=not unanswered and not any(finding.assertion == POSSIBLE for finding in findings),
        unanswered=unanswered,
        version=book.version,
        trace=tuple(trace),
    )


def _judge(rule: Rule, finding: Finding, today: date) -> Optional[Reason]:
    """What this rule says about one finding; None when it says nothing."""
    if finding.emergency:
        return Reason(
            rule.id, finding.variant, "urgent", sources=tuple(rule.sources), group=rule.question_group
        )
    variant = next((v for v in rule.variants if _speaks_of(v, finding) and _holds(v, finding, today)), None)
    if variant is None and _lapsed(rule.variant(finding.variant), finding, today):
        return None  # the rule's own wait may be longer: it is meant for another kind
    if finding.assertion == PRESENT:
        return _reason(rule, variant, (variant or rule).verdict, finding, today)
    if variant is not None:
        return _reason(rule, variant, variant.verdict, finding, today)
    if finding.assertion == POSSIBLE:
        return _reason(rule, None, "ask", finding, today)  # a doubt is a question to settle
    if finding.assertion == PAST and finding.when:
        # A dated event counts while its wait lasts: that of its own kind where it has one.
        kind = rule.variant(finding.variant)
        part = kind if kind is not None and kind.wait else rule
        if part.wait:
            reason = _reason(rule, part if part is kind else None, part.verdict, finding, today)
            return reason if reason.earliest else None
    return None


def _lapsed(kind: Optional[Variant], finding: Finding, today: date) -> bool:
    """True when the kind that a finding names has a window of its own, and its date lies outside: over."""
    window = (kind.test.elapsed_less_than or kind.wait) if kind is not None else None
    if window is None or finding.when is None or finding.assertion not in (PRESENT, PAST):
        return False
    return add_duration(finding.when[1], window) <= today


def _speaks_of(variant: Variant, finding: Finding) -> bool:
    """True when a variant may judge a finding of this assertion.

    Past, future and the rest count only where a variant names that assertion, or where a dated event
    lies inside its window; a variant without a window says nothing of what is over.
    """
    test = variant.test
    if finding.assertion == PRESENT or test.assertion:
        return True
    window = test.elapsed_less_than or test.elapsed_at_least or variant.wait
    return finding.assertion == PAST and finding.when is not None and bool(window)


def _holds(variant: Variant, finding: Finding, today: date) -> bool:
    test = variant.test
    if test.named and finding.variant != variant.id:
        return False
    if test.assertion and finding.assertion not in test.assertion:
        return False
    if test.age_from is not None and (finding.quantity is None or int(finding.quantity) < test.age_from):
        return False
    if test.age_to is not None and (finding.quantity is None or int(finding.quantity) > test.age_to):
        return False
    latest = finding.when[1] if finding.when else None
    if test.elapsed_less_than and latest and add_duration(latest, test.elapsed_less_than) <= today:
        return False
    if test.elapsed_at_least and (not latest or add_duration(latest, test.elapsed_at_least) > today):
        return False
    return True


def _reason(rule: Rule, variant: Optional[Variant], outcome: str, finding: Finding, today: date) -> Reason:
    part = variant or rule
    wait = part.wait
    earliest = add_duration(finding.when[1], wait) if wait and finding.when else None
    if earliest and earliest <= today:
        earliest = None
        if outcome == "defer":
            outcome = "no_flag"  # the wait is over by calendar date, even counted from the latest day
    return Reason(
        rule=rule.id,
        variant=variant.id if variant else None,
        outcome=outcome,
        reason=part.reason or rule.reason,
        next_step=part.next_step or rule.next_step,
        sources=tuple((variant.sources if variant else None) or rule.sources),
        earliest=earliest,
        wait_from=part.wait_from,
        wait=wait,
        group=rule.question_group,
        advice=variant.advice if variant else None,
        call_today=finding.call_today or bool(variant and variant.call_today),
    )


def _keep_worst(reasons: List[Reason]) -> List[Reason]:
    """One reason per rule: the worst, and of equals the one with the latest date.

    What must be told to the clinic today stays so, whichever reason decides.
    """
    if not reasons:
        return []
    order = sorted(
        reasons,
        key=lambda reason: (OUTCOMES.index(reason.outcome), -(reason.earliest or date.min).toordinal()),
    )
    return [replace(order[0], call_today=any(reason.call_today for reason in reasons))]


def _open_questions(answers: Mapping[str, str], reasons: Sequence[Reason]) -> List[Reason]:
    """A question that was refused, skipped, doubted, or met with a yes that names nothing."""
    named = {reason.group for reason in reasons}
    found = []
    for group, answer in answers.items():
        if answer in (UNSURE, SKIPPED):
            found.append(Reason(None, None, "ask", group=group))
        elif answer == YES and group not in named and group != AGE_GROUP:
            found.append(Reason(None, None, "provider_review", group=group))
    return found


def _trace(
    rule: Rule, mine: Sequence[Finding], matched: Sequence[Reason], answers: Mapping[str, str]
) -> TraceEntry:
    if matched:
        deciding = _keep_worst(list(matched))[0]
        return TraceEntry(
            rule.id, True, True, f"{deciding.outcome} by {deciding.variant or 'the rule itself'}"
        )
    if mine:
        heard = ", ".join(sorted({finding.assertion for finding in mine}))
        return TraceEntry(rule.id, True, False, f"heard as {heard}")
    answer = answers.get(rule.question_group)
    if answer is None:
        return TraceEntry(rule.id, False, False, "not asked")
    return TraceEntry(rule.id, answer in (YES, NO), False, f"question answered {answer}")
