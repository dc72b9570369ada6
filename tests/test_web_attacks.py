"""What an attacker sends on the wire: broken, huge, slow, smuggled, replayed and re-ordered requests."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import Any, Dict, Iterator, List

import pytest
import requests

from channels import connections
from channels.assets import WIDGET
from channels.connections import HEAD_SECONDS
from channels.incoming import BODY_SECONDS
from tests import web_fixtures
from tests.test_web_channel import Visitor, texts
from tests.web_fixtures import FIXED, Server

web = web_fixtures.web


@pytest.fixture
def visitor(web: Server) -> Visitor:
    return Visitor(web)


def wire(server: Server, data: bytes, hang_up: bool = False) -> bytes:
    """What comes back for these bytes until the server closes. `hang_up`: we have nothing more to send."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=15) as plain:
        plain.sendall(data)
        if hang_up:
            plain.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: _read(plain), b""))


def _read(plain: socket.socket) -> bytes:
    try:
        return plain.recv(65536)
    except (ConnectionError, socket.timeout):
        return b""


def request(visitor: Visitor, body: bytes, **headers: str) -> bytes:
    """A /message request as bytes."""
    lines = {
        "Host": "x",
        "Authorization": visitor.headers["Authorization"],
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"POST /webhooks/web/message HTTP/1.1\r\n{head}\r\n".encode() + body


# Bodies

BODIES: Dict[str, bytes] = {
    "deep lists": b"[" * 60_000,
    "deep objects": b'{"a":' * 12_000,
    "a deep text": b'{"text": ' * 7_000,
    "a huge whole number": b'{"choice": ' + b"9" * 60_000 + b"}",
    "a huge number of choices": b'{"choices": [' + b"0," * 30_000 + b"0]}",
    "a huge exponent": b'{"choice": 1e400}',
    "not a number": b'{"choice": NaN}',
    "infinity": b'{"choices": [Infinity]}',
    "minus zero point": b'{"choice": -0.0}',
    "a text in a list": b'{"text": ["hi"]}',
    "an object as text": b'{"text": {"$gt": ""}}',
    "true as text": b'{"text": true}',
    "a text as choices": b'{"choices": "01"}',
    "an offer that is a number": b'{"choice": 0, "offer": 1}',
    "a path as id": b'{"text": "a", "id": "../../x"}',
    "an id with a line break": b'{"text": "a", "id": "a\\n"}',
    "an endless id": b'{"text": "a", "id": "' + b"a" * 65 + b'"}',
    "two values": b'{"text": "a"} {"text": "b"}',
    "a comment": b'{"text": "a"} // hi',
    "single quotes": b"{'text': 'a'}",
    "half a letter": b'{"text": "\xc3"}',
    "UTF-16": '{"text": 5}'.encode("utf-16"),
    "cut in the middle": b'{"text": "I have lup',
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "YAML": b"!!python/object/apply:os.system [id]",
    "a form": b"text=hi",
    "zeros": b"\x00" * 1_000,
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_that_makes_no_sense_is_refused(web: Server, visitor: Visitor, kind: str) -> None:
    answer = visitor.raw(BODIES[kind])
    assert answer.status_code == 400, answer.text
    assert answer.json()["hint"] and answer.json()["messages"] == []
    assert not web.agent.received


@pytest.mark.parametrize(
    "raw, heard",
    [
        (b'{"text": "a\\u0000b\\u0007c"}', "abc"),
        (b'{"text": "\\ud83d x \\udc4d"}', "? x ?"),
        (b'{"text": "\\ud83d\\udc4d"}', "\U0001f44d"),
        (b'{"text": "a\\u202eb"}', "a\u202eb"),
        (b'{"text": "a", "text": "b"}', "b"),
        (b'{"text": "a", "__proto__": {"x": 1}, "sender": "y", "metadata": {"z": 1}}', "a"),
        (b'\xef\xbb\xbf{"text": "a"}'[3:], "a"),
    ],
)
def test_odd_letters_and_keys_do_no_harm(web: Server, visitor: Visitor, raw: bytes, heard: str) -> None:
    assert visitor.raw(raw).status_code == 200
    message = web.agent.received[-1]
    assert message.text == heard
    assert set(message.metadata or {}) <= {"shown"}


@pytest.mark.parametrize("size", [64 * 1024 + 1, 1_000_000, 8_000_000])
@pytest.mark.parametrize("path", ["message", "session"])
def test_large_bodies_are_not_read_to_their_end(web: Server, visitor: Visitor, size: int, path: str) -> None:
    headers = {**visitor.headers, "Content-Type": "application/json"}
    try:
        answer = requests.post(web.url + path, data=b"x" * size, headers=headers, timeout=15)
        assert answer.status_code == 413 and texts(answer.json()) == [FIXED["utter_too_long"]["text"]]
    except requests.ConnectionError:  # cut off while it was still sending
        assert size > connections.LARGEST_REQUEST
    assert visitor.post(text="still here").status_code == 200


def test_an_endless_chunked_body_is_cut_off(web: Server, visitor: Visitor) -> None:
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    head = request(visitor, b"", Content_Length="", Transfer_Encoding="chunked")
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as plain:
        sent = 0
        with pytest.raises(OSError):
            plain.sendall(head)
            while sent < 100_000_000:
                plain.sendall(chunk)
                sent += len(chunk)
        assert sent < 20_000_000
    assert not web.agent.received


@pytest.mark.parametrize("path", ["about", "health", "history", "s/widget.js", "nowhere"])
def test_a_body_where_none_belongs_does_no_harm(web: Server, visitor: Visitor, path: str) -> None:
    answer = requests.get(web.url + path, data=b"x" * 10_000, headers=visitor.headers, timeout=10)
    assert answer.status_code in (200, 404)


# Truncated, re-ordered, replayed


@pytest.mark.parametrize("keep", [0, 1, 10, 30])
def test_a_body_that_breaks_off_reaches_nobody(web: Server, visitor: Visitor, keep: int) -> None:
    body = json.dumps({"text": "I have lupus, please book me", "id": "m1"}).encode()
    wire(web, request(visitor, body[:keep], Content_Length=str(len(body))), hang_up=True)
    assert not web.agent.received
    assert visitor.post(text="I have lupus, please book me", id="m1").status_code == 200
    assert len(web.agent.received) == 1


def test_a_replayed_message_is_answered_again_but_done_once(web: Server, visitor: Visitor) -> None:
    raw = request(visitor, b'{"text": "book me", "id": "m1"}')
    answers = [wire(web, raw).partition(b"\r\n\r\n")[2] for _ in range(5)]
    assert len(set(answers)) == 1 and len(web.agent.received) == 1


def test_the_same_id_in_another_talk_is_another_message(web: Server, visitor: Visitor) -> None:
    visitor.post(text="mine", id="m1")
    other = Visitor(web).post(text="yours", id="m1")
    assert texts(other.json()) == ["You wrote: yours"]


def test_presses_that_arrive_in_the_wrong_order_answer_no_other_question(web: Server, visitor: Visitor) -> None:
    first = visitor.say("34")["open"]["id"]
    second = visitor.post(choice=0, offer=first, id="p1").json()["open"]["id"]
    late = visitor.post(choice=1, offer=first, id="p0")
    assert late.status_code == 400 and late.json()["error"] == "choice_gone"
    assert late.json()["open"]["id"] == second
    assert [message.text for message in web.agent.received] == ["34", "/affirm"]


def test_another_talks_buttons_cannot_be_pressed(web: Server, visitor: Visitor) -> None:
    other = Visitor(web)
    offer = other.say("34")["open"]["id"]
    assert visitor.post(choice=0, offer=offer).status_code == 400
    assert [message.text for message in web.agent.received] == ["34"]


# Malformed requests


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: -5",
        "Content-Length: abc",
        "Content-Length: 1_0",
        "Content-Length: 12\r\nContent-Length: 3",
        "Content-Length: 12\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Content-Length: \u0663",
    ],
)
def test_a_length_that_can_be_read_in_two_ways_is_refused(web: Server, visitor: Visitor, head: str) -> None:
    raw = (
        f"POST /webhooks/web/message HTTP/1.1\r\nHost: x\r\n{head}\r\n"
        f"Authorization: {visitor.headers['Authorization']}\r\nContent-Type: application/json\r\n\r\n"
    ).encode()
    back = wire(web, raw + b'{"text":"hi"}GET /webhooks/web/about HTTP/1.1\r\nHost: x\r\n\r\n')
    assert back.startswith(b"HTTP/1.1 400 ") and back.count(b"HTTP/1.1") == 1
    assert not web.agent.received


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /webhooks/web/about HTTP/1.1\r\nno colon\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /webhooks/web/about HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_http_is_cut_off(web: Server, raw: bytes) -> None:
    back = wire(web, raw)
    assert back == b"" or back.split(b" ")[1] in (b"400", b"413")
    assert requests.get(web.url + "about", timeout=10).ok


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "GET"])
def test_other_methods_are_not_answered(web: Server, method: str) -> None:
    for path in ("message", "session"):
        assert requests.request(method, web.url + path, timeout=10).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "s/../session.py", "s/..%2fsession.py", "s/%2e%2e/session.py", "s/%2e%2e%2fsession.py", "s//etc/passwd",
        "s/..%5csession.py", "s/%252e%252e/session.py", "s/....//session.py", "s/./../../channels/web.py",
        "s/%00", "s/widget.js%00.py", "s/%c0%ae%c0%ae/session.py", "s/~root", "s/C:/x", "s/..;/session.py", "s/",
        "s/.", "s/..", "../../credentials.yml", "%2e%2e/%2e%2e/credentials.yml", "s/../../../var/web_session_secret",
    ],
)  # fmt: skip
def test_nothing_above_the_static_files_is_served(web: Server, path: str) -> None:
    raw = f"GET /webhooks/web/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    back = wire(web, raw)
    assert back.split(b" ")[1] in (b"400", b"404"), back[:200]
    for word in (b"import ", b"root:", b"channels.web"):
        assert word not in back


