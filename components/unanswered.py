"""What people asked and got no answer to, by likeness: `python -m components.unanswered [--days N]`.

For the clinic's owner, to see which topics are missing. Nothing personal is shown: only words that the
bot's own examples use, no numbers, no words of health, and nothing typed into an open form.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, FrozenSet, Iterator, List, Optional, Sequence, Text, Tuple

import sqlalchemy as sa
import yaml

from candidacy.listening import listen
from components.encoder import shared_encoder
from components.tracker_store import ConversationsUnavailable
from desk.conversations import conversations_address, opened_event
from desk.sealing import CannotUnseal
from desk.settings import BadSetting, today

NOT_ANSWERED = ("nlu_fallback", "out_of_scope")
DAYS = 30
ALIKE = 0.55
"""Cosine from which two wordings ask for the same thing; chosen by looking at groups of the bot's own examples."""
LEAST_USES = 2
MOST_SHOWN = 3
HIDDEN, HEALTH = "…", "[health]"
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Group:
    """Wordings that ask for the same thing.

    Attributes:
        people: In how many conversations it was asked.
        wordings: The stripped wordings, the most typical first.
    """

    people: int
    wordings: Tuple[Text, ...]


def known_words(root: Path = ROOT) -> FrozenSet[Text]:
    """Words that at least two of the bot's own examples use."""
    uses: Counter = Counter()
    for path in [*(root / "data" / "faq").glob("*.yml"), *(root / "data" / "nlu").glob("*.yml")]:
        for block in yaml.safe_load(path.read_text("utf-8")).get("nlu") or []:
            for line in str(block.get("examples", "")).splitlines():
                uses.update({word.lower() for word in _WORD.findall(line[2:])})
    return frozenset(word for word, count in uses.items() if count >= LEAST_USES and not any(map(str.isdigit, word)))


def stripped(text: Text, known: FrozenSet[Text]) -> Text:
    """A wording without anything personal.

    Args:
        text: What was typed.
        known: The words that may be shown.
    """
    health = [(f.start, f.end) for f in listen(text, today())]
    words: List[Text] = []
    for match in _WORD.finditer(text):
        word = match.group()
        if any(a < match.end() and match.start() < b for a, b in health) or _of_health(word.lower()):
            shown = HEALTH
        elif word.lower() in known:
            shown = word
        else:
            shown = HIDDEN
        if shown not in (HIDDEN, HEALTH) or words[-1:] != [shown]:
            words.append(shown)
    return " ".join(words)


@lru_cache(maxsize=4096)
def _of_health(word: Text) -> bool:
    """True for a word that names a condition or medicine all by itself."""
    return bool(listen(word, today()))


def unanswered(events: Iterator[Tuple[Text, Dict[Text, Any]]], since: float) -> List[Tuple[Text, Text]]:
    """Conversation id and text of every message without an answer, outside forms.

    Args:
        events: Conversation id and event, in the order stored.
        since: Only messages from this moment on, in seconds.
    """
    found = []
    open_form: Dict[Text, Optional[Text]] = {}
    for conversation, event in events:
        if event.get("event") == "active_loop":
            open_form[conversation] = event.get("name")
        elif event.get("event") == "user" and not open_form.get(conversation):
            parsed = event.get("parse_data") or {}
            intent = (parsed.get("intent") or {}).get("name")
            text = (event.get("text") or "").strip()
            if intent in NOT_ANSWERED and text and (event.get("timestamp") or 0.0) >= since:
                found.append((conversation, text))
    return found


def grouped(asked: Sequence[Tuple[Text, Text]], known: FrozenSet[Text]) -> List[Group]:
    """Wordings by likeness, the one most people asked first."""
    told = [(conversation, stripped(text, known)) for conversation, text in asked]
    told = [(conversation, text) for conversation, text in told if text.replace(HIDDEN, "").strip()]
    if not told:
        return []
    vectors = shared_encoder().encode([text for _, text in told])
    likeness = vectors @ vectors.T
    left = set(range(len(told)))
    groups = []
    while left:
        rows = sorted(left)
        centre = max(rows, key=lambda row: (int((likeness[row, rows] >= ALIKE).sum()), -row))
        members = [row for row in rows if likeness[centre, row] >= ALIKE]
        members.sort(key=lambda row: -likeness[centre, row])
        left -= set(members)
        texts = tuple(dict.fromkeys(told[row][1] for row in members))
        groups.append(Group(len({told[row][0] for row in members}), texts))
    return sorted(groups, key=lambda group: -group.people)


def report(groups: Sequence[Group], days: int) -> Text:
    """The printed report."""
    if not groups:
        return f"In the last {days} days every message outside a form got an answer."
    lines = [f"Asked in the last {days} days without an answer, by likeness ({len(groups)} groups)."]
    for group in groups:
        lines.append(f"\n{group.people} {'person' if group.people == 1 else 'people'}")
        lines += [f"    {text}" for text in group.wordings[:MOST_SHOWN]]
        if len(group.wordings) > MOST_SHOWN:
            lines.append(f"    and {len(group.wordings) - MOST_SHOWN} more like these")
    return "\n".join(lines)


def _events(address: Text) -> Iterator[Tuple[Text, Dict[Text, Any]]]:
    engine = sa.create_engine(address)
    try:
        with engine.connect() as connection:
            rows = connection.execute(
                sa.text("SELECT sender_id, data FROM events WHERE type_name IN ('user', 'active_loop') ORDER BY id")
            )
            for sender, data in rows:
                yield sender, json.loads(opened_event(data))
    except CannotUnseal as error:
        raise ConversationsUnavailable(str(error)) from None
    except sa.exc.SQLAlchemyError:
        raise ConversationsUnavailable("the conversations cannot be read; check DATABASE_URL") from None


def main(arguments: Optional[Sequence[Text]] = None) -> int:
    """Print the report; 0, or 1 with one line on stderr when the conversations cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m components.unanswered", description="Questions without an answer.")
    parser.add_argument("--days", type=int, default=DAYS, help=f"how far back (default {DAYS})")
    options = parser.parse_args(arguments)
    try:
        asked = unanswered(_events(conversations_address()), time.time() - options.days * 86400)
    except (BadSetting, ConversationsUnavailable) as error:
        print(error, file=sys.stderr)
        return 1
    print(report(grouped(asked, known_words()), options.days))
    return 0


if __name__ == "__main__":
    sys.exit(main())
