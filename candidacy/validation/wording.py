"""How texts for patients read: characters, length, and claims that nobody may make."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Pattern, Tuple

from candidacy.knowledge.load import BrokenFile, Knowledge, read_yaml
from candidacy.validation.project import NAME, RULES_FILE, Problem, Project, Said

MOST_SEPTETS = 459
"""Three SMS segments of 153 GSM-7 characters."""

_GSM7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_EXTENDED = set("^{}\\[~]|€\f")
_SENTENCE = re.compile(r"(?<=[.!?:;])\s+|\n+")
_FIXED = ("clinic.", "rules.")


class Claims(NamedTuple):
    """What no text may claim (`data/clinic/wording.yml`), compiled."""

    forbidden: Tuple[Pattern[str], ...]
    negation: Pattern[str]
    status: Dict[str, Pattern[str]]

    def made_in(self, text: str) -> List[str]:
        """The claims a text makes; a negated one, or one about a product's legal status, is none."""
        found = []
        for sentence in _SENTENCE.split(text):
            for pattern in self.forbidden:
                match = pattern.search(sentence)
                if match and not self.negation.search(sentence[: match.start()]):
                    if not self._tells_status(match.group(), sentence, text):
                        found.append(match.group())
        return found

    def _tells_status(self, claim: str, sentence: str, text: str) -> bool:
        words, about, never = self.status["words"], self.status["text"], self.status["never"]
        return bool(words.search(claim) and about.search(text) and not never.search(sentence))


def read_claims(path: Path) -> Claims:
    """The claims of a wording file.

    Raises:
        BrokenFile: When the file is missing, lacks a list, or a pattern is no regular expression.
    """
    data = read_yaml(path)
    for key, kind in (("forbidden", list), ("negations", list), ("status", dict)):
        if not isinstance(data, dict) or not isinstance(data.get(key), kind) or not data[key]:
            raise BrokenFile(path, key, "is missing or has the wrong form; add its patterns")
    for key in ("words", "text", "never"):
        if not isinstance(data["status"].get(key), str):
            raise BrokenFile(path, f"status.{key}", "is missing; add its pattern")
    negations = "|".join(rf"(?<![A-Za-z]){re.escape(str(item))}(?![A-Za-z])" for item in data["negations"])
    try:
        return Claims(
            tuple(re.compile(str(item), re.IGNORECASE) for item in data["forbidden"]),
            re.compile(f"{negations}|n't", re.IGNORECASE),
            {key: re.compile(data["status"][key], re.IGNORECASE) for key in ("words", "text", "never")},
        )
    except re.error as error:
        raise BrokenFile(path, "forbidden", f"holds what is no regular expression: {error}") from None


def septets(text: str) -> Optional[int]:
    """Length of a text in GSM-7 characters; None when it holds a character that GSM-7 lacks."""
    total = 0
    for letter in text:
        if letter in _GSM7:
            total += 1
        elif letter in _GSM7_EXTENDED:
            total += 2
        else:
            return None
    return total


def filled(variation: Said, knowledge: Knowledge) -> str:
    """The text with the clinic's facts in place; other names stay."""
    facts: Dict[str, str] = {f"clinic.{key}": fact or "" for key, fact in knowledge.clinic.facts.items()}
    facts["rules.version"] = knowledge.rulebook.version
    return NAME.sub(lambda match: facts.get(match.group(1), match.group()), variation.text)


def check(project: Project) -> Iterator[Problem]:
    """Characters, lengths and claims of responses and rules."""
    path = project.root / "data" / "clinic" / "wording.yml"
    try:
        claims = read_claims(path)
    except BrokenFile as error:
        yield project.told(error)
        return
    for variation in project.said:
        key = f"responses.{variation.response}"
        titles = [str(button.get("title", "")) for button in variation.buttons]
        yield from _common(variation.file, key, [NAME.sub("", variation.text), *titles], claims)
        if project.knowledge is None:
            continue
        length = septets(filled(variation, project.knowledge))
        if length is None and septets(NAME.sub("", variation.text)) is not None:
            yield Problem(
                "data/clinic/clinic.yml",
                "facts",
                f"a fact in {variation.response} is not plain SMS text; use plain letters",
            )
        if length and length > MOST_SEPTETS and all(name.startswith(_FIXED) for name in variation.names):
            what = f"is {length} characters with the facts in place; three SMS hold {MOST_SEPTETS}, so shorten it"
            yield Problem(variation.file, key, what)
    if project.knowledge is None:
        return
    for rule in project.knowledge.rulebook.rules:
        for part, prefix in [(rule, ""), *((variant, f".{variant.id}") for variant in rule.variants)]:
            for name in ("plain_name", "reason", "next_step", "asks", "asks_when", "asks_later",
                         "earlier_name", "advice", "wait_from"):
                text = getattr(part, name, None)
                if text:
                    yield from _common(RULES_FILE, f"conditions.{rule.id}{prefix}.{name}", [text], claims)


def _common(file: str, key: str, texts: List[str], claims: Claims) -> Iterator[Problem]:
    for text in texts:
        odd = sorted(set(text) - _GSM7 - _GSM7_EXTENDED)
        if odd:
            yield Problem(
                file, key, f"holds {' '.join(map(repr, odd))}, which SMS lacks; write plain ' \" and -"
            )
        for claim in claims.made_in(text):
            yield Problem(
                file, key, f"says {claim!r}, which only a provider (or nobody) can promise; word it otherwise"
            )
