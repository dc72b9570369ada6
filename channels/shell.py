"""The bot in a terminal: buttons as numbered lines, answered by number or in own words.

Takes the place of the console talk inside `rasa shell`, which needs arrow keys and a clever terminal.
Typed text that begins with "/" stays a command of Rasa's here: the shell is for staff.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import re
import shutil
import signal
import sys
import textwrap
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, List, Mapping, Optional, Tuple

from channels.deleting import SHELL, Deleter, is_over
from channels.turns import Incoming, Turns, log_failure
from desk.database import DeskUnavailable

CHANNEL = "cmdline"
"""Name of Rasa's console channel."""

WIDTH = 80
PROMPT = "You: "
OPENING = "Type a message and press Enter. Ctrl+D ends the talk."
PICK_ONE = "Reply with a number or in your own words."
PICK_SEVERAL = "Reply with one or more numbers, like 1, 3, or in your own words."
ASK_AGAIN = "Please type a message, then press Enter."
EXIT = "/stop"

NUMBER_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_WORD = rf"(?:{'|'.join(NUMBER_WORDS)})"
_NUMBER = rf"(?:(?:number|option|no\.)\s*)?(?:\(?#?\d{{1,2}}[.)]?|{_WORD}\b\.?)"
_NUMBERS = re.compile(
    rf"\s*{_NUMBER}(?:(?:\s*[,;+&]\s*(?:and\s+)?|\s+(?:and\s+)?){_NUMBER})*\s*(?:please|pls)?\s*[,.!]*\s*", re.IGNORECASE
)


def install() -> None:
    """Make `rasa shell` talk through this module. Call before Rasa's command line runs."""
    from rasa.core.channels import console
    from sanic import Blueprint

    def no_routes(channel: Any, on_new_message: Any) -> Blueprint:
        return Blueprint(channel.name())

    console.record_messages = talk  # type: ignore[assignment]
    # We talk inside the process, so the console's unguarded HTTP route is not needed.
    console.CmdlineInput.blueprint = no_routes  # type: ignore[assignment]


def picks(line: str, choices: int, multi: bool) -> Optional[Tuple[int, ...]]:
    """Indexes of the choices that a reply names ("2", "2)", "two", for several "1, 3"), or None for own words.

    Args:
        line: What was typed.
        choices: How many choices are open.
        multi: Several may be chosen.
    """
    if not _NUMBERS.fullmatch(line):
        return None
    found = re.findall(rf"\d+|\b{_WORD}\b", line.lower())
    numbers = [int(number) if number.isdigit() else NUMBER_WORDS.index(number) + 1 for number in found]
    if (len(numbers) > 1 and not multi) or not all(1 <= number <= choices for number in numbers):
        return None
    return tuple(number - 1 for number in numbers)


def wrapped(text: str, width: int) -> List[str]:
    """The lines of a text, none wider than `width` unless a single word is; "- " items hang."""
    lines: List[str] = []
    for line in text.split("\n"):
        hang = "  " if line.startswith("- ") else ""
        lines += textwrap.wrap(line, width, subsequent_indent=hang, break_long_words=False) or [""]
    return lines


def shown(
    messages: List[Mapping[str, Any]], offer: Optional[Mapping[str, Any]], width: int = WIDTH
) -> List[str]:
    """The lines of one bot turn: the texts, then the open choices numbered, with a hint.

    Args:
        messages: The bot's messages, with `text`.
        offer: The open choices, `{buttons: [{title}], multi}`, or None.
        width: Columns of the terminal.
    """
    lines = []
    for message in messages:
        if message.get("text"):
            lines += ["", *wrapped(str(message["text"]), width)]
    if offer:
        lines.append("")
        for number, button in enumerate(offer["buttons"], 1):
            label = f" {number}) "
            lines += textwrap.wrap(
                button["title"], width, initial_indent=label, subsequent_indent=" " * len(label)
            ) or [label]
        lines.append(PICK_SEVERAL if offer["multi"] else PICK_ONE)
    return lines + [""]


