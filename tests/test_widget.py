"""The chat page in a real browser: by keyboard, buttons and chips, through reloads and lost connections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from channels.session import Sessions, read_or_make_secret
from tests import browser as shared
from tests import web_fixtures
from tests.browser import bubbles, focused, menu, pills, press, say, settle
from tests.web_fixtures import FIXED, Server, Visitors

shared.skip_without_chromium()
web, browser, chat = web_fixtures.web, shared.browser, shared.chat


def test_the_talk_works_by_keyboard_alone(chat: Any) -> None:
    chat.keyboard.press("Tab")
    reached = []
    for _ in range(9):
        reached.append(focused(chat))
        ring = chat.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        assert ring != "none" or focused(chat) == "text", f"no focus ring on {reached[-1]}"
        chat.keyboard.press("Tab")
    assert reached[1:7] == ["more", "scroll", "Ask a question", "Check my answers", "Request a visit", "text"]
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
    chat.get_by_role("button", name="Send choices").focus()
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
    done = chat.locator("#done")
    assert done.is_disabled()
    for name in ("Steroid cream", "Aspirin", "Blood thinner", "Steroid cream"):
        press(chat, name)
    assert chat.get_by_role("button", name="Aspirin").get_attribute("aria-pressed") == "true"
    assert chat.get_by_role("button", name="Steroid cream").get_attribute("aria-pressed") == "false"
    done.click()
    chat.get_by_text("Only a provider decides").wait_for()
    assert web.agent.received[-1].text == "blood thinner, aspirin"


def test_chips_are_sent_with_enter_too_and_their_button_stays_in_sight(chat: Any, web: Server) -> None:
    chat.set_viewport_size({"width": 390, "height": 430})
    say(chat, "34")
    press(chat, "Yes")
    chat.get_by_text("Choose all that apply").wait_for()
    settle(chat)
    done, box = chat.locator("#done").bounding_box(), chat.locator("#composer").bounding_box()
    assert round(done["height"]) >= 44 and done["y"] + done["height"] <= box["y"]
    press(chat, "Aspirin")
    chat.focus("#text")
    chat.keyboard.press("Enter")
    chat.get_by_text("Only a provider decides").wait_for()
    assert web.agent.received[-1].text == "aspirin"
    assert chat.locator("#done").is_hidden()


def test_a_double_enter_is_no_empty_message(chat: Any, web: Server) -> None:
    chat.fill("#text", "slow, how does it work")
    chat.press("#text", "Enter")
    chat.press("#text", "Enter")
    settle(chat)
    chat.locator("#log .bubble >> nth=2").wait_for()
    chat.wait_for_timeout(300)
    assert [m.text for m in web.agent.received] == ["slow, how does it work"]
    assert FIXED["utter_empty_message"]["text"] not in bubbles(chat)


def test_what_a_line_is_about_stands_out(chat: Any, web: Server) -> None:
    answer = "Reference: JH7-2WP5\nTo change it: call us.\n- A blood thinner: ask first.\n- Rest. Then: wait."
    chat.route("**/message", lambda route: route.fulfill(json={"messages": [{"text": answer}], "open": None}))
    say(chat, "Name: <b>Dana</b>")
    assert chat.locator("#log b").all_text_contents() == ["Reference: ", "A blood thinner: "]
    assert bubbles(chat)[-1] == answer.replace("- ", "")


def _edges(chat: Any) -> dict:
    """Top of the talk's window and of the last question and answer; bottom of the window and of the buttons."""
    return chat.evaluate(
        """() => {
            const edge = (selector, side) => [...document.querySelectorAll(selector)].pop()?.getBoundingClientRect()[side];
            return {top: edge("#scroll", "top"), asked: edge(".you .bubble", "top"), answer: edge("#log .bot .stack", "top"),
                    end: edge("#scroll", "bottom"), buttons: edge("#choices button", "bottom")};
        }"""
    )


def test_a_long_answer_shows_its_start_and_that_there_is_more(chat: Any) -> None:
    chat.set_viewport_size({"width": 390, "height": 560})
    say(chat, "how does it work")
    seen = _edges(chat)
    assert seen["top"] <= seen["asked"] < seen["answer"] and seen["buttons"] > seen["end"]
    more = chat.get_by_role("button", name="More below")
    box = more.bounding_box()
    assert round(box["width"]) >= 44 and round(box["height"]) >= 44 and box["y"] + box["height"] <= seen["end"]
    more.click()
    assert more.is_hidden() and focused(chat) == "scroll"
    assert _edges(chat)["buttons"] <= seen["end"]
    chat.mouse.move(190, 250)
    chat.mouse.wheel(0, -300)
    more.wait_for()


def test_an_answer_that_fits_is_shown_with_its_buttons_even_if_the_question_goes(chat: Any) -> None:
    heights = [height for height in range(500, 801, 20) if _fits_without_the_question(chat, height)]
    assert heights, "at some height the answer fits and the question above it does not"


