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
from candidacy.listening.clauses import Part
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
    if not said.asked and not said.denied and not said.planned and _in_rhythm(scene, mention):
        said.ongoing = said.ongoing or not dated
    goes_on = said.ongoing and not said.asked and (_goes_on(scene, mention) or _in_rhythm(scene, mention))
    done = goes_on or _done(scene, mention, said, dated)
    if said.denied:
        if since_then(said, time):
            assert time is not None and time.when is not None
            return in_window(scene, mention, time.when)
        if said.asked and scene.norm(said.denied_at) == "without":
            # "Can you lift it without botox": asked of another way.
            return Judged(None)
        return Judged(ABSENT)
    dated_by = mention.kind == "frame" and scene.norm(mention.start) in ("after", "since") and dated
    if (said.asked or said.supposed) and not (done and (said.about_self or dated_by)):
        if dated and time is not None and time.kind in (dates.AGO, dates.POINT) and _i_had(scene, mention):
            # "Can I come in if I had botox five weeks ago": a date makes it more than a thought.
            assert time.when is not None
            judged = in_window(scene, mention, time.when)
            return Judged(POSSIBLE, judged.when) if judged.assertion == PRESENT else judged
        return Judged(None)
    if not said.stopped and time is not None and time.kind == dates.FUTURE and _again_and_again(scene, mention):
        # "Does botox in my head every 12 weeks, next one 2 Dec".
        return Judged(PRESENT)
    if time is not None and time.kind == dates.SINCE and said.ongoing and not said.stopped:
        # "Been getting it since 2015": still.
        return Judged(PRESENT)
    ahead = time is not None and time.kind == dates.FUTURE
    if ((said.planned and time is None) or (ahead and _books(scene))) and _wished_here(scene, mention):
        return Judged(None)
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


def _wished_here(scene: Scene, mention: Mention) -> bool:
    """ "I want to get botox for my pores": the wish for what the clinic offers, and no other treatment to come."""
    words, (first, last) = scene.lexicon.sets, scene.part_range(mention.start)
    named = {scene.norm(i) for i in range(mention.start, mention.end)}
    around = {scene.norm(i) for i in range(first, last)}
    return named <= words["scope.this_treatment"] and not around & words["scope.elsewhere"]


def _books(scene: Scene) -> bool:
    """ "Book me for botox next Tuesday": the visit that is being asked for."""
    return any(token.norm in scene.lexicon.sets["scope.booking"] for token in scene.tokens)


def _done(scene: Scene, mention: Mention, said: Said, dated: bool) -> bool:
    """True when words of the speaker's own tell that it was done; a bare topic tells nothing."""
    words, part = scene.lexicon.sets, scene.parts[scene.part_at(mention.start)]
    if _known_by_others(scene, part):
        return False
    asks = said.asked or _asks(scene, part)
    open_question = asks and not dated
    named = [scene.norm(i) for i in range(mention.start, mention.end)]
    if dated and mention.kind == "frame" and named[0] in words["event_words.beside"]:
        # "Five days after my 11s".
        return True
    if mention.kind in ("name", "frame") and words["event_words.done"] & set(named):
        return _has_subject(scene, mention.start, part) or not asks
    if mention.kind == "name" and any(norm.endswith("ed") for norm in named):
        if not asks or scene.norm(mention.start - 1) in words["event_words.told_by"]:
            return True
    own = any(scene.norm(i) in words["event_words.own"] for i in range(part.start, mention.start))
    for index in range(mention.start - 1, max(part.start, mention.start - 7) - 1, -1):
        norm = scene.norm(index)
        near = mention.start - index <= 3
        if norm in words["event_words.before"] and near:
            return True
        if norm == "my" and (near and _only_adjectives(scene, index + 1, mention.start)):
            if not open_question:
                return True
        if norm in words["event_words.beside"] and near and own and not asks:
            return True
        if norm not in words["event_words.verbs"]:
            continue
        if {scene.norm(i) for i in range(index + 1, mention.start)} & words["event_words.instead"]:
            # "Got a gift card for botox".
            continue
        if norm in words["event_words.wish"] and not _habit(scene, index, part):
            continue
        if _has_subject(scene, index, part):
            return True
    behind = range(mention.end, min(mention.end + 3, part.end))
    if any(scene.norm(i) in words["event_words.effect"] for i in behind):
        return not asks
    behind = range(mention.end, min(mention.end + 4, part.end))
    told = any(scene.norm(i) in ("i", "my", "we") for i in range(part.start, mention.start))
    return told and not asks and any(scene.norm(i) in words["event_words.behind"] for i in behind)


