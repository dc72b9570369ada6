"""Words that take back what another cue said: double denials, slips put right, a course never begun or begun again."""

from __future__ import annotations

from typing import Optional, Sequence

from candidacy.findings import ABSENT, FUTURE
from candidacy.listening.mentions import Mention
from candidacy.listening.said import Said
from candidacy.listening.scene import Scene

_NOT = frozenset(("not", "never"))
_NOBODY = frozenset(("nobody", "noone", "none"))
_AFTER = 26
"""Words behind a thing within which it may be taken back."""


def affirms(scene: Scene, said: Said) -> bool:
    """True for a denial that is itself denied: "I don't not have", "can't say I've never had", "never without".

    "Never had no cold sores" stays a denial: only "not not", "not without" and a denied word of saying turn it.
    """
    at = said.denied_at
    if at < 0:
        return False
    part = scene.parts[scene.part_at(at)]
    sentence = scene.parts[scene.sentence_parts(part.sentence)[0]].start
    before = [scene.norm(i) for i in range(max(sentence, at - 8), at)]
    inner = scene.norm(at)
    if inner == "do" or inner in ("is", "am", "are", "have", "has", "was", "can"):
        # The cue begins with its verb: "do not have".
        inner = "not"
    if before and before[-1] in _NOT and inner == "not" and scene.norm(at) == "not":
        return True
    if inner == "without":
        return bool(set(before[-5:]) & (_NOT | {"hardly", "rarely"}))
    if inner in ("deny", "denying"):
        return bool(set(before[-3:]) & _NOT)
    days = scene.lexicon.sets["scope.spans"]
    saying = scene.lexicon.sets["scope.saying"]
    for place, word in enumerate(before):
        outer = set(before[max(place - 3, 0) : place])
        if word in saying and outer & (_NOT | _NOBODY | {"one"}) and (not outer & {"one"} or "no" in before):
            return True
        if word in days and outer & {"not", "never", "hardly", "rarely"} and len(before) - place <= 4:
            return True
    return any(before[i] == "not" and before[i + 1] in ("that", "like", "as") for i in range(len(before) - 1))


def taken_back(scene: Scene, mention: Mention, mentions: Sequence[Mention]) -> bool:
    """ "Epilepsy, wrong box sorry, I meant eczema": the first thing was a slip."""
    for hit in scene.hits_of("scope", "slip"):
        if not mention.end <= hit.start <= mention.end + _AFTER:
            continue
        if scene.norm(hit.end - 1) == "meant" and scene.norm(hit.end) in ("to", "what"):
            # "I meant to tell you".
            continue
        if scene.norm(hit.end - 1) in ("up", "one") and any(
            0 < mention.start - m.end <= 8 and m.rule != mention.rule for m in mentions
        ):
            # "Not lupus. Lichen planus. I mix them up": the second is meant.
            continue
        between = [m for m in mentions if mention.end <= m.start < hit.start and m.rule != mention.rule]
        later = [m for m in mentions if m.start >= hit.end and m.rule == mention.rule]
        sentences = (
            scene.parts[scene.part_at(hit.start)].sentence
            - scene.parts[scene.part_at(mention.start)].sentence
        )
        if not between and not later and sentences <= 1:
            return True
    return any(
        0 <= mention.start - hit.end <= 5 and scene.part_at(hit.start) == scene.part_at(mention.start)
        for hit in scene.hits_of("scope", "ignore")
    )


def only_supposed(scene: Scene, mention: Mention) -> bool:
    """ "Say I'd had Botox last week, which I haven't": made up to ask about the rule."""
    part = scene.part_at(mention.start)
    if not any(0 <= mention.start - hit.end <= 5 for hit in scene.hits_of("scope", "suppose")):
        return False
    for hit in scene.hits_of("scope", "not_really"):
        if mention.end <= hit.start <= mention.end + 10 and scene.part_at(hit.start) - part <= 3:
            if not scene.norm(hit.end).isalpha() or scene.norm(hit.end) in scene.lexicon.sets["scope.then"]:
                return True
    return False


def given_up(scene: Scene, mention: Mention) -> bool:
    """ "Was to do IVF but we've stopped, it's over": a plan that is no plan any more."""
    for hit in scene.hits_of("scope", "given_up"):
        following = scene.norm(hit.end)
        if mention.end <= hit.start <= mention.end + _AFTER and (
            not following.isalpha()
            or following in scene.lexicon.sets["scope.then"] | {"trying", "treatment", "and"}
        ):
            return True
    return False


def is_a_pet(scene: Scene, mention: Mention) -> bool:
    """ "We called the cat Coumadin": a name and no medicine."""
    animals = scene.lexicon.sets["persons.animals"]
    near = [scene.norm(i) for i in range(mention.start - 5, mention.start)]
    return bool({"called", "named", "call", "name"} & set(near)) and bool(animals & set(near))


def is_namesake(scene: Scene, mention: Mention) -> bool:
    """ "Accutane (the band, not the drug)", "MS in my bio is the degree"."""
    return any(0 <= hit.start - mention.end <= 8 for hit in scene.hits_of("scope", "namesake"))


