"""A course told at length: begun, borne, stopped some sentences later, or dated by the speaker's age.

"Six months of Pradaxa. Heartburn all the way. Last capsule in January 2025" ends far behind the name; "Accutane at 15"
counts from the age that the speaker tells.
"""

from __future__ import annotations

from datetime import date
from typing import List, Optional, Sequence

from dateutil.relativedelta import relativedelta

from candidacy.listening import dates
from candidacy.listening.age import find_ages
from candidacy.listening.dates import Time
from candidacy.listening.lexicon import Hit
from candidacy.listening.mentions import Mention
from candidacy.listening.said import Said
from candidacy.listening.scene import Scene

_FAR = 70
"""Words behind the name within which its end may be told."""
_SENTENCES = 4
_YOUNG = 25
"""An age up to which "at 15" lies back though the speaker's age is not told."""
_NOW = 3
"""Days within which a last dose is one of many."""
_DATED = (dates.AGO, dates.POINT, dates.VAGUE)


def told_at_length(
    scene: Scene, mention: Mention, said: Said, mentions: Sequence[Mention], time: Optional[Time]
) -> Optional[Time]:
    """The time of a course, read from all of what is told of it; marks `said` as over where it ends."""
    time = _corrected(scene, time)
    time = _of_last_round(scene, mention, mentions, time)
    if said.denied or said.asked or said.planned:
        return time
    end = _end(scene, mention, mentions)
    if end is not None and (not said.stopped or time is None or time.kind not in _DATED):
        at_end = _time_of_end(scene, end)
        if at_end is not None and at_end.when and (scene.today - at_end.when[1]).days <= _NOW:
            # "Last tablet this morning": it goes on.
            if scene.norm(end.start) in ("last", "final"):
                return time
        said.over, said.ongoing = True, False
        said.stop_at = end.start
        if at_end is not None:
            return at_end
        # The date of its beginning says nothing of its end, unless it is long ago.
        old = time is not None and time.when is not None and time.kind in _DATED
        return time if old and (scene.today - time.when[1]).days > 400 else None
    if time is None or time.kind == dates.LASTING:
        return _at_age(scene, mention, said) or time
    return time


def _end(scene: Scene, mention: Mention, mentions: Sequence[Mention]) -> Optional[Hit]:
    """The words that end the course named, with no other medicine named in between."""
    windows = bool(scene.lexicon.windows.get((mention.rule, mention.variant)))
    first = scene.parts[scene.part_at(mention.start)].sentence
    rivals = [m.start for m in mentions if m.start >= mention.end and m.rule != mention.rule and m.kind == "drug"]
    last = min([mention.end + _FAR, *rivals])
    again = [hit.start for hit in scene.hits_of("scope", "begun_again")]
    for hit in scene.hits_of("scope", "ended_later"):
        everything = scene.norm(hit.end - 1) in ("everything", "lot", "all")
        limit = mention.end + _FAR if everything else last
        if not mention.end <= hit.start < limit:
            continue
        if scene.parts[scene.part_at(hit.start)].sentence - first > _SENTENCES:
            continue
        if not windows and scene.norm(hit.end - 1) in ("injection", "shot", "dose", "was", "it", "one", "any"):
            # "Last injection in September" of a medicine given for good.
            continue
        if _unsaid(scene, hit) or any(at >= hit.start for at in again):
            continue
        if not _of_it(scene, hit):
            continue
        return hit
    return None


def _unsaid(scene: Scene, hit: Hit) -> bool:
    """ "When I stopped", "never stopped it", "should I have stopped it": no end."""
    words = scene.lexicon.sets["scope.no_end"]
    first, _ = scene.part_range(hit.start)
    return any(scene.norm(i) in words for i in range(max(first, hit.start - 3), hit.start + 1)) or any(
        scene.norm(i) == "?" for i in range(hit.end, hit.end + 4)
    )


def _of_it(scene: Scene, hit: Hit) -> bool:
    """ "I stopped in May" ends it, "I stopped smoking" does not."""
    following = scene.norm(hit.end)
    return not following.isalpha() or following in scene.lexicon.sets["scope.end_of_it"]


def _time_of_end(scene: Scene, hit: Hit) -> Optional[Time]:
    first, last = scene.sentence_range(hit.start)
    behind = [t for t in scene.times if hit.start <= t.start < min(last, hit.end + 10) and t.when]
    before = [t for t in scene.times if max(first, hit.start - 6) <= t.start < hit.start and t.when]
    for time in [*behind, *before[::-1]]:
        if time.kind in _DATED or (time.kind == dates.SINCE and time.start >= hit.start):
            kind = dates.POINT if time.kind == dates.SINCE else time.kind
            return Time(time.start, time.end, kind, time.when)
        if time.kind == dates.LASTING and time.start >= hit.start and scene.norm(time.start) in ("for", "in"):
            return Time(time.start, time.end, dates.AGO, time.when)
    return None


