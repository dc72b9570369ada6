"""What somebody who comes back on a later day is read back, and what she is asked again.

What was told is never dropped because of its age: it counts until the person says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from candidacy.ages import UNDER_AGE
from candidacy.answers import AGAIN, CHANGED, REST, STILL
from candidacy.cues import cues
from candidacy.findings import ABSENT, PAST, POSSIBLE, PRESENT, Finding
from candidacy.knowledge import GROUPS, Rule, RuleBook, load
from candidacy.record import Heard, Record
from candidacy.replies import plain, polarity
from candidacy.screening import AGE_GROUP, NO, SKIPPED, UNSURE, YES, add_duration, assess

STOPS = ("contraindicated", "defer")


@dataclass(frozen=True)
class Again:
    """A question that is asked again.

    Attributes:
        before: What it was answered, or None where only a message told something that belongs to it.
        about: Ids of conditions told before that may be otherwise by now, in file order.
        rest: Follow-up that asks for what else there is, or None when nothing else of it may change.
        unnamed: True when it was answered yes without a name that the rules know.
    """

    before: Optional[str]
    about: Tuple[str, ...] = ()
    rest: Optional[str] = None
    unnamed: bool = False

    def to_dict(self) -> Dict[str, Any]:
        """A JSON-ready dictionary."""
        return {"before": self.before, "about": list(self.about), "rest": self.rest, "unnamed": self.unnamed}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Again":
        """Rebuild it from `to_dict`."""
        return cls(data["before"], tuple(data["about"]), data["rest"], data["unnamed"])


@dataclass(frozen=True)
class Told:
    """What is read back.

    Attributes:
        age: Age in years, or None.
        heard: What was disclosed, oldest first; one finding for each thing.
        doubted: What was not certain.
        named: Question groups answered yes without a name.
        open: Question groups skipped or not known.
        denied: Question groups answered no as a whole.
        denied_rules: Ids of single conditions denied within a question that is asked again.
        nothing_else: True when no questions are asked again: "nothing else" then says what was denied.
    """

    age: Optional[float] = None
    heard: Tuple[Finding, ...] = ()
    doubted: Tuple[Finding, ...] = ()
    named: Tuple[str, ...] = ()
    open: Tuple[str, ...] = ()
    denied: Tuple[str, ...] = ()
    denied_rules: Tuple[str, ...] = ()
    nothing_else: bool = False

    def __bool__(self) -> bool:
        return self != Told()


def is_old(told_at: Optional[float], now: float, book: Optional[RuleBook] = None) -> bool:
    """True when what was told, or confirmed, at `told_at` must be read back; times in seconds since the epoch."""
    hours = (book or load().rulebook).returning.read_back_after_hours
    return told_at is not None and now - told_at > hours * 3600


def asked_again(
    record: Record,
    answers: Mapping[str, str],
    before: float,
    then: date,
    today: date,
    book: Optional[RuleBook] = None,
) -> Dict[str, Again]:
    """The questions to ask again: after a deferral, or when the answers are very old.

    Args:
        record: What was heard, the latest message included.
        answers: Question group → answer.
        before: Only what was heard before this time (seconds since the epoch) may be out of date.
        then: The calendar day on which it was told.
        today: The clinic's calendar day.
        book: The rules; those of `data/clinic` when None.
    """
    book = book or load().rulebook
    old = [item for item in record.heard if not item.superseded and item.at < before]
    deferred = any(
        reason.outcome in STOPS and reason.rule and book.rule(reason.rule).may_change
        for reason in assess([item.finding for item in old], answers, then, book).reasons
    )
    if not deferred and add_duration(then, book.returning.ask_again_after) > today:
        return {}
    again = {}
    for group in GROUPS:
        about = tuple(rule.id for rule in book.group(group) if rule.may_change and _counted(rule, old, then, book))
        answer = answers.get(group)
        if not about and (answer is None or group not in book.returning.questions):
            continue
        named = [item for item in record.heard if item.finding.condition in _ids(book, group)]
        unnamed = answer == YES and not any(item.finding.surfaced for item in named)
        fresh = answer in (None, UNSURE, SKIPPED) or unnamed
        rest = REST if fresh else CHANGED if group in book.returning.questions else None
        again[group] = Again(answer, about, f"{rest}:{group}" if rest else None, unnamed)
    return again


def _counted(rule: Rule, old: Sequence[Heard], then: date, book: RuleBook) -> bool:
    """True when something told about this rule bore on the verdict of that day."""
    mine = [item.finding for item in old if item.finding.condition == rule.id]
    return any(assess([finding], {}, then, book).outcome != "no_flag" for finding in mine)


def next_question(
    group: str,
    again: Again,
    record: Record,
    asked: Sequence[str],
    before: float,
    book: Optional[RuleBook] = None,
) -> Optional[str]:
    """The next follow-up of a question that is asked again; None when it is through.

    Args:
        group: The question group.
        again: What is asked again of it.
        record: What was heard so far.
        asked: Follow-ups asked already.
        before: What was told about since this time (seconds since the epoch) is not asked about.
        book: The rules; those of `data/clinic` when None.
    """
    book = book or load().rulebook
    for condition in again.about:
        mine = [item for item in record.heard if item.finding.condition == condition and not item.superseded]
        standing = [item for item in mine if item.finding.surfaced or item.finding.when]
        if not standing or any(item.at >= before for item in mine):
            continue
        dated = book.rule(condition).asks_when and all(item.finding.when for item in standing)
        question = f"{AGAIN if dated else STILL}:{condition}"
        if question not in asked:
            return question
    if again.rest is None or again.rest in asked:
        return None
    return again.rest if again.rest.startswith(REST) or may_be_new(group, again, record, book) else None


def may_be_new(group: str, again: Again, record: Record, book: Optional[RuleBook] = None) -> List[str]:
    """Ids of conditions that may have come up since, besides those told or asked about one by one."""
    rules = (book or load().rulebook).group(group)
    known = (*again.about, *record.conditions)
    return [rule.id for rule in rules if rule.may_change and rule.id not in known]


def told(
    record: Record,
    answers: Mapping[str, str],
    again: Mapping[str, Again],
    before: float,
    everything: bool = False,
    book: Optional[RuleBook] = None,
) -> Told:
    """What is to be read back: what was told before a time and will not be asked anyway.

    Args:
        record: What was heard so far.
        answers: Question group → answer, of the questions that are not asked again.
        again: The questions that are.
        before: Seconds since the epoch.
        everything: True where no questions follow, so that every disclosure is named.
        book: The rules; those of `data/clinic` when None.
    """
    book = book or load().rulebook
    old = [item.finding for item in record.heard if not item.superseded and item.at < before]
    spoken: Dict[str, List[str]] = {key: [] for key in ("named", "open", "denied", "rules")}
    heard: List[Finding] = []
    for group in GROUPS[1:]:
        rules = [r for r in book.group(group) if group not in again or not r.may_change]
        asked_anyway = group not in answers and group not in again
        ids = [rule.id for rule in rules]
        mine = [] if asked_anyway and not everything else _named(old, ids)
        heard += mine
        answer = again[group].before if group in again else answers.get(group)
        if group in again:
            lasting = [i for i in ids if i not in {f.condition for f in mine}]
            spoken["rules"] += lasting if answer in (YES, NO) and again[group].rest == f"{CHANGED}:{group}" else []
        elif answer in (UNSURE, SKIPPED):
            spoken["open"].append(group)
        elif answer == YES and not mine:
            spoken["named"].append(group)
        elif answer == NO and not mine:
            spoken["denied"].append(group)
    age = [f for f in old if f.condition == UNDER_AGE and f.assertion in (PRESENT, ABSENT) and f.quantity]
    return Told(
        age=age[-1].quantity if age and AGE_GROUP not in again else None,
        heard=tuple(f for f in heard if f.assertion != POSSIBLE),
        doubted=tuple(f for f in heard if f.assertion == POSSIBLE),
        named=tuple(spoken["named"]),
        open=tuple(spoken["open"]),
        denied=tuple(spoken["denied"]),
        denied_rules=tuple(spoken["rules"]),
        nothing_else=bool(spoken["denied"]) and not again,
    )


def _named(old: Sequence[Finding], ids: Sequence[str]) -> List[Finding]:
    """One finding for each thing told: the same drug or date twice is one."""
    found: Dict[Any, Finding] = {}
    for finding in old:
        if finding.condition in ids and (finding.surfaced or (finding.assertion == PAST and finding.when)):
            found[(finding.condition, finding.when, finding.text.casefold())] = finding
    return list(found.values())


def _ids(book: RuleBook, group: str) -> List[str]:
    return [rule.id for rule in book.group(group)]


def says_unchanged(text: str, chosen: Optional[str] = None) -> Optional[str]:
    """The reply to "is that all still right?": yes, no, unsure, skipped, or None when it says neither."""
    if chosen:
        return chosen
    words, known = plain(text), cues()
    if known.has(words, "unchanged"):
        return YES
    return NO if known.has(words, "changed") else polarity(text)
