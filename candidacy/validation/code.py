"""What the code utters: response names, the values it passes to them, and the names of its actions."""

from __future__ import annotations

import ast
import re
from typing import Dict, Iterable, Iterator, List, Set, Tuple

from candidacy.knowledge import GROUPS, OUTCOMES
from candidacy.validation.project import Problem, Project

RESPONSE = re.compile(r"^utter_[A-Za-z0-9_]*[A-Za-z0-9]$")
METADATA_KEY = "utter_action"
"""Where Rasa keeps the name of the response behind a message."""

_SPOKEN = [outcome for outcome in OUTCOMES if outcome != "urgent"]


def families(project: Project) -> Dict[str, List[str]]:
    """Names that the code builds: f-string with * for what it fills in → every name it can become."""
    slots = [group.lower() for group in GROUPS]
    faq = [f"utter_{intent}" for intent in project.names("intents") if intent.startswith("faq_")]
    asked = [slot for form in project.forms.values() for slot in form]
    personal = sorted({slot for slot in asked if slot.startswith(("booking_", "change_", "callback_", "reminder_"))})
    return {
        "utter_*": faq,
        "*_more": [f"{name}_more" for name in faq],
        "utter_ask_*": [f"utter_ask_{slot}" for slot in slots],
        "*_heard": [f"utter_ask_{slot}_heard" for slot in slots[1:]],
        "utter_ask_*_again": _asked_again(project),
        "*_booking": [f"utter_ask_{slots[0]}_booking"],
        "utter_why_*": [f"utter_why_{slot}" for slot in slots],
        "utter_topic_*": [f"utter_topic_{group}" for group in GROUPS],
        "utter_note_*": [f"utter_note_{outcome}" for outcome in _SPOKEN],
        "utter_verdict_*": [f"utter_verdict_{outcome}" for outcome in (*_SPOKEN, "defer_until")],
        "utter_*_unreadable": [f"utter_{slot}_unreadable" for slot in personal],
    }


def _asked_again(project: Project) -> List[str]:
    """Responses of the questions that are asked again on a later day: those the rules name."""
    if project.knowledge is None:
        return [name for name in project.responses if re.match(r"utter_ask_q\d\w*_again$", name)]
    return [f"utter_ask_{group.lower()}_again" for group in project.knowledge.rulebook.returning.questions]


def functions(module: ast.Module) -> Iterator[ast.AST]:
    """Every function, and the module itself for what stands outside of them."""
    yield module
    for node in ast.walk(module):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def inside(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function or module without those of functions inside it, and without docstrings."""
    docstring = (
        ast.get_docstring(node, clean=False)
        if hasattr(node, "body") and not isinstance(node, ast.ClassDef)
        else None
    )
    pending = list(ast.iter_child_nodes(node))
    while pending:
        child = pending.pop()
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            if child.value.value == docstring or isinstance(child.value.value, str):
                continue
        yield child
        if not isinstance(child, ast.JoinedStr):
            pending.extend(ast.iter_child_nodes(child))


def pattern(node: ast.JoinedStr) -> str:
    """An f-string with * for what it fills in."""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)


def uttered(project: Project) -> Tuple[Dict[str, str], Dict[str, Set[str]], List[Problem]]:
    """Responses that the code names.

    Returns:
        Response → a file that names it; response → names of the values passed where it is named; and
        problems: f-strings of no known family.
    """
    known = families(project)
    where: Dict[str, str] = {}
    values: Dict[str, Set[str]] = {}
    problems = []
    for file, module in project.code.items():
        tables = _tables(module)
        for function in functions(module):
            nodes = list(inside(function))
            passed = _values(nodes)
            names = _literals(nodes)
            if function is not module:
                names += [n for node in nodes if isinstance(node, ast.Name) for n in tables.get(node.id, [])]
            for shape in [pattern(n) for n in nodes if isinstance(n, ast.JoinedStr)]:
                if shape in known and (shape.startswith("utter_") or file.startswith("actions/")):
                    names += known[shape]
                elif shape.startswith("utter_"):
                    what = f"builds {shape!r}, a family that validation/code.py does not know; add it there"
                    problems.append(Problem(file, getattr(function, "name", "module"), what))
            for name in names:
                where.setdefault(name, file)
                values.setdefault(name, set()).update(passed)
    return where, values, problems


def _literals(nodes: Iterable[ast.AST]) -> List[str]:
    """Response names written out in these nodes."""
    texts = [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return [text for text in texts if RESPONSE.match(text) and text != METADATA_KEY]


def _tables(module: ast.Module) -> Dict[str, List[str]]:
    """Tables of response names at the top of a module, such as REPLIES: they speak where they are used."""
    found = {}
    for node in module.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = _literals(ast.walk(node.value))
    return found


def _values(nodes: List[ast.AST]) -> Set[str]:
    """Names of values that a function can pass on: keywords of its calls and keys of its dictionaries."""
    found: Set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Call):
            found |= {keyword.arg for keyword in node.keywords if keyword.arg}
        elif isinstance(node, ast.Dict):
            found |= {
                key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
            }
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            index = node.slice
            if isinstance(index, ast.Constant) and isinstance(index.value, str):
                found.add(index.value)
    return found


def action_names(project: Project) -> Dict[str, Tuple[str, str]]:
    """Names that the classes in actions/ return (with * for what an f-string fills in) → (file, class)."""
    found = {}
    for file, module in project.code.items():
        if not file.startswith("actions/"):
            continue
        for node in ast.walk(module):
            if not isinstance(node, ast.ClassDef):
                continue
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name == "name":
                    for result in ast.walk(method):
                        if isinstance(result, ast.Return) and isinstance(result.value, ast.JoinedStr):
                            found[pattern(result.value)] = (file, node.name)
                        elif isinstance(result, ast.Return) and isinstance(result.value, ast.Constant):
                            found[str(result.value.value)] = (file, node.name)
    return found


def payloads(project: Project) -> Iterator[Tuple[str, str]]:
    """(file, payload) of every button payload written in actions/, with a stand-in for what it fills in."""
    for file, module in project.code.items():
        if not file.startswith("actions/"):
            continue
        for node in ast.walk(module):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if re.match(r"^/[a-z_]+(\{.*\})?$", node.value):
                    yield file, node.value
