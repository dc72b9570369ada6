"""Killed between "yes, send it" and the answer: the request and its messages are there once, or not yet."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest
from sqlalchemy import select

from desk.database import transaction
from desk.records import Consultation, Delivery
from tests.conversations.runner import REFERENCE
from tests.dying_actions import POINTS
from tests.harness import ActionServer, Bot, Conversation

WEBHOOK = {"WEBHOOK_URL": "https://hooks.example.com/x", "WEBHOOK_SECRET": "a secret of more than 32 characters"}
STEPS = ("book a consultation please, im 34", "nell", "nell@example.com", "mornings")


@pytest.fixture
def desk(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/desk.db"


@pytest.fixture
def served(bot: Bot, desk: str, tmp_path: Path) -> Iterator[Any]:
    """A function that starts the action server on this desk; the bot uses it from then on."""
    usual, started = bot.agent.processor.action_endpoint.url, []  # type: ignore[union-attr]

    def start(*command: str) -> ActionServer:
        server = ActionServer(tmp_path, command=command, DATABASE_URL=desk, **WEBHOOK)
        started.append(server)
        bot.use_actions(server.url)
        return server

    yield start
    bot.use_actions(usual)
    for server in started:
        server.stop()


def talks(bot: Bot) -> Dict[str, Any]:
    """What is kept of every talk: all that a bot which was killed knows afterwards."""
    return bot.agent.tracker_store._tracker_store.store  # type: ignore[union-attr]


def stored(desk: str) -> Tuple[List[Consultation], List[str]]:
    """The requests, and the messages about them."""
    with transaction(desk) as session:
        return list(session.scalars(select(Consultation))), list(session.scalars(select(Delivery.event)))


def ready_to_send(bot: Bot) -> Conversation:
    """A talk that waits for the yes."""
    talk = bot.talk()
    for step in STEPS:
        talk.say(step)
    assert "May the clinic's team contact you" in talk.texts
    return talk


def is_there_once(desk: str, talk: Conversation) -> None:
    requests, messages = stored(desk)
    (reference,) = REFERENCE.findall(talk.texts)
    assert [request.reference for request in requests] == [reference.replace("-", "")]
    assert requests[0].windows[0]["label"] == "mornings" and messages == ["requested"]


@pytest.mark.parametrize("point", POINTS)
def test_the_action_server_is_killed_while_it_sends(bot: Bot, desk: str, served: Any, point: str) -> None:
    dying = served("-m", "tests.dying_actions", point)
    talk = ready_to_send(bot)
    talk.press("Yes, send it")
    assert dying.process.wait(10) == -9
    assert not REFERENCE.findall(talk.texts) and "(555) 010-0142" in talk.texts
    committed = point in POINTS[2:]
    requests, messages = stored(desk)
    assert len(requests) == len(messages) == committed  # both or none
    served()
    state = copy.deepcopy(talks(bot)[talk.sender])
    for again in ("yes", "book a consultation", "did it work?"):
        talks(bot)[talk.sender] = copy.deepcopy(state)
        talk.say(again)
        is_there_once(desk, talk)
    talk.say("yes")
    assert not REFERENCE.findall(talk.texts) and len(stored(desk)[0]) == 1


def test_the_bot_is_killed_before_it_saves_the_turn(bot: Bot, desk: str, served: Any) -> None:
    served()
    talk = ready_to_send(bot)
    store = talks(bot)
    before = copy.deepcopy(store[talk.sender])
    talk.press("Yes, send it")
    is_there_once(desk, talk)
    for _ in range(2):
        store[talk.sender] = copy.deepcopy(before)  # what a killed process knew of the talk
        talk.say("yes")
        is_there_once(desk, talk)
    store[talk.sender] = copy.deepcopy(before)
    talk.say("make it weekday mornings")  # changed her mind, not knowing that it is stored
    talk.say("yes")
    requests, messages = stored(desk)
    assert [one.windows[0]["label"] for one in requests] == ["weekdays, morning"]
    assert messages == ["requested", "rescheduled"]


def test_the_desk_is_away_and_the_yes_is_said_again(bot: Bot, desk: str, served: Any, tmp_path: Path) -> None:
    served()
    talk = ready_to_send(bot)
    file = tmp_path / "desk.db"
    hidden = [(path, path.with_name("hidden-" + path.name)) for path in tmp_path.glob("desk.db*")]
    for path, elsewhere in hidden:
        os.rename(path, elsewhere)
    file.mkdir()
    talk.press("Yes, send it")
    assert "could not save your request" in talk.texts
    file.rmdir()
    for path, elsewhere in hidden:
        os.rename(elsewhere, path)
    talk.say("yes")
    is_there_once(desk, talk)
