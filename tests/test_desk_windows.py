"""Preferred times in plain words, and times to offer. The clinic's Sunday is 22 November 2026;
Thursday the 26th is a public holiday.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from candidacy.knowledge import Clinic
from desk.opening import is_open, opening_hours
from desk.windows import Window, offer_windows, read_windows

ZONE = ZoneInfo("America/New_York")
SUNDAY = datetime(2026, 11, 22, 13, 0, tzinfo=ZONE)
SHORT, LONG = {"opens": "09:00", "closes": "17:00"}, {"opens": "09:00", "closes": "19:00"}
CLINIC = Clinic(
    demo=True,
    country="US",
    time_zone="America/New_York",
    hours={
        "monday": SHORT, "tuesday": LONG, "wednesday": SHORT, "thursday": LONG,
        "friday": {"opens": "09:00", "closes": "16:00"}, "saturday": {"opens": "10:00", "closes": "14:00"},
        "sunday": None,
    },
    facts={
        "name": "Clinic", "phone": "1", "emergency_number": "911", "crisis_line": "988", "urgent_care": "the hospital",
    },
)  # fmt: skip


def labels(text: str, now: datetime = SUNDAY) -> list:
    return [window.label for window in read_windows(text, now, CLINIC)]


@pytest.mark.parametrize(
    "text, label",
    [
        ("fri am", "Fri 27 Nov, morning"),
        ("sat 11", "Sat 28 Nov at 11 am"),
        ("friday 11 am", "Fri 27 Nov at 11 am"),
        ("sat 28", "Sat 28 Nov"),
        ("tue 3 people", "Tue 24 Nov"),
    ],
)
def test_a_day_and_an_hour_in_short_keep_the_hour(text: str, label: str) -> None:
    assert labels(text) == [label]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("next Friday afternoon", ["Fri 27 Nov, afternoon"]),
        ("any weekday after 5", ["weekdays after 5 pm"]),
        ("tomorrow at 3", ["Mon 23 Nov at 3 pm"]),
        ("tomorow morning", ["Mon 23 Nov, morning"]),
        ("tues or thurs morning", ["Tue or Thu, morning"]),
        ("not mondays, after 3", ["any day, not Mon, after 3 pm"]),
        ("not tues or thurs, after 4pm", ["any day, not Tue or Thu, after 4 pm"]),
        ("weekdays, not before 3", ["weekdays after 3 pm"]),
        ("not mondays, not after 3", ["any day, not Mon, before 3 pm"]),
        ("not mondays after 3", ["any day, not Mon"]),
        ("mornings", ["mornings"]),
        ("weekends", ["weekends"]),
        ("asap", ["as soon as possible"]),
        ("whenever", ["any time"]),
        ("the 3rd of December", ["Thu 3 Dec"]),
        ("Dec 1st", ["Tue 1 Dec"]),
        ("12/3 at 2:30pm", ["Thu 3 Dec at 2:30 pm"]),
        ("2026-12-03", ["Thu 3 Dec"]),
        ("1/2 at 9", ["Sat 2 Jan at 9 am"]),
        ("the 24th or 25th", ["Tue 24 Nov or Wed 25 Nov"]),
        ("this week except wednesday", ["Mon 23 Nov to Sat 28 Nov, not Wed"]),
        ("next week", ["Mon 23 Nov to Sat 28 Nov"]),
        ("the week after next", ["Mon 30 Nov to Sat 5 Dec"]),
        ("in two weeks", ["Mon 7 Dec to Sat 12 Dec"]),
        ("in 3 days", ["Wed 25 Nov"]),
        ("a week from tuesday", ["Tue 1 Dec"]),
        ("sometime in january", ["January"]),
        ("after december 1", ["after Tue 1 Dec"]),
        ("before friday", ["before Fri 27 Nov"]),
        ("from monday on", ["from Mon 23 Nov"]),
        ("23-27 november mornings", ["Mon 23 Nov to Fri 27 Nov, morning"]),
        ("this weekend", ["Sat 28 Nov or Sun 29 Nov"]),
        ("mon-fri 9-5", ["weekdays, 9 am to 5 pm"]),
        ("mon tue wed", ["Mon to Wed"]),
        ("between 2 and 4 on wednesday", ["Wed 25 Nov, 2 pm to 4 pm"]),
        ("11 to 1 on monday", ["Mon 23 Nov, 11 am to 1 pm"]),
        ("Friday at quarter to eleven", ["Fri 27 Nov at 10:45 am"]),
        ("half past three tomorrow", ["Mon 23 Nov at 3:30 pm"]),
        ("wensday after five thirty", ["Wed 25 Nov after 5:30 pm"]),
        ("friday at noon", ["Fri 27 Nov at noon"]),
        ("evening at 8", ["any day at 8 pm"]),
        ("at 8 in the morning on friday", ["Fri 27 Nov at 8 am"]),
        ("lunchtime", ["any day, noon to 2 pm"]),
        ("after work", ["any day after 5 pm"]),
        ("I get off work at 5", ["any day after 5 pm"]),
        ("weeknights", ["weekdays after 5 pm"]),
        ("every tuesday", ["Tuesdays"]),
    ],
)
def test_one_wish_is_read_and_labelled(text: str, expected: list) -> None:
    assert labels(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("next Friday afternoon or any weekday after 5", ["Fri 27 Nov, afternoon", "weekdays after 5 pm"]),
        ("tues morning or wed afternoon", ["Tue 24 Nov, morning", "Wed 25 Nov, afternoon"]),
        ("Friday morning or afternoon", ["Fri 27 Nov, morning", "Fri 27 Nov, afternoon"]),
        ("mornings or weekends", ["mornings", "weekends"]),
        ("mornings or after 3", ["mornings", "any day after 3 pm"]),
        ("fri after 1 or sat before noon", ["Fri 27 Nov after 1 pm", "Sat 28 Nov before noon"]),
        ("mon morning, tue morning, wed morning, fri morning", [
            "Mon 23 Nov, morning", "Tue 24 Nov, morning", "Wed 25 Nov, morning"]),
        ("friday morning or friday morning", ["Fri 27 Nov, morning"]),
    ],
)  # fmt: skip
def test_several_wishes_become_at_most_three_windows(text: str, expected: list) -> None:
    assert labels(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mondays don't work", ["any day, not Mon"]),
        ("any day but monday", ["any day, not Mon"]),
        ("I'm not free friday", ["any day, not Fri"]),
        ("I can't do mondays but tuesday works", ["Tue 24 Nov"]),
        ("mon or tues, not wed", ["Mon or Tue"]),
        ("weekdays but not monday", ["Tue to Fri"]),
        ("I work weekdays", ["weekends"]),
        ("I work until 5", ["any day after 5 pm"]),
        ("I work 9 to 5", ["any day after 5 pm"]),
        ("not before 10", ["any day after 10 am"]),
        ("anything except mornings", ["any day after noon"]),
        ("any time next week except thursday afternoon", ["Mon 23 Nov to Sat 28 Nov, not Thu"]),
        ("no, friday please", ["Fri 27 Nov"]),
    ],
)
def test_what_does_not_suit_is_left_out(text: str, expected: list) -> None:
    assert labels(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "no", "i don't know", "not sure", "2", "hello there", "31 november", "my phone is 555 010 0142"],
)
def test_words_without_a_time_give_none(text: str) -> None:
    assert labels(text) == []


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("sunday", False),
        ("thursday", False),  # Thanksgiving
        ("25 december", False),
        ("wednesday after 5", False),
        ("tuesday after 5", True),
        ("tuesday at 7pm", False),
        ("saturday afternoon", True),
        ("saturday after 2", False),
        ("monday at 9am", True),
        ("weekdays after 5", True),
        ("mornings at 7", False),
        ("today", False),
        ("whenever", True),
    ],
)
def test_a_window_says_whether_the_clinic_is_open_then(text: str, is_open: bool) -> None:
    (window,) = read_windows(text, SUNDAY, CLINIC)
    assert window.open is is_open


def test_a_time_earlier_today_is_not_open_any_more() -> None:
    monday = datetime(2026, 11, 23, 15, 30, tzinfo=ZONE)
    assert read_windows("today at 4", monday, CLINIC)[0].open
    assert not read_windows("today at 3", monday, CLINIC)[0].open
    assert not read_windows("this morning", monday, CLINIC)[0].open


def test_days_and_parts_are_machine_readable() -> None:
    exact = Window("Mon 23 Nov at 3 pm", ("2026-11-23",), "15:00")
    assert read_windows("tomorrow at 3", SUNDAY, CLINIC) == [exact]
    (window,) = read_windows("any weekday after 5", SUNDAY, CLINIC)
    assert window.days == ("monday", "tuesday", "wednesday", "thursday", "friday")
    assert (window.part, window.start, window.end) == ("evening", "17:00", None)
    assert Window.from_dict({**window.to_dict(), "more": 1}) == window


def test_the_meaning_of_next_and_this_depends_on_the_day() -> None:
    wednesday = datetime(2026, 12, 2, 10, 0, tzinfo=ZONE)
    assert labels("this friday", wednesday) == ["Fri 4 Dec"]
    assert labels("friday", wednesday) == ["Fri 4 Dec"]
    assert labels("next friday", wednesday) == ["Fri 11 Dec"]
    assert labels("wednesday", wednesday) == ["Wed 9 Dec"]
    assert labels("this week", wednesday) == ["Thu 3 Dec or Fri 4 Dec or Sat 5 Dec"]


def test_day_and_month_order_follows_the_country() -> None:
    british = CLINIC.copy(update={"country": "GB"})
    assert [window.label for window in read_windows("5/12", SUNDAY, british)] == ["Sat 5 Dec"]
    assert labels("12/5") == ["Sat 5 Dec"]


def test_the_turn_of_the_year_is_kept() -> None:
    december = datetime(2026, 12, 30, 12, 0, tzinfo=ZONE)
    assert labels("january 5", december) == ["Tue 5 Jan"]
    assert labels("the 5th", december) == ["Tue 5 Jan"]
    assert labels("in december", datetime(2026, 12, 31, 12, 0, tzinfo=ZONE)) == []


@pytest.mark.parametrize("step", range(40))
def test_offers_are_open_days_from_the_next_one_on_and_can_be_read_back(step: int) -> None:
    now = SUNDAY + timedelta(days=step)
    offers = offer_windows(now, CLINIC, 4)
    assert len({offer.days for offer in offers}) == 4
    for offer in offers:
        assert offer.open and opening_hours(date.fromisoformat(offer.days[0]), CLINIC)
        assert date.fromisoformat(offer.days[0]) > now.date()
        assert read_windows(offer.label, now, CLINIC) == [offer]
    assert read_windows(", ".join(offer.label for offer in offers[:3]), now, CLINIC) == offers[:3]


def test_offers_begin_in_the_afternoon_of_the_next_open_day() -> None:
    assert [offer.label for offer in offer_windows(SUNDAY, CLINIC)] == [
        "Mon 23 Nov, afternoon", "Tue 24 Nov, morning", "Wed 25 Nov, afternoon"]  # fmt: skip
    wednesday = SUNDAY + timedelta(days=3)
    assert offer_windows(wednesday, CLINIC)[0].label == "Fri 27 Nov, afternoon"  # Thursday is a holiday


def test_without_opening_hours_nothing_is_offered_and_nothing_called_closed() -> None:
    blank = CLINIC.copy(update={"hours": {}})
    assert offer_windows(SUNDAY, blank) == []
    assert read_windows("sunday", SUNDAY, blank)[0].open


def test_the_clinic_is_open_within_its_hours_only() -> None:
    monday = datetime(2026, 11, 23, 9, 0, tzinfo=ZONE)
    assert is_open(monday, CLINIC) and is_open(monday.replace(hour=16, minute=59), CLINIC)
    assert not is_open(monday.replace(hour=17), CLINIC) and not is_open(SUNDAY, CLINIC)
    assert not is_open(datetime(2026, 11, 26, 12, 0, tzinfo=ZONE), CLINIC)


WORDS = (
    "not except but or and , . after before from between until at in this next week weekend weekdays monday "
    "fridays tomorrow today morning evenings noon 5 5pm 10:30 31 3rd december may 12/3 23 to - whenever asap "
    "any day work don't in a few weeks ish 2026-02-30 0 99 lunch free"
).split()


@settings(max_examples=400, deadline=None)
@example("not weekend weekdays", 0)
@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), st.integers(0, 400))
def test_any_mix_of_time_words_is_read_without_an_error(text: str, days: int) -> None:
    for window in read_windows(text, SUNDAY + timedelta(days=days), CLINIC):
        assert re.fullmatch(r"morning|afternoon|evening|any|\d\d:\d\d", window.part)
        assert window.label and window.label.isascii()
        for clock in (window.start, window.end):
            assert clock is None or re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", clock)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=120))
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert len(read_windows(text, SUNDAY, CLINIC)) <= 3
