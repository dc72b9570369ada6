"""Cutting a message into clauses that may each ask for something."""

from __future__ import annotations

import pytest

from components.clauses import MAX_CLAUSES, clauses


@pytest.mark.parametrize(
    "text, expected",
    [
        ("does it hurt and how much is it?", ["does it hurt", "how much is it?"]),
        ("What is it? How long will it last?", ["What is it?", "How long will it last?"]),
        ("price?and does it hurt", ["price?", "and does it hurt"]),
        ("is there downtime, and can i use makeup after", ["is there downtime", "can i use makeup after"]),
        ("I have oily and sweaty skin", ["I have oily and sweaty skin"]),
        ("fillers and prp together", ["fillers and prp together"]),
        ("how long\nhow much", ["how long", "how much"]),
    ],
)
def test_a_new_question_begins_a_new_clause(text: str, expected: list) -> None:
    assert clauses(text) == expected


def test_there_are_never_more_than_four_and_nothing_is_dropped() -> None:
    text = "what is it? how long? how much? does it hurt? who does it? is it legal?"
    parts = clauses(text)
    assert len(parts) == MAX_CLAUSES
    assert "is it legal?" in parts[-1]


@pytest.mark.parametrize("text", ["", "?", "!!!", "a", " , "])
def test_a_message_without_words_is_one_clause(text: str) -> None:
    assert clauses(text) == [text]
