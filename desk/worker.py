"""The worker: one process that does, round after round, what must not happen during somebody's message.

Each job is `job(now) -> int`: how many rows it moved. Jobs are safe to be cut off anywhere and to run in
two workers at once, so a SIGTERM waits for the round only a moment.

| variable | meaning | default |
|---|---|---|
| WORKER_HEARTBEAT | file that is touched after every job, so that health can tell whether a worker lives | var/worker-heartbeat |
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Callable, Dict, Optional, Sequence

from desk import reminders, retention
from desk.database import utc_now
from desk.delivery.sending import deliver_due
from desk.settings import ROOT

Job = Callable[[datetime], int]

JOBS: Sequence[Job] = (deliver_due, reminders.send_due, retention.apply)

PAUSE_SECONDS = 0.5
"""Between two rounds; what was committed is on its way within a second or so."""

GRACE_SECONDS = 1.0
"""How long a round may go on after SIGTERM."""

ALIVE_SECONDS = 90.0
"""A heartbeat older than this means that no worker lives; one job may last as long as its slowest target."""

SAY_AGAIN_SECONDS = 600.0
"""A job that keeps failing in the same way is logged this often."""

_log = logging.getLogger("desk.worker")


def run(jobs: Sequence[Job] = JOBS) -> int:
    """Work until SIGTERM or SIGINT; returns the exit code."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in ("httpx", "httpcore", "asyncio", "aiosmtplib"):
        logging.getLogger(name).setLevel(logging.WARNING)  # they log addresses, which may hold a token
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # In a thread of its own, so that a signal is heard at once however long a job takes.
    rounds = threading.Thread(target=work, args=(jobs, stop), daemon=True)
    rounds.start()
    while rounds.is_alive() and not stop.wait(0.5):
        pass
    if not stop.is_set():
        _log.error("the worker ended by itself")
        return 1
    rounds.join(GRACE_SECONDS)
    if rounds.is_alive():
        sys.stderr.flush()
        os._exit(0)  # the job is cut off as kill -9 would, which every job must bear
    return 0


def work(jobs: Sequence[Job], stop: threading.Event) -> None:
    """Rounds of all jobs until told to stop; a job that fails does not stop the others."""
    told: Dict[str, tuple] = {}
    while not stop.is_set():
        for job in jobs:
            if stop.is_set():
                return
            name = f"{job.__module__}.{job.__name__}"
            try:
                job(utc_now())
                if told.pop(name, None):
                    _log.info("%s works again", name)
            except Exception as error:  # the kind alone: a text of it may quote a row
                _say(told, name, type(error).__name__)
            beat()
        stop.wait(PAUSE_SECONDS)


def beat() -> None:
    """Touch the heartbeat's file."""
    path = _heartbeat()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path)
    except OSError as error:
        _log.debug("no heartbeat: %s", type(error).__name__)


def seconds_since_beat() -> Optional[float]:
    """Seconds since a worker was last heard of; None when never."""
    try:
        return max(time.time() - _heartbeat().stat().st_mtime, 0.0)
    except OSError:
        return None


def is_alive() -> bool:
    """Whether a worker lives on this machine."""
    since = seconds_since_beat()
    return since is not None and since <= ALIVE_SECONDS


def _heartbeat() -> Path:
    return ROOT / (os.environ.get("WORKER_HEARTBEAT", "").strip() or "var/worker-heartbeat")


def _say(told: Dict[str, tuple], name: str, failure: str) -> None:
    before, at = told.get(name, (None, 0.0))
    if failure != before or time.monotonic() - at > SAY_AGAIN_SECONDS:
        told[name] = (failure, time.monotonic())
        _log.warning("%s failed: %s", name, failure)
