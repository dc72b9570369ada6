"""Old requests, judged again under the current rules."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime, timezone
from typing import Any, Dict, List, Optional

import pytest
from sqlalchemy import update

from candidacy.findings import Finding
from candidacy.knowledge import Knowledge, load
from candidacy.knowledge.models import RuleBook
from candidacy.screening import assess
from desk import rejudge as command
from desk.booking import request_consultation
from desk.database import transaction
from desk.records import Consultation
from desk.references import read_reference
from desk.rejudge import listing, main, rejudge
from desk.settings import ROOT, settings
from tests.desk_fixtures import a_request

pytest_plugins = ("tests.desk_fixtures",)

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 17, 0, tzinfo=timezone.utc)


def rules(version: str = "1.0.0", leave_out: str = "", **changes: Dict[str, Any]) -> Knowledge:
    """The clinic's rules with some keys of some rules changed, as another version."""
    book = load().rulebook
    kept = [rule.dict() for rule in book.rules if rule.id != leave_out]
    for rule in kept:
        rule.update(changes.get(rule["id"], {}))
    return replace(load(), rulebook=RuleBook(version=version, returning=load().rulebook.returning, conditions=kept))


def store(
    *findings: Finding,
    under: Optional[Knowledge] = None,
    at: datetime = NOON,
    day: date = DAY,
    answers: Optional[Dict[str, str]] = None,
) -> str:
    """A stored request, judged on its day under some rules; its reference."""
    book = (under or load()).rulebook
    verdict = assess(findings, answers or {}, day, book)
    request = a_request(findings=findings, answers=answers or {}, verdict=verdict)
    key = f"key-{datetime.now().timestamp()}"
    reference = request_consultation(request, idempotency_key=key).reference
    change_row(reference, created_at=at)
    return reference


def change_row(reference: str, **values: Any) -> None:
    with transaction() as session:
        session.execute(
            update(Consultation).where(Consultation.reference == read_reference(reference)).values(**values)
        )


def lines(under: Optional[Knowledge] = None) -> List[str]:
    return list(listing(rejudge(under)))


PREGNANT = Finding("pregnancy", text="10 weeks along")


def test_nothing_stored_is_nothing_to_judge(sqlite_database: str) -> None:
    assert lines(rules("1.1.0")) == ["Rules 1.1.0: 0 the same, 0 different"]


def test_the_same_rules_give_the_same_verdicts(sqlite_database: str) -> None:
    store(PREGNANT)
    store()
    burnt = Finding("sunburn", assertion="past", when=(date(2026, 11, 15), date(2026, 11, 15)))
    store(burnt, answers={"Q5_skin_today": "yes", "Q6_medicines": "skipped"})
    assert lines() == [f"Rules {load().rulebook.version}: 3 the same, 0 different"]


def test_a_milder_rule_is_listed_with_then_and_now(sqlite_database: str) -> None:
    reference = store(PREGNANT)
    store(Finding("diabetes_uncontrolled"))
    assert lines(rules("1.1.0", pregnancy={"verdict": "defer"})) == [
        f"{reference}  2026-11-22  rules 1.0.0: contraindicated -> defer",
        "  ~ pregnancy: contraindicated -> defer",
        "Rules 1.1.0: 1 the same, 1 different",
    ]


def test_a_rule_that_is_gone_and_one_that_is_new_are_listed(sqlite_database: str) -> None:
    # A disclosure on which no rule decides any more stays a question to settle.
    gone = store(PREGNANT)
    new = store(Finding("breastfeeding"), under=rules("0.9.0", leave_out="breastfeeding"))
    assert lines(rules("1.1.0", leave_out="pregnancy")) == [
        f"{gone}  2026-11-22  rules 1.0.0: contraindicated -> ask",
        "  - pregnancy: contraindicated",
        "  + not named: ask",
        f"{new}  2026-11-22  rules 0.9.0: ask -> contraindicated",
        "  - not named: ask",
        "  + breastfeeding: contraindicated",
        "Rules 1.1.0: 0 the same, 2 different",
    ]


def test_a_longer_wait_shows_both_dates_although_the_outcome_is_the_same(sqlite_database: str) -> None:
    day = date(2026, 11, 15)
    variants: Dict[str, Any] = {"wait": "P30D", "variants": []}
    short: Dict[str, Any] = {"wait": "P14D", "variants": []}
    reference = store(
        Finding("sunburn", assertion="past", when=(day, day)), under=rules(sunburn=short)
    )
    assert lines(rules("1.1.0", sunburn=variants)) == [
        f"{reference}  2026-11-22  rules 1.0.0: defer -> defer",
        "  ~ sunburn: not before 2026-11-29 -> 2026-12-15",
        "Rules 1.1.0: 0 the same, 1 different",
    ]


