"""Write the digest of the rules into the changelog: `python -m candidacy.validation.stamp [folder]`.

Only while the section of the rules' version says "Not yet released"; after that, a new version helps.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Sequence

from candidacy.knowledge.load import DATA, BrokenFile, read_yaml
from candidacy.validation.project import RULES_FILE
from candidacy.validation.version import CHANGELOG, UNRELEASED, digest, heading, sections


class NotStamped(ValueError):
    """The changelog was left as it is. The text is one line with the cure."""


def main(arguments: Sequence[str] = ()) -> int:
    """Stamp the project in a folder (this one when none is named); returns the exit code."""
    try:
        print(stamp(Path(arguments[0]) if arguments else DATA.parent))
    except (BrokenFile, NotStamped, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def stamp(root: Path) -> str:
    """Put the current digest into the heading of the rules' version.

    Returns:
        One line that says what was done.

    Raises:
        NotStamped: When the version is released, or has no heading of its own yet.
        BrokenFile: When the rules cannot be read.
        OSError: When the changelog cannot be read or written.
    """
    path = root / CHANGELOG
    try:
        rules = read_yaml(root / RULES_FILE)
        version, now = str(rules["version"]), digest(rules)
    except (AttributeError, KeyError, TypeError):
        raise NotStamped(f"{RULES_FILE}: cannot be used; run make validate") from None
    text = path.read_text("utf-8")
    section = next((one for one in sections(text) if one.version == version), None)
    if section is None or section.day is None:
        raise NotStamped(f"{CHANGELOG}: has no heading '## {version} - <YYYY-MM-DD>'; add it on top")
    if section.digest == now:
        return f"{CHANGELOG}: {version} has the digest {now} already."
    if section.released:
        raise NotStamped(
            f"{CHANGELOG}: {version} is released (it does not say '{UNRELEASED}'); "
            f"raise `version` in {RULES_FILE} and add a heading for it"
        )
    lines = text.splitlines()
    lines[section.line] = heading(version, section.day, now)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return f"{CHANGELOG}: {version} now has the digest {now}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
