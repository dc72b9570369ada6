"""A changed rule is refused without a raised version and a line in the changelog."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from candidacy.knowledge.load import read_yaml
from candidacy.validation import Project
from candidacy.validation.project import RULES_FILE
from candidacy.validation.stamp import main as stamp_main
from candidacy.validation.version import CHANGELOG, check, digest, read_digest, sections

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture()
def root(tmp_path: Path) -> Path:
    """The clinic's files with a changelog that says 1.0.0 is released with just these rules."""
    shutil.copytree(ROOT / "data" / "clinic", tmp_path / "data" / "clinic")
    change(tmp_path / RULES_FILE, r'^version: ".*"$', 'version: "1.0.0"')
    changelog(tmp_path, ("1.0.0", "2026-11-22", read_digest(tmp_path), "- First set."))
    return tmp_path


def changelog(root: Path, *versions: "tuple[str, str, str, str]") -> None:
    written = [f"## {number} - {day} (rules {hexes})\n\n{body}\n" for number, day, hexes, body in versions]
    (root / CHANGELOG).write_text("# Changelog\n\n" + "\n".join(written), "utf-8")


def change(path: Path, old: str, new: str) -> None:
    text, changed = re.subn(old, new, path.read_text("utf-8"), count=1, flags=re.MULTILINE)
    assert changed, f"{old!r} no longer stands in {path.name}"
    path.write_text(text, "utf-8")


def told(root: Path) -> "list[str]":
    return [str(problem) for problem in check(Project(root))]


def change_a_wait(root: Path) -> str:
    change(root / RULES_FILE, r"^    wait: P14D$", "    wait: P13D")
    return read_digest(root)


def test_rules_that_match_their_heading_agree(root: Path) -> None:
    assert told(root) == []


def test_a_changed_rule_under_a_released_version_is_refused_with_the_cure(root: Path) -> None:
    now = change_a_wait(root)
    (line,) = told(root)
    assert line.startswith(f"{RULES_FILE}: version: the rules have changed since 1.0.0 was released")
    assert "raise the version" in line
    assert f"## <new version> - {date.today().isoformat()} (rules {now})" in line


def test_a_raised_version_without_its_line_is_refused(root: Path) -> None:
    now = change_a_wait(root)
    change(root / RULES_FILE, r'^version: ".*"$', 'version: "1.1.0"')
    (line,) = told(root)
    assert line.startswith(f"{CHANGELOG}: 1.1.0: the newest heading is 1.0.0 and the rules are 1.1.0")
    assert f"## 1.1.0 - {date.today().isoformat()} (rules {now})" in line


def test_a_line_without_a_raised_version_is_refused(root: Path) -> None:
    old, now = read_digest(root), change_a_wait(root)
    changelog(root, ("1.1.0", "2026-12-01", now, "- A wait."), ("1.0.0", "2026-11-22", old, "- First set."))
    (line,) = told(root)
    assert line.startswith(f"{CHANGELOG}: 1.0.0: the newest heading is 1.1.0 and the rules are 1.0.0")


def test_both_together_are_accepted(root: Path) -> None:
    old, now = read_digest(root), change_a_wait(root)
    change(root / RULES_FILE, r'^version: ".*"$', 'version: "1.1.0"')
    changelog(root, ("1.1.0", "2026-12-01", now, "- A wait."), ("1.0.0", "2026-11-22", old, "- First set."))
    assert told(root) == []


def test_a_heading_that_says_nothing_is_refused(root: Path) -> None:
    changelog(root, ("1.0.0", "2026-11-22", read_digest(root), "Some changes."))
    (line,) = told(root)
    assert line.startswith(f"{CHANGELOG}: 1.0.0: does not say what changed")


def test_a_heading_without_a_digest_is_told_with_the_digest(root: Path) -> None:
    (root / CHANGELOG).write_text("# Changelog\n\n## 1.0.0 - 2026-11-22\n\n- First set.\n", "utf-8")
    (line,) = told(root)
    assert f"write '## 1.0.0 - 2026-11-22 (rules {read_digest(root)})'" in line


def test_a_heading_of_another_form_is_refused(root: Path) -> None:
    (root / CHANGELOG).write_text("# Changelog\n\n## Version one\n\n- First set.\n", "utf-8")
    (line,) = told(root)
    assert line.startswith(f"{CHANGELOG}: ## Version one: is no heading of the form")


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        (("1.0.0", "2026-12-01"), ("1.0.0", "2026-11-22")),
        (("1.0.0", "2026-12-01"), ("1.10.0", "2026-11-22")),
        (("1.0.0", "2026-11-22"), ("0.9.0", "2026-12-01")),
    ],
    ids=["the same version twice", "a lowered version", "an earlier day on top"],
)
def test_versions_only_rise(root: Path, newer: "tuple[str, str]", older: "tuple[str, str]") -> None:
    changelog(root, (*newer, read_digest(root), "- A."), (*older, "0" * 12, "- B."))
    assert any("is not newer; raise each version, newest first" in line for line in told(root))


