"""Everything the checks look at, read once: plain YAML and parsed Python, no Rasa."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

from candidacy.knowledge.load import BrokenFile, Knowledge, examine, read_yaml

CODE = ("actions", "components", "channels", "desk")
"""Folders whose Python names responses and actions."""

NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
"""How a text names a fact, a slot or a value."""

RULES_FILE = "data/clinic/contraindications.yml"


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that does not agree; as text it is `file: key: what is wrong; cure`."""

    file: str
    key: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {' '.join(self.what.split())}"


@dataclass(frozen=True)
class Said:
    """One variation of a response.

    Attributes:
        file: Where it stands, relative to the root.
        response: Its name.
        text: Its text; empty where it has none.
        buttons: Its buttons.
        metadata: `unset`, `sources`.
    """

    file: str
    response: str
    text: str
    buttons: Tuple[Dict[str, Any], ...] = ()
    metadata: Dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> List[str]:
        """Names in the text and in the titles of the buttons."""
        titles = [str(button.get("title", "")) for button in self.buttons]
        return [name for text in (self.text, *titles) for name in NAME.findall(text)]

    @property
    def unset(self) -> bool:
        """True for the variation used where a fact is blank."""
        return bool(self.metadata.get("unset"))


class Project:
    """The project's data and code under one root folder.

    Attributes:
        root: The folder that holds domain.yml and data/.
        problems: What was wrong with reading it.
        knowledge: `data/clinic`, or None when it cannot be read.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: List[Problem] = []
        self.knowledge: Optional[Knowledge] = None
        knowledge, broken = examine(root / "data" / "clinic")
        self.knowledge = knowledge
        self.problems += [self.told(error) for error in broken]
        self.domain = self._mapping(root / "domain.yml")
        data = root / "data"
        talk = [file for folder in ("nlu", "faq") for file in sorted((data / folder).glob("*.yml"))]
        self.files: Dict[str, Dict[str, Any]] = {
            self.shown(file): self._mapping(file) for file in [*talk, data / "rules.yml"]
        }

    def shown(self, path: Path) -> str:
        """A path as the problems name it."""
        try:
            return path.resolve().relative_to(self.root.resolve()).as_posix()
        except ValueError:
            return str(path)

    def told(self, error: BrokenFile) -> Problem:
        """A broken file as a problem."""
        return Problem(self.shown(error.path), error.key, error.cure)

    def _mapping(self, path: Path) -> Dict[str, Any]:
        try:
            data = read_yaml(path)
            if not isinstance(data, dict):
                raise BrokenFile(path, "file", "must hold keys and values; compare it with version control")
        except BrokenFile as error:
            self.problems.append(self.told(error))
            return {}
        return data

    def names(self, key: str) -> List[str]:
        """Names under a list or mapping of domain.yml, such as `intents`."""
        node = self.domain.get(key) or []
        names = [next(iter(item)) if isinstance(item, dict) else item for item in node]
        return [str(name) for name in names]

    @property
    def forms(self) -> Dict[str, List[str]]:
        """Each form's required slots."""
        forms = self.domain.get("forms") or {}
        return {str(name): list((form or {}).get("required_slots") or []) for name, form in forms.items()}

    def rules(self) -> Iterator[Tuple[str, str, Dict[str, Any]]]:
        """(file, name, rule) of every rule and story."""
        for file, data in self.files.items():
            for kind in ("rules", "stories"):
                for item in data.get(kind) or []:
                    yield file, str(item.get("rule") or item.get("story")), item

    @cached_property
    def examples(self) -> Dict[str, List[Tuple[str, str]]]:
        """Intent → (file, example) pairs."""
        found: Dict[str, List[Tuple[str, str]]] = {}
        for file, data in self.files.items():
            for item in data.get("nlu") or []:
                if "intent" not in item:
                    continue
                lines = str(item.get("examples") or "").splitlines()
                texts = [line.strip()[1:].strip() for line in lines if line.strip().startswith("-")]
                found.setdefault(str(item["intent"]), []).extend((file, text) for text in texts)
        return found

    @cached_property
    def said(self) -> List[Said]:
        """Every variation of every response."""
        found: List[Said] = []
        for file, data in [("domain.yml", self.domain), *self.files.items()]:
            for name, variations in (data.get("responses") or {}).items():
                if not isinstance(variations, list) or not variations:
                    self.problems.append(
                        Problem(file, f"responses.{name}", "has no variation; add a `- text:`")
                    )
                    continue
                for item in variations:
                    text = item.get("text") if isinstance(item, dict) else None
                    if not isinstance(text, str) or not text.strip():
                        self.problems.append(
                            Problem(
                                file,
                                f"responses.{name}",
                                "has no text; write one, in quotes if it begins with {",
                            )
                        )
                        continue
                    buttons = tuple(item.get("buttons") or ())
                    found.append(Said(file, str(name), text, buttons, dict(item.get("metadata") or {})))
        return found

    @cached_property
    def responses(self) -> Dict[str, List[Said]]:
        """Response name → its variations."""
        found: Dict[str, List[Said]] = {}
        for variation in self.said:
            found.setdefault(variation.response, []).append(variation)
        return found

    @cached_property
    def code(self) -> Dict[str, ast.Module]:
        """Parsed Python of `CODE`, by path relative to the root."""
        found = {}
        for folder in CODE:
            for file in sorted((self.root / folder).rglob("*.py")):
                text = file.read_text("utf-8")
                if folder != "actions" and "utter_" not in text:
                    continue
                try:
                    found[self.shown(file)] = ast.parse(text)
                except SyntaxError as error:
                    self.problems.append(
                        Problem(self.shown(file), f"line {error.lineno}", f"is no Python: {error.msg}")
                    )
        return found
