"""Read a name from the reply to "what is your first name?"; anything that is no name is refused."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Collection, FrozenSet, List, Optional

from candidacy.knowledge import load
from desk.contact import without_contacts

MAX_LENGTH = 60
"""Characters of a reply that may hold a name; longer ones are sentences."""

_GREETING = re.compile(
    r"^(?:(?:hi|hello|hey|hiya|sure|ok|okay|yes|yeah|yep|yup|of course|well|so|oh|um|uh|no problem"
    r"|good morning|good afternoon|good evening)\b(?: there)?[\s,.!:-]*)+(?=\S)",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(?:and\s+)?(?:(?:my|the|first|full|last)\s+)*(?:name\s*(?:is\b(?! not\b)|'s|s\b|:|=|-)|name\b(?=\s+\w+$))\s*"
    r"|^(?:you can|u can|please|just|everyone|people|they|(?:my )?friends)?\s*calls?\s+me\s+"
    r"|^(?:i go by|it is|it's|its|this is|that's|thats|that is|i am|i'm|im|i m|called|put down|under|just)\s+"
    r"(?:called\s+|named\s+)?",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"[\s,]+(?:btw|by the way|here|thanks?|thank you|thx|ty|please|pls|is my (?:first |full )?name"
    r"|is the name|speaking|lol|haha|and you)\s*$",
    re.IGNORECASE,
)
_TITLE = re.compile(r"^(?:mrs?|ms|miss|mx|dr)\.?\s+(?=\S)", re.IGNORECASE)
_TOKEN = re.compile(r"^[^\W\d_]+(?:['.-][^\W\d_]+)*\.?$")
_ADJECTIVE = re.compile(r"(?:.{3}ing|ous|ful|less|able|ible|ed|ness|tion)$")
# Short forms and brands in the rules that people are called as well.
_ALSO_NAMES = frozenset("tia tobi soma avita ziana versa aha".split())
_PARTICLES = frozenset("de la del da di dos van von der den ter ten bin al el le du y san st".split())


def read_name(text: str, health_words: Optional[Collection[str]] = None) -> Optional[str]:
    """The first name (and last, when given) in a reply, in capitals where the writer left them out.

    Args:
        text: The reply to the question for a name.
        health_words: Small-letter words and phrases that are conditions or medicines and so never a
            name; those of the clinic's rules when None.

    Returns:
        The name, or None for a sentence, a question, a number, a refusal or a health statement.
    """
    text = unicodedata.normalize("NFKC", text).replace("\u2019", "'").replace("\u2018", "'").strip()
    if not text or len(text) > MAX_LENGTH or "?" in text:
        return None
    rest = without_contacts(text).strip(" ,;.!:-\"'*()")
    rest = _GREETING.sub("", rest)
    lead = _LEAD.match(rest)
    if lead:
        # "I'm Dana, nice to meet you": behind a lead-in the name ends at the comma.
        rest = re.split(r"[,;!]|\.\s", rest[lead.end():])[0]
    while _TAIL.search(rest):
        rest = _TAIL.sub("", rest)
    rest = _TITLE.sub("", rest.strip(" ,;.!:-\"'*()"))
    tokens = rest.split()
    if not _all_names(tokens, bool(lead), _health() if health_words is None else frozenset(health_words)):
        return None
    return _capitals(tokens)


def _all_names(tokens: List[str], introduced: bool, health: Collection[str]) -> bool:
    if not tokens or len(tokens) > 5 or not all(_TOKEN.match(token) for token in tokens):
        return False
    phrase = " ".join(tokens).lower()
    if phrase in health or phrase in _not_names():
        return False
    if len(tokens) > 3 and not all(token[0].isupper() or token.lower() in _PARTICLES for token in tokens):
        return False  # four small words in a row are a sentence
    for place, token in enumerate(tokens):
        word = token.lower()
        # A capital inside a line means a name ("Anh Do"); at its start it is only the keyboard.
        named = place > 0 and token[0].isupper() and not token.isupper()
        adjective = introduced and token.islower() and _ADJECTIVE.search(word)
        if not named and (adjective or word in _not_names() or word in health):
            return False
    return any(len(token.strip(".")) > 1 for token in tokens) or tokens[0].isupper()


def _capitals(tokens: List[str]) -> str:
    name = " ".join(tokens)
    if not (name.islower() or name.isupper()) or len(name) <= 2:
        return name
    shaped = []
    for place, token in enumerate(tokens):
        word = token.lower()
        if place and word in _PARTICLES:
            shaped.append(word)
        else:
            shaped.append(re.sub(r"(^|[-'.])(\w)", lambda m: m.group(1) + m.group(2).upper(), word))
    return " ".join(shaped)


@lru_cache(maxsize=1)
def _not_names() -> FrozenSet[str]:
    lines = (Path(__file__).parent / "not_names.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split("|"))


@lru_cache(maxsize=1)
def _health() -> FrozenSet[str]:
    words = set()
    for rule in load().rulebook.rules:
        words.update(rule.names + [drug.name for drug in rule.drugs])
        for variant in rule.variants:
            words.update(variant.names + [drug.name for drug in variant.drugs])
    return frozenset(word.lower() for word in words) - _ALSO_NAMES
