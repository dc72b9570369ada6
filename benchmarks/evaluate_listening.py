"""Measure listening on a folder of messages: `python -m benchmarks.evaluate_listening FOLDER`.

Reads FOLDER/messages.jsonl: one message a line with `text`, `findings` (condition, assertion, optional
accept_assertions and optional), `verdict`, optional accept_verdicts, and `tags`. Every line is judged by
`assess(listen(text, today), {}, today)`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Callable, Dict, List, Sequence, Set

from candidacy.findings import POSSIBLE, PRESENT, Finding
from candidacy.knowledge import OUTCOMES
from candidacy.listening import listen
from candidacy.screening import assess

TODAY = date(2026, 11, 22)
_SURFACED = {PRESENT, POSSIBLE}
_CRITICAL = {"contraindicated", "urgent"}

Listener = Callable[[str, date], List[Finding]]


@dataclass
class Score:
    """Counts over a set of messages."""

    messages: int = 0
    wanted: int = 0
    found: int = 0
    critical: int = 0
    quiet: int = 0
    alarms: int = 0
    extra: int = 0
    accepted: int = 0
    under: int = 0
    by_condition: Dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))
    by_tag: Dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))
    failing: List[str] = field(default_factory=list)
    seconds: List[float] = field(default_factory=list)


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} = {part / whole:.3f}" if whole else "0/0"


def _golds(row: dict) -> Dict[str, List[dict]]:
    golds: Dict[str, List[dict]] = defaultdict(list)
    for gold in row["findings"]:
        golds[gold["condition"]].append(gold)
    return golds


def _accepts(gold: dict) -> Set[str]:
    return {gold["assertion"], *gold.get("accept_assertions", [])}


def measure(rows: Sequence[dict], listener: Listener, today: date = TODAY) -> Score:
    """Score a listener on rows of messages.jsonl.

    A wanted finding is a gold one that is present or possible and not optional; it is found when the
    condition is heard as present or possible. A false alarm is a condition heard as present or
    possible that the line has only as something else, or not at all.
    """
    score = Score()
    for row in rows:
        begun = time.perf_counter()
        findings = listener(row["text"], today)
        score.seconds.append(time.perf_counter() - begun)
        outcome = assess(findings, {}, today).outcome
        accepted = set(row.get("accept_verdicts") or []) | {row["verdict"]}
        surfaced = {f.condition for f in findings if f.surfaced and f.condition}
        score.messages += 1
        problems = []
        golds = _golds(row)
        for condition, group in golds.items():
            wanted = any(g["assertion"] in _SURFACED and not g.get("optional") for g in group)
            allowed = any(_accepts(g) & _SURFACED for g in group)
            if wanted:
                score.wanted += 1
                score.by_condition[condition]["wanted"] += 1
                if condition in surfaced:
                    score.found += 1
                    score.by_condition[condition]["found"] += 1
                elif not any(
                    f.condition == condition and f.assertion in _accepts(g) for g in group for f in findings
                ):
                    problems.append(f"missed {condition}")
                    if row["verdict"] in _CRITICAL and outcome not in accepted:
                        score.critical += 1
                        problems.append("CRITICAL")
                else:
                    score.found += 1
                    score.by_condition[condition]["found"] += 1
            if not allowed:
                score.quiet += 1
                if condition in surfaced:
                    score.alarms += 1
                    score.by_condition[condition]["alarm"] += 1
                    problems.append(f"false alarm {condition}")
        for condition in surfaced - set(golds):
            score.by_condition[condition]["extra"] += 1
            problems.append(f"not in the line: {condition}")
            score.extra += 1
        right = outcome in accepted
        score.accepted += right
        milder = all(OUTCOMES.index(outcome) > OUTCOMES.index(v) for v in accepted)
        if milder:
            score.under += 1
            problems.append("UNDER-TRIAGE")
            if row["verdict"] in _CRITICAL and "CRITICAL" not in problems:
                score.critical += 1
                problems.append("CRITICAL")
        if not right:
            problems.append(f"verdict {outcome}, accepted {', '.join(sorted(accepted))}")
        for tag in row.get("tags", []):
            score.by_tag[tag]["right" if not problems else "wrong"] += 1
        if [problem for problem in problems if not (right and problem.startswith("not in"))]:
            heard = ", ".join(
                f"{f.condition or f.group}:{f.assertion}{'!' if f.emergency else ''}" for f in findings
            )
            score.failing.append(
                f"{row['id']} {row['text']!r}\n    {'; '.join(problems)}\n    heard: {heard or 'nothing'}"
            )
    return score


def report(score: Score, name: str, detail: bool = True) -> str:
    """The figures as text; with `detail` also per condition, per tag and every failing line."""
    times = sorted(score.seconds)
    lines = [
        f"{name}: {score.messages} messages",
        f"  recall of present/possible findings {_share(score.found, score.wanted)}",
        f"  critical misses                     {score.critical}",
        f"  false alarms                        {_share(score.alarms, score.quiet)} of the denied or past",
        f"  heard, not in the line's list       {score.extra}",
        f"  verdict accepted                    {_share(score.accepted, score.messages)}",
        f"  under-triage                        {score.under}",
        f"  milliseconds a message              p50 {1000 * times[len(times) // 2]:.1f}, "
        f"p95 {1000 * times[int(len(times) * 0.95)]:.1f}"
        if times
        else "",
    ]
    if detail:
        lines.append("per condition (found of wanted; false alarms):")
        for condition, counts in sorted(score.by_condition.items()):
            alarms = counts["alarm"] + counts["extra"]
            lines.append(
                f"  {condition:32} {counts['found']}/{counts['wanted']}" + (f"; {alarms}" if alarms else "")
            )
        lines.append("per tag (lines right):")
        for tag, counts in sorted(score.by_tag.items()):
            lines.append(f"  {tag:32} {_share(counts['right'], counts['right'] + counts['wrong'])}")
        lines.append("failing lines:")
        lines.extend("  " + line for line in score.failing)
    return "\n".join(lines)


def read_messages(folder: Path) -> List[dict]:
    """The rows of FOLDER/messages.jsonl."""
    with open(folder / "messages.jsonl", encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def main(arguments: Sequence[str]) -> int:
    """Print the report; returns 0."""
    parser = argparse.ArgumentParser(description="Measure listening on a folder of messages.")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    listen("hello", TODAY)
    print(report(measure(read_messages(options.folder), listen), "candidacy.listening"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
