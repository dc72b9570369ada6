"""What one person has told us so far: every finding in order, and which of them still stand.

A correction replaces what it corrects and both stay in the record. A plain denial never removes what
was disclosed before: the disclosure stands until the person says which of the two is right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, Iterable, List, Mapping, Sequence, Tuple

from candidacy.findings import ABSENT, FUTURE, HYPOTHETICAL, OTHER_PERSON, PAST, POSSIBLE, PRESENT, Finding

_WEAKER = {
    PRESENT: (ABSENT, PAST, HYPOTHETICAL, OTHER_PERSON, FUTURE, POSSIBLE),
    POSSIBLE: (ABSENT, PAST, HYPOTHETICAL, OTHER_PERSON, FUTURE),
}


@dataclass(frozen=True)
class Heard:
    """One finding of the record.

    Attributes:
        finding: What was heard.
        at: When, in seconds since the epoch.
        superseded: True when something said later took its place.
    """

    finding: Finding
    at: float
    superseded: bool = False


@dataclass(frozen=True)
class Record:
    """All findings of one person, oldest first."""

    heard: Tuple[Heard, ...] = ()

    @property
    def findings(self) -> List[Finding]:
        """The findings that stand now."""
        return [item.finding for item in self.heard if not item.superseded]

    @property
    def conditions(self) -> List[str]:
        """Ids of the conditions that stand as present or possible, in the order heard."""
        ids = [f.condition for f in self.findings if f.condition and f.surfaced]
        return list(dict.fromkeys(ids))

    @property
    def withdrawn(self) -> List[str]:
        """Ids of the conditions that were disclosed, taken back, and do not stand any more."""
        back = [item.finding for item in self.heard if item.superseded and item.finding.surfaced]
        standing = self.conditions
        return list(dict.fromkeys(f.condition for f in back if f.condition and f.condition not in standing))

    def contradictions(self) -> List[str]:
        """Conditions that stand both as disclosed and as denied."""
        denied = {f.condition for f in self.findings if f.assertion == ABSENT}
        return [condition for condition in self.conditions if condition in denied]

    def hear(self, findings: Iterable[Finding], at: float, corrects: bool = False) -> "Record":
        """The record after one more message.

        Args:
            findings: What was heard in it.
            at: When it was said, in seconds since the epoch.
            corrects: True when the message takes back something said before ("actually", a
                chosen "that is wrong" button): it then replaces older findings of the same condition.
        """
        heard = list(self.heard)
        for finding in findings:
            heard = [
                replace(item, superseded=True)
                if not item.superseded and item.at < at and _replaces(finding, item.finding, corrects)
                else item
                for item in heard
            ]
            if not any(not item.superseded and _same(item.finding, finding) for item in heard):
                heard.append(Heard(finding, at))
        return Record(tuple(heard))

    def to_list(self) -> List[Dict[str, Any]]:
        """JSON-ready form: each finding's dictionary with `at` and `superseded`."""
        return [
            {**item.finding.to_dict(), "at": item.at, "superseded": item.superseded} for item in self.heard
        ]

    @classmethod
    def from_list(cls, items: Sequence[Mapping[str, Any]]) -> "Record":
        """Rebuild a record from `to_list`. Raises ValueError for an unknown assertion or date."""
        return cls(
            tuple(
                Heard(
                    Finding.from_dict(item), float(item.get("at", 0.0)), bool(item.get("superseded", False))
                )
                for item in items
            )
        )


def _same(old: Finding, new: Finding) -> bool:
    """True when `new` says nothing that `old` does not; other words for it are worth keeping."""
    keys = ("condition", "variant", "assertion", "when", "quantity", "emergency", "call_today", "group")
    return all(getattr(old, key) == getattr(new, key) for key in keys) and (
        not new.text or _same_words(old, new)
    )


def _same_words(old: Finding, new: Finding) -> bool:
    return old.text.casefold().strip() == new.text.casefold().strip()


def _replaces(new: Finding, old: Finding, corrects: bool) -> bool:
    """True when `new` takes the place of `old`.

    What would make the verdict milder replaces something only where it is surely about the same thing.
    """
    if new.condition is None or new.condition != old.condition or old.emergency or _same(old, new):
        return False
    if corrects:
        return True
    if new.assertion == PRESENT and old.assertion == PRESENT:
        return _refines(new, old)
    if new.assertion in _WEAKER:
        return old.assertion in _WEAKER[new.assertion]
    if new.assertion == ABSENT:
        # A denial settles a doubt and never takes back a disclosure; "not nickel" leaves other metals open.
        return old.assertion != PRESENT and new.variant in (None, old.variant)
    return new.assertion == PAST and old.assertion in (PRESENT, POSSIBLE, PAST) and _dates(new, old)


def _refines(new: Finding, old: Finding) -> bool:
    """The same thing, now with its date, its age or its kind; "thyroid" beside "lupus" is a second one."""
    if new.quantity is not None and old.quantity is None:
        return True
    if _dates(new, old):
        return True
    return (
        new.variant is not None
        and old.variant is None
        and old.when in (None, new.when)
        and _same_words(old, new)
    )


def _dates(new: Finding, old: Finding) -> bool:
    return new.when is not None and old.when is None and old.variant in (None, new.variant)
