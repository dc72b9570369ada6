"""Cut a message into the few clauses that may each ask for something."""

from __future__ import annotations

import re
from typing import List

MAX_CLAUSES = 4

_HARD = re.compile(r"(?<=[.!?;\n])\s+|[\n;]+|(?<=\?)(?=\S)")
_SOFT = re.compile(
    r",?\s+(?:and|but|also|plus|n|&|\+)\s+(?=(?:also\s+)?(?:how'?s?|what'?s?|when'?s?|where'?s?|who'?s?|why|which|is|are|am|do|does|did|can|could|"
    r"will|would|should|i|im|i'm|my|the|it|any|cost|price|book|need|want|wanna)\b)"
    r"|,\s*(?=(?:and\s+|also\s+|but\s+)?(?:how'?s?|what'?s?|when'?s?|where'?s?|who'?s?|why|which|is it|is there|are|do|does|"
    r"can|could|will|would|should|(?:(?:so|just|please|pls)\s+)+(?:book|check|call|tell|schedule))\b)",
    re.IGNORECASE,
)


def clauses(text: str) -> List[str]:
    """The message's clauses in order, at most four; one clause is the message itself.

    Only places where a new question or statement can begin are cut, so that "oily and sweaty skin"
    stays whole.
    """
    parts: List[str] = []
    for sentence in _HARD.split(text[:2000]):
        parts.extend(_SOFT.split(sentence))
    parts = [part.strip(" ,") for part in parts if part and len(part.strip(" ,.!?")) > 1]
    if len(parts) > MAX_CLAUSES:
        parts = parts[: MAX_CLAUSES - 1] + [" ".join(parts[MAX_CLAUSES - 1 :])]
    return parts or [text]
