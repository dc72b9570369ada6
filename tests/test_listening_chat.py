"""Hurried chat wording: clipped endings, coming dates, dialect, namesakes, hidden distress."""

from __future__ import annotations

from datetime import date

import pytest

from candidacy.listening import listen

TODAY = date(2026, 11, 22)


def heard(text: str) -> set[tuple[object, str]]:
    return {(f.condition, f.assertion) for f in listen(text, TODAY)}


@pytest.mark.parametrize(
    "said, expected",
    [
        ("knee op under general on the 9th of december", ("muscle_relaxant_or_nm_blocker", "future")),
        ("amikacin through my line till 12 december", ("aminoglycoside", "present")),
        ("gives me bladder botox every 16 weeks, my next is 9 dec", ("recent_botulinum", "present")),
        ("date of birth 9/2/10", ("under_age", "present")),
        ("breastfeedin my wee girl", ("breastfeeding", "present")),
        ("traded rivaroxaban for apixaban in 2024", ("anticoagulant", "present")),
        ("22wks and no prosecco for me at the party", ("pregnancy", "possible")),
        ("no epilepsy. well. once. in 2020", ("seizure_disorder", "possible")),
        ("mi modda pon warfarin", ("anticoagulant", "other_person")),
        ("my little one has psoriasis, can i hold him after", ("inflammatory_dermatosis", "other_person")),
    ],
)
def test_chat_wording_is_heard(said: str, expected: tuple[str, str]) -> None:
    assert expected in heard(said)


@pytest.mark.parametrize(
    "said",
    [
        "we named our puppy Prozac and the kitten Warfarin",
        "your strobe light would give anyone a seizure",
        "hand on heart, no tablets at all",
        "egg collection was planned for spring but it is over, we stopped",
        "I'm a grown man, why does it ask if I am breastfeeding",
    ],
)
def test_a_name_a_joke_or_a_plan_given_up_is_no_finding(said: str) -> None:
    assert not [f for f in listen(said, TODAY) if f.surfaced]


@pytest.mark.parametrize(
    "said",
    [
        "can't see much reason in being around any more",
        "I am cutting again, worse since october",
        "his words sound drunk since the session today",
    ],
)
def test_quiet_distress_and_drunken_speech_are_urgent(said: str) -> None:
    assert any(f.emergency for f in listen(said, TODAY))


def test_mine_after_a_question_about_it_tells_of_the_speaker() -> None:
    found = listen("does rosacea always get into the eyes? mine started on my nose", date(2026, 11, 22))
    assert [(f.condition, f.assertion) for f in found] == [("inflammatory_dermatosis", "present")]


def test_counting_the_tablets_one_has_there_is_a_cry_for_help() -> None:
    found = listen("i got a bottle of pills here and i keep counting them", date(2026, 11, 22))
    assert [f.self_harm for f in found] == [True]
