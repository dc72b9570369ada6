"""A deletion asked for by text, end to end: the announcement arrives, then the next text begins a new talk."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.harness import ActionServer, until
from tests.sms_fixtures import RunningBot


def test_everything_goes_after_the_announcement_and_the_next_text_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "desk.db"  # one database for both processes, as in earnest
    server = ActionServer(tmp_path, DATABASE_URL=f"sqlite:///{file}")
    bot = RunningBot(tmp_path, server.url, answers_stop=False)
    try:
        _talk(bot, file)
    finally:
        bot.kill()
        server.stop()


def _talk(bot: RunningBot, file: Path) -> None:
    phone = bot.phone()
    phone.say("I take Eliquis")
    assert "Eliquis" not in phone.say("what do you know about me")
    assert "Shall I delete it all?" in phone.say("delete my data")
    assert "In a moment all of it will be gone" in phone.say("yes")

    def receipts() -> int:
        with sqlite3.connect(file) as connection:
            return int(connection.execute("SELECT count(*) FROM deletion_receipt").fetchone()[0])

    until(lambda: receipts() == 1)
    anew = phone.say("what do you know about me")
    assert "automated" in anew and "Messages you wrote: 1" in anew
