"""The rooms keep to their directions, the rules stay light, and wording stays in YAML."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("actions", "candidacy", "channels", "components", "desk", "staff")
SOURCES = sorted(
    [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    + list(ROOT.glob("*.py"))
    + list((ROOT / "tests").glob("*.py"))
)
MOST_LINES = 300


def test_imports_point_one_way() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_load_no_rasa_no_tensorflow_and_no_spacy() -> None:
    code = "import sys, time; import candidacy.screening; print(time.process_time()); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, modules = done.stdout.split("\n", 1)
    loaded = {name.partition(".")[0] for name in modules.split()}
    assert not loaded & {"rasa", "rasa_sdk", "tensorflow", "spacy", "sqlalchemy", "sanic", "torch", "numpy"}
    # A fifth of a second of processor time; the bound only notices a heavy import on a slow machine.
    assert float(seconds) < 5


def test_validating_loads_no_rasa_and_no_spacy() -> None:
    code = "import sys; import candidacy.validate; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"rasa", "rasa_sdk", "tensorflow", "spacy", "sqlalchemy"}


@pytest.mark.parametrize("room", ["actions", "channels", "components", "desk", "candidacy", "staff"])
def test_no_module_is_longer_than_one_can_read(room: str) -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / room).rglob("*.py")
        if (lines := len(path.read_text("utf-8").splitlines())) > MOST_LINES
    }
    assert not long


# ---- No sentence for a patient in Python ----

_SENTENCE = re.compile(r"[.?!]['\")]*$")
_NOT_TO_PATIENTS = (
    "desk/bookings.py",  # these print to a terminal
    "channels/shell.py",
    "channels/phone.py",
    "components/unanswered.py",
    "channels/fake_twilio.py",  # speaks as the provider does
    "desk/delivery/",  # writes to staff
)
_SPOKEN_TO_STAFF = ("exit", "print", "add_argument", "ArgumentParser", "warn")


def _texts(tree: ast.AST) -> Iterator[ast.Constant]:
    """String literals, but for docstrings and what goes to a log, an exception, a terminal."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Raise) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            continue
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if (
                name.split(".")[0] in ("logger", "logging", "warnings")
                or name.split(".")[-1] in _SPOKEN_TO_STAFF
            ):
                continue
            if (
                name.endswith(("Error", "Refused", "BadSetting", "BrokenFile", "NotBookable"))
                or name == "super().__init__"
            ):
                continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node
        pending.extend(ast.iter_child_nodes(node))


@pytest.mark.parametrize("room", ["actions", "channels", "components", "desk"])
def test_no_sentence_for_a_patient_stands_in_python(room: str) -> None:
    found = []
    for path in sorted((ROOT / room).rglob("*.py")):
        for text in _texts(ast.parse(path.read_text("utf-8"))):
            words = text.value.split()
            is_pattern = "\\" in text.value or "(?:" in text.value
            if len(words) > 6 and not is_pattern and _SENTENCE.search(text.value.strip()):
                found.append(f"{path.relative_to(ROOT)}:{text.lineno}: {text.value.strip()[:80]}")
    assert [line for line in found if not line.startswith(_NOT_TO_PATIENTS)] == []


def test_the_heuristic_finds_a_sentence_and_leaves_logs_alone() -> None:
    tree = ast.parse(
        'def f():\n    """A docstring that is quite long, as docstrings may well be."""\n'
        '    logger.info("This is a long log line that speaks to nobody but us.")\n'
        '    raise ValueError("This is a long error that speaks to nobody but us.")\n'
        '    say("Please wait until your skin has healed before you come in.")\n'
    )
    assert [text.value[:11] for text in _texts(tree)] == ["Please wait"]


def test_no_module_does_work_that_waits_for_the_network_or_reads_yaml_at_import() -> None:
    """At the top level of candidacy and desk no file is opened: a broken one must not break an import."""
    for room in ("candidacy", "desk"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, (ast.Assign, ast.AnnAssign, ast.Expr)):
                    text = ast.unparse(node)
                    assert not re.search(r"\b(?:open|load|read_yaml|read_text|cues)\(", text), (
                        f"{path.name}: {text[:80]}"
                    )


def test_nothing_in_the_project_names_the_machine_it_was_written_on() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is no git checkout; clone the repository to run this test")
    private = re.compile("/" + "work/|/" + "root/|/tmp/" + "contract|" + r"\bpypi\.org/simple")
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if (
            path.suffix in (".py", ".yml", ".md", ".toml", ".txt", ".html", ".js", ".css", "")
            and path.is_file()
        ):
            text = path.read_text("utf-8", errors="ignore")
            match = private.search(text)
            assert match is None, f"{name}: {text[max(0, match.start() - 40) : match.end() + 40]!r}"
