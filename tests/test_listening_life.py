"""Pregnancy, feeding, trying for a baby, school years and named days, in words that do not name them."""

from datetime import date

import pytest

from candidacy.listening import listen
from candidacy.listening.holidays import named_day, season_days

TODAY = date(2026, 11, 22)


def heard(text: str, condition: str) -> list:
    return [f.assertion for f in listen(text, TODAY) if f.condition == condition]


@pytest.mark.parametrize(
    "text, assertion",
    [
        ("33+2 today and my skin is a mess", "possible"),
        ("notes say 27w4d", "present"),
        ("G2P1, cycle regular until june", "possible"),
        ("hcg positive on monday", "present"),
        ("would being 9 weeks be an issue", "present"),
        ("dating scan on friday", "present"),
        ("the cravings are mad and the midwife comes thursday", "possible"),
        ("only 7 weeks so nobody knows, ultrasound on friday", "possible"),
        ("four days late and too nervous to test", "possible"),
    ],
)
def test_a_pregnancy_is_heard_without_the_word(text: str, assertion: str) -> None:
    assert assertion in heard(text, "pregnancy")


@pytest.mark.parametrize(
    "text",
    [
        "10 weeks ago I had a scan of my knee",
        "my sister has cravings and her midwife is lovely",
        "our surrogate is doing great",
        "I paid for 2+2 areas",
        "expecting great skin from this",
        "no period for years, had a hysterectomy",
        "vasectomy done, so if I'm pregnant it's a miracle",
        "would it harm someone if they are 9 weeks",
    ],
)
def test_what_sounds_like_a_pregnancy_is_none(text: str) -> None:
    assert not {"present", "possible"} & set(heard(text, "pregnancy"))


@pytest.mark.parametrize(
    "text",
    [
        "still feeding him twice a night",
        "is it ok while nursing? our newborn wakes a lot",
        "she won't settle unless she's on the boob",
        "I express for my preemie every three hours",
        "hoping to wean by christmas",
    ],
)
def test_feeding_is_told_of_the_baby_and_meant_of_the_mother(text: str) -> None:
    assert heard(text, "breastfeeding") == ["present"]


@pytest.mark.parametrize("text", ["I'm a lactation nurse", "had my baby in may, formula fed from birth"])
def test_feeding_by_trade_or_by_bottle_is_no_breastfeeding(text: str) -> None:
    assert not {"present", "possible"} & set(heard(text, "breastfeeding"))


def test_a_pill_stopped_for_a_sibling_is_trying_and_a_pill_stopped_for_acne_is_not() -> None:
    assert heard("stopped the pill in may because we'd like a sibling for Tom", "trying_to_conceive") == [
        "present"
    ]
    assert heard("stopped the pill in may because of my skin", "trying_to_conceive") == []


@pytest.mark.parametrize(
    "text", ["please don't ask me whether I'm pregnant", "just skip the pregnancy question"]
)
def test_a_pregnancy_that_is_not_to_be_asked_about_stays_open(text: str) -> None:
    assert heard(text, "pregnancy") == ["possible"]


@pytest.mark.parametrize(
    "text, assertion",
    [
        ("my seventeenth birthday is next week", "present"),
        ("I'll be 18 in february", "present"),
        ("19 going on 40", "present"),
        ("sitting my leaving cert next summer", "possible"),
        ("mum will sign for me, it's before my formal", "possible"),
        ("my age is none of your business", "possible"),
        ("a lady never tells", "possible"),
    ],
)
def test_youth_and_ages_kept_back_are_heard(text: str, assertion: str) -> None:
    assert heard(text, "under_age") == [assertion]


@pytest.mark.parametrize(
    "text", ["I teach leaving cert biology", "I'm 34 in good health", "sat my a levels in 1999"]
)
def test_schools_of_others_and_of_long_ago_are_no_youth(text: str) -> None:
    assert not {"present", "possible"} & set(heard(text, "under_age"))


@pytest.mark.parametrize(
    "text, first, last",
    [
        ("botox on anzac day", (2026, 4, 25), (2026, 4, 25)),
        ("botox a month before halloween", (2026, 9, 30), (2026, 9, 30)),
        ("botox two saturdays ago", (2026, 11, 14), (2026, 11, 14)),
        ("botox in autumn of '24", (2024, 9, 1), (2024, 11, 30)),
        ("botox at diwali last year", (2025, 10, 20), (2025, 10, 22)),
        ("had botox the friday before last", (2026, 11, 6), (2026, 11, 13)),
        ("day 4 after botox", (2026, 11, 18), (2026, 11, 18)),
    ],
)
def test_named_days_are_days_of_the_calendar(text: str, first: tuple, last: tuple) -> None:
    when = [f.when for f in listen(text, TODAY) if f.condition == "recent_botulinum"]
    assert when == [(date(*first), date(*last))]


def test_thanksgiving_may_be_the_canadian_one_and_winter_the_southern_one() -> None:
    assert named_day("thanksgiving", TODAY) == (date(2025, 11, 27), date(2026, 10, 12))
    assert season_days("winter", TODAY, over=True, south=True) == (date(2025, 12, 1), date(2026, 8, 31))
    assert season_days("winter", TODAY, over=True, south=False) == (date(2025, 12, 1), date(2026, 2, 28))
