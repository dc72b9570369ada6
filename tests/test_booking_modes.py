"""Whole bookings at clinics that book otherwise: free times that are held, and a booking page of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator, List

import pytest
from sqlalchemy import select

from desk.database import transaction
from desk.records import Consultation, SlotCell
from tests.booking_fixtures import Clinic, offers, say
from tests.conversations.runner import REFERENCE

WHO = ("book a consultation please, im 34", "nell", "nell@example.com")


@pytest.fixture(scope="module")
def slots(bot: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    with Clinic(bot, tmp_path_factory.mktemp("slots"), mode="slots") as clinic:
        yield clinic


def held(clinic: Clinic) -> List[Any]:
    with transaction(clinic.address) as session:
        return sorted(session.scalars(select(SlotCell.starts_at)))


def test_a_time_is_taken_moved_and_freed(slots: Clinic) -> None:
    talk = slots.talk(*WHO)
    assert "times are free" in talk.texts and len(offers(talk)) == 5
    first = offers(talk)[1]
    say(talk, f"[{first}]")
    assert f"Times: {first}" in talk.texts
    say(talk, "[Yes, send it]")
    assert f"kept for you: {first}" in talk.texts and len(held(slots)) == 2
    before = held(slots)
    say(talk, "change the time of my booking", "nell@example.com")
    other = offers(talk)[2]
    assert first not in offers(talk)
    say(talk, f"[{other}]", "[Yes]")
    assert f"kept for you: {other}" in talk.texts and len(held(slots)) == 2 and held(slots) != before
    say(talk, "cancel my booking", "nell@example.com", "yes")
    assert "is cancelled" in talk.texts and held(slots) == []


def test_a_time_that_was_just_taken_is_told_kindly_and_nothing_else_is_lost(slots: Clinic) -> None:
    one, other = slots.talk(*WHO), slots.talk("book me, im 52", "jo", "jo@example.com")
    time = offers(one)[0]
    for talk in (one, other):
        say(talk, f"[{time}]")
    say(one, "yes")
    say(other, "yes")
    assert REFERENCE.findall(one.texts) and not REFERENCE.findall(other.texts)
    assert "just taken" in other.texts and time not in offers(other) and offers(other)
    next_best = offers(other)[0]
    say(other, f"[{next_best}]")
    assert "Name: jo" in other.texts and f"Times: {next_best}" in other.texts
    say(other, "yes")
    assert f"kept for you: {next_best}" in other.texts


def test_the_booking_page_gets_the_code_and_nothing_else(bot: Any, tmp_path: Path) -> None:
    with Clinic(bot, tmp_path, mode="link", url="https://book.example.com/c?ref={reference}") as clinic:
        talk = clinic.talk("book me, im 34 and i take eliquis", "nell", "nell@example.com", "yes")
        (reference,) = REFERENCE.findall(talk.texts)
        assert f"https://book.example.com/c?ref={reference}\n" in talk.texts
        with transaction(clinic.address) as session:
            (row,) = session.scalars(select(Consultation))
        assert row.outcome == "provider_review" and row.windows == []
