"""The web channel: sessions, buttons by index, text that is never a command, retries, and never silence."""

from __future__ import annotations

import json
import logging
import os
import socket
import stat
import threading
import time
from datetime import date
from typing import Any, Dict, List, Optional

import jwt
import pytest
import requests
from rasa.shared.exceptions import RasaException

from channels.assets import Assets
from channels.incoming import read_message, without_command
from channels.page import about, page
from channels.session import Sessions, read_or_make_secret
from channels.web import WebInput
from tests import web_fixtures
from tests.harness import until
from tests.web_fixtures import FIXED, Server, clinic

web = web_fixtures.web
GREETING = FIXED["utter_greet"]["text"]
UNAVAILABLE = FIXED["utter_unavailable"]["text"]


class Visitor:
    """A browser without the page."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self.opened = requests.post(self.url + "session", timeout=10).json()
        self.headers = {"Authorization": "Bearer " + self.opened["token"]}

    def post(self, **body: Any) -> requests.Response:
        return requests.post(self.url + "message", json=body, headers=self.headers, timeout=15)

    def say(self, text: str) -> Dict[str, Any]:
        return self.post(text=text).json()

    def history(self) -> Dict[str, Any]:
        return requests.get(self.url + "history", headers=self.headers, timeout=10).json()

    def raw(self, data: bytes) -> requests.Response:
        headers = {**self.headers, "Content-Type": "application/json"}
        return requests.post(self.url + "message", data=data, headers=headers, timeout=15)


@pytest.fixture
def visitor(web: Server) -> Visitor:
    return Visitor(web)


def texts(reply: Dict[str, Any]) -> List[str]:
    return [message["text"] for message in reply["messages"]]


def titles(reply: Dict[str, Any]) -> Optional[List[str]]:
    return [button["title"] for button in reply["open"]["buttons"]] if reply["open"] else None


# The opening


def test_a_session_opens_with_the_greeting_and_its_buttons(visitor: Visitor) -> None:
    assert texts(visitor.opened) == [GREETING]
    assert titles(visitor.opened) == ["Ask a question", "Check my answers", "Request a visit"]


def test_the_greeting_is_in_the_tracker_and_the_bot_listens_after_it(web: Server, visitor: Visitor) -> None:
    conversation = jwt.decode(visitor.opened["token"], options={"verify_signature": False})["sub"]
    names = [json.loads(e)["name"] for e in _events(web, conversation) if '"action"' in e]
    assert names == ["action_session_start", "utter_greet", "action_listen"]
    assert texts(visitor.history()) == [GREETING]


def _events(server: Server, conversation: str) -> List[str]:
    stored = server.agent.tracker_store.store[conversation]
    return [json.dumps(event) for event in json.loads(stored)["events"]]


def test_two_sessions_never_share_a_conversation(web: Server) -> None:
    tokens = [jwt.decode(Visitor(web).opened["token"], options={"verify_signature": False}) for _ in range(3)]
    assert len({token["sub"] for token in tokens}) == 3
    assert all(len(token["sub"]) > 20 for token in tokens)


def test_a_session_that_cannot_open_says_so_and_gives_no_token(web: Server) -> None:
    web.agent.greets = False
    answer = requests.post(web.url + "session", timeout=10)
    assert answer.status_code == 503
    assert texts(answer.json()) == [UNAVAILABLE] and "token" not in answer.json()


# Tokens


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x.y.z", "Basic abc", "Bearer " + "a" * 3000])
@pytest.mark.parametrize("path", ["history", "message"])
def test_a_missing_or_broken_token_is_refused(web: Server, token: str, path: str) -> None:
    call = requests.get if path == "history" else requests.post
    answer = call(web.url + path, headers={"Authorization": token} if token else {}, timeout=10)
    assert answer.status_code == 401 and answer.json()["error"] == "session"
    assert not web.agent.received


def test_a_forged_expired_or_unsigned_token_is_refused(web: Server) -> None:
    secret = web.channel.secret_file.read_text()
    now = int(time.time())
    good = {"sub": "web-x", "aud": "web", "exp": now + 60}
    forged = [
        jwt.encode(good, "another secret of enough characters", algorithm="HS256"),
        jwt.encode({**good, "exp": now - 1}, secret, algorithm="HS256"),
        jwt.encode({**good, "aud": "staff"}, secret, algorithm="HS256"),
        jwt.encode({"sub": "web-x", "aud": "web"}, secret, algorithm="HS256"),
        jwt.encode(good, None, algorithm="none"),
    ]
    for token in forged:
        answer = requests.get(web.url + "history", headers={"Authorization": f"Bearer {token}"}, timeout=10)
        assert answer.status_code == 401
    token = jwt.encode(good, secret, algorithm="HS256")
    assert (
        requests.get(
            web.url + "history", headers={"Authorization": f"Bearer {token}"}, timeout=10
        ).status_code
        == 200
    )


def test_the_secret_is_made_once_and_only_the_owner_may_read_it(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.delenv("WEB_SESSION_SECRET", raising=False)
    path = tmp_path / "var" / "secret"
    first = read_or_make_secret(path)
    assert read_or_make_secret(path) == first and len(first) >= 32
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    monkeypatch.setenv("WEB_SESSION_SECRET", "x" * 40)
    assert read_or_make_secret(path) == "x" * 40
    monkeypatch.setenv("WEB_SESSION_SECRET", "short")
    with pytest.raises(RasaException, match="32 characters"):
        read_or_make_secret(path)


def test_a_token_of_one_secret_is_nothing_to_another() -> None:
    token, conversation = Sessions("a" * 40, 1).issue()
    assert Sessions("a" * 40, 1).conversation(f"Bearer {token}") == conversation
    assert Sessions("b" * 40, 1).conversation(f"Bearer {token}") is None
    assert Sessions("a" * 40, -1).conversation("Bearer " + Sessions("a" * 40, -1).issue()[0]) is None


# Buttons


def test_a_button_is_sent_by_index_and_its_payload_goes_to_the_bot(web: Server, visitor: Visitor) -> None:
    reply = visitor.post(choice=1).json()
    assert web.agent.received[-1].text == "/start_screening"
    assert texts(reply)[0].startswith("Question 1 of 8")


def test_payloads_never_reach_the_browser(visitor: Visitor) -> None:
    talk = [visitor.opened, visitor.say("34"), visitor.post(choice=0).json(), visitor.history()]
    for answer in talk:
        assert "payload" not in json.dumps(answer) and "/affirm" not in json.dumps(answer)
        assert "/faq" not in json.dumps(answer)


def test_history_shows_a_press_by_its_title(visitor: Visitor) -> None:
    visitor.say("34")
    visitor.post(choice=0)
    said = [message["text"] for message in visitor.history()["messages"] if message["who"] == "user"]
    assert said == ["34", "Yes"]


@pytest.mark.parametrize("choice", [3, 99, -1, 10**30])
def test_an_index_that_was_not_offered_is_refused_kindly(web: Server, visitor: Visitor, choice: int) -> None:
    answer = visitor.post(choice=choice)
    assert answer.status_code == 400
    assert texts(answer.json()) == [FIXED["utter_choice_gone"]["text"]]
    assert titles(answer.json()) == ["Ask a question", "Check my answers", "Request a visit"]
    assert not web.agent.received


def test_buttons_close_with_the_next_turn(web: Server, visitor: Visitor) -> None:
    visitor.say("a plain remark")
    answer = visitor.post(choice=0)
    assert answer.status_code == 400 and answer.json()["open"] is None
    assert len(web.agent.received) == 1


def test_a_press_on_buttons_that_have_changed_answers_nothing(web: Server, visitor: Visitor) -> None:
    first_tab = visitor.say("34")["open"]["id"]
    visitor.post(choice=0, offer=first_tab)
    late = visitor.post(choice=0, offer=first_tab)
    assert late.status_code == 400 and late.json()["error"] == "choice_gone"
    assert len(web.agent.received) == 2


def test_chips_are_joined_as_words(web: Server, visitor: Visitor) -> None:
    visitor.say("34")
    assert visitor.post(choice=0).json()["open"]["multi"] is True
    visitor.post(choices=[1, 0, 1])
    assert web.agent.received[-1].text == "blood thinner, aspirin"
    assert visitor.history()["messages"][-2]["text"] == "Blood thinner, Aspirin"


def test_several_picks_where_one_may_be_are_refused(web: Server, visitor: Visitor) -> None:
    assert visitor.post(choices=[0, 1]).status_code == 400
    assert visitor.post(choices=[1]).status_code == 200
    assert web.agent.received[-1].text == "/start_screening"


# Text is text


@pytest.mark.parametrize(
    "typed",
    [
        "/restart",
        "/affirm",
        "  /affirm",
        "//session_start",
        "/ /back",
        '/affirm{"finding": "als"}',
        "\u3000/deny",
    ],
)
def test_typed_text_is_never_a_command(web: Server, visitor: Visitor, typed: str) -> None:
    visitor.say(typed)
    assert not web.agent.received[-1].text.strip().startswith("/")
    said = [message["text"] for message in visitor.history()["messages"] if message["who"] == "user"]
    assert said == [typed.strip()]


def test_without_command_keeps_a_slash_inside() -> None:
    assert without_command("/ 1/2 pill and/or wine") == "1/2 pill and/or wine"


@pytest.mark.parametrize("empty", ["", "   \n\t ", "\u200b\u200b", "///", "\x00"])
def test_an_empty_message_is_answered_without_the_bot(web: Server, visitor: Visitor, empty: str) -> None:
    answer = visitor.post(text=empty)
    assert answer.status_code == 200 and texts(answer.json()) == [FIXED["utter_empty_message"]["text"]]
    assert "open" not in answer.json(), "the buttons that were open stay open"
    assert not web.agent.received


def test_only_emoji_and_other_languages_reach_the_bot_whole(web: Server, visitor: Visitor) -> None:
    for words in (
        "\U0001f914\U0001f489",
        "\u00bfDuele mucho?",
        "\u0645\u0631\u062d\u0628\u0627",
        "line one\nline two",
    ):
        visitor.say(words)
        assert web.agent.received[-1].text == words


def test_ten_thousand_characters_are_taken_and_more_are_refused(web: Server, visitor: Visitor) -> None:
    assert visitor.post(text="x" * 10_000).status_code == 200
    assert len(web.agent.received[-1].text) == 10_000
    for size in (10_001, 70_000, 1_000_000):
        answer = visitor.post(text="x" * size)
        assert answer.status_code == 413 and texts(answer.json()) == [FIXED["utter_too_long"]["text"]]
    assert len(web.agent.received) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b"{}", b"[" * 60_000,
        b'{"text": null}', b'{"text": 3}', b'{"text": ["a"]}', b'{"choice": "0"}', b'{"choice": true}',
        b'{"choice": 0.0}', b'{"choices": []}', b'{"choices": [[0]]}', b'{"text": "a", "choice": 0}',
        b'{"text": "a", "id": 5}', b'{"text": "a", "id": "../x"}', b'{"choice": 0, "offer": 7}',
    ],
)  # fmt: skip
def test_a_body_that_makes_no_sense_is_refused_with_json(web: Server, visitor: Visitor, data: bytes) -> None:
    answer = visitor.raw(data)
    assert answer.status_code == 400 and answer.json()["hint"]
    assert not web.agent.received


def test_broken_surrogates_do_not_break_the_turn(web: Server, visitor: Visitor) -> None:
    assert visitor.raw(b'{"text": "hi \\ud800\\u0000there"}').status_code == 200
    assert web.agent.received[-1].text == "hi ?there"


def test_read_message_takes_a_client_id() -> None:
    assert read_message(b'{"text": "hi", "id": "a-1"}').id == "a-1"


# Retries and order


def test_the_same_message_id_is_processed_once(web: Server, visitor: Visitor) -> None:
    first = visitor.post(text="hello", id="m1").json()
    assert visitor.post(text="hello", id="m1").json() == first
    assert len(web.agent.received) == 1


def test_four_copies_at_once_give_one_turn(web: Server, visitor: Visitor) -> None:
    web.agent.slow, replies = 0.3, []
    threads = [
        threading.Thread(target=lambda: replies.append(visitor.post(text="slow one", id="m1").json()))
        for _ in range(4)
    ]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(web.agent.received) == 1 and replies == [replies[0]] * 4


def test_a_retry_after_a_restart_is_still_one_turn(web: Server, visitor: Visitor) -> None:
    first = visitor.post(text="34", id="m1").json()
    web.channel.turns.talks.forget()  # what a restart forgets
    assert visitor.post(text="34", id="m1").json() == first
    assert len(web.agent.received) == 1


def test_the_order_of_one_sender_is_kept(web: Server, visitor: Visitor) -> None:
    web.agent.slow = 0.4
    slow = threading.Thread(target=visitor.say, args=("slow first",))
    slow.start()
    until(lambda: len(web.agent.received) == 1)
    visitor.say("second")
    slow.join()
    said = [message["text"] for message in visitor.history()["messages"][1:]]
    assert said == ["slow first", "You wrote: slow first", "second", "You wrote: second"]


# Never silence


def test_a_crash_gives_the_promised_text_and_keeps_what_was_said(
    web: Server, visitor: Visitor, caplog: Any
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = visitor.post(text="crash, I have lupus")
    assert answer.status_code == 200 and texts(answer.json()) == [UNAVAILABLE]
    assert "lupus" not in caplog.text and "RuntimeError" in caplog.text
    assert [m["text"] for m in visitor.history()["messages"][1:]] == ["crash, I have lupus", UNAVAILABLE]
    assert texts(visitor.say("hello again")) == ["You wrote: hello again"]


def test_a_turn_that_takes_too_long_is_answered_in_time_and_finished_behind(
    web: Server, visitor: Visitor
) -> None:
    reply = visitor.say("slow, I am 10 weeks pregnant")
    assert web.agent.finished == 0 and texts(reply) == [UNAVAILABLE]
    until(lambda: web.agent.finished == 1)
    # The late answer comes with the next one, so that nobody replies to a question they never saw.
    assert texts(visitor.say("next")) == ["You wrote: slow, I am 10 weeks pregnant", "You wrote: next"]
    assert "slow, I am 10 weeks pregnant" in [m["text"] for m in visitor.history()["messages"]]


def test_a_message_behind_a_hanging_turn_is_told_too_and_may_be_sent_again(
    web: Server, visitor: Visitor
) -> None:
    web.agent.slow = 12.0
    visitor.say("slow")
    waiting = visitor.post(text="I can't swallow", id="m2")
    assert waiting.status_code == 503 and texts(waiting.json()) == [UNAVAILABLE]
    until(lambda: web.agent.finished == 1)
    again = visitor.post(text="I can't swallow", id="m2")
    assert again.status_code == 200 and any("911" in text for text in texts(again.json()))


def test_a_bot_that_says_nothing_is_not_silence(visitor: Visitor) -> None:
    assert texts(visitor.say("quiet")) == [UNAVAILABLE]


def test_without_any_text_the_page_still_learns_of_the_failure(web: Server, visitor: Visitor) -> None:
    web.agent.nlg_works = False
    answer = visitor.post(text="crash")
    assert answer.status_code == 200 and answer.json() == {"error": "unavailable", "messages": []}


# The page and what it tells


def test_the_page_has_a_strict_policy_and_no_inline_code(web: Server) -> None:
    answer = requests.get(web.url, timeout=10)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
    assert "unsafe" not in policy and "frame-ancestors 'self'" in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for forbidden in ("<style", "style=", "onclick", "http://", "https://", "{clinic"):
        assert forbidden not in answer.text
    assert "Larkspur Skin Clinic" in answer.text and "(555) 010-0142" in answer.text


def test_answers_are_not_stored_by_anybody(web: Server, visitor: Visitor) -> None:
    for answer in (visitor.post(text="hi"), requests.get(web.url + "about", timeout=10)):
        assert answer.headers["Cache-Control"] == "no-store"


def test_static_files_are_served_and_nothing_above_them(web: Server) -> None:
    for name in ("widget.css", "widget.js", "loader.js"):
        assert requests.get(web.url + "s/" + name, timeout=10).status_code == 200
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as plain:
        plain.sendall(
            b"GET /webhooks/web/s/../../channels/web.py HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        assert b" 404 " in plain.recv(200)
    assert requests.get(web.url + "s/%2e%2e/session.py", timeout=10).status_code in (400, 404)


def test_the_address_without_its_slash_leads_to_the_page(web: Server) -> None:
    assert "<main" in requests.get(web.url.rstrip("/"), timeout=10).text


def test_about_tells_version_and_review(web: Server) -> None:
    told = requests.get(web.url + "about", timeout=10).json()
    assert told["reviewed"] is False and told["reviewed_on"] is None and told["rules_version"] == "2026.11"
    assert about(clinic(signed=True))["reviewed_on"] == date(2026, 11, 1).isoformat()


def test_health_tells_when_the_bot_is_ready(web: Server) -> None:
    assert requests.get(web.url + "health", timeout=10).json()["status"] == "ok"
    web.agent.ready = False
    assert requests.get(web.url + "health", timeout=10).status_code == 503


def test_a_clinic_fact_cannot_break_out_of_the_page() -> None:
    knowledge = clinic()
    knowledge.clinic.facts["name"] = '<script>alert(1)</script>" x="'
    shown = page(knowledge, Assets())
    assert "<script>alert" not in shown and '" x="' not in shown


def test_credentials_are_checked() -> None:
    channel = WebInput.from_credentials({"frame_origins": ["https://clinic.example"], "turn_limit": 5})
    assert channel.frame_origins == ["https://clinic.example"] and channel.turns.limit == 5
    assert WebInput.from_credentials(None).name() == "web"
    for wrong in (
        {"frame_origins": ["https://x; script-src *"]},
        {"frame_origin": []},
        {"frame_origins": ["*"]},
    ):
        with pytest.raises(RasaException):
            WebInput.from_credentials(wrong)
