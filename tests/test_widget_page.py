"""The chat on a clinic's page: one tag, its options, the focus, and the page that shows it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, List

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from candidacy.knowledge import BrokenFile, load
from candidacy.knowledge.clinic_models import Chat
from candidacy.knowledge.load import DATA
from channels import theme
from channels.assets import WIDGET, Assets
from channels.page import demo
from tests import browser as shared
from tests import web_fixtures
from tests.browser import ClinicPage, bubbles, violations
from tests.web_fixtures import Server, clinic

shared.skip_without_chromium()
web, browser, clinic_page = web_fixtures.web, shared.browser, shared.clinic_page

OPEN = "Chat with us"
COLOURS = st.tuples(*[st.integers(0, 255)] * 3)


@pytest.fixture
def page(browser: Any) -> Any:
    """An empty tab; `page.complaints` is what the browser complained of."""
    context = browser.new_context(viewport={"width": 1000, "height": 800})
    tab = context.new_page()
    tab.complaints = []
    tab.on("console", lambda line: tab.complaints.append(line.text))
    tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
    yield tab
    context.close()


def open_chat(page: Any, label: str = OPEN) -> Any:
    """Press the launcher; the chat's frame, greeted."""
    page.get_by_role("button", name=label, exact=True).click()
    page.frame_locator("iframe").get_by_text("How would you like to start?").wait_for()
    return page.frames[1]


def in_shadow(page: Any, script: str) -> Any:
    """Evaluate `script` with `root`, what the loader put on the page."""
    return page.evaluate(f"() => {{ const root = document.querySelector('aside').shadowRoot; return {script}; }}")


def colour(page: Any, selector: str, what: str = "backgroundColor") -> str:
    return page.evaluate(f"() => getComputedStyle(document.querySelector('{selector}')).{what}")


def complaints(page: Any) -> List[str]:
    return [line for line in page.complaints if "404" not in line]


def test_a_whole_visit_by_keyboard_alone(page: Any, clinic_page: ClinicPage, web: Server) -> None:
    page.goto(clinic_page.origin)
    page.get_by_role("button", name=OPEN).wait_for()
    keys = page.keyboard
    keys.press("Tab")
    keys.press("Enter")
    frame = page.frame_locator("iframe")
    frame.get_by_text("How would you like to start?").wait_for()
    chat = page.frames[1]
    chat.wait_for_function("() => document.activeElement.id === 'text'")

    def tab_to(name: str) -> None:
        for _ in range(20):
            keys.press("Shift+Tab")
            if shared.focused(chat) == name:
                return
        raise AssertionError(f"{name} is not reached; the focus is on {shared.focused(chat)}")

    def back_to_the_box() -> None:
        for _ in range(20):
            keys.press("Tab")
            if shared.focused(chat) == "text":
                return
        raise AssertionError("the text box is not reached")

    tab_to("Check my answers")
    keys.press("Enter")
    frame.get_by_text("How old are you?").wait_for()
    back_to_the_box()
    keys.type("34")
    keys.press("Enter")
    frame.get_by_text("Do you have a nerve").wait_for()
    tab_to("Yes")
    keys.press("Space")
    frame.get_by_text("Choose all that apply").wait_for()
    back_to_the_box()
    for chip in ("Steroid cream", "Blood thinner"):
        tab_to(chip)
        keys.press("Space")
    for _ in range(12):
        keys.press("Tab")
        if shared.focused(chat) == "done":
            break
    keys.press("Enter")
    frame.get_by_text("Only a provider decides").wait_for()
    back_to_the_box()
    tab_to("Request a visit")
    keys.press("Enter")
    frame.get_by_text("What is your first name?").wait_for()
    back_to_the_box()
    keys.type("Dana")
    keys.press("Enter")
    frame.get_by_text("Your reference code is 7KQ2MXP").wait_for()
    assert [m.text for m in web.agent.received[:3]] == ["/start_screening", "34", "/affirm"]
    assert web.agent.received[3].text == "blood thinner, steroid cream"
    keys.press("Escape")
    page.locator("iframe").wait_for(state="hidden")
    assert in_shadow(page, "root.activeElement.textContent") == OPEN, "the focus is back on the button"
    keys.press("Enter")
    frame.get_by_text("Your reference code is 7KQ2MXP").wait_for()
    assert not complaints(page)


