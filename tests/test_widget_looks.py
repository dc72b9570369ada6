"""The chat page in every look: nothing for axe-core to find, nothing out of reach, small and plain."""

from __future__ import annotations

import gzip
import re
from typing import Any, Dict

import pytest
import requests

from channels.assets import WIDGET, Assets
from tests import browser as shared
from tests import web_fixtures
from tests.browser import press, say, settle, violations
from tests.web_fixtures import Server

shared.skip_without_chromium()
web, browser = web_fixtures.web, shared.browser

MOST_BYTES = 10 * 1024
"""Of the loader, the page, its script and its style sheet, each compressed with gzip."""

LOOKS = {
    "light": {"viewport": {"width": 1200, "height": 860}},
    "dark": {"viewport": {"width": 1200, "height": 860}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "320": {"viewport": {"width": 320, "height": 640}},
    "zoomed to 400 %": {"viewport": {"width": 320, "height": 256}},
    "zoomed, dark": {"viewport": {"width": 320, "height": 256}, "color_scheme": "dark"},
    "more contrast, reduced motion": {"viewport": {"width": 800, "height": 700}, "contrast": "more", "reduced_motion": "reduce"},
    "forced colours": {"viewport": {"width": 800, "height": 700}, "forced_colors": "active"},
    "pale accent": {"query": "?accent=ffe9a8"},
    "pale accent, dark": {"query": "?accent=ffe9a8&scheme=dark"},
    "black accent, dark": {"query": "?accent=000000&scheme=dark"},
}


@pytest.mark.parametrize("look", list(LOOKS))
def test_axe_finds_nothing_in_any_state(browser: Any, web: Server, look: str) -> None:
    options = {"viewport": {"width": 420, "height": 760}, "reduced_motion": "reduce", **LOOKS[look]}
    query = options.pop("query", "")
    context = browser.new_context(**options)
    page, found = context.new_page(), {}

    def check(state: str) -> None:
        found.update({f"{state}: {rule}": nodes for rule, nodes in violations(page).items()})

    page.goto(web.url + query)
    settle(page)
    check("buttons")
    say(page, "34")
    press(page, "Yes")
    page.get_by_text("Choose all that apply").wait_for()
    check("chips, none chosen")
    press(page, "Aspirin")
    check("chips")
    page.click("#done")
    page.get_by_text("Only a provider decides").wait_for()
    check("verdict")
    say(page, "I can't swallow")
    check("emergency")
    page.route("**/message", lambda route: route.fulfill(status=503, json={"error": "unavailable", "messages": []}))
    page.fill("#text", "hello")
    page.press("#text", "Enter")
    page.get_by_role("button", name="Try again").wait_for()
    check("error")
    page.context.set_offline(True)
    page.locator("#offline").wait_for(state="visible")
    check("offline, not sent")
    page.click("#more")
    check("menu")
    context.close()
    assert not found, "\n".join(f"{state}: {nodes}" for state, nodes in found.items())


def test_every_target_is_large_enough_and_nothing_runs_off_at_320(browser: Any, web: Server) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 568})
    page.goto(web.url)
    settle(page)
    say(page, "34")
    say(page, "averyveryverylongwordwithoutanyspaceinit" * 5)
    say(page, "https://clinic.example/" + "path/" * 60)
    say(page, "I can't swallow")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 320
    assert page.evaluate("() => document.getElementById('scroll').scrollWidth <= 320")
    page.context.set_offline(True)
    page.fill("#text", "hello")
    page.press("#text", "Enter")
    page.get_by_role("button", name="Try again").wait_for()
    page.click("#more")
    checked = 0
    for target in page.locator("button:visible, header a:visible, .calls a:visible, textarea").all():
        box = target.bounding_box()
        assert round(box["width"], 1) >= 44 and round(box["height"], 1) >= 44, target.text_content() or target.get_attribute("id")
        checked += 1
    assert checked >= 12
    page.context.set_offline(False)
    page.close()


