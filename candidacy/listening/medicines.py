"""What a medicine is taken for, how it is given, and which date or end beside it is not its own.

`data/clinic/language.yml`, section `uses`, holds the words; this module only their reach.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Iterable, Optional, Sequence

from dateutil.relativedelta import relativedelta

from candidacy.findings import PAST
from candidacy.listening.date_names import UNIT_OF
from candidacy.listening.dates import AGO, Time
from candidacy.listening.mentions import Mention
from candidacy.listening.said import Said
from candidacy.listening.scene import Scene
from candidacy.listening.spans import number
from candidacy.listening.words import is_ordinary

_REACH = 10
_TAKES = frozenset(("take", "taking", "use", "using", "on", "have", "apply", "swallow", "inject"))
_UNTIL = frozenset(("till", "until", "til", "through"))
_JOINS = frozenset(("and", "plus", "with", "then", "but", "or", ",", ".", ";", "!", "?", "\n", "also"))


def _set(words: Iterable[object]) -> frozenset[str]:
    return frozenset(map(str, words))


def is_medicine(scene: Scene, mention: Mention) -> bool:
    """True for the name of a medicine, even where a misspelling of it stands among the names of the rule."""
    words = tuple(scene.norm(i) for i in range(mention.start, mention.end))
    entries = scene.lexicon.table.get(words, ())
    return mention.kind == "drug" or any(e.kind == "drug" and e.rule == mention.rule for e in entries)


def other_use(scene: Scene, mention: Mention, mentions: Sequence[Mention]) -> bool:
    """ "Topamax for migraines", "budesonide nasal": the medicine says nothing of this condition."""
    said = {scene.norm(i) for i in range(mention.start, mention.end)}
    for use in scene.lexicon.language["uses"]["explained"]:
        if use["condition"] == mention.rule and said & set(use["words"]):
            if any(token.norm in use["message"] for token in scene.tokens):
                return True
    if mention.kind not in ("drug", "name"):
        return False
    name = " ".join(scene.norm(i) for i in range(mention.start, mention.end))
    for use in scene.lexicon.language["uses"]["other"]:
        if use["condition"] != mention.rule or name not in map(str, use.get("drugs", (name,))):
            continue
        if _given(scene, mention, _set(use.get("given", ()))):
            return True
        other = use.get("beside_variant")
        if other and any(m.rule == mention.rule and m.variant == other for m in mentions):
            return True
        if not is_medicine(scene, mention):
            continue
        if any(m.rule == use.get("beside") and m.start != mention.start for m in mentions):
            return True
        if _taken_for(scene, mention, mentions, _set(use.get("reasons", ()))):
            return True
        alone = not any(m.rule == mention.rule and m.kind == "name" for m in mentions)
        first, last = scene.sentence_range(mention.start)
        surely = [i for i in range(first, last) if scene.norm(i) in _set(use.get("surely", ()))]
        if alone and any(not {"not", "no", "never"} & {scene.norm(i - 1), scene.norm(i - 2)} for i in surely):
            return True
        if _upsets(scene, mention, _set(use.get("upsets", ()))):
            return True
    return False


def _given(scene: Scene, mention: Mention, ways: frozenset[str]) -> bool:
    """ "Hydrocortisone 1% cream", "steroid nasal spray": a word of the way it is given, right beside it."""
    for step, index in ((1, mention.end), (-1, mention.start - 1)):
        for _ in range(4 if step > 0 else 2):
            word = scene.norm(index)
            if not word or word in _JOINS:
                break
            if word in ways:
                return True
            index += step
    return False


def _upsets(scene: Scene, mention: Mention, signs: frozenset[str]) -> bool:
    """ "Aspirin brings me out in hives": not taken any more."""
    behind = [scene.norm(i) for i in range(mention.end, mention.end + 8)]
    led = {"gives", "gave", "makes", "made", "brings", "brought", "give", "make"} & set(behind[:3])
    return bool(led) and bool({"me", "my"} & set(behind[:4])) and bool(signs & set(behind))


def _taken_for(scene: Scene, mention: Mention, mentions: Sequence[Mention], reasons: frozenset[str]) -> bool:
    first, last = scene.sentence_range(mention.start)
    links = _set(scene.lexicon.language["uses"]["links"])
    for index in range(max(first, mention.start - _REACH), min(last, mention.end + _REACH)):
        if scene.norm(index) not in reasons:
            continue
        if index < mention.start:
            between = range(index + 1, mention.start)
            led = any(scene.norm(i) in links for i in range(max(first, index - 4), mention.start))
        else:
            between = range(mention.end, index)
            led = any(scene.norm(i) in links for i in between)
        denied = any(scene.norm(i) in ("not", "no", "never") for i in range(max(first, index - 2), index))
        rivals = any(m.start in between and m.rule == mention.rule and m.kind == "drug" for m in mentions)
        if not denied and not rivals and (led or len(between) <= 2):
            return True
    return False


def swapped_to(scene: Scene, mention: Mention) -> bool:
    """ "Switched from warfarin to Lixiana": the second one is taken now."""
    before = [scene.norm(i) for i in range(max(mention.start - 10, 0), mention.start)]
    while before and before[-1] in ("the", "a", "my", "on"):
        before.pop()
    if before and before[-1] == "for":
        # "Swapped warfarin for edoxaban".
        return bool(set(before[-4:]) & {"swapped", "swap", "changed", "traded", "exchanged", "ditched"})
    return bool(before) and before[-1] in ("to", "onto") and _swapped(scene, before)


def swapped_away(scene: Scene, mention: Mention, mentions: Sequence[Mention]) -> bool:
    """ "Vesicare dried me out, so they moved me to Betmiga": the first one is over."""
    sentence = scene.parts[scene.part_at(mention.start)].sentence
    for index in range(mention.end, min(mention.end + 24, len(scene.tokens))):
        if scene.norm(index) not in ("to", "onto") or not _swapped(
            scene, [scene.norm(i) for i in range(max(index - 4, mention.end), index)]
        ):
            continue
        if scene.parts[scene.part_at(index)].sentence > sentence + 1:
            return False
        # What follows must be a medicine: one of the rules, or a word that is none of the language.
        word = scene.norm(index + 1)
        named = any(m.start == index + 1 and m.kind == "drug" for m in mentions)
        known = word in _set(scene.lexicon.language["uses"]["instead"])
        return named or known or (len(word) > 5 and word.isalpha() and not is_ordinary(word))
    return False


def _swapped(scene: Scene, words: Sequence[str]) -> bool:
    return bool(_set(scene.lexicon.language["uses"]["swapped"]) & set(words))


def date_of_event(scene: Scene, mention: Mention, said: Said, time: Time) -> bool:
    """ "Clopilet after my stent two years back", "Advagraf, kidney 2017": the date is the event's."""
    own_end = said.over and not time.start <= said.stop_at < time.end
    if said.stopped or own_end or said.weak_past or time.start < mention.end:
        return False
    words = [scene.norm(i) for i in range(mention.end, time.start)]
    if _set(scene.lexicon.language["uses"]["lifelong_after"]) & set(words[-5:]):
        return True
    # "Nortriptyline 25 for pain after shingles last year": a dose, and the date of what came before.
    return any(w[:1].isdigit() for w in words[:2]) and "after" in words[2:-1] and "days" not in words


