"""The benchmark of delivery runs on real servers and a real worker, and names what it measured. No time is judged here."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tests.harness import ROOT


def test_each_way_is_measured_to_each_of_its_targets() -> None:
    own = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "CONVERSATIONS_DB")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.delivery", "1"], cwd=ROOT, env=own, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-2000:]
    ways = re.split(r"(?m)^(?=outbox|no outbox)", done.stdout)[1:]
    measured = {way.splitlines()[0]: re.findall(r"(?m)^  (.*?) +\d+ +\d+$", way) for way in ways}
    three = ["the turn waits", "mail", "webhook", "calendar", "all there"]
    assert measured == {
        "outbox, three targets": three,
        "outbox, webhook alone": ["the turn waits", "webhook"],
        "no outbox, three in the turn": three,
    }
