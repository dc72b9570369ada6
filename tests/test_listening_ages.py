"""Ages of the person to be treated, and figures that are none."""

from datetime import date

import pytest

from candidacy.listening import listen

TODAY = date(2026, 11, 22)


def ages(text):
    return [(f.quantity, f.assertion, f.variant) for f in listen(text, TODAY) if f.condition == "under_age"]


@pytest.mark.parametrize(
    "text, years",
    [
        ("I'm 17", 17),
        ("17f", 17),
        ("f 17", 17),
        ("M/16 here", 16),
        ("im sixteen", 16),
        ("15 y/o girl", 15),
        ("i am a very shy 14 year old boy", 14),
        ("17 and a half years old", 17.5),
        ("turning 18 next month", 17),
        ("almost 18", 17),
        ("18 next week", 17),
        ("born in 2011", 15),
        ("my 15 yr old daughter wants it", 15),
        ("my nephew (16) would like to book", 16),
        ("can my son come, he is 17", 17),
    ],
)
def test_under_18_is_heard_however_it_is_put(text, years):
    assert ages(text) == [(years, "present", "under_18")]


@pytest.mark.parametrize(
    "text", ["I'm a minor", "still in high school", "im in year 11", "my teen wants this"]
)
def test_under_18_is_heard_without_a_figure(text):
    assert ages(text) == [(None, "present", "under_18")]


@pytest.mark.parametrize("text, years", [("just turned 18", 18), ("im twenty one", 21), ("F/19", 19)])
def test_18_to_21_is_the_provider_s_case(text, years):
    assert ages(text) == [(years, "present", "18_to_21")]


@pytest.mark.parametrize(
    "text", ["I'm 45", "in my 40s", "38 yo male", "I am sixty two years old", "born in 1970"]
)
def test_a_grown_up_age_is_heard_as_absent(text):
    assert [a[1] for a in ages(text)] == ["absent"]


@pytest.mark.parametrize(
    "text",
    [
        "18 weeks pregnant",
        "20 units in my forehead",
        "21 days ago",
        "it began when I was 17",
        "I have a 16 year old at home",
        "my marks are 15 years old",
        "people say I look 18",
        "is it $18",
        "see you at 17:00",
        "married 20 years",
        "I'm 17 weeks post op",
        "I'm a mum of a 16 year old",
        "two kids under 18",
        "acne since middle school",
        "i am 5 ft 6",
        "100 mg a day",
        "would you give me 20 quid off",
        "it cost me 19 euros",
    ],
)
def test_figures_that_are_no_age_of_the_speaker_are_left_alone(text):
    assert ages(text) == []