def test_the_focus_comes_in_and_goes_back(page: Any, clinic_page: ClinicPage) -> None:
    page.goto(clinic_page.origin)
    chat = open_chat(page)
    chat.wait_for_function("() => document.activeElement.id === 'text'")
    button = page.locator("button.open")
    assert button.get_attribute("aria-expanded") == "true"
    assert button.get_attribute("aria-label") == "Close the chat"
    chat.get_by_role("button", name="Close the chat").click()
    page.locator("iframe").wait_for(state="hidden")
    assert button.get_attribute("aria-expanded") == "false"
    assert in_shadow(page, "root.activeElement.textContent") == OPEN
    page.keyboard.press("Enter")
    chat.wait_for_function("() => document.hasFocus()")
    chat.locator("#more").press("Enter")
    page.keyboard.press("Escape")
    assert page.locator("iframe").is_visible(), "the first Escape closes the menu, the next one the chat"
    page.keyboard.press("Escape")
    page.locator("iframe").wait_for(state="hidden")


def test_a_page_that_is_not_listed_cannot_frame_the_chat(page: Any, web: Server, clinic_page: ClinicPage) -> None:
    web.frame_from("https://clinic.example")
    page.goto(clinic_page.origin)
    with page.expect_console_message(lambda line: "frame-ancestors" in line.text):
        page.get_by_role("button", name=OPEN).click()


def test_options_of_the_tag(page: Any, clinic_page: ClinicPage) -> None:
    clinic_page.tag(label="Ask us", close="Shut", accent="#ffe9a8", position="left", scheme="dark", greeting="Any questions?")
    page.goto(clinic_page.origin)
    button = page.get_by_role("button", name="Ask us")
    assert button.bounding_box()["x"] == 20
    assert in_shadow(page, "getComputedStyle(root.querySelector('.open')).backgroundColor") == "rgb(255, 233, 168)"
    assert in_shadow(page, "getComputedStyle(root.querySelector('.open')).color") == "rgb(0, 0, 0)", "dark on pale"
    page.get_by_role("button", name="Any questions?").click()
    page.frame_locator("iframe").get_by_text("How would you like to start?").wait_for()
    assert page.get_by_role("button", name="Any questions?").count() == 0
    chat = page.frames[1]
    assert (colour(chat, "#send"), colour(chat, "#send", "color")) == ("rgb(255, 233, 168)", "rgb(0, 0, 0)")
    assert colour(chat, ".card") == "rgb(31, 26, 27)" and colour(chat, ":root", "colorScheme") == "dark"
    page.get_by_role("button", name="Shut").click()
    assert not complaints(page)


def test_an_option_that_is_none_is_told_and_changes_nothing(page: Any, clinic_page: ClinicPage) -> None:
    clinic_page.tag(accent="red;} body{display:none", position="middle", scheme="pink", label="x" * 200)
    page.goto(clinic_page.origin)
    button = page.get_by_role("button", name=OPEN)
    assert button.bounding_box()["x"] > 700
    assert in_shadow(page, "getComputedStyle(root.querySelector('.open')).backgroundColor") == "rgb(111, 63, 80)"
    assert page.locator("h1").is_visible()
    told = [line for line in complaints(page) if "is not understood" in line]
    assert len(told) == 4 and any("accent" in line for line in told)
    assert colour(open_chat(page), "#send") == "rgb(111, 63, 80)"


def test_variables_of_the_pages_style_are_options_too(page: Any, clinic_page: ClinicPage) -> None:
    clinic_page.head = "<style>:root { --chat-accent: #1f4e79; --chat-bottom: 90px; --chat-label: 'Ask the clinic'; }</style>"
    page.goto(clinic_page.origin)
    box = page.get_by_role("button", name="Ask the clinic").bounding_box()
    assert box["y"] + box["height"] == 800 - 90
    assert colour(open_chat(page, "Ask the clinic"), "#send") == "rgb(31, 78, 121)"


