"""The chat page in headless Chromium: what the browser tests share."""

from __future__ import annotations

import http.server
import os
import shutil
import threading
from typing import Any, Dict, Iterator, List

import pytest

CHROMIUM = shutil.which("chromium")
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
HOW_TO = "no Chromium found; install it with: apt-get install -y chromium"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def skip_without_chromium() -> None:
    """Skip the whole module where there is no Chromium; under REQUIRE_ALL=1 the fixture fails instead."""
    if not CHROMIUM and os.environ.get("REQUIRE_ALL") != "1":
        pytest.skip(HOW_TO, allow_module_level=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, headless."""
    if not CHROMIUM:
        pytest.fail(HOW_TO)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield chromium
        chromium.close()


@pytest.fixture
def chat(browser: Any, web: Any) -> Iterator[Any]:
    """The page, opened and greeted; whatever the browser complains of makes the test fail."""
    errors: List[str] = []
    context = browser.new_context(viewport={"width": 1000, "height": 800})
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if "Content Security" in line.text else None)
    page.goto(web.url)
    settle(page)
    yield page
    context.close()
    assert not errors


def settle(page: Any) -> None:
    """Wait until the bot has answered. `page` may be a frame."""
    page.locator("#typing").wait_for(state="hidden")
    page.locator("#log .bubble").first.wait_for()


def say(page: Any, text: str) -> None:
    """Type a message, send it and wait for the answer."""
    before = page.locator("#log .bubble").count()
    page.locator("#text").fill(text)
    page.locator("#text").press("Enter")
    page.locator(f"#log .bubble >> nth={before + 1}").wait_for()
    settle(page)


def press(page: Any, name: str) -> None:
    """Press one of the bot's buttons."""
    page.locator("#choices").get_by_role("button", name=name, exact=True).click()


def menu(page: Any, name: str) -> None:
    """Choose from the menu."""
    page.locator("#more").click()
    page.locator("#menu").get_by_role("button", name=name, exact=True).click()


def bubbles(page: Any) -> List[str]:
    """The words in the bubbles, without those that only a screen reader says."""
    return page.evaluate(
        """() => [...document.querySelectorAll("#log .bubble")].map((bubble) =>
             [...bubble.querySelectorAll(".step, .line")].map((line) => line.textContent).join("\\n").trim())"""
    )


def focused(page: Any) -> str:
    """Id, else words, of what has the focus."""
    return page.evaluate("() => document.activeElement.id || document.activeElement.textContent")


def pills(page: Any) -> List[str]:
    """The titles of the open buttons."""
    return page.locator("#choices button").all_text_contents()


def violations(page: Any) -> Dict[str, List[str]]:
    """What axe-core finds on the page and in its frames, by rule. Waits for colours to have faded in."""
    from axe_playwright_python.sync_playwright import Axe

    page.wait_for_timeout(250)
    found: Dict[str, List[str]] = {}
    for frame in page.frames:
        if frame.frame_element().is_visible() if frame.parent_frame else True:
            for violation in Axe().run(frame, options={"runOnly": STANDARDS}).response["violations"]:
                found[violation["id"]] = [node["html"][:160] for node in violation["nodes"]]
    return found


class ClinicPage:
    """A clinic's page on another port of this machine, with a strict policy of its own.

    Args:
        chat: Address of the chat.
    """

    def __init__(self, chat: str) -> None:
        self.loader = chat + "s/loader.js"
        self.body = f'<script src="{self.loader}" defer></script>'
        self.head = ""
        origin, clinic_page = chat.split("/webhooks")[0], self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                policy = f"default-src 'none'; script-src {origin}; frame-src {origin}; style-src 'unsafe-inline'"
                self.send_header("Content-Security-Policy", policy + "; require-trusted-types-for 'script'")
                self.end_headers()
                self.wfile.write(
                    f"<!doctype html><html lang=en><meta name=viewport content='width=device-width'><title>Clinic</title>"
                    f"{clinic_page.head}<body><main><h1>Clinic</h1></main>{clinic_page.body}".encode()
                )

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.origin = f"http://127.0.0.1:{self._server.server_port}"

    def tag(self, **options: str) -> None:
        """Put the chat's tag with these data- attributes on the page."""
        attributes = "".join(f' data-{name}="{value}"' for name, value in options.items())
        self.body = f'<script src="{self.loader}"{attributes} defer></script>'

    def stop(self) -> None:
        """Close it."""
        self._server.shutdown()


@pytest.fixture
def clinic_page(web: Any) -> Iterator[ClinicPage]:
    """A clinic's page whose origin may show the chat."""
    page = ClinicPage(web.url)
    web.frame_from(page.origin)
    yield page
    page.stop()
