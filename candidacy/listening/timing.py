"""Put a thing said in time: still so, planned, over for sure, or over so lately that the wait still runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Optional, Sequence, Tuple

from candidacy.findings import (
    ABSENT,
    FUTURE,
    HYPOTHETICAL,
    OTHER_PERSON,
    PAST,
    POSSIBLE,
    PRESENT,
)
from candidacy.listening import dates
from candidacy.listening.clauses import Part
from candidacy.listening.dates import Time
from candidacy.listening.lists import stops_it
from candidacy.listening.mentions import Mention
from candidacy.listening.persons import OTHER
from candidacy.listening.said import Said
from candidacy.listening.scene import Scene
from candidacy.screening import add_duration

When = Optional[Tuple[date, date]]

_LONG_AGO = 365 * 2
_LATELY = 30
_NARROW = 100
_SHORT_WAIT = 31


@dataclass(frozen=True)
class Judged:
    """Assertion and date of one thing said; None for a thing that is no finding at all."""

    assertion: Optional[str]
    when: When = None


def judge(scene: Scene, mention: Mention, said: Said, others: Sequence[Mention]) -> Judged:
    """The assertion of a mention, from the cues that reach it and the times beside it."""
    lexicon = scene.lexicon
    time = _time_of(scene, mention, said, others)
    if lexicon.kind(mention.rule, "events"):
        return _event(scene, mention, said, time)
    if said.who == OTHER:
        return Judged(OTHER_PERSON)
    if mention.kind == "possible":
        return Judged(
            ABSENT if said.denied and not said.denied_after else HYPOTHETICAL if said.supposed else POSSIBLE
        )
    if said.doubted:
        return Judged(POSSIBLE, _dated(time))
    if mention.kind == "allergy" and said.asked and scene.norm(mention.start - 1) == "in":
        # "I'm allergic to X, is that in botox?"
        return Judged(POSSIBLE)
    if said.denied:
        if (said.over or _since_then(said, time)) and not said.never:
            return _over(scene, mention, said, time)
        return Judged(ABSENT)
    if said.quiet:
        return Judged(PRESENT if lexicon.kind(mention.rule, "lasting") else PAST)
    if said.asked:
        medicine = mention.kind == "drug" or lexicon.kind(mention.rule, "medicines")
        own = (
            said.asked_of_self
            and not said.supposed
            and not medicine
            and not lexicon.kind(mention.rule, "procedures")
        )
        return Judged(POSSIBLE if own else HYPOTHETICAL)
    planned = said.planned or (time is not None and time.kind == dates.FUTURE and not said.ongoing)
    own = said.mine and not lexicon.kind(mention.rule, "procedures")
    if planned and not lexicon.kind(mention.rule, "planned_counts") and not own:
        return Judged(FUTURE)
    return _lived(scene, mention, said, time)


def _dated(time: Optional[Time]) -> When:
    return time.when if time is not None and time.kind in (dates.AGO, dates.POINT) else None


def _since_then(said: Said, time: Optional[Time]) -> bool:
    """ "No accutane since March", "haven't had botox in 3 months": the last one was then."""
    return (
        time is not None and time.kind in (dates.SINCE, dates.LASTING, dates.FUTURE) and time.when is not None
    )


def _lived(scene: Scene, mention: Mention, said: Said, time: Optional[Time]) -> Judged:
    lexicon = scene.lexicon
    medicine = mention.kind == "drug" or lexicon.kind(mention.rule, "medicines")
    lasting = lexicon.kind(mention.rule, "lasting") and not medicine
    over = said.stopped or said.over
    if lasting:
        if said.resolved or (over and not _had(said)):
            return Judged(PAST, _dated(time)) if said.resolved else Judged(PRESENT, _dated(time))
        return Judged(PRESENT, _dated(time))
    if over or (
        medicine and time is not None and time.kind == dates.AGO and scene.norm(time.end - 1) == "since"
    ):
        # "A year since accutane" counts from the end, "on it since June" from the start.
        return _over(scene, mention, said, time)
    if time is None or time.when is None or time.kind in (dates.SINCE, dates.LASTING) or said.ongoing:
        if time is not None and time.kind == dates.VAGUE and not said.ongoing:
            return Judged(PAST, time.when)
        if said.weak_past and medicine and not said.ongoing and _took(scene, mention):
            return Judged(POSSIBLE if _windows(scene, mention) else PAST)
        return Judged(PRESENT)
    if time.kind == dates.VAGUE:
        return Judged(PAST, time.when)
    if _windows(scene, mention):
        return _window(scene, mention, time.when)
    age = (scene.today - time.when[1]).days
    if age > (_LATELY if medicine else _LONG_AGO) and (medicine or said.weak_past):
        return Judged(PAST, time.when)
    return Judged(PRESENT, time.when)


def _had(said: Said) -> bool:
    return said.over and not said.stopped


def _took(scene: Scene, mention: Mention) -> bool:
    part = scene.parts[scene.part_at(mention.start)]
    return any(
        scene.norm(i) in ("took", "tried", "had", "was", "did") for i in range(part.start, mention.start)
    )


def _over(scene: Scene, mention: Mention, said: Said, time: Optional[Time]) -> Judged:
    windows = _windows(scene, mention)
    if said.resolved and (time is None or time.when is None):
        return Judged(PAST)
    if time is not None and time.when is not None and time.kind != dates.FUTURE:
        if time.kind == dates.VAGUE or not windows:
            return Judged(PAST, time.when)
        return _window(scene, mention, time.when)
    if not windows:
        return Judged(PAST)
    longest = max(windows)
    long_over = any(
        scene.norm(i) in ("used", "before", "previously", "past", "history")
        for i in _cue_words(scene, said, mention)
    )
    if long_over and (longest - scene.today).days <= _SHORT_WAIT:
        return Judged(PAST)
    return Judged(POSSIBLE)


def _cue_words(scene: Scene, said: Said, mention: Mention) -> range:
    return range(said.stop_at, said.stop_at + 2) if said.stop_at >= 0 else range(0)


def _windows(scene: Scene, mention: Mention) -> Tuple[date, ...]:
    """The days on which the waits would be over, had it ended today."""
    spans = scene.lexicon.windows.get((mention.rule, mention.variant), ())
    return tuple(add_duration(scene.today, span) for span in spans)


def _window(scene: Scene, mention: Mention, when: Tuple[date, date]) -> Judged:
    """Compare a range of days to the rule's longest wait, by calendar date."""
    spans = scene.lexicon.windows.get((mention.rule, mention.variant), ())
    over_for_sure = all(add_duration(when[1], span) <= scene.today for span in spans)
    if over_for_sure:
        return Judged(PAST, when)
    open_for_sure = any(add_duration(when[0], span) > scene.today for span in spans)
    # Open at one end of the range only: of a month or so the later day counts, of a year it is open.
    narrow = (when[1] - when[0]).days <= _NARROW
    return Judged(PRESENT if open_for_sure or narrow else POSSIBLE, when)


