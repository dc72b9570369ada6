"""The chat page in a real browser: by keyboard, buttons and chips, through reloads and lost connections."""

from __future__ import annotations

import gzip
import http.server
import os
import shutil
import threading
from pathlib import Path
from typing import Any, Iterator, List

import pytest

from channels.page import WIDGET
from tests import web_fixtures
from tests.web_fixtures import FIXED, Server, Visitors

web = web_fixtures.web
CHROMIUM = shutil.which("chromium")
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
HOW_TO = "no Chromium found; install it with: apt-get install -y chromium"

if not CHROMIUM and os.environ.get("REQUIRE_ALL") != "1":
    pytest.skip(HOW_TO, allow_module_level=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM:
        pytest.fail(HOW_TO)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield chromium
        chromium.close()


@pytest.fixture
def errors() -> List[str]:
    return []


@pytest.fixture
def chat(browser: Any, web: Server, errors: List[str]) -> Iterator[Any]:
    """The page, opened and greeted; whatever the browser complains of makes the test fail."""
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
    """Wait until the bot has answered."""
    page.locator("#typing").wait_for(state="hidden")
    page.locator("#log .bubble").first.wait_for()


def say(page: Any, text: str) -> None:
    before = page.locator("#log .bubble").count()
    page.fill("#text", text)
    page.press("#text", "Enter")
    page.locator(f"#log .bubble >> nth={before + 1}").wait_for()
    settle(page)


def press(page: Any, name: str) -> None:
    page.locator("#choices").get_by_role("button", name=name, exact=True).click()


def bubbles(page: Any) -> List[str]:
    """The words in the bubbles, without those that only a screen reader says."""
    return page.evaluate(
        """() => [...document.querySelectorAll("#log .bubble")].map((bubble) =>
             [...bubble.children].filter((child) => !child.classList.contains("sr"))
               .map((child) => child.textContent).join("\\n").trim())"""
    )


def focused(page: Any) -> str:
    return page.evaluate("() => document.activeElement.id || document.activeElement.textContent")


def pills(page: Any) -> List[str]:
    return page.locator("#choices button").all_text_contents()


def test_the_talk_works_by_keyboard_alone(chat: Any) -> None:
    chat.keyboard.press("Tab")
    reached = []
    for _ in range(9):
        reached.append(focused(chat))
        ring = chat.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        assert ring != "none" or focused(chat) == "text", f"no focus ring on {reached[-1]}"
        chat.keyboard.press("Tab")
    assert reached[1:7] == ["over", "scroll", "Ask a question", "Check my answers", "Request a visit", "text"]
    chat.focus("#scroll")
    chat.keyboard.press("Tab")
    chat.keyboard.press("Tab")
    chat.keyboard.press("Enter")
    chat.get_by_text("How old are you?").wait_for()
    assert focused(chat) == "scroll", "the pressed button is gone; the next Tab reaches the new ones"
    chat.keyboard.press("Tab")
    assert focused(chat) == "Skip"
    chat.focus("#text")
    chat.keyboard.type("34")
    chat.keyboard.press("Enter")
    chat.get_by_text("Do you have a nerve").wait_for()
    assert focused(chat) == "text", "the focus stays where one types"
    chat.focus("#scroll")
    chat.keyboard.press("Tab")
    chat.keyboard.press("Space")
    chat.get_by_text("Choose all that apply").wait_for()
    for key in ("Tab", "Space", "Tab", "Space"):
        chat.keyboard.press(key)
    chat.get_by_role("group", name="Answer choices").get_by_role("button", name="Send").focus()
    chat.keyboard.press("Enter")
    chat.get_by_text("Only a provider decides").wait_for()
    assert "Blood thinner, Aspirin" in bubbles(chat)


def test_shift_enter_makes_a_new_line_and_enter_sends(chat: Any, web: Server) -> None:
    chat.focus("#text")
    chat.keyboard.type("first")
    chat.keyboard.press("Shift+Enter")
    chat.keyboard.type("second")
    chat.keyboard.press("Enter")
    chat.locator(".you .bubble").wait_for()
    settle(chat)
    assert web.agent.received[-1].text == "first\nsecond"
    assert chat.input_value("#text") == ""


def test_a_button_is_pressed_and_the_buttons_go(chat: Any, web: Server) -> None:
    assert pills(chat) == ["Ask a question", "Check my answers", "Request a visit"]
    press(chat, "Check my answers")
    chat.get_by_text("How old are you?").wait_for()
    assert bubbles(chat)[1] == "Check my answers"
    assert pills(chat) == ["Skip", "Why do you ask?"]
    assert web.agent.received[-1].text == "/start_screening"


def test_a_double_click_does_not_answer_the_next_question(chat: Any, web: Server) -> None:
    press(chat, "Check my answers")
    chat.get_by_text("How old are you?").wait_for()
    box = chat.locator("#choices").get_by_role("button", name="Skip").bounding_box()
    chat.mouse.move(box["x"] + 20, box["y"] + 20)
    chat.mouse.down(click_count=2)
    chat.mouse.up(click_count=2)
    chat.wait_for_timeout(300)
    assert len(web.agent.received) == 1
    press(chat, "Skip")
    chat.get_by_text("You wrote: /skip").wait_for()


def test_chips_can_be_chosen_and_taken_back(chat: Any, web: Server) -> None:
    say(chat, "34")
    press(chat, "Yes")
    chat.get_by_text("Choose all that apply").wait_for()
    settle(chat)
    done = chat.locator("#choices .solid")
    assert done.is_disabled()
    for name in ("Steroid cream", "Aspirin", "Blood thinner", "Steroid cream"):
        press(chat, name)
    assert chat.get_by_role("button", name="Aspirin").get_attribute("aria-pressed") == "true"
    assert chat.get_by_role("button", name="Steroid cream").get_attribute("aria-pressed") == "false"
    done.click()
    chat.get_by_text("Only a provider decides").wait_for()
    assert web.agent.received[-1].text == "blood thinner, aspirin"


def test_progress_is_a_bar_and_stays_words(chat: Any) -> None:
    say(chat, "34")
    bar = chat.locator("progress")
    assert (bar.get_attribute("value"), bar.get_attribute("max")) == ("3", "8")
    assert chat.locator(".step").last.text_content() == "Question 3 of 8"
    assert bubbles(chat)[-1].startswith("Question 3 of 8\n\nDo you have a nerve")


def test_lines_stay_lines_and_numbers_can_be_called(chat: Any) -> None:
    say(chat, "I can't swallow since my treatment yesterday")
    bubble = chat.locator(".bubble.urgent")
    assert bubble.locator(".line").count() == 2
    links = [(a.text_content(), a.get_attribute("href")) for a in bubble.locator("a").all()]
    assert links == [("911", "tel:911"), ("(555) 010-0142", "tel:5550100142"), ("988", "tel:988")]


def test_dates_and_prices_are_not_numbers_to_call(chat: Any) -> None:
    say(chat, "34")
    press(chat, "Yes")
    chat.get_by_text("Choose all that apply").wait_for()
    press(chat, "Aspirin")
    chat.click("#choices .solid")
    chat.get_by_text("2027-05-20").wait_for()
    assert chat.locator("#log a").count() == 0


def test_markup_is_shown_as_it_was_typed(chat: Any) -> None:
    typed = '<img src=x onerror="document.title=1"> {slot} <b>x</b>'
    say(chat, typed)
    assert bubbles(chat)[1] == typed and chat.locator("#log img, #log b").count() == 0


def test_typed_slash_is_text(chat: Any, web: Server) -> None:
    say(chat, "/restart")
    assert web.agent.received[-1].text == "restart"
    assert bubbles(chat)[1] == "/restart"


def test_an_empty_message_is_answered_and_the_buttons_stay(chat: Any, web: Server) -> None:
    chat.focus("#text")
    chat.keyboard.press("Enter")
    chat.get_by_text(FIXED["utter_empty_message"]["text"]).wait_for()
    assert len(pills(chat)) == 3 and chat.locator("#choices").is_visible() and not web.agent.received


def test_a_text_that_is_too_long_comes_back_to_the_box(chat: Any) -> None:
    chat.fill("#text", "long " * 2500)
    chat.press("#text", "Enter")
    chat.get_by_text(FIXED["utter_too_long"]["text"]).wait_for()
    assert chat.input_value("#text").startswith("long long")


def test_a_reload_keeps_the_talk_and_its_open_buttons(chat: Any) -> None:
    say(chat, "34")
    before = bubbles(chat)
    stored = chat.evaluate(
        "() => [JSON.stringify({...sessionStorage}), localStorage.length, document.cookie]"
    )
    assert "nerve" not in stored[0] and stored[1:] == [0, ""]
    chat.reload()
    settle(chat)
    chat.locator("#choices button").first.wait_for()
    assert bubbles(chat) == before
    press(chat, "Yes")
    chat.get_by_text("Choose all that apply").wait_for()


def test_what_was_typed_offline_is_kept_and_sent_again_once(chat: Any, web: Server) -> None:
    chat.context.set_offline(True)
    chat.locator("#offline").wait_for(state="visible")
    chat.fill("#text", "Does it hurt?")
    chat.press("#text", "Enter")
    again = chat.get_by_role("button", name="Try again")
    again.wait_for()
    assert "Not sent" in chat.locator(".retry").text_content()
    assert bubbles(chat)[-1] == "Does it hurt?"
    chat.context.set_offline(False)
    chat.locator("#offline").wait_for(state="hidden")
    again.click()
    chat.get_by_text("You wrote: Does it hurt?").wait_for()
    assert chat.locator(".retry").count() == 0 and len(web.agent.received) == 1


def test_an_answer_lost_on_the_way_is_not_asked_twice(chat: Any, web: Server) -> None:
    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    chat.route("**/message", lose)
    chat.fill("#text", "Does it hurt?")
    chat.press("#text", "Enter")
    chat.get_by_role("button", name="Try again").wait_for()
    chat.unroute("**/message")
    chat.get_by_role("button", name="Try again").click()
    chat.get_by_text("You wrote: Does it hurt?").wait_for()
    assert len(web.agent.received) == 1


def test_an_ended_session_opens_anew_and_keeps_what_was_typed(chat: Any, web: Server) -> None:
    chat.evaluate("() => sessionStorage.setItem('chat', 'forged.token.here')")
    chat.reload()
    settle(chat)
    assert bubbles(chat) == [FIXED["utter_greet"]["text"]]
    say(chat, "Does it hurt?")
    chat.route("**/message", Visitors().refuse_once)
    chat.fill("#text", "And how long is the visit?")
    chat.press("#text", "Enter")
    chat.get_by_text("You wrote: And how long is the visit?").wait_for()
    assert bubbles(chat)[1:] == ["And how long is the visit?", "You wrote: And how long is the visit?"]


def test_a_late_answer_shows_the_promised_text(chat: Any, web: Server) -> None:
    say(chat, "slow please")
    assert bubbles(chat)[-1] == FIXED["utter_unavailable"]["text"]
    web.agent.nlg_works = False
    say(chat, "crash")
    assert (
        "The chat is not answering right now. Please call the clinic at (555) 010-0142." in bubbles(chat)[-1]
    )


def test_a_chat_that_cannot_open_says_so_and_can_be_tried_again(chat: Any, web: Server) -> None:
    web.agent.greets = web.agent.nlg_works = False
    chat.evaluate("() => sessionStorage.clear()")
    chat.reload()
    chat.get_by_text("The chat is not answering right now").wait_for()
    web.agent.greets = web.agent.nlg_works = True
    chat.get_by_role("button", name="Try again").click()
    chat.get_by_text("How would you like to start?").wait_for()


def test_start_over_asks_first(chat: Any) -> None:
    say(chat, "hello")
    chat.click("#over")
    assert focused(chat) == "stay"
    chat.keyboard.press("Escape")
    assert len(bubbles(chat)) == 3 and focused(chat) == "over"
    token = chat.evaluate("() => sessionStorage.chat")
    chat.click("#over")
    chat.click("#anew")
    chat.locator(".you .bubble").wait_for(state="detached")
    settle(chat)
    assert bubbles(chat) == [FIXED["utter_greet"]["text"]]
    assert chat.evaluate("() => sessionStorage.chat") != token and focused(chat) == "text"


def test_without_storage_the_talk_lasts_as_long_as_the_page(browser: Any, web: Server) -> None:
    context = browser.new_context()
    context.add_init_script(
        "Object.defineProperty(window, 'sessionStorage',"
        " { get() { throw new DOMException('', 'SecurityError'); } })"
    )
    page = context.new_page()
    page.goto(web.url)
    settle(page)
    say(page, "hello")
    assert bubbles(page)[-1] == "You wrote: hello"
    context.close()


def test_it_is_announced_and_says_what_it_is(chat: Any) -> None:
    say(chat, "34")
    log = chat.get_by_role("log")
    assert log.get_attribute("aria-label") == "Conversation"
    assert "Assistant: " in log.text_content() and "You: " in log.text_content()
    assert "You can choose: Yes, No, Not sure, Skip." in log.text_content()
    assert chat.get_by_label("Your message").count() == 1
    assert "Automated assistant - not a clinician" in chat.locator("header").text_content()
    footer = chat.locator("footer")
    footer.get_by_text("Demo: not clinically reviewed. Screening rules 2026.11.").wait_for()


def test_targets_are_large_enough_and_nothing_runs_off_at_320(browser: Any, web: Server) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 568})
    page = context.new_page()
    page.goto(web.url)
    settle(page)
    say(page, "34")
    say(page, "averyveryverylongwordwithoutanyspaceinit" * 5)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 320
    assert page.evaluate("() => document.getElementById('scroll').scrollWidth <= 320")
    page.reload()
    settle(page)
    for button in page.locator("button:visible, header a:visible, textarea").all():
        box = button.bounding_box()
        assert box["width"] >= 44 and box["height"] >= 44, button.get_attribute("id")
    context.close()


