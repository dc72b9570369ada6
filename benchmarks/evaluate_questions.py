"""Measure understanding on a file of questions, beside stock Rasa and a keyword baseline.

    python -m benchmarks.evaluate_questions FOLDER [--texts] [--no-stock]

Reads FOLDER/questions.jsonl: `text`, `gold` intent, `accept` (every intent that counts as right), `kind`
(faq | flow | oos_far | oos_near), `source`. The bot's newest model, `rasa init`'s pipeline (DIET, 100
epochs) and the keyword baseline, both trained here on the same data, answer the same lines.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional, Sequence

from benchmarks.baselines_nlu import ROOT, Keywords, stock_rasa

NOT_UNDERSTOOD = {"nlu_fallback", "out_of_scope"}
"""What a system says when it does not claim to know the question."""

Parse = Callable[[str], str]


@dataclass
class Tally:
    """Counts over one file of questions.

    Attributes:
        right, wrong, silent: In-scope lines answered with an accepted intent, with another, or not at all.
        refused, taken: Lines out of scope, by kind, that were refused, or answered with an intent.
        seconds: Time for each line.
        by_intent, by_source: The same three counts for each gold intent and each kind of source.
        failures: (line, what was said) of every line that went wrong.
    """

    right: int = 0
    wrong: int = 0
    silent: int = 0
    refused: Counter = field(default_factory=Counter)
    taken: Counter = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    by_intent: dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))
    by_source: dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))
    failures: list[tuple[dict, str]] = field(default_factory=list)

    def count(self, row: dict, said: str) -> None:
        """Take one line and what a system said to it."""
        silent = said in NOT_UNDERSTOOD
        right = said in row["accept"]
        if row["kind"].startswith("oos"):
            right = right or silent
            (self.refused if right else self.taken)[row["kind"]] += 1
        elif right:
            self.right += 1
        elif silent:
            self.silent += 1
        else:
            self.wrong += 1
        outcome = "right" if right else "silent" if silent else "wrong"
        self.by_intent[row["gold"]][outcome] += 1
        self.by_source[_source(row)][outcome] += 1
        if not right:
            self.failures.append((row, said))

    @property
    def in_scope(self) -> int:
        """Lines that ask for something the bot answers."""
        return self.right + self.wrong + self.silent

    def milliseconds(self, share: float) -> float:
        """The time below which this share of the lines lies; 0.0 without lines."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000 if ordered else 0.0


def _source(row: dict) -> str:
    """Where a line comes from, without the details in brackets."""
    return str(row.get("source", "")).split(" (")[0] or "unknown"


def measure(rows: Sequence[dict], parse: Parse) -> Tally:
    """Let a system name the intent of every line, and count."""
    parse("hello")
    tally = Tally()
    for row in rows:
        begun = time.perf_counter()
        said = parse(row["text"])
        tally.seconds.append(time.perf_counter() - begun)
        tally.count(row, said)
    return tally


def ours() -> Parse:
    """The bot's newest trained model, listening included.

    Raises:
        FileNotFoundError: When there is no trained model.
    """
    models = sorted((ROOT / "models").glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not models:
        raise FileNotFoundError("models/: no trained model; run `make train`")
    return rasa_parser(models[-1])


def rasa_parser(model: Path) -> Parse:
    """The intent that a trained Rasa model gives a text."""
    from rasa.core.agent import Agent

    agent = Agent.load(str(model))
    loop = asyncio.new_event_loop()
    return lambda text: loop.run_until_complete(agent.parse_message(text))["intent"]["name"]


def _quiet() -> None:
    """Rasa logs every message it reads, unless it is told not to."""
    from rasa.utils.log_utils import configure_structlog

    logging.disable(logging.CRITICAL)
    configure_structlog(logging.CRITICAL)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f} ({part}/{whole})" if whole else "-"


def table(tallies: dict[str, Tally]) -> str:
    """One row for each system."""
    lines = [("system", "in scope right", "confident wrong", "far refused", "near refused", "p50 / p95 ms")]
    for system, tally in tallies.items():
        lines.append(
            (
                system,
                _share(tally.right, tally.in_scope),
                _share(tally.wrong, tally.in_scope),
                *(
                    _share(tally.refused[kind], tally.refused[kind] + tally.taken[kind])
                    for kind in ("oos_far", "oos_near")
                ),
                f"{tally.milliseconds(0.5):.1f} / {tally.milliseconds(0.95):.1f}",
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def detail(tally: Tally, texts: bool) -> str:
    """Figures for each intent and kind of source, then every line that went wrong."""
    lines = []
    for title, groups in (("per intent", tally.by_intent), ("per source", tally.by_source)):
        lines.append(f"{title}: right / silent / wrong")
        for name, counts in sorted(groups.items()):
            lines.append(f"  {name:58} {counts['right']:3} / {counts['silent']:2} / {counts['wrong']:2}")
    lines.append(f"lines that went wrong: {len(tally.failures)}")
    for row, said in tally.failures:
        lines.append(f"  {row['kind']}: {row['gold']} heard as {said}")
        if texts:
            lines.append(f"      {row['text']!r}")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Print the table and the detail; returns 2 when the folder has no questions.jsonl."""
    parser = argparse.ArgumentParser(description="Measure understanding on a file of questions.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--texts", action="store_true", help="print the text of every line that went wrong")
    parser.add_argument("--no-stock", action="store_true", help="leave out stock Rasa, which trains for minutes")
    options = parser.parse_args(arguments)
    _quiet()
    path = options.folder / "questions.jsonl"
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    except OSError as error:
        print(f"{path}: {error.strerror}", file=sys.stderr)
        return 2
    systems: dict[str, Optional[Parse]] = {"this bot": ours(), "keywords": Keywords.of_project(ROOT).parse}
    if not options.no_stock:
        model, seconds = stock_rasa(ROOT)
        print(f"stock Rasa was trained here in {seconds:.0f} s")
        systems["stock Rasa (DIET)"] = rasa_parser(model)
    tallies = {system: measure(rows, parse) for system, parse in systems.items() if parse}
    print(f"{len(rows)} questions")
    print(table(tallies))
    print("\nthis bot")
    print(detail(tallies["this bot"], options.texts))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
