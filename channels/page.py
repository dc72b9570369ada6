"""The chat page and what it tells about the clinic and its rules."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any, Dict

from candidacy.knowledge import Knowledge

WIDGET = Path(__file__).resolve().parent / "widget"

_FACT = re.compile(r"\{clinic\.(\w+)\}")


def about(knowledge: Knowledge) -> Dict[str, Any]:
    """The clinic, the version of its rules, and whether and when (ISO date) somebody signed them."""
    facts, rulebook = knowledge.clinic.facts, knowledge.rulebook
    days = [rule.reviewed_on for rule in rulebook.rules if rule.reviewed_on]
    reviewed = bool(rulebook.rules) and rulebook.signed
    return {
        "clinic": facts["name"],
        "phone": facts["phone"],
        "demo": knowledge.clinic.demo,
        "rules_version": rulebook.version,
        "reviewed": reviewed,
        "reviewed_on": max(days).isoformat() if reviewed else None,
    }


def page(knowledge: Knowledge) -> str:
    """`widget/index.html` with the clinic's facts in it, escaped.

    Beside the facts it may name `{clinic.initial}`, `{clinic.tel}` and `{clinic.numbers}` (the numbers
    that become links, joined with "|": a short one, such as the emergency number, cannot be told from
    any other figure by its looks).
    """
    facts = dict(knowledge.clinic.facts)
    name, phone = facts.get("name") or "", facts.get("phone") or ""
    short = re.findall(r"\d{3,}", f"{facts.get('emergency_number') or ''} {facts.get('crisis_line') or ''}")
    facts["initial"] = next((letter.upper() for letter in name if letter.isalnum()), "")
    facts["tel"] = re.sub(r"[^\d+]", "", phone)
    facts["numbers"] = "|".join(dict.fromkeys([phone, *short]))
    text = (WIDGET / "index.html").read_text(encoding="utf-8")
    return _FACT.sub(lambda match: html.escape(facts.get(match.group(1)) or ""), text)
