"""The clinic's files are read once, checked, and a broken one is told in one line."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
import yaml

from candidacy.knowledge import GROUPS, OUTCOMES, BrokenFile, load, read_yaml
from candidacy.knowledge.load import DATA, examine
from candidacy.knowledge.models import NEVER_BLANK, Clinic, Rule, check_duration


@pytest.fixture()
def folder(tmp_path: Path) -> Path:
    """A copy of data/clinic."""
    return Path(shutil.copytree(DATA / "clinic", tmp_path / "clinic"))


def edit(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text("utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), "utf-8")


def test_the_clinics_own_files_are_read_and_kept() -> None:
    assert load() is load()
    assert len(load().rulebook.rules) == 42


def test_every_question_group_has_rules_and_every_rule_a_group() -> None:
    book = load().rulebook
    assert {rule.question_group for rule in book.rules} == set(GROUPS)
    assert sum(len(book.group(group)) for group in GROUPS) == len(book.rules)


def test_every_source_of_a_rule_is_known_and_one_of_them_was_read() -> None:
    knowledge = load()
    for rule in knowledge.rulebook.rules:
        for part in (rule, *rule.variants):
            ids = part.sources or rule.sources
            assert all(source in knowledge.sources for source in ids), rule.id
            assert any(knowledge.sources[source].verified for source in ids), rule.id


def test_a_rule_is_found_by_its_id_and_an_unknown_one_is_an_error() -> None:
    assert load().rule("pregnancy").name == "Pregnancy"
    with pytest.raises(KeyError):
        load().rule("no_such_rule")


def test_a_variant_is_found_by_its_id() -> None:
    rule = load().rule("pregnancy")
    assert rule.variant("late_period") is not None
    assert rule.variant(None) is None and rule.variant("no_such_variant") is None


def test_rules_that_nobody_signed_are_not_signed() -> None:
    book = load().rulebook
    assert not book.signed
    signed = book.copy(
        update={
            "rules": [r.copy(update={"reviewed_by": "N.", "reviewed_on": date.today()}) for r in book.rules]
        }
    )
    assert signed.signed


@pytest.mark.parametrize("value", [None, "P14D", "P6M", "P1Y", "P1Y6M", "P2W"])
def test_calendar_durations_are_taken(value: str) -> None:
    assert check_duration(value) == value


@pytest.mark.parametrize("value", ["14 days", "P", "6M", "PT4H", "P6", "p6m", "P6M ", ""])
def test_anything_else_is_no_duration(value: str) -> None:
    with pytest.raises(ValueError, match="ISO-8601"):
        check_duration(value)


def test_outcomes_stand_worst_first() -> None:
    assert OUTCOMES == ("urgent", "contraindicated", "defer", "provider_review", "ask", "no_flag")


def test_blank_facts_are_none_and_the_others_are_trimmed() -> None:
    data = yaml.safe_load((DATA / "clinic" / "clinic.yml").read_text("utf-8"))
    data["facts"].update({"price": "   ", "phone": " 555 "})
    clinic = Clinic(**data)
    assert clinic.facts["price"] is None and clinic.facts["phone"] == "555"


@pytest.mark.parametrize("key", NEVER_BLANK)
def test_what_the_safety_texts_name_must_not_be_blank(key: str) -> None:
    data = yaml.safe_load((DATA / "clinic" / "clinic.yml").read_text("utf-8"))
    data["facts"][key] = ""
    with pytest.raises(ValueError, match=f"facts.{key} must not be blank"):
        Clinic(**data)


def test_a_broken_rule_stops_the_load_with_file_key_and_cure(folder: Path) -> None:
    edit(folder, "contraindications.yml", "wait: P14D", "wait: two weeks")
    with pytest.raises(
        BrokenFile,
        match=r"contraindications.yml: conditions.sunburn.wait: 'two weeks' is no ISO-8601 duration",
    ):
        load(folder)


def test_everything_wrong_with_the_files_is_collected(folder: Path) -> None:
    edit(folder, "contraindications.yml", "wait: P14D", "wait: two weeks")
    edit(folder, "contraindications.yml", "strength: label", "strength: rumour")
    edit(folder, "clinic.yml", "demo: true", "demo: perhaps")
    (folder / "language.yml").unlink()
    knowledge, problems = examine(folder)
    assert knowledge is None
    assert {problem.key for problem in problems} >= {"conditions.sunburn.wait", "demo", "file"}
    assert all("\n" not in str(problem) for problem in problems)


def test_a_variant_with_words_of_its_own_must_be_named(folder: Path) -> None:
    edit(
        folder,
        "contraindications.yml",
        "test: {named: true, assertion: [present]}",
        "test: {assertion: [present]}",
    )
    with pytest.raises(BrokenFile, match="named: true"):
        load(folder)


def test_a_variant_without_a_test_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one test"):
        Rule.__fields__["variants"].type_(id="x", test={}, verdict="ask")


def test_a_rule_cannot_be_changed_by_mistake() -> None:
    with pytest.raises(TypeError):
        load().rule("pregnancy").verdict = "no_flag"


def test_a_broken_file_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "x.yml"
    file.write_text("a: 1\nb: 2\na: 3\n", "utf-8")
    with pytest.raises(BrokenFile, match="line 3: the key 'a' stands here twice"):
        read_yaml(file)
    file.write_bytes(b"a: \xff\xfe\n")
    with pytest.raises(BrokenFile, match="UTF-8"):
        read_yaml(file)
