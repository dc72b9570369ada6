"""Read a reply to a screening question: the only place that knows which question was asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Dict, List, Optional, Pattern, Sequence, Tuple

from candidacy.findings import ABSENT, PRESENT, Finding
from candidacy.knowledge import GROUPS, RuleBook, load
from candidacy.knowledge.load import DATA, read_yaml
from candidacy.screening import AGE_GROUP, NO, SKIPPED, UNSURE, YES

WHICH, REST, WHEN = "which", "rest", "when"
"""Follow-up questions: `which:<group>`, `rest:<group>` and `when:<condition>`."""

UNDER_AGE = "under_age"
_LAPSE = re.compile(r"[^a-z0-9'/ ]+")
_BARE_AGE = re.compile(r"^\D{0,12}?\b(\d{1,3})\b(?!\s*(?:%|weeks?|wks?|months?|mos?|days?|units?|mg|st|nd|rd|th))\D{0,16}$")
_DISCLOSES = re.compile(r"\b(?:but|except|apart from|only|just)\b")


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


@dataclass(frozen=True)
class _Cues:
    patterns: Dict[str, Pattern[str]]
    age_bands: Dict[str, int]
    question_starts: Tuple[str, ...]


@lru_cache(maxsize=1)
def _cues(path: Path = DATA / "clinic" / "answers.yml") -> _Cues:
    data = read_yaml(path)
    patterns = {}
    for name in (YES, NO, UNSURE, "skip", "corrects", "ongoing"):
        words = sorted((str(word) for word in data[name]), key=len, reverse=True)
        patterns[name] = re.compile(r"(?<![\w'])(?:" + "|".join(map(re.escape, words)) + r")(?![\w'])")
    return _Cues(patterns, dict(data["age_bands"]), tuple(f"{word} " for word in data["question_starts"]))


def plain(text: str) -> str:
    """Lower-case words of a message with straight apostrophes and single spaces."""
    text = text[:2000].lower().replace("\u2019", "'").replace("\u2018", "'")
    return " ".join(_LAPSE.sub(" ", text).split())


def corrects(text: str) -> bool:
    """True when a message begins by taking back something said before."""
    match = _cues().patterns["corrects"].search(plain(text))
    return match is not None and match.start() <= 12


def polarity(text: str) -> Optional[str]:
    """What a reply says as a whole: yes, no, unsure, skipped, or None when it says neither.

    Skipping and doubt weigh more than a no, and a no more than a yes, wherever they stand: doubt is
    never a no.
    """
    words = plain(text)
    cues = _cues().patterns
    if cues["skip"].search(words):
        return SKIPPED
    if cues[UNSURE].search(words):
        return UNSURE
    no, yes = cues[NO].search(words), cues[YES].search(words)
    if no and yes:
        # "No. Eliquis yes" and "yes, no problem": the first word is the answer.
        return NO if no.start() < yes.start() else YES
    if no:
        return NO
    return YES if yes else None


def reads_as_question(text: str) -> bool:
    """True when a message asks something by its form: a question mark, or how it begins."""
    return "?" in text or plain(text).startswith(_cues().question_starts)


def interpret(
    question: str,
    text: str,
    findings: Sequence[Finding],
    today: date,
    chosen: Optional[str] = None,
    rulebook: Optional[RuleBook] = None,
) -> Optional[Answer]:
    """Read a reply.

    Args:
        question: A question group, or a follow-up: `which:<group>`, `rest:<group>`, `when:<condition>`.
        text: The reply as typed.
        findings: What `listen` heard in it.
        today: The clinic's calendar day.
        chosen: The answer of a button (yes, no, unsure, skipped), which needs no reading.
        rulebook: The rules; those of `data/clinic` when None.

    Returns:
        The answer, or None when the message does not answer this question.

    Raises:
        ValueError: For an unknown question.
    """
    book = rulebook or load().rulebook
    kind, _, subject = question.rpartition(":")
    if kind == WHEN:
        return _date_of(subject, text, findings, today, chosen)
    if subject not in GROUPS or kind not in ("", WHICH, REST):
        raise ValueError(f"unknown question {question!r}")
    if subject == AGE_GROUP:
        return _age(text, findings, chosen)
    ids = [rule.id for rule in book.group(subject)]
    mine = [f for f in findings if f.condition in ids or (f.condition is None and f.group == subject)]
    said = chosen or polarity(text)
    surfaced = [f for f in mine if f.surfaced]
    if any(f.assertion == PRESENT for f in surfaced):
        return Answer(YES, findings=tuple(mine))
    if surfaced:
        return Answer(SKIPPED if said == SKIPPED else UNSURE, findings=tuple(mine))
    if said in (SKIPPED, UNSURE):
        return Answer(said, findings=tuple(mine))
    if said == YES:
        # A second yes that still names nothing stands as it is: the provider will ask.
        return Answer(YES) if kind == WHICH else Answer(None, follow_up=f"{WHICH}:{subject}")
    denied = [f.condition for f in mine if f.assertion == ABSENT]
    if denied and kind == "" and not _denies_all(text, denied, ids, bool(chosen)):
        return Answer(None, follow_up=f"{REST}:{subject}", findings=tuple(mine))
    if said == NO or denied:
        return Answer(NO, findings=tuple(mine))
    if mine and kind in ("", REST):
        # Past, somebody else's, only asked about: it bears on the question but does not settle it.
        return Answer(None, follow_up=f"{REST}:{subject}", findings=tuple(mine)) if not _asks(text) else None
    return None


def _denies_all(text: str, denied: Sequence[Optional[str]], ids: Sequence[str], chosen: bool) -> bool:
    """True when a reply that denies some conditions by name can stand for the whole question."""
    if chosen or set(ids) <= set(denied):
        return True
    words = plain(text)
    no = _cues().patterns[NO].search(words)
    # "No, not pregnant" answers the question and repeats part of it; "not pregnant, just nursing"
    # and a bare "not pregnant" leave the rest open.
    return bool(no and no.start() == 0 and not _DISCLOSES.search(words))


def _asks(text: str) -> bool:
    return "?" in text


def _age(text: str, findings: Sequence[Finding], chosen: Optional[str]) -> Optional[Answer]:
    stated = [f for f in findings if f.condition == UNDER_AGE and f.assertion in (PRESENT, ABSENT)]
    if stated:
        return Answer(YES, findings=tuple(stated))
    words = plain(text)
    for band, youngest in _cues().age_bands.items():
        if words == band:
            return Answer(YES, findings=(_age_finding(youngest, text),))
    match = _BARE_AGE.match(words)
    if match and 1 <= int(match.group(1)) <= 120:
        return Answer(YES, findings=(_age_finding(int(match.group(1)), text),))
    said = chosen or polarity(text)
    if said in (SKIPPED, UNSURE):
        return Answer(said)
    return None


def _age_finding(age: int, text: str) -> Finding:
    rule = load().rule(UNDER_AGE)
    for variant in rule.variants:
        low, high = variant.test.age_from or 0, variant.test.age_to or 200
        if low <= age <= high:
            return Finding(UNDER_AGE, variant.id, PRESENT, text, 0, len(text), quantity=age)
    return Finding(UNDER_AGE, None, ABSENT, text, 0, len(text), quantity=age)


def _date_of(
    condition: str, text: str, findings: Sequence[Finding], today: date, chosen: Optional[str]
) -> Optional[Answer]:
    from candidacy.listening.when import read_when

    told = [f for f in findings if f.condition == condition and f.when]
    if told:
        return Answer(YES, findings=tuple(told))
    when = read_when(text, today)
    if when is None and _cues().patterns["ongoing"].search(plain(text)):
        when = (today, today)  # it has not ended yet, so the wait begins today at the earliest
    if when is not None:
        return Answer(YES, findings=(Finding(condition, None, PRESENT, text, 0, len(text), when=when),))
    said = chosen or polarity(text)
    return Answer(said) if said in (SKIPPED, UNSURE) else None


def denied_in(findings: Sequence[Finding], group: str, rulebook: RuleBook) -> List[str]:
    """Ids of this group's conditions that were denied by name."""
    ids = {rule.id for rule in rulebook.group(group)}
    return [f.condition for f in findings if f.condition in ids and f.assertion == ABSENT]
