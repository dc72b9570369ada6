"""How long from the commit of a booking until mail, webhook and calendar have it: `python -m benchmarks.delivery [BOOKINGS]`.

Everything is real: the worker as a process of its own, an SMTP server (aiosmtpd), a web server, a CalDAV server
(Radicale), all on this machine, so that the network counts for nothing. In the same run, turn about: the outbox with
one target, and the plainest way there is, no outbox at all: the turn itself sends, one target after the other.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

THREE, ONE, DIRECT = "outbox, three targets", "outbox, webhook alone", "no outbox, three in the turn"
OTHERS = ("SMTP_", "MAIL_", "WEBHOOK_", "CALDAV_", "FHIR_")


class Stamped(list):
    """A list that knows when each of its items came (`time.perf_counter`)."""

    def __init__(self) -> None:
        super().__init__()
        self.times: List[float] = []

    def append(self, item: Any) -> None:
        """Keep the item and the moment."""
        self.times.append(time.perf_counter())
        super().append(item)


class Targets:
    """The three servers, each with what has reached it."""

    def __init__(self, folder: Path) -> None:
        from tests.delivery_fixtures import CalendarServer, HttpTarget, MailServer

        self.mail, self.web, self.calendar = MailServer(), HttpTarget(), CalendarServer(folder)
        self.mail.mails, self.web.requests, self.calendar.lines = Stamped(), Stamped(), Stamped()
        for server in (self.mail, self.web, self.calendar):
            server.up()

    @property
    def settings(self) -> Dict[str, str]:
        """Variables that name all three."""
        return {**self.mail.settings, **self.web.settings, **self.calendar.settings}

    def arrivals(self) -> Dict[str, List[float]]:
        """When each message reached its target."""
        lines = self.calendar.lines
        stored = [lines.times[place] for place, line in enumerate(list(lines)) if '"PUT ' in line]
        return {"email": self.mail.mails.times, "webhook": self.web.requests.times, "caldav": stored}

    def have_more(self, than: Dict[str, int], names: Tuple[str, ...]) -> bool:
        """True when each of these targets has got something since it had so much."""
        arrivals = self.arrivals()
        return all(len(arrivals[name]) > than[name] for name in names)

    def down(self) -> None:
        """Stop the servers."""
        for server in (self.mail, self.web, self.calendar):
            server.down()


def choose(settings: Dict[str, str]) -> None:
    """Have bookings of this process go to these targets and no other."""
    from desk.delivery.delivery_settings import delivery_settings

    for name in [name for name in os.environ if name.startswith(OTHERS)]:
        del os.environ[name]
    os.environ.update(settings)
    delivery_settings.cache_clear()


@contextmanager
def worker(folder: Path, settings: Dict[str, str]) -> Iterator[None]:
    """The worker as `make run` starts it, once it has begun its rounds."""
    from tests.harness import ROOT, until

    beat = folder / "heartbeat"
    environment = {**os.environ, **settings, "WORKER_HEARTBEAT": str(beat)}
    process = subprocess.Popen([sys.executable, str(ROOT / "launch.py"), "worker"], cwd=ROOT, env=environment)
    try:
        until(beat.exists, 90, "the worker did not start")
        yield
    finally:
        process.terminate()
        process.wait(15)


def book(number: int) -> int:
    """One booking, committed; its number."""
    from candidacy.knowledge import load
    from desk.booking import request_consultation
    from desk.database import transaction
    from desk.records import Consultation
    from desk.references import read_reference
    from desk.settings import now, today
    from desk.windows.window import make_window
    from tests.desk_fixtures import a_request

    tomorrow = make_window(now(), load().clinic, dates=[today() + timedelta(days=1)], part="afternoon")  # for the calendar
    request = a_request(conversation_id=f"talk-{number}", windows=[tomorrow])
    made = request_consultation(request, idempotency_key=f"talk-{number}:1")
    with transaction() as session:
        return session.query(Consultation.id).filter_by(reference=read_reference(made.reference)).scalar()


def send_directly(number: int, targets: Tuple[str, ...]) -> None:
    """What a program without an outbox does: the same messages by the same adapters, one after the other."""
    from desk.database import transaction, utc_now
    from desk.delivery.delivery_settings import delivery_settings
    from desk.delivery.message import message_of
    from desk.delivery.sending import send_to
    from desk.records import Delivery

    for target in targets:
        key = f"direct:{number}:{target}"
        row = Delivery(
            id=0, target=target, event="requested", subject="consultation", subject_id=number, idempotency_key=key, created_at=utc_now()
        )
        with transaction() as session:
            message = message_of(session, row)
        asyncio.run(send_to(target)(message, getattr(delivery_settings(), target), utc_now()))


def measure(bookings: int, targets: Targets) -> Dict[str, Dict[str, List[float]]]:
    """Way to what was measured: milliseconds that the turn waited, and until each target and the last one had it."""
    from tests.harness import until

    everything, names = targets.settings, ("email", "webhook", "caldav")
    found: Dict[str, Dict[str, List[float]]] = {way: {} for way in (THREE, ONE, DIRECT)}
    chance = random.Random(7)
    for number in range(-1, bookings):  # the first one of each way only warms up
        for way, wanted in ((THREE, names), (ONE, ("webhook",)), (DIRECT, names)):
            before = {name: len(times) for name, times in targets.arrivals().items()}
            choose({} if way == DIRECT else everything if way == THREE else targets.web.settings)
            time.sleep(chance.uniform(0, 0.5))  # the worker is met anywhere between two rounds
            began = time.perf_counter()
            stored = book(number * 3 + list(found).index(way))
            committed = time.perf_counter()
            if way == DIRECT:
                choose(everything)
                send_directly(stored, names)
            waited = time.perf_counter() - began
            until(partial(targets.have_more, before, wanted), 60, f"{way}: a message did not arrive")
            took = {name: targets.arrivals()[name][before[name]] - committed for name in wanted}
            if number >= 0:
                for name, seconds in {"turn": waited, **took, "last": max(took.values())}.items():
                    found[way].setdefault(name, []).append(seconds * 1000)
    return found


def table(found: Dict[str, Dict[str, List[float]]]) -> str:
    """The numbers, in milliseconds."""
    labels = {"turn": "the turn waits", "email": "mail", "webhook": "webhook", "caldav": "calendar", "last": "all there"}
    lines = [f"{'ms':32s}{'p50':>8s}{'p95':>8s}"]
    for way, measured in found.items():
        lines.append(way)
        for name, label in labels.items():
            if name in measured and not (name == "last" and len(measured) < 4):
                took = sorted(measured[name])
                p95 = took[min(int(len(took) * 0.95), len(took) - 1)]
                lines.append(f"  {label:30s}{statistics.median(took):8.0f}{p95:8.0f}")
    return "\n".join(lines)


def main(bookings: int = 40) -> None:
    """Measure so many bookings each way and print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.update(
            DATABASE_URL=f"sqlite:///{folder}/desk.db",
            CONVERSATIONS_DB=f"{folder}/conversations.db",
            DATA_KEY="a key for the benchmark and for nothing else",
            STAFF_URL="https://inbox.clinic.example",
        )
        targets = Targets(folder / "calendar")
        try:
            choose(targets.settings)
            with worker(folder, targets.settings):
                print(f"{bookings} bookings each way, SQLite, everything on this machine")
                print(table(measure(bookings, targets)), flush=True)
        finally:
            targets.down()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