def test_the_last_message_stays_in_sight_above_a_phones_keyboard(browser: Any, web: Server) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 568})
    page.goto(web.url)
    settle(page)
    say(page, "34")
    page.focus("#text")
    for height in (300, 568, 440):
        page.set_viewport_size({"width": 320, "height": height})
        page.wait_for_function(
            """() => {
                const composer = document.getElementById("composer").getBoundingClientRect();
                const last = [...document.querySelectorAll("#choices button")].pop().getBoundingClientRect();
                return composer.bottom <= innerHeight && composer.height > 40 && last.bottom <= composer.top + 1 && last.top >= 0;
            }""",
            timeout=5000,
        )
    page.close()


def test_at_400_percent_the_text_box_hides_no_focus(browser: Any, web: Server) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 256})
    page.goto(web.url)
    settle(page)
    say(page, "34")
    page.focus("#more")
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(shared.focused(page))
        hidden = page.evaluate(
            """() => {
                const it = document.activeElement.getBoundingClientRect();
                const composer = document.getElementById("composer").getBoundingClientRect();
                return document.activeElement.id !== "scroll" && (it.bottom > composer.top || it.top < 0);
            }"""
        )
        assert not hidden, reached[-1]
    assert reached == ["scroll", "Yes", "No", "Not sure", "Skip"]
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 320
    page.close()


def test_nothing_moves_when_motion_is_not_wanted(browser: Any, web: Server) -> None:
    for motion, moving in (("reduce", False), ("no-preference", True)):
        page = browser.new_page(reduced_motion=motion)
        page.goto(web.url)
        settle(page)
        names = page.evaluate("() => [...document.querySelectorAll('*')].map((n) => getComputedStyle(n).animationName)")
        assert any(name != "none" for name in names) is moving
        page.close()


def test_what_is_sent_stays_small(web: Server) -> None:
    page = requests.get(web.url, timeout=10).text
    files = [web.url, web.url + "s/loader.js"]
    files += [web.url + address.replace("&amp;", "&") for address in re.findall(r'"(s/[^"]+)"', page)]
    assert len(files) == 4, files
    sizes: Dict[str, int] = {}
    for address in files:
        with requests.get(address, stream=True, timeout=10) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            sent = answer.raw.read(decode_content=False)
        assert len(gzip.decompress(sent)) > len(sent)
        sizes[address.rsplit("/", 1)[-1]] = len(sent)
    assert sum(sizes.values()) <= MOST_BYTES, sizes


def test_files_are_kept_by_the_browser_until_they_change(web: Server) -> None:
    assets = Assets()
    kept = requests.get(web.url + assets.address("widget.js"), timeout=10)
    assert "immutable" in kept.headers["Cache-Control"] and kept.headers["Content-Type"].startswith("text/javascript")
    for address in (web.url + "s/loader.js", web.url + "s/widget.js?v=0000"):
        first = requests.get(address, timeout=10)
        assert first.headers["Cache-Control"] == "no-cache", "asks each time whether it has changed"
        again = requests.get(address, headers={"If-None-Match": first.headers["ETag"]}, timeout=10)
        assert again.status_code == 304 and not again.content
    plain = requests.get(web.url + "s/widget.css", headers={"Accept-Encoding": "identity"}, timeout=10)
    assert "Content-Encoding" not in plain.headers and plain.headers["Content-Type"].startswith("text/css")
    for name in ("index.html", "demo.html", "nothing.js", "%2e%2e/assets.py"):
        assert requests.get(web.url + "s/" + name, timeout=10).status_code in (400, 404)


def test_the_widget_names_no_other_place_and_keeps_no_transcript() -> None:
    for path in WIDGET.iterdir():
        text = path.read_text(encoding="utf-8")
        for word in ("innerHTML", "localStorage", "eval(", "document.cookie", "indexedDB", "style=", "onclick=\"", "<style"):
            assert word not in text, f"{path.name}: {word}"
        places = set(re.findall(r"https?://(?!chat\.(?:your-)?clinic\.example|<b>)[^\s\"'`]+", text))
        assert places <= {"http://www.w3.org/2000/svg"}, f"{path.name} names an address"
