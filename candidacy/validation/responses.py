"""Responses exist, are used, name only what is known, and rest on sources."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any, Dict, Iterator, List, Set

from candidacy.knowledge import GROUPS
from candidacy.knowledge.models import NEVER_BLANK
from candidacy.validation.code import payloads, uttered
from candidacy.validation.project import NAME, Problem, Project, Said

CLINICAL = (
    "utter_faq_*", "utter_why_q*", "utter_urgent", "utter_call_today", "utter_verdict_under_age",
    "utter_verdict_call_today",
)  # fmt: skip
"""Responses whose own words state something clinical; the others pass on texts of the rules."""

_PAYLOAD = re.compile(r"^/(\w+)(\{.*\})?$", re.DOTALL)


def check(project: Project) -> Iterator[Problem]:
    """Everything about responses that does not agree."""
    where, values, problems = uttered(project)
    yield from problems
    yield from _use(project, where)
    blankable = _blankable(project)
    for name, variations in project.responses.items():
        for variation in variations:
            yield from _names(project, variation, values.get(name, set()), blankable)
            yield from _buttons(project, variation)
            yield from _sources(project, variation)
        if project.knowledge is not None:
            yield from _unset(name, variations, blankable)
    for file, payload in payloads(project):
        match = _PAYLOAD.match(payload)
        if match and match.group(1) not in project.names("intents"):
            yield Problem(file, payload, "the button's intent is not in domain.yml")


def _use(project: Project, where: Dict[str, str]) -> Iterator[Problem]:
    for name, file in sorted(where.items()):
        if name not in project.responses:
            yield Problem(file, name, "is uttered and does not exist; write it in domain.yml or data/faq")
    for intent in project.names("intents"):
        if intent.startswith("faq_"):
            for name in (f"utter_{intent}", f"utter_{intent}_more"):
                if name not in project.responses:
                    yield Problem(
                        "domain.yml",
                        f"intents.{intent}",
                        f"the response {name} is missing; write it in data/faq",
                    )
    steps = [step for _, _, rule in project.rules() for step in rule.get("steps") or []]
    used = {*where, *(str(step["action"]) for step in steps if step.get("action"))}
    used |= {f"utter_ask_{slot}" for slots in project.forms.values() for slot in slots}
    homes: Dict[str, str] = {}
    for variation in project.said:
        home = homes.setdefault(variation.response, variation.file)
        if home != variation.file:
            yield Problem(
                variation.file, f"responses.{variation.response}", f"stands in {home} too; keep one"
            )
    for name, file in homes.items():
        if name not in used:
            yield Problem(file, f"responses.{name}", "is unused; remove it or correct the name")


def _blankable(project: Project) -> Set[str]:
    if project.knowledge is None:
        return set()
    return {f"clinic.{key}" for key in project.knowledge.clinic.facts if key not in NEVER_BLANK}


def _names(project: Project, variation: Said, passed: Set[str], blankable: Set[str]) -> Iterator[Problem]:
    key = f"responses.{variation.response}"
    slots = project.names("slots")
    for name in dict.fromkeys(variation.names):
        if name.startswith("clinic."):
            known = project.knowledge is None or name[7:] in project.knowledge.clinic.facts
            cure = "is no fact of data/clinic/clinic.yml; add it there or correct the name"
        else:
            known = name == "rules.version" or name in slots or name in passed
            cure = "is no fact, no slot, and no value that an action passes here; correct the name"
        if not known:
            yield Problem(variation.file, key, f"{{{name}}} {cure}")
    for text in (variation.text, *(str(button.get("title", "")) for button in variation.buttons)):
        left = NAME.sub("", text)
        if "{" in left or "}" in left:
            yield Problem(variation.file, key, "holds a brace that is no {name}; people would read it")


def _unset(name: str, variations: List[Said], blankable: Set[str]) -> Iterator[Problem]:
    naming = [v for v in variations if not v.unset and blankable & set(v.names)]
    plain = [v for v in variations if v.unset and not blankable & set(v.names)]
    for variation in variations:
        named = sorted(blankable & set(variation.names))
        if variation.unset and named:
            what = f"the variation for a blank fact names {{{named[0]}}}, maybe blank as well; leave it out"
            yield Problem(variation.file, f"responses.{name}", what)
        elif named and not plain:
            what = f"names {{{named[0]}}}, which may be blank; add a variation with metadata: {{unset: true}}"
            yield Problem(variation.file, f"responses.{name}", what)
        elif variation.unset and not naming:
            yield Problem(
                variation.file,
                f"responses.{name}",
                "has a variation for a blank fact but names none; drop unset",
            )


def _sources(project: Project, variation: Said) -> Iterator[Problem]:
    key = f"responses.{variation.response}"
    ids = variation.metadata.get("sources") or []
    if not ids and any(fnmatchcase(variation.response, shape) for shape in CLINICAL):
        yield Problem(
            variation.file, key, "states something clinical without a source; add metadata: {sources: [...]}"
        )
    if project.knowledge is None:
        return
    sources = project.knowledge.sources
    unknown = [source for source in ids if source not in sources]
    for source in unknown:
        yield Problem(
            variation.file,
            key,
            f"the source {source!r} is not in data/clinic/sources.yml; add it or correct the id",
        )
    if ids and not unknown and not any(sources[source].verified for source in ids):
        yield Problem(variation.file, key, "rests on unverified sources alone; name one that was read")


def _buttons(project: Project, variation: Said) -> Iterator[Problem]:
    key = f"responses.{variation.response}"
    for button in variation.buttons:
        title, payload = button.get("title"), button.get("payload")
        if not isinstance(title, str) or not title.strip():
            yield Problem(variation.file, key, f"a button has no title in words: {title!r}; put it in quotes")
        if not isinstance(payload, str) or not payload.strip():
            yield Problem(variation.file, key, f"the button {title!r} sends nothing; give it a payload")
        elif payload.startswith("/"):
            yield from _command(project, variation.file, key, payload)


def _command(project: Project, file: str, key: str, payload: str) -> Iterator[Problem]:
    match = _PAYLOAD.match(payload)
    if not match:
        yield Problem(file, key, f"the payload {payload!r} is not of the form /intent or /intent{{...}}")
        return
    if match.group(1) not in project.names("intents"):
        yield Problem(
            file, key, f"the payload {payload!r} names an unknown intent; correct it or add it to domain.yml"
        )
    try:
        entities: Any = json.loads(match.group(2) or "{}")
    except ValueError:
        yield Problem(
            file, key, f'the payload {payload!r} holds no valid JSON; write /intent{{"entity": "value"}}'
        )
        return
    for entity, value in entities.items():
        if entity not in project.names("entities"):
            yield Problem(file, key, f"the payload {payload!r} names the unknown entity {entity!r}")
        for one in value if isinstance(value, list) else [value]:
            if entity == "finding" and project.knowledge and one not in _conditions(project):
                yield Problem(file, key, f"the payload {payload!r} names the unknown condition {one!r}")
            if entity == "group" and one not in GROUPS:
                yield Problem(file, key, f"the payload {payload!r} names the unknown question group {one!r}")


def _conditions(project: Project) -> List[str]:
    return [rule.id for rule in project.knowledge.rulebook.rules] if project.knowledge else []
