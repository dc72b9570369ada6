"""What people typed stands in no log at any level, in no metric and in no database in clear."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Set

import pytest

from candidacy.knowledge import load
from desk.settings import now
from desk.windows import read_windows
from tests.conversations.runner import FOLDER, case_files, load_case

ROOT = Path(__file__).resolve().parents[1]
PLAYED = ["booking/", "privacy/", "disclosures/"]
_PERSONAL = re.compile(r"[\w.]+@[\w.]+\w|\+?\d[\d ().-]{6,}\d")
SHORTEST = 14
"""Characters of a message that is looked for as a whole: a shorter one may be an ordinary word."""


def typed() -> List[str]:
    cases = [p for p in case_files() if any(word in str(p.relative_to(FOLDER)) for word in PLAYED)]
    turns = [turn for path in cases for turn in load_case(path).turns]
    return [turn.patient for turn in turns if turn.patient and "{" not in turn.patient]


def only_a_time(text: str) -> bool:
    """Preferred times are kept in clear: they go into the clinic's calendar."""
    return len(text.split()) <= 4 and bool(read_windows(text, now(), load().clinic))


def telling() -> Set[str]:
    """Contacts, drugs and whole messages that were typed."""
    drugs = {drug.name.lower() for rule in load().rulebook.rules for part in (rule, *rule.variants) for drug in part.drugs}
    found: Set[str] = set()
    for text in typed():
        lower = text.lower()
        found.update(match.group().strip() for match in _PERSONAL.finditer(lower))
        found.update(drug for drug in drugs if len(drug) > 5 and re.search(rf"\b{re.escape(drug)}\b", lower))
        if len(lower) >= SHORTEST and not only_a_time(text):
            found.add(lower)
    return found


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, bytes]:
    """File name to content of everything that the played conversations left behind."""
    folder = tmp_path_factory.mktemp("traces")
    command = [sys.executable, "-W", "ignore", "-m", "tests.privacy_process", str(folder), *PLAYED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=900)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert int(done.stdout.split()[-1]) > 30
    left = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    return {**left, "stdout": done.stdout, "stderr": done.stderr}


def test_nothing_that_was_typed_is_in_any_of_it(traces: Dict[str, bytes]) -> None:
    words = telling()
    assert len(words) > 100
    found = {
        name: [word for word in words if word.encode() in content.lower()][:5]
        for name, content in traces.items()
        if not name.endswith("data_key")
    }
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_there_was_something_to_look_through(traces: Dict[str, bytes]) -> None:
    assert len(traces["debug.log"].splitlines()) > 500
    assert b"report_condition" in traces["metrics.txt"] or b"intent" in traces["metrics.txt"]
    assert len(traces["conversations.db"]) + len(traces.get("conversations.db-wal", b"")) > 500_000
