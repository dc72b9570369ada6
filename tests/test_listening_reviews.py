"""Health questions and drug reviews: courses told from start to end, other people by name, side effects."""

from __future__ import annotations

from datetime import date

import pytest

from candidacy.findings import ABSENT, HYPOTHETICAL, OTHER_PERSON, PAST, POSSIBLE, PRESENT
from candidacy.listening import listen

TODAY = date(2026, 11, 22)


def heard(text: str, condition: str) -> set:
    return {finding.assertion for finding in listen(text, TODAY) if finding.condition == condition}


def test_an_end_told_two_sentences_later_ends_the_course() -> None:
    assert heard("Xarelto, half a year. Nosebleeds. Final tablet in May 2024.", "anticoagulant") == {PAST}


def test_an_end_that_is_only_wondered_about_ends_nothing() -> None:
    assert heard("Xarelto, half a year. Nosebleeds. Should I have stopped it?", "anticoagulant") == {PRESENT}


def test_a_last_tablet_of_this_morning_goes_on() -> None:
    assert heard("Xarelto for my leg. Last tablet this morning.", "anticoagulant") == {PRESENT}


def test_a_course_at_an_age_counts_from_the_age_told() -> None:
    assert heard("I'm 34. Roaccutane at 16.", "isotretinoin_recent") == {PAST}
    assert heard("I'm 34. Roaccutane at 34.", "isotretinoin_recent") == {PRESENT}


def test_the_date_put_right_is_the_one_that_counts() -> None:
    assert heard("had filler last October, I mean October of 2023", "recent_filler") == {PAST}


def test_the_later_of_two_rounds_counts() -> None:
    assert heard("Roaccutane in 2011 and again in 2026", "isotretinoin_recent") != {PAST}


def test_pimples_that_never_came_back_are_over() -> None:
    assert PRESENT not in heard("Pimples all over my chin in spring. Cleared up and never came back.", "active_acne")


@pytest.mark.parametrize(
    "text",
    [
        "Nadia had Dysport in her chin on Monday",
        "Zoloft is mine, the Dysport was my cousin",
        "a guest who had botox on Monday sat beside me",
    ],
)
def test_another_person_is_heard_by_name_or_place(text: str) -> None:
    assert PRESENT not in heard(text, "recent_botulinum")


def test_borrowed_tablets_are_taken_by_the_one_who_borrows() -> None:
    assert OTHER_PERSON not in heard("i took my cousin's spare roaccutane all week", "isotretinoin_recent")


def test_a_question_about_a_child_books_nobody() -> None:
    assert heard("My son is 5. Will he be epileptic?", "under_age") == set()
    assert heard("My son is 15. Can he have it?", "under_age") == {PRESENT}


def test_a_medicine_beside_another_may_be_taken() -> None:
    assert heard("can i take a cough syrup with Eliquis", "anticoagulant") == {POSSIBLE}
    assert heard("can i take Eliquis with food", "anticoagulant") == {HYPOTHETICAL}


def test_who_asks_for_a_refill_takes_it() -> None:
    assert heard("Where do I get a refill of warfarin abroad?", "anticoagulant") == {PRESENT}


def test_what_a_medicine_does_is_no_illness() -> None:
    assert PRESENT not in heard("ramipril gave me a dry cough", "acute_illness")


def test_a_drug_named_by_what_it_treats_is_not_the_illness() -> None:
    assert PRESENT not in heard("it is a cancer drug but I get it for my knees", "chemo_radiation")


def test_a_doctor_who_says_no_denies_the_illness_and_forbids_the_substance() -> None:
    assert heard("the rheumatologist says no lupus", "autoimmune_connective_tissue") == {ABSENT}
    assert PRESENT in heard("the clinic said no albumin after my hives", "albumin_allergy")


def test_a_later_metal_of_the_same_patch_test_counts() -> None:
    found = [f for f in listen("patch test positive for nickel, cobalt and surgical steel", TODAY)]
    assert {f.variant for f in found if f.condition == "metal_allergy"} == {"nickel_or_unclear_metal", None}


def test_tapering_off_a_medicine_still_takes_it() -> None:
    assert heard("tapering off prednisolone", "systemic_steroid") == {PRESENT}
