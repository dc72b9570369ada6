"""What patients read about one reason: the bot's own responses, filled with a rule's texts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

from candidacy.knowledge import Knowledge, Rule, read_yaml
from candidacy.screening import Reason

UNDER_AGE = "under_age"
EARLIEST = "[earliest date]"
"""Stands for the day on which the wait ends."""

_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")

Utterance = Tuple[str, Dict[str, str]]
"""A response's name and the values of its names."""


class Spoken:
    """The responses of domain.yml with the clinic's facts in place.

    Attributes:
        responses: Response name → its variations as parsed.
    """

    def __init__(self, responses: Mapping[str, List[Mapping[str, Any]]], knowledge: Knowledge) -> None:
        self.responses = responses
        facts: Dict[str, Optional[str]] = {
            f"clinic.{key}": fact for key, fact in knowledge.clinic.facts.items()
        }
        self._facts = {**facts, "rules.version": knowledge.rulebook.version}

    @classmethod
    def read(cls, path: Path, knowledge: Knowledge) -> "Spoken":
        """The responses of a domain file.

        Raises:
            BrokenFile: When the file cannot be read.
        """
        return cls(read_yaml(path)["responses"], knowledge)

    def texts(self, name: str, /, **values: str) -> Tuple[str, ...]:
        """The texts that a response may take, filled; they take turns in the chat.

        Args:
            name: The response.
            values: What its names stand for; one without a value is shown as [its name].

        Raises:
            KeyError: For an unknown response.
        """
        known = {**self._facts, **values}
        blank = {key for key, fact in self._facts.items() if not fact}
        general = [one for one in self.responses[name] if "channel" not in one]
        unset = [one for one in general if (one.get("metadata") or {}).get("unset")]
        ready = [one for one in general if one not in unset and not blank & set(_NAME.findall(one["text"]))]
        return tuple(_filled(one["text"], known) for one in ready or unset or general)

    def at_once(self, rule: Rule, reason: Reason) -> Tuple[str, ...]:
        """What is read in answer to the message that said it."""
        name, values = note(rule, reason)
        return self.texts(name, **values)

    def at_the_end(self, rule: Rule, reason: Reason) -> Tuple[str, ...]:
        """What is read for it in the verdict after the questions."""
        name, values = line(rule, reason)
        return self.texts(name, **values) if name else ()

    def asked_about(self, rule: Rule) -> Tuple[str, ...]:
        """What is read by somebody who only asks whether it matters."""
        values = {"plain_name": rule.plain_name, "reason": rule.reason, "next_step": rule.next_step}
        return self.texts("utter_note_hypothetical", **values)


def note(rule: Rule, reason: Reason) -> Utterance:
    """The response that answers a message with this reason in it; the same choice as `actions.notes`."""
    if reason.outcome == "urgent":
        return "utter_urgent", {}
    if reason.call_today:
        return "utter_call_today", {}
    if rule.id == UNDER_AGE and reason.outcome == "contraindicated":
        return "utter_verdict_under_age", {}
    values = {"plain_name": rule.plain_name, "reason": reason.reason, "next_step": reason.next_step}
    if reason.outcome == "no_flag":
        if reason.advice:
            return "utter_advice", {"advice": reason.advice}
        return "utter_note_no_flag", values
    if reason.earliest and reason.outcome == "defer":
        return "utter_note_defer_until", {**values, "earliest": EARLIEST}
    if rule.id == UNDER_AGE or (reason.outcome == "ask" and reason.variant):
        return "utter_note_reason", values
    return f"utter_note_{reason.outcome}", values


def line(rule: Rule, reason: Reason) -> Tuple[Optional[str], Dict[str, str]]:
    """The response that is this reason's line in the verdict, or None where it has none; as in `actions.notes`."""
    if reason.outcome == "urgent":
        return "utter_urgent", {}
    if rule.id == UNDER_AGE and reason.outcome == "contraindicated":
        return "utter_verdict_under_age", {}
    if reason.outcome == "no_flag":
        return ("utter_advice", {"advice": reason.advice}) if reason.advice else (None, {})
    name = rule.plain_name[:1].upper() + rule.plain_name[1:]
    values = {"name": name, "reason": reason.reason, "next_step": reason.next_step}
    if reason.outcome == "ask" and not reason.variant:
        return "utter_reason_ask", values
    if reason.earliest:
        return "utter_reason_until", {**values, "earliest": EARLIEST}
    return "utter_reason", values


def _filled(text: str, known: Mapping[str, Optional[str]]) -> str:
    def value(match: "re.Match[str]") -> str:
        name = match.group(1)
        return str(known.get(name) or f"[{name.replace('_', ' ')}]")

    return re.sub(r"[ \t]{2,}", " ", _NAME.sub(value, text)).strip()
