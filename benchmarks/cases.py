"""Plays the cases of `tests/cases`: what a patient says → what is heard → what the rules say.

A file holds the cases of one condition, each named by a sentence. Keys of a case:

    said       one message, or a list of messages in order
    today      the day it is said; 2026-11-22 when missing
    judged_on  the day of the verdict, when it is asked for again later
    stored     findings that an earlier record holds, judged by the rules of today
    asked      the question that the last message replies to: a question group or a follow-up
    answers    answers that question groups had before
    findings   condition → assertion that must stand in the record (others may)
    absent     conditions that must not stand as present or possible
    variants   condition → variant that the rules must use; null for the rule itself, "no reason" for neither
    judged     condition → outcome of its own rule, where another rule is worse
    answered   what the reply to `asked` is read as: yes, no, unsure, skipped, or the follow-up it needs
    outcome    the verdict's outcome
    earliest   the verdict's earliest date
    disputed   conditions that stand as told and as denied, after several messages; no others may
    call_today true when the clinic must hear of it the same day
    mechanism  what the case is about: the thing that, broken, makes it fail (benchmarks/mutants.py)
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Optional, Sequence

import yaml

from candidacy import answers as replies
from candidacy.findings import PRESENT, Finding
from candidacy.knowledge import GROUPS, RuleBook
from candidacy.knowledge.load import Knowledge, load
from candidacy.listening import listen
from candidacy.listening.lexicon import lexicon_of
from candidacy.listening.scene import stage
from candidacy.record import Record
from candidacy.screening import assess

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "cases"
TODAY = date(2026, 11, 22)
KEYS = frozenset(
    "name said today judged_on stored asked answers findings absent variants judged answered outcome earliest call_today disputed mechanism".split()
)
CHECKS = frozenset("findings absent variants judged answered outcome earliest call_today disputed".split())

NO_REASON = "no reason"

Case = dict[str, Any]
Heard = list[list[Finding]]


def read_cases(folder: Path = FOLDER) -> list[tuple[str, Case]]:
    """Every case with the condition whose file it stands in, in order."""
    found = []
    for path in sorted(folder.glob("*.yml")):
        found += [(path.stem, case) for case in yaml.safe_load(path.read_text("utf-8"))]
    return found


def messages(case: Case) -> list[str]:
    """What is said in a case, in order."""
    return case["said"] if isinstance(case["said"], list) else [case["said"]]


def hear(case: Case, knowledge: Optional[Knowledge] = None) -> Heard:
    """What is heard in each message of a case."""
    return [listen(text, case.get("today", TODAY), knowledge) for text in messages(case)]


def _with_reply(record: Record, question: str, derived: Sequence[Finding], at: float) -> Record:
    """The record with what a reply means in the light of its question, as the screening form keeps it."""
    if not question.startswith(f"{replies.WHEN}:"):
        return record.hear(derived, at)
    for dated in derived:
        for told in [f for f in record.findings if f.condition == dated.condition and f.surfaced]:
            record = record.hear([replace(told, when=dated.when, assertion=PRESENT)], at + 0.5, corrects=True)
    return record


def problems(case: Case, heard: Heard, book: Optional[RuleBook] = None) -> list[str]:
    """What a case asks for and does not get; none when it passes.

    Args:
        case: The case.
        heard: The findings of each of its messages.
        book: The rules; those of `data/clinic` when None.
    """
    today = case.get("today", TODAY)
    record = Record().hear([Finding.from_dict(item) for item in case.get("stored", [])], 0.0)
    answers, answered = dict(case.get("answers", {})), None
    said = messages(case)
    for number, (text, findings) in enumerate(zip(said, heard, strict=True), 1):
        before = record
        record = record.hear(findings, float(number), corrects=replies.corrects(text))
        if "asked" in case and number == len(said):
            reply = replies.interpret(case["asked"], text, findings, today, settled=before.conditions)
            if reply is not None:
                answered = reply.follow_up or reply.value
                derived = [finding for finding in reply.findings if finding not in findings]
                record = _with_reply(record, case["asked"], derived, float(number))
                group = case["asked"].rpartition(":")[2]
                if reply.value and group in GROUPS:
                    answers[group] = reply.value
    verdict = assess(record.findings, answers, case.get("judged_on", today), book)
    stands = {(f.condition, f.assertion) for f in record.findings}
    reasons = {reason.rule: reason for reason in verdict.reasons}
    got: dict[str, Any] = {
        "answered": answered,
        "outcome": verdict.outcome,
        "earliest": verdict.earliest,
        "call_today": verdict.call_today,
    }
    wrong = [f"{key}: {got[key]}, not {case[key]}" for key in got if key in case and got[key] != case[key]]
    for condition, assertion in (case.get("findings") or {}).items():
        if (condition, assertion) not in stands:
            wrong.append(f"{condition} is not {assertion}")
    # In one message "no covid but strep" denies one thing of a rule and tells another.
    settled = "disputed" in case or len(said) > 1
    if settled and sorted(record.contradictions()) != sorted(case.get("disputed", [])):
        wrong.append(f"disputed: {record.contradictions()}, not {case.get('disputed', [])}")
    wrong += [f"{one} stands" for one in case.get("absent") or [] if one in record.conditions]
    for key, field in (("variants", "variant"), ("judged", "outcome")):
        for condition, wanted in (case.get(key) or {}).items():
            used = getattr(reasons[condition], field) if condition in reasons else NO_REASON
            if used != wanted:
                wrong.append(f"{key}: {condition} by {used}, not {wanted}")
    return wrong


_LITTLE = frozenset(("a", "an", "the", "my", "some", "of"))
_NAMES = frozenset(("name", "drug", "possible", "substance", "look_alike"))


def skeleton(said: Sequence[str]) -> str:
    """The words of a talk with names of conditions and medicines blanked and articles left out."""
    lexicon, lines = lexicon_of(load()), []
    for text in said:
        scene = stage(text, TODAY, lexicon)
        named = {
            index
            for hit in scene.hits
            if any(entry.kind in _NAMES for entry in hit.entries)
            for index in range(hit.start, hit.end)
        }
        words = [
            "_" if index in named else token.norm
            for index, token in enumerate(scene.tokens)
            if token.word and token.norm not in _LITTLE
        ]
        lines.append(" ".join(word for at, word in enumerate(words) if word != "_" or words[at - 1 : at] != ["_"]))
    return " / ".join(lines)
