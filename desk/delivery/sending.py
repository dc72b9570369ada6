"""The job of the worker that sends what is due: each target on its own, in order, as often as it takes."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import datetime, timedelta
from typing import Any, Awaitable, Callable, List, Optional

from desk.delivery.claims import (
    Claim,
    alert_of_failing_targets,
    claim,
    compose,
    delivered,
    due_targets,
    failed,
    nothing_to_say,
)
from desk.delivery.delivery_settings import delivery_settings
from desk.delivery.failures import FAILED, REFUSED, DeliveryFailed

SECONDS_EACH = 30.0
"""Longest time for one delivery, however slowly the target drips."""

SECONDS_A_ROUND = 10.0
"""After this a round takes no further row: the moment it works with would grow old."""

_log = logging.getLogger(__name__)

Adapter = Callable[[Any, Any, datetime], Awaitable[Optional[str]]]


def deliver_due(now: datetime) -> int:
    """Send what is due; how many rows were sent or settled.

    Args:
        now: The moment, with its zone.

    Raises:
        DeskUnavailable: When the database does not answer.
    """
    targets = due_targets(now)
    moved = asyncio.run(_all(targets, now, time.monotonic())) if targets else 0
    return moved + alert_of_failing_targets(now)


async def _all(targets: List[str], now: datetime, began: float) -> int:
    results = await asyncio.gather(*(_drain(target, now, began) for target in targets), return_exceptions=True)
    for result in results:  # every target has had its turn before one failure ends the round
        if isinstance(result, BaseException):
            raise result
    return sum(results)


async def _drain(target: str, now: datetime, began: float) -> int:
    moved = 0
    while time.monotonic() < began + SECONDS_A_ROUND:
        claimed = claim(target, now)
        if claimed is None:
            break
        moved += await _one(claimed, now, began)
    return moved


async def _one(claimed: Claim, now: datetime, began: float) -> int:
    try:
        message = compose(claimed)
        if message is None:
            nothing_to_say(claimed)
            return 1
        note = await asyncio.wait_for(send_to(claimed.target)(message, _target(claimed.target), now), SECONDS_EACH)
    except DeliveryFailed as error:
        failure = error
    except asyncio.TimeoutError:
        failure = DeliveryFailed(FAILED, f"no end after {SECONDS_EACH:g} s")
    except Exception as error:  # a fault of ours in one message must not stop the others
        failure = DeliveryFailed(FAILED, type(error).__name__)
    else:
        delivered(claimed, now, now + timedelta(seconds=time.monotonic() - began), note)
        return 1
    _log.warning("delivery to %s: %s (attempt %d)", claimed.target, failure, claimed.attempts)
    failed(claimed, failure, now)
    return 0


def send_to(target: str) -> Adapter:
    """The adapter of a target; loaded when it is first used.

    Raises:
        DeliveryFailed: For a target that does not exist.
    """
    if target == "email":
        from desk.delivery import email as adapter
    elif target == "webhook":
        from desk.delivery import webhook as adapter  # type: ignore[no-redef]
    elif target == "caldav":
        from desk.delivery import caldav as adapter  # type: ignore[no-redef]
    elif target == "fhir":
        from desk.delivery import fhir as adapter  # type: ignore[no-redef]
    else:
        raise DeliveryFailed(REFUSED, "no such target")
    return adapter.send


def _target(name: str) -> Any:
    """Settings of a target. DeliveryFailed when it was switched off since the row was written."""
    found = getattr(delivery_settings(), name, None)
    if found is None:
        raise DeliveryFailed(REFUSED, "the target is not configured any more")
    return found
