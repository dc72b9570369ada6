"""What somebody who comes back is read back, and what she is asked again."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Dict, Optional, Sequence

import pytest

from candidacy.answers import AGAIN, CHANGED, REST, STILL, WHEN, interpret
from candidacy.findings import ABSENT, PAST, POSSIBLE, Finding
from candidacy.knowledge import GROUPS, load
from candidacy.record import Record
from candidacy.returning import (
    Again,
    Told,
    asked_again,
    is_old,
    may_be_new,
    next_question,
    says_unchanged,
    told,
)
from candidacy.screening import NO, SKIPPED, UNSURE, YES, assess

HOUR = 3600.0
AGE, PREGNANCY, NERVES, ALLERGY, SKIN, MEDICINES, RECENT, OTHER = GROUPS
THEN = date(2026, 11, 22)
ALL_NO = {AGE: YES, **dict.fromkeys(GROUPS[1:], NO)}
AT, LATER = 1000.0, 1000.0 + 48 * HOUR

ACCUTANE = Finding("isotretinoin_recent", text="accutane", when=(date(2026, 6, 1), date(2026, 6, 30)))
FILLER = Finding("recent_filler", text="filler", when=(date(2026, 11, 12), date(2026, 11, 12)))
ELIQUIS = Finding("anticoagulant", text="Eliquis")
PREGNANT = Finding("pregnancy", text="pregnant")
KELOID = Finding("keloid_tendency", text="keloids")
AGED = Finding("under_age", assertion=ABSENT, text="34", quantity=34.0)


def heard(*findings: Finding, at: float = AT) -> Record:
    return Record().hear(findings, at)


def again_for(record: Record, answers: Dict[str, str], today: date) -> Dict[str, Again]:
    return asked_again(record, answers, LATER, THEN, today)


# ---- When it is old ----


def test_what_was_told_a_day_ago_is_old_and_what_was_told_today_is_not() -> None:
    assert not is_old(None, LATER)
    assert not is_old(LATER - 24 * HOUR, LATER)
    assert is_old(LATER - 24 * HOUR - 1, LATER)


# ---- What is asked again ----


@pytest.mark.parametrize(
    "finding, group",
    [(ACCUTANE, MEDICINES), (FILLER, RECENT), (PREGNANT, PREGNANCY), (Finding("chemo_radiation"), OTHER)],
)
def test_a_deferral_opens_its_own_question_and_those_that_may_change(finding: Finding, group: str) -> None:
    again = again_for(heard(finding), {**ALL_NO, group: YES}, date(2026, 11, 24))
    assert set(again) == {PREGNANCY, SKIN, MEDICINES, RECENT, group}
    assert again[group].about == (finding.condition,)
    assert all(not one.about for other, one in again.items() if other != group)


def test_age_nerves_allergies_and_other_health_are_never_asked_again() -> None:
    nerves = Finding("neuromuscular_disorder", text="myasthenia")
    record = heard(ACCUTANE, nerves, KELOID, Finding("metal_allergy"), Finding("diabetes_uncontrolled"), AGED)
    answers = dict.fromkeys(GROUPS, YES)
    again = again_for(record, answers, date(2027, 6, 1))
    assert not {AGE, NERVES, ALLERGY, OTHER} & set(again)
    assert again[SKIN].about == ()


def test_without_a_deferral_nothing_is_asked_again_until_the_answers_are_very_old() -> None:
    record, answers = heard(ELIQUIS), {**ALL_NO, MEDICINES: YES}
    assert again_for(record, answers, THEN + timedelta(days=27)) == {}
    assert set(again_for(record, answers, THEN + timedelta(days=28))) == {PREGNANCY, SKIN, MEDICINES, RECENT}


def test_what_was_told_in_this_visit_is_not_asked_about_again() -> None:
    assert again_for(heard(ACCUTANE, at=LATER + 1), ALL_NO, date(2026, 11, 24)) == {}


def test_a_disclosure_without_an_answer_is_asked_about_and_then_all_the_rest_of_its_question() -> None:
    again = again_for(heard(FILLER), {}, date(2026, 11, 24))
    assert again == {RECENT: Again(None, ("recent_filler",), f"{REST}:{RECENT}")}


@pytest.mark.parametrize("answer, unnamed", [(UNSURE, False), (SKIPPED, False), (YES, True)])
def test_an_open_answer_is_asked_in_full(answer: str, unnamed: bool) -> None:
    again = again_for(heard(FILLER), {**ALL_NO, RECENT: YES, MEDICINES: answer}, date(2026, 11, 24))
    assert again[MEDICINES] == Again(answer, (), f"{REST}:{MEDICINES}", unnamed)


def test_a_past_event_whose_wait_was_over_then_is_not_asked_about() -> None:
    old = Finding("recent_botulinum", assertion=PAST, when=(date(2025, 1, 1), date(2025, 1, 31)))
    again = again_for(heard(old, PREGNANT), {**ALL_NO, PREGNANCY: YES, RECENT: YES}, date(2026, 12, 24))
    assert again[RECENT].about == ()


# ---- In which order ----


def test_first_what_stopped_her_then_what_may_be_new() -> None:
    again, asked = Again(YES, ("isotretinoin_recent", "anticoagulant"), f"{CHANGED}:{MEDICINES}"), []
    record = heard(ACCUTANE, ELIQUIS)
    while True:
        question = next_question(MEDICINES, again, record, asked, LATER)
        if question is None:
            break
        asked.append(question)
    assert asked == [f"{AGAIN}:isotretinoin_recent", f"{STILL}:anticoagulant", f"{CHANGED}:{MEDICINES}"]


def test_what_she_brought_up_herself_in_this_visit_is_not_asked() -> None:
    again = Again(YES, ("pregnancy",), f"{CHANGED}:{PREGNANCY}")
    record = heard(PREGNANT).hear([Finding("pregnancy", assertion=PAST)], LATER, corrects=True)
    assert next_question(PREGNANCY, again, record, [], LATER - 1) == f"{CHANGED}:{PREGNANCY}"


def test_a_question_with_nothing_new_left_to_ask_is_through() -> None:
    again = Again(YES, ("pregnancy",), f"{CHANGED}:{PREGNANCY}")
    record = heard(Finding("breastfeeding"), Finding("trying_to_conceive"), at=LATER)
    assert may_be_new(PREGNANCY, again, record) == []
    assert next_question(PREGNANCY, again, record, [f"{STILL}:pregnancy"], LATER) is None


def test_what_lasts_is_never_among_what_may_be_new() -> None:
    for group in load().rulebook.returning.questions:
        assert not {"keloid_tendency", "bleeding_disorder"} & set(may_be_new(group, Again(NO), Record()))


def test_again_survives_json() -> None:
    one = Again(YES, ("pregnancy",), f"{CHANGED}:{PREGNANCY}", True)
    assert Again.from_dict(one.to_dict()) == one


# ---- What is read back ----


def test_everything_is_read_back_where_nothing_is_asked_again() -> None:
    record = heard(AGED, ELIQUIS, Finding("active_acne", assertion=POSSIBLE))
    answers = {**ALL_NO, MEDICINES: YES, SKIN: UNSURE, OTHER: YES, RECENT: SKIPPED}
    read = told(record, answers, {}, LATER)
    assert read.age == 34 and [f.text for f in read.heard] == ["Eliquis"]
    assert [f.condition for f in read.doubted] == ["active_acne"]
    assert read.named == (OTHER,) and read.open == (SKIN, RECENT)
    assert read.denied == (PREGNANCY, NERVES, ALLERGY) and read.nothing_else


def test_what_is_asked_anyway_is_not_read_back_before_it() -> None:
    record, answers = heard(ACCUTANE, KELOID, AGED), {**ALL_NO, MEDICINES: YES, SKIN: YES}
    again = again_for(record, answers, date(2026, 11, 24))
    left = {group: answer for group, answer in answers.items() if group not in again}
    read = told(record, left, again, LATER)
    assert [f.condition for f in read.heard] == ["keloid_tendency"]
    assert read.denied == (NERVES, ALLERGY, OTHER) and read.denied_rules == ("bleeding_disorder",)
    assert not read.nothing_else


def test_an_unanswered_question_reads_its_disclosure_back_itself_but_a_booking_asks_none() -> None:
    assert not told(heard(ELIQUIS), {}, {}, LATER)
    assert told(heard(ELIQUIS), {}, {}, LATER, everything=True).heard == (ELIQUIS,)


def test_what_was_told_in_this_visit_is_not_read_back() -> None:
    assert told(heard(ELIQUIS, at=LATER), {AGE: YES}, {}, LATER, everything=True) == Told()


# ---- The reply to it ----


@pytest.mark.parametrize(
    "text, says",
    [("yes", YES), ("Nothing changed", YES), ("nope, nothing has changed", YES), ("all still right", YES),
     ("same as before", YES), ("no", NO), ("something changed", NO), ("not quite", NO),
     ("that's not right any more", NO), ("how long will it last?", None)],
)  # fmt: skip
def test_a_reply_to_the_read_back(text: str, says: Optional[str]) -> None:
    assert says_unchanged(text) == says


def test_a_pressed_button_needs_no_reading() -> None:
    assert says_unchanged("/deny", NO) == NO


# ---- The replies to the questions of a later day ----


def reply(question: str, text: str, findings: Sequence[Finding] = (), chosen: Optional[str] = None):  # type: ignore[no-untyped-def]
    return interpret(question, text, findings, THEN, chosen)


@pytest.mark.parametrize("text", ["no", "not anymore", "it's over", "no, had my son in June", "she was born, so no"])
def test_what_is_over_is_past_and_no_longer_counts(text: str) -> None:
    answer = reply(f"{STILL}:pregnancy", text)
    assert answer.value == NO
    assert [(f.condition, f.assertion) for f in answer.findings] == [("pregnancy", PAST)]
    record = heard(PREGNANT).hear(answer.findings, LATER, corrects=True)
    assert assess(record.findings, {}, THEN).outcome == "no_flag"
    assert [item.superseded for item in record.heard] == [True, False]


def test_an_outbreak_that_is_over_still_counts_as_one_of_the_past() -> None:
    answer = reply(f"{STILL}:herpes_simplex", "no")
    record = heard(Finding("herpes_simplex", "outbreak_now")).hear(answer.findings, LATER, corrects=True)
    assert assess(record.findings, {}, THEN).outcome == "provider_review"


@pytest.mark.parametrize("text", ["yes", "still am", "yes i am", "still going on"])
def test_what_goes_on_stands(text: str) -> None:
    assert reply(f"{STILL}:pregnancy", text).value == YES
    assert reply(f"{STILL}:pregnancy", text).findings == ()


@pytest.mark.parametrize("kind, condition", [(STILL, "pregnancy"), (AGAIN, "isotretinoin_recent")])
@pytest.mark.parametrize("text, value", [("not sure", UNSURE), ("skip", SKIPPED)])
def test_a_doubt_on_a_later_day_keeps_the_matter_open(kind: str, condition: str, text: str, value: str) -> None:
    answer = reply(f"{kind}:{condition}", text)
    assert answer.value == value
    assert [(f.condition, f.assertion) for f in answer.findings] == [(condition, POSSIBLE)]


def test_not_again_leaves_the_date_that_was_told() -> None:
    answer = reply(f"{AGAIN}:isotretinoin_recent", "no, not since then")
    assert answer.value == NO and answer.findings == ()
    assert assess([ACCUTANE], {}, date(2026, 12, 29)).outcome == "defer"
    assert assess([ACCUTANE], {}, date(2026, 12, 30)).outcome == "no_flag"


def test_again_without_a_date_is_asked_for_the_date_and_the_old_one_counts_no_more() -> None:
    answer = reply(f"{AGAIN}:isotretinoin_recent", "yes")
    assert answer.follow_up == f"{WHEN}:isotretinoin_recent"
    record = heard(ACCUTANE).hear(answer.findings, LATER, corrects=True)
    assert assess(record.findings, {}, date(2027, 6, 1)).outcome == "defer"


def test_again_with_a_date_has_its_new_wait() -> None:
    answer = reply(f"{AGAIN}:recent_filler", "yes, two weeks ago")
    assert answer.follow_up is None
    assert [f.when for f in answer.findings] == [(date(2026, 11, 8), date(2026, 11, 8))]


def test_something_else_is_no_reply_to_it() -> None:
    assert reply(f"{STILL}:pregnancy", "how much is it?") is None
    assert reply(f"{AGAIN}:recent_filler", "no idea what my blood pressure pill is called", [Finding(
        "cardiovascular_disease", text="blood pressure")]) is None


def test_no_to_what_may_be_new_is_an_answer_also_to_a_single_thing() -> None:
    assert reply(f"{CHANGED}:{MEDICINES}", "no").value == NO
    eliquis = Finding("anticoagulant", text="eliquis", start=9, end=16)
    assert reply(f"{CHANGED}:{MEDICINES}", "i'm now on eliquis".replace("now on", "on"), [eliquis]).value == YES


# ---- The verdict by the calendar ----


def test_the_clinics_day_is_that_of_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    from desk import settings

    monkeypatch.delenv("CLINIC_TODAY", raising=False)
    settings.settings.cache_clear()
    noon = datetime(2027, 6, 8, 17, 0, tzinfo=timezone.utc).timestamp()
    assert settings.today(at=noon) == date(2027, 6, 8)


def test_filler_waits_two_weeks_and_then_for_the_provider() -> None:
    outcomes = [assess([FILLER], {}, date(2026, 11, day)).outcome for day in (24, 25, 26)]
    assert outcomes == ["defer", "defer", "provider_review"]
