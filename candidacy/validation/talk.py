"""Intents, training examples, rules, forms and actions agree."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Dict, Iterator, List, Tuple

from candidacy.validation.code import action_names
from candidacy.validation.project import Problem, Project

FEWEST_EXAMPLES = 10
BUILT_IN_INTENTS = ("nlu_fallback",)
BUILT_IN_ACTIONS = (
    "action_listen", "action_restart", "action_session_start", "action_default_fallback", "action_back",
    "action_deactivate_loop", "action_revert_fallback_events", "action_unlikely_intent",
    "action_extract_slots",
)  # fmt: skip
RULES = "data/rules.yml"


def check(project: Project) -> Iterator[Problem]:
    """Everything about intents, rules, forms and actions that does not agree."""
    yield from _intents(project)
    yield from _examples(project)
    yield from _rules(project)
    yield from _actions(project)
    yield from _forms(project)


def _intents(project: Project) -> Iterator[Problem]:
    intents = project.names("intents")
    for intent in sorted({name for name in intents if intents.count(name) > 1}):
        yield Problem("domain.yml", f"intents.{intent}", "stands there twice; remove one")
    answered = _answered(project)
    for intent in dict.fromkeys(intents):
        rules = answered.get(intent, [])
        if not rules:
            yield Problem(
                "domain.yml",
                f"intents.{intent}",
                "has no rule in data/rules.yml; add one that begins with it",
            )
        elif len(rules) > 1:
            yield Problem(RULES, intent, f"has {len(rules)} rules ({'; '.join(rules)}); keep one")
        count = len(project.examples.get(intent, []))
        if count < FEWEST_EXAMPLES:
            what = f"has {count} training examples; write at least {FEWEST_EXAMPLES} in data/nlu or data/faq"
            yield Problem("domain.yml", f"intents.{intent}", what)
    for intent, examples in project.examples.items():
        if intent not in intents:
            yield Problem(
                examples[0][0] if examples else "data/nlu",
                f"nlu.{intent}",
                "is no intent of domain.yml; add it there",
            )


def _answered(project: Project) -> Dict[str, List[str]]:
    """Intent → names of the rules that begin with it alone and hold in every state."""
    found: Dict[str, List[str]] = {}
    for _, name, rule in project.rules():
        steps = rule.get("steps") or []
        if "rule" in rule and not rule.get("condition") and steps and "intent" in steps[0]:
            found.setdefault(str(steps[0]["intent"]), []).append(name)
    return found


def _examples(project: Project) -> Iterator[Problem]:
    seen: Dict[str, Tuple[str, str]] = {}
    for intent, examples in project.examples.items():
        for file, text in examples:
            words = " ".join(re.sub(r"[^\w$%]+", " ", text.casefold()).split()) or text
            if words in seen and seen[words][0] != intent:
                other, other_file = seen[words]
                yield Problem(
                    file,
                    f"nlu.{intent}",
                    f"the example {text!r} stands under {other} ({other_file}) too; keep one",
                )
            seen.setdefault(words, (intent, file))
            for entity in re.findall(r"\[[^\]]+\]\((\w+)\)", text):
                if entity not in project.names("entities"):
                    yield Problem(
                        file, f"nlu.{intent}", f"the example {text!r} names the unknown entity {entity}"
                    )


def _rules(project: Project) -> Iterator[Problem]:
    intents = [*project.names("intents"), *BUILT_IN_INTENTS]
    actions = {*project.names("actions"), *BUILT_IN_ACTIONS, *project.forms}
    slots = {*project.names("slots"), "requested_slot"}
    names = [name for _, name, _ in project.rules()]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(RULES, name, "two rules have this name; rename one")
    for file, name, rule in project.rules():
        for step in [*(rule.get("condition") or []), *(rule.get("steps") or [])]:
            for choice in step.get("or") or [step]:
                if "intent" in choice and choice["intent"] not in intents:
                    yield Problem(
                        file,
                        name,
                        f"names the unknown intent {choice['intent']}; add it to domain.yml or correct it",
                    )
            action = step.get("action")
            if action and str(action).startswith("utter_"):
                if action not in project.responses:
                    yield Problem(
                        file, name, f"utters {action}, which does not exist; write it or correct the name"
                    )
            elif action and action not in actions:
                yield Problem(
                    file, name, f"names the unknown action {action}; add it to `actions` in domain.yml"
                )
            if step.get("active_loop") and step["active_loop"] not in project.forms:
                yield Problem(file, name, f"names the unknown form {step['active_loop']}")
            was_set = step.get("slot_was_set") or []
            for item in was_set if isinstance(was_set, list) else [was_set]:
                for slot in item if isinstance(item, dict) else [item]:
                    if slot not in slots:
                        yield Problem(
                            file, name, f"names the unknown slot {slot}; add it to domain.yml or correct it"
                        )


def _actions(project: Project) -> Iterator[Problem]:
    written = action_names(project)
    domain = project.names("actions")
    for action in domain:
        if not any(fnmatchcase(action, shape) for shape in written):
            yield Problem(
                "domain.yml",
                f"actions.{action}",
                "no class in actions/ has this name; write it or remove the line",
            )
    for shape, (file, cls) in written.items():
        if not any(fnmatchcase(action, shape) for action in domain):
            yield Problem(file, cls, f"{shape} does not stand under `actions` in domain.yml; add it there")


def _forms(project: Project) -> Iterator[Problem]:
    slots, actions = project.names("slots"), project.names("actions")
    for form, required in project.forms.items():
        for slot in required:
            key = f"forms.{form}.{slot}"
            if slot not in slots:
                yield Problem("domain.yml", key, "is no slot; add it to `slots`")
            asks = [f"action_ask_{slot}", f"action_ask_{form}_{slot}"]
            if not any(name in actions for name in asks) and f"utter_ask_{slot}" not in project.responses:
                yield Problem("domain.yml", key, f"nothing asks for it; write utter_ask_{slot}")
