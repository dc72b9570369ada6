"""Every intent in every state of the talk: one reply, in order, and what was said stays."""

from __future__ import annotations

import logging
from typing import Dict, Iterator, List, Tuple

import pytest
from rasa.shared.core.trackers import DialogueStateTracker

from tests.harness import ActionServer, Bot
from tests.states import BOOKING, QUESTIONS, STATES, State, Turn, run_grid

Grid = Tuple[List[Turn], List[str]]


@pytest.fixture(scope="module")
def grid(bot: Bot, action_server: ActionServer, states: Dict[str, State]) -> Iterator[Grid]:
    """Every turn of the grid and the errors logged meanwhile."""
    import rasa.core.actions.action as actions

    # A thousand turns at once on a busy machine say nothing about time; other tests do.
    usual, actions.DEFAULT_REQUEST_TIMEOUT = actions.DEFAULT_REQUEST_TIMEOUT, 60  # type: ignore[assignment]
    logged: List[str] = []

    class Listen(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            logged.append(
                f"{record.name}: {record.getMessage()} {error!r} {getattr(error, '__cause__', None)!r}"
            )

    listen = Listen(logging.WARNING)
    logging.getLogger().addHandler(listen)
    try:
        turns = run_grid(bot, states)
    finally:
        logging.getLogger().removeHandler(listen)
        actions.DEFAULT_REQUEST_TIMEOUT = usual
    yield turns, logged + [line for line in action_server.log.read_text().splitlines() if "Traceback" in line]


def test_the_states_are_what_they_are_called(bot: Bot, states: Dict[str, State]) -> None:
    assert sorted(states) == sorted(STATES)
    slots = bot.agent.domain.slots  # type: ignore[union-attr]
    for name, state in states.items():
        tracker = DialogueStateTracker.from_dict("one", state, slots)
        if name in dict(QUESTIONS + BOOKING):
            assert tracker.get_slot("requested_slot") == name
        if name.endswith("follow-up"):
            assert str(tracker.get_slot("follow_up")).startswith(name.split()[0]), name
        assert bool(tracker.active_loop_name) == (
            name not in ("no form", "after the verdict", "after the booking")
        )


@pytest.mark.parametrize("state", STATES)
def test_every_intent_gets_one_reply(grid: Grid, state: str) -> None:
    turns = [turn for turn in grid[0] if turn.state == state]
    assert len(turns) > 50
    broken = {turn.intent: (turn.problems(), turn.responses) for turn in turns if turn.problems()}
    assert not broken


def test_no_exception_is_logged(grid: Grid) -> None:
    assert not grid[1]


def test_asking_for_the_open_form_asks_its_question_again(grid: Grid) -> None:
    for turn in grid[0]:
        if (turn.intent, turn.tracker.active_loop_name) == ("start_screening", "screening_form"):
            assert turn.responses[-1].startswith("utter_ask_") and turn.actions[-2] == "screening_form"


def test_an_emergency_ends_the_form_in_every_state(grid: Grid, states: Dict[str, State]) -> None:
    for turn in grid[0]:
        if turn.intent == "urgent_symptom":
            assert turn.responses == ["utter_urgent"], turn.state
            assert turn.tracker.active_loop_name is None and turn.tracker.get_slot("requested_slot") is None
            before = DialogueStateTracker.from_dict("one", states[turn.state], turn.tracker.slots.values())
            for slot in ("findings", "q1_age", "q2_pregnancy", "booking_name", "booking_contact"):
                assert turn.tracker.get_slot(slot) == before.get_slot(slot), (turn.state, slot)
