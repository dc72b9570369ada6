"""Do the cases of `tests/cases` notice when something breaks? `make mutate`

Every case is played against every mutant (mutants.py, rule_mutants.py). Told are cases that no mutant breaks,
cases that are not about what they say they are about, and mutants that no case notices.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from typing import Iterable, Sequence

from benchmarks.cases import Case, Heard, hear, problems, read_cases
from benchmarks.mutants import Mutant, of_judging, of_listening
from benchmarks.rule_mutants import of_rules, shown_by
from candidacy.knowledge.load import Knowledge, load


@dataclass
class Report:
    """What came of playing cases against mutants.

    Attributes:
        broken: Cases that fail as things are; they say nothing about a mutant.
        caught: Mutant → the cases that it breaks.
    """

    names: list[str]
    mechanisms: dict[str, str]
    broken: dict[str, list[str]] = field(default_factory=dict)
    caught: dict[str, set[str]] = field(default_factory=dict)
    of: dict[str, str] = field(default_factory=dict)

    @property
    def idle(self) -> list[str]:
        """Cases that no mutant breaks."""
        busy = set().union(*self.caught.values()) if self.caught else set()
        return [name for name in self.names if name not in busy and name not in self.broken]

    @property
    def survivors(self) -> list[str]:
        """Mutants that no case notices."""
        return [mutant for mutant, cases in self.caught.items() if not cases]

    def breaking(self, name: str) -> list[str]:
        """The mutants that break a case."""
        return [mutant for mutant, cases in self.caught.items() if name in cases]

    @property
    def mislabelled(self) -> dict[str, list[str]]:
        """Case → what breaks it, for cases that their own mechanism does not break."""
        found = {}
        for name in self.names:
            by = self.breaking(name)
            if by and self.mechanisms[name] not in {self.of[mutant] for mutant in by}:
                found[name] = by
        return found


def play(cases: Sequence[tuple[str, Case]], mutants: Iterable[Mutant], base: Knowledge) -> Report:
    """Play every case against every mutant; each message is heard anew only where that can differ."""
    report = Report([c["name"] for _, c in cases], {c["name"]: c["mechanism"] for _, c in cases})
    heard: dict[str, Heard] = {}
    for _, case in cases:
        heard[case["name"]] = hear(case, base)
        wrong = problems(case, heard[case["name"]], base.rulebook)
        if wrong:
            report.broken[case["name"]] = wrong
    sound = [case for _, case in cases if case["name"] not in report.broken]
    for mutant in mutants:
        report.of[str(mutant)] = mutant.mechanism
        report.caught[str(mutant)] = {case["name"] for case in _failing(mutant, sound, heard, base)}
    return report


def _failing(mutant: Mutant, cases: list[Case], heard: dict[str, Heard], base: Knowledge) -> list[Case]:
    knowledge, book = mutant.knowledge(base), mutant.book or base.rulebook
    with mutant.applied():
        return [
            case
            for case in cases
            if problems(case, hear(case, knowledge) if mutant.hears else heard[case["name"]], book)
        ]


def show(report: Report) -> bool:
    """Print what is wrong; True when nothing is."""
    tables = [
        ("Cases that fail as things are", [f"{name}: {'; '.join(w)}" for name, w in report.broken.items()]),
        ("Cases that never fail: delete or sharpen them", report.idle),
        ("Mutants that no case notices: write the case", report.survivors),
        (
            "Cases that are not about what they say",
            [
                f"{name}: says {report.mechanisms[name]}; broken by {' | '.join(by)}"
                for name, by in report.mislabelled.items()
            ],
        ),
    ]
    for title, lines in tables:
        print(f"{title}: {len(lines)}")
        for line in lines:
            print(f"  {line}")
    return not any(lines for _, lines in tables)


def main() -> int:
    """Exit status 1 when a case never fails, is mislabelled, or a mutant survives."""
    os.nice(10)
    began, base, cases = time.monotonic(), load(), read_cases()
    of_the_rules = [mutant for mutant in of_rules(base.rulebook) if shown_by(mutant, base.rulebook)]
    mutants = [*of_listening(base), *of_judging(), *of_the_rules]
    report = play(cases, mutants, base)
    good = show(report)
    print(f"{len(cases)} cases, {len(mutants)} mutants, {time.monotonic() - began:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