def _event(scene: Scene, mention: Mention, said: Said, time: Optional[Time]) -> Judged:
    """Something done to the speaker counts only with words of having had it, or a date."""
    if said.who == OTHER:
        return Judged(OTHER_PERSON)
    dated = (
        time is not None
        and time.when is not None
        and time.kind in (dates.AGO, dates.POINT, dates.SINCE, dates.VAGUE)
    )
    done = _done(scene, mention)
    if said.denied:
        if _since_then(said, time):
            assert time is not None and time.when is not None
            return _window(scene, mention, time.when)
        return Judged(ABSENT)
    if (said.asked or said.supposed) and not (done and said.about_self):
        return Judged(None)
    if said.planned or (time is not None and time.kind == dates.FUTURE):
        return Judged(FUTURE)
    if dated and (done or not said.asked):
        assert time is not None and time.when is not None
        if time.kind == dates.VAGUE:
            return Judged(PAST, time.when)
        judged = _window(scene, mention, time.when)
        return Judged(POSSIBLE, judged.when) if said.doubted and judged.assertion == PRESENT else judged
    if not done:
        return Judged(None)
    if said.doubted:
        return Judged(POSSIBLE)
    if said.ongoing or _just(scene, mention):
        return Judged(PRESENT)
    if said.stopped and any(scene.norm(i) == "used" for i in _cue_words(scene, said, mention)):
        return Judged(PAST)
    return Judged(POSSIBLE)


