"""A changed rule needs a raised version and a line in CHANGELOG.md; a digest of all rules tells it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Iterator, List, Mapping, Optional, Tuple

from candidacy.knowledge.load import BrokenFile, read_yaml
from candidacy.validation.project import RULES_FILE, Problem, Project

CHANGELOG = "CHANGELOG.md"
UNRELEASED = "Not yet released"
"""While a version's section says this, its digest may be stamped anew (`make stamp-rules`)."""

_UNSIGNED = ("version", "reviewed_by", "reviewed_on")
_HEADING = re.compile(
    r"^## (?P<version>\d+(?:\.\d+)*) - (?P<day>\d{4}-\d\d-\d\d)(?: \(rules (?P<digest>[0-9a-f]{12})\))?$"
)


@dataclass(frozen=True)
class Section:
    """One version in the changelog.

    Attributes:
        line: Index of its heading among the file's lines.
        heading: The heading as written.
        version, day, digest: Its parts; None where the heading does not have them.
        body: The lines below it, up to the next heading.
    """

    line: int
    heading: str
    version: Optional[str]
    day: Optional[str]
    digest: Optional[str]
    body: Tuple[str, ...]

    @property
    def released(self) -> bool:
        """False while the section says that its version is not yet released."""
        return not any(UNRELEASED in line for line in self.body)

    @property
    def tells(self) -> bool:
        """True when a line says what changed."""
        return any(re.match(r"\s*- \S", line) for line in self.body)


def digest(rules: Mapping[str, Any]) -> str:
    """12 hex digits that stand for what the rules say.

    Args:
        rules: `contraindications.yml` as parsed. Its version and who signed do not count.
    """
    counted = {key: value for key, value in rules.items() if key not in _UNSIGNED}
    counted["conditions"] = [
        {key: value for key, value in rule.items() if key not in _UNSIGNED} for rule in rules["conditions"]
    ]
    text = json.dumps(counted, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def read_digest(root: Path) -> str:
    """The digest of the rules under a project's root.

    Raises:
        BrokenFile: When the rules cannot be read.
    """
    path = root / RULES_FILE
    try:
        return digest(read_yaml(path))
    except (AttributeError, KeyError, TypeError):
        raise BrokenFile(path, "conditions", "must hold a list of rules; run make validate") from None


def sections(text: str) -> List[Section]:
    """The versions of a changelog, as they stand in it."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("## ")]
    found = []
    for start, end in zip(starts, [*starts[1:], len(lines)]):
        match = _HEADING.match(lines[start].rstrip())
        parts = match.groupdict() if match else {"version": None, "day": None, "digest": None}
        found.append(Section(start, lines[start].rstrip(), **parts, body=tuple(lines[start + 1 : end])))
    return found


def heading(version: str, day: str, rules: str) -> str:
    """A section's heading."""
    return f"## {version} - {day} (rules {rules})"


def check(project: Project) -> Iterator[Problem]:
    """The changelog's newest heading names the rules' version and digest; versions only rise."""
    if project.knowledge is None:
        return
    path = project.root / CHANGELOG
    try:
        found = sections(path.read_text("utf-8"))
        expected = read_digest(project.root)
    except FileNotFoundError:
        yield Problem(CHANGELOG, "file", "is missing; bring it back from version control")
        return
    except UnicodeDecodeError:
        yield Problem(CHANGELOG, "file", "is not UTF-8 text; save it as UTF-8")
        return
    except BrokenFile as error:
        yield project.told(error)
        return
    malformed = [one for one in found if one.version is None]
    for one in malformed:
        what = f"is no heading of the form '{heading('<version>', '<YYYY-MM-DD>', '<digest>')}'; write it so"
        yield Problem(CHANGELOG, one.heading, what)
    if not malformed:
        yield from _order(found)
        yield from _newest(found, project.knowledge.rulebook.version, expected)


def _order(found: List[Section]) -> Iterator[Problem]:
    for newer, older in zip(found, found[1:]):
        if _number(newer.version) <= _number(older.version) or (newer.day or "") < (older.day or ""):
            what = f"stands above {older.version} and is not newer; raise each version, newest first"
            yield Problem(CHANGELOG, str(newer.version), what)


def _newest(found: List[Section], version: str, expected: str) -> Iterator[Problem]:
    today = date.today().isoformat()
    if not found or found[0].version != version:
        newest = f"the newest heading is {found[0].version}" if found else "there is no heading"
        line = heading(version, today, expected)
        what = f"{newest} and the rules are {version}; write '{line}' on top, and below it what changed"
        yield Problem(CHANGELOG, version, what)
        return
    section = found[0]
    if not section.tells:
        yield Problem(CHANGELOG, version, "does not say what changed; add a line that begins with '- '")
    if section.digest == expected:
        return
    if section.digest is None:
        what = f"the heading has no digest; write '{heading(version, section.day or today, expected)}'"
        yield Problem(CHANGELOG, version, what)
        return
    if not section.released:
        what = f"the rules have changed, their digest is {expected} now; run make stamp-rules"
        yield Problem(CHANGELOG, version, what)
        return
    line = heading("<new version>", today, expected)
    what = (
        f"the rules have changed since {version} was released; raise the version and write "
        f"'{line}' above all others in {CHANGELOG}, and below it what changed"
    )
    yield Problem(RULES_FILE, "version", what)


def _number(version: Optional[str]) -> Tuple[int, ...]:
    return tuple(int(part) for part in (version or "0").split("."))


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
