"""From a patient's last message to the card on the receptionist's screen, with everything real in between."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import Any, Iterator, List, Tuple

import pytest

from tests.browser import ARGS, CHROMIUM, HOW_TO
from tests.harness import ROOT, free_port, wait_for
from tests.web_process import Process, Visitor, running

TALK = (
    "can i be checked please", "34", "no", "no", "no", "no", "I take eliquis", "no", "no",
    "book a consultation", "{name}", "555 010 0177", "weekday mornings",
)  # fmt: skip
LAST = "yes, send it"


@contextmanager
def desk(bot: Process) -> Iterator[str]:
    """The inbox of a running bot, with the user lee; its address."""
    port = free_port()
    environment = {**bot.environment, "INBOX_PORT": str(port)}
    environment.pop("STAFF_URL", None)
    command = [sys.executable, "-m", "staff.user", "lee", "--role", "staff"]
    made = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    password = made.stdout.strip().rpartition(" ")[2]
    with open(bot.log.parent / "staff.log", "ab") as log:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "launch.py"), "staff"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        wait_for(f"http://localhost:{port}/health")
        yield f"http://localhost:{port} {password}"
    finally:
        process.terminate()
        process.wait(15)


@contextmanager
def screen(address: str) -> Iterator[Any]:
    """A browser that shows the list."""
    from playwright.sync_api import sync_playwright

    url, password = address.split()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        page = browser.new_page()
        page.goto(url)
        page.get_by_label("User name").fill("lee")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_selector("#live")
        yield page
        browser.close()


def ask(bot: Process, name: str) -> Visitor:
    """A talk up to the question whether to send it."""
    visitor = bot.visitor()
    for words in TALK:
        answer = visitor.post(text=words.format(name=name)).json()
        assert answer.get("messages"), words
    return visitor


def send(page: Any, visitor: Visitor, name: str) -> Tuple[float, List[str]]:
    """Say yes, and wait for the line: seconds between the two, and what the bot said."""
    started = time.monotonic()
    said = [message["text"] for message in visitor.post(text=LAST).json()["messages"]]
    page.get_by_role("link", name=name).wait_for(timeout=30_000)
    return time.monotonic() - started, said


@pytest.mark.skipif(not CHROMIUM and os.environ.get("REQUIRE_ALL") != "1", reason=HOW_TO)
def test_what_a_patient_sends_stands_on_the_screen_with_its_card_and_the_talk() -> None:
    bot = running()
    with desk(bot) as address, screen(address) as page:
        visitor = ask(bot, "Henrietta")
        _, said = send(page, visitor, "Henrietta")
        row = page.locator(".row", has_text="Henrietta")
        reference = row.locator(".code").inner_text()
        assert reference in "\n".join(said)
        assert "A provider looks first" in row.inner_text() and "(555) 010-0177" in row.inner_text()
        page.get_by_role("link", name="Henrietta").click()
        page.locator("#card-title", has_text="Blood thinner").wait_for()
        assert page.get_by_text("34 years").is_visible() and page.get_by_text("“eliquis”").first.is_visible()
        page.get_by_text("The conversation").click()
        talk = page.locator(".bubbles p").all_inner_texts()
        assert {"I take eliquis", LAST} <= set(talk) and talk.index(LAST) > talk.index("I take eliquis")
        page.goto(address.split()[0] + "/")
        visitor.post(text="my throat is closing and i cant breathe")
        page.locator(".alert", has_text="Henrietta").locator(".badge", has_text="Emergency").wait_for(timeout=30_000)
