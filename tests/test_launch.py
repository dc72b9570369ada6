"""Starting: what is broken is told in one line, and a model is trained only when its data changed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, List

import pytest

from tests.harness import ROOT, free_port

NOT_COPIED = (".*", "models", "var", "tests", "benchmarks", "node_modules", "__pycache__")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, so that its data can be broken."""
    copy = tmp_path_factory.mktemp("project") / "bot"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
    (copy / "models").mkdir()
    return copy


@pytest.fixture
def project(original: Path) -> Any:
    """The copy, with its clinic's files as they are again afterwards."""
    kept = original.parent / "clinic"
    shutil.copytree(original / "data" / "clinic", kept)
    yield original
    shutil.rmtree(original / "data" / "clinic")
    shutil.move(str(kept), original / "data" / "clinic")


def start(project: Path, command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """`python launch.py <command>`, with what it says."""
    env = {**os.environ, "DATABASE_URL": "", "PYTHONDONTWRITEBYTECODE": "1", **environment}
    return subprocess.run(
        [sys.executable, "launch.py", command],
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )


def stops_with_one_line(done: "subprocess.CompletedProcess[str]") -> str:
    """The line that a refused start says."""
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert done.returncode not in (0, None), said
    assert len(said) == 1 and "Traceback" not in said[0], "\n".join(said)
    return said[0]


def replace(file: str, old: str, new: str) -> Callable[[Path], None]:
    """A change of one place in a file of the clinic."""

    def change(project: Path) -> None:
        path = project / "data" / "clinic" / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")

    return change


def remove(file: str) -> Callable[[Path], None]:
    """A file of the clinic that is not there."""
    return lambda project: (project / "data" / "clinic" / file).unlink()


BROKEN = {
    "an unknown key": (
        "rasa",
        "clinic.yml",
        replace("clinic.yml", "facts:", "colour: red\nfacts:"),
        "colour",
    ),
    "no YAML": ("actions", "clinic.yml", replace("clinic.yml", "facts:", "facts: [\n"), ""),
    "an unknown time zone": (
        "shell",
        "clinic.yml",
        replace("clinic.yml", "time_zone: ", "time_zone: Moon/"),
        "time_zone",
    ),
    "no file": ("rasa", "clinic.yml", remove("clinic.yml"), ""),
    "a wait that is none": (
        "shell",
        "contraindications.yml",
        replace("contraindications.yml", "wait: P", "wait: X"),
        "wait",
    ),
    "no rules": ("train", "contraindications.yml", remove("contraindications.yml"), ""),
    "an unknown verdict": (
        "actions",
        "contraindications.yml",
        replace("contraindications.yml", "verdict: ", "verdict: un"),
        "verdict",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_stops_the_start_with_one_line(project: Path, name: str) -> None:
    command, file, change, key = BROKEN[name]
    change(project)
    line = stops_with_one_line(start(project, command))
    assert file in line and key in line


@pytest.mark.parametrize(
    "command, variable, value",
    [
        ("rasa", "DATABASE_URL", "nonsense"),
        ("actions", "DATABASE_URL", "mysql://secret:secret@host/db"),
        ("shell", "DATABASE_URL", "sqlite://"),
        ("rasa", "DATABASE_URL", "sqlite:///launch.py/desk.db"),
        ("rasa", "CLINIC_TODAY", "tomorrow"),
        ("rasa", "RASA_PORT", "high"),
    ],
)
def test_a_setting_that_cannot_be_used_stops_the_start_with_one_line(
    original: Path, command: str, variable: str, value: str
) -> None:
    line = stops_with_one_line(start(original, command, **{variable: value}))
    assert variable in line and "secret" not in line


def test_a_database_that_nobody_answers_at_stops_the_start_with_one_line(original: Path) -> None:
    line = stops_with_one_line(
        start(original, "rasa", DATABASE_URL=f"postgresql://secret@127.0.0.1:{free_port()}/x")
    )
    assert "DATABASE_URL" in line and "secret" not in line


def test_an_unknown_command_says_which_there_are(original: Path) -> None:
    done = start(original, "dance")
    assert done.returncode and "launch.py shell" in done.stderr


# Training


@pytest.fixture
def launch(original: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """launch.py of the copy, with a model trained from the data as it stands."""
    spec = importlib.util.spec_from_file_location("launch_of_the_copy", original / "launch.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.chdir(original)
    monkeypatch.setattr(sys, "argv", ["launch.py", "train"])
    (original / "models" / "old.tar.gz").write_bytes(b"model")
    module.STAMP.write_text(module._digest(), "utf-8")
    return module


@pytest.fixture
def trained(launch: ModuleType, monkeypatch: pytest.MonkeyPatch) -> List[Any]:
    """The trainings that were begun."""
    commands: List[Any] = []

    def run(command: Any, **_: Any) -> Any:
        commands.append(command)
        (launch.ROOT / "models" / "new.tar.gz").write_bytes(b"model")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(launch.subprocess, "run", run)
    return commands


def test_nothing_is_trained_when_nothing_changed(launch: ModuleType, trained: List[Any], capsys: Any) -> None:
    launch.train()
    assert not trained and capsys.readouterr() == ("", "")
    assert [path.name for path in (launch.ROOT / "models").glob("*.tar.gz")] == ["old.tar.gz"]


@pytest.mark.parametrize(
    "changed", ["data/nlu/flows.yml", "data/faq/cost.yml", "data/rules.yml", "domain.yml"]
)
def test_a_change_in_the_data_is_trained_once(launch: ModuleType, trained: List[Any], changed: str) -> None:
    with open(launch.ROOT / changed, "a", encoding="utf-8") as file:
        file.write("# changed\n")
    launch.train()
    launch.train()
    assert len(trained) == 1
    assert [path.name for path in (launch.ROOT / "models").glob("*.tar.gz")] == ["new.tar.gz"]


def test_a_change_of_the_clinics_files_needs_no_training(launch: ModuleType, trained: List[Any]) -> None:
    path = launch.ROOT / "data" / "clinic" / "clinic.yml"
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    launch.train()
    assert not trained


@pytest.fixture(autouse=True)
def no_models_left(request: pytest.FixtureRequest) -> Any:
    """Models of one test do not count in the next."""
    yield
    if "original" in request.fixturenames:
        for path in (request.getfixturevalue("original") / "models").iterdir():
            path.unlink()