def but_one(scene: Scene, mention: Mention) -> bool:
    """ "No cold sores. Well. One. 2011.": the denial is given up."""
    words = [t.norm for t in scene.tokens[mention.end : mention.end + 8] if t.word]
    return len(words) > 1 and words[0] in ("well", "ok", "actually", "hmm", "except") and words[1] in (
        "one",
        "once",
        "twice",
        "two",
        "maybe",
        "just",
        "1",
        "2",
    )


def overruled(scene: Scene, mention: Mention) -> bool:
    """ "I said I wasn't pregnant. The test says otherwise": what was denied is so."""
    return but_one(scene, mention) or any(
        mention.end <= hit.start <= mention.end + _AFTER for hit in scene.hits_of("scope", "overruled")
    )


def never_begun(scene: Scene, mention: Mention, mentions: Sequence[Mention]) -> Optional[str]:
    """ "Prescribed but I never filled it", "the box went back unopened": ABSENT, or FUTURE with a "yet"; else None."""
    if in_use(scene, mention):
        return None
    if mention.kind == "drug":
        told = _verb_denied(scene, mention, mentions)
        if told:
            return told
    first = scene.parts[scene.part_at(mention.start)].sentence
    called_off = scene.hits_of("scope", "called_off") if scene.lexicon.kind(mention.rule, "events") else []
    for hit in [*scene.hits_of("scope", "never_begun"), *called_off]:
        if not mention.end <= hit.start <= mention.end + _AFTER:
            continue
        if scene.norm(hit.end) in scene.lexicon.sets["scope.again"]:
            continue
        if scene.parts[scene.part_at(hit.start)].sentence - first > 2:
            continue
        if any(
            mention.end <= m.start < hit.start and m.rule != mention.rule and m.kind in ("drug", "possible")
            for m in mentions
        ):
            continue
        return ABSENT
    turned_down = any(
        0 <= mention.start - hit.end <= 4
        and scene.part_at(hit.start) == scene.part_at(mention.start)
        and not {scene.norm(i) for i in range(hit.end, mention.start)} & scene.lexicon.sets["scope.changes"]
        for hit in scene.hits_of("scope", "refused")
    )
    return ABSENT if turned_down else None


def _verb_denied(scene: Scene, mention: Mention, mentions: Sequence[Mention]) -> Optional[str]:
    """ "Never filled it", "didn't start it yet", "I declined": a verb of beginning that is denied, or a refusal."""
    table = {name: frozenset(map(str, words)) for name, words in scene.lexicon.language["uses"]["begun"].items()}
    rivals = [m.start for m in mentions if m.start > mention.end and m.kind in ("drug", "possible")]
    for index in range(mention.end, min([mention.end + _AFTER, *rivals])):
        word = scene.norm(index)
        said_no = word in ("declined", "refused", "said") and scene.norm(index - 1) == "i"
        if word in table["refused"] or (
            said_no
            and scene.norm(index + 1) in ("no", "absolutely", "never", "nope", "it", "that", ".", ",", "")
        ):
            return ABSENT
        if index > mention.end + 14 or word not in table["verbs"]:
            continue
        if not {"never", "not"} & {scene.norm(index - 1), scene.norm(index - 2)}:
            continue
        behind = [scene.norm(i) for i in range(index + 1, index + 5)]
        if behind[0] not in table["objects"] or table["later"] & set(behind):
            continue
        begins = word.startswith(("start", "beg")) and scene.norm(index - 1) == "not"
        return FUTURE if "yet" in behind or begins else ABSENT
    return None


def in_use(scene: Scene, mention: Mention) -> bool:
    """ "I take warfarin", "I'm on warfarin": what is refused behind it is another thing."""
    before = [scene.norm(i) for i in range(mention.start - 4, mention.start)]
    if any(mention.end <= hit.start <= mention.end + _AFTER for hit in scene.hits_of("scope", "at_last")):
        return True
    return bool({"take", "taking", "using", "use", "takes"} & set(before[1:])) or (
        "on" in before and "am" in before
    )


def begun_again(scene: Scene, mention: Mention, mentions: Sequence[Mention]) -> bool:
    """ "Came off it in May, back on it since": it is taken now."""
    first = scene.parts[scene.part_at(mention.start)].sentence
    for hit in scene.hits_of("scope", "begun_again"):
        if not mention.end <= hit.start <= mention.end + _AFTER:
            continue
        if scene.parts[scene.part_at(hit.start)].sentence - first > 1:
            continue
        other = [m for m in mentions if mention.end <= m.start <= hit.end + 3 and m.kind == "drug"]
        if any(m.rule != mention.rule for m in other):
            continue
        following = scene.norm(hit.end)
        open_end = scene.norm(hit.end - 1) in ("on", "to") and following.isalpha()
        if open_end and following not in scene.lexicon.sets["scope.it"]:
            continue
        if any(scene.norm(i) in ("not", "never", "if", "might") for i in range(hit.start - 4, hit.start)):
            continue
        return True
    return False
