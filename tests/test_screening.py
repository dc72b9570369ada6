"""The verdict: worst wins, waits by calendar date, variants, doubt, skipped questions, trace, determinism."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from candidacy.findings import (
    ABSENT,
    ASSERTIONS,
    FUTURE,
    HYPOTHETICAL,
    OTHER_PERSON,
    PAST,
    POSSIBLE,
    PRESENT,
    Finding,
)
from candidacy.knowledge import GROUPS, OUTCOMES, load
from candidacy.screening import ANSWERS, NO, SKIPPED, UNSURE, YES, Verdict, add_duration, assess, worst

TODAY = date(2026, 11, 22)
ALL_NO = {group: NO for group in GROUPS} | {"Q1_age": YES}
RULES = load().rulebook.rules


def found(condition: str, assertion: str = PRESENT, days_ago: int | None = None, **more: object) -> Finding:
    day = None if days_ago is None else TODAY - timedelta(days=days_ago)
    return Finding(condition, assertion=assertion, when=(day, day) if day else None, **more)  # type: ignore[arg-type]


def outcome(*findings: Finding, today: date = TODAY) -> str:
    return assess(findings, {}, today).outcome


# ---- Waits by calendar date ----


@pytest.mark.parametrize(
    ("day", "duration", "expected"),
    [(date(2026, 8, 31), "P6M", date(2027, 2, 28)), (date(2024, 2, 29), "P1Y", date(2025, 2, 28)),
     (date(2026, 1, 31), "P1M", date(2026, 2, 28)), (date(2027, 8, 31), "P6M", date(2028, 2, 29)),
     (date(2026, 12, 25), "P14D", date(2027, 1, 8)), (date(2026, 11, 1), "P2W", date(2026, 11, 15)),
     (date(2026, 5, 22), "P6M", TODAY), (date(2026, 11, 22), "P0D", TODAY), (date(2025, 10, 31), "P1Y1M",
     date(2026, 11, 30))],
)  # fmt: skip
def test_a_wait_ends_on_the_calendar_day(day: date, duration: str, expected: date) -> None:
    assert add_duration(day, duration) == expected


def test_what_is_no_duration_is_an_error() -> None:
    with pytest.raises(ValueError, match="ISO-8601"):
        add_duration(TODAY, "soon")


def test_six_months_after_the_last_dose_the_wait_is_over_and_not_a_day_sooner() -> None:
    dose = date(2026, 5, 22)
    finding = Finding("isotretinoin_recent", assertion=PAST, when=(dose, dose))
    assert assess([finding], {}, date(2026, 11, 21)).outcome == "defer"
    assert assess([finding], {}, date(2026, 11, 22)).outcome == "no_flag"


def test_a_wait_from_the_end_of_a_long_month_ends_on_the_last_day_of_a_short_one() -> None:
    dose = date(2026, 8, 31)
    finding = Finding("isotretinoin_recent", assertion=PAST, when=(dose, dose))
    verdict = assess([finding], {}, TODAY)
    assert (verdict.outcome, verdict.earliest) == ("defer", date(2027, 2, 28))
    assert assess([finding], {}, date(2027, 2, 28)).outcome == "no_flag"


def test_a_vague_date_is_counted_from_its_latest_day() -> None:
    may = Finding("recent_botulinum", when=(date(2026, 9, 1), date(2026, 9, 30)))
    assert assess([may], {}, TODAY).earliest == add_duration(date(2026, 9, 30), "P90D")


def test_an_unknown_date_counts_as_inside_the_wait_without_an_earliest_day() -> None:
    verdict = assess([Finding("recent_botulinum")], {}, TODAY)
    assert (verdict.outcome, verdict.earliest) == ("defer", None)
    assert verdict.reasons[0].wait_from == "your last treatment with any botulinum toxin"


@pytest.mark.parametrize(
    ("condition", "days_ago", "expected"),
    [("recent_botulinum", 10, "defer"), ("recent_botulinum", 89, "defer"), ("recent_botulinum", 90,
    "provider_review"),
     ("recent_botulinum", 130, "no_flag"), ("recent_filler", 13, "defer"), ("recent_filler", 14,
     "provider_review"),
     ("recent_filler", 250, "no_flag"), ("sunburn", 3, "defer"), ("sunburn", 13, "defer"), ("sunburn", 14,
     "no_flag"),
     ("acute_illness", 6, "defer"), ("acute_illness", 7, "no_flag")],
)  # fmt: skip
@pytest.mark.parametrize("assertion", [PRESENT, PAST])
def test_a_dated_event_is_judged_by_its_window(
    condition: str, days_ago: int, expected: str, assertion: str
) -> None:
    assert outcome(found(condition, assertion, days_ago)) == expected


@pytest.mark.parametrize("assertion", [PRESENT, PAST])
@pytest.mark.parametrize(
    ("condition", "kind", "inside", "over", "expected"),
    [("sunburn", "spray_tan", 1, 2, "defer"), ("sunburn", "burn", 13, 14, "defer"),
     ("aminoglycoside", "drops_or_ointment", 27, 28, "provider_review"),
     ("systemic_steroid", "short_pack_or_shot", 27, 28, "provider_review")],
)  # fmt: skip
def test_what_is_over_by_its_own_window_does_not_wait_for_a_longer_one_of_the_rule(
    condition: str, kind: str, inside: int, over: int, expected: str, assertion: str
) -> None:
    assert outcome(found(condition, assertion, inside, variant=kind)) == expected
    assert outcome(found(condition, assertion, over, variant=kind)) == "no_flag"


def test_an_unknown_date_never_counts_as_long_ago() -> None:
    for rule in RULES:
        for variant in rule.variants:
            if variant.test.elapsed_at_least not in (None, "P0D") and not variant.test.named:
                assertion = (variant.test.assertion or [PRESENT])[0]
                reasons = assess([Finding(rule.id, assertion=assertion)], {}, TODAY).reasons
                assert all(reason.variant != variant.id for reason in reasons), (rule.id, variant.id)


# ---- What each assertion does ----


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_plain_disclosure_gives_the_rules_verdict_or_that_of_its_open_variant(rule) -> None:
    verdict = assess([Finding(rule.id)], {}, TODAY)
    expected = next(
        (v.verdict for v in rule.variants if not v.test.named and
         (not v.test.assertion or PRESENT in v.test.assertion)
         and v.test.elapsed_at_least is None and v.test.age_from is None and v.test.age_to is None),
        rule.verdict,
    )  # fmt: skip
    assert verdict.outcome == expected
    assert verdict.reasons[0].rule == rule.id and verdict.reasons[0].reason and verdict.reasons[0].sources


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_doubt_is_at_least_a_question(rule) -> None:
    verdict = assess([Finding(rule.id, assertion=POSSIBLE)], ALL_NO, TODAY)
    assert OUTCOMES.index(verdict.outcome) <= OUTCOMES.index("ask")
    assert not verdict.complete


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
@pytest.mark.parametrize("assertion", [ABSENT, HYPOTHETICAL])
def test_what_was_denied_or_only_asked_about_gives_no_reason(rule, assertion: str) -> None:
    assert outcome(Finding(rule.id, assertion=assertion)) == "no_flag"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
@pytest.mark.parametrize("assertion", [PAST, FUTURE, OTHER_PERSON])
def test_past_future_and_others_count_only_where_a_variant_says_so(rule, assertion: str) -> None:
    named = [v for v in rule.variants if assertion in (v.test.assertion or []) and not v.test.named]
    if not named:
        assert outcome(Finding(rule.id, assertion=assertion)) == "no_flag"


@pytest.mark.parametrize(
    ("rule", "variant"),
    [(rule, v) for rule in RULES for v in rule.variants if v.test.named],
    ids=lambda x: x.id,
)
def test_a_named_variant_decides_in_place_of_its_rule(rule, variant) -> None:
    assertion = (variant.test.assertion or [PRESENT])[0]
    reasons = assess([Finding(rule.id, variant.id, assertion)], {}, TODAY).reasons
    assert [(reason.variant, reason.outcome) for reason in reasons] == [(variant.id, variant.verdict)]


@pytest.mark.parametrize(
    ("age", "expected"), [(12, "contraindicated"), (17, "contraindicated"), (17.9, "contraindicated"), (18,
    "provider_review"),
                          (21, "provider_review"), (21.9, "provider_review")],
)  # fmt: skip
def test_the_age_decides_by_whole_years(age: float, expected: str) -> None:
    assert outcome(found("under_age", quantity=age)) == expected


@pytest.mark.parametrize("age", [22, 64, 65, 90])
def test_grown_up_ages_give_no_reason(age: int) -> None:
    assert outcome(found("under_age", ABSENT, quantity=age)) == "no_flag"


def test_a_minor_of_no_stated_age_counts_as_under_age() -> None:
    assert outcome(Finding("under_age")) == "contraindicated"


def test_past_isotretinoin_without_a_date_is_a_question_and_planned_use_a_review() -> None:
    assert outcome(Finding("isotretinoin_recent", assertion=PAST)) == "ask"
    assert outcome(Finding("isotretinoin_recent", assertion=FUTURE)) == "provider_review"


def test_pregnancy_found_after_a_treatment_is_for_the_clinic_today() -> None:
    verdict = assess([Finding("pregnancy", "treated_then_found_out")], {}, TODAY)
    assert verdict.call_today and verdict.outcome == "provider_review"


# ---- Emergencies and things without a name ----


def test_an_emergency_is_urgent_whatever_its_condition_or_assertion() -> None:
    assert outcome(Finding(None, emergency=True)) == "urgent"
    assert outcome(Finding("no_such_rule", emergency=True)) == "urgent"
    for assertion in ASSERTIONS:
        assert outcome(Finding("dysphagia_or_breathing", assertion=assertion, emergency=True)) == "urgent"


def test_a_refusal_without_a_name_is_a_question() -> None:
    verdict = assess([Finding(None, assertion=POSSIBLE, group="Q6_medicines")], ALL_NO, TODAY)
    assert (verdict.outcome, verdict.complete) == ("ask", False)


def test_a_condition_that_the_rules_no_longer_know_is_a_question() -> None:
    assert outcome(Finding("retired_rule")) == "ask"
    assert outcome(Finding("retired_rule", assertion=ABSENT)) == "no_flag"


# ---- Answers, completeness, the worst of all ----


def test_nothing_said_is_no_flag_and_not_complete() -> None:
    verdict = assess([], {}, TODAY)
    assert (verdict.outcome, verdict.complete, verdict.unanswered) == ("no_flag", False, GROUPS)


def test_all_plain_answers_and_nothing_found_is_complete() -> None:
    verdict = assess([], ALL_NO, TODAY)
    assert (verdict.outcome, verdict.complete, verdict.unanswered, verdict.reasons) == (
        "no_flag",
        True,
        (),
        (),
    )


@pytest.mark.parametrize("answer", [UNSURE, SKIPPED])
@pytest.mark.parametrize("group", GROUPS)
def test_a_skipped_or_unsure_question_makes_the_outcome_at_least_ask(group: str, answer: str) -> None:
    verdict = assess([], {**ALL_NO, group: answer}, TODAY)
    assert (verdict.outcome, verdict.complete, verdict.unanswered) == ("ask", False, (group,))


@pytest.mark.parametrize("group", GROUPS[1:])
def test_a_yes_that_names_nothing_goes_to_the_provider(group: str) -> None:
    assert assess([], {**ALL_NO, group: YES}, TODAY).outcome == "provider_review"


def test_a_stated_age_is_a_plain_yes() -> None:
    assert assess([], {"Q1_age": YES}, TODAY).outcome == "no_flag"


def test_the_worst_outcome_wins_and_stands_first() -> None:
    findings = [
        Finding("anticoagulant"),
        Finding("pregnancy"),
        found("recent_botulinum", days_ago=5),
        Finding("herpes_simplex", assertion=POSSIBLE),
    ]
    verdict = assess(findings, {"Q8_other_health": SKIPPED}, TODAY)
    assert verdict.outcome == "contraindicated"
    assert [r.outcome for r in verdict.reasons] == [
        "contraindicated",
        "defer",
        "provider_review",
        "ask",
        "ask",
    ]
    assert worst(["no_flag", "defer", "ask"]) == "defer" and worst([]) == "no_flag"


def test_one_rule_gives_one_reason_the_worst_with_the_latest_day() -> None:
    verdict = assess(
        [found("recent_botulinum", days_ago=60), found("recent_botulinum", days_ago=5)], {}, TODAY
    )
    assert len(verdict.reasons) == 1
    assert verdict.reasons[0].earliest == TODAY - timedelta(days=5) + timedelta(days=90)


def test_the_verdict_names_the_latest_of_all_waits() -> None:
    verdict = assess([found("recent_filler", days_ago=1), found("recent_botulinum", days_ago=1)], {}, TODAY)
    assert verdict.earliest == add_duration(TODAY - timedelta(days=1), "P90D")


@pytest.mark.parametrize("answers", [{"Q9": NO}, {"Q1_age": "perhaps"}])
def test_an_unknown_question_or_answer_is_an_error(answers: dict) -> None:
    with pytest.raises(ValueError, match="unknown question group or answer"):
        assess([], answers, TODAY)


# ---- The trace ----


def test_the_trace_tells_of_every_rule_whether_it_was_asked_and_what_matched() -> None:
    verdict = assess(
        [Finding("pregnancy"), Finding("breastfeeding", assertion=ABSENT)],
        {"Q4_allergy": NO, "Q8_other_health": SKIPPED},
        TODAY,
    )
    trace = {entry.rule: entry for entry in verdict.trace}
    assert list(trace) == [rule.id for rule in RULES]
    assert (trace["pregnancy"].matched, trace["pregnancy"].why) == (
        True,
        "contraindicated by the rule itself",
    )
    assert (trace["breastfeeding"].evaluated, trace["breastfeeding"].why) == (True, "heard as absent")
    assert (trace["metal_allergy"].evaluated, trace["metal_allergy"].why) == (True, "question answered no")
    assert (trace["seizure_disorder"].evaluated, trace["seizure_disorder"].why) == (
        False,
        "question answered skipped",
    )
    assert (trace["anticoagulant"].evaluated, trace["anticoagulant"].why) == (False, "not asked")


def test_a_verdict_carries_the_rules_version_and_survives_json() -> None:
    verdict = assess([found("recent_botulinum", days_ago=5)], ALL_NO, TODAY)
    data = json.loads(json.dumps(verdict.to_dict()))
    assert data["version"] == load().rulebook.version
    assert data["reasons"][0]["earliest"] == verdict.earliest.isoformat()  # type: ignore[union-attr]


# ---- Properties ----

days = st.integers(0, 900).map(lambda n: TODAY - timedelta(days=n))
whens = st.none() | st.tuples(days, st.integers(0, 40)).map(lambda p: (p[0] - timedelta(days=p[1]), p[0]))


@st.composite
def finding(draw, assertions=ASSERTIONS) -> Finding:  # type: ignore[no-untyped-def]
    rule = draw(st.sampled_from(RULES))
    variant = draw(st.none() | st.sampled_from([v.id for v in rule.variants] or [None]))
    quantity = draw(st.integers(5, 90)) if rule.id == "under_age" else None
    return Finding(rule.id, variant, draw(st.sampled_from(assertions)), when=draw(whens), quantity=quantity)


many = st.lists(finding(), max_size=6)
answered = st.dictionaries(st.sampled_from(GROUPS), st.sampled_from(ANSWERS))
quick = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def severity(verdict: Verdict) -> int:
    return -OUTCOMES.index(verdict.outcome)


@quick
@given(many, answered, finding([PRESENT]))
def test_one_more_present_finding_never_makes_the_verdict_milder(findings, answers, more) -> None:  # type: ignore[no-untyped-def]
    # A yes that named nothing is settled by what names it; that is an answer, not one more finding.
    answers = {group: answer for group, answer in answers.items() if answer != YES or group == "Q1_age"}
    assert severity(assess([*findings, more], answers, TODAY)) >= severity(assess(findings, answers, TODAY))


@quick
@given(many, answered, st.randoms())
def test_the_order_of_what_was_said_does_not_matter(findings, answers, random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(findings)
    random.shuffle(shuffled)
    one, other = assess(findings, answers, TODAY), assess(shuffled, answers, TODAY)
    assert (one.outcome, one.complete, one.earliest) == (other.outcome, other.complete, other.earliest)
    assert {(r.rule, r.outcome) for r in one.reasons} == {(r.rule, r.outcome) for r in other.reasons}


@quick
@given(many, answered)
def test_the_same_words_give_the_same_verdict(findings, answers) -> None:  # type: ignore[no-untyped-def]
    assert assess(findings, answers, TODAY) == assess(list(findings), dict(answers), TODAY)


@quick
@given(many, answered, st.sampled_from(GROUPS), st.sampled_from([UNSURE, SKIPPED]))
def test_a_doubtful_answer_is_never_milder_than_a_no(findings, answers, group, doubt) -> None:  # type: ignore[no-untyped-def]
    plain, doubtful = (
        assess(findings, {**answers, group: NO}, TODAY),
        assess(findings, {**answers, group: doubt}, TODAY),
    )
    assert severity(doubtful) >= severity(plain)
    assert not doubtful.complete


@quick
@given(many, answered)
def test_no_wait_ends_before_tomorrow(findings, answers) -> None:  # type: ignore[no-untyped-def]
    for reason in assess(findings, answers, TODAY).reasons:
        assert reason.earliest is None or reason.earliest > TODAY


@quick
@given(many, answered, st.integers(0, 800))
def test_dated_present_findings_only_get_milder_as_time_goes_by(findings, answers, later) -> None:  # type: ignore[no-untyped-def]
    dated = [f for f in findings if f.when and f.assertion == PRESENT]
    assert severity(assess(dated, answers, TODAY + timedelta(days=later))) <= severity(
        assess(dated, answers, TODAY)
    )
