"""Read the files of `data/clinic`; a broken one is told in one line with file, key and cure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Hashable, List, Optional, Tuple, Type, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from candidacy.knowledge.models import Clinic, Rule, RuleBook
from candidacy.knowledge.source_models import Source, Sources

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


class BrokenFiles(ValueError):
    """Several things wrong with one file."""

    def __init__(self, problems: List[BrokenFile]) -> None:
        self.problems = problems
        super().__init__(str(problems[0]))


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
        if not isinstance(key, Hashable):
            raise yaml.MarkedYAMLError(
                problem="braces need quotes around them", problem_mark=key_node.start_mark
            )
        if key in seen:
            raise yaml.MarkedYAMLError(
                problem=f"the key {key!r} stands here twice", problem_mark=key_node.start_mark
            )
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
    """The file as its model; raises BrokenFiles with everything that does not fit."""
    raw = read_yaml(path)
    if not isinstance(raw, dict):
        raise BrokenFile(path, "file", "must hold keys and values")
    try:
        return model(**raw)
    except ValidationError as error:
        raise BrokenFiles(
            [BrokenFile(path, _key(raw, one["loc"]), _cure(one)) for one in error.errors()]
        ) from None


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
    knowledge, problems = examine(folder)
    if knowledge is None or problems:
        raise problems[0]
    return knowledge


def examine(folder: Path) -> Tuple[Optional[Knowledge], List[BrokenFile]]:
    """Read the clinic's files and collect everything that is wrong with them.

    Returns:
        The knowledge, or None when a file cannot be used at all; and the problems, in file order.
    """
    problems: List[BrokenFile] = []
    rulebook = _tried(problems, folder / "contraindications.yml", RuleBook)
    sources = _tried(problems, folder / "sources.yml", Sources)
    clinic = _tried(problems, folder / "clinic.yml", Clinic)
    language: Any = None
    try:
        language = read_yaml(folder / "language.yml")
        if not isinstance(language, dict):
            raise BrokenFile(folder / "language.yml", "file", "must hold keys and values")
    except BrokenFile as error:
        problems.append(error)
    if rulebook is None or sources is None or clinic is None or not isinstance(language, dict):
        return None, problems
    by_id = {source.id: source for source in sources.sources}
    problems += _source_problems(folder / "contraindications.yml", rulebook, by_id)
    return Knowledge(rulebook, by_id, clinic, language), problems


def _tried(problems: List[BrokenFile], path: Path, model: Type[_Model]) -> Optional[_Model]:
    try:
        return _parse(path, model)
    except BrokenFiles as error:
        problems += error.problems
    except BrokenFile as error:
        problems.append(error)
    return None


def _source_problems(path: Path, rulebook: RuleBook, sources: Dict[str, Source]) -> List[BrokenFile]:
    """Rules and variants that name an unknown source, or rest on unverified ones alone."""
    problems = []
    for rule in rulebook.rules:
        parts = [(f"conditions.{rule.id}.sources", rule.sources)]
        parts += [
            (f"conditions.{rule.id}.variants.{v.id}.sources", v.sources) for v in rule.variants if v.sources
        ]
        for key, ids in parts:
            unknown = [source_id for source_id in ids if source_id not in sources]
            problems += [
                BrokenFile(path, key, f"{source_id!r} is not in sources.yml; add it there or correct the id")
                for source_id in unknown
            ]
            if not unknown and not any(sources[source_id].verified for source_id in ids):
                problems.append(
                    BrokenFile(path, key, "rests on unverified sources alone; name one that was read")
                )
    return problems
