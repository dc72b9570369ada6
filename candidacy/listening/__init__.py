"""Listening: what a message says that bears on the screening rules."""

from __future__ import annotations

from datetime import date
from typing import List, Optional

from candidacy.findings import Finding
from candidacy.knowledge.load import Knowledge, load

__all__ = ["listen"]


def listen(text: str, today: date, knowledge: Optional[Knowledge] = None) -> List[Finding]:
    """Hear everything in a patient's message that bears on the screening rules.

    Args:
        text: The message as typed. Of more than 10,000 characters the first and last 5,000 are read.
        today: The clinic's calendar day; times such as "2 weeks ago" count from it.
        knowledge: The clinic's files; those of `data/clinic` when None.

    Returns:
        Findings in the order in which they stand in the message; one for each condition, assertion
        and variant. Starts and ends are character offsets in `text`.

    Raises:
        BrokenFile: When a file of `data/clinic` cannot be used.
    """
    # spaCy is loaded on the first message, not when the package is imported.
    from candidacy.listening.engine import hear
    from candidacy.listening.lexicon import lexicon_of

    return hear(text, today, lexicon_of(knowledge or load()))
