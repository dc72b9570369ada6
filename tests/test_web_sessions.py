"""Session tokens and private links: forged, expired, changed, guessed, used too often."""

from __future__ import annotations

import base64
import hmac
import json
import time
from datetime import datetime, timezone
from typing import Any, Dict, Iterator

import jwt
import pytest
import requests
from rasa.shared.exceptions import RasaException

from channels import links
from channels.session import Sessions, private_link, read_or_make_secret
from desk import web_settings as module
from desk.database import DeskUnavailable, transaction
from desk.privacy_records import PrivateLinkUse
from tests import web_fixtures
from tests.desk_fixtures import database  # noqa: F401  a fixture
from tests.test_web_channel import Visitor, texts
from tests.web_fixtures import FIXED, Server

web = web_fixtures.web
OVER = FIXED["utter_link_over"]["text"]


@pytest.fixture
def secret(web: Server) -> str:
    return read_or_make_secret(web.channel.secret_file)


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PUBLIC_URL", "https://chat.clinic.example/")
    module.web_settings.cache_clear()
    yield
    monkeypatch.undo()
    module.web_settings.cache_clear()


def good(**changes: Any) -> Dict[str, Any]:
    now = int(time.time())
    claims = {"sub": "web-x", "aud": "web", "iat": now, "exp": now + 60, **changes}
    return {key: value for key, value in claims.items() if value is not None}


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def sealed(claims: Any, key: bytes) -> str:
    """A token whose claims no library would sign."""
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}"
    seal = hmac.new(key, signed.encode(), "sha256").digest()
    return f"{signed}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"


def forged(secret: str) -> Dict[str, str]:
    """Tokens that must all be refused, by what is wrong with them."""
    real = jwt.encode(good(), secret, algorithm="HS256")
    head, body, seal = real.split(".")
    return {
        "another secret": jwt.encode(good(), "z" * 48, algorithm="HS256"),
        "an empty secret": sealed(good(), b""),
        "expired": jwt.encode(good(exp=int(time.time()) - 1), secret, algorithm="HS256"),
        "no end": jwt.encode(good(exp=None), secret, algorithm="HS256"),
        "no audience": jwt.encode(good(aud=None), secret, algorithm="HS256"),
        "another audience": jwt.encode(good(aud="staff"), secret, algorithm="HS256"),
        "a link's audience": jwt.encode(good(aud="link"), secret, algorithm="HS256"),
        "two audiences": jwt.encode(good(aud=["web", "link"]), secret, algorithm="HS256"),
        "nobody": jwt.encode(good(sub=None), secret, algorithm="HS256"),
        "an empty name": jwt.encode(good(sub=""), secret, algorithm="HS256"),
        "a name that is no text": sealed(good(sub={"$ne": 1}), secret.encode()),
        "not valid yet": jwt.encode(good(nbf=int(time.time()) + 600), secret, algorithm="HS256"),
        "no algorithm": jwt.encode(good(), None, algorithm="none"),
        "no algorithm, in capitals": f"{part({'alg': 'None', 'typ': 'JWT'})}.{body}.",
        "no algorithm but a seal": f"{part({'alg': 'none', 'typ': 'JWT'})}.{body}.{seal}",
        "another algorithm": jwt.encode(good(), secret, algorithm="HS512"),
        "a public key's algorithm": f"{part({'alg': 'RS256', 'typ': 'JWT'})}.{body}.{seal}",
        "a key of its own": f"{part({'alg': 'HS256', 'jwk': {'kty': 'oct', 'k': 'eA'}})}.{body}.{seal}",
        "a key file": f"{part({'alg': 'HS256', 'kid': '../../dev/null'})}.{body}.{seal}",
        "another body": f"{head}.{part(good(sub='web-y'))}.{seal}",
        "a cut seal": real[:-2],
        "no seal": f"{head}.{body}.",
        "an empty token": "",
        "no token": "x.y.z",
        "strange letters": "\u00e9.\u00e9.\u00e9",
        "far too long": "a" * 7_000,
    }


@pytest.mark.parametrize("path", ["history", "message"])
def test_every_forged_token_is_refused(web: Server, secret: str, path: str) -> None:
    for kind, token in forged(secret).items():
        headers = {"Authorization": f"Bearer {token}".encode()}
        if path == "history":
            answer = requests.get(web.url + path, headers=headers, timeout=10)
        else:
            answer = requests.post(web.url + path, json={"text": "hi"}, headers=headers, timeout=10)
        assert answer.status_code == 401, kind
        assert answer.json()["error"] == "session", kind
    assert not web.agent.received
    assert requests.get(
        web.url + "history",
        headers={"Authorization": f"Bearer {jwt.encode(good(), secret, algorithm='HS256')}"},
        timeout=10,
    ).ok


def test_a_conversation_cannot_be_chosen_or_guessed(web: Server) -> None:
    mine = Visitor(web)
    mine.say("I have lupus")
    name = jwt.decode(mine.opened["token"], options={"verify_signature": False})["sub"]
    for body in ({"conversation": name}, {"sender": name}, {"session_id": name}, {"token": mine.opened["token"]}):
        other = requests.post(web.url + "session", json=body, timeout=10).json()
        assert jwt.decode(other["token"], options={"verify_signature": False})["sub"] != name
        assert "lupus" not in json.dumps(other)
    for way in ({"params": {"token": mine.opened["token"]}}, {"cookies": {"token": mine.opened["token"]}}):
        assert requests.get(web.url + "history", timeout=10, **way).status_code == 401
    assert len(name) >= 28, "18 random bytes"


