"""Which time in a message belongs to which thing said."""

from __future__ import annotations

from typing import Optional, Sequence

from candidacy.listening import dates
from candidacy.listening.clauses import Part
from candidacy.listening.dates import Time
from candidacy.listening.lists import stops_it
from candidacy.listening.mentions import Mention
from candidacy.listening.said import Said
from candidacy.listening.scene import Scene


def time_of(scene: Scene, mention: Mention, said: Said, others: Sequence[Mention]) -> Optional[Time]:
    """The time that belongs to a mention: the nearest in its part, else in a part that names nothing else."""
    number = scene.part_at(mention.start)
    part = scene.parts[number]
    own = [t for t in scene.times if part.start <= t.start < part.end and not _age_like(scene, t)]
    dated = mention.kind == "frame" and scene.norm(mention.start) in ("after", "since")
    # "Five days after my 11s": the date and the name share their "after".
    own = [t for t in own if dated or not (t.start < mention.end and mention.start < t.end)]
    if mention.kind == "drug" and _taken_now(scene, part, mention):
        # "Diagnosed 2015, on X": the year is that of the diagnosis.
        own = [t for t in own if not (t.end <= mention.start and scene.norm(t.start - 1) == "diagnosed")]
    if own and scene.lexicon.kind(mention.rule, "events") and all(t.kind == dates.LASTING for t in own):
        # "Botox gave me a headache for a day, it was 3 years ago": how long it ached dates nothing.
        told = _told_later(scene, number)
        if told:
            return told
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
            # "Cellulitis in 2021, IV antibiotics for a week": a fragment goes with what stands before it.
            led = step == -1 and mention.kind in ("drug", "name") and near.sentence == part.sentence
            verbs = {scene.norm(i) for i in range(part.start, part.end)} & scene.lexicon.sets["scope.takes"]
            fragment = part.end - part.start <= 7 and not verbs and not any(part.start <= at < part.end for at in scene.selves)
            medicine = mention.kind == "drug" or scene.lexicon.kind(mention.rule, "medicines")
            if not (led and fragment and medicine) or said.ongoing:
                continue
            if any(near.start <= m.start < near.end and m.kind == "drug" for m in others):
                continue
        if step == -1 and part.contrast and _wished(scene, part, mention):
            # "Surgery 4 years ago, but I want to be pregnant": the date is of what is over.
            continue
        if step == -1 and mention.kind == "drug" and _taken_now(scene, part, mention):
            # "Last one June, on Epilim": the date is of what was told before.
            continue
        times = [t for t in scene.times if near.start <= t.start < near.end and not _age_like(scene, t)]
        leads = bool(times) and times[0].start == near.start
        short = near.end - near.start <= 5
        if times and (near.sentence == part.sentence or leads or short or _stops(scene, near, mention)):
            if _stops(scene, near, mention):
                said.stopped, said.stop_at = True, near.start
            return times[0]
        if step == 1 and near.sentence == part.sentence and _stops(scene, near, mention):
            said.stopped, said.stop_at = True, near.start
    if scene.lexicon.kind(mention.rule, "events"):
        return _dated_later(scene, number, others)
    return None


def _told_later(scene: Scene, number: int) -> Optional[Time]:
    """The date of "… , was 3 years ago" in one of the next two parts of the sentence."""
    for part in scene.parts[number + 1 : number + 3]:
        if part.sentence != scene.parts[number].sentence:
            break
        words = {scene.norm(i) for i in range(part.start, part.start + 3)}
        for time in scene.times:
            if part.start <= time.start < part.end and time.kind in (dates.AGO, dates.POINT) and "was" in words:
                return time
    return None


def _dated_later(scene: Scene, number: int, others: Sequence[Mention]) -> Optional[Time]:
    """ "Jaw tox in a salon, no idea of the brand, five weeks back": some parts later, with nothing named between."""
    for part in scene.parts[number + 1 : number + 4]:
        if part.sentence != scene.parts[number].sentence or any(part.start <= m.start < part.end for m in others):
            return None
        for time in scene.times:
            if part.start <= time.start < part.end and time.kind == dates.AGO:
                return time
    return None


def _taken_now(scene: Scene, part: Part, mention: Mention) -> bool:
    """ "On X", "she is on the X": taken today, with no date of its own."""
    return any(
        scene.norm(i) in ("on", "taking", "takes", "take") and scene.norm(i - 1) not in ("was", "went", "been")
        for i in range(max(part.start, mention.start - 3), mention.start)
    )


def _wished(scene: Scene, part: Part, mention: Mention) -> bool:
    """ "I want to be pregnant", "we are trying": of today and ahead."""
    return any(scene.norm(i) in scene.words["wishes"] for i in range(part.start, mention.end))


def _blocks(scene: Scene, mention: Mention, rival: Mention) -> bool:
    """A nearer mention takes the time, unless both are items of one list."""
    low, high = sorted(((mention.start, mention.end), (rival.start, rival.end)))
    between = [scene.norm(i) for i in range(low[1], high[0])]
    if rival.start >= mention.end and len(between) <= 5 and {"for", "against"} & set(between):
        # "Finished chemo for breast cancer two weeks ago": the date is the medicine's.
        return False
    # "Steroid shots during chemo in 2014": one time for both.
    return not ("during" in between or all(word in scene.words["list_fill"] for word in between))


def _stops(scene: Scene, part: Part, mention: Mention) -> bool:
    """True when a part says that the thing named before was stopped, and not another thing."""
    if mention.kind == "drug" and any(
        scene.norm(i) in ("get", "getting", "gotten") and scene.norm(i + 1) in ("them", "any", "those")
        for i in range(part.start, part.end)
    ):
        # "I take Tegretol for them, I just don't get them any more": the fits are over, the medicine is not.
        return False
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
