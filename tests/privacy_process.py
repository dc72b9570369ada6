"""Plays written conversations with everything logged, in a process set up as the server is: for test_privacy_logs.py.

    python -m tests.privacy_process FOLDER WORD ...      cases whose path holds one of the words
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path


def main(folder: Path, words: list) -> None:
    """Play, with DEBUG lines of everything in FOLDER/debug.log and the metrics in FOLDER/metrics.txt."""
    os.environ["DATABASE_URL"] = f"sqlite:///{folder}/desk.db"
    os.environ["CONVERSATIONS_DB"] = f"{folder}/conversations.db"
    from components import log_redaction

    log_redaction.install()
    from tests.conftest import WAYS_TO_WRITE
    from tests.conversations.runner import FOLDER, Player, case_files, load_case
    from tests.harness import ActionServer, Bot

    server = ActionServer(folder, **WAYS_TO_WRITE)
    try:
        bot = Bot(server.url)
        from rasa.utils.log_utils import configure_structlog

        from channels.metrics import TurnCounter
        from components.tracker_store import ClinicTrackerStore
        from desk.conversations import conversations_address
        from desk.settings import today

        logging.basicConfig(filename=folder / "debug.log", level=logging.DEBUG, force=True)
        configure_structlog(logging.DEBUG)
        for name in list(logging.Logger.manager.loggerDict):
            logging.getLogger(name).setLevel(logging.DEBUG)
        agent = bot.agent
        store = ClinicTrackerStore(agent.domain, event_broker=TurnCounter(), address=conversations_address())
        agent.tracker_store = agent.processor.tracker_store = store  # type: ignore[union-attr]
        played = 0
        for path in case_files():
            if any(word in str(path.relative_to(FOLDER)) for word in words):
                Player(load_case(path), bot, today()).play()
                played += 1
        from prometheus_client import generate_latest

        (folder / "metrics.txt").write_bytes(generate_latest())
        print(played)
    finally:
        server.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