def test_1_10_is_newer_than_1_9(root: Path) -> None:
    change(root / RULES_FILE, r'^version: ".*"$', 'version: "1.10.0"')
    newest = ("1.10.0", "2026-12-01", read_digest(root), "- A.")
    changelog(root, newest, ("1.9.0", "2026-11-22", "0" * 12, "- B."))
    assert told(root) == []


def test_a_missing_or_unreadable_changelog_is_told_in_one_line(root: Path) -> None:
    (root / CHANGELOG).write_bytes(b"\xff\xfe")
    assert told(root) == [f"{CHANGELOG}: file: is not UTF-8 text; save it as UTF-8"]
    (root / CHANGELOG).unlink()
    assert told(root) == [f"{CHANGELOG}: file: is missing; bring it back from version control"]


def test_rules_that_cannot_be_read_are_not_told_twice(root: Path) -> None:
    change(root / RULES_FILE, r"^    wait: P14D$", "    wait: 14 days")
    assert told(root) == []


# ---- The digest ----


def test_signing_does_not_change_the_digest(root: Path) -> None:
    before = read_digest(root)
    change(root / RULES_FILE, r"^    reviewed_by:$", "    reviewed_by: A nurse")
    change(root / RULES_FILE, r"^    reviewed_on:$", "    reviewed_on: 2026-12-01")
    assert read_digest(root) == before
    assert told(root) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r"^    wait: P14D$", "    wait: P15D"),
        (r"^    verdict: contraindicated$", "    verdict: defer"),
        (r"\[under 18, under eighteen,", "[under 18,"),
        (r"^        test: \{age_to: 17\}$", "        test: {age_to: 16}"),
        (r"^    since: 2026-11-22$", "    since: 2026-11-23"),
        (r"^    name: Pregnancy$", "    name: Being pregnant"),
    ],
)
def test_every_other_change_changes_the_digest(root: Path, old: str, new: str) -> None:
    before = read_digest(root)
    change(root / RULES_FILE, old, new)
    assert read_digest(root) != before


def test_comments_indentation_and_the_order_of_keys_do_not_count() -> None:
    rule = {"id": "a", "wait": "P1D", "reviewed_by": None}
    same = {"reviewed_by": "B", "wait": "P1D", "id": "a", "reviewed_on": date(2026, 1, 1)}
    one = digest({"version": "1", "conditions": [rule]})
    assert one == digest({"conditions": [same], "version": "2"})
    assert re.fullmatch(r"[0-9a-f]{12}", one)


# ---- make stamp-rules ----


def test_before_the_release_the_digest_is_stamped_anew(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newest = ("1.0.0", "2026-11-22", read_digest(root), "Not yet released.\n\n- First set.")
    changelog(root, newest, ("0.9.0", "2026-11-01", "a" * 12, "- Draft."))
    now = change_a_wait(root)
    (line,) = told(root)
    assert line.startswith(f"{CHANGELOG}: 1.0.0: the rules have changed, their digest is {now} now;")
    assert line.endswith("run make stamp-rules")
    before = (root / CHANGELOG).read_text("utf-8").splitlines()
    assert stamp_main([str(root)]) == 0
    after = (root / CHANGELOG).read_text("utf-8").splitlines()
    assert [line for line in after if line not in before] == [f"## 1.0.0 - 2026-11-22 (rules {now})"]
    assert len(after) == len(before) and told(root) == []
    capsys.readouterr()
    assert stamp_main([str(root)]) == 0
    assert "already" in capsys.readouterr().out


def test_a_first_stamp_adds_the_digest(root: Path) -> None:
    text = "# Changelog\n\n## 1.0.0 - 2026-11-22\n\nNot yet released.\n\n- First set.\n"
    (root / CHANGELOG).write_text(text, "utf-8")
    assert stamp_main([str(root)]) == 0
    assert told(root) == []


def test_a_released_version_is_never_stamped(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change_a_wait(root)
    before = (root / CHANGELOG).read_bytes()
    assert stamp_main([str(root)]) == 1
    assert "1.0.0 is released" in capsys.readouterr().err
    assert (root / CHANGELOG).read_bytes() == before


def test_a_version_without_a_heading_is_not_stamped(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(root / RULES_FILE, r'^version: ".*"$', 'version: "1.1.0"')
    assert stamp_main([str(root)]) == 1
    assert "has no heading '## 1.1.0" in capsys.readouterr().err


def test_rules_that_are_no_rules_are_not_stamped(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / RULES_FILE).write_text("just words\n", "utf-8")
    assert stamp_main([str(root)]) == 1
    assert capsys.readouterr().err.startswith(f"{RULES_FILE}: ")


def test_the_projects_own_changelog_has_the_version_of_the_rules_on_top() -> None:
    newest = sections((ROOT / CHANGELOG).read_text("utf-8"))[0]
    assert newest.version == read_yaml(ROOT / RULES_FILE)["version"] and newest.tells
