"""Take the README's pictures from the running bot: `make screenshots` (start `make run` first).

Plays five journeys on the real page in headless Chromium and writes docs/*.png.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import List, Tuple

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = f"http://localhost:{os.environ.get('RASA_PORT', '5005')}/webhooks/web/"
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

JOURNEYS: List[Tuple[str, List[str]]] = [
    ("questions", ["how does it work and how long will it last?"]),
    (
        "booking",
        ["check me please", "34", "no", "no", "no", "no", "none of those", "no", "no", "[Book a consultation]"]
        + ["Dana", "555 010 0142", "tuesday morning", "[Yes, send it]"],
    ),
    ("pregnant", ["can I be checked?", "31", "I'm 10 weeks pregnant"]),
    ("eliquis", ["check me", "58", "no", "no", "no", "no", "I take eliquis", "no", "no"]),
    ("emergency", ["I can't swallow since my treatment yesterday"]),
]


def say(page: Page, words: str) -> None:
    """Type words, or press the button named in brackets, and wait for the reply."""
    before = page.locator("#log .bubble").count()
    if words.startswith("["):
        page.get_by_role("button", name=words.strip("[]")).first.click()
    else:
        page.locator("textarea, input[type=text]").first.fill(words)
        page.keyboard.press("Enter")
    page.locator("#log .bubble").nth(before + 1).wait_for()
    page.locator("#typing").wait_for(state="hidden")
    page.wait_for_timeout(400)


def play(browser: Browser, name: str, lines: List[str], width: int, height: int, folder: Path) -> None:
    """Play one journey in a fresh browser window and keep its last view."""
    scale = 2 if width < 600 else 1
    context = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=scale)
    page = context.new_page()
    page.goto(ADDRESS)
    page.locator("#log .bubble").first.wait_for()
    for line in lines:
        say(page, line)
    page.screenshot(path=str(folder / f"{name}.png"))
    context.close()


def main() -> None:
    """Play every journey; the first argument names the folder (docs when missing)."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        for name, lines in JOURNEYS:
            play(browser, name, lines, 420, 800, folder)
            print(f"{folder / name}.png", flush=True)
        play(browser, "desktop", ["how long will it last?"], 1180, 800, folder)
        browser.close()


if __name__ == "__main__":
    main()
