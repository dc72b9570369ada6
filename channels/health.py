"""Is the bot fit to answer: its model, its databases, and whether work waits too long."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import Any, Dict, Optional, Tuple

import sqlalchemy as sa

from channels.turns import log_failure
from desk.database import engine
from desk.records import DELIVERY_STATES, Delivery
from desk.sms_records import INBOX_STATES, OUTBOX_STATES, SmsInbox, SmsOutbox

PATIENCE_SECONDS = 3.0
"""How long the databases may take to answer."""

LONGEST_WAIT_SECONDS = 900
"""Work that has waited longer than this means that nobody does it."""


async def health(agent: Any) -> Tuple[int, Dict[str, Any]]:
    """HTTP status and body. Says nothing about anybody, nor about addresses or versions.

    Args:
        agent: Rasa's agent.
    """
    model = bool(agent is not None and agent.is_ready())
    checks = asyncio.gather(_conversations(agent), _in_thread(oldest_wait), return_exceptions=True)
    try:
        conversations, waiting = await asyncio.wait_for(checks, PATIENCE_SECONDS)
    except asyncio.TimeoutError as error:
        conversations = waiting = error
    database = True
    for result in (conversations, waiting):
        if isinstance(result, BaseException):
            log_failure("a database did not answer", result)
            database, waiting = False, None
    late = waiting is not None and waiting > LONGEST_WAIT_SECONDS
    status = "starting" if not model else "database" if not database else "late" if late else "ok"
    body = {"status": status, "model": model, "database": database, "oldest_wait_seconds": waiting}
    return (200 if status == "ok" else 503), body


async def _conversations(agent: Any) -> None:
    if agent is not None:
        # Rasa's wrapper answers with nothing when the store behind it fails.
        store = getattr(agent.tracker_store, "_tracker_store", agent.tracker_store)
        await store.retrieve("health")


async def _in_thread(work: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, work)


def oldest_wait(now: Optional[datetime] = None) -> Optional[int]:
    """Seconds that the oldest due message or delivery has waited; None when nothing waits.

    Args:
        now: The moment, with its zone; the present one when None.

    Raises:
        DeskUnavailable: When the database cannot be reached.
        SQLAlchemyError: When it does not answer.
    """
    moment = now or datetime.now(timezone.utc)
    due = [
        sa.select(sa.func.min(SmsInbox.received_at)).where(SmsInbox.state == INBOX_STATES[0]),
        sa.select(sa.func.min(SmsOutbox.next_attempt_at)).where(SmsOutbox.state == OUTBOX_STATES[0]),
        sa.select(sa.func.min(Delivery.next_attempt_at)).where(Delivery.state == DELIVERY_STATES[0]),
    ]
    with engine().connect() as connection:
        oldest = [connection.execute(query).scalar() for query in due]
    waits = [int((moment - at).total_seconds()) for at in oldest if at is not None]
    return max(max(waits), 0) if waits else None
