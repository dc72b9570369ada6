"""The bot for a clinic that books otherwise: the same model, an action server with another clinic.yml."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, List

from tests.harness import ROOT, ActionServer, Conversation

ROOMS = ("actions", "candidacy", "channels", "components", "desk", "data", "launch.py", "domain.yml", "endpoints.yml",
         "credentials.yml", "config.yml", "requirements.txt")  # fmt: skip


def copy_of_project(folder: Path, **booking: Any) -> Path:
    """A copy of the project whose clinic.yml has other values in its `booking` part."""
    root = folder / "clinic-of-its-own"
    root.mkdir()
    for room in ROOMS:
        source = ROOT / room
        if source.is_dir():
            shutil.copytree(source, root / room, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(source, root / room)
    file = root / "data" / "clinic" / "clinic.yml"
    text = file.read_text("utf-8")
    for key, value in booking.items():
        text, changed = re.subn(rf"(?m)^  {key}:[^\n]*$", f"  {key}: {value}", text)
        assert changed == 1, f"clinic.yml has no booking.{key}"
    file.write_text(text, "utf-8")
    return root


class Clinic:
    """A clinic with booking settings of its own, and a database of its own.

    Attributes:
        address: Its database.
    """

    def __init__(self, bot: Any, folder: Path, address: str = "", **booking: Any) -> None:
        self.bot, self.usual = bot, bot.agent.processor.action_endpoint.url
        self.address = address or f"sqlite:///{folder}/desk.db"
        # The model is the same; only the action server reads how this clinic books.
        self.server = ActionServer(folder, copy_of_project(folder, **booking), DATABASE_URL=self.address)

    def __enter__(self) -> "Clinic":
        self.bot.use_actions(self.server.url)
        return self

    def __exit__(self, *_: Any) -> None:
        self.bot.use_actions(self.usual)
        self.server.stop()

    def talk(self, *lines: str) -> Conversation:
        """A talk in which these lines were said; "[title]" presses a button."""
        return say(self.bot.talk(), *lines)


def say(talk: Conversation, *lines: str) -> Conversation:
    """Go on with a talk: typed words, or "[title]" for a button."""
    for line in lines:
        if line.startswith("["):
            talk.press(line[1:-1])
        else:
            talk.say(line)
    return talk


def offers(talk: Conversation) -> List[str]:
    """Titles of the buttons of the last turn."""
    return [button["title"] for message in talk.last for button in message["buttons"]]
