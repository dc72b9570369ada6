"""Takes texts from the outbox to the provider: once each, in order, no faster than allowed."""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Optional

from channels.sms_provider import NotSent, Provider
from channels.turns import log_failure
from desk import sms_outbox
from desk.sms_outbox import PROACTIVE, URGENT, Outgoing

logger = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
"""Seconds between attempts: doubled each time, with jitter."""

MOST_AGE = timedelta(hours=4)
"""An answer older than this would only puzzle; it is given up. A reminder may be a day late."""

POLL_SECONDS = 1.0
"""Other processes put texts into the outbox too, so it is looked at that often."""


async def in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    """Run a database call beside the event loop."""
    return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)


class Sender:
    """Sends what is due until it is cancelled."""

    def __init__(self, provider: Callable[[], Optional[Provider]]) -> None:
        """
        Args:
            provider: The provider now, or None while text messages are off.
        """
        self.provider = provider
        self.wake = asyncio.Event()
        self._free_at = 0.0

    async def run(self) -> None:
        """Send for ever; a failure of the database only delays it."""
        released = False
        while True:
            self.wake.clear()
            try:
                if not released and self.provider() is not None:
                    await in_thread(sms_outbox.release)
                    released = True
                while await self.send_next():
                    pass
            except Exception as error:  # noqa: BLE001  the next round tries again
                log_failure("texts could not be sent", error)
            try:
                await asyncio.wait_for(self.wake.wait(), POLL_SECONDS)
            except asyncio.TimeoutError:
                pass

    async def send_next(self) -> bool:
        """Send one text that is due; False when there is none or texts are off."""
        provider = self.provider()
        if provider is None:
            return False
        row = await in_thread(sms_outbox.claim)
        if row is None:
            return False
        if row.opted_out:
            await in_thread(sms_outbox.give_up, row.id, sms_outbox.OPTED_OUT)
        elif datetime.now(timezone.utc) - row.created_at > (
            timedelta(days=60) if row.kind == PROACTIVE else MOST_AGE
        ):
            await in_thread(sms_outbox.give_up, row.id, sms_outbox.TOO_OLD)
        else:
            await self._send(provider, row)
        return True

    async def _send(self, provider: Provider, row: Outgoing) -> None:
        doubtful = row.in_doubt
        try:
            taken = await self._taken_before(provider, row) if doubtful else None
            doubtful = False
            if taken is None:
                await self._pace(provider, row)
                taken = await provider.send(row.number, row.body)
        except NotSent as error:
            await self._not_sent(row, error, doubtful or error.in_doubt)
            return
        # Between the provider's yes and this line lies the one window in which a crash leaves it in doubt;
        # the next attempt asks the provider first.
        await in_thread(sms_outbox.sent, row.id, taken)

    @staticmethod
    async def _taken_before(provider: Provider, row: Outgoing) -> Optional[str]:
        """The provider's id of this text, sent by an attempt of which we do not know how it ended."""
        found = list(await provider.sent_lately(row.number, row.body, row.created_at))
        known = await in_thread(sms_outbox.known_ids, found)
        return next((one for one in found if one not in known), None)

    async def _pace(self, provider: Provider, row: Outgoing) -> None:
        """Wait for our turn: carriers drop what one long number sends too fast. An emergency does not wait."""
        loop = asyncio.get_running_loop()
        if provider.per_second <= 0:
            return
        gap = 1 / provider.per_second
        if row.kind != URGENT:
            await asyncio.sleep(max(self._free_at - loop.time(), 0.0))
        self._free_at = max(self._free_at, loop.time()) + gap

    async def _not_sent(self, row: Outgoing, error: NotSent, doubtful: bool) -> None:
        if error.opted_out:
            await in_thread(sms_outbox.refuse, row.id, row.number, error.code)
        elif error.final and not doubtful:
            logger.error("A text was refused for good: %s.", error.code)
            await in_thread(sms_outbox.give_up, row.id, error.code)
        else:
            wait = min(FIRST_WAIT * 2 ** min(row.attempts, 16), LONGEST_WAIT) * random.uniform(0.5, 1.0)
            wait = max(wait, min(error.wait or 0.0, LONGEST_WAIT))
            logger.warning("A text was not taken (%s); it is tried again.", error.code)
            at = datetime.now(timezone.utc) + timedelta(seconds=wait)
            await in_thread(sms_outbox.again, row.id, at, None if doubtful else error.code)