def test_only_the_widgets_own_files_are_there() -> None:
    assert {path.suffix for path in WIDGET.rglob("*") if path.is_file()} <= {
        ".js", ".css", ".html", ".svg", ".png", ".ico", ".json", ".txt",
    }  # fmt: skip


# Markup and names of facts


@pytest.mark.parametrize(
    "typed",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{clinic.phone}",
        "{verdict} {{7*7}} ${7*7} #{7*7} <%= 7*7 %> %(x)s %s {0} {}",
        "'; DROP TABLE events; --",
        "[link](javascript:alert(1))",
        "\u202egnp.exe",
    ],
)
def test_markup_and_names_of_facts_come_back_as_text(web: Server, visitor: Visitor, typed: str) -> None:
    reply = visitor.post(text=typed)
    assert reply.headers["Content-Type"] == "application/json"
    assert web.agent.received[-1].text == typed
    assert visitor.history()["messages"][-2] == {"who": "user", "text": typed}


# Slow clients


@pytest.fixture
def dripping(web: Server, visitor: Visitor) -> Iterator[List[Dict[str, Any]]]:
    """Clients that send a byte now and then, each until the server has enough of it."""
    ended: List[Dict[str, Any]] = []
    head = b"POST /webhooks/web/message HTTP/1.1\r\nHost: x\r\n"
    body = request(visitor, b'{"text": "I have', Content_Length="4000")
    starts = {
        "a head": (head, b"X: y\r\n"),
        "a body": (body, b" "),
        "a body where none belongs": (b"GET /webhooks/web/about HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n", b" "),
        "nothing": (b"", b""),
    }

    def drip(kind: str, first: bytes, more: bytes) -> None:
        started, back = time.monotonic(), b""
        with socket.create_connection(("127.0.0.1", web.port)) as plain:
            plain.settimeout(0.5)
            try:
                plain.sendall(first)
                while time.monotonic() - started < 70:
                    try:
                        got = plain.recv(65536)
                        if not got:
                            break
                        back += got
                    except socket.timeout:
                        plain.sendall(more)
            except OSError:
                pass
        ended.append({"kind": kind, "seconds": time.monotonic() - started, "back": back})

    threads = [threading.Thread(target=drip, args=(kind, *start), daemon=True) for kind, start in starts.items()]
    for thread in threads:
        thread.start()
    yield ended
    for thread in threads:
        thread.join(80)


def test_a_dripping_client_is_cut_off_while_others_are_served(
    web: Server, dripping: List[Dict[str, Any]]
) -> None:
    other = Visitor(web)
    deadline = time.monotonic() + 75
    served = 0
    while len(dripping) < 4 and time.monotonic() < deadline:
        web.channel.talk_limit.forget()
        web.channel.address_limit.forget()
        assert other.post(text=f"hello {served}").status_code == 200
        served += 1
        time.sleep(0.2)
    ended = {client["kind"]: client for client in dripping}
    assert set(ended) == {"a head", "a body", "a body where none belongs", "nothing"}
    for kind in ("a head", "a body", "nothing"):
        assert ended[kind]["seconds"] < HEAD_SECONDS + BODY_SECONDS
    assert ended["a body where none belongs"]["seconds"] < connections.REQUEST_SECONDS + HEAD_SECONDS
    assert b" 408 " in ended["a body"]["back"]
    assert served > 20
    assert not any("I have" in message.text for message in web.agent.received)
