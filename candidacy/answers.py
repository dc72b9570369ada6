"""Read a reply to a screening question: the only place that knows which question was asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import List, Optional, Sequence, Tuple

from candidacy.ages import UNDER_AGE, age_in
from candidacy.cues import cues
from candidacy.findings import ABSENT, PAST, POSSIBLE, PRESENT, Finding
from candidacy.knowledge import GROUPS, Rule, RuleBook, load
from candidacy.remarks import for_other, goes_on, is_over, only_thanks, takes_back
from candidacy.replies import (
    Reading,
    corrects,
    plain,
    polarity,
    read,
    reads_as_question,
)  # fmt: skip
from candidacy.screening import AGE_GROUP, NO, SKIPPED, UNSURE, YES

__all__ = [
    "AGAIN", "Answer", "CHANGED", "REST", "STILL", "WHEN", "WHICH", "closes_a_list", "corrects", "denied_in",
    "for_other", "goes_on", "interpret", "is_over", "only_thanks", "plain", "polarity", "reads_as_question", "takes_back",
]  # fmt: skip

WHICH, REST, WHEN = "which", "rest", "when"
"""Follow-up questions: `which:<group>`, `rest:<group>` and `when:<condition>`."""

STILL, AGAIN, CHANGED = "still", "again", "changed"
"""On a later day: `still:<condition>`, `again:<condition>` for what has a date, `changed:<group>`."""


@dataclass(frozen=True)
class Answer:
    """What a reply says about the question asked.

    Attributes:
        value: yes, no, unsure or skipped; None when a follow-up must settle it first.
        follow_up: The next question to ask (`which:<group>`, `rest:<group>`), or None.
        findings: What the reply tells, read in the light of the question.
    """

    value: Optional[str]
    follow_up: Optional[str] = None
    findings: Tuple[Finding, ...] = ()


def interpret(
    question: str,
    text: str,
    findings: Sequence[Finding],
    today: date,
    chosen: Optional[str] = None,
    rulebook: Optional[RuleBook] = None,
    settled: Sequence[str] = (),
) -> Optional[Answer]:
    """Read a reply.

    Args:
        question: A question group, or a follow-up: `which:<group>`, `rest:<group>`, `when:<condition>`,
            `still:<condition>`, `again:<condition>`, `changed:<group>`.
        text: The reply as typed.
        findings: What `listen` heard in it.
        today: The clinic's calendar day.
        chosen: The answer of a button (yes, no, unsure, skipped), which needs no reading.
        rulebook: The rules; those of `data/clinic` when None.
        settled: Condition ids of the group that were denied or disclosed before; a reply that denies
            all the others by name answers the question.

    Returns:
        The answer, or None when the message does not answer this question.

    Raises:
        ValueError: For an unknown question.
    """
    book = rulebook or load().rulebook
    kind, _, subject = question.rpartition(":")
    said = _chosen(chosen) if chosen else read(text)
    if kind == WHEN and any(rule.id == subject for rule in book.rules):
        return _date_of(subject, text, findings, today, said)
    if kind in (STILL, AGAIN) and any(rule.id == subject for rule in book.rules):
        return _on_a_later_day(kind, book.rule(subject), text, findings, today, said)
    if kind == CHANGED:
        kind = REST
    if subject not in GROUPS or kind not in ("", WHICH, REST):
        raise ValueError(f"unknown question {question!r}")
    if subject == AGE_GROUP:
        return _age(text, findings, said)
    ids = [rule.id for rule in book.group(subject)]
    mine = tuple(f for f in findings if f.condition in ids or (f.condition is None and f.group == subject))
    surfaced = [f for f in mine if f.surfaced]
    if any(f.assertion == PRESENT for f in surfaced):
        return Answer(YES, findings=mine)
    if kind == WHICH:
        return _which(subject, text, said, mine, ids)
    if surfaced:
        return Answer(SKIPPED if said.skipped else UNSURE, findings=mine)
    if said.yes and (said.skipped or said.opening == YES or not said.unsure):
        # A yes that will not say what stands as it is: the provider will ask.
        return Answer(YES, findings=mine) if said.skipped else Answer(None, f"{WHICH}:{subject}", mine)
    if said.skipped or said.unsure:
        if _elsewhere(findings, mine):
            return None
        return Answer(SKIPPED if said.skipped else UNSURE, findings=mine)
    rest = Answer(None, f"{REST}:{subject}", mine)
    denied = [f.condition for f in mine if f.assertion == ABSENT]
    if said.no or denied:
        if _names_more(said, findings):
            # "No, but my hands tingle": what the rules do not know by name is asked about once more.
            return Answer(UNSURE, findings=mine) if kind == REST else rest
        if (said.no and said.whole) or set(ids) <= {*denied, *settled}:
            return Answer(NO, findings=mine)
        return Answer(NO, findings=mine) if kind == REST else rest
    if mine and not reads_as_question(text):
        # Past, somebody else's, only asked about: it bears on the question but does not settle it.
        return rest
    return None


def _chosen(value: str) -> Reading:
    return Reading(
        yes=value == YES, no=value == NO, unsure=value == UNSURE, skipped=value == SKIPPED, opening=value
    )


def _which(
    subject: str, text: str, said: Reading, mine: Tuple[Finding, ...], ids: Sequence[str]
) -> Optional[Answer]:
    """The reply to "which of these is it?": the yes before it stands unless it is taken back."""
    denied = [f.condition for f in mine if f.assertion == ABSENT]
    if (said.no and not said.yes and corrects(text)) or (denied and set(ids) <= set(denied)):
        return Answer(NO, findings=mine)
    if said.no and said.whole and not said.yes:
        return Answer(UNSURE, findings=mine)
    if denied and len(denied) == len(mine):
        return Answer(None, f"{REST}:{subject}", mine)
    if mine or said.value is not None or said.yes:
        return Answer(YES, findings=mine)
    # A name that the rules do not know: the provider will ask.
    return Answer(YES) if not said.empty and not said.asks and len(plain(text)) > 2 else None


def _names_more(said: Reading, findings: Sequence[Finding]) -> bool:
    """True when a no is followed by a "but …" in which nothing known was heard."""
    return said.unless is not None and not any(f.end > said.unless for f in findings)


def _age(text: str, findings: Sequence[Finding], said: Reading) -> Optional[Answer]:
    ages = [f for f in findings if f.condition == UNDER_AGE]
    stated = tuple(f for f in ages if f.assertion in (PRESENT, ABSENT))
    if stated:
        return Answer(YES, findings=stated)
    if not ages:
        finding = age_in(text)
        if finding is not None:
            return Answer(YES, findings=(finding,))
    if said.value in (SKIPPED, UNSURE) and not _elsewhere(findings, ages):
        return Answer(said.value)
    return None


def _elsewhere(findings: Sequence[Finding], mine: Sequence[Finding]) -> bool:
    """True when a doubt or a refusal is about something else that the message tells.

    "I take a heart pill, no idea what it is called" leaves the question asked unanswered.
    """
    return not mine and any(f.surfaced or f.condition is None for f in findings)


def _date_of(
    condition: str, text: str, findings: Sequence[Finding], today: date, said: Reading
) -> Optional[Answer]:
    """The reply to "when was that?". No date leaves the wait open, which is the stricter reading."""
    from candidacy.listening.when import read_when

    told = tuple(f for f in findings if f.condition == condition and f.when)
    if told:
        return Answer(YES, findings=told)
    words, known = plain(text), cues()
    if known.has(words, "still") and not known.has(words, "still_not"):
        when: Optional[Tuple[date, date]] = (today, today)
    else:
        when = read_when(text, today)
        if when and known.has(words, "since") and not known.has(words, "ended"):
            when = (when[0], today)
    if when is not None:
        return Answer(YES, findings=(Finding(condition, None, PRESENT, text, 0, len(text), when=when),))
    if said.value is not None or said.yes:
        return Answer(YES)
    return None


def _on_a_later_day(
    kind: str, rule: Rule, text: str, findings: Sequence[Finding], today: date, said: Reading
) -> Optional[Answer]:
    """The reply to "is that still so?" and, for what has a date, "have you had it again since then?"."""
    mine = tuple(f for f in findings if f.condition == rule.id)
    if any(f.surfaced and f.when for f in mine):
        return Answer(YES, findings=mine)
    words, known = plain(text), cues()
    over = known.has(words, "still_not") or known.has(words, "over")
    goes_on = known.has(words, "still") and not over
    if any(f.surfaced for f in mine) or (said.yes and not said.unsure and not over) or (goes_on and not said.no):
        return _goes_on(kind, rule, text, today)
    if said.no or over or any(f.assertion in (ABSENT, PAST) for f in mine):
        if kind == AGAIN:
            return Answer(NO)  # what was told stands with its date
        # What a window is asked about did not happen in it; everything else was so and is over.
        return Answer(NO, findings=(Finding(rule.id, None, ABSENT if rule.asks_when else PAST),))
    if said.value in (SKIPPED, UNSURE) and not _elsewhere(findings, mine):
        return Answer(said.value, findings=(Finding(rule.id, None, POSSIBLE),))
    return None


def _goes_on(kind: str, rule: Rule, text: str, today: date) -> Answer:
    if kind == STILL:
        return Answer(YES)
    from candidacy.listening.when import read_when

    # Without a new date the old one must not count any more: the wait is then open.
    when = read_when(text, today)
    found = Finding(rule.id, None, PRESENT, when=when)
    return Answer(YES, None if when else f"{WHEN}:{rule.id}", (found,))


def closes_a_list(text: str) -> bool:
    """True for "that's all": after what was told already, nothing else applies."""
    return cues().has(plain(text), "enough") is not None


def denied_in(findings: Sequence[Finding], group: str, rulebook: RuleBook) -> List[str]:
    """Ids of this group's conditions that were denied by name."""
    ids = {rule.id for rule in rulebook.group(group)}
    return [f.condition for f in findings if f.condition in ids and f.assertion == ABSENT]
