"""Medicines as people name them: brands of other countries, doses, reasons, ways of giving, swaps."""

from __future__ import annotations

from datetime import date

import pytest

from candidacy.findings import ABSENT, PAST, POSSIBLE, PRESENT
from candidacy.listening import listen

TODAY = date(2026, 11, 22)


def heard(text: str, condition: str) -> set:
    return {finding.assertion for finding in listen(text, TODAY) if finding.condition == condition}


@pytest.mark.parametrize(
    "text, condition",
    [
        ("Acitrom 2 mg every evening", "anticoagulant"),
        ("Clopilet for my stent", "antiplatelet_nsaid"),
        ("Izotek 20, week six", "isotretinoin_recent"),
        ("Stieva-A before bed", "topical_retinoid"),
        ("omnacortil 10 each morning", "systemic_steroid"),
        ("Zerodol-MR this week", "muscle_relaxant_or_nm_blocker"),
        ("Eptoin since school", "seizure_disorder"),
    ],
)
def test_brands_of_other_countries_are_heard(text: str, condition: str) -> None:
    assert heard(text, condition) == {PRESENT}


def test_a_short_name_counts_only_with_a_dose() -> None:
    assert heard("ami 10 at bedtime", "anticholinergic") == {PRESENT}
    assert heard("my friend Ami told me about you", "anticholinergic") == set()


@pytest.mark.parametrize(
    "text, condition",
    [
        ("lamotrigine keeps my mood level, for bipolar", "seizure_disorder"),
        ("mounjaro, just for slimming", "diabetes_uncontrolled"),
        ("letrozole on cycle day 3", "chemo_radiation"),
        ("budesonide up each nostril", "systemic_steroid"),
        ("diclofenac gel on a sprain", "antiplatelet_nsaid"),
        ("aspirin brings me out in hives", "antiplatelet_nsaid"),
    ],
)
def test_another_use_or_way_of_giving_tells_nothing_of_the_condition(text: str, condition: str) -> None:
    assert heard(text, condition) & {PRESENT, POSSIBLE} == set()


def test_a_reason_that_is_denied_is_no_reason() -> None:
    assert heard("topiramate, not for migraine", "seizure_disorder") == {PRESENT}


def test_something_against_clots_without_a_name_is_asked_about() -> None:
    assert POSSIBLE in heard("some capsule that keeps a clot from coming back", "anticoagulant")
    assert heard("a capsule for thinning hair", "anticoagulant") == set()


def test_the_second_of_two_swapped_medicines_is_taken_now() -> None:
    assert PRESENT in heard("they swapped me from warfarin to edoxaban in March", "anticoagulant")


def test_the_first_of_two_swapped_medicines_is_over() -> None:
    assert heard("Vesicare parched me and I was moved onto Betmiga", "anticholinergic") == {PAST}


def test_the_date_of_an_operation_is_not_the_last_dose() -> None:
    assert heard("Advagraf 3mg, liver 2014", "immunosuppression") == {PRESENT}


def test_a_course_until_next_month_is_running() -> None:
    assert heard("Innohep once a day until January", "anticoagulant") == {PRESENT}


def test_years_since_a_medicine_count_from_its_end() -> None:
    assert heard("three years free since Oratane", "isotretinoin_recent") == {PAST}


def test_a_medicine_that_was_turned_down_is_not_taken() -> None:
    assert heard("the clinic suggested Roaccutane and I said no", "isotretinoin_recent") == {ABSENT}


def test_a_plan_with_an_if_stays_a_plan() -> None:
    assert PRESENT not in heard("thinking about Zenatane when the cream fails", "isotretinoin_recent")
    assert heard("valaciclovir when it tingles", "herpes_simplex") == {PRESENT}


def test_a_medicine_asked_about_and_then_told_is_taken() -> None:
    assert PRESENT in heard("Does Tegretol matter? I have been on it for ages", "seizure_disorder")


def test_an_infusion_of_some_months_ago_still_acts() -> None:
    assert heard("Ocrevus, last infusion was in August", "immunosuppression") == {PRESENT}


@pytest.mark.parametrize("text", ["my name is Travis", "Imran from Brixton", "two bookings please", "minomycin cream"])
def test_names_and_other_medicines_are_not_bent_to_a_drug(text: str) -> None:
    found = {finding.condition for finding in listen(text, TODAY)}
    assert not found & {"anticholinergic", "immunosuppression", "chemo_radiation", "anticoagulant"}
