"""Check that all data agrees: `python -m candidacy.validate [folder]`.

Prints every problem as one line, `file: key: what is wrong; cure`, and ends with exit code 1; or says
that all data agrees. Reads YAML only: it needs no trained model and no Rasa.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Sequence

from candidacy.knowledge.load import DATA
from candidacy.validation import validate


def main(arguments: Sequence[str] = ()) -> int:
    """Check the project in a folder (this one when none is named); returns the exit code."""
    report = validate(Path(arguments[0]) if arguments else DATA.parent)
    for warning in report.warnings:
        print(f"warning: {warning}")
    for problem in report.problems:
        print(problem)
    if report.problems:
        print(
            f"{len(report.problems)} problem{'s' if len(report.problems) > 1 else ''}. Nothing was changed."
        )
        return 1
    print(report.summary)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
