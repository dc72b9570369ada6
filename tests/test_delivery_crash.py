"""kill -9 at every step from the booking to the delivery: it is there once, and arrives once by its key."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any, Callable, Collection, Dict

import pytest

from desk.database import transaction
from desk.delivery.claims import LEASE
from desk.delivery.sending import deliver_due
from desk.records import Consultation
from tests.delivery_fixtures import (  # noqa: F401
    NOW,
    CalendarServer,
    HttpTarget,
    MailServer,
    Use,
    book,
    calendar_server,
    mail_server,
    rows,
    use,
    web_server,
)
from tests.desk_fixtures import database, sqlite_database  # noqa: F401
from tests.harness import ROOT

# Each point: the function that is wrapped, and whether the process dies before or after it, in a process
# of its own whose code is the product's.
POINTS = {
    "before the claim is committed": ("claims._change", "after a claim"),
    "after the claim": ("sending.claim", "after"),
    "before sending": ("sending.compose", "after"),
    "after sending, before it is marked": ("sending.delivered", "before"),
    "before the mark is committed": ("claims._change", "after a mark"),
    "after the mark": ("sending.delivered", "after"),
}

WORKER = """
import os, signal, sys
from datetime import datetime
from desk.delivery import claims, sending

place, when, now = sys.argv[1:]
module, name = place.split(".")
module = {"claims": claims, "sending": sending}[module]
real = getattr(module, name)

def dying(*arguments, **values):
    if when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = real(*arguments, **values)
    if when == "after" or when == "after a claim" and "attempts" in values or when == "after a mark" and "sent_at" in values:
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(module, name, dying)
sending.deliver_due(datetime.fromisoformat(now))
"""


def _die(point: str) -> None:
    place, when = POINTS[point]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WORKER, place, when, NOW.isoformat()], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]


# What arrived, as a receiver counts it.
ARRIVED: Dict[str, Callable[[Any], Collection[str]]] = {
    "email": lambda server: {mail["Message-ID"] for mail in server.mails},
    "webhook": lambda server: server.accepted,
    "caldav": lambda server: server.entries,
}
FIXTURES = {"email": "mail_server", "webhook": "web_server", "caldav": "calendar_server"}


def _once(point: str, target: str, server: Any) -> None:
    book()
    _die(point)
    assert len(rows()) == 1
    if point != "after the mark":
        assert rows()[0].state == "waiting"
    deliver_due(NOW + LEASE)
    assert [(row.target, row.state) for row in rows()] == [(target, "sent")]
    assert len(ARRIVED[target](server)) == 1


@pytest.mark.parametrize("target", ARRIVED)
@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_is_killed_delivers_once(
    sqlite_database: str, use: Use, request: pytest.FixtureRequest, point: str, target: str  # noqa: F811
) -> None:
    server = request.getfixturevalue(FIXTURES[target])
    use(server.settings)
    _once(point, target, server)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("point", POINTS)
def test_so_it_does_on_postgresql(database: str, use: Use, web_server: HttpTarget, point: str) -> None:  # noqa: F811
    use(web_server.settings)
    _once(point, "webhook", web_server)


BOOKING = """
import os, signal, sys
from tests import delivery_fixtures as desk

when = sys.argv[1]
real = desk.at_once

def dying(*arguments):
    real(*arguments)
    if when == "before":  # the rows are written, the transaction is open
        os.kill(os.getpid(), signal.SIGKILL)

desk.at_once = dying
desk.book()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("when", "there"), [("before", 0), ("after", 1)])
def test_a_booking_that_is_killed_is_there_with_its_delivery_or_not_at_all(
    database: str, use: Use, web_server: HttpTarget, when: str, there: int  # noqa: F811
) -> None:
    use(web_server.settings)
    with transaction():
        pass  # the tables are made
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", BOOKING, when], cwd=ROOT, env=os.environ.copy(), capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]
    with transaction() as session:
        assert session.query(Consultation).count() == there == len(rows())
    deliver_due(NOW)
    assert len(web_server.accepted) == there
