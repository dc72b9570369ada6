"""Judge what a listener heard in a file of messages: counts, and the lines that went wrong.

A row of messages.jsonl has `id`, `text`, `findings` (condition, assertion, optional accept_assertions
and optional), `verdict`, optional accept_verdicts, and `tags`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Mapping, Sequence

from candidacy.findings import POSSIBLE, PRESENT, Finding
from candidacy.knowledge import OUTCOMES
from candidacy.screening import assess

_SURFACED = {PRESENT, POSSIBLE}
_CRITICAL = {"contraindicated", "urgent"}


@dataclass(frozen=True)
class Failure:
    """A line that went wrong: what was wrong with it and what was heard."""

    id: str
    text: str
    problems: tuple[str, ...]
    heard: str


@dataclass
class Score:
    """Counts over a set of messages.

    Attributes:
        wanted: Conditions that a line has as present or possible, the optional ones aside.
        found: Those of them heard as present or possible, or as another assertion the line accepts.
        critical: Lines with the verdict contraindicated or urgent on which a wanted condition was
            missed or the verdict was milder than every accepted one.
        quiet: Conditions that a line has only as denied, past, somebody else's, planned or asked about.
        alarms: Those of them heard as present or possible.
        extra: Conditions heard as present or possible of which the line says nothing.
        accepted: Lines whose verdict is one of those accepted.
        under: Lines whose verdict is milder than every accepted one.
        seconds: Time for each message.
    """

    messages: int = 0
    wanted: int = 0
    found: int = 0
    critical: int = 0
    quiet: int = 0
    alarms: int = 0
    extra: int = 0
    accepted: int = 0
    under: int = 0
    by_condition: dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))
    by_tag: dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))
    failing: list[Failure] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def milliseconds(self, share: float) -> float:
        """The time, in milliseconds, within which this share (0 to 1) of the messages was heard."""
        times = sorted(self.seconds)
        return 1000 * times[min(int(len(times) * share), len(times) - 1)] if times else 0.0


def score_rows(
    rows: Sequence[Mapping], heard: Sequence[Sequence[Finding]], seconds: Sequence[float], today: date
) -> Score:
    """Score what a listener heard in each row.

    Args:
        rows: Rows of messages.jsonl.
        heard: The findings of each row, in the same order.
        seconds: The time each row took, in seconds.
        today: The day on which the messages are judged.

    Raises:
        ValueError: When there are not as many lists of findings as rows.
    """
    if len(rows) != len(heard):
        raise ValueError(f"{len(heard)} answers for {len(rows)} messages")
    score = Score(seconds=list(seconds))
    for row, findings in zip(rows, heard, strict=True):
        _judge(score, row, findings, today)
    return score


def _judge(score: Score, row: Mapping, findings: Sequence[Finding], today: date) -> None:
    score.messages += 1
    outcome = assess(findings, {}, today).outcome
    accepted = {row["verdict"], *(row.get("accept_verdicts") or [])}
    surfaced = {f.condition for f in findings if f.surfaced and f.condition}
    golds: dict[str, list[Mapping]] = defaultdict(list)
    for gold in row["findings"]:
        golds[gold["condition"]].append(gold)

    problems: list[str] = []
    for condition, group in golds.items():
        counts = score.by_condition[condition]
        allowed: set[str] = set().union(*(_accepts(gold) for gold in group))
        if any(gold["assertion"] in _SURFACED and not gold.get("optional") for gold in group):
            score.wanted += 1
            counts["wanted"] += 1
            if condition in surfaced or any(
                f.condition == condition and f.assertion in allowed for f in findings
            ):
                score.found += 1
                counts["found"] += 1
            else:
                problems.append(f"missed {condition}")
        if not allowed & _SURFACED:
            score.quiet += 1
            if condition in surfaced:
                score.alarms += 1
                counts["alarm"] += 1
                problems.append(f"false alarm {condition} ({'|'.join(sorted(allowed))})")

    missed = any(problem.startswith("missed") for problem in problems)
    milder = all(OUTCOMES.index(outcome) > OUTCOMES.index(verdict) for verdict in accepted)
    if milder:
        score.under += 1
        problems.append("UNDER-TRIAGE")
    if row["verdict"] in _CRITICAL and (missed or milder):
        score.critical += 1
        problems.append("CRITICAL")
    if outcome in accepted:
        score.accepted += 1
    else:
        problems.append(f"verdict {outcome}, accepted {', '.join(sorted(accepted))}")
    for tag in row.get("tags", []):
        score.by_tag[tag]["wrong" if problems else "right"] += 1
    # Something heard beside the line's list is no failure by itself: the lists are not complete.
    for condition in sorted(surfaced - set(golds)):
        score.extra += 1
        score.by_condition[condition]["extra"] += 1
        if problems:
            problems.append(f"not in the line: {condition}")
    if problems:
        score.failing.append(Failure(str(row["id"]), row["text"], tuple(problems), _said(findings)))


def _accepts(gold: Mapping) -> set[str]:
    return {gold["assertion"], *gold.get("accept_assertions", [])}


def _said(findings: Sequence[Finding]) -> str:
    return (
        ", ".join(f"{f.condition or f.group}:{f.assertion}{'!' if f.emergency else ''}" for f in findings)
        or "nothing"
    )