def with_reason(scene: Scene, mention: Mention, mentions: Sequence[Mention]) -> Mention:
    """ "Ciclosporin for the eczema, came off it": what ends after the reason is the medicine."""
    for other in mentions:
        gap = [scene.norm(i) for i in range(mention.end, other.start)]
        if other.start <= mention.end or len(gap) > 3 or "for" not in gap:
            continue
        if scene.part_at(other.start) != scene.part_at(mention.start):
            continue
        if any(
            cue.kinds & {"past", "past_after"}
            and 0 <= cue.start - other.end <= 3
            and {"it", "them", "that", "taking"} & {scene.norm(i) for i in range(cue.start, cue.end + 2)}
            for cue in (*scene.forward, *scene.after)
        ):
            return replace(mention, end=other.end)
    return mention


def points_to(scene: Scene, mention: Mention) -> bool:
    """A medicine used once for a condition that lasts, where the rule also judges what was had: nothing is sure."""
    rule = scene.lexicon.knowledge.rule(mention.rule)
    had = any(PAST in v.test.assertion and not v.test.named for v in rule.variants if v.test.assertion)
    return mention.kind == "drug" and had and scene.lexicon.kind(mention.rule, "lasting")


def is_side_effect(scene: Scene, mention: Mention, mentions: Sequence[Mention]) -> bool:
    """ "Losartan gave me a dry cough": done by a medicine, and no illness caught."""
    if mention.rule not in scene.lexicon.language["uses"]["side_effects"]:
        return False
    first, _ = scene.sentence_range(mention.start)
    before = [scene.norm(i) for i in range(max(first, mention.start - 5), mention.start)]
    drugs = [hit for hit in scene.hits_of("drug") if first <= hit.start < mention.start]
    upset = {scene.norm(i) for i in range(mention.start, mention.end)} & scene.lexicon.sets["scope.upset"]
    if drugs and upset and not {"for", "have", "caught"} & set(before):
        return True
    led = bool({"made", "makes", "making", "gave", "gives", "causes", "caused", "giving", "causing"} & set(before))
    return led and (bool(drugs) or any(first <= m.start < mention.start and m.kind == "drug" for m in mentions))


