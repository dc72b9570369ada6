"""What a screening comes to: the outcome, its reasons, and what happened to every rule."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Optional, Tuple


@dataclass(frozen=True)
class Reason:
    """Why the verdict is what it is: one matched rule, or one question left open.

    Attributes:
        rule: Condition id, or None for an open question or an emergency without a condition.
        variant: Id of the rule's variant that decided, or None.
        outcome: One of `OUTCOMES`.
        reason: What the patient reads; empty where `group` alone is named.
        next_step: What to do, as the patient reads it.
        sources: Source ids.
        earliest: First calendar day on which the wait is over, or None when there is no figure or
            no date.
        wait_from: What the wait counts from, in words, or None.
        wait: ISO-8601 duration, or None.
        group: Question group.
        advice: Preparation advice that goes with it, or None.
        call_today: True when the clinic must hear of it the same day.
    """

    rule: Optional[str]
    variant: Optional[str]
    outcome: str
    reason: str = ""
    next_step: str = ""
    sources: Tuple[str, ...] = ()
    earliest: Optional[date] = None
    wait_from: Optional[str] = None
    wait: Optional[str] = None
    group: Optional[str] = None
    advice: Optional[str] = None
    call_today: bool = False


@dataclass(frozen=True)
class TraceEntry:
    """What happened to one rule: evaluated or not, matched or not, and why."""

    rule: str
    evaluated: bool
    matched: bool
    why: str


@dataclass(frozen=True)
class Verdict:
    """The outcome of a screening.

    Attributes:
        outcome: The worst outcome of all reasons; one of `OUTCOMES`.
        reasons: Worst first, in rule order within an outcome.
        complete: True only when every question group has a plain answer.
        unanswered: Question groups without a plain answer (not asked, skipped, unsure).
        version: Version of the rules.
        trace: One entry per rule.
    """

    outcome: str
    reasons: Tuple[Reason, ...]
    complete: bool
    unanswered: Tuple[str, ...]
    version: str
    trace: Tuple[TraceEntry, ...]

    @property
    def call_today(self) -> bool:
        """True when one of the reasons needs the clinic the same day."""
        return any(reason.call_today for reason in self.reasons)

    @property
    def earliest(self) -> Optional[date]:
        """The day on which the last known wait is over, or None."""
        return max((reason.earliest for reason in self.reasons if reason.earliest), default=None)

    def to_dict(self) -> dict:
        """A JSON-ready dictionary; dates as ISO-8601 text."""

        def plain(value: object) -> object:
            if isinstance(value, date):
                return value.isoformat()
            if isinstance(value, dict):
                return {key: plain(item) for key, item in value.items()}
            if isinstance(value, (list, tuple)):
                return [plain(item) for item in value]
            return value

        return plain(asdict(self))  # type: ignore[return-value]
