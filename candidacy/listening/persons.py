"""Who is spoken of: the speaker, somebody else, or somebody else who would be the one treated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, FrozenSet, List, Optional, Sequence, Set, Tuple

from candidacy.listening.clauses import Part
from candidacy.listening.lexicon import Hit, Lexicon
from candidacy.listening.text import Token

SELF, OTHER, CANDIDATE = "self", "other", "candidate"

_FIRST = frozenset(("i", "me", "my", "we", "mine", "myself", "us", "our"))
_THIRD = frozenset(("he", "she", "his", "her", "him", "hers"))


@dataclass(frozen=True)
class Subject:
    """From token `at` on, the words speak of `who`; `name` is the word used for another person."""

    at: int
    end: int
    who: str
    name: str = ""


def _determiner(tokens: Sequence[Token], at: int, lexicon: Lexicon) -> Optional[int]:
    """Where the "my" of "my 12 year old girl" stands, or None."""
    index = at - 1
    while index >= 0 and at - index <= 7:
        norm = tokens[index].norm
        if norm in lexicon.sets["persons.determiners"]:
            return index
        if (
            norm not in lexicon.sets["persons.between"]
            and not norm[0].isdigit()
            and norm not in lexicon.sets["persons.kin"]
        ):
            return None
        index -= 1
    return None


def _ranges(hits: Sequence[Hit], name: str) -> List[Tuple[int, int]]:
    return [
        (hit.start, hit.end)
        for hit in hits
        if any(e.kind == "person" and e.rule == name for e in hit.entries)
    ]


def _near_before(ranges: Sequence[Tuple[int, int]], at: int, gap: int = 0) -> bool:
    return any(0 <= at - end <= gap for _, end in ranges)


def _people(
    tokens: Sequence[Token], parts: Sequence[Part], lexicon: Lexicon, words: Dict[str, FrozenSet[str]]
) -> List[Tuple[int, int, str, bool]]:
    """(determiner or person, behind the person, person, is a subject) of every other person."""
    sets = lexicon.sets
    begins = {part.start for part in parts}
    found = _by_age(tokens, sets)
    for index, token in enumerate(tokens):
        if token.norm not in sets["persons.kin"] and token.norm not in sets["persons.animals"]:
            continue
        following = tokens[index + 1].norm if index + 1 < len(tokens) else ""
        if following in lexicon.language["not_followed_by"].get(token.norm, ()):
            # "Gran Canaria".
            continue
        if following in sets["persons.does_to"] and any(
            t.norm in ("me", "my") for t in tokens[index + 2 : index + 4]
        ):
            continue
        if (
            following in sets["persons.kin"]
            or following in ("in", "of")
            and token.norm in ("mother", "father", "sister", "brother")
        ):
            # "my husbands sister", "mother in law": the last word names the person.
            if following in sets["persons.kin"]:
                continue
        at = _determiner(tokens, index, lexicon)
        if at is None:
            if token.norm in ("bf", "ex"):
                continue
            if token.norm in sets["persons.of_one"] and following not in sets["persons.of_one_verbs"]:
                continue
            own = (
                index in begins
                or (index and tokens[index - 1].norm == "for")
                or (index and tokens[index - 1].norm in ("and", "or"))
            )
            own = own or (
                token.norm in sets["persons.unmarked"]
                and tokens[index - 1].norm not in sets["persons.beside"]
            )
            if not own and following not in words["subject_verbs"]:
                continue
            at = index
        before = tokens[at - 1].norm if at else ""
        role = before in ("am", "as", "being", "be") or (
            at == index and before in sets["persons.beside"] and before != "for"
        )
        if role or (token.norm in ("mom", "mum", "mother") and following in ("of", "to")):
            continue
        verbs = words["subject_verbs"]
        if before not in ("have", "had"):
            verbs = verbs - {"on", "with", "was", "is"}
        beside = before in sets["persons.beside"] and following not in verbs
        found.append((at, index + 1, token.norm, not beside))
    return found


def _by_age(tokens: Sequence[Token], sets: Dict[str, FrozenSet[str]]) -> List[Tuple[int, int, str, bool]]:
    """ "My 3 year old": a person named by age alone."""
    found = []
    for index, token in enumerate(tokens[:-1]):
        if token.norm not in ("year", "month", "yr", "yo", "mo", "week", "years", "yrs") or index < 2:
            continue
        end = index + 2 if tokens[index + 1].norm in ("old", "olds") else index + 1
        if end == index + 1 and token.norm not in ("yo", "mo"):
            continue
        following = tokens[end].norm if end < len(tokens) else ""
        if following in sets["persons.kin"] or not (
            tokens[index - 1].norm[0].isdigit() or tokens[index - 1].norm.isalpha()
        ):
            continue
        if tokens[index - 2].norm in ("my", "our", "her", "his"):
            before = tokens[index - 3].norm if index >= 3 else ""
            found.append((index - 2, end, "kid", before not in sets["persons.beside"]))
    return found


def _candidates(
    tokens: Sequence[Token],
    people: Sequence[Tuple[int, int, str, bool]],
    hits: Sequence[Hit],
    lexicon: Lexicon,
) -> Set[str]:
    """The other people in the message who would be treated."""
    mine = [hit for hit in hits if any(e.kind == "person" and e.rule == "for_me" for e in hit.entries)]
    if any(not_hers(tokens, hit) for hit in mine) and not _not_for_me(tokens):
        return set()
    wants, for_them, can_they = (_ranges(hits, name) for name in ("wants", "for_them", "can_they"))
    do = frozenset(map(str, lexicon.language["persons"]["can_they_do"]))
    found: Set[str] = set()
    for at, end, name, _ in people:
        if any(0 <= start - end <= (2 if tokens[end].norm.isalpha() else 4) for start, _ in wants):
            if not any(t.norm in ("me", "i") for t in tokens[end : end + 4]):
                found.add(name)
        if any(
            finish == at
            and (
                finish - start > 1
                or _booking(tokens, start)
                or tokens[start].norm in ("book", "booking", "bring", "bringing")
            )
            for start, finish in for_them
        ):
            found.add(name)
        if any(finish == at for _, finish in can_they) and any(t.norm in do for t in tokens[end : end + 4]):
            found.add(name)
    if people:
        for index, token in enumerate(tokens):
            if token.norm not in _THIRD and token.norm != "they":
                continue
            before = [name for at, end, name, _ in people if end <= index]
            if not before:
                continue
            asked = any(finish == index for _, finish in can_they) and any(
                t.norm in do for t in tokens[index + 1 : index + 4]
            )
            wanted = any(0 <= start - index - 1 <= 1 for start, _ in wants)
            if asked or wanted:
                found.add(before[-1])
    return found


def _not_for_me(tokens: Sequence[Token]) -> bool:
    """ "Not for me, it's for my daughter": outweighs a later "that's me"."""
    words = [token.norm for token in tokens]
    return any(words[i : i + 3] == ["not", "for", "me"] for i in range(len(words)))


def not_hers(tokens: Sequence[Token], hit: Hit) -> bool:
    """True when "I am the one", "me not her" speaks of who is treated, not of who is on a medicine."""
    following = tokens[hit.end].norm if hit.end < len(tokens) else ""
    before = [token.norm for token in tokens[max(hit.start - 2, 0) : hit.start]]
    if tokens[hit.start].norm == "me":
        return before not in (["that", "is"], ["thats"])
    return not (tokens[hit.end - 1].norm == "one" and following in ("on", "with", "taking", "who"))


def _booking(tokens: Sequence[Token], at: int) -> bool:
    """True when a plain "for" follows what the clinic does: "botox for my mum"."""
    before = tokens[at - 1].norm if at else ""
    return before in (
        "it",
        "this",
        "one",
        "botox",
        "treatment",
        "appointment",
        "consult",
        "consultation",
        "slot",
        "something",
        "booking",
        "that",
    )


def subjects(
    tokens: Sequence[Token],
    parts: Sequence[Part],
    hits: Sequence[Hit],
    lexicon: Lexicon,
    words: Dict[str, FrozenSet[str]],
) -> List[Subject]:
    """Every change of the person spoken of, in order."""
    people = [person for person in _people(tokens, parts, lexicon, words) if not _in_name(person, hits)]
    candidates = _candidates(tokens, people, hits, lexicon)
    person_at = {at: (end, name, subject) for at, end, name, subject in people}
    found: List[Subject] = []
    last: Optional[str] = None
    index = 0
    while index < len(tokens):
        norm = tokens[index].norm
        if index in person_at:
            end, name, subject = person_at[index]
            last = name
            said = end < len(tokens) and tokens[end].norm in words["say"]
            if subject and not said:
                found.append(Subject(index, end, CANDIDATE if name in candidates else OTHER, name))
            index = end
            continue
        following = tokens[index + 1].norm if index + 1 < len(tokens) else ""
        if norm in _FIRST:
            if norm not in ("my", "our") or following not in lexicon.sets["persons.professionals"]:
                if not (norm in ("me", "us") and _of_other(tokens, index)):
                    found.append(Subject(index, index + 1, SELF))
        elif norm in _THIRD and following not in words["say"]:
            professional = last is None and any(
                t.norm in lexicon.sets["persons.professionals"] for t in tokens[:index]
            )
            if not professional:
                found.append(
                    Subject(index, index + 1, CANDIDATE if last in candidates else OTHER, last or norm)
                )
        index += 1
    return found


def _in_name(person: Tuple[int, int, str, bool], hits: Sequence[Hit]) -> bool:
    """ "A baby aspirin", "dog bite": the word belongs to a name."""
    last = person[1] - 1
    return any(
        hit.start <= last < hit.end
        and hit.end - hit.start > 1
        and any(e.kind in ("name", "drug") for e in hit.entries)
        for hit in hits
    )


def _of_other(tokens: Sequence[Token], index: int) -> bool:
    """ "Tell me", "give me", "let me" say nothing of the speaker."""
    return index > 0 and tokens[index - 1].norm in (
        "tell",
        "let",
        "give",
        "send",
        "call",
        "text",
        "told",
        "asked",
        "remind",
        "excuse",
    )