def test_a_secret_is_changed_without_ending_sessions() -> None:
    old, new = "o" * 40, "n" * 40
    before, conversation = Sessions(old, 1).issue()
    both = Sessions(f"{new}, {old}", 1)
    assert both.conversation(f"Bearer {before}") == conversation
    after, _ = both.issue(conversation)
    assert Sessions(new, 1).conversation(f"Bearer {after}") == conversation, "the first one signs"
    assert Sessions(old, 1).conversation(f"Bearer {after}") is None
    assert Sessions(new, 1).conversation(f"Bearer {before}") is None, "without the old one it is over"


def test_a_secret_that_cannot_be_used_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for wrong in ("short", f"{'a' * 40},short", ",", ",".join(["a" * 40, "b" * 40, "c" * 40])):
        monkeypatch.setenv("WEB_SESSION_SECRET", wrong)
        with pytest.raises(RasaException, match="32 characters") as caught:
            read_or_make_secret(tmp_path / "secret")
        assert "aaaa" not in str(caught.value)


# Private links


def link_to(conversation: str, server: Server, now: Any = None) -> str:
    link = private_link(conversation, now, secret_file=server.channel.secret_file)
    assert link and link.startswith("https://chat.clinic.example/webhooks/web/#link=")
    return link.partition("#link=")[2]


def follow(server: Server, token: Any) -> requests.Response:
    return requests.post(server.url + "session", json={"link": token}, timeout=10)


def test_a_link_goes_on_with_its_conversation(web: Server, public: None) -> None:
    visitor = Visitor(web)
    visitor.say("34")
    name = jwt.decode(visitor.opened["token"], options={"verify_signature": False})["sub"]
    answer = follow(web, link_to(name, web))
    assert answer.status_code == 200 and answer.json()["messages"] == []
    assert [button["title"] for button in answer.json()["open"]["buttons"]] == ["Yes", "No", "Not sure", "Skip"]
    headers = {"Authorization": "Bearer " + answer.json()["token"]}
    told = requests.get(web.url + "history", headers=headers, timeout=10).json()["messages"]
    assert "34" in [line["text"] for line in told]
    end = jwt.decode(answer.json()["token"], options={"verify_signature": False})["exp"]
    assert end <= time.time() + 48 * 3600 + 1


def test_without_a_public_address_there_is_no_link(web: Server) -> None:
    assert private_link("sms-x", secret_file=web.channel.secret_file) is None


def test_a_link_is_short_and_its_token_stays_in_the_browser(web: Server, public: None) -> None:
    link = private_link("sms-" + "a" * 32, secret_file=web.channel.secret_file)
    assert link and len(link) < 250 and "?" not in link and link.index("#") < link.index("link=")


def test_a_link_ends(web: Server, public: None) -> None:
    then = time.time() - 48 * 3600
    assert follow(web, link_to("sms-late", web, then + 60)).status_code == 200
    over = follow(web, link_to("sms-late", web, then - 1))
    assert over.status_code == 401 and over.json()["error"] == "link" and texts(over.json()) == [OVER]


def test_a_forged_link_is_refused(web: Server, public: None, secret: str) -> None:
    session, _ = Sessions(secret, 1).issue()
    made = forged(secret)
    tokens = [*made.values(), session, 5, ["x"], {"a": 1}, True]
    web.channel.session_limit.burst = 1_000.0
    try:
        for token in tokens:
            answer = follow(web, token)
            # With the link's own audience the claims of that one are those of a link.
            if isinstance(token, str) and token == made["a link's audience"]:
                continue
            assert answer.status_code == 401 and answer.json()["error"] == "link", token
            assert "token" not in answer.json()
    finally:
        web.channel.session_limit.burst = 60.0


def test_a_link_is_no_session(web: Server, public: None) -> None:
    headers = {"Authorization": "Bearer " + link_to("sms-x", web)}
    assert requests.get(web.url + "history", headers=headers, timeout=10).status_code == 401


def test_a_link_works_five_times(web: Server, public: None) -> None:
    token = link_to("sms-often", web)
    assert [follow(web, token).status_code for _ in range(7)] == [200] * 5 + [401] * 2


def test_uses_are_counted_each_link_by_itself_and_forgotten_after_its_end(database: str) -> None:  # noqa: F811
    early, late = (datetime.fromtimestamp(second, timezone.utc) for second in (100, 201))
    assert [links.use("a", 200, now=early) for _ in range(6)] == [True] * 5 + [False]
    assert links.use("b", 200, now=early)
    assert links.use("c", 400, now=late)
    with transaction() as session:
        rows = session.query(PrivateLinkUse).all()
        assert [(row.uses, row.ends_at.timestamp()) for row in rows] == [(1, 400)]
        assert "c" != rows[0].digest and len(rows[0].digest) == 64, "the link itself is not kept"


def test_a_database_that_does_not_answer_lets_nobody_in(
    web: Server, public: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise DeskUnavailable("OperationalError")

    monkeypatch.setattr(links, "use", broken)
    answer = follow(web, link_to("sms-x", web))
    assert answer.status_code == 503 and "token" not in answer.json()
    assert texts(answer.json()) == [FIXED["utter_unavailable"]["text"]]
