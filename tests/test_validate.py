"""`make validate` finds what does not agree and names file and key."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable, Iterator

import pytest
import yaml

from candidacy.knowledge.load import examine, read_yaml
from candidacy.validate import main
from candidacy.validation import project, validate

ROOT = Path(__file__).resolve().parents[1]
RULES, SOURCES, CLINIC = (
    "data/clinic/contraindications.yml",
    "data/clinic/sources.yml",
    "data/clinic/clinic.yml",
)
ANSWERS, LANGUAGE, WORDING = (
    "data/clinic/answers.yml",
    "data/clinic/language.yml",
    "data/clinic/wording.yml",
)
DURATION, COST = "data/faq/duration.yml", "data/faq/cost.yml"


@pytest.fixture(scope="module")
def whole_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the data and of the code that names responses."""
    root = tmp_path_factory.mktemp("project")
    for file in ("domain.yml", "CHANGELOG.md"):
        shutil.copy(ROOT / file, root)
    for folder in ("data", "actions", "components", "channels", "desk"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", "widget"))
    return root


@pytest.fixture()
def copy(whole_copy: Path) -> Iterator[Path]:
    """The copy; what a test changes in it is put back afterwards."""
    before = {path: path.read_bytes() for path in whole_copy.rglob("*") if path.is_file()}
    yield whole_copy
    for path, content in before.items():
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)


@pytest.fixture(autouse=True)
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test left alone is not parsed again for the next one."""
    monkeypatch.setattr(project, "read_yaml", _parsed_once)
    monkeypatch.setattr(project, "examine", _examined_once)


_SEEN: dict[object, object] = {}


def _parsed_once(path: Path) -> object:
    key = (path, path.read_bytes()) if path.exists() else None
    if key not in _SEEN:
        data = read_yaml(path)
        if key is None:
            return data
        _SEEN[key] = data
    return _SEEN[key]


def _examined_once(folder: Path) -> object:
    files = (RULES, SOURCES, CLINIC, LANGUAGE)
    key = tuple(
        path.read_bytes() if path.exists() else None for path in (folder / Path(file).name for file in files)
    )
    if (folder, key) not in _SEEN:
        _SEEN[(folder, key)] = examine(folder)
    return _SEEN[(folder, key)]


def change(root: Path, file: str, old: str, new: str) -> None:
    path = root / file
    text = path.read_text("utf-8")
    assert old in text, f"{old!r} no longer stands in {file}: the test needs another place to break"
    path.write_text(text.replace(old, new, 1), "utf-8")


def told(root: Path) -> list[str]:
    return [str(problem) for problem in validate(root).problems]


def test_the_projects_own_data_agrees() -> None:
    report = validate(ROOT)
    assert [str(problem) for problem in report.problems] == []
    assert report.summary.startswith("All data agrees: 42 rules, ")


def test_an_unchanged_copy_agrees(copy: Path) -> None:
    assert told(copy) == []


BROKEN = yaml.safe_load((ROOT / "tests" / "broken_data.yml").read_text("utf-8"))


@pytest.mark.parametrize("case", BROKEN, ids=[case["what"].replace(" ", "_") for case in BROKEN])
def test_one_broken_thing_is_told_with_file_and_key(copy: Path, case: dict) -> None:
    change(copy, case["file"], case["old"], case["new"])
    lines, told_of = told(copy), case["told"]
    about = [line for line in lines if line.startswith(f"{told_of['file']}: ")]
    assert any(told_of["key"] in line and told_of["words"] in line for line in about), lines
    assert all("\n" not in line for line in lines)


BROKEN_YAML: list[tuple[str, str, Callable[[str], str], str]] = [
    ("a tab", RULES, lambda text: text.replace("    name: Pregnancy", "\tname: Pregnancy", 1), "tab"),
    ("a key written twice", CLINIC, lambda text: text.replace("country: US", "country: US\ncountry: CA", 1),
    "stands here twice"),
    ("a quote that never ends", "domain.yml", lambda text: text + '\n  x: "never ends\n',
    "check the indentation and quotes"),
    ("braces without quotes", DURATION, lambda text: text + "  utter_x:\n  - text: {{clinic.phone}}\n",
    "quotes"),
    ("no keys at all", LANGUAGE, lambda text: "- a list\n", "must hold keys and values"),
    ("no keys at all in the rules", RULES, lambda text: "just words\n", "must hold keys and values"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "file", "edit", "cure"), BROKEN_YAML, ids=[c[0].replace(" ", "_") for c in BROKEN_YAML]
)
def test_broken_yaml_is_told_in_one_clear_line(
    copy: Path, what: str, file: str, edit: Callable[[str], str], cure: str
) -> None:
    path = copy / file
    path.write_text(edit(path.read_text("utf-8")), "utf-8")
    lines = [line for line in told(copy) if line.startswith(f"{file}: ")]
    assert lines and cure in lines[0], lines
    assert all("\n" not in line for line in lines)


@pytest.mark.parametrize(
    "file", [RULES, SOURCES, CLINIC, ANSWERS, LANGUAGE, WORDING, "domain.yml", "data/rules.yml"]
)
def test_a_missing_file_is_told_in_one_clear_line(copy: Path, file: str) -> None:
    (copy / file).unlink()
    assert any(line.startswith(f"{file}: file: is missing") for line in told(copy))


def test_a_response_whose_braces_were_read_as_a_mapping_is_told(copy: Path) -> None:
    change(copy, "domain.yml", "  - text: Thank you.\n", "  - text: {clinic.phone}\n")
    assert any("responses.utter_noted: has no text" in line for line in told(copy))


def test_several_things_wrong_are_all_told_at_once(copy: Path) -> None:
    change(copy, RULES, "    wait: P14D", "    wait: 14 days")
    change(copy, RULES, "question_group: Q2_pregnancy", "question_group: Q2_baby")
    change(copy, CLINIC, 'opens: "09:00"', 'opens: "9am"')
    change(copy, "data/rules.yml", "  - action: utter_thank", "  - action: utter_thanks")
    lines = "\n".join(told(copy))
    for word in ("14 days", "Q2_baby", "9am", "utter_thanks"):
        assert word in lines


def test_a_source_that_nothing_names_is_a_warning_and_no_error(copy: Path) -> None:
    path = copy / SOURCES
    source = "  - {id: new_source, title: A, find_it: B, says: C, verified: true, kind: original}\n"
    path.write_text(path.read_text("utf-8") + source, "utf-8")
    report = validate(copy)
    assert not report.problems
    assert any("sources.new_source" in warning for warning in report.warnings)


def test_the_command_prints_each_problem_and_ends_with_one(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(copy, RULES, "    wait: P14D", "    wait: 14 days")
    assert main([str(copy)]) == 1
    out = capsys.readouterr().out
    assert (
        f"{RULES}: conditions.sunburn.wait: '14 days' is no ISO-8601 duration; write for example P14D" in out
    )
    assert "1 problem." in out


def test_the_command_says_that_all_data_agrees() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "candidacy.validate"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All data agrees: 42 rules, " in done.stdout