async def talk(sender_id: str, agent: Any = None, keyboard: Optional["Keyboard"] = None, **_rasa: Any) -> int:
    """Talk until the input ends; returns the number of messages sent.

    Args:
        sender_id: The conversation.
        agent: Rasa's agent; that of the running server when None.
        keyboard: Where lines come from; standard input when None.
    """
    if agent is None:
        from sanic import Sanic

        agent = Sanic.get_app().ctx.agent
    own = keyboard is None
    keyboard = keyboard or Keyboard()
    sender_id = sender_id if sender_id.startswith(SHELL) else SHELL + sender_id
    turns = Turns(CHANNEL, limit=10.0)
    deleter = Deleter(lambda conversation: conversation.startswith(SHELL))
    columns = max(min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH), 20)
    offer: Optional[Mapping[str, Any]] = None
    sent = 0
    if own:
        keyboard.open()
    try:
        _say([OPENING, ""])
        while True:
            line = await keyboard.line()
            if line is None or line == EXIT:
                break
            if not line:
                _say([PICK_SEVERAL if offer and offer["multi"] else PICK_ONE if offer else ASK_AGAIN, ""])
                continue
            reply = await turns.take(agent, agent.handle_message, sender_id, _incoming(line, offer))
            offer = reply.body.get("open")
            _say(shown(reply.body["messages"], offer, columns))
            sent += 1
            if await _deleted(deleter, agent, sender_id):
                sender_id, offer = f"{SHELL}{uuid.uuid4().hex}", None
    finally:
        if own:
            keyboard.close()
    _say([""])
    return sent


async def _deleted(deleter: Deleter, agent: Any, sender_id: str) -> bool:
    """Carry out deletions that were asked for in a terminal; True when this conversation is one of them."""
    try:
        await deleter.run(agent)
    except DeskUnavailable as error:
        log_failure("deletions wait for the database", error)
    return await is_over(sender_id)


def _incoming(line: str, offer: Optional[Mapping[str, Any]]) -> Incoming:
    chosen = picks(line, len(offer["buttons"]), bool(offer["multi"])) if offer else None
    return Incoming(picks=chosen) if chosen else Incoming(text=line, shown=line)


def _say(lines: List[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


class Keyboard:
    """Lines from standard input, read without holding up the bot that runs in the same process."""

    def __init__(self, descriptor: int = 0) -> None:
        self.descriptor = descriptor
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._typed = ""
        self._over = False
        self._waiting: Optional["asyncio.Future[None]"] = None

    def open(self) -> None:
        """Take over standard input and Ctrl+C, and write UTF-8 whatever the locale says."""
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8", errors="replace")
        # Rasa's server would stop at Ctrl+C with a message of its own.
        asyncio.get_event_loop().add_signal_handler(signal.SIGINT, self.end)

    def close(self) -> None:
        """Give Ctrl+C back."""
        asyncio.get_event_loop().remove_signal_handler(signal.SIGINT)

    def end(self) -> None:
        """No more lines: Ctrl+C, Ctrl+D or the end of a piped input."""
        self._over = True
        self._wake()

    async def line(self) -> Optional[str]:
        """The next line, stripped; None when the input has ended."""
        sys.stdout.write(PROMPT)
        sys.stdout.flush()
        loop = asyncio.get_event_loop()
        while "\n" not in self._typed and not self._over:
            self._waiting = loop.create_future()
            try:
                loop.add_reader(self.descriptor, self._wake)
            except OSError:  # a file cannot be waited for, and need not be
                self._wake()
            await self._waiting
            loop.remove_reader(self.descriptor)
            if not self._over:
                self._read()
        if self._over and "\n" not in self._typed:
            return None
        line, _, self._typed = self._typed.partition("\n")
        return line.strip()

    def _wake(self) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    def _read(self) -> None:
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:  # the terminal was closed
            data = b""
        self._typed += self._decoder.decode(data, final=not data)
        if not data:
            self._typed += "\n" if self._typed and not self._typed.endswith("\n") else ""
            self._over = True


@contextmanager
def errors_to(log: Path) -> Iterator[None]:
    """Log lines and warnings go to a file, so that they do not stand between the lines of the talk.

    When the start fails (the block ends by an exception other than Ctrl+C before anybody could talk),
    the file's newest lines are shown.
    """
    sys.stderr.flush()
    before = os.dup(2)
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab", buffering=0) as file:
        start = file.tell()
        os.dup2(file.fileno(), 2)
    try:
        yield
    except Exception:
        lines = log.read_bytes()[start:].decode("utf-8", "replace").splitlines()
        _say([f"The shell stopped; {log} says more:", *lines[-5:]])
        raise
    finally:
        sys.stderr.flush()
        os.dup2(before, 2)
        os.close(before)
