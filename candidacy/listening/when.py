"""Read the date in a reply to "when was that?"."""

from __future__ import annotations

from datetime import date
from typing import Optional, Tuple

from candidacy.knowledge.load import Knowledge, load


def read_when(text: str, today: date, knowledge: Optional[Knowledge] = None) -> Optional[Tuple[date, date]]:
    """The first time named in a reply, as its earliest and latest calendar day.

    Args:
        text: The reply as typed.
        today: The clinic's calendar day.
        knowledge: The clinic's files; those of `data/clinic` when None.

    Returns:
        The range, never after today; None when the reply names no past time.
    """
    from candidacy.listening.lexicon import lexicon_of
    from candidacy.listening.scene import stage

    words = lexicon_of(knowledge or load())
    # "About a month" answers the question as "about a month ago" does.
    for wording in (text, f"{text.rstrip(' .!')} ago"):
        found = next((time.when for time in stage(wording, today, words).times if time.when is not None), None)
        if found is not None:
            return found
    return None