def test_a_change_under_a_worse_reason_is_still_listed(sqlite_database: str) -> None:
    reference = store(PREGNANT, Finding("trying_to_conceive"))
    assert lines(rules("1.1.0", trying_to_conceive={"verdict": "defer"}))[:2] == [
        f"{reference}  2026-11-22  rules 1.0.0: contraindicated -> contraindicated",
        "  ~ trying_to_conceive: provider_review -> defer",
    ]


def test_the_day_of_judgement_is_the_clinics_day_of_the_request(sqlite_database: str) -> None:
    # 03:00 UTC on the 23rd is still the 22nd in New York: the last day of this wait.
    day = date(2026, 11, 9)
    sunburn: Dict[str, Any] = {"wait": "P14D", "variants": []}
    known = rules(sunburn=sunburn)
    store(
        Finding("sunburn", assertion="past", when=(day, day)),
        under=known, at=datetime(2026, 11, 23, 3, 0, tzinfo=timezone.utc),
    )  # fmt: skip
    assert lines(known) == ["Rules 1.0.0: 1 the same, 0 different"]


def test_a_wait_that_has_run_out_since_is_no_difference(sqlite_database: str) -> None:
    day = date(2020, 1, 1)
    store(
        Finding("recent_botulinum", when=(day, day)),
        at=datetime(2020, 1, 10, 17, 0, tzinfo=timezone.utc), day=date(2020, 1, 10),
    )  # fmt: skip
    assert lines() == [f"Rules {load().rulebook.version}: 1 the same, 0 different"]


def test_other_wording_of_a_reason_is_no_difference(sqlite_database: str) -> None:
    store(PREGNANT)
    assert lines(rules("1.0.1", pregnancy={"reason": "Other words.", "names": ["pregnant"]})) == [
        "Rules 1.0.1: 1 the same, 0 different"
    ]


@pytest.mark.parametrize(
    "values",
    [
        {"findings": [{"condition": "pregnancy", "assertion": "perhaps"}]},
        {"findings": [{"assertion": "present"}]},
        {"answers": {"Q9_gone": "yes"}},
        {"verdict": {"outcome": "ask"}},
    ],
    ids=["an assertion", "a finding", "a question", "a verdict"],
)
def test_a_record_that_cannot_be_read_is_told_and_stops_nothing(
    sqlite_database: str, values: Dict[str, Any]
) -> None:
    broken = store(PREGNANT)
    change_row(broken, **values)
    store(PREGNANT)
    shown = lines()
    assert shown[0].startswith(f"{broken}  cannot be judged")
    assert shown[-1].endswith("1 the same, 0 different, 1 not judged")


def test_no_name_contact_or_word_of_the_person_is_shown(
    sqlite_database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = store(PREGNANT)
    known = rules("1.1.0", pregnancy={"verdict": "defer"})
    monkeypatch.setattr(command, "load", lambda: known)
    for arguments in ([], ["--json"]):
        assert main(arguments) == 0
        shown = capsys.readouterr().out
        assert reference in shown
        for private in ("Dana", "Lopez", "0100142", "10 weeks along", "talk-1"):
            assert private not in shown


def test_json_holds_the_same(
    sqlite_database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = store(PREGNANT)
    store()
    known = rules("1.1.0", pregnancy={"verdict": "defer"})
    monkeypatch.setattr(command, "load", lambda: known)
    assert main(["--json"]) == 0
    change = {"about": "pregnancy", "then": "contraindicated", "now": "defer"}
    assert json.loads(capsys.readouterr().out) == {
        "version": "1.1.0",
        "same": 1,
        "different": [
            {
                "reference": reference, "day": "2026-11-22", "rules_version": "1.0.0",
                "then": "contraindicated", "now": "defer",
                "changes": [{**change, "earliest_then": None, "earliest_now": None}],
            }
        ],
        "unreadable": [],
    }  # fmt: skip


def test_it_runs_as_a_command(sqlite_database: str) -> None:
    store(PREGNANT)
    done = subprocess.run(
        [sys.executable, "-m", "desk.rejudge"],
        cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"Rules {load().rulebook.version}: 1 the same, 0 different\n"


def test_a_database_that_is_not_there_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    settings.cache_clear()
    try:
        assert main([]) == 1
    finally:
        settings.cache_clear()
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and "not available" in captured.err
