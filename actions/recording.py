"""Keep a record of each verdict that is told, without making the person wait for it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Dict

from actions.talk import Talk
from candidacy.screening import Verdict
from desk.audit import record_screening

logger = logging.getLogger(__name__)

LONGEST_WAIT = 0.5
"""Seconds that the answer waits for the record; a slower database finishes it behind the answer."""


async def keep_record(talk: Talk, verdict: Verdict) -> None:
    """Add the record of a verdict. Never raises: with the database away staff get an error line, the person the verdict."""
    values: Dict[str, Any] = {
        "conversation_id": talk.tracker.sender_id,
        "channel": talk.tracker.get_latest_input_channel() or "",
        "verdict": verdict.to_dict(),
        "findings": [finding.to_dict() for finding in talk.record.findings],
        "answers": talk.answers,
    }
    work = asyncio.get_running_loop().run_in_executor(None, lambda: _store(values))
    await asyncio.wait({work}, timeout=LONGEST_WAIT)


def _store(values: Dict[str, Any]) -> None:
    try:
        record_screening(**values)
    except Exception as error:  # noqa: BLE001  the verdict goes out whatever happens here
        logger.error("a screening could not be recorded: %s", type(error).__name__)
