"""Read the files of `data/clinic`; a broken one is told in one line with file, key and cure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Type, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from candidacy.knowledge.models import Clinic, Rule, RuleBook, Source, Sources

DATA = Path(__file__).resolve().parents[2] / "data"

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Model = TypeVar("_Model", bound=BaseModel)


class BrokenFile(ValueError):
    """A file that cannot be used. The text names file, key and cure in one line."""

    def __init__(self, path: Path, key: str, cure: str) -> None:
        self.path, self.key, self.cure = path, key, cure
        try:
            shown = path.resolve().relative_to(DATA.parent)
        except ValueError:
            shown = path
        super().__init__(f"{shown}: {key}: {cure}")


@dataclass(frozen=True)
class Knowledge:
    """Everything in `data/clinic`, read once."""

    rulebook: RuleBook
    sources: Dict[str, Source]
    clinic: Clinic
    language: Dict[str, Any]

    def rule(self, rule_id: str) -> Rule:
        """The rule with this id. Raises KeyError for an unknown id."""
        return self.rulebook.rule(rule_id)


class _UniqueKeyLoader(_Loader):  # type: ignore[misc, valid-type]
    """Refuses a key written twice: YAML would silently keep the last one."""


def _unique_mapping(loader: Any, node: yaml.MappingNode) -> dict:
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if key in seen:
            line = key_node.start_mark.line + 1
            raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands here twice (line {line})")
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)


def read_yaml(path: Path) -> Any:
    """Parse one YAML file.

    Raises:
        BrokenFile: When it is missing, is not YAML or holds the same key twice.
    """
    try:
        with open(path, encoding="utf-8") as file:
            return yaml.load(file, Loader=_UniqueKeyLoader)
    except FileNotFoundError:
        raise BrokenFile(path, "file", "is missing; bring it back from version control") from None
    except UnicodeDecodeError:
        raise BrokenFile(path, "file", "is not UTF-8 text; save it as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "file"
        problem = getattr(error, "problem", None) or str(error)
        raise BrokenFile(path, where, f"{problem}; check the indentation and quotes there") from None


def _parse(path: Path, model: Type[_Model]) -> _Model:
    raw = read_yaml(path)
    if not isinstance(raw, dict):
        raise BrokenFile(path, "file", "must hold keys and values")
    try:
        return model(**raw)
    except ValidationError as error:
        first = error.errors()[0]
        raise BrokenFile(path, _key(raw, first["loc"]), _cure(first)) from None


def _key(raw: Any, location: tuple) -> str:
    """Where the error is; a list item is shown by its id instead of its number."""
    parts, node = [], raw
    for step in location:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            node = None
        name = node.get("id") if isinstance(step, int) and isinstance(node, dict) else None
        parts.append(str(name or step))
    return ".".join(part for part in parts if part != "__root__")


def _cure(error: dict) -> str:
    if error["type"] == "value_error.missing":
        return "is missing; add it"
    if error["type"] == "value_error.extra":
        return "is not a key this file knows; check the spelling"
    return str(error["msg"])


@lru_cache(maxsize=4)
def load(folder: Path = DATA / "clinic") -> Knowledge:
    """Read and check the clinic's files; the same folder is read once per process.

    Args:
        folder: The folder that holds contraindications.yml, sources.yml, clinic.yml and language.yml.

    Raises:
        BrokenFile: When a file is missing or does not fit; its text names file, key and cure.
    """
    rulebook = _parse(folder / "contraindications.yml", RuleBook)
    sources = {source.id: source for source in _parse(folder / "sources.yml", Sources).sources}
    clinic = _parse(folder / "clinic.yml", Clinic)
    language = read_yaml(folder / "language.yml")
    if not isinstance(language, dict):
        raise BrokenFile(folder / "language.yml", "file", "must hold keys and values")
    for rule in rulebook.rules:
        for source_id in rule.sources + [s for v in rule.variants for s in v.sources or []]:
            if source_id not in sources:
                raise BrokenFile(
                    folder / "contraindications.yml",
                    f"conditions.{rule.id}.sources",
                    f"{source_id!r} is not in sources.yml; add it there or correct the id",
                )
        if not any(sources[source_id].verified for source_id in rule.sources):
            raise BrokenFile(
                folder / "contraindications.yml",
                f"conditions.{rule.id}.sources",
                "rests on unverified sources alone; name one that was read",
            )
    return Knowledge(rulebook, sources, clinic, language)
