"""Find what a message names: conditions and medicines, without look-alikes, the longest name first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Set, Tuple

from candidacy.listening.frame_places import frame_places
from candidacy.listening.lexicon import Entry, Hit
from candidacy.listening.scene import Scene


@dataclass(frozen=True)
class Mention:
    """Something named: half-open token range, condition, variant, and how it came to be heard.

    `kind` is name, drug, possible, frame or allergy.
    """

    start: int
    end: int
    rule: str
    variant: Optional[str]
    kind: str


def find_mentions(scene: Scene) -> List[Mention]:
    """Everything named in a message, in order."""
    masks: Dict[str, List[Tuple[int, int]]] = {}
    for hit in scene.hits:
        for entry in hit.entries:
            if entry.kind == "look_alike":
                masks.setdefault(entry.rule, []).append((hit.start, hit.end))
    found: List[Mention] = []
    for hit in scene.hits:
        for entry in hit.entries:
            if (
                entry.kind in ("name", "drug", "possible")
                and not _followed(scene, hit)
                and not (entry.kind == "drug" and scene.norm(hit.end) in scene.lexicon.sets["uses.traded"])
                and _heard(scene, hit, entry)
                and not _masked(hit, masks.get(entry.rule))
            ):
                found.append(Mention(hit.start, hit.end, entry.rule, entry.variant, entry.kind))
    found = _longest(found)
    found += _frames(scene, found, masks)
    found += _allergies(scene, masks)
    signs = [word for m in found if m.kind == "allergy" for word in allergy_words(scene, m)]
    found = [
        m
        for m in found
        if m.kind != "name"
        or m.rule in scene.lexicon.sets["kinds.allergies"]
        or (m.start, m.end) not in signs
    ]
    found = _longest([m for m in found if not _allergic_to_drug(scene, m)])
    found.sort(key=lambda m: (m.start, m.end))
    return _bounded(found)


_WIDE = 6
"""Words of a frame that holds other things besides its own."""
_OFTEN = 12
"""How often one condition is followed up in one message; more only repeats it."""


def _bounded(mentions: Sequence[Mention]) -> List[Mention]:
    """At most `_OFTEN` mentions of a condition and variant: half from the start, half from the end."""
    places: Dict[Tuple[str, Optional[str]], List[Mention]] = {}
    for mention in mentions:
        places.setdefault((mention.rule, mention.variant), []).append(mention)
    half = _OFTEN // 2
    kept = {
        id(m)
        for group in places.values()
        for m in (group if len(group) <= _OFTEN else group[:half] + group[-half:])
    }
    return [mention for mention in mentions if id(mention) in kept]


def _masked(hit: Hit, masks: Optional[List[Tuple[int, int]]]) -> bool:
    """A look-alike hides the names inside it; a name that is longer than the look-alike stands."""
    return any(
        a <= hit.start and hit.end <= b or (hit.start < b and a < hit.end and b - a >= hit.end - hit.start)
        for a, b in masks or ()
    )


def _followed(scene: Scene, hit: Hit) -> bool:
    """ "Expecting a parcel": the next word shows that something else is meant."""
    if hit.end - hit.start > 1:
        return False
    language, word = scene.lexicon.language, scene.norm(hit.start)
    if scene.norm(hit.end) in language["not_followed_by"].get(word, ()):
        return True
    near = language["not_near"].get(word, ())
    return bool(near) and any(scene.norm(i) in near for i in range(hit.start - 6, hit.end + 6))


def _heard(scene: Scene, hit: Hit, entry: Entry) -> bool:
    """An abbreviation counts in capitals, or after words of having it."""
    if not entry.short:
        return True
    before = scene.norm(hit.start - 1)
    if before.isdigit() or (before and before[0].isdigit()):
        return False
    if scene.tokens[hit.start].capitals and not scene.shouted:
        return True
    words = [token for token in scene.tokens if token.word]
    if len(words) == hit.end - hit.start:
        return True
    if scene.norm(hit.end) in ("diagnosed", "diagnosis", "sufferer", "patient", "relapsing"):
        # "ms dx 2015".
        return True
    return any(
        h.end == hit.start
        or (0 < hit.start - h.end <= 1 and scene.norm(hit.start - 1) in ("the", "and", "or", "mild", "a", "an", "another"))
        for h in scene.hits_of("possession")
    )


def _longest(mentions: Sequence[Mention]) -> List[Mention]:
    """Where names overlap the longest is meant; names of equal place stand side by side."""
    order = sorted(mentions, key=lambda m: (m.start - m.end, m.kind == "possible", m.start))
    kept: List[Mention] = []
    for mention in order:
        clash = False
        for other in kept:
            if mention.start < other.end and other.start < mention.end:
                same = (mention.start, mention.end) == (other.start, other.end)
                # A frame over half a sentence hides no name that stands in it.
                ends = mention.start <= other.start < mention.end or mention.start < other.end <= mention.end
                wide = other.kind not in ("name", "drug") and other.end - other.start >= _WIDE and not ends
                if not (same or wide) or other.rule == mention.rule:
                    clash = True
                    break
        if not clash:
            kept.append(mention)
    return kept


def _frames(scene: Scene, taken: Sequence[Mention], masks: Dict[str, List[Tuple[int, int]]]) -> List[Mention]:
    present: Set[str] = {token.norm for token in scene.tokens}
    found = []
    for frame in scene.lexicon.frames_for(present):
        if frame.sign:
            continue
        for place in frame_places(scene, frame):
            hidden = any(
                a < place[1] <= b or a <= place[0] < b for a, b in masks.get(frame.condition, ())
            )
            # Over a whole sentence only where nothing in it names the condition in fewer words.
            rivals = [*taken, *found] if frame.across else taken
            same = any(m.rule == frame.condition and m.start < place[1] and place[0] < m.end for m in rivals)
            if not hidden and not same:
                allergy = frame.condition in scene.lexicon.sets["kinds.allergies"]
                kind = "possible" if frame.possible else "allergy" if allergy else "frame"
                found.append(Mention(place[0], place[1], frame.condition, frame.variant, kind))
    return found


def _allergies(scene: Scene, masks: Dict[str, List[Tuple[int, int]]]) -> List[Mention]:
    """Substances that stand near words of allergy or reaction, or of having no trouble with them."""
    words = [hit for hit in scene.hits_of("allergy") if not any(e.kind == "look_alike" for e in hit.entries)]
    if not words:
        return []
    found = []
    for hit in scene.hits:
        for entry in hit.entries:
            if entry.kind != "substance" or _masked(hit, masks.get(entry.rule)):
                continue
            harmless = scene.lexicon.language["allergy"]["harmless"].get(entry.rule, ())
            if harmless and any(token.norm in harmless for token in scene.tokens):
                continue
            if any(_linked(scene, hit, word) and _told(scene, word) for word in words):
                found.append(Mention(hit.start, hit.end, entry.rule, entry.variant, "allergy"))
    return found


def allergy_words(scene: Scene, mention: Mention) -> List[Tuple[int, int]]:
    """The signs told of a substance ("brings me out in a rash"): no condition of their own."""
    hit = Hit(mention.start, mention.end, ())
    return [(word.start, word.end) for word in scene.hits_of("allergy") if _linked(scene, hit, word)]


def _of_it(scene: Scene, word: Hit) -> bool:
    """ "… lidocaine? I'm allergic." and "I react to it": the substance was named before."""
    following = [scene.norm(word.end), scene.norm(word.end + 1)]
    ends = not following[0][:1].isalnum()
    own = any(scene.norm(i) == "i" for i in range(max(word.start - 4, 0), word.start))
    return own and (ends or bool({"it", "that", "them", "those"} & set(following)))


def _linked(scene: Scene, substance: Hit, word: Hit) -> bool:
    if word.start < substance.end and substance.start < word.end:
        return False
    here, there = scene.part_at(substance.start), scene.part_at(word.start)
    if scene.parts[here].sentence + 1 == scene.parts[there].sentence:
        return _of_it(scene, word)
    if scene.parts[here].sentence != scene.parts[there].sentence:
        return False
    kinds = {entry.rule for entry in word.entries if entry.kind == "allergy"}
    if "trouble" in kinds and "words" not in kinds:
        return 0 <= substance.start - word.end <= 4 and scene.norm(word.end) in (
            "with",
            "from",
            "to",
            "after",
        )
    between = substance.start - word.end if word.end <= substance.start else word.start - substance.end
    if word.end <= substance.start and here != there and _one_list(scene, word.end, substance.start):
        return True
    if "to" in kinds and word.end <= substance.start:
        return between <= 14 and not any(scene.parts[n].contrast for n in range(there + 1, here + 1))
    plain = any(scene.norm(i) in scene.lexicon.sets["strong"] for i in range(word.start, word.end))
    return between <= (6 if here == there else 14 if plain else 3)


def _one_list(scene: Scene, first: int, last: int) -> bool:
    """ "Patch test positive for nickel, cobalt and surgical steel": a later item of the list behind the word."""
    named = {
        i for h in scene.hits_of("substance") for i in range(h.start, h.end) if first <= h.start and h.end <= last
    }
    if not named or min(named) - first > 6:
        return False
    return all(
        i in named or not scene.tokens[i].word or scene.norm(i) in scene.words["list_fill"]
        for i in range(min(named), last)
    )


def _told(scene: Scene, word: Hit) -> bool:
    """ "What should I avoid after botox" is a topic; "I was told to avoid botox" tells of the speaker."""
    allergy = scene.lexicon.language["allergy"]
    if scene.norm(word.start) not in allergy["of_speaker"]:
        return True
    asked = (scene.norm(word.start - 2), scene.norm(word.start - 1)) == ("should", "i")
    if asked or scene.norm(word.end) in allergy["of_the_time_around"]:
        return False
    sentence = scene.parts[scene.part_at(word.start)].sentence
    own = scene.lexicon.sets["event_words.own"]
    parts = [scene.parts[number] for number in scene.sentence_parts(sentence)]
    return any(scene.norm(i) in own for part in parts for i in range(part.start, part.end))


def _allergic_to_drug(scene: Scene, mention: Mention) -> bool:
    """ "Allergic to gentamicin", "aspirin allergy": not the use of the medicine."""
    if mention.kind != "drug":
        return False
    near = frozenset(map(str, scene.lexicon.language["allergy"]["near"]))
    if scene.norm(mention.end) in near:
        return True
    part = scene.parts[scene.part_at(mention.start)]
    for hit in scene.hits_of("allergy", "to"):
        gap = mention.start - hit.end
        if (
            hit.start >= part.start
            and 0 <= gap <= 6
            and not any(hit.end <= i < mention.start for i in scene.selves)
        ):
            return True
    return False
