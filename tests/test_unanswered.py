"""The owner's report of questions without an answer: grouped by likeness, nothing personal in it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple

import pytest

from components import unanswered

KNOWN = unanswered.known_words() | {"park", "parking"}


def said(text: str, intent: str = "nlu_fallback", at: float = 100.0) -> Dict[str, Any]:
    return {"event": "user", "text": text, "timestamp": at, "parse_data": {"intent": {"name": intent}}}


def stored(*events: Tuple[str, Dict[str, Any]]) -> Iterator[Tuple[str, Dict[str, Any]]]:
    return iter(events)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("hi its Zebulon Wyczak, can i park there", ["Zebulon", "Wyczak"]),
        ("call me on 07700 900123 about the parking", ["07700", "900123"]),
        ("write to zeb@wyczak.example about parking", ["zeb", "wyczak", "example"]),
        ("I'm 11 weeks pregnant, where do I park", ["pregnant", "11"]),
        ("on eliquis since june, is there a car park", ["eliquis"]),
    ],
)
def test_nothing_personal_is_shown(text: str, hidden: list) -> None:
    shown = unanswered.stripped(text, KNOWN).lower().split()
    assert not any(word.lower() in shown for word in hidden)
    assert "park" in shown or "parking" in shown


def test_words_of_health_are_marked() -> None:
    assert unanswered.HEALTH in unanswered.stripped("I have lupus, can you tell me something", KNOWN)


def test_only_what_got_no_answer_outside_a_form_is_listed() -> None:
    found = unanswered.unanswered(
        stored(
            ("a", said("do you have a parking lot")),
            ("a", said("how much is it", intent="faq_cost")),
            ("b", {"event": "active_loop", "name": "booking_form"}),
            ("b", said("Zebulon Wyczak")),
            ("a", said("is there a bus")),
            ("b", {"event": "active_loop", "name": None}),
            ("b", said("can i bring my dog", intent="out_of_scope")),
            ("c", said("long ago", at=1.0)),
        ),
        since=50.0,
    )
    assert found == [("a", "do you have a parking lot"), ("a", "is there a bus"), ("b", "can i bring my dog")]


def test_like_wordings_stand_together_and_the_most_asked_comes_first() -> None:
    groups = unanswered.grouped(
        [("a", "can I bring my dog"), ("b", "is there a parking lot"), ("c", "where can I park the car"),
         ("c", "is there parking"), ("d", "do you have a car park")],
        KNOWN | {"dog", "park", "parking", "lot", "car", "bring"},
    )
    assert groups[0].people == 3
    assert all("park" in text for text in groups[0].wordings)
    assert groups[-1].wordings == ("can I bring my dog",)


def test_the_command_reads_the_stored_conversations(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    file = tmp_path / "talks.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, sender_id TEXT, type_name TEXT, data TEXT)")
        row = json.dumps(said("is it open on sunday for dogs", at=9e9))
        connection.execute("INSERT INTO events (sender_id, type_name, data) VALUES ('a', 'user', ?)", (row,))
    monkeypatch.setenv("CONVERSATIONS_DB", str(file))
    assert unanswered.main(["--days", "7"]) == 0
    assert "1 person" in capsys.readouterr().out


def test_no_conversations_yet_is_one_plain_line(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setenv("CONVERSATIONS_DB", str(tmp_path / "none.db"))
    assert unanswered.main([]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
