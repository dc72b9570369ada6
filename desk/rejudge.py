"""Judge every stored request again under the current rules: `python -m desk.rejudge [--json]`.

Lists what differs and nothing else; reads no name and no contact. Changes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple
from zoneinfo import ZoneInfo

from sqlalchemy import select

from candidacy.findings import Finding
from candidacy.knowledge import OUTCOMES, BrokenFile, Knowledge, load
from candidacy.screening import assess
from desk.database import DeskUnavailable, transaction
from desk.records import Consultation
from desk.references import show_reference
from desk.settings import BadSetting, time_zone


@dataclass(frozen=True)
class Change:
    """What one rule, or one question left open, says then and now; None where it says nothing.

    Attributes:
        about: Rule id, question group, or "not named".
        then, now: Outcomes.
        earliest_then, earliest_now: End of its wait, ISO-8601, or None.
    """

    about: str
    then: Optional[str]
    now: Optional[str]
    earliest_then: Optional[str] = None
    earliest_now: Optional[str] = None


@dataclass(frozen=True)
class Difference:
    """One request whose verdict is not the same under the current rules.

    Attributes:
        reference: Code as people see it.
        day: Clinic's calendar day of the request, which is the day of judgement.
        rules_version: Version of the rules that judged it then.
        then, now: Outcomes.
        changes: What appears, disappears or says something else.
    """

    reference: str
    day: date
    rules_version: str
    then: str
    now: str
    changes: Tuple[Change, ...]


@dataclass(frozen=True)
class Judged:
    """All requests, judged again.

    Attributes:
        version: Version of the current rules.
        same: How many verdicts did not change.
        different: Those that did, oldest first.
        unreadable: References whose stored answers cannot be read any more.
    """

    version: str
    same: int
    different: Tuple[Difference, ...]
    unreadable: Tuple[str, ...]


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Print what differs; 0, or 1 with one line on stderr when it cannot be read."""
    parser = argparse.ArgumentParser(
        prog="python -m desk.rejudge", description="What the current rules judge otherwise."
    )
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(arguments)
    try:
        judged = rejudge()
        if options.json:
            print(json.dumps(asdict(judged), default=str, indent=2))
        else:
            print("\n".join(listing(judged)))
    except (BadSetting, BrokenFile, DeskUnavailable) as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # `| head` has seen enough
        sys.stderr.close()
    return 0


def rejudge(knowledge: Optional[Knowledge] = None) -> Judged:
    """Judge every stored request as of its own day.

    Args:
        knowledge: The current rules; those of `data/clinic` when None.

    Raises:
        DeskUnavailable: When the database cannot be reached.
        BadSetting: When the clinic's time zone does not exist.
    """
    known = knowledge or load()
    zone = time_zone(known.clinic)
    row = Consultation
    wanted = (row.reference, row.created_at, row.rules_version, row.verdict, row.findings, row.answers)
    query = select(*wanted).order_by(row.created_at, row.id)  # no name and no contact is even read
    same, different, unreadable = 0, [], []
    with transaction() as session:
        for stored in session.execute(query):
            try:
                difference = _compare(stored, known, zone)
            except (AttributeError, KeyError, TypeError, ValueError):
                unreadable.append(show_reference(stored.reference))
                continue
            if difference is None:
                same += 1
            else:
                different.append(difference)
    return Judged(known.rulebook.version, same, tuple(different), tuple(unreadable))


def listing(judged: Judged) -> Iterator[str]:
    """The lines of the list, the count last."""
    for one in judged.different:
        yield f"{one.reference}  {one.day.isoformat()}  rules {one.rules_version}: {one.then} -> {one.now}"
        for change in one.changes:
            yield f"  {_told(change)}"
    for reference in judged.unreadable:
        yield f"{reference}  cannot be judged: its stored answers do not fit the current rules"
    counts = f"{judged.same} the same, {len(judged.different)} different"
    if judged.unreadable:
        counts += f", {len(judged.unreadable)} not judged"
    yield f"Rules {judged.version}: {counts}"


def _told(change: Change) -> str:
    if change.then is None:
        until = f", not before {change.earliest_now}" if change.earliest_now else ""
        return f"+ {change.about}: {change.now}{until}"
    if change.now is None:
        return f"- {change.about}: {change.then}"
    parts = [f"{change.then} -> {change.now}"] if change.then != change.now else []
    if change.earliest_then != change.earliest_now:
        parts.append(f"not before {change.earliest_then or 'no date'} -> {change.earliest_now or 'no date'}")
    return f"~ {change.about}: {'; '.join(parts)}"


def _compare(stored: Any, known: Knowledge, zone: ZoneInfo) -> Optional[Difference]:
    """What differs for one request, or None."""
    day = _day(stored.created_at, zone)
    findings = [Finding.from_dict(finding) for finding in stored.findings]
    verdict = assess(findings, stored.answers, day, known.rulebook).to_dict()
    changes = tuple(_changes(_reasons(stored.verdict), _reasons(verdict)))
    then, now = str(stored.verdict["outcome"]), str(verdict["outcome"])
    if then == now and not changes:
        return None
    return Difference(show_reference(stored.reference), day, stored.rules_version, then, now, changes)


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _reasons(verdict: Mapping[str, Any]) -> Dict[str, Mapping[str, Any]]:
    """What each rule or open question says, the worst first of several."""
    found: Dict[str, Mapping[str, Any]] = {}
    for reason in sorted(verdict["reasons"], key=lambda one: OUTCOMES.index(one["outcome"])):
        found.setdefault(reason.get("rule") or reason.get("group") or "not named", reason)
    return found


def _changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> List[Change]:
    found = []
    for about in dict.fromkeys([*then, *now]):
        old, new = then.get(about) or {}, now.get(about) or {}
        said = (old.get("outcome"), new.get("outcome"), old.get("earliest"), new.get("earliest"))
        if said[0] != said[1] or said[2] != said[3]:
            found.append(Change(about, *said))
    return found


if __name__ == "__main__":
    sys.exit(main())
