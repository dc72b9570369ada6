"""Whole conversations with the trained bot and the real action server, each from a persona and a goal."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from tests.conversations.manners import broken_manners
from tests.conversations.runner import FOLDER, Player, Turn, case_files, dated, load_case

CASES = {path: load_case(path) for path in case_files()}


@pytest.mark.parametrize("path", list(CASES), ids=[case.name for case in CASES.values()])
def test_conversation(bot: object, path: Path) -> None:
    from desk.settings import today

    player = Player(CASES[path], bot, today())
    assert not player.play(), "\n" + player.script()


def test_every_file_is_named_after_its_sentence() -> None:
    for path, case in CASES.items():
        words = re.sub(r"[^a-z0-9]+", "_", case.name.lower().replace("'", "")).strip("_")
        assert path.stem == words, f"{path.relative_to(FOLDER)}: should be {words}.yml"
    names = [case.name for case in CASES.values()]
    assert len(set(names)) == len(names)


def test_dates_are_counted_from_today() -> None:
    assert dated("until {today-14d+P6M}.", date(2026, 9, 17)) == "until 3 March 2027."
    assert dated("{today-14d|%B %Y}", date(2026, 1, 5)) == "December 2025"


@pytest.mark.parametrize("later", ["1d", "30h", "6m"])
def test_time_may_pass_between_two_turns(later: str) -> None:
    assert Turn(patient="hi", later=later).later == later


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="is no time"):
        Turn(patient="hi", later="soon")


@pytest.mark.parametrize(
    "text",
    ["You qualify for this.", "You are a good candidate.", "Call {clinic.phone}.", "It is safe.", "", "It\u2019s"],
)
def test_a_reply_without_manners_is_noticed(text: str) -> None:
    assert broken_manners([{"text": text, "buttons": [], "multi": False}], {})