def _fits_without_the_question(chat: Any, height: int) -> bool:
    chat.set_viewport_size({"width": 390, "height": height})
    say(chat, "how does it work")
    seen = _edges(chat)
    assert seen["answer"] >= seen["top"], "the start of the answer is in sight"
    return seen["asked"] < seen["top"] and seen["buttons"] <= seen["end"]


def test_the_answer_to_a_very_long_message_is_in_sight(chat: Any) -> None:
    say(chat, "I wonder about many things. " * 150)
    seen = _edges(chat)
    assert seen["top"] <= seen["answer"] < seen["end"] and seen["asked"] < seen["top"]


def test_progress_is_a_bar_and_stays_words(chat: Any) -> None:
    say(chat, "34")
    whole, done = chat.locator(".bar").bounding_box(), chat.locator(".bar i").bounding_box()
    assert abs(done["width"] / whole["width"] - 3 / 8) < 0.01
    assert chat.locator(".step").last.text_content() == "Question 3 of 8"
    assert bubbles(chat)[-1].startswith("Question 3 of 8\nDo you have a nerve")


def test_lines_stay_lines_and_numbers_can_be_called(chat: Any) -> None:
    say(chat, "I can't swallow since my treatment yesterday")
    bubble = chat.locator(".bubble.urgent")
    assert bubble.locator(".line").count() == 2
    links = [(a.text_content(), a.get_attribute("href")) for a in bubble.locator(".line a").all()]
    assert links == [("911", "tel:911"), ("(555) 010-0142", "tel:5550100142"), ("988", "tel:988")]
    calls = bubble.locator(".calls a").all_text_contents()
    assert calls == ["Call 911", "Call (555) 010-0142", "Call 988"], "and each is a button to press"
    box = bubble.locator(".calls a").first.bounding_box()
    assert round(box["height"]) >= 44 and box["width"] > 200


def test_dates_and_prices_are_not_numbers_to_call(chat: Any) -> None:
    say(chat, "34")
    press(chat, "Yes")
    chat.get_by_text("Choose all that apply").wait_for()
    press(chat, "Aspirin")
    chat.click("#done")
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


def test_what_was_typed_offline_is_kept_and_sent_once_when_the_line_is_back(chat: Any, web: Server) -> None:
    chat.context.set_offline(True)
    chat.locator("#offline").wait_for(state="visible")
    for number, words in enumerate(("Does it hurt?", "How long does it last?"), 1):
        chat.fill("#text", words)
        chat.press("#text", "Enter")
        chat.locator(f".retry >> nth={number - 1}").wait_for()
        assert bubbles(chat)[-1] == words
    assert "Not sent" in chat.locator(".retry").last.text_content()
    chat.get_by_role("button", name="Try again").first.click()
    chat.locator(".retry >> nth=1").wait_for()
    chat.context.set_offline(False)
    chat.locator("#offline").wait_for(state="hidden")
    chat.get_by_text("You wrote: Does it hurt?").wait_for()
    chat.locator(".retry").first.wait_for(state="detached")
    settle(chat)
    assert sorted(m.text for m in web.agent.received) == ["Does it hurt?", "How long does it last?"]


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


def test_the_menu_says_words_that_the_bot_answers(chat: Any, web: Server) -> None:
    for words in ("Talk to a person", "Start over", "Delete my data"):
        before = len(bubbles(chat))
        menu(chat, words)
        chat.locator(f"#log .bubble >> nth={before + 1}").wait_for()
        settle(chat)
        assert bubbles(chat)[-2:] == [words, f"You wrote: {words}"]
    assert [m.text for m in web.agent.received] == ["Talk to a person", "Start over", "Delete my data"]


def test_the_menu_works_by_keyboard_and_closes_by_itself(chat: Any) -> None:
    chat.focus("#more")
    chat.keyboard.press("Enter")
    assert chat.locator("#more").get_attribute("aria-expanded") == "true"
    chat.keyboard.press("Tab")
    assert focused(chat) == "Talk to a person"
    chat.keyboard.press("Escape")
    assert focused(chat) == "more" and chat.locator("#menu").is_hidden()
    assert chat.locator("#more").get_attribute("aria-expanded") == "false"
    chat.keyboard.press("Enter")
    chat.focus("#text")
    chat.locator("#menu").wait_for(state="hidden")
    chat.click("#more")
    chat.mouse.click(500, 500)
    chat.locator("#menu").wait_for(state="hidden")


