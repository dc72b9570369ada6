"""Who may call the web chat and how often: other sites, floods, and an emergency in the middle of one."""

from __future__ import annotations

import asyncio
import resource
from types import SimpleNamespace
from typing import Any, Dict, List, Optional

import aiohttp
import pytest
import requests

from channels import limits
from channels.incoming import LISTENED_TO, Refused
from channels.limits import Limit, caller, check_origin
from channels.turns import REMEMBERED_TALKS, Talks
from desk import web_settings as module
from desk.web_settings import read_web_settings
from tests import web_fixtures
from tests.test_web_channel import Visitor, texts
from tests.web_fixtures import EMERGENCY, FIXED, Server

web = web_fixtures.web
TOO_FAST = FIXED["utter_too_fast"]["text"]


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the web settings of this process for one test."""

    def use(**environment: str) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        module.web_settings.cache_clear()

    yield use
    monkeypatch.undo()
    module.web_settings.cache_clear()


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits' clock stands still: a slow machine must not let more through."""
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: 1_000.0))


# Other websites


def allowed(headers: Dict[str, str], public: Optional[str] = None, listed: tuple = ()) -> bool:
    try:
        check_origin(headers, public, listed)
    except Refused as refused:
        assert refused.status == 403
        return False
    return True


@pytest.mark.parametrize(
    "headers, public, listed, expected",
    [
        ({}, None, (), True),
        ({"Sec-Fetch-Site": "cross-site"}, None, (), False),
        ({"Sec-Fetch-Site": "same-origin"}, None, (), True),
        ({"Origin": "https://chat.x.example", "Host": "chat.x.example"}, None, (), True),
        ({"Origin": "http://localhost:5005", "Host": "localhost:5005"}, None, (), True),
        ({"Origin": "http://localhost:5006", "Host": "localhost:5005"}, None, (), False),
        ({"Origin": "https://evil.example", "Host": "chat.x.example"}, None, (), False),
        ({"Origin": "null", "Host": "chat.x.example"}, None, (), False),
        ({"Origin": "", "Host": ""}, None, (), False),
        ({"Origin": "https://chat.x.example", "Host": "inner:5005"}, "https://chat.x.example", (), True),
        ({"Origin": "https://chat.x.example.evil.example", "Host": "y"}, "https://chat.x.example", (), False),
        ({"Origin": "http://chat.x.example", "Host": "y"}, "https://chat.x.example", (), False),
        # With PUBLIC_URL set, a name that an attacker lets point at us is not ours.
        ({"Origin": "https://evil.example", "Host": "evil.example"}, "https://chat.x.example", (), False),
        ({"Origin": "http://127.0.0.1:5005", "Host": "127.0.0.1:5005"}, "https://chat.x.example", (), True),
        ({"Origin": "https://x.example", "Host": "y"}, None, ("https://x.example",), True),
        ({"Origin": "https://www.x.example", "Host": "y"}, None, ("https://*.x.example",), True),
        ({"Origin": "https://x.example.evil", "Host": "y"}, None, ("https://*.x.example",), False),
        (
            {"Origin": "https://x.example", "Host": "y", "Sec-Fetch-Site": "cross-site"},
            None,
            ("https://x.example",),
            True,
        ),
    ],
)
def test_what_another_site_sends_is_refused(
    headers: Dict[str, str], public: Optional[str], listed: tuple, expected: bool
) -> None:
    assert allowed(headers, public, listed) is expected


@pytest.mark.parametrize("path", ["session", "message"])
def test_another_sites_post_is_refused_before_anything_is_read(web: Server, path: str) -> None:
    visitor = Visitor(web)
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = requests.post(
            web.url + path, json={"text": "hi"}, headers={**visitor.headers, **headers}, timeout=10
        )
        assert answer.status_code == 403 and answer.json()["error"] == "origin"
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert not web.agent.received


