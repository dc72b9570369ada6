"""Read preferred times from plain words: tokens are gathered into windows, one for each wish."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import List, Optional, Tuple

from candidacy.knowledge import Clinic
from desk.opening import opening_hours
from desk.windows.clock import beside, clock_of, outside, outside_part, part_word, said_half
from desk.windows.days import coming, day_of, month_days, relative_day, resolve_week, week_start
from desk.windows.tokens import Token, month, tokens, weekday
from desk.windows.window import HORIZON, PARTS, Window, part_of, show_date
from desk.windows.wish import Wish, to_window

MOST = 3
"""Windows that one message can hold."""

_BOUNDS = ("after", "from", "before")


def read_windows(text: str, now: datetime, clinic: Clinic) -> List[Window]:
    """The preferred times in a text, in the order named, at most three.

    Args:
        text: What the person wrote.
        now: The moment at the clinic.
        clinic: Hours, holidays and country (which decides whether 12/3 is a day in March).

    Returns:
        The windows; empty when the text names no time. A bare hour from 1 to 7 is read as afternoon or
        evening, since clinics see nobody before 8. "Next Friday" is Friday of the week that begins next
        Monday; the label says which day was understood, so that the person can correct it.
    """
    reader = _Reader(now, clinic)
    for token in tokens(text):
        reader.take(token)
    windows = reader.finish()
    return list(dict.fromkeys(windows))[:MOST]


class _Reader:
    def __init__(self, now: datetime, clinic: Clinic) -> None:
        self.now, self.clinic, self.today = now, clinic, now.date()
        self.wish = Wish()
        self.done: List[Wish] = []
        self.excluding = False
        self.joined = ""  # kind of the token that joins the next piece: or, mark (comma), stop
        self.bound: Optional[str] = None  # an "after", "from" or "before" that waits for a day
        self.before, self.before_day = Token("", "", {}, 0, 0), False
        self.before_excluded = False
        self.last_days: Tuple[List[date], List[int]] = ([], [])

    def take(self, token: Token) -> None:
        """Add one token to the wish at hand, or begin the next."""
        kind, before, self.before = token.kind, self.before, token
        self.before_excluded = self.excluding and before.kind in ("weekday", "weekend")
        self.before_day = before.kind in ("weekday", "weekend", "relative", "dmy", "mdy", "ordinal")
        if kind == "reset":
            # "I'm not free Friday": free belongs to the not.
            self.excluding = self.excluding and before.kind == "except" and token.text != "but"
            return
        if kind in ("or", "mark", "stop"):
            self.excluding = self.excluding and kind != "stop"
            self.joined, self.bound = kind, None
            return
        if kind == "except":
            self.excluding = True
        elif kind in _BOUNDS:
            self.bound = kind
        elif kind == "badafter":
            self._take_back()
        elif kind in ("any", "asap"):
            self.wish.word = "as soon as possible" if kind == "asap" else self.wish.word or "any time"
        elif kind == "anyday":
            self._begin_days()
            self.wish.anyday = True
        elif not self._day(token):
            self._time(token)
        if kind != "except" and kind not in _BOUNDS:
            self.joined, self.bound = "", None

    # Days

    def _day(self, token: Token) -> bool:
        kind = token.kind
        if kind in ("weekday", "wdrange", "weekdays", "weekend"):
            dates, bare, named = self._weekdays(token)
            self._add_days(dates, bare, named)
            if token.get("wn"):
                self.wish.start, self.wish.part = "17:00", "evening"
            return True
        if kind == "week":
            if self.wish.has_time and self.joined:
                self._flush()
            self.wish.week = resolve_week(token.text, self.today, self.clinic)
            return True
        if kind == "month":
            self._begin_days()
            days = month_days(month(token.get("mo", "mo2") or ""), self.today)
            self.wish.dates = [day for day in days if opening_hours(day, self.clinic)]
            self.wish.label = f"{days[0]:%B}" if self.wish.dates else None
            return True
        if kind == "relative" and "week" in (token.get("unit", "unit2") or ""):
            # "In two weeks" is a week; from a Sunday it is counted as from the Monday after.
            from_monday = timedelta(days=self.today.weekday() == 6)
            self.wish.week = week_start(relative_day(token, self.today) + from_monday)
            return True
        if kind == "weekfrom":
            word = token.parts["wf"]
            start = {"today": 0, "tomorrow": 1}.get(word)
            day = coming(weekday(word), self.today) if start is None else self.today + timedelta(days=start)
            self._add_days([day + timedelta(days=7)], [], [])
            return True
        days = day_of(token, self.today, self.clinic.country)
        if days is None:
            return False
        if not days:  # a date that does not exist, or lies behind us or far ahead
            return True
        if self.bound or kind in ("daterange", "datespan"):
            self._bounded(days)
        else:
            # "Fri 27 Nov": the weekday before the date says the same day.
            if not self.joined and self.wish.bare[-1:] == [days[0].weekday()]:
                self.wish.bare.pop()
            self._add_days(days, [], [])
        if kind == "thispart" or token.text == "tonight":
            self._set_part(part_word(token.get("tp") or "evening"))
        return True

    def _weekdays(self, token: Token) -> Tuple[List[date], List[int], List[int]]:
        if token.kind == "weekdays":
            return [], [], [0, 1, 2, 3, 4]
        if token.kind == "wdrange":
            first, last = weekday(token.parts["w1"]), weekday(token.parts["w2"])
            return [], [], [(first + step) % 7 for step in range((last - first) % 7 + 1)]
        if token.kind == "weekend":
            if token.get("we") in ("this", "next", "coming"):
                monday = week_start(self.today) + timedelta(days=7 * (token.parts["we"] == "next"))
                days = [monday + timedelta(days=5), monday + timedelta(days=6)]
                later = [day + timedelta(days=7) for day in days]
                return [day for day in days if day > self.today] or later, [], []
            return [], [], [5, 6]
        number, how = weekday(token.parts["wd"]), token.get("how")
        if how == "next":
            return [week_start(self.today) + timedelta(days=7 + number)], [], []
        if how in ("this", "coming"):
            return [coming(number, self.today)], [], []
        plural = how is not None or token.parts["wd"].endswith("days")
        return [], ([] if plural else [number]), ([number] if plural else [])

    def _add_days(self, dates: List[date], bare: List[int], named: List[int]) -> None:
        if self.bound and (dates or bare):
            return self._bounded(dates or [coming(number, self.today) for number in bare])
        if self.excluding:
            self.wish.out_dates.update(dates)
            self.wish.out_weekdays.update(bare + named)
            return None
        self._begin_days(kind_change=bool(named and self.wish.dates or dates and self.wish.named))
        self.wish.dates += dates
        self.wish.bare += bare
        self.wish.named += named
        self.last_days = (dates, bare + named)
        return None

    def _begin_days(self, kind_change: bool = False) -> None:
        """Days behind a finished "day, part" or behind "mornings or …" begin a new wish."""
        wish = self.wish
        if wish.copied:
            wish.dates, wish.bare, wish.named, wish.week, wish.copied = [], [], [], None, False
        elif kind_change or (wish.has_time and (wish.has_days or self.joined)):
            self._flush()

    def _bounded(self, days: List[date]) -> None:
        """ "After the 3rd", "before Friday", "from Monday", "23 to 27 November"."""
        self._begin_days()
        low, high = days[0], days[-1] if not self.bound else days[0] + timedelta(days=HORIZON)
        if self.bound == "before":
            low, high = self.today, low
        span = [low + timedelta(days=step) for step in range((high - low).days + 1)]
        if self.bound in ("before", "after"):
            span = [day for day in span if day not in days]
        self.wish.dates = [day for day in span if opening_hours(day, self.clinic)]
        if self.bound and self.wish.dates:
            self.wish.label = f"{self.bound} {show_date(days[0], self.today)}"

    def _take_back(self) -> None:
        """ "Mondays don't work": the days just named are the ones that do not suit."""
        dates, numbers = self.last_days
        self.wish.dates = [day for day in self.wish.dates if day not in dates]
        self.wish.bare = [number for number in self.wish.bare if number not in numbers]
        self.wish.named = [number for number in self.wish.named if number not in numbers]
        self.wish.out_dates.update(dates)
        self.wish.out_weekdays.update(numbers)

    # Time of day

    def _time(self, token: Token) -> None:
        time = clock_of(token)
        if time is None:
            return self._set_part(part_word(token.text.replace("in the ", "")))
        part, start, end = time
        hint = self.wish.part
        plain = hint in PARTS and not (self.wish.start or self.wish.end)
        # "Friday afternoon at 3" is one time; "mornings or after 5" are two.
        if self.wish.has_time and not (plain and (not self.joined or ":" in part)):
            self._again()
        elif plain and not said_half(token):
            part, start, end = (beside(clock, hint or "") or clock for clock in time)
        named = self.wish.has_days and not self.wish.has_time
        if self.excluding and (self.joined and not self.wish.has_time or self.before_excluded and named):
            self.excluding = False  # "not Mondays, after 3", "any day but Monday after 3"
        elif self.excluding and self.before_excluded:
            return None  # "not Mondays after 3": the day is left out as a whole
        if self.excluding and ":" not in part:
            start, end = outside(start, end)
        self.wish.start, self.wish.end = start, end
        self.wish.part = part if ":" in part else part_of(start, end)
        return None

    def _set_part(self, part: str) -> None:
        if self.excluding and self.joined == "mark":
            self.excluding = False  # "not Tuesdays, mornings"
        if self.excluding:
            if self.before_day:
                return  # "except Thursday afternoon": the day is left out as a whole
            start, end = outside_part(part)
            self.wish.start, self.wish.end = start or self.wish.start, end or self.wish.end
            self.wish.part = part_of(self.wish.start, self.wish.end)
            return
        if self.wish.has_time:
            if self.wish.start or self.wish.end or ":" in (self.wish.part or ""):
                if not self.joined:
                    return  # "after 5 in the evening": the clock says more
            self._again()
        self.wish.part = part

    def _again(self) -> None:
        """ "Friday morning or afternoon": a second time on the same days."""
        before = self.wish
        self._flush()
        if before.has_days:
            days = (list(before.dates), list(before.bare), list(before.named), before.week, before.label)
            self.wish = Wish(*days, anyday=before.anyday, copied=True)

    # Results

    def _flush(self) -> None:
        if not self.wish.empty:
            self.done.append(self.wish)
        self.wish = Wish()

    def finish(self) -> List[Window]:
        """All windows."""
        self._flush()
        windows = (to_window(wish, self.now, self.clinic) for wish in self.done)
        return [window for window in windows if window]
