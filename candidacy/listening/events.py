"""Treatments: a name counts only with words of having had it, or a date."""

from __future__ import annotations

from typing import Optional

from candidacy.findings import (
    ABSENT,
    FUTURE,
    OTHER_PERSON,
    PAST,
    POSSIBLE,
    PRESENT,
)
from candidacy.listening import dates
from candidacy.listening.dates import Time
from candidacy.listening.mentions import Mention
from candidacy.listening.persons import OTHER
from candidacy.listening.said import Said
from candidacy.listening.scene import Scene
from candidacy.listening.windows import Judged, cue_words, in_window, since_then


def judge_event(scene: Scene, mention: Mention, said: Said, time: Optional[Time]) -> Judged:
    """Something done to the speaker counts only with words of having had it, or a date."""
    if said.who == OTHER:
        return Judged(OTHER_PERSON)
    dated = (
        time is not None
        and time.when is not None
        and time.kind in (dates.AGO, dates.POINT, dates.SINCE, dates.VAGUE)
    )
    done = _done(scene, mention) or (said.ongoing and not said.asked)
    if said.denied:
        if since_then(said, time):
            assert time is not None and time.when is not None
            return in_window(scene, mention, time.when)
        return Judged(ABSENT)
    if (said.asked or said.supposed) and not (done and said.about_self):
        return Judged(None)
    if time is not None and time.kind == dates.SINCE and said.ongoing and not said.stopped:
        # "Been getting it since 2015": still.
        return Judged(PRESENT)
    if said.planned or _is_having(scene, mention) or (time is not None and time.kind == dates.FUTURE):
        return Judged(FUTURE)
    if dated and (done or not said.asked):
        assert time is not None and time.when is not None
        if time.kind == dates.VAGUE:
            return Judged(PAST, time.when)
        judged = in_window(scene, mention, time.when)
        return Judged(POSSIBLE, judged.when) if said.doubted and judged.assertion == PRESENT else judged
    if not done:
        return Judged(None)
    if said.doubted:
        return Judged(POSSIBLE)
    if said.ongoing or _just(scene, mention):
        return Judged(PRESENT)
    if said.stopped and any(scene.norm(i) == "used" for i in cue_words(scene, said, mention)):
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


def _is_having(scene: Scene, mention: Mention) -> bool:
    """ "I'm having filler on 12 December": still to come."""
    for index in range(mention.start - 1, max(mention.start - 4, -1), -1):
        if scene.norm(index) in ("having", "getting"):
            return scene.norm(index - 1) in ("am", "is", "be")
    return False


def _just(scene: Scene, mention: Mention) -> bool:
    part = scene.parts[scene.part_at(mention.start)]
    return any(
        scene.norm(i) in ("just", "recent", "recently", "latest", "fresh", "already")
        for i in range(part.start, mention.end)
    )