def _corrected(scene: Scene, time: Optional[Time]) -> Optional[Time]:
    """ "Last Sept, I mean September of 2024": the second is meant."""
    if time is None:
        return None
    for other in scene.times:
        between = [scene.norm(i) for i in range(time.end, other.start)]
        if 0 < len(between) <= 6 and other.when and set(between) & scene.lexicon.sets["scope.corrects"]:
            return other
    return time


def _of_last_round(
    scene: Scene, mention: Mention, mentions: Sequence[Mention], time: Optional[Time]
) -> Optional[Time]:
    """ "First in college and the second one this year": the last round is the one that counts."""
    told = time is not None and time.when is not None and time.kind in _DATED
    if not told and not scene.lexicon.kind(mention.rule, "events"):
        return time
    rivals: List[int] = [m.start for m in mentions if m.start >= mention.end and m.rule != mention.rule]
    last = min([mention.end + 40, *rivals])
    rounds = scene.lexicon.sets["scope.rounds"]
    for other in scene.times:
        begin = time.end if time is not None else mention.end
        if not begin <= other.start < last or other.when is None or other.kind not in _DATED:
            continue
        before = {scene.norm(i) for i in range(max(begin, other.start - 6), other.start)}
        later = not told or time is None or time.when is None or other.when[1] > time.when[1]
        if before & rounds and later:
            time, told = other, True
    return time


def _at_age(scene: Scene, mention: Mention, said: Said) -> Optional[Time]:
    """ "Accutane at 15", "had it when I was 22": counted from the age told, or long ago when so young."""
    first, last = scene.part_range(mention.start)
    linked = [scene.norm(i) for i in range(last, min(last + 4, len(scene.tokens)))]
    if linked[:1] in (["when"], ["at"], ["aged"]):
        last += 4
    for index in range(first, last):
        raw = scene.norm(index)
        if not raw.isdigit() or not 5 <= int(raw) <= 80 or index < 1:
            continue
        led = scene.norm(index - 1) in ("at", "aged", "age") or [
            scene.norm(i) for i in (index - 3, index - 2, index - 1)
        ] == ["when", "i", "was"]
        if not led or scene.norm(index + 1) in scene.lexicon.sets["scope.not_an_age"]:
            continue
        ages = find_ages(scene)
        if ages:
            gone = int(ages[0].years) - int(raw)
            if gone < 2:
                return None
            middle: date = scene.today - relativedelta(years=gone)
            year = relativedelta(years=1)
            return Time(index - 1, index + 1, dates.POINT, (middle - year, min(middle + year, scene.today)))
        verbs = {scene.norm(i) for i in range(first, index)} & scene.lexicon.sets["scope.past_verbs"]
        if int(raw) <= _YOUNG and verbs and not said.ongoing:
            long_ago = scene.today - relativedelta(years=2)
            return Time(index - 1, index + 1, dates.VAGUE, (scene.today - relativedelta(years=100), long_ago))
    return None


def gone_for_good(scene: Scene, mention: Mention, mentions: Sequence[Mention]) -> bool:
    """ "Cleared up and never came back": an illness that passes, and has passed."""
    passing = scene.lexicon.kind(mention.rule, "passing")
    names = {scene.norm(i) for i in range(mention.start, mention.end)}
    if not passing and not names & scene.lexicon.sets["scope.passing_names"]:
        return False
    first = scene.parts[scene.part_at(mention.start)].sentence
    rivals = [m.start for m in mentions if m.start >= mention.end and m.rule != mention.rule and m.kind == "name"]
    for hit in scene.hits_of("scope", "gone_for_good"):
        if not mention.start <= hit.start < min([mention.end + 50, *rivals]):
            continue
        if scene.parts[scene.part_at(hit.start)].sentence - first > 2:
            continue
        if any(scene.norm(i) in ("not", "if", "until", "never", "when", "will", "would", "has") for i in (hit.start - 1, hit.start - 2)):
            continue
        if scene.norm(hit.end) in ("but", "until", "till", "except", "apart") or scene.norm(hit.end + 1) in ("but", "until"):
            continue
        return True
    behind = [scene.norm(i) for i in range(mention.end, mention.end + 8)]
    healed = scene.lexicon.sets["scope.healing"] & set(behind)
    return bool(healed) and "took" in behind and "to" in behind and "not" not in behind
