"""The record of one person: corrections, contradictions, doubts, dates, and what stays on file."""

from __future__ import annotations

import json
from datetime import date

from candidacy.findings import ABSENT, HYPOTHETICAL, OTHER_PERSON, PAST, POSSIBLE, PRESENT, Finding
from candidacy.record import Record
from candidacy.screening import assess

MAY = (date(2026, 5, 1), date(2026, 5, 31))
NOVEMBER = (date(2026, 11, 2), date(2026, 11, 2))
TODAY = date(2026, 11, 22)


def told(*steps: tuple) -> Record:
    """A record after several messages; a step is a finding, or a finding and True for a correction."""
    record = Record()
    for at, step in enumerate(steps, 1):
        finding, corrects = step if isinstance(step, tuple) else (step, False)
        record = record.hear([finding], float(at), corrects=corrects)
    return record


def present(condition: str, text: str = "", **more: object) -> Finding:
    return Finding(condition, text=text, **more)  # type: ignore[arg-type]


def test_nothing_said_is_an_empty_record() -> None:
    assert Record().findings == [] and Record().conditions == [] and Record().contradictions() == []


def test_the_same_thing_said_twice_stands_once() -> None:
    record = told(present("pregnancy", "pregnant"), present("pregnancy", "Pregnant"))
    assert len(record.heard) == 1


def test_two_names_of_one_condition_both_stay_for_the_provider() -> None:
    record = told(present("anticoagulant", "Eliquis"), present("anticoagulant", "warfarin"))
    assert [finding.text for finding in record.findings] == ["Eliquis", "warfarin"]
    assert record.conditions == ["anticoagulant"]


def test_a_plain_denial_never_removes_a_disclosure() -> None:
    record = told(present("pregnancy"), Finding("pregnancy", assertion=ABSENT))
    assert record.conditions == ["pregnancy"]
    assert record.contradictions() == ["pregnancy"]
    assert assess(record.findings, {}, TODAY).outcome == "contraindicated"


def test_a_correction_replaces_what_it_corrects_and_both_stay_on_file() -> None:
    record = told(present("pregnancy"), (Finding("pregnancy", assertion=ABSENT), True))
    assert record.conditions == [] and record.contradictions() == []
    assert [item.superseded for item in record.heard] == [True, False]


def test_what_was_taken_back_and_did_not_come_up_again_is_withdrawn() -> None:
    record = told(present("pregnancy"), present("anticoagulant"), (Finding("pregnancy", assertion=PAST), True))
    assert record.withdrawn == ["pregnancy"]
    assert record.hear([present("pregnancy")], 9.0).withdrawn == []


def test_a_correction_touches_only_its_own_condition() -> None:
    record = told(
        present("pregnancy"), present("anticoagulant"), (Finding("anticoagulant", assertion=ABSENT), True)
    )
    assert record.conditions == ["pregnancy"]


def test_an_emergency_is_never_taken_back() -> None:
    urgent = Finding("dysphagia_or_breathing", emergency=True)
    record = told(urgent, (Finding("dysphagia_or_breathing", assertion=ABSENT), True))
    assert urgent in record.findings


def test_a_disclosure_replaces_an_earlier_denial() -> None:
    record = told(Finding("pregnancy", assertion=ABSENT), present("pregnancy"))
    assert record.conditions == ["pregnancy"] and record.contradictions() == []


def test_repeating_a_disclosure_settles_the_contradiction() -> None:
    record = told(
        present("pregnancy", "pregnant"),
        Finding("pregnancy", assertion=ABSENT),
        present("pregnancy", "pregnant"),
    )
    assert record.conditions == ["pregnancy"] and record.contradictions() == []


def test_a_doubt_is_settled_by_an_answer_either_way() -> None:
    doubt = Finding("pregnancy", assertion=POSSIBLE)
    assert told(doubt, Finding("pregnancy", assertion=ABSENT)).conditions == []
    record = told(doubt, present("pregnancy"))
    assert [finding.assertion for finding in record.findings] == [PRESENT]


def test_denying_one_kind_leaves_a_doubt_about_another_open() -> None:
    doubt = Finding("metal_allergy", assertion=POSSIBLE)
    nickel = Finding("metal_allergy", "nickel_or_unclear_metal", ABSENT)
    assert doubt in told(doubt, nickel).findings


def test_a_doubt_replaces_a_denial_and_not_a_disclosure() -> None:
    doubt = Finding("pregnancy", assertion=POSSIBLE)
    assert told(Finding("pregnancy", assertion=ABSENT), doubt).findings == [doubt]
    assert present("pregnancy") in told(present("pregnancy"), doubt).findings


def test_another_person_or_a_plain_question_replaces_nothing() -> None:
    for assertion in (OTHER_PERSON, HYPOTHETICAL):
        record = told(present("pregnancy"), Finding("pregnancy", assertion=assertion))
        assert record.conditions == ["pregnancy"]


def test_a_date_told_later_refines_what_was_said() -> None:
    record = told(present("recent_botulinum", "botox"), present("recent_botulinum", "botox", when=MAY))
    assert [finding.when for finding in record.findings] == [MAY]


def test_the_past_with_a_date_refines_what_had_none() -> None:
    record = told(
        present("isotretinoin_recent", "Accutane"), Finding("isotretinoin_recent", assertion=PAST, when=MAY)
    )
    assert [finding.assertion for finding in record.findings] == [PAST]


def test_an_older_treatment_never_hides_a_newer_one() -> None:
    recent = present("recent_filler", "filler", when=NOVEMBER)
    record = told(recent, Finding("recent_filler", assertion=PAST, text="filler", when=MAY))
    assert recent in record.findings
    assert assess(record.findings, {}, TODAY).outcome == assess([recent], {}, TODAY).outcome


def test_a_date_for_one_kind_does_not_date_another() -> None:
    threads = present("recent_filler", "threads", variant="threads")
    record = told(threads, present("recent_filler", "filler", when=MAY))
    assert threads in record.findings


def test_a_mild_kind_of_a_condition_never_hides_another_one() -> None:
    lupus = present("autoimmune_connective_tissue", "lupus")
    record = told(lupus, present("autoimmune_connective_tissue", "Hashimoto's", variant="thyroid_or_celiac"))
    assert lupus in record.findings
    assert assess(record.findings, {}, TODAY).outcome == "provider_review"


def test_the_kind_told_later_refines_the_same_words() -> None:
    record = told(
        present("inflammatory_dermatosis", "psoriasis"),
        present("inflammatory_dermatosis", "psoriasis", variant="quiet_or_elsewhere"),
    )
    assert [finding.variant for finding in record.findings] == ["quiet_or_elsewhere"]


def test_findings_of_one_message_never_replace_each_other() -> None:
    both = [present("pregnancy"), Finding("pregnancy", assertion=ABSENT)]
    assert Record().hear(both, 1.0, corrects=True).findings == both


def test_findings_without_a_condition_all_stay() -> None:
    refused = Finding(None, assertion=POSSIBLE, text="rather not say", group="Q6_medicines")
    record = told(refused, (present("pregnancy"), True))
    assert refused in record.findings


def test_a_record_is_never_changed_in_place() -> None:
    before = told(present("pregnancy"))
    before.hear([Finding("pregnancy", assertion=ABSENT)], 2.0, corrects=True)
    assert before.conditions == ["pregnancy"]


def test_a_record_survives_json() -> None:
    record = told(
        present("recent_botulinum", when=MAY), (Finding("recent_botulinum", assertion=ABSENT), True)
    )
    assert Record.from_list(json.loads(json.dumps(record.to_list()))) == record
