"""How often a private link was used, counted in the front desk's database."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from typing import Optional

from sqlalchemy import delete, update

from desk.database import Conflict, transaction, utc_now
from desk.privacy_records import PrivateLinkUse

MOST_USES = 5
"""A person may change the phone's browser or lose a tab; a stranger shall not go on for ever."""


def use(token: str, ends_at: float, now: Optional[datetime] = None) -> bool:
    """Count one use of a link; False when it was used up.

    Args:
        token: The link's token, its signature already checked.
        ends_at: Seconds since the epoch at which the link ends; its row may go then.
        now: The moment; the present one when None.

    Raises:
        DeskUnavailable: When the database cannot be reached.
    """
    digest = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
    ends = datetime.fromtimestamp(ends_at, timezone.utc)
    try:
        with transaction() as session:
            session.execute(delete(PrivateLinkUse).where(PrivateLinkUse.ends_at < (now or utc_now())))
            session.add(PrivateLinkUse(digest=digest, uses=1, ends_at=ends))
        return True
    except Conflict:  # used before
        pass
    with transaction() as session:
        counted = session.execute(
            update(PrivateLinkUse)
            .where(PrivateLinkUse.digest == digest, PrivateLinkUse.uses < MOST_USES)
            .values(uses=PrivateLinkUse.uses + 1)
        )
        return bool(counted.rowcount)
