"""The clinic's calendar over CalDAV: it shows how a request stands. The desk's database is the authority."""

from __future__ import annotations

from datetime import datetime
from typing import Dict, Optional

from desk.delivery.delivery_settings import CalDav
from desk.delivery.failures import FAILED, DeliveryFailed, of_status
from desk.delivery.http import client, exchange, status_of
from desk.delivery.ics import calendar_entry, sequence_in
from desk.delivery.message import CANCELLED, Message

_TYPE = "text/calendar; charset=utf-8"


async def send(message: Message, calendar: CalDav, now: datetime) -> Optional[str]:
    """Put, replace or remove the entry of a request. A repeat finds its own SEQUENCE there and does nothing.

    A request without a calendar day has no entry.

    Raises:
        DeliveryFailed: The server refused, or somebody changed the entry in the same moment (tried again).
    """
    url = f"{calendar.url}{message.uid}.ics"
    entry = None if message.action == CANCELLED else calendar_entry(message)
    async with client(auth=(calendar.user, calendar.password)) as http:
        status, headers, stored = await exchange(http, "GET", url)
        if status not in (200, 404, 410):
            raise of_status(status)
        there = status == 200
        tag = headers.get("ETag")
        if entry is None:
            if not there:
                return None
            status = await status_of(http, "DELETE", url, headers=_if_match(tag))
            gone = status in (404, 410)
        else:
            known = sequence_in(stored) if there else None
            if known is not None and known >= message.sequence:
                return None
            condition = _if_match(tag) if there else {"If-None-Match": "*"}
            status = await status_of(http, "PUT", url, content=entry, headers={"Content-Type": _TYPE, **condition})
            gone = False
    if status == 412:
        raise DeliveryFailed(FAILED, "the entry changed in the same moment")
    if not (200 <= status < 300 or gone):
        raise of_status(status)
    return None


def _if_match(tag: Optional[str]) -> Dict[str, str]:
    return {"If-Match": tag} if tag else {}
