"""After everything of a conversation was deleted, its session and its links are refused on the web."""

from __future__ import annotations

from typing import Any

import requests

from channels.session import Sessions
from desk import privacy
from tests import web_fixtures
from tests.test_web_channel import Visitor, texts
from tests.web_fixtures import FIXED, Server

web = web_fixtures.web


def conversation_of(server: Server, visitor: Visitor) -> str:
    secret = server.channel.secret_file.read_text("ascii")
    conversation = Sessions(secret, 7).conversation(visitor.headers["Authorization"])
    assert conversation
    return conversation


def delete(conversation: str) -> None:
    privacy.request_deletion(conversation)
    for one in privacy.pending():
        privacy.delete_everything(one.id)


def test_its_session_is_over_and_a_new_one_opens(web: Server) -> None:
    visitor = Visitor(web)
    assert visitor.say("how does it work")["messages"]
    delete(conversation_of(web, visitor))
    refused = visitor.post(text="hello")
    assert (refused.status_code, refused.json()["error"]) == (401, "session")
    assert requests.get(visitor.url + "history", headers=visitor.headers, timeout=10).status_code == 401
    assert texts(Visitor(web).opened) == [FIXED["utter_greet"]["text"]]


def test_its_private_link_has_ended(web: Server) -> None:
    secret = web.channel.secret_file.read_text("ascii")
    link = Sessions(secret, 7).link("sms-of-hers", 3600)
    delete("sms-of-hers")
    reply: Any = requests.post(web.url + "session", json={"link": link}, timeout=10)
    assert (reply.status_code, reply.json()["error"]) == (401, "link")
    assert texts(reply.json()) == [FIXED["utter_link_over"]["text"]]


def test_the_others_go_on(web: Server) -> None:
    hers, other = Visitor(web), Visitor(web)
    delete(conversation_of(web, hers))
    assert other.say("how does it work")["messages"]
