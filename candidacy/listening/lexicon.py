"""Everything that is listened for, compiled once: names, medicines, look-alikes and cues.

All phrases go through the same tokeniser as messages and into one spaCy PhraseMatcher. A match is
looked up in a table that says what it stands for.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Dict, FrozenSet, List, Optional, Sequence, Set, Tuple

import spacy
from rapidfuzz.distance import OSA
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

from candidacy.knowledge.load import Knowledge
from candidacy.listening.text import Token, tokenise
from candidacy.listening.words import is_ordinary

Words = Tuple[str, ...]

_UNKNOWN = "_"
_NUMBERS = frozenset(("#", "##"))


@dataclass(frozen=True)
class Entry:
    """What a phrase stands for.

    Attributes:
        kind: name, drug, look_alike, possible, substance, cue, or a list of language.yml.
        rule: Condition id; for a cue its category.
        variant: Variant the phrase chooses.
        short: True for an abbreviation that needs capitals or words of having it.
    """

    kind: str
    rule: str
    variant: Optional[str] = None
    short: bool = False


@dataclass(frozen=True)
class Frame:
    """A condition or sign told in loose words: groups in order, at most `gap` words between them.

    Attributes:
        sign: For a sign, its kind of entry and its name in language.yml.
        across: "sentence" or "message" when the groups may stand in different parts of it.
        numbers_in: The numbers that "#" stands for, as (from, to); any number when empty.
    """

    condition: str
    groups: Tuple[FrozenSet[str], ...]
    gap: int
    without: FrozenSet[str]
    variant: Optional[str] = None
    possible: bool = False
    sign: Optional[Tuple[str, str]] = None
    across: str = ""
    numbers_in: Tuple[Tuple[float, float], ...] = ()

    @property
    def numbers(self) -> bool:
        """True when "#" stands for any number in one of the groups."""
        return any("#" in group for group in self.groups)

    @property
    def tens(self) -> bool:
        """True when "##" stands for a number of two figures in one of the groups."""
        return any("##" in group for group in self.groups)


@dataclass(frozen=True)
class Hit:
    """A phrase found: half-open token range and what it stands for."""

    start: int
    end: int
    entries: Tuple[Entry, ...]


@dataclass
class Lexicon:
    """The compiled phrases of one version of the clinic's files."""

    knowledge: Knowledge
    language: Dict[str, Any]
    spelled: Dict[str, Words]
    table: Dict[Words, List[Entry]] = field(default_factory=lambda: defaultdict(list))
    vocabulary: Set[str] = field(default_factory=set)
    """Every word of a phrase."""
    targets: Set[str] = field(default_factory=set)
    """Words worth taking a misspelling for: those of names and medicines."""
    joined: Dict[str, Words] = field(default_factory=dict)
    """Written in one word → the words ("bloodthinner" → blood, thinner)."""
    frames: List[Frame] = field(default_factory=list)
    windows: Dict[Tuple[str, Optional[str]], Tuple[str, ...]] = field(default_factory=dict)
    """Condition id and variant → the times after which the past no longer counts."""
    sets: Dict[str, FrozenSet[str]] = field(default_factory=dict)
    """Word sets of language.yml by a dotted name."""
    caches: Dict[str, Any] = field(default_factory=dict)
    rare: Dict[str, List[Tuple[Words, int]]] = field(default_factory=dict)
    """A telling word of longer names → those names and its place in them."""
    target_words: Words = ()
    kept: Set[str] = field(default_factory=set)
    """Words of look-alikes ("canker sore"), never put right."""
    _right: FrozenSet[str] = frozenset()
    _frames_of: Dict[str, List[int]] = field(default_factory=dict)
    """A word → the frames that need one like it."""

    def words(self, phrase: str) -> Words:
        """The words of a phrase as they are compared."""
        return tuple(
            token.norm for token in tokenise(str(phrase), self.spelled) if token.word or token.norm == "%"
        )

    def kind(self, condition: str, kind: str) -> bool:
        """True when language.yml lists the condition under `kinds.<kind>`."""
        return condition in self.sets["kinds." + kind]

    def find(self, tokens: Sequence[Token]) -> List[Hit]:
        """All phrases in a message, in order of start, longest first."""
        words = [token.norm for token in tokens]
        if not words:
            return []
        # Words no phrase holds are blanked: spaCy keeps every word it sees, and these are a patient's.
        doc = Doc(self._nlp.vocab, words=[word if word in self.vocabulary else _UNKNOWN for word in words])
        found = []
        for _, start, end in self._matcher(doc):
            found.append(Hit(start, end, tuple(self.table[tuple(words[start:end])])))
        found.extend(self._nearly(words))
        found.sort(key=lambda hit: (hit.start, hit.start - hit.end))
        return found

    def _nearly(self, words: Sequence[str]) -> List[Hit]:
        """Names whose telling word is there and whose other words are a letter off ("lambert eaten")."""
        found = []
        for index, word in enumerate(words):
            for name, at in self.rare.get(word, ()):
                start = index - at
                window = words[max(start, 0) : start + len(name)]
                if start < 0 or len(window) != len(name) or tuple(window) == name:
                    continue
                if all(
                    a == b or (len(b) > 3 and OSA.distance(a, b, score_cutoff=1) <= 1)
                    for a, b in zip(window, name)
                ):
                    found.append(Hit(start, start + len(name), tuple(self.table[name])))
        return found

    def frames_for(self, present: Set[str]) -> List[Frame]:
        """The frames of which every group has a word in `present`, in their order."""
        places = sorted({at for word in present for at in self._frames_of.get(word, ())})
        return [
            frame
            for frame in map(self.frames.__getitem__, places)
            if all(not group.isdisjoint(present) or group & _NUMBERS for group in frame.groups)
        ]

    def respelled(self, words: Words) -> Words:
        """The words with common medical words put right, as `spelling` does in a message."""
        return tuple(self.respell(word) for word in words)

    def respell(self, word: str) -> str:
        """A slip in one of the `respell` words put right; any other word as it is."""
        if len(word) < 6 or word in self._right or word in self.kept or is_ordinary(word):
            return word
        for right in self._right:
            if (
                abs(len(right) - len(word)) <= 1
                and right[0] == word[0]
                and OSA.distance(word, right, score_cutoff=1) <= 1
            ):
                if right + "s" != word and right != word + "s":
                    return right
        return word

    def compile(self) -> None:
        """Build the matcher once all phrases are in the table."""
        self._nlp = spacy.blank("en")
        self._matcher = PhraseMatcher(self._nlp.vocab, attr="ORTH")
        self._matcher.add("phrase", [Doc(self._nlp.vocab, words=list(words)) for words in self.table])
        for words, entries in self.table.items():
            self.vocabulary.update(words)
            if len(words) > 1 and any(entry.kind == "name" for entry in entries):
                for at, word in enumerate(words):
                    if len(word) >= 5 and not is_ordinary(word) and (word,) not in self.table:
                        self.rare.setdefault(word, []).append((words, at))
        # What is certain before what is open, and the short stretch before the long one.
        self.frames.sort(key=lambda frame: (frame.across, frame.possible))
        for at, frame in enumerate(self.frames):
            for group in frame.groups:
                self.vocabulary.update(group)
            rarest = min((g for g in frame.groups if not g & _NUMBERS), key=len, default=frozenset())
            for word in rarest:
                self._frames_of.setdefault(word, []).append(at)
        for words in self.sets.values():
            self.vocabulary.update(words)
        self.target_words = tuple(sorted(self.targets | {whole for whole in self.joined if len(whole) >= 8}))


@lru_cache(maxsize=4)
def _compiled(key: int, holder: "_Holder") -> Lexicon:
    from candidacy.listening.building import Builder

    return Builder(holder.knowledge).build()


class _Holder:
    """Lets a Knowledge, which has no hash, be a cache key by identity."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    def __hash__(self) -> int:
        return id(self.knowledge)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Holder) and other.knowledge is self.knowledge


def lexicon_of(knowledge: Knowledge) -> Lexicon:
    """The compiled phrases of these files; compiled once for each Knowledge."""
    return _compiled(id(knowledge), _Holder(knowledge))


__all__ = ["Entry", "Frame", "Hit", "Lexicon", "lexicon_of"]