def test_the_clinics_own_look_is_behind_a_private_link_and_on_a_tag_without_one(
    page: Any, browser: Any, clinic_page: ClinicPage, web: Server
) -> None:
    web.clinic.clinic.chat = Chat(accent="#2F5D50", scheme="dark")
    private = browser.new_page()
    private.goto(web.url + "#link=forged.token.x")
    private.locator(".notice").wait_for()
    assert colour(private, "#send") == "rgb(47, 93, 80)" and colour(private, ".card") == "rgb(31, 26, 27)"
    assert violations(private) == {}
    private.close()
    page.goto(clinic_page.origin)
    button = page.get_by_role("button", name=OPEN)
    assert in_shadow(page, "getComputedStyle(root.querySelector('.open')).backgroundColor") == "rgb(47, 93, 80)"
    button.click()
    page.frame_locator("iframe").get_by_text("How would you like to start?").wait_for()
    assert colour(page.frames[1], ".card") == "rgb(31, 26, 27)"
    clinic_page.tag(accent="#6f3f50", scheme="light")
    page.goto(clinic_page.origin)
    chat = open_chat(page)
    assert colour(chat, "#send") == "rgb(111, 63, 80)" and colour(chat, ".card") == "rgb(253, 250, 247)", "the tag goes first"


def test_a_look_that_is_none_is_told(tmp_path: Path) -> None:
    folder = shutil.copytree(DATA / "clinic", tmp_path / "clinic")
    file = folder / "clinic.yml"
    whole = file.read_text("utf-8")
    for old, new, told in (
        ('accent: "#6f3f50"', "accent: green", "chat.accent: 'green' is no colour; write for example '#2f5d50'"),
        ('accent: "#6f3f50"', 'accent: "#6f3f5"', "is no colour"),
        ("scheme: auto", "scheme: pink", "chat.scheme: 'pink': one of light, dark, auto"),
    ):
        assert old in whole
        file.write_text(whole.replace(old, new), "utf-8")
        with pytest.raises(BrokenFile, match=re.escape(told)):
            load(folder)


def test_any_link_of_the_page_may_open_it_and_two_tags_make_one_button(page: Any, clinic_page: ClinicPage) -> None:
    clinic_page.body = '<p><a href="#chat"><b>Ask a question</b></a></p>' + clinic_page.body * 2
    # A tag in the head that does not wait for the page.
    clinic_page.head = f'<script src="{clinic_page.loader}"></script>'
    page.goto(clinic_page.origin)
    page.get_by_text("Ask a question").click()
    page.frame_locator("iframe").get_by_text("How would you like to start?").wait_for()
    assert page.locator("aside").count() == 1 and "#chat" not in page.url


def test_a_greeting_can_be_sent_away(page: Any, clinic_page: ClinicPage) -> None:
    clinic_page.tag(greeting="<b>Any</b> questions?")
    page.goto(clinic_page.origin)
    page.get_by_text("<b>Any</b> questions?").wait_for()
    dismiss = page.get_by_role("button", name="Dismiss")
    box = dismiss.bounding_box()
    assert round(box["width"]) >= 44 and round(box["height"]) >= 44
    dismiss.click()
    assert page.get_by_text("questions?").count() == 0 and page.locator("iframe").count() == 0
    assert in_shadow(page, "root.activeElement.textContent") == OPEN


def test_on_a_phone_it_fills_the_screen_and_does_not_call_up_the_keyboard(browser: Any, clinic_page: ClinicPage) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(clinic_page.origin)
    chat = open_chat(page)
    whole = "f => { const b = f.getBoundingClientRect(); return [b.x, b.y, b.width, b.height].join() === '0,0,390,844'; }"
    page.wait_for_function(whole, arg=page.locator("iframe").element_handle())  # it slides in
    assert page.locator("button.open").is_hidden()
    chat.wait_for_function("() => document.activeElement.id === 'scroll'")
    assert colour(chat, "#scroll", "outlineStyle") == "none", "no ring where nobody uses a keyboard"
    chat.get_by_role("button", name="Close the chat").click()
    page.get_by_role("button", name=OPEN).wait_for()
    context.close()


def test_a_phones_keyboard_leaves_the_header_in_sight(browser: Any, clinic_page: ClinicPage) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, reduced_motion="reduce")
    page = context.new_page()
    page.goto(clinic_page.origin)
    open_chat(page)

    def seen(height: int, top: int, scale: float = 1) -> dict:
        page.evaluate(
            """(view) => {
                for (const [name, value] of Object.entries(view))
                    Object.defineProperty(visualViewport, name, { value, configurable: true });
                visualViewport.dispatchEvent(new Event("resize"));
            }""",
            {"height": height, "offsetTop": top, "scale": scale},
        )
        return page.locator("iframe").bounding_box()

    assert seen(500, 120) == {"x": 0, "y": 120, "width": 390, "height": 500}
    assert seen(250, 60, scale=2)["height"] == 500, "zooming with two fingers does not squeeze it"
    assert seen(844, 0)["height"] == 844
    context.close()


