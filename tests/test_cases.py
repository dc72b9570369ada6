"""Plays `tests/cases/*.yml` (benchmarks/cases.py tells the format) and keeps them in good order."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.cases import CHECKS, FOLDER, KEYS, Case, hear, messages, problems, read_cases, skeleton
from benchmarks.mutants import of_judging, of_listening
from candidacy.knowledge import load

CASES = read_cases()
NO_CONDITION = "no_condition"
"""The file of cases that name no condition."""


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{stem}: {case['name']}") for stem, case in CASES])
def test_case(case: Case) -> None:
    heard = hear(case)
    assert problems(case, heard) == [], [
        (f.condition, f.variant, f.assertion, f.when) for findings in heard for f in findings
    ]


def test_every_condition_has_cases_and_every_case_is_well_formed() -> None:
    ids = {rule.id for rule in load().rulebook.rules}
    mechanisms = {mutant.mechanism for mutant in [*of_listening(load()), *of_judging()]}
    files = {path.stem for path in FOLDER.glob("*.yml")} - {NO_CONDITION}
    assert files == ids, f"missing: {sorted(ids - files)}; unknown: {sorted(files - ids)}"
    for stem, case in CASES:
        assert set(case) <= KEYS, (stem, sorted(set(case) - KEYS))
        assert case["mechanism"] in mechanisms, (stem, case["name"])
        assert set(case) & CHECKS, f"{case['name']} checks nothing"
        named = [one for key in ("findings", "absent", "variants", "judged") for one in case.get(key) or []]
        assert set(named) <= ids, (stem, case["name"])


def test_no_two_cases_share_a_name() -> None:
    names = Counter(case["name"] for _, case in CASES)
    assert [name for name, times in names.items() if times > 1] == []


def test_no_two_cases_differ_only_by_the_name_of_a_condition() -> None:
    told = Counter(
        (skeleton(messages(case)), case.get("asked"), str(case.get("stored")), case.get("judged_on"))
        for _, case in CASES
    )
    assert [one[0] for one, times in told.items() if times > 1] == []


def test_a_skeleton_has_no_names() -> None:
    assert skeleton(["I take Eliquis and warfarin"]) == skeleton(["I take acutane and a blood thinner"])
    assert skeleton(["I take Eliquis"]) != skeleton(["I stopped Eliquis"])
