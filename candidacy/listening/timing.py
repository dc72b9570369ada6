"""Put a thing said in time: still so, planned, over for sure, or over so lately that the wait still runs."""

from __future__ import annotations

from typing import Optional, Sequence

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
from candidacy.listening.attach import time_of
from candidacy.listening.courses import told_at_length
from candidacy.listening.dates import Time
from candidacy.listening.events import judge_event
from candidacy.listening.medicines import as_needed, kept_up, own_time, told_next
from candidacy.listening.mentions import Mention
from candidacy.listening.persons import OTHER
from candidacy.listening.said import Said
from candidacy.listening.scene import Scene
from candidacy.listening.windows import (
    Judged,
    When,
    cue_words,
    in_window,
    since_then,
    windows_of,
)

_LONG_AGO = 365 * 2
_LATELY = 30
_SHORT_WAIT = 31
_PASSED = 120


def judge(scene: Scene, mention: Mention, said: Said, others: Sequence[Mention]) -> Judged:
    """The assertion of a mention, from the cues that reach it and the times beside it."""
    lexicon = scene.lexicon
    time = time_of(scene, mention, said, others)
    if mention.kind == "drug" or lexicon.kind(mention.rule, "medicines"):
        time = own_time(scene, mention, said, time)
    if mention.kind == "drug" or lexicon.kind(mention.rule, "told_at_length"):
        time = told_at_length(scene, mention, said, others, time)
    if said.refuted and said.who != OTHER:
        return Judged(ABSENT)
    if said.unbegun == ABSENT:
        return Judged(ABSENT)
    if lexicon.kind(mention.rule, "events"):
        return judge_event(scene, mention, said, time)
    if said.who == OTHER:
        return Judged(OTHER_PERSON)
    if said.unbegun:
        return Judged(said.unbegun)
    general = said.asked and not said.asked_of_self and not said.about_self and not said.mine
    if mention.kind == "possible" and general and not lexicon.kind(mention.rule, "told_by_body"):
        # "Is an itchy mole always cancer?"
        return Judged(ABSENT if said.denied else HYPOTHETICAL)
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
        if ((said.over and not said.none) or since_then(said, time)) and not said.never:
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
        if medicine and (told_next(scene, mention) or kept_up(scene, mention)):
            return Judged(PRESENT)
        return Judged(POSSIBLE if own else HYPOTHETICAL)
    dated = mention.kind == "drug" or any(
        lexicon.kind(mention.rule, kind) for kind in ("medicines", "procedures", "planned_by_date")
    )
    ahead = dated and time is not None and time.kind == dates.FUTURE and not said.ongoing
    ahead = ahead and not _never_in(scene, mention)
    if said.stopped and (said.planned or ahead) and not said.asked:
        # "Coming off it next month": taken until then.
        return Judged(PRESENT)
    planned = (said.planned or ahead) and not (mention.kind == "drug" and as_needed(scene, mention))
    own = said.mine and not said.starts and not lexicon.kind(mention.rule, "procedures")
    if planned and not lexicon.kind(mention.rule, "planned_counts") and not own:
        return Judged(FUTURE)
    return _lived(scene, mention, said, time)


def _never_in(scene: Scene, mention: Mention) -> bool:
    """ "Never missed a dose of warfarin in eleven years": the years lie behind."""
    first, _ = scene.part_range(mention.start)
    return any(scene.norm(i) == "never" for i in range(first, mention.start))


def _dated(time: Optional[Time]) -> When:
    return time.when if time is not None and time.kind in (dates.AGO, dates.POINT) else None


def _lived(scene: Scene, mention: Mention, said: Said, time: Optional[Time]) -> Judged:
    lexicon = scene.lexicon
    medicine = mention.kind == "drug" or lexicon.kind(mention.rule, "medicines")
    lasting = lexicon.kind(mention.rule, "lasting") and not medicine
    over = said.stopped or said.over
    if lasting:
        if said.resolved or (over and not _had(said)):
            return Judged(PAST, _dated(time)) if said.resolved else Judged(PRESENT, _dated(time))
        return Judged(PRESENT, _dated(time))
    if medicine and said.long_ago and not said.ongoing:
        return Judged(PAST, _dated(time))
    if over or (
        medicine and time is not None and time.kind == dates.AGO and scene.norm(time.end - 1) == "since"
    ):
        # "A year since accutane" counts from the end, "on it since June" from the start.
        return _over(scene, mention, said, time)
    if lexicon.kind(mention.rule, "passing") and time is not None and time.when and time.kind in (dates.AGO, dates.POINT):
        if (scene.today - time.when[1]).days > _PASSED:
            # "My hair fell after dengue two years back and never stopped": the illness is over.
            return Judged(PAST, time.when)
    running = (dates.SINCE, dates.LASTING, dates.FUTURE)
    if time is None or time.when is None or time.kind in running or said.ongoing:
        if time is not None and time.kind == dates.VAGUE and not said.ongoing:
            return Judged(PAST, time.when)
        if said.weak_past and medicine and not said.ongoing and _took(scene, mention):
            return Judged(POSSIBLE if windows_of(scene, mention) else PAST)
        return Judged(PRESENT)
    if time.kind == dates.VAGUE:
        return Judged(PAST, time.when)
    if windows_of(scene, mention):
        return in_window(scene, mention, time.when)
    age = (scene.today - time.when[1]).days
    lately = lexicon.language["uses"]["long_acting"].get(mention.rule, _LATELY)
    if age > (lately if medicine else _LONG_AGO) and (medicine or said.weak_past):
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
    windows = windows_of(scene, mention)
    if said.resolved and (time is None or time.when is None):
        return Judged(PAST)
    if time is not None and time.when is not None and time.kind != dates.FUTURE:
        if time.kind == dates.VAGUE or not windows:
            return Judged(PAST, time.when)
        return in_window(scene, mention, time.when)
    if not windows:
        return Judged(PAST)
    longest = max(windows)
    long_over = any(
        scene.norm(i) in ("used", "before", "previously", "past", "history")
        for i in cue_words(scene, said, mention)
    )
    if long_over and (longest - scene.today).days <= _SHORT_WAIT:
        return Judged(PAST)
    return Judged(POSSIBLE)