def test_our_own_page_and_a_listed_origin_are_let_in(web: Server, settings: Any) -> None:
    host = web.url.split("/")[2]
    for origin in (f"http://{host}", f"https://{host}"):
        assert requests.post(web.url + "session", headers={"Origin": origin}, timeout=10).ok
    settings(PUBLIC_URL="https://chat.x.example")
    assert requests.post(web.url + "session", headers={"Origin": "https://chat.x.example"}, timeout=10).ok


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
@pytest.mark.parametrize("path", ["session", "message"])
def test_only_json_is_taken(web: Server, path: str, kind: str) -> None:
    headers = {**Visitor(web).headers, "Content-Type": kind}
    answer = requests.post(web.url + path, data=b'{"text": "hi"}', headers=headers, timeout=10)
    assert answer.status_code == 415 and answer.json()["error"] == "bad_type"
    assert not web.agent.received


def test_json_may_name_its_letters(web: Server) -> None:
    headers = {**Visitor(web).headers, "Content-Type": "Application/JSON; charset=utf-8"}
    assert requests.post(web.url + "message", data=b'{"text": "hi"}', headers=headers, timeout=10).ok


# Addresses


@pytest.mark.parametrize(
    "peer, forwarded, trusted, expected",
    [
        ("9.9.9.9", "1.2.3.4", "", "9.9.9.9"),
        ("127.0.0.1", "1.2.3.4", "", "127.0.0.1"),
        ("127.0.0.1", "1.2.3.4", "127.0.0.1", "1.2.3.4"),
        ("127.0.0.1", "6.6.6.6, 1.2.3.4", "127.0.0.1", "1.2.3.4"),
        ("127.0.0.1", "6.6.6.6, 1.2.3.4, 10.1.2.3", "127.0.0.1,10.0.0.0/8", "1.2.3.4"),
        ("127.0.0.1", "1.2.3.4, nonsense", "127.0.0.1", "127.0.0.1"),
        ("9.9.9.9", "1.2.3.4", "127.0.0.1", "9.9.9.9"),
        ("127.0.0.1", "", "127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "2001:db8:1:2:3:4:5:6", "127.0.0.1", "2001:db8:1:2::/64"),
        ("::ffff:9.9.9.9", None, "", "9.9.9.9"),
        (None, None, "", "unknown"),
    ],
)
def test_whom_a_limit_counts(peer: Optional[str], forwarded: Optional[str], trusted: str, expected: str) -> None:
    networks = read_web_settings({"TRUSTED_PROXIES": trusted}).trusted_proxies
    assert caller(peer, forwarded, networks) == expected


# Limits


def test_a_limit_fills_again_steadily() -> None:
    limit = Limit(60, burst=3)
    assert [limit.wait("a", now=0.0) for _ in range(4)] == [0, 0, 0, 1]
    assert limit.wait("b", now=0.0) == 0, "each caller has a limit of their own"
    assert limit.wait("a", now=0.5) == 1
    assert limit.wait("a", now=1.1) == 0
    assert [limit.wait("a", now=1_000.0) for _ in range(4)] == [0, 0, 0, 1], "never more than the burst"


def test_a_refused_try_does_not_lengthen_the_wait() -> None:
    limit = Limit(60, burst=1)
    limit.wait("a", now=0.0)
    assert [limit.wait("a", now=0.01 * n) for n in range(1, 50)] == [1] * 49
    assert limit.wait("a", now=1.0) == 0


def test_what_costs_more_than_the_burst_takes_all_of_it() -> None:
    limit = Limit(60, burst=10)
    assert limit.wait("a", cost=99, now=0.0) == 0 and limit.wait("a", now=0.0) == 1


def test_limits_and_talks_remember_a_bounded_number() -> None:
    limit, talks = Limit(60, most_keys=100), Talks(most=100)
    for number in range(1_000):
        limit.wait(f"caller {number}")
        talks.talk(f"talk {number}")
    assert len(limit) == 100 and len(talks) == 100


def flood(visitor: Visitor, count: int, **extra: Any) -> List[requests.Response]:
    return [visitor.post(text=f"message {number}", **extra) for number in range(count)]


def test_the_thirty_first_message_of_a_talk_is_kindly_refused(web: Server) -> None:
    visitor, other = Visitor(web), Visitor(web)
    answers = flood(visitor, 31)
    assert [answer.status_code for answer in answers[:30]] == [200] * 30
    last = answers[30]
    assert last.status_code == 429 and texts(last.json()) == [TOO_FAST]
    assert last.headers["Retry-After"] == "2" and last.json()["error"] == "too_fast"
    assert last.json()["retry_after"] == int(last.headers["Retry-After"])
    assert len(web.agent.received) == 30
    assert other.post(text="I am somebody else").status_code == 200


def test_a_message_that_was_refused_may_be_sent_again_with_its_id(web: Server) -> None:
    visitor = Visitor(web)
    flood(visitor, 30)
    assert visitor.post(text="I have lupus", id="m1").status_code == 429
    web.channel.talk_limit.forget()
    assert visitor.post(text="I have lupus", id="m1").status_code == 200
    assert web.agent.received[-1].text == "I have lupus"


def test_an_emergency_in_a_flood_goes_to_the_bot(web: Server) -> None:
    visitor = Visitor(web)
    flood(visitor, 31)
    answer = visitor.post(text="help, I can't swallow since the treatment")
    assert answer.status_code == 200 and texts(answer.json()) == [EMERGENCY["text"]]
    assert answer.json()["messages"][0]["kind"] == "urgent"
    assert web.agent.received[-1].text.startswith("help")


def test_a_flood_of_emergencies_gets_the_fixed_words_each_time_without_the_bot(web: Server) -> None:
    visitor = Visitor(web)
    flood(visitor, 30)
    answers = [visitor.post(text="I can't swallow") for _ in range(15)]
    assert all(answer.status_code == 200 and "911" in texts(answer.json())[0] for answer in answers)
    assert len(web.agent.received) == 40
    assert answers[-1].json()["messages"][0]["kind"] == "urgent"


def test_an_emergency_far_too_long_is_heard(web: Server) -> None:
    visitor = Visitor(web)
    story = "I went there on Monday and it was fine. " * 300
    answer = visitor.post(text=story + "Now I can't swallow.")
    assert answer.status_code == 200 and texts(answer.json()) == [EMERGENCY["text"]]
    assert len(web.agent.received[-1].text) <= 2 * LISTENED_TO + 1
    assert visitor.post(text=story).status_code == 413


def test_one_address_cannot_open_sessions_without_end(web: Server) -> None:
    answers = [requests.post(web.url + "session", timeout=10) for _ in range(62)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert answers[59].status_code == 200 and refused
    assert texts(refused[0].json()) == [TOO_FAST] and "token" not in refused[0].json()


def test_a_header_names_the_address_only_for_a_trusted_proxy(web: Server, settings: Any) -> None:
    def open_from(address: str) -> int:
        return requests.post(web.url + "session", headers={"X-Forwarded-For": address}, timeout=10).status_code

    assert {open_from(f"10.0.0.{n}") for n in range(70)} == {200, 429}, "a header alone is nobody's word"
    web.channel.session_limit.forget()
    settings(TRUSTED_PROXIES="127.0.0.1")
    assert {open_from(f"10.0.0.{n}") for n in range(70)} == {200}


def test_long_messages_count_as_several_of_their_address(web: Server) -> None:
    visitors = [Visitor(web) for _ in range(2)]
    codes = [visitors[n % 2].post(text="x" * 10_000).status_code for n in range(26)]
    assert codes[:20] == [200] * 20 and 429 in codes[21:]


def test_a_thousand_sessions_at_once(web: Server, settings: Any) -> None:
    settings(TRUSTED_PROXIES="127.0.0.1")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 4096:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))

    async def open_all() -> List[Dict[str, Any]]:
        timeout = aiohttp.ClientTimeout(total=120)
        # More connections at once than this machine serves in ten seconds would be cut off, rightly.
        connector = aiohttp.TCPConnector(limit=200)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as client:

            async def one(number: int) -> Dict[str, Any]:
                headers = {"X-Forwarded-For": f"10.1.{number // 250}.{number % 250}"}
                async with client.post(web.url + "session", headers=headers) as answer:
                    assert answer.status == 200
                    return await answer.json()

            return await asyncio.gather(*(one(number) for number in range(1_000)))

    opened = asyncio.run(open_all())
    assert len({reply["token"] for reply in opened}) == 1_000
    assert len(web.channel.turns.talks) == 1_000 <= REMEMBERED_TALKS
