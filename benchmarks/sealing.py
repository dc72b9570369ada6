"""What encryption costs a turn: the tracker store with and without it. `python -m benchmarks.sealing [TURNS]`

Plays talks of growing length against the store alone (no model, no actions): fetch, six events, save.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from typing import List
from unittest.mock import patch

TALK = 15
"""Turns of one talk: the eight questions and some of their own."""


def turns(sealed: bool, number: int) -> List[float]:
    """Milliseconds of processor time of each turn: others on the machine do not count."""
    from rasa.shared.core.domain import Domain
    from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet, UserUttered

    import components.tracker_store as module

    text = "No, but I take a pill for my blood pressure, and I had a peel in spring. Is that a problem for you?"
    ranking = [{"name": f"faq_topic_{n}", "confidence": 0.1} for n in range(10)]
    with tempfile.TemporaryDirectory() as folder:
        plain = {} if sealed else {"sealed_event": lambda text: text}
        with patch.multiple(module, **plain) if plain else patch.dict(os.environ):
            store = module.ClinicTrackerStore(Domain.empty(), address=f"sqlite:///{folder}/talks.db")
            took = []
            for count in range(number):
                sender = f"talk-{count // TALK}"
                started = time.process_time()
                tracker = asyncio.run(store.get_or_create_tracker(sender))
                parsed = {"intent_ranking": ranking, "entities": [], "text": text}
                tracker.update(UserUttered(text, {"name": "deny", "confidence": 0.9}, [], parsed))
                tracker.update(ActionExecuted("screening_form"))
                tracker.update(SlotSet("q4_allergy", "no"))
                tracker.update(SlotSet("findings", [{"condition": "pregnancy", "text": text}] * 4))
                tracker.update(BotUttered("Question 5 of 8: " + text * 2))
                tracker.update(ActionExecuted("action_listen"))
                asyncio.run(store.save(tracker))
                took.append((time.process_time() - started) * 1000)
    return took


def main() -> None:
    """Print the medians of processor time."""
    os.environ.setdefault("DATA_KEY", "a key for the benchmark and for nothing else")
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    plain, sealed = [], []  # type: List[float], List[float]
    turns(True, TALK)  # warm
    for _ in range(3):
        plain += turns(False, number // 3)
        sealed += turns(True, number // 3)
    for name, took in (("plain", plain), ("encrypted", sealed)):
        print(f"{name:10s} p50 {statistics.median(took):6.2f} ms   p95 {sorted(took)[int(len(took) * 0.95)]:6.2f} ms")
    print(f"difference p50 {statistics.median(sealed) - statistics.median(plain):.2f} ms a turn")


if __name__ == "__main__":
    main()
