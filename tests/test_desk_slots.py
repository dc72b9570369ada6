"""Free times: built DST-safe from the hours, held by a key of the database, whoever reaches for them at once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import date, datetime, timedelta, timezone
from typing import Any, List, Sequence
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from candidacy.knowledge import Clinic, load
from candidacy.knowledge.booking_models import BookingSettings
from desk.booking import SlotTaken, cancel, change_status, list_requests, request_consultation, reschedule
from desk.database import Conflict, transaction
from desk.records import SlotCell
from desk.settings import now
from desk.slots import free_slots, offered, spread, starts_on
from desk.windows import Window, read_windows
from tests.desk_fixtures import a_request
from tests.harness import ROOT

pytest_plugins = ("tests.desk_fixtures",)

NEW_YORK = ZoneInfo("America/New_York")
SUNDAY = datetime(2026, 11, 22, 13, 0, tzinfo=NEW_YORK)


def clinic(hours: str = "09:00-17:00", zone: str = "America/New_York", **booking: Any) -> Clinic:
    """A clinic that is open at these hours on every day."""
    opens, closes = hours.split("-")
    days = {day: {"opens": opens, "closes": closes} for day in load().clinic.hours}
    given = {**load().clinic.dict(), "hours": days, "time_zone": zone}
    return Clinic(**{**given, "booking": {"mode": "slots", **booking}})


def local(starts: Sequence[datetime], zone: ZoneInfo = NEW_YORK) -> List[str]:
    return [f"{start.astimezone(zone):%H:%M}" for start in starts]


# How a day is cut into times


def test_times_are_kept_in_utc_and_end_by_closing() -> None:
    starts = starts_on(date(2026, 11, 23), clinic("09:00-11:00", consult_minutes=45))
    assert starts == [datetime(2026, 11, 23, 14, minute, tzinfo=timezone.utc) for minute in (0, 45)]


@pytest.mark.parametrize(
    ("hours", "day", "expected"),
    [
        # Clocks go from 02:00 to 03:00: 02:30 does not exist.
        ("01:00-04:00", date(2026, 3, 8), ["01:00", "01:30", "03:00", "03:30"]),
        ("02:30-04:00", date(2026, 3, 8), ["03:00", "03:30"]),
        ("01:00-02:30", date(2026, 3, 8), ["01:00", "01:30"]),
        # Clocks go from 02:00 back to 01:00: 01:00 and 01:30 come twice.
        ("00:30-02:30", date(2026, 11, 1), ["00:30", "01:00", "01:30", "01:00", "01:30", "02:00"]),
        ("01:30-02:30", date(2026, 11, 1), ["01:30", "01:00", "01:30", "02:00"]),
        ("09:00-10:00", date(2026, 3, 8), ["09:00", "09:30"]),
        ("09:10-10:20", date(2026, 11, 23), ["09:15", "09:45"]),
    ],
)
def test_the_days_on_which_the_clocks_change(hours: str, day: date, expected: List[str]) -> None:
    open_place = clinic(hours)
    assert local(starts_on(day, open_place.copy(update={"country": "XX"}))) == expected


@settings(max_examples=60, deadline=None)
@given(
    st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"]),
    st.sampled_from([15, 30, 45, 60]),
    st.integers(0, 20),
)
def test_no_time_is_outside_the_hours_or_beside_a_quarter(day: date, zone: str, minutes: int, hour: int) -> None:
    place = clinic(f"{hour:02d}:30-{hour + 3:02d}:15", zone, consult_minutes=minutes).copy(update={"country": "XX"})
    starts = starts_on(day, place)
    for start in starts:
        at = start.astimezone(ZoneInfo(zone))
        assert at.astimezone(timezone.utc) == start and at.date() == day and start.minute % 15 == 0
        assert f"{hour:02d}:30" <= f"{at:%H:%M}" < f"{hour + 3:02d}:15"
    assert all(later - earlier == timedelta(minutes=minutes) for earlier, later in zip(starts, starts[1:]))


def test_closed_days_public_holidays_lead_time_and_horizon_are_kept(sqlite_database: str) -> None:
    place = clinic(lead_time_hours=48, horizon_days=6).copy(update={"closed_days": [date(2026, 11, 25)]})
    days = sorted({f"{start.astimezone(NEW_YORK):%a %d}" for start in offered(SUNDAY, place)}, key=lambda d: d[-2:])
    # Sunday 13:00 and 48 hours; Wednesday is closed, Thursday is Thanksgiving.
    assert days == ["Tue 24", "Fri 27", "Sat 28"]
    assert local(list(offered(SUNDAY, place)))[0] == "13:00"


def test_words_about_time_choose_among_the_free_times(sqlite_database: str) -> None:
    place = clinic()

    def labels(words: str) -> List[str]:
        return [slot.window.label for slot in free_slots(SUNDAY, place, read_windows(words, SUNDAY, place))]

    assert labels("tuesday at 3") == ["Tue 24 Nov at 3 pm"]
    assert labels("next Friday afternoon")[0] == "Fri 27 Nov at noon"
    assert all("at 4" in label for label in labels("any weekday after 4")) and labels("any weekday after 4")
    assert not any(label.startswith("Mon") for label in labels("not mondays"))
    assert {label[:10] for label in labels("the 14th")} == {"Mon 14 Dec"}
    assert labels("tuesday at 5am") == []


def test_a_label_read_again_means_the_same_time(sqlite_database: str) -> None:
    place = clinic("08:00-20:00", horizon_days=90)
    for slot in spread(free_slots(SUNDAY, place), place, 40):
        (again,) = read_windows(slot.window.label, SUNDAY, place)
        assert again.holds(slot.starts_at.astimezone(NEW_YORK)) and again.exact, slot.window.label


def test_a_few_of_many_lie_on_different_days(sqlite_database: str) -> None:
    place = clinic()
    chosen = spread(free_slots(SUNDAY, place), place, 4)
    assert len({slot.window.days for slot in chosen}) == 4
    assert len({slot.window.part for slot in chosen}) > 1
    assert chosen == sorted(chosen, key=lambda slot: slot.starts_at)


# Who gets a time


def next_free(number: int = 0) -> datetime:
    return free_slots(now(), load().clinic)[number].starts_at


def book(start: datetime, key: str, **changes: Any) -> Any:
    request = a_request(slot_start=start, consented_at=datetime.now(timezone.utc), **changes)
    return request_consultation(request, idempotency_key=key)


def held() -> List[datetime]:
    with transaction() as session:
        return sorted(session.scalars(select(SlotCell.starts_at)))


def test_a_taken_time_is_not_free_and_a_cancelled_one_is_again(database: str) -> None:
    start = next_free()
    booking = book(start, "a")
    assert booking.slot_start == start and len(held()) == 2  # two quarters of an hour
    assert next_free() != start
    with pytest.raises(SlotTaken):
        book(start, "b")
    assert len(list_requests()) == 1
    cancel(booking.reference, phone_last4="0142")
    assert held() == [] and next_free() == start
    assert book(start, "b").slot_start == start


def test_times_that_overlap_exclude_each_other(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    start = next_free()
    book(start, "a")
    monkeypatch.setattr("desk.booking._check_offered", lambda request: None)
    with pytest.raises(SlotTaken):
        book(start + timedelta(minutes=15), "b")
    assert book(start + timedelta(minutes=30), "c").slot_start == start + timedelta(minutes=30)


def test_each_seat_can_be_taken_once(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    two = load().clinic.copy(update={"booking": BookingSettings(mode="slots", seats=2)})
    knowledge = load()
    monkeypatch.setattr("desk.booking.load", lambda: type(knowledge)(**{**knowledge.__dict__, "clinic": two}))
    start = next_free()
    assert book(start, "a").reference != book(start, "b").reference
    with pytest.raises(SlotTaken):
        book(start, "c")


def test_a_time_that_is_not_offered_is_refused(database: str) -> None:
    for start in (datetime.now(timezone.utc) + timedelta(minutes=5), next_free() + timedelta(minutes=1)):
        with pytest.raises(SlotTaken):
            book(start, "a")
    assert list_requests() == [] and held() == []


def test_another_time_frees_the_old_one_at_once(database: str) -> None:
    first, second = next_free(0), next_free(1)
    booking = book(first, "a")
    change_status(booking.reference, "confirmed")
    window = Window("another time")
    moved = reschedule(booking.reference, [window], second)
    assert moved and moved.slot_start == second and moved.status == "requested" and moved.windows[0]["label"] == "another time"
    assert min(held()) == second and next_free() == first
    assert reschedule(booking.reference, [window], second) == moved


def test_where_the_new_time_is_taken_the_old_one_stays(database: str) -> None:
    first, second = next_free(0), next_free(1)
    booking = book(first, "a")
    book(second, "b")
    before = held()
    with pytest.raises(SlotTaken):
        reschedule(booking.reference, [], second)
    assert held() == before and [b.slot_start for b in list_requests() if b.reference == booking.reference] == [first]


def test_a_request_opened_again_needs_its_time(database: str) -> None:
    start = next_free()
    booking = book(start, "a")
    change_status(booking.reference, "cancelled")
    other = book(start, "b")
    with pytest.raises(SlotTaken):
        change_status(booking.reference, "requested")
    change_status(other.reference, "cancelled")
    assert change_status(booking.reference, "requested").status == "requested"  # type: ignore[union-attr]
    assert min(held()) == start


def test_the_key_itself_refuses_a_second_holder(database: str) -> None:
    booking = book(next_free(), "a")
    other = request_consultation(a_request(), idempotency_key="b")
    assert booking.reference != other.reference
    with transaction() as session:
        cell = session.scalars(select(SlotCell)).first()
        taken, seat, owner = cell.starts_at, cell.seat, cell.consultation_id
    with pytest.raises(Conflict):
        with transaction() as session:
            session.add(SlotCell(starts_at=taken, seat=seat, consultation_id=owner + 1))


def race(start: str, key: str, processes: int = 5, threads: int = 10) -> "Counter[str]":
    """What came of so many that asked at once, each on a connection of its own."""
    command = [sys.executable, "-m", "tests.racing", str(threads), start, key]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for one in running:
        assert one.stdout and one.stdout.readline().strip() == "ready"
    for one in running:
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    return Counter(line for one in running for line in one.communicate(timeout=120)[0].split())


def test_fifty_at_once_for_one_time_make_one_booking(database: str) -> None:
    start = next_free()
    came = race(start.isoformat(), "race")
    (winner,) = list_requests(limit=100)
    assert came == {winner.reference: 1, "SlotTaken": 49}
    assert held() == [start, start + timedelta(minutes=15)]


def test_twenty_tries_of_one_request_with_a_time_make_one_booking(database: str) -> None:
    came = race(next_free().isoformat(), "same!", processes=2)
    assert list(came.values()) == [20] and len(list_requests(limit=100)) == 1 and len(held()) == 2
