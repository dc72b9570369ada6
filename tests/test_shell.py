"""The bot in a terminal: the main conversations as typed, and how choices are shown and read."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import urllib.request
from pathlib import Path
from typing import Any, Iterator, List, Optional

import pexpect
import pytest

from channels.shell import PICK_ONE, PROMPT, Keyboard, picks, shown, wrapped
from tests.harness import ROOT, free_port

START = 180
"""Seconds that the shell may take to start on a busy machine; alone it takes about ten."""

UNAVAILABLE = "I cannot answer that right now"
GREETING = "I am the automated assistant of"
REFERENCE = re.compile(r"Reference: [A-Z0-9]{3}-[A-Z0-9]{4}")


class Shell:
    """`python launch.py shell` in a terminal without arrow keys."""

    def __init__(self, folder: Path, terminal: str = "dumb", **environment: str) -> None:
        env = {
            **os.environ,
            "TERM": terminal,
            "ACTIONS_PORT": str(free_port()),  # where nothing answers: the shell brings its own
            "SHELL_PORT": str(free_port()),
            "SHELL_ACTIONS_PORT": str(free_port()),
            "DATABASE_URL": f"sqlite:///{folder}/desk.db",
            "SHELL_CONVERSATIONS_DB": f"{folder}/shell.db",
            **environment,
        }
        env.pop("ACTION_ENDPOINT_URL", None)
        self.own_actions = env["SHELL_ACTIONS_PORT"]
        command = ["-W", "ignore", str(ROOT / "launch.py"), "shell"]
        self.child = pexpect.spawn(
            sys.executable,
            command,
            env=env,
            cwd=str(ROOT),
            encoding="utf-8",
            timeout=START,
            dimensions=(24, 80),
        )
        self.opening = self._until_prompt()

    def _until_prompt(self) -> str:
        self.child.expect_exact(PROMPT)
        return self.child.before.replace("\r\n", "\n")

    def say(self, text: str) -> str:
        """Type a line; what the bot answers, on one line."""
        return " ".join(self.screen(text).split())

    def screen(self, text: str) -> str:
        """Type a line; what the terminal shows until the next prompt."""
        self.child.sendline(text)
        return self._until_prompt().partition("\n")[2]

    def end(self, key: str) -> Optional[int]:
        """Press Ctrl+C or Ctrl+D; the exit status."""
        self.child.sendcontrol(key)
        self.child.expect(pexpect.EOF, timeout=60)
        self.rest = self.child.before
        self.child.close()
        return self.child.exitstatus


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    talk = Shell(tmp_path_factory.mktemp("shell"))
    yield talk
    talk.child.close(force=True)


@pytest.fixture
def fresh(shell: Shell) -> Shell:
    """The shell with nothing told yet; one process serves all conversations, because it starts slowly."""
    shell.say("/restart")
    return shell


def choose(screen: str, title: str) -> str:
    """The number of a choice on the screen."""
    found = re.search(rf"^ (\d+)\) {re.escape(title)}\s*$", screen, re.MULTILINE)
    assert found, f"no choice {title!r} in:\n{screen}"
    return found.group(1)


def begin_screening(shell: Shell) -> None:
    """Say hello and choose the questions."""
    screen = shell.screen("hi")
    assert "Question 1 of 8" in shell.say(choose(screen, "Check for reasons to wait"))


def finish_screening(shell: Shell, screen: str) -> str:
    """Answer no to the questions that are left; the last screen."""
    for _ in range(12):
        if "Question" not in screen:
            return screen
        screen = shell.screen(choose(screen, "No"))
    raise AssertionError(f"the questions do not end:\n{screen}")


# The main conversations


def test_nothing_but_the_talk_is_on_the_screen(shell: Shell) -> None:
    lines = [line for line in shell.opening.split("\n") if line.strip()]
    assert len(lines) == 2 and "Ctrl+D" in lines[1], shell.opening


def test_two_questions_at_once_are_both_answered(fresh: Shell) -> None:
    screen = fresh.say("how does it work and how long will it last?")
    assert GREETING in screen and "needling" in screen and "3 to 4 months" in screen
    assert GREETING not in fresh.say("what are the risks?")


def test_a_clean_screening_ends_in_a_booking_with_its_reference(fresh: Shell) -> None:
    begin_screening(fresh)
    screen = fresh.screen("34")
    assert "Question 2 of 8" in screen
    screen = finish_screening(fresh, screen)
    assert "Nothing you told me rules out a consultation" in " ".join(screen.split())
    screen = fresh.screen(choose(screen, "Book a consultation"))
    assert "name" in screen
    assert "phone" in fresh.say("Maria")
    assert PICK_ONE not in fresh.say("512 555 0142")
    screen = fresh.screen("1, 2")
    assert "Maria" in screen
    assert REFERENCE.search(fresh.say(choose(screen, "Yes, send it")))


def test_a_pregnancy_is_told_apart(fresh: Shell) -> None:
    begin_screening(fresh)
    fresh.say("29")
    screen = fresh.screen("I'm 10 weeks pregnant")
    assert "pregnan" in screen.lower() and UNAVAILABLE not in " ".join(screen.split())
    verdict = " ".join(finish_screening(fresh, screen).split())
    assert "Nothing you told me" not in verdict and "pregnan" in verdict.lower()
    assert "book a consultation" in verdict.lower()


def test_a_blood_thinner_reaches_the_provider(fresh: Shell) -> None:
    said = fresh.say("I take eliquis")
    assert "blood thinner" in said.lower() and UNAVAILABLE not in said
    begin_screening(fresh)
    screen = fresh.screen("52")
    verdict = " ".join(finish_screening(fresh, screen).split())
    assert "provider" in verdict and "blood thinner" in verdict.lower()


def test_an_emergency_comes_before_the_greeting(fresh: Shell) -> None:
    said = fresh.say("I can't swallow since my treatment yesterday")
    assert "Call 911" in said and GREETING not in said
    assert "Book" not in said and "Question" not in said


def test_after_a_deletion_the_next_line_begins_a_new_talk(fresh: Shell) -> None:
    fresh.say("I take Eliquis")
    assert "blood thinner" in fresh.say("what do you know about me")
    screen = fresh.screen("delete my data")
    assert "In a moment all of it will be gone" in fresh.say(choose(screen, "Yes, delete it all"))
    screen = fresh.say("what do you know about me")
    assert GREETING in screen and "Messages you wrote: 1" in screen and "blood thinner" not in screen


def test_a_number_in_words_an_empty_line_and_any_letters(fresh: Shell) -> None:
    fresh.say("hi")
    assert PICK_ONE in fresh.say("")
    assert "Question 1 of 8" in fresh.say("2)")
    assert UNAVAILABLE not in fresh.say("¿Cuánto cuesta? 😀")
    assert "Question 1 of 8" in fresh.say("7")


def test_every_line_fits_the_terminal(fresh: Shell) -> None:
    screen = fresh.screen("hello there")
    assert max(map(len, screen.split("\n"))) <= 80


def test_the_shell_ends_quietly_and_takes_its_action_server_along(shell: Shell) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{shell.own_actions}/health", timeout=10):
        pass
    assert shell.end("d") == 0
    assert not shell.rest.strip()
    with pytest.raises(OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{shell.own_actions}/health", timeout=10)


def test_it_uses_the_action_server_that_runs_already_and_ends_at_ctrl_c(
    action_server: Any, tmp_path: Path
) -> None:
    shell = Shell(tmp_path, "xterm", ACTIONS_PORT=str(action_server.port))
    try:
        assert "1) Under 18" in shell.screen("check me")
        with pytest.raises(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{shell.own_actions}/health", timeout=10)
        assert (tmp_path / "shell.db").exists()
        assert shell.end("c") == 0
        assert "Traceback" not in shell.rest and "Killing" not in shell.rest
    finally:
        shell.child.close(force=True)


# How choices are read and shown


@pytest.mark.parametrize(
    "line, choices, multi, expected",
    [
        ("2", 4, False, (1,)),
        (" 2 ", 4, False, (1,)),
        ("2)", 4, False, (1,)),
        ("(2)", 4, False, (1,)),
        ("2.", 4, False, (1,)),
        ("#2", 4, False, (1,)),
        ("5", 4, False, None),
        ("0", 4, False, None),
        ("47", 4, False, None),
        ("1, 3", 4, False, None),
        ("1, 3", 4, True, (0, 2)),
        ("1 and 3", 4, True, (0, 2)),
        ("1 3", 4, True, (0, 2)),
        ("1,3 & 4", 4, True, (0, 2, 3)),
        ("1, 9", 4, True, None),
        ("2 weeks ago", 4, True, None),
        ("yes", 4, True, None),
        ("1st of May", 4, False, None),
        ("", 4, True, None),
        ("1-3", 4, True, None),
        ("²", 4, False, None),
    ],
)
def test_a_number_is_a_choice_and_other_words_are_words(
    line: str, choices: int, multi: bool, expected: Any
) -> None:
    assert picks(line, choices, multi) == expected


def test_lines_are_wrapped_and_lists_hang() -> None:
    text = "One line that is long enough to be cut.\n- an item that is also long enough to be cut\n\nlast"
    assert wrapped(text, 20) == [
        *("One line that is", "long enough to be", "cut."),
        *("- an item that is", "  also long enough", "  to be cut"),
        *("", "last"),
    ]


def test_choices_are_numbered_under_the_text() -> None:
    offer = {"buttons": [{"title": "Yes"}, {"title": "No"}], "multi": False}
    assert shown([{"text": "Well?"}], offer) == ["", "Well?", "", " 1) Yes", " 2) No", PICK_ONE, ""]


@pytest.mark.parametrize(
    "data, lines",
    [(b"", []), (b"one\n\ntw\xc3\xb6\nrest", ["one", "", "twö", "rest"]), (b"\xff\n", ["\ufffd"])],
)
def test_input_that_is_piped_is_read_to_its_end(data: bytes, lines: List[str]) -> None:
    read, write = os.pipe()
    os.write(write, data)
    os.close(write)

    async def all_lines() -> List[str]:
        keyboard, found = Keyboard(read), []
        while (line := await keyboard.line()) is not None:
            found.append(line)
        return found

    assert asyncio.run(all_lines()) == lines
    os.close(read)
