"""The waits of the rules, compared to dates by the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Optional, Tuple

from candidacy.findings import (
    PAST,
    POSSIBLE,
    PRESENT,
)
from candidacy.listening import dates
from candidacy.listening.dates import Time
from candidacy.listening.mentions import Mention
from candidacy.listening.said import Said
from candidacy.listening.scene import Scene
from candidacy.screening import add_duration

When = Optional[Tuple[date, date]]

NARROW = 14
"""Days of a range that is treated as its later day when one end of it is still inside the wait."""


@dataclass(frozen=True)
class Judged:
    """Assertion and date of one thing said; None for a thing that is no finding at all."""

    assertion: Optional[str]
    when: When = None


def windows_of(scene: Scene, mention: Mention) -> Tuple[date, ...]:
    """The days on which the waits would be over, had it ended today."""
    spans = scene.lexicon.windows.get((mention.rule, mention.variant), ())
    return tuple(add_duration(scene.today, span) for span in spans)


def in_window(scene: Scene, mention: Mention, when: Tuple[date, date]) -> Judged:
    """Compare a range of days to the rule's longest wait, by calendar date."""
    spans = scene.lexicon.windows.get((mention.rule, mention.variant), ())
    over_for_sure = all(add_duration(when[1], span) <= scene.today for span in spans)
    if over_for_sure:
        return Judged(PAST, when)
    open_for_sure = any(add_duration(when[0], span) > scene.today for span in spans)
    # Open at one end of the range only: of a month or so the later day counts, of a year it is open.
    narrow = (when[1] - when[0]).days <= NARROW
    return Judged(PRESENT if open_for_sure or narrow else POSSIBLE, when)


def since_then(said: Said, time: Optional[Time]) -> bool:
    """ "No accutane since March", "haven't had botox in 3 months": the last one was then."""
    return (
        time is not None and time.kind in (dates.SINCE, dates.LASTING, dates.FUTURE) and time.when is not None
    )


def cue_words(scene: Scene, said: Said, mention: Mention) -> range:
    return range(said.stop_at, said.stop_at + 2) if said.stop_at >= 0 else range(0)