@pytest.mark.parametrize(
    "look",
    [
        {"viewport": {"width": 1200, "height": 860}},
        {"viewport": {"width": 1200, "height": 860}, "color_scheme": "dark"},
        {"viewport": {"width": 320, "height": 640}},
        {"viewport": {"width": 320, "height": 256}, "color_scheme": "dark"},
        {"viewport": {"width": 800, "height": 700}, "contrast": "more", "reduced_motion": "reduce"},
        {"viewport": {"width": 800, "height": 700}, "forced_colors": "active"},
    ],
    ids=["light", "dark", "320", "zoomed-dark", "high-contrast", "forced-colors"],
)
def test_axe_finds_nothing_in_any_state(browser: Any, web: Server, look: dict) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(**{"reduced_motion": "reduce", **look})
    page, axe, found = context.new_page(), Axe(), {}

    def check(state: str) -> None:
        page.wait_for_timeout(250)
        options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
        for violation in axe.run(page, options=options).response["violations"]:
            found[f"{state}: {violation['id']}"] = [node["html"][:120] for node in violation["nodes"]]

    page.goto(web.url)
    settle(page)
    page.locator("#about:not(:empty)").wait_for(state="attached")
    say(page, "34")
    press(page, "Yes")
    page.get_by_text("Choose all that apply").wait_for()
    press(page, "Aspirin")
    check("chips")
    say(page, "I can't swallow")
    page.context.set_offline(True)
    page.fill("#text", "hello")
    page.press("#text", "Enter")
    page.get_by_role("button", name="Try again").wait_for()
    check("emergency, offline, not sent")
    page.context.set_offline(False)
    page.click("#over")
    check("dialog")
    context.close()
    assert not found, "\n".join(f"{state}: {nodes}" for state, nodes in found.items())


