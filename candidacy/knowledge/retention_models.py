"""How long what is kept stays: the `retention` part of `clinic.yml`."""

from __future__ import annotations

from typing import Any

from pydantic import validator

from candidacy.knowledge.strict import Strict

SHORTEST, LONGEST = 1, 365 * 30


class Retention(Strict):
    """Days after which something is deleted, by kind.

    Attributes:
        conversations: What was said, since the last message.
        screenings: Content of the records of screenings; their chain of hashes stays.
        requests: Requests for a consultation and call-backs, with notes and deliveries.
        alerts: Alerts that somebody has seen.
        texts: Text messages that were answered, sent or given up; their words are gone at once.
        reminders: Reminders that were sent or taken back.
        receipts: Notes that a deletion took place, and that its conversation is over.
        tries: Tries of a reference code.
    """

    conversations: int = 90
    screenings: int = 730
    requests: int = 730
    alerts: int = 180
    texts: int = 30
    reminders: int = 30
    receipts: int = 1095
    tries: int = 30

    @validator("*", pre=True)
    def _days(cls, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not SHORTEST <= value <= LONGEST:
            raise ValueError(f"{value!r}: write a whole number of days from {SHORTEST} to {LONGEST}")
        return value

    @validator("receipts")
    def _outlives_sessions(cls, value: int) -> int:
        # A session or link of a deleted conversation is refused by this row; none of them lives longer.
        if value < 30:
            raise ValueError(f"{value!r}: at least 30 days, so that every session of what was deleted is over before")
        return value
