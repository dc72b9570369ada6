"""Take the README's pictures from the running bot: `make screenshots` (start `make run` first).

Plays journeys on the real page and on the clinic's page around it, in headless Chromium, and writes docs/*.png.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, List, Tuple

from playwright.sync_api import Browser, sync_playwright

from tests.browser import ARGS

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = f"http://localhost:{os.environ.get('RASA_PORT', '5005')}/webhooks/web/"

JOURNEYS: List[Tuple[str, List[str]]] = [
    ("questions", ["how does it work and how long will it last?"]),
    (
        "booking",
        ["check me please", "34", "no", "no", "no", "no", "none of those", "no", "no", "[Book a consultation]"]
        + ["Dana", "555 010 0142", "tuesday morning", "[Yes, send it]"],
    ),
    ("pregnant", ["can I be checked?", "31", "I'm 10 weeks pregnant"]),
    ("eliquis", ["check me", "58", "no", "no", "no", "no", "I take eliquis", "no", "no"]),
    ("chips", ["check me", "34", "no", "no", "no", "no", "[Yes]", "(1)", "(3)"]),
    ("emergency", ["I can't swallow since my treatment yesterday"]),
]


def say(page: Any, words: str) -> None:
    """Type words, or press the button named in brackets, and wait for the reply; "(2)" chooses the second chip.

    `page` may be a frame.
    """
    if words.startswith("("):
        return page.locator("#choices button").nth(int(words.strip("()")) - 1).click()
    before = page.locator("#log .bubble").count()
    if words.startswith("["):
        page.get_by_role("button", name=words.strip("[]")).first.click()
    else:
        page.locator("textarea, input[type=text]").first.fill(words)
        page.locator("#text").press("Enter")
    page.locator("#log .bubble").nth(before + 1).wait_for()
    page.locator("#typing").wait_for(state="hidden")
    page.wait_for_timeout(400)


def play(browser: Browser, name: str, lines: List[str], folder: Path, **look: Any) -> None:
    """Play one journey in a fresh window of a phone's size and keep its last view."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2, **look)
    page = context.new_page()
    page.goto(ADDRESS)
    page.locator("#log .bubble").first.wait_for()
    for line in lines:
        say(page, line)
    page.mouse.move(0, 0)
    page.wait_for_timeout(300)
    page.screenshot(path=str(folder / f"{name}.png"))
    context.close()


def play_on_the_clinics_page(browser: Browser, folder: Path, name: str, query: str, lines: List[str]) -> None:
    """The page that shows the chat on a clinic's website: with the chat open, after these lines."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.goto(ADDRESS + "demo" + query)
    page.get_by_role("button", name="Chat with us").click()
    page.frame_locator("iframe").locator("#log .bubble").first.wait_for()
    for line in lines:
        say(page.frames[1], line)
    page.wait_for_timeout(300)
    page.screenshot(path=str(folder / f"{name}.png"))
    context.close()


def main() -> None:
    """Play every journey; the first argument names the folder (docs when missing)."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        for name, lines in JOURNEYS:
            play(browser, name, lines, folder)
            print(f"{folder / name}.png", flush=True)
        play(browser, "dark", JOURNEYS[0][1], folder, color_scheme="dark")
        play_on_the_clinics_page(browser, folder, "desktop", "", ["how long will it last?"])
        play_on_the_clinics_page(browser, folder, "theme", "?accent=2f5d50&position=left", ["does it hurt?"])
        browser.close()


if __name__ == "__main__":
    main()