def kept_up(scene: Scene, mention: Mention) -> bool:
    """ "Who refills Plaquenil?", "I missed my Eliquis, what now?": only who takes it asks so."""
    words = scene.lexicon.sets["scope.uses_it"]
    first, _ = scene.part_range(mention.start)
    return any(scene.norm(i) in words for i in range(max(first, mention.start - 5), mention.start))


def told_next(scene: Scene, mention: Mention) -> bool:
    """ "Is Keppra ok with this? I've been on 500 twice a day": asked about, then told to be taken."""
    _, start = scene.sentence_range(mention.start)
    if start >= len(scene.tokens):
        return False
    _, end = scene.sentence_range(start)
    words = [scene.norm(i) for i in range(start, min(end, start + 10))]
    if words[:1] in (["yes"], ["and"], ["because"], ["as"]):
        words = words[1:]
    if not words or words[0] not in ("i", "been", "on", "taking", "using") or {"not", "never", "yet"} & set(words):
        return False
    at = next((n for n, w in enumerate(words) if w in _TAKES), -1)
    behind = words[at + 1 : at + 7] if at >= 0 else []
    return bool({"it", "them", "both", "that"} & set(behind)) or any(w[:1].isdigit() for w in behind[:1])


def own_time(scene: Scene, mention: Mention, said: Said, time: Optional[Time]) -> Optional[Time]:
    """The time beside a medicine, read as patients use it: doses, courses that run on, and last doses."""
    before = scene.norm(mention.start - 1), scene.norm(mention.start - 2)
    if "since" in before:
        # "Two years clear since Accutane" counts from its end.
        for at in range(mention.start - 2, max(mention.start - 6, 0), -1):
            unit, count = UNIT_OF.get(scene.norm(at)), number(scene.norm(at - 1))
            if unit in ("years", "months", "weeks") and count:
                day = scene.today - relativedelta(**{unit: int(count)})
                said.over, said.ongoing = True, False
                return Time(at - 1, at + 1, AGO, (day, day))
    if time is None or time.when is None:
        return time
    if time.start == 0 and scene.norm(1) == "/" and scene.norm(2) in ("10", "5"):
        # "10/10": stars of a review.
        return None
    if time.start <= mention.end and scene.norm(mention.end + 1) == "/":
        # "10/5/5" is a dose for morning, noon and night.
        return None
    led = [scene.norm(i) for i in range(time.start - 2, time.start + 1)]
    gone = (scene.today - time.when[1]).days
    if _UNTIL & set(led) and 200 < gone < 366 and not any(w[:2] in ("19", "20") for w in _words(scene, time)):
        # "Once a day till January": the next one.
        return None
    if "last" in [scene.norm(i) for i in range(max(time.start - 4, mention.end), time.start)]:
        said.ongoing = False
    if date_of_event(scene, mention, said, time):
        said.over = False
        return None
    return time


def _words(scene: Scene, time: Time) -> Sequence[str]:
    return [scene.norm(i) for i in range(time.start, time.end)]


def as_needed(scene: Scene, mention: Mention) -> bool:
    """ "Aciclovir when the tingle starts": kept for the need, and taken."""
    behind = [scene.norm(i) for i in range(mention.end, mention.end + 4)]
    at = next((n for n, w in enumerate(behind) if w in ("when", "whenever")), -1)
    first, _ = scene.part_range(mention.start)
    ahead = any("future" in cue.kinds and first <= cue.start < mention.start for cue in scene.forward)
    return at >= 0 and behind[at + 1 : at + 2] != ["i"] and not ahead
