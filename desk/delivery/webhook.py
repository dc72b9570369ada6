"""A signed message to the clinic's own system. README, "Where requests go", shows how to verify it."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from typing import Dict, Optional

from desk.delivery.delivery_settings import Webhook
from desk.delivery.failures import of_status
from desk.delivery.http import client, status_of
from desk.delivery.message import Message, Moment

WINDOW_SECONDS = 300
"""A receiver refuses a signature that is older than this."""


async def send(message: Message, webhook: Webhook, now: datetime) -> Optional[str]:
    """POST a message. A repeat carries the same Idempotency-Key, with a signature of its own time.

    Raises:
        DeliveryFailed: The receiver did not answer 2xx.
    """
    body = body_of(message)
    async with client() as http:
        status = await status_of(http, "POST", webhook.url, content=body, headers=headers_of(message, body, webhook, now))
    if not 200 <= status < 300:
        raise of_status(status)
    return None


def body_of(message: Message) -> bytes:
    """The message as JSON."""
    return json.dumps(
        {
            "id": message.key,
            "event": f"{message.subject}.{message.event}",
            "action": message.action,
            "reference": message.reference,
            "at": message.created_at.isoformat(),
            "sequence": message.sequence,
            "start": _text(message.start),
            "end": _text(message.end),
            "taken": message.taken,
            "times": list(message.times),
            "time_zone": message.zone.key,
            "link": message.link,
        },
        separators=(",", ":"),
    ).encode()


def headers_of(message: Message, body: bytes, webhook: Webhook, now: datetime) -> Dict[str, str]:
    """Headers with the signature: HMAC-SHA256 over `timestamp.body`."""
    timestamp = str(int(now.timestamp()))
    return {
        "Content-Type": "application/json",
        "Idempotency-Key": message.key,
        "X-Timestamp": timestamp,
        "X-Signature": f"v1={signature(webhook.secret, timestamp, body)}",
    }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 in hexadecimal over the timestamp, a full stop and the body."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _text(moment: Optional[Moment]) -> Optional[str]:
    return moment.isoformat() if moment is not None else None