def _done(scene: Scene, mention: Mention) -> bool:
    words = scene.lexicon.sets["event_words.done"]
    part = scene.parts[scene.part_at(mention.start)]
    if mention.kind in ("name", "frame") and any(
        scene.norm(i) in words for i in range(mention.start, mention.end)
    ):
        return True
    if (
        any(scene.norm(i).endswith("ed") for i in range(mention.start, mention.end))
        and mention.kind == "name"
    ):
        return True
    wish = scene.lexicon.sets["event_words.wish"]
    for index in range(mention.start - 1, max(part.start, mention.start - 7) - 1, -1):
        norm = scene.norm(index)
        if norm in words:
            before = scene.norm(index - 1)
            if norm in wish and before not in (
                "i",
                "already",
                "recently",
                "just",
                "always",
                "regularly",
                "been",
                "also",
                "have",
                "and",
                "usually",
                "",
            ):
                continue
            return True
    if any(
        scene.norm(i) in scene.lexicon.sets["event_words.effect"]
        for i in range(mention.end, min(mention.end + 3, part.end))
    ):
        return not part.asked
    return any(
        scene.norm(i)
        in ("done", "injected", "placed", "put", "dissolved", "appointment", "session", "treatment")
        for i in range(mention.end, min(mention.end + 4, part.end))
    )


def _just(scene: Scene, mention: Mention) -> bool:
    part = scene.parts[scene.part_at(mention.start)]
    return any(
        scene.norm(i) in ("just", "recent", "recently", "latest", "fresh", "already")
        for i in range(part.start, mention.end)
    )


def _time_of(scene: Scene, mention: Mention, said: Said, others: Sequence[Mention]) -> Optional[Time]:
    """The time that belongs to a mention: the nearest in its part, else in a part that names nothing else."""
    number = scene.part_at(mention.start)
    part = scene.parts[number]
    own = [t for t in scene.times if part.start <= t.start < part.end and not _age_like(scene, t)]
    own = [t for t in own if not (t.start < mention.end and mention.start < t.end)]
    if len(own) > 1 and all(t.kind == dates.POINT and t.when for t in own):
        between = range(own[0].end, own[-1].start)
        if len(between) <= 2 and any(
            scene.norm(i) in ("to", "until", "till", "through", "and") for i in between
        ):
            # "From January to June": it ended then.
            said.stopped, said.stop_at = True, own[-1].start
            return own[-1]
    if own:
        rivals = [
            m
            for m in others
            if m is not mention and part.start <= m.start < part.end and m.start != mention.start
        ]
        best = min(
            own, key=lambda t: (t.kind == dates.LASTING and len(own) > 1, _distance(mention, t.start, t.end))
        )
        distance = _distance(mention, best.start, best.end)
        if not any(
            _distance(m, best.start, best.end) < distance and _blocks(scene, mention, m) for m in rivals
        ):
            return best
        return None
    for step in (1, -1):
        other = number + step
        if not 0 <= other < len(scene.parts):
            continue
        near = scene.parts[other]
        if near.sentence != part.sentence and not (step == 1 and near.sentence == part.sentence + 1):
            continue
        if any(near.start <= m.start < near.end for m in others):
            continue
        times = [t for t in scene.times if near.start <= t.start < near.end and not _age_like(scene, t)]
        leads = bool(times) and times[0].start == near.start
        if times and (
            near.sentence == part.sentence or _stops(scene, near) or leads or near.end - near.start <= 5
        ):
            if _stops(scene, near):
                said.stopped, said.stop_at = True, near.start
            return times[0]
        if step == 1 and near.sentence == part.sentence and _stops(scene, near):
            said.stopped, said.stop_at = True, near.start
    return None


def _blocks(scene: Scene, mention: Mention, rival: Mention) -> bool:
    """A nearer mention takes the time, unless both are items of one list."""
    low, high = sorted(((mention.start, mention.end), (rival.start, rival.end)))
    return not all(scene.norm(i) in scene.words["list_fill"] for i in range(low[1], high[0]))


def _stops(scene: Scene, part: Part) -> bool:
    """True when a part says that the thing named before was stopped, and not another thing."""
    for cue in (*scene.forward, *scene.after):
        if not part.start <= cue.start < part.end:
            continue
        past = "past" in cue.kinds or ("past_after" in cue.kinds and scene.norm(cue.start) != "before")
        if past and stops_it(scene, cue.end, part.end):
            return True
    return False


def _age_like(scene: Scene, time: Time) -> bool:
    """ "My 3 month old" is an age, no time."""
    return scene.norm(time.end) in ("old", "pregnant", "along")


def _distance(mention: Mention, start: int, end: int) -> int:
    if start >= mention.end:
        return start - mention.end
    return max(mention.start - end, 0) + 1