def test_the_talk_can_be_saved_as_plain_text(chat: Any) -> None:
    say(chat, "34")
    press(chat, "Yes")
    chat.get_by_text("Choose all that apply").wait_for()
    press(chat, "Aspirin")
    chat.click("#done")
    chat.get_by_text("Only a provider decides").wait_for()
    with chat.expect_download() as download:
        menu(chat, "Save this chat")
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert download.value.suggested_filename == "chat.txt", "a name that tells nobody what was talked about"
    assert "Assistant: Hi, I am the assistant of Larkspur Skin Clinic." in text
    assert "You: 34\n" in text and "Assistant: Question 3 of 8\n" in text
    assert "\n- You take a blood thinner." in text and "You can choose" not in text


def test_print_shows_the_whole_talk_and_no_controls(chat: Any) -> None:
    chat.evaluate("() => { window.print = () => { window.printed = true; }; }")
    for number in range(12):
        say(chat, f"how does it work {number}")
    menu(chat, "Print")
    assert chat.evaluate("() => window.printed")
    chat.emulate_media(media="print")
    for hidden in ("#composer", "#more", "#choices", "header a"):
        assert chat.locator(hidden).is_hidden(), hidden
    assert chat.locator("#log").is_visible()
    assert chat.evaluate("() => document.body.scrollHeight > 2000 && getComputedStyle(document.body).overflow") == "visible"
    colours = chat.evaluate(
        "() => [...document.querySelectorAll('.bubble')].map((b) => getComputedStyle(b).color)"
    )
    assert set(colours) == {"rgb(0, 0, 0)"}


def test_none_of_these_takes_the_others_back(chat: Any, web: Server) -> None:
    say(chat, "34")
    press(chat, "Yes")
    chat.get_by_text("Choose all that apply").wait_for()

    def chosen() -> list:
        return [chip.text_content() for chip in chat.locator("#choices [aria-pressed=true]").all()]

    press(chat, "Aspirin")
    press(chat, "Steroid cream")
    press(chat, "None of these")
    assert chosen() == ["None of these"]
    press(chat, "Blood thinner")
    assert chosen() == ["Blood thinner"]


def test_a_private_link_goes_on_with_its_talk_and_leaves_the_address(
    browser: Any, chat: Any, web: Server
) -> None:
    say(chat, "Does it hurt?")
    conversation = web.agent.received[-1].sender_id
    link = Sessions(read_or_make_secret(web.channel.secret_file), 1).link(conversation, 600)
    page, asked = browser.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{web.url}#link={link}")
    settle(page)
    page.get_by_text("You wrote: Does it hurt?").wait_for()
    assert bubbles(page) == bubbles(chat)
    assert page.url == web.url and not any(link in url for url in asked)
    assert page.evaluate("() => history.length") == 2, "nor can one go back to it"
    say(page, "And after?")
    assert web.agent.received[-1].sender_id == conversation
    page.reload()
    page.get_by_text("You wrote: And after?").wait_for()
    page.goto("about:blank")
    page.close()


def test_a_private_link_that_is_over_is_told_and_a_new_talk_opens(chat: Any, web: Server) -> None:
    say(chat, "hello")
    old = chat.evaluate("() => sessionStorage.chat")
    chat.evaluate("() => { location.hash = 'link=forged.token.x'; }")
    chat.locator(".notice").wait_for()
    settle(chat)
    assert chat.locator(".notice").text_content() == FIXED["utter_link_over"]["text"]
    assert bubbles(chat) == [FIXED["utter_greet"]["text"]] and len(pills(chat)) == 3
    assert chat.evaluate("() => sessionStorage.chat") != old and chat.url == web.url
    say(chat, "hello again")


def test_a_private_link_is_tried_again_when_there_was_no_line(browser: Any, chat: Any, web: Server) -> None:
    say(chat, "Does it hurt?")
    conversation = web.agent.received[-1].sender_id
    link = Sessions(read_or_make_secret(web.channel.secret_file), 1).link(conversation, 600)
    page = browser.new_page()
    page.route("**/session", lambda route: route.abort())
    page.goto(f"{web.url}#link={link}")
    page.get_by_text("The chat is not answering right now").wait_for()
    page.unroute("**/session")
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("You wrote: Does it hurt?").wait_for()
    page.close()


def test_ten_thousand_letters_any_script_and_links_stay_text(chat: Any, web: Server) -> None:
    typed = ("שלום עולם 👩🏽‍⚕️ https://evil.example/<b>x</b> " + "word " * 2000)[:9990]
    say(chat, typed)
    assert bubbles(chat)[1] == typed.strip() and chat.locator(".you a, .you b").count() == 0
    assert chat.locator(".you .line").evaluate("(line) => getComputedStyle(line).direction") == "rtl"
    assert web.agent.received[-1].text == typed.strip()
    assert chat.evaluate("() => document.getElementById('scroll').scrollWidth <= 1000")


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
    assert "Automated - not a clinician" in chat.locator("header").text_content()
    assert "Demo: not clinically reviewed. Screening rules 2026.11." in chat.locator("footer").text_content()
