"""Carries out the deletions that people asked for, in the process that writes the conversations.

Deleted inside its own turn, a conversation would be written again at the turn's end. So the request is
only noted then; here it is carried out under the locks of the conversation, when no turn is running.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Callable, Dict

from channels.turns import TALKS, Talks, log_failure
from desk import privacy
from desk.database import DeskUnavailable

logger = logging.getLogger(__name__)

SECONDS_BETWEEN = 1.0
"""Between two looks for requests."""

SECONDS_AFTER_FAILURE = 30.0
SHELL = "shell-"
"""How the ids of conversations in a terminal begin: they are in a file of their own, so another process's."""


def of_the_server(conversation_id: str) -> bool:
    """True for conversations that the server keeps."""
    return not conversation_id.startswith(SHELL)


class Deleter:
    """Carries out deletions, one after the other."""

    def __init__(self, mine: Callable[[str], bool] = of_the_server, talks: Talks = TALKS) -> None:
        """
        Args:
            mine: Says whether a conversation is kept by this process.
            talks: What this process remembers of conversations.
        """
        self.mine = mine
        self.talks = talks
        self._not_before: Dict[int, float] = {}

    async def run(self, agent: Any) -> int:
        """Carry out what was asked for and is ready; returns how many. A failed one is tried again later.

        Args:
            agent: Rasa's agent, whose lock store keeps turns away meanwhile.
        """
        loop = asyncio.get_running_loop()
        done = 0
        for one in await loop.run_in_executor(None, privacy.pending):
            if not self.mine(one.conversation_id) or self._not_before.get(one.id, 0.0) > loop.time():
                continue
            try:
                done += await self._delete(agent, one)
                self._not_before.pop(one.id, None)
            except Exception as error:  # noqa: BLE001  the others must not wait for this one
                log_failure("a deletion is tried again later", error)
                self._not_before[one.id] = loop.time() + SECONDS_AFTER_FAILURE
        return done

    async def _delete(self, agent: Any, one: privacy.Pending) -> bool:
        talk = self.talks.talk(one.conversation_id)
        async with talk.lock:  # in this order, as a turn takes them
            async with agent.lock_store.lock(one.conversation_id):
                loop = asyncio.get_running_loop()
                rows = await loop.run_in_executor(None, privacy.delete_everything, one.id)
            talk.end()
        if rows is not None:
            logger.info("A deletion was carried out.")
        return rows is not None

    async def keep_running(self, app: Any) -> None:
        """Look for requests until the server stops."""
        told = False
        while True:
            await asyncio.sleep(SECONDS_BETWEEN)
            agent = getattr(app.ctx, "agent", None)
            if getattr(agent, "lock_store", None) is None:  # the model is still being loaded
                continue
            try:
                await self.run(agent)
                told = False
            except DeskUnavailable as error:
                if not told:
                    log_failure("deletions wait for the database", error)
                told = True
            except Exception as error:  # noqa: BLE001  it must go on tomorrow
                log_failure("deletions are tried again", error)
                await asyncio.sleep(SECONDS_AFTER_FAILURE)


async def is_over(conversation_id: str) -> bool:
    """True when everything of this conversation was deleted. With the database away the talk goes on."""
    try:
        return await asyncio.get_running_loop().run_in_executor(None, privacy.has_ended, conversation_id)
    except DeskUnavailable as error:
        log_failure("could not look whether a conversation was deleted", error)
        return False


def start(app: Any) -> None:
    """Carry out deletions in this server from now on; a second call does nothing."""
    if getattr(app.ctx, "deleter", None) is None:
        app.ctx.deleter = asyncio.get_running_loop().create_task(Deleter().keep_running(app))