def _i_had(scene: Scene, mention: Mention) -> bool:
    """ "If I had botox", "the botox I got": the speaker's own, whatever is asked about it."""
    verbs = scene.lexicon.sets["event_words.i_had"]
    own = [i for i in range(mention.start - 5, mention.end + 4) if scene.norm(i) in ("i", "we")]
    return any({scene.norm(i + 1), scene.norm(i + 2)} & verbs for i in own)


def _asks(scene: Scene, part: Part) -> bool:
    """True for a part that asks, by its mark, its own words or the question that its sentence opens with."""
    first = scene.parts[scene.sentence_parts(part.sentence)[0]].start
    opens = any(cue.start == first and "question" in cue.kinds for cue in scene.forward)
    words = scene.lexicon.sets["event_words.asking"]
    leads = scene.norm(part.start) in scene.lexicon.sets["event_words.leading"]
    return part.asked or opens or leads or any(scene.norm(i) in words for i in range(part.start, part.end))


def _goes_on(scene: Scene, mention: Mention) -> bool:
    """ "Botox every three months": a habit, told by the speaker or by a rhythm."""
    part = scene.parts[scene.part_at(mention.start)]
    words = scene.lexicon.sets["event_words.rhythm"] | scene.lexicon.sets["event_words.own"]
    return any(scene.norm(i) in words for i in range(part.start, part.end))


def _again_and_again(scene: Scene, mention: Mention) -> bool:
    """ "Every 12 weeks", "every three months" behind a treatment."""
    part = scene.parts[scene.part_at(mention.start)]
    return any(
        scene.norm(i) in ("every", "each")
        and (scene.norm(i + 1)[:1].isdigit() or scene.norm(i + 2).startswith(("week", "wk", "month")))
        for i in range(mention.end, part.end)
    ) and any(scene.norm(i) in scene.lexicon.sets["event_words.own"] for i in range(part.start, part.end))


def _in_rhythm(scene: Scene, mention: Mention) -> bool:
    """ "Bladder botox, they do it every nine months or so": a rhythm anywhere in the sentence, of nobody else."""
    first, last = scene.sentence_range(mention.start)
    units = ("week", "wk", "month", "mth", "year", "yr")
    return any(
        scene.norm(i) == "every" and any(scene.norm(at).startswith(units) for at in (i + 1, i + 2, i + 3))
        for i in range(mention.end, last)
    ) and not any("question" in cue.kinds for cue in scene.forward if first <= cue.start < last)


def _has_subject(scene: Scene, verb: int, part: Part) -> bool:
    """True when the verb is the speaker's ("I just had", "got", "she gave me"): not "has anyone had"."""
    skip = scene.lexicon.sets["event_words.skip"]
    index = verb - 1
    while index >= part.start and scene.norm(index) in skip:
        index -= 1
    if index < part.start:
        asks = scene.norm(verb) in ("did", "have", "do", "had")
        return not (asks and scene.norm(verb + 1) in scene.lexicon.sets["event_words.asked_of"])
    if any(scene.norm(i) in ("i", "we", "ive") for i in range(max(index - 3, part.start), index + 1)):
        return True
    return any(scene.norm(i) in ("me", "my", "i", "we") for i in range(part.start, verb + 3))


def _habit(scene: Scene, index: int, part: Part) -> bool:
    """ "I get botox", "been getting botox": no wish, though the same verbs can be one."""
    before = scene.norm(index - 1) if index > part.start else ""
    if before == "i" and scene.norm(index - 2) in scene.words["modals"]:
        return False
    return before in scene.lexicon.sets["event_words.told_by"]


def _only_adjectives(scene: Scene, first: int, last: int) -> bool:
    return last - first <= 1 or all(
        scene.norm(i) in scene.lexicon.sets["event_words.adjectives"] for i in range(first, last)
    )


def _known_by_others(scene: Scene, part: Part) -> bool:
    """ "Would strangers know I got botox": supposed, not told. Things compared are not told either."""
    heard = [scene.norm(i) for i in range(part.start, part.end)]
    if {"vs", "versus"} & set(heard):
        return True
    return bool(heard) and heard[0] in ("would", "will", "could", "can") and bool(
        {"know", "tell", "notice", "see", "guess"} & set(heard)
    ) and heard[1:2] not in (["you"], ["i"])


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
