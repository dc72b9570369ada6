"""The worker: all jobs in rounds, one that fails stops nobody, ends at once when told, shows that it lives."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Callable, Iterator, List

import pytest

from desk import worker
from desk.database import utc_now
from tests.delivery_fixtures import HttpTarget, Use, book, rows, use, web_server  # noqa: F401
from tests.desk_fixtures import sqlite_database  # noqa: F401
from tests.harness import ROOT

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def heartbeat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A heartbeat's file of this test, and no conversations but its own."""
    monkeypatch.setenv("CONVERSATIONS_DB", str(tmp_path / "conversations.db"))
    monkeypatch.setenv("WORKER_HEARTBEAT", str(tmp_path / "beat"))
    return tmp_path / "beat"


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a worker as a process of its own, ended after the test."""
    started: List["subprocess.Popen[str]"] = []

    def begin(*command: str, **environment: str) -> "subprocess.Popen[str]":
        arguments = [sys.executable, *(command or ("launch.py", "worker"))]
        made = subprocess.Popen(
            arguments, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        started.append(made)
        return made

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait(10)


def wait_until(condition: Callable[[], Any], seconds: float = 60) -> None:
    """Return when a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.05)


def _rounds(jobs: List[worker.Job], rounds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many rounds, without the pause."""
    stop, done = threading.Event(), []

    def last(now: datetime) -> int:
        done.append(now)
        if len(done) == rounds:
            stop.set()
        return 0

    monkeypatch.setattr(worker, "PAUSE_SECONDS", 0)
    worker.work([*jobs, last], stop)
    assert len(done) == rounds


def test_a_job_that_fails_stops_no_other_and_is_told_by_its_kind_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    moments: List[datetime] = []

    def failing(now: datetime) -> int:
        moments.append(now)
        if len(moments) < 4:
            raise ValueError("Quillon takes Eliquis")
        return 0

    _rounds([failing], 5, monkeypatch)
    lines = [record.getMessage() for record in caplog.records if record.name == "desk.worker"]
    assert [line.partition("failing ")[2] for line in lines] == ["failed: ValueError", "works again"]
    assert "Quillon" not in caplog.text and "Eliquis" not in caplog.text
    assert all(moment.tzinfo is not None for moment in moments) and len(moments) == 5


def test_a_failure_of_another_kind_is_told_too(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    kinds = iter([ValueError(), ValueError(), KeyError()])

    def failing(now: datetime) -> int:
        raise next(kinds)

    _rounds([failing], 3, monkeypatch)
    assert [record.getMessage().rpartition(" ")[2] for record in caplog.records] == ["ValueError", "KeyError"]


def test_it_shows_that_it_lives(monkeypatch: pytest.MonkeyPatch, heartbeat: Path) -> None:
    assert worker.seconds_since_beat() is None and not worker.is_alive()
    _rounds([], 1, monkeypatch)
    assert worker.is_alive()
    long_ago = time.time() - timedelta(minutes=5).total_seconds()
    os.utime(heartbeat, (long_ago, long_ago))
    assert not worker.is_alive() and (worker.seconds_since_beat() or 0) > 290
    _rounds([], 1, monkeypatch)
    assert worker.is_alive()


def test_a_heartbeat_that_cannot_be_written_stops_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WORKER_HEARTBEAT", str(tmp_path / "file" / "beat"))
    _rounds([], 2, monkeypatch)
    assert not worker.is_alive()


def test_every_job_is_one_that_the_worker_can_run() -> None:
    for job in worker.JOBS:
        assert job.__module__.startswith("desk.") and callable(job)
    assert "desk.delivery.sending.deliver_due" in {f"{job.__module__}.{job.__name__}" for job in worker.JOBS}


def test_the_worker_is_light() -> None:
    heavy = ("rasa", "rasa_sdk", "spacy", "tensorflow", "onnxruntime", "httpx", "aiosmtplib", "icalendar", "fhir")
    code = f"import sys, desk.worker; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_real_worker_delivers_what_is_booked_and_ends_when_told(
    sqlite_database: str, use: Use, web_server: HttpTarget, start: Start  # noqa: F811
) -> None:
    use(web_server.settings)
    process = start()
    wait_until(worker.is_alive)
    book(at=utc_now())
    wait_until(lambda: rows()[0].state == "sent")
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=10)
    assert process.returncode == 0 and len(web_server.accepted) == 1
    assert output == "", "a quiet worker"


def test_a_target_that_hangs_does_not_keep_it_from_ending(
    sqlite_database: str, use: Use, start: Start  # noqa: F811
) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection and never answers
        use({"WEBHOOK_URL": f"http://127.0.0.1:{silent.getsockname()[1]}/", "WEBHOOK_SECRET": "s" * 32})
        process = start()
        book(at=utc_now())
        wait_until(lambda: rows()[0].attempts == 1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=6)  # the target's own silence would be ten seconds
    assert process.returncode == 0
    assert rows()[0].state == "waiting" and rows()[0].failure == "sending"


def test_a_worker_whose_thread_dies_ends_with_an_error_so_that_it_is_started_again(start: Start) -> None:
    code = "import sys\nfrom desk import worker\ndef job(now): raise SystemExit(3)\nsys.exit(worker.run([job]))"
    process = start("-W", "ignore", "-c", code)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1 and "the worker ended by itself" in output


def test_a_database_that_goes_away_is_told_and_waited_for(
    sqlite_database: str, use: Use, web_server: HttpTarget, start: Start, tmp_path: Path  # noqa: F811
) -> None:
    use(web_server.settings)
    code = (
        "import sys\nfrom desk import worker\nfrom desk.database import DeskUnavailable\n"
        "from desk.delivery import sending\nfrom pathlib import Path\n"
        f"def job(now):\n    if not Path({str(tmp_path / 'back')!r}).exists(): raise DeskUnavailable('OperationalError')\n"
        "    return sending.deliver_due(now)\nsys.exit(worker.run([job]))"
    )
    book(at=utc_now())
    process = start("-W", "ignore", "-c", code)
    wait_until(worker.is_alive)
    assert rows()[0].attempts == 0
    (tmp_path / "back").write_text("")
    wait_until(lambda: rows()[0].state == "sent")
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=10)
    assert output.count("failed: DeskUnavailable") == 1 and "works again" in output


def test_a_half_set_target_stops_the_start_with_one_line(sqlite_database: str, use: Use, start: Start) -> None:  # noqa: F811
    use({"CALDAV_URL": "https://cal.clinic.example/desk"})
    process = start()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    (line,) = output.splitlines()
    assert line.startswith("The bot was not started. CALDAV_USER: is not set")
