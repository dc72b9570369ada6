"""How a turn of the bot looks as text messages: numbered choices, a private link, as few texts as hold it."""

from __future__ import annotations

import re
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from channels.shell import picks
from desk.sms_text import fits, packed, plain
from desk.sms_words import bare

PRIVATE, PRIVATE_NOTE, PRIVATE_SCREENING, DISCLOSURE = "private", "private_note", "private_screening", "disclosure"
"""`metadata: {kind: …}` of a response's SMS variant. The private ones say less than the private page does, so
that page's link goes with them: always, or for a note when none went lately. A disclosure says who writes."""

LINKED = (PRIVATE, PRIVATE_SCREENING)
ONE_LINE = 60
_NUMBERED = re.compile(r"\s*\(?(\d{1,2})[.):]?\s+(.+)", re.DOTALL)


def options(buttons: Sequence[Mapping[str, Any]]) -> str:
    """The choices, numbered: in one line where they are short, else one a line ("2) 18 to 21")."""
    titles = [str(button["title"]) for button in buttons]
    mark = ")" if any(title[:1].isdigit() for title in titles) else ""
    numbered = [f"{number}{mark} {title}" for number, title in enumerate(titles, 1)]
    line = " / ".join(numbered)
    return line if not mark and len(numbered) <= 4 and len(line) <= ONE_LINE else "\n".join(numbered)


def texts(
    messages: Sequence[Mapping[str, Any]], link: Optional[str], one: str, several: str, linked_lately: bool = False
) -> Tuple[List[str], bool]:
    """The texts of one turn, and whether the link stands in them.

    Args:
        messages: The bot's messages for the public: `text`, perhaps `buttons`, `multi`, `kind`.
        link: The line with the private link, if there is one.
        one: How to choose one of the numbered choices.
        several: How to choose several.
        linked_lately: The link went out a short while ago, so that a note alone does not bring it again.
    """
    said = [m for n, m in enumerate(messages) if m.get("text") and not _again(m, messages[n + 1 :])]
    offering = max((n for n, m in enumerate(said) if m.get("buttons")), default=None)
    if offering is not None and offering < len(said) - 1 and said[offering].get("kind") == DISCLOSURE:
        offering = None  # the greeting of somebody who came with a question: its choices would only stand in between
    linked = LINKED if linked_lately else (*LINKED, PRIVATE_NOTE)
    behind = max((n for n, m in enumerate(said) if m.get("kind") in linked), default=None) if link else None
    parts = []
    for number, message in enumerate(said):
        choices = [options(message["buttons"]), several if message.get("multi") else one] if number == offering else []
        together = "\n".join([str(message["text"]), *([str(link)] if number == behind else []), *choices])
        if number == behind and not fits(plain(together)):  # a question and its choices stay in one text
            parts += ["\n".join([str(message["text"]), *choices]), str(link)]
        else:
            parts.append(together)
    return packed(parts), behind is not None


def _again(message: Mapping[str, Any], later: Sequence[Mapping[str, Any]]) -> bool:
    return any(other.get("text") == message["text"] for other in later)


def chosen(text: str, titles: Sequence[str], multi: bool) -> Optional[Tuple[int, ...]]:
    """Indexes of the choices that a text names, by number ("2", "two", "2 No") or by its title; None for own words."""
    by_number = picks(text, len(titles), multi)
    if by_number:
        return by_number
    copied = _NUMBERED.fullmatch(text)
    if copied and int(copied.group(1)) <= len(titles):
        index = int(copied.group(1)) - 1
        if index >= 0 and bare(copied.group(2)) == bare(titles[index]):
            return (index,)
    said = bare(text)
    return next(((index,) for index, title in enumerate(titles) if said and said == bare(title)), None)
