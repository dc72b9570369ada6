"""Measure listening on a folder of messages, beside two clinical negation tools.

    python -m benchmarks.evaluate_listening FOLDER [--texts]

Reads FOLDER/messages.jsonl (its rows: `benchmarks.scoring`). Every line is judged by
`assess(listen(text, today), {}, today)`; medspaCy ConText and negspaCy hear the same lines with the names
and drugs of the same rules and are judged by the same code. Message texts are printed with --texts only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Callable, Sequence

from benchmarks.scoring import Score, score_rows
from candidacy.findings import Finding
from candidacy.knowledge import Knowledge, load
from candidacy.listening import listen
from candidacy.listening.building import SHORT

TODAY = date(2026, 11, 22)
OURS = "candidacy.listening"
ENVIRONMENT = Path(__file__).resolve().parents[1] / ".venv-benchmark"
BASELINE_SECONDS = 600

Listener = Callable[[str, date], list[Finding]]


class NoBaselines(Exception):
    """The other tools could not be run; the message says why and holds no text of a message."""


def measure(rows: Sequence[dict], listener: Listener, today: date = TODAY) -> Score:
    """Let a listener hear rows of messages.jsonl, and score it."""
    listener("hello", today)  # the first message loads the language
    heard, seconds = [], []
    for row in rows:
        begun = time.perf_counter()
        heard.append(listener(row["text"], today))
        seconds.append(time.perf_counter() - begun)
    return score_rows(rows, heard, seconds, today)


def vocabulary(knowledge: Knowledge) -> list[dict]:
    """The names and drugs of the rule book as phrases for the other tools.

    Short names in capitals are matched as written ("ALS" is no "als"), as listening does; every other name
    in any case and also with a plural s.
    """
    entries = []
    clear = set(map(str, knowledge.language["clear_in_small_letters"]))
    for rule in knowledge.rulebook.rules:
        parts = [(None, rule.names, rule.drugs), *((v.id, v.names, v.drugs) for v in rule.variants)]
        for variant, names, drugs in parts:
            for name in [*names, *(drug.name for drug in drugs)]:
                exact = name.isalpha() and name.isupper() and len(name) <= SHORT and name.lower() not in clear
                plural = not exact and len(name) >= 4 and name[-1].isalpha() and not name.endswith("s")
                for phrase in [name, name + "s"] if plural else [name]:
                    entries.append(
                        {"phrase": phrase, "exact": exact, "condition": rule.id, "variant": variant}
                    )
    return entries


def baselines(rows: Sequence[dict], knowledge: Knowledge, today: date = TODAY) -> dict[str, Score]:
    """Let the other tools hear the same rows in their own environment, and score them.

    Raises:
        NoBaselines: When their environment is missing or their process fails.
    """
    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / ".installed").exists():
        log = ENVIRONMENT / "install.log"
        why = (
            f"the installation failed, see {ENVIRONMENT.name}/{log.name}" if log.exists() else "not installed"
        )
        raise NoBaselines(f"{ENVIRONMENT.name}: {why}")
    task = {"vocabulary": vocabulary(knowledge), "texts": [row["text"] for row in rows]}
    try:
        done = subprocess.run(
            [str(python), str(Path(__file__).with_name("baselines.py"))],
            input=json.dumps(task),
            capture_output=True,
            text=True,
            timeout=BASELINE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise NoBaselines(f"no answer within {BASELINE_SECONDS} s") from None
    except OSError as error:
        raise NoBaselines(f"{ENVIRONMENT.name} cannot be run ({error.strerror})") from None
    if done.returncode:
        # Only the kind of error: what follows it may quote a message.
        kind = (done.stderr.strip().splitlines() or ["no error text"])[-1].split(":")[0][:60]
        raise NoBaselines(f"their process ended with code {done.returncode} ({kind})")
    return {
        system: score_rows(
            rows,
            [[Finding(**finding) for finding in line] for line in answer["heard"]],
            answer["seconds"],
            today,
        )
        for system, answer in json.loads(done.stdout).items()
    }


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} = {part / whole:.3f}" if whole else "0/0"


def table(scores: dict[str, Score]) -> str:
    """One row for each system."""
    head: tuple[str, ...] = (
        "system",
        "recall present/possible",
        "critical misses",
        "false alarms",
        "verdict accepted",
        "under-triage",
        "p50 / p95 ms",
    )
    lines = [head]
    for system, score in scores.items():
        lines.append(
            (
                system,
                _share(score.found, score.wanted),
                str(score.critical),
                _share(score.alarms, score.quiet),
                _share(score.accepted, score.messages),
                str(score.under),
                f"{score.milliseconds(0.5):.1f} / {score.milliseconds(0.95):.1f}",
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def detail(score: Score, texts: bool = False) -> str:
    """Figures for each condition and each tag, then every failing line by its id.

    Args:
        score: What was counted.
        texts: Print the message itself below its id.
    """
    lines = ["per condition: found of wanted; false alarms; heard where the line says nothing of it"]
    for condition, counts in sorted(score.by_condition.items()):
        found = f"{counts['found']}/{counts['wanted']}"
        lines.append(f"  {condition:32} {found:>7}; {counts['alarm']}; {counts['extra']}")
    lines.append("per tag: lines right")
    for tag, counts in sorted(score.by_tag.items()):
        lines.append(f"  {tag:32} {_share(counts['right'], counts['right'] + counts['wrong'])}")
    lines.append(f"failing lines: {len(score.failing)} of {score.messages}")
    for failure in score.failing:
        lines.append(f"  {failure.id}: {'; '.join(failure.problems)}")
        lines.append(f"      heard: {failure.heard}")
        if texts:
            lines.append(f"      text: {failure.text!r}")
    return "\n".join(lines)


def read_messages(folder: Path) -> list[dict]:
    """The rows of FOLDER/messages.jsonl."""
    with open(folder / "messages.jsonl", encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def main(arguments: Sequence[str]) -> int:
    """Print the table and the detail; returns 2 when the folder has no messages.jsonl."""
    parser = argparse.ArgumentParser(description="Measure listening on a folder of messages.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--texts", action="store_true", help="print the text of every failing line")
    options = parser.parse_args(arguments)
    try:
        rows = read_messages(options.folder)
    except OSError as error:
        print(f"{options.folder}/messages.jsonl: {error.strerror}", file=sys.stderr)
        return 2
    scores = {OURS: measure(rows, listen)}
    missing = ""
    try:
        scores.update(baselines(rows, load()))
    except NoBaselines as error:
        missing = f"medspaCy and negspaCy are missing: {error}"
    print(f"{len(rows)} messages, judged as on {TODAY.isoformat()}")
    print(table(scores))
    extra = ", ".join(f"{system} {score.extra}" for system, score in scores.items())
    print(f"Not among the false alarms: conditions heard of which the line's list says nothing ({extra}).")
    if missing:
        print(missing)
    print(f"\n{OURS}")
    print(detail(scores[OURS], options.texts))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
