"""The measuring code itself: what counts as found, missed, a false alarm and too mild."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from benchmarks import baselines, evaluate_listening, overlap
from benchmarks.scoring import score_rows
from candidacy.findings import ABSENT, PAST, POSSIBLE, PRESENT, Finding
from candidacy.knowledge import load

TODAY = date(2026, 11, 22)

DENIED = {
    "id": "three",
    "text": "no MG here, the flu is over",
    "findings": [
        {"condition": "neuromuscular_disorder", "assertion": "absent"},
        {"condition": "acute_illness", "assertion": "past", "accept_assertions": ["possible"]},
    ],
    "verdict": "no_flag",
    "accept_verdicts": ["no_flag", "ask"],
    "tags": ["negation"],
}
ROWS = [
    {
        "id": "one",
        "text": "pregnant, taking warfarin",
        "findings": [
            {"condition": "pregnancy", "assertion": "present"},
            {"condition": "anticoagulant", "assertion": "present"},
        ],
        "verdict": "contraindicated",
        "tags": ["multi"],
    },
    {
        "id": "two",
        "text": "perhaps nursing",
        "findings": [
            {"condition": "breastfeeding", "assertion": "possible", "accept_assertions": ["absent"]},
            {"condition": "pregnancy", "assertion": "present", "optional": True},
        ],
        "verdict": "ask",
        "tags": ["uncertain"],
    },
    DENIED,
]
RIGHT = [
    [Finding("pregnancy"), Finding("anticoagulant")],
    [Finding("breastfeeding", assertion=POSSIBLE)],
    [Finding("neuromuscular_disorder", assertion=ABSENT), Finding("acute_illness", assertion=PAST)],
]


def scored(*heard):
    return score_rows(ROWS, heard, [0.001, 0.002, 0.009], TODAY)


def test_three_lines_heard_right_leave_nothing_to_report():
    score = scored(*RIGHT)
    assert (score.wanted, score.found, score.critical, score.under) == (3, 3, 0, 0)
    assert (score.quiet, score.alarms, score.extra, score.accepted) == (1, 0, 0, 3)
    assert score.failing == []
    assert score.by_tag["multi"] == {"right": 1}


def test_a_miss_lowers_recall_and_an_optional_finding_does_not():
    score = scored([Finding("pregnancy")], *RIGHT[1:])
    assert (score.wanted, score.found) == (3, 2)
    assert score.by_condition["anticoagulant"] == {"wanted": 1}
    assert "missed anticoagulant" in score.failing[0].problems


def test_a_miss_on_a_contraindicated_line_is_critical_though_the_verdict_stands():
    score = scored([Finding("pregnancy")], *RIGHT[1:])
    assert (score.critical, score.under, score.accepted) == (1, 0, 3)


def test_two_misses_on_one_line_are_one_critical_miss_and_one_verdict_too_mild():
    score = scored([], *RIGHT[1:])
    assert (score.found, score.critical, score.under, score.accepted) == (1, 1, 1, 2)


def test_a_miss_on_a_line_of_another_verdict_is_too_mild_and_not_critical():
    score = scored(RIGHT[0], [], RIGHT[2])
    assert (score.found, score.critical, score.under) == (2, 0, 1)


def test_another_assertion_that_the_line_accepts_is_no_miss():
    score = scored(RIGHT[0], [Finding("breastfeeding", assertion=ABSENT)], RIGHT[2])
    assert score.found == 3


def test_a_denied_condition_heard_as_present_is_a_false_alarm_and_no_under_triage():
    score = scored(*RIGHT[:2], [Finding("neuromuscular_disorder", assertion=PRESENT)])
    assert (score.quiet, score.alarms, score.under, score.accepted) == (1, 1, 0, 2)
    assert score.failing[0].id == "three"
    assert score.failing[0].heard == "neuromuscular_disorder:present"


def test_an_accepted_doubt_about_a_past_condition_is_no_false_alarm():
    score = scored(*RIGHT[:2], [Finding("acute_illness", assertion=POSSIBLE)])
    assert score.alarms == 0


def test_a_condition_that_the_line_does_not_name_is_counted_apart():
    score = scored(RIGHT[0] + [Finding("diabetes_uncontrolled")], *RIGHT[1:])
    assert (score.extra, score.alarms, score.failing) == (1, 0, [])


def test_as_many_answers_as_messages_are_needed():
    with pytest.raises(ValueError, match="1 answers for 3"):
        score_rows(ROWS, [[]], [0.0], TODAY)


def test_the_times_are_those_of_the_middle_and_the_slowest_message():
    score = scored(*RIGHT)
    assert score.milliseconds(0.5) == pytest.approx(2)
    assert score.milliseconds(0.95) == pytest.approx(9)


def test_the_report_names_failing_lines_by_id_and_shows_their_words_only_when_asked():
    score = scored([], *RIGHT[1:])
    assert "one: missed pregnancy" in evaluate_listening.detail(score)
    assert ROWS[0]["text"] not in evaluate_listening.detail(score)
    assert ROWS[0]["text"] in evaluate_listening.detail(score, texts=True)
    assert "1/3 = 0.333" in evaluate_listening.table({"ours": score})


# The other tools


@pytest.mark.parametrize(
    "marks, assertion",
    [
        ({}, "present"),
        ({"is_negated": True}, "absent"),
        ({"is_uncertain": True}, "possible"),
        ({"is_historical": True}, "past"),
        ({"is_family": True, "is_uncertain": True}, "other_person"),
        ({"is_hypothetical": True}, "hypothetical"),
    ],
)
def test_marks_of_the_other_tools_become_our_assertions(marks, assertion):
    assert baselines.assertion_of(marks) == assertion


def test_the_other_tools_get_the_names_and_drugs_of_every_rule():
    knowledge = load()
    entries = evaluate_listening.vocabulary(knowledge)
    assert {entry["condition"] for entry in entries} == {rule.id for rule in knowledge.rulebook.rules}
    assert {"warfarin", "myasthenia gravis"} <= {entry["phrase"].lower() for entry in entries}


def test_a_name_of_two_rules_is_one_phrase_with_two_meanings():
    entry = {"phrase": "Steroid", "exact": False, "variant": None}
    meanings, phrases = baselines.grouped(
        [{**entry, "condition": "a"}, {**entry, "condition": "b"}, {**entry, "condition": "a"}]
    )
    assert phrases == {"T0": ("steroid", False)}
    assert meanings["T0"] == [("a", None), ("b", None)]


def test_why_the_other_tools_are_missing_is_told_without_a_word_of_a_message(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate_listening, "ENVIRONMENT", tmp_path)
    with pytest.raises(evaluate_listening.NoBaselines, match="not installed"):
        evaluate_listening.baselines(ROWS, load())
    (tmp_path / "bin").mkdir()
    (tmp_path / ".installed").touch()
    broken = tmp_path / "bin" / "python"
    broken.write_text("#!/bin/sh\necho 'ValueError: pregnant, taking warfarin' >&2\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(evaluate_listening.NoBaselines, match=r"code 3 \(ValueError\)$"):
        evaluate_listening.baselines(ROWS, load())


# Dialogues


@pytest.fixture
def dialogues():
    import benchmarks.dialogues

    return benchmarks.dialogues


@pytest.mark.parametrize(
    "verdict, goal",
    [
        ("urgent", {"urgent"}),
        ("provider_review", {"provider_review"}),
        ("ask", {"provider_review"}),
        ("contraindicated", {"declined"}),
        ("defer", {"declined"}),
        ("no_flag", set()),
    ],
)
def test_what_a_talk_reached_follows_from_its_last_verdict(dialogues, verdict, goal):
    assert dialogues.goals(["Thank you."], verdict) == goal


def test_a_reference_code_is_a_booking_and_the_phone_of_the_clinic_a_human(dialogues):
    phone = load().clinic.facts["phone"]
    assert dialogues.goals(["Your code is CF3-9HQ7."], "no_flag") == {"booking"}
    assert "human" in dialogues.goals([f"You can call {phone}."], "no_flag")


def test_the_phone_of_the_clinic_is_no_booking(dialogues):
    phone = load().clinic.facts["phone"]
    assert "booking" not in dialogues.goals([f"You can call {phone}."], "no_flag")


EXPECT = {
    "final_verdict": "contraindicated",
    "findings": [{"condition": "pregnancy", "assertion": "present"}],
    "must_not_say": [r"\byou qualify\b"],
    "must_reach": "declined",
}
HEARD = {"pregnancy": "present"}


def test_a_dialogue_that_ends_as_expected_passes(dialogues):
    assert dialogues.judge({"expect": EXPECT}, ["We wait."], "contraindicated", HEARD) == []


@pytest.mark.parametrize(
    "said, verdict, heard, wrong",
    [
        (["We wait."], "defer", HEARD, "verdict defer"),
        (["We wait."], "contraindicated", {}, "pregnancy heard as None"),
        (["Good news: You Qualify."], "contraindicated", HEARD, "said what it must not"),
    ],
)
def test_each_thing_wrong_with_a_dialogue_is_told(dialogues, said, verdict, heard, wrong):
    problems = dialogues.judge({"expect": EXPECT}, said, verdict, heard)
    assert len(problems) == 1 and problems[0].startswith(wrong)


def test_a_dialogue_must_reach_its_goal_or_one_that_is_accepted(dialogues):
    expect = {**EXPECT, "must_reach": "booking"}
    assert "reached ['declined']" in dialogues.judge({"expect": expect}, [], "contraindicated", HEARD)[0]
    accepting = {**expect, "accept_reach": ["declined"]}
    assert dialogues.judge({"expect": accepting}, [], "contraindicated", HEARD) == []


# Overlap


@pytest.fixture
def project(tmp_path: Path) -> Path:
    rows = [
        {"text": "Purple otters don’t juggle seven lanterns"},
        {"turns": ["one", "green kites above my quiet barn"]},
    ]
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "some.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "tests").mkdir()
    return tmp_path


def found_in(project: Path, name: str, content: str):
    (project / name).write_text(content, "utf-8")
    return overlap.offenders(project / "set", project)


@pytest.mark.parametrize(
    "name, content, line",
    [
        ("data/a.yml", "x: y\nsaid: >\n  so PURPLE otters\n  dont juggle seven\n", 3),
        ("data/b.yml", "examples: |\n  - hello\n  - green [kites](thing) above my quiet\n", 3),
        ("tests/c.py", "A = 1\nSAID = (\n    'green kites above '\n    'my quiet barn'\n)\n", 3),
        ("tests/d.py", "A = 1  # green kites, above my quiet barn\n", 1),
        ("data/e.md", "Title\n\nGreen kites above\nmy quiet barn.\n", 3),
    ],
)
def test_a_run_of_five_words_is_found_with_its_place(project, name, content, line):
    (offender,) = found_in(project, name, content)
    assert offender.startswith(f"{name}:{line}: '")


@pytest.mark.parametrize(
    "name, content",
    [
        ("data/a.yml", "said: green kites above my house\n"),
        ("data/b.yml", "examples: |\n  - green kites above\n  - my quiet barn\n"),
        ("tests/c.py", "SAID = ['green kites above', 'my quiet barn']\n"),
    ],
)
def test_four_words_or_words_of_two_texts_are_no_run(project, name, content):
    assert found_in(project, name, content) == []


def test_the_exit_code_says_whether_something_is_shared(project, monkeypatch, capsys):
    monkeypatch.setattr(overlap, "offenders", lambda folder: ["data/a.yml:1: 'x' (some.jsonl:1)"])
    assert overlap.main([str(project / "set")]) == 1
    assert "data/a.yml:1" in capsys.readouterr().out
    monkeypatch.setattr(overlap, "offenders", lambda folder: [])
    assert overlap.main([str(project / "set")]) == 0
    assert overlap.main([]) == 2