@pytest.mark.parametrize(
    "look",
    [{}, {"color_scheme": "dark"}, {"forced_colors": "active"}, {"viewport": {"width": 320, "height": 568}}],
    ids=["light", "dark", "forced colours", "320"],
)
def test_axe_finds_nothing_with_the_chat_closed_and_open(browser: Any, web: Server, look: dict) -> None:
    context = browser.new_context(**{"viewport": {"width": 1200, "height": 860}, "reduced_motion": "reduce", **look})
    page = context.new_page()
    page.goto(web.url + "demo")
    page.get_by_role("button", name=OPEN).wait_for()
    assert violations(page) == {}, "closed"
    open_chat(page)
    assert violations(page) == {}, "open"
    page.keyboard.press("Escape")
    page.locator("iframe").wait_for(state="hidden")
    assert violations(page) == {}, "closed again"
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_the_demo_page_is_made_of_the_clinics_facts(page: Any, web: Server) -> None:
    answer = requests.get(web.url + "demo", timeout=10)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    for forbidden in ("<style", "style=", "onclick"):
        assert forbidden not in answer.text
    page.goto(web.url + "demo")
    for fact in ("Larkspur Skin Clinic", "12 Example Street, Springfield", "Sat 10-2", "(555) 010-0142"):
        assert page.get_by_text(fact).first.is_visible(), fact
    page.get_by_role("link", name="Sage").click()
    assert "data-accent=\"#2f5d50\"" in page.locator("pre").text_content()
    chat = open_chat(page)
    assert colour(chat, "#send") == "rgb(47, 93, 80)"
    assert bubbles(chat) and not complaints(page)


def test_the_demo_page_leaves_out_what_is_not_set_and_takes_no_markup(web: Server) -> None:
    bare = clinic()
    bare.clinic.facts = {"name": "<b>Clinic</b>", "phone": "(555) 010-0142", "emergency_number": "911", "address": None}
    text = demo(bare, Assets(), {})
    assert "Address" not in text and "Hours" not in text and "None" not in text and "<b>Clinic" not in text
    asked = {"accent": '"><script>alert(1)</script>', "scheme": "x", "position": "left\" onload=\"x"}
    for path in ("", "demo"):
        text = requests.get(web.url + path, params=asked, timeout=10).text
        assert "alert(1)" not in text and "onload" not in text
    assert requests.get(web.url + "s/widget.css", params={"accent": "red}", "scheme": "x"}, timeout=10).text == \
        requests.get(web.url + "s/widget.css", timeout=10).text


@given(COLOURS)
def test_text_reads_on_any_accent(accent: theme.Colour) -> None:
    assert theme.contrast(accent, theme.text_on(accent)) >= 4.5
    for scheme in (theme.LIGHT, theme.DARK):
        text = theme.readable(accent, scheme)
        for ground in (*scheme, theme.mix(scheme[0], accent, theme.TINT)):
            assert theme.contrast(text, ground) >= 4.5


def test_contrast_is_that_of_the_standard() -> None:
    assert round(theme.contrast(theme.BLACK, theme.WHITE), 2) == 21
    assert round(theme.contrast((0x77, 0x77, 0x77), theme.WHITE), 2) == 4.48
    assert theme.readable((0x6F, 0x3F, 0x50), theme.LIGHT) == (0x6F, 0x3F, 0x50), "one that reads stays as it is"


def test_a_colour_is_a_colour() -> None:
    assert theme.read_colour("#6F3f50") == theme.read_colour("6f3f50") == (0x6F, 0x3F, 0x50)
    assert theme.read_colour("#abc") == (0xAA, 0xBB, 0xCC)
    for none in ("red", "#12", "#12345", "#1234567", "rgb(1,2,3)", "#ggg", "", None, "#fff;}"):
        assert theme.read_colour(none) is None, none


def test_the_colours_of_the_style_sheet_are_those_of_the_theme() -> None:
    css = (WIDGET / "widget.css").read_text()
    for card, bubble in (theme.LIGHT, theme.DARK):
        for name, value in (("card", card), ("bot", bubble)):
            written = "#%02x%02x%02x" % value
            assert f"--{name}: {written};" in css or f"--{name}: #fff;" in css and written == "#ffffff", (name, written)
