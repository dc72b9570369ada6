"""A finding keeps its shape on the way through a tracker."""

from __future__ import annotations

import json
from datetime import date

import pytest

from candidacy.findings import ABSENT, ASSERTIONS, PAST, POSSIBLE, PRESENT, Finding

FULL = Finding(
    "recent_botulinum", "under_90_days", PRESENT, "botox in May", 2, 14, (date(2026, 5, 1), date(2026, 5,
    31)), 34.0,
    False, False, True, "Q7_recent_procedures",
)  # fmt: skip


@pytest.mark.parametrize(
    "finding", [FULL, Finding("pregnancy"), Finding(None, assertion=POSSIBLE, group="Q6_medicines")]
)
def test_a_finding_survives_json(finding: Finding) -> None:
    assert Finding.from_dict(json.loads(json.dumps(finding.to_dict()))) == finding


def test_dates_travel_as_iso_text() -> None:
    assert FULL.to_dict()["when"] == ["2026-05-01", "2026-05-31"]


def test_unknown_keys_of_an_older_record_are_ignored() -> None:
    assert Finding.from_dict({"condition": "pregnancy", "at": 1.0, "superseded": False}) == Finding(
        "pregnancy"
    )


def test_an_unknown_assertion_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'maybe'; one of present, absent"):
        Finding("pregnancy", assertion="maybe")


def test_a_date_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError):
        Finding.from_dict({"condition": "pregnancy", "when": ["May", "June"]})


@pytest.mark.parametrize("assertion", ASSERTIONS)
def test_only_present_and_possible_bear_on_the_verdict_now(assertion: str) -> None:
    assert Finding("pregnancy", assertion=assertion).surfaced == (assertion in (PRESENT, POSSIBLE))


@pytest.mark.parametrize("assertion", [ABSENT, PAST])
def test_an_emergency_always_bears_on_the_verdict(assertion: str) -> None:
    assert Finding(None, assertion=assertion, emergency=True).surfaced
