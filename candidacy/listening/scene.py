"""One message as the other modules see it: tokens, parts, cues, times and who is spoken of."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date
from typing import Dict, FrozenSet, List, Optional, Sequence, Set, Tuple

from candidacy.listening.clauses import Part, cut, word_sets
from candidacy.listening.dates import Time, find_times
from candidacy.listening.lexicon import Hit, Lexicon
from candidacy.listening.persons import Subject, subjects
from candidacy.listening.spelling import put_right
from candidacy.listening.text import Token, read

FORWARD = frozenset(
    "negation pseudo_negation doubt question hypothetical future past past_weak ongoing turn "
    "interjection resolved".split()
)
AFTER = frozenset(
    "negation_after doubt_after past_after future_after resolved quiet ongoing affirmed_after "
    "me_too_after".split()
)


@dataclass(frozen=True)
class Cue:
    """A cue found: half-open token range and what it can mean."""

    start: int
    end: int
    kinds: FrozenSet[str]


@dataclass
class Scene:
    """A message, read once. `today` is the clinic's calendar day."""

    message: str
    today: date
    lexicon: Lexicon
    tokens: List[Token]
    typed: List[Token]
    parts: List[Part]
    hits: List[Hit]
    times: List[Time]
    subjects: List[Subject]
    selves: Set[int]
    forward: List[Cue]
    after: List[Cue]
    words: Dict[str, FrozenSet[str]]
    shouted: bool
    memory: Dict[str, bool] = field(default_factory=dict)
    """Answers about the whole message, once found."""
    _starts: List[int] = field(default_factory=list)
    _index: Dict[Tuple[str, Optional[str]], List[Hit]] = field(default_factory=dict)

    def part_at(self, index: int) -> int:
        """Number of the part that holds the token, or of the one before it."""
        return max(bisect_right(self._starts, index) - 1, 0)

    def same_sentence(self, one: int, other: int) -> bool:
        """True when two tokens stand in one sentence."""
        return self.parts[self.part_at(one)].sentence == self.parts[self.part_at(other)].sentence

    def norm(self, index: int) -> str:
        """The word at `index`, or "" outside the message."""
        return self.tokens[index].norm if 0 <= index < len(self.tokens) else ""

    def span(self, start: int, end: int) -> Tuple[int, int]:
        """Where tokens start..end stand in the message."""
        return self.tokens[start].start, max(token.end for token in self.tokens[start:end])

    def sentence_parts(self, sentence: int) -> List[int]:
        """Numbers of the parts of a sentence."""
        return [number for number, part in enumerate(self.parts) if part.sentence == sentence]

    def part_range(self, index: int) -> Tuple[int, int]:
        """Half-open token range of the part that holds the token."""
        part = self.parts[self.part_at(index)]
        return part.start, part.end

    def sentence_range(self, index: int) -> Tuple[int, int]:
        """Half-open token range of the sentence that holds the token."""
        numbers = self.sentence_parts(self.parts[self.part_at(index)].sentence)
        return self.parts[numbers[0]].start, self.parts[numbers[-1]].end

    def hits_of(self, kind: str, rule: Optional[str] = None) -> List[Hit]:
        """The hits with an entry of this kind (and list name)."""
        if not self._index:
            for hit in self.hits:
                for entry in hit.entries:
                    for key in ((entry.kind, None), (entry.kind, entry.rule)):
                        of_kind = self._index.setdefault(key, [])
                        if not of_kind or of_kind[-1] is not hit:
                            of_kind.append(hit)
        return self._index.get((kind, rule), [])


def _cues(hits: Sequence[Hit], wanted: FrozenSet[str], tokens: Sequence[Token]) -> List[Cue]:
    """Cues of the wanted kinds; from the left the longest one wins and the rest of it is used up."""
    found: List[Cue] = []
    end = 0
    for hit in hits:
        kinds = frozenset(e.rule for e in hit.entries if e.kind == "cue") & wanted
        if "turn" in kinds and hit.end < len(tokens) and tokens[hit.end].norm == "not":
            # "I do" turns the sense, "I do not" does not.
            continue
        if kinds and hit.start >= end:
            found.append(Cue(hit.start, hit.end, kinds))
            end = hit.end
    return found


