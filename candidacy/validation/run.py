"""Run every check over one project folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import List, Tuple

from candidacy.validation import responses, rules, talk, version, wording
from candidacy.validation.project import Problem, Project


@dataclass(frozen=True)
class Report:
    """What the checks found.

    Attributes:
        problems: What must be mended, in file order.
        warnings: What is odd and harms nobody.
        summary: One line for when there is no problem.
    """

    problems: Tuple[Problem, ...]
    warnings: Tuple[str, ...]
    summary: str


def validate(root: Path) -> Report:
    """Check the data under a root folder (domain.yml, data/ and the code that names responses)."""
    project = Project(root)
    found: List[Problem] = []
    # Where a file cannot be read little else can agree: the one line that counts would drown.
    readable = bool(project.domain) and all(project.files.values())
    checks = (
        (rules.check, version.check, talk.check, responses.check, wording.check)
        if readable
        else (rules.check, version.check, wording.check)
    )
    for check in checks:
        found += check(project)
    problems = tuple(sorted({*project.problems, *found}))
    warnings = tuple(
        f"data/clinic/sources.yml: sources.{source}: no rule and no response names it"
        for source in rules.unused_sources(project)
    )
    known = project.knowledge
    counts = (
        f"{len(known.rulebook.rules) if known else 0} rules, {len(known.sources) if known else 0} sources, "
        f"{len(project.responses)} responses, {len(project.names('intents'))} intents"
    )
    return Report(problems, warnings, f"All data agrees: {counts}.")