class _HostPage(http.server.BaseHTTPRequestHandler):
    """A clinic's page with one script tag and a strict policy of its own."""

    chat = ""

    def do_GET(self) -> None:
        origin = self.chat.split("/webhooks")[0]
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header(
            "Content-Security-Policy", f"default-src 'none'; script-src {origin}; frame-src {origin}"
        )
        self.end_headers()
        tag = f'<script src="{self.chat}s/loader.js" data-label="Chat with us" defer></script>'
        self.wfile.write(
            f"<!doctype html><html lang=en><title>Clinic</title><main><h1>Clinic</h1></main>{tag}".encode()
        )

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def clinic_page(web: Server) -> Iterator[str]:
    _HostPage.chat = web.url
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _HostPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def test_one_script_tag_puts_the_chat_on_a_clinics_page(browser: Any, web: Server, clinic_page: str) -> None:
    web.frame_from(clinic_page.rstrip("/"))
    page = browser.new_page(viewport={"width": 1000, "height": 800})
    complaints: List[str] = []
    page.on("console", lambda line: complaints.append(line.text))
    page.goto(clinic_page)
    page.get_by_role("button", name="Chat with us").focus()
    page.keyboard.press("Enter")
    frame = page.frame_locator("iframe")
    frame.get_by_text("How would you like to start?").wait_for()
    frame.locator("#text").fill("hello from the frame")
    frame.locator("#text").press("Enter")
    frame.get_by_text("You wrote: hello from the frame").wait_for()
    page.keyboard.press("Escape")
    page.locator("iframe").wait_for(state="hidden")
    button = page.get_by_role("button", name="Chat with us")
    assert button.get_attribute("aria-expanded") == "false"
    assert button.evaluate("(node) => node.getRootNode().activeElement === node"), "the focus is back"
    button.press("Enter")
    frame.get_by_role("button", name="Close the chat").click()
    page.locator("iframe").wait_for(state="hidden")
    assert not [line for line in complaints if "favicon" not in line and "404" not in line]
    page.close()


def test_a_page_that_is_not_listed_cannot_frame_the_chat(browser: Any, web: Server, clinic_page: str) -> None:
    web.frame_from("https://clinic.example")
    page = browser.new_page()
    complaints: List[str] = []
    page.on("console", lambda line: complaints.append(line.text))
    page.goto(clinic_page)
    page.get_by_role("button", name="Chat with us").click()
    page.wait_for_timeout(500)
    assert any("frame-ancestors" in line for line in complaints)
    page.close()


def test_the_widget_stays_small() -> None:
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in Path(WIDGET).iterdir()}
    assert set(sizes) == {"index.html", "widget.css", "widget.js", "loader.js"}
    assert sum(sizes.values()) <= 10 * 1024, sizes


def test_the_widget_names_no_other_place() -> None:
    for path in Path(WIDGET).iterdir():
        text = path.read_text()
        assert "innerHTML" not in text and "localStorage" not in text and "eval(" not in text
        if path.name != "loader.js":
            assert "//" not in text.replace("// ", ""), f"{path.name} names an address"
