"""Kinds of wording that real messages use: denials of something else, toxin by its units, doubts, questions with a tail."""

from __future__ import annotations

from datetime import date

import pytest

from candidacy.listening import listen

TODAY = date(2026, 11, 22)


def heard(text: str, condition: str) -> list[str]:
    """The assertions of one condition in a message."""
    return [found.assertion for found in listen(text, TODAY) if found.condition == condition]


@pytest.mark.parametrize(
    "text, condition",
    [
        ("my mum is not coping with her nerves but I am not coping with lupus", "autoimmune_connective_tissue"),
        ("I am not very well with my scleroderma this month", "autoimmune_connective_tissue"),
        ("not working at the moment because of myasthenia gravis", "neuromuscular_disorder"),
        ("the ms is quiet for now", "neuromuscular_disorder"),
        ("caught a cold", "acute_illness"),
        ("my molar aches and one side of my jaw is puffy", "acute_illness"),
        ("is roaccutane 2 months ago too soon", "isotretinoin_recent"),
        ("isotretinoin 2 months ago, fine or no", "isotretinoin_recent"),
        ("could my daughter in law book botox she is breastfeeding", "breastfeeding"),
        ("a lip filler not realising I was pregnant", "pregnancy"),
        ("my son is 15 and wants it", "under_age"),
        ("asking for my nefew, 17 in june", "under_age"),
        ("would methylprednisolone 16 mg a day thin my skin", "systemic_steroid"),
        ("eyebrows tattoed ten days ago", "tattoo_permanent_makeup"),
        ("only a baby asprin and a water pill", "antiplatelet_nsaid"),
        ("my last jab in the frown was six weeks ago", "recent_botulinum"),
        ("had an operation five years ago, but we want to conceive now", "trying_to_conceive"),
    ],
)
def test_what_is_told_in_passing_is_present(text: str, condition: str) -> None:
    assert "present" in heard(text, condition)


@pytest.mark.parametrize(
    "text, condition",
    [
        ("never diagnosed with lupus, and not living with any of it", "autoimmune_connective_tissue"),
        ("I was not diagnosed with scleroderma", "autoimmune_connective_tissue"),
        ("xarelto ok or no", "anticoagulant"),
        ("I do not know much about microbotox", "recent_botulinum"),
        ("my ekg was normal", "cardiovascular_disease"),
        ("a cold shower helps", "acute_illness"),
        ("do you work in units of 5 for a forehead", "recent_botulinum"),
        ("topamax for my migrane, not for seizures", "seizure_disorder"),
    ],
)
def test_what_is_not_told_of_the_speaker_is_no_disclosure(text: str, condition: str) -> None:
    assert not {"present", "possible"} & set(heard(text, condition))


def test_a_question_with_or_no_behind_it_denies_nothing() -> None:
    assert heard("xarelto ok or no", "anticoagulant") == ["hypothetical"]


@pytest.mark.parametrize(
    "text, condition",
    [
        ("scared that I am pregnant", "pregnancy"),
        ("I have the coil but cannot tell if I am pregnant", "pregnancy"),
        ("29 weeks and waddling", "pregnancy"),
        ("my husband and I thought I was pregnant", "pregnancy"),
        ("a positive pregnancy test and sickness ten days ago but not since", "pregnancy"),
        ("tiny blisters all along my lip", "herpes_simplex"),
        ("this sore on my chin has not healed in weeks", "skin_cancer_or_lesion"),
        ("I have a milk sensitivity", "cows_milk_protein_allergy"),
        ("they said my ecg was abnormal", "cardiovascular_disease"),
    ],
)
def test_a_doubt_stays_a_doubt(text: str, condition: str) -> None:
    assert "possible" in heard(text, condition)


@pytest.mark.parametrize(
    "text, condition, assertion",
    [
        ("side effects of apixaban", "anticoagulant", "hypothetical"),
        ("apixaban side effects", "anticoagulant", "hypothetical"),
        ("eyebrow tattoo aftercare", "tattoo_permanent_makeup", "hypothetical"),
        ("apixaban, side effects?", "anticoagulant", "present"),
        ("got bad side effects of apixaban", "anticoagulant", "present"),
        ("side effects of my apixaban", "anticoagulant", "present"),
        ("on apixaban side effects are mild", "anticoagulant", "present"),
    ],
)
def test_a_title_tells_of_nobody_until_somebody_is_named(text: str, condition: str, assertion: str) -> None:
    assert heard(text, condition) == [assertion]


@pytest.mark.parametrize(
    "text, condition",
    [
        ("the booking code is K7M-31QD", "under_age"),
        ("what is 6 times 9 plus 3", "pregnancy"),
        ("i would like to get microneedling for my cheeks", "recent_laser_peel_surgery"),
        ("I want do botox for oily skin", "recent_botulinum"),
        ("can you book me for botox on thursday", "recent_botulinum"),
        ("why should I avoid cut price botox", "toxin_hypersensitivity"),
    ],
)
def test_what_is_neither_an_age_nor_a_treatment_to_come_is_not_heard(text: str, condition: str) -> None:
    assert heard(text, condition) == []


def test_a_laugh_takes_no_emergency_back() -> None:
    assert any(found.emergency for found in listen("i cant breathe lol", TODAY))


@pytest.mark.parametrize("text", ["one half of my mouth suddenly slack", "my words sound like porridge suddenly"])
def test_a_slack_mouth_and_lost_speech_are_emergencies(text: str) -> None:
    assert any(found.emergency for found in listen(text, TODAY))


def test_the_second_medicine_of_a_list_is_taken_as_the_first() -> None:
    text = "can i have this on xarelto and clopidogrel"
    assert heard(text, "anticoagulant") == heard(text, "antiplatelet_nsaid") == ["present"]


@pytest.mark.parametrize("text", ["28 units five weeks ago", "the nurse did between my brows three weeks ago"])
def test_toxin_is_heard_by_its_units_and_its_places(text: str) -> None:
    assert "present" in heard(text, "recent_botulinum")


def test_a_cold_sore_of_today_is_an_outbreak() -> None:
    found = listen("they say it is oral herpes, there is a cold sore now", TODAY)
    assert "outbreak_now" in [one.variant for one in found if one.condition == "herpes_simplex"]


def test_hives_all_over_are_a_sign_to_act_on() -> None:
    assert "present" in heard("I am covered in hives since my needling", "toxin_hypersensitivity")
