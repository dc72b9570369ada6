"""Plays `tests/cases/*.yml`: what a patient says → what is heard → what the rules say.

A file holds the cases of one condition, each named by a sentence. Keys of a case:

    said       one message, or a list of messages in order
    today      the day it is said; 2026-11-22 when missing
    answers    answers to question groups, when the case needs them
    findings   condition → assertion that must stand in the record (others may)
    absent     conditions that must not stand as present or possible
    variants   condition → variant that the rules must use
    outcome    the verdict's outcome
    earliest   the verdict's earliest date
    mechanism  what the case is about: the thing that, broken, makes it fail
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Dict, List

import pytest
import yaml

from candidacy.answers import corrects
from candidacy.knowledge import load
from candidacy.listening import listen
from candidacy.record import Record
from candidacy.screening import assess

FOLDER = Path(__file__).parent / "cases"
TODAY = date(2026, 11, 22)
KEYS = {"name", "said", "today", "answers", "findings", "absent", "variants", "outcome", "earliest", "mechanism"}
MECHANISMS = {
    "name", "drug", "misspelling", "look_alike", "negation", "pseudo_negation", "doubt", "person", "hypothetical",
    "future", "past", "date_window", "variant", "emergency", "same_day", "age", "correction", "answer", "source_of_wait",
}


def _cases() -> List[Any]:
    found = []
    for path in sorted(FOLDER.glob("*.yml")):
        for case in yaml.safe_load(path.read_text("utf-8")):
            found.append(pytest.param(case, id=f"{path.stem}: {case['name']}"))
    return found


def _record(case: Dict[str, Any], today: date) -> Record:
    said = case["said"] if isinstance(case["said"], list) else [case["said"]]
    record = Record()
    for number, text in enumerate(said, 1):
        record = record.hear(listen(text, today), float(number), corrects=corrects(text))
    return record


@pytest.mark.parametrize("case", _cases())
def test_case(case: Dict[str, Any]) -> None:
    today = case.get("today", TODAY)
    record = _record(case, today)
    verdict = assess(record.findings, case.get("answers", {}), today)
    heard = [(f.condition, f.variant, f.assertion, f.when) for f in record.findings]
    for condition, assertion in (case.get("findings") or {}).items():
        assert (condition, assertion) in [(c, a) for c, _, a, _ in heard], heard
    for condition in case.get("absent") or []:
        assert condition not in record.conditions, heard
    for condition, variant in (case.get("variants") or {}).items():
        used = {reason.rule: reason.variant for reason in verdict.reasons}
        assert used.get(condition, "no reason") == variant, (heard, used)
    if "outcome" in case:
        assert verdict.outcome == case["outcome"], heard
    if "earliest" in case:
        assert verdict.earliest == case["earliest"], (heard, verdict.earliest)


def test_every_condition_has_cases_and_every_case_is_well_formed() -> None:
    ids = {rule.id for rule in load().rulebook.rules}
    files = {path.stem for path in FOLDER.glob("*.yml")}
    assert files == ids, f"missing: {sorted(ids - files)}; unknown: {sorted(files - ids)}"
    names = []
    for path in FOLDER.glob("*.yml"):
        for case in yaml.safe_load(path.read_text("utf-8")):
            assert set(case) <= KEYS, (path.name, sorted(set(case) - KEYS))
            assert case["mechanism"] in MECHANISMS, (path.name, case["name"])
            assert "outcome" in case or "findings" in case or "absent" in case, case["name"]
            named = [*(case.get("findings") or {}), *(case.get("absent") or []), *(case.get("variants") or {})]
            assert set(named) <= ids, (path.name, case["name"])
            names.append(case["name"])
    assert len(names) == len(set(names)), "two cases share a name"