def _selves(
    tokens: Sequence[Token], hits: Sequence[Hit], lexicon: Lexicon, words: Dict[str, FrozenSet[str]]
) -> Set[int]:
    """Tokens at which the speaker begins to say how things are: "i" of "i have", "on my" …"""
    found: Set[int] = set()
    for hit in hits:
        if any(entry.kind == "self" for entry in hit.entries):
            before = tokens[hit.start - 1].norm if hit.start else ""
            if tokens[hit.start].norm != "i" or before not in words["modals"]:
                found.add(hit.start)
    for index, token in enumerate(tokens):
        if token.norm not in ("i", "we"):
            continue
        before = tokens[index - 1].norm if index else ""
        following = tokens[index + 1].norm if index + 1 < len(tokens) else ""
        if before in words["modals"] or following in words["wishes"] or not following.isalnum():
            continue
        found.add(index)
    return found


def stage(message: str, today: date, lexicon: Lexicon) -> Scene:
    """Read a message and find everything in it that a decision may need."""
    typed = read(message, lexicon.spelled)
    tokens = put_right(typed, lexicon)
    words = _clause_words(lexicon)
    hits = lexicon.find(tokens)
    cues = _cues(hits, FORWARD, tokens)
    parts = cut(tokens, words, frozenset(i for cue in cues for i in range(cue.start + 1, cue.end)))
    letters = [char for char in message if char.isalpha()]
    shouted = len(letters) > 12 and sum(map(str.isupper, letters)) > 0.7 * len(letters)
    return Scene(
        message=message,
        today=today,
        lexicon=lexicon,
        tokens=tokens,
        typed=typed,
        parts=parts,
        hits=hits,
        times=find_times(tokens, today),
        subjects=subjects(tokens, parts, hits, lexicon, words, message),
        selves=_selves(tokens, hits, lexicon, words),
        forward=_in_place(tokens, parts, cues, words),
        after=_cues(hits, AFTER, tokens),
        words=words,
        shouted=shouted,
        _starts=[part.start for part in parts],
    )


def _in_place(
    tokens: Sequence[Token], parts: Sequence[Part], cues: List[Cue], words: Dict[str, FrozenSet[str]]
) -> List[Cue]:
    """Drop cues that are none where they stand.

    A "no" that answers does not deny ("no i am pregnant", "no, lupus"); "is" or "any" asks only at the
    start of a part.
    """
    begins = {part.start: part for part in parts}
    kept = []
    for cue in cues:
        part = begins.get(cue.start)
        if (
            part is not None
            and part.separator == tokens[cue.start].norm
            and part.separator in ("who", "which", "while", "since", "that", "if", "when")
        ):
            # A linking word joins here and does not ask: "my wife, who is pregnant".
            if cue.kinds <= {"question"}:
                continue
        if part is None and cue.end - cue.start == 1 and tokens[cue.start].norm in words["ask_first"]:
            before = tokens[cue.start - 1].norm if cue.start else ""
            if before not in words["ask_after"]:
                continue
        if (
            cue.end - cue.start == 1
            and tokens[cue.start].norm in ("is", "are", "was", "has")
            and cue.start
            and tokens[cue.start - 1].norm in ("and", "but", "also")
            and (cue.end >= len(tokens) or tokens[cue.end].norm not in words["asked_things"])
        ):
            # "She had a baby and is nursing" goes on telling; "and is it safe" asks.
            continue
        if (
            cue.end - cue.start == 1
            and tokens[cue.start].norm == "any"
            and not any(t.norm == "?" for t in tokens)
        ):
            continue
        if (
            cue.kinds <= {"question"}
            and cue.end - cue.start == 1
            and cue.end < len(tokens)
            and tokens[cue.end].norm == "not"
        ):
            # "Can't open my eye" tells, "can I" asks.
            continue
        if part is not None and "interjection" in cue.kinds:
            following = tokens[cue.end].norm if cue.end < part.end else ""
            alone = cue.end >= part.end or not following[:1].isalnum()
            if alone or following in words["answered"]:
                continue
        kinds = cue.kinds - {"interjection"}
        if kinds:
            kept.append(Cue(cue.start, cue.end, kinds))
    return kept


def _clause_words(lexicon: Lexicon) -> Dict[str, FrozenSet[str]]:
    if "clause_words" not in lexicon.caches:
        lexicon.caches["clause_words"] = word_sets(lexicon.language["clauses"])
    return lexicon.caches["clause_words"]
