"""`make mutate` can tell: a broken mechanism or rule is noticed, a change that changes nothing is not."""

from __future__ import annotations

import pytest

from benchmarks.cases import Case
from benchmarks.mutants import Mutant, of_listening
from benchmarks.mutate import Report, play, show
from benchmarks.rule_mutants import of_rules, shown_by
from candidacy.knowledge import load

DENIED: Case = {
    "name": "denied", "said": "I am not pregnant", "absent": ["pregnancy"], "mechanism": "negation"
}  # fmt: skip
TOLD: Case = {
    "name": "told", "said": "I am pregnant", "outcome": "contraindicated", "mechanism": "name"
}  # fmt: skip
SMALL_TALK: Case = {
    "name": "small talk", "said": "lovely weather", "outcome": "no_flag", "mechanism": "look_alike"
}  # fmt: skip


def _mutant(what: str) -> Mutant:
    mutants = [*of_listening(load()), *of_rules(load().rulebook)]
    return next(mutant for mutant in mutants if mutant.what == what)


def _play(*mutants: Mutant) -> Report:
    return play([("x", case) for case in (DENIED, TOLD, SMALL_TALK)], mutants, load())


@pytest.mark.parametrize(
    "what, broken",
    [
        ("denials unheard", {"denied"}),
        ("no name is known", {"told"}),
        ("pregnancy is left out", {"told"}),
        ("pregnancy: contraindicated becomes defer", {"told"}),
        ("keloid_tendency is left out", set()),
    ],
)
def test_a_mutant_breaks_the_cases_that_are_about_it_and_no_others(what: str, broken: set) -> None:
    report = _play(_mutant(what))
    assert set().union(*report.caught.values()) == broken
    assert bool(report.survivors) == (not broken)


def test_a_neutral_mutant_survives() -> None:
    rules = [rule.copy(update={"rationale": "something else"}) for rule in load().rulebook.rules]
    neutral = Mutant("rule", "neutral", book=load().rulebook.copy(update={"rules": rules}))
    assert _play(neutral).survivors == ["rule: neutral"]


def test_idle_and_mislabelled_cases_are_named() -> None:
    wrong = {**DENIED, "name": "wrong label", "mechanism": "person"}
    report = play([("x", case) for case in (wrong, SMALL_TALK)], [_mutant("denials unheard")], load())
    assert report.idle == ["small talk"]
    assert report.mislabelled == {"wrong label": ["negation: denials unheard"]}
    assert not show(report)


def test_a_case_that_fails_as_things_are_is_told_apart() -> None:
    failing = {**TOLD, "name": "failing", "outcome": "defer"}
    report = play([("x", failing)], [_mutant("no name is known")], load())
    assert list(report.broken) == ["failing"]
    assert not show(report)


def test_everything_is_put_back_after_a_mutant() -> None:
    _play(_mutant("everybody is the speaker"), _mutant("ages unheard"))
    assert not _play().broken


def test_a_mutant_that_no_finding_shows_is_known_to_be_one() -> None:
    book = load().rulebook
    assert shown_by(_mutant("pregnancy is left out"), book)
    assert not shown_by(Mutant("rule", "nothing changed", book=book, rule="pregnancy"), book)
