"""Who is spoken of: the speaker, somebody else, or somebody else who would be the one treated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, FrozenSet, List, Optional, Sequence, Tuple

from candidacy.listening.candidates import THIRD, find_candidates
from candidacy.listening.clauses import Part
from candidacy.listening.lexicon import Hit, Lexicon
from candidacy.listening.text import Token
from candidacy.listening.words import is_ordinary

SELF, OTHER, CANDIDATE = "self", "other", "candidate"

_FIRST = frozenset(("i", "me", "my", "mi", "we", "mine", "myself", "us", "our"))


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


def _people(
    tokens: Sequence[Token], parts: Sequence[Part], lexicon: Lexicon, words: Dict[str, FrozenSet[str]]
) -> List[Tuple[int, int, str, bool]]:
    """(determiner or person, behind the person, person, is a subject) of every other person."""
    sets = lexicon.sets
    begins = {part.start for part in parts}
    found = _by_age(tokens, sets)
    for index, token in enumerate(tokens):
        if token.norm == "one" and _little_one(tokens, index, sets):
            subject = index < 3 or tokens[index - 3].norm not in sets["persons.beside"]
            found.append((index - 2, index + 1, "baby", subject))
            continue
        if token.norm not in sets["persons.kin"] and token.norm not in sets["persons.animals"]:
            continue
        following = tokens[index + 1].norm if index + 1 < len(tokens) else ""
        if token.norm != "bf" and following in lexicon.language["not_followed_by"].get(token.norm, ()):
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
            if token.norm in ("bf", "ex") and not (
                index in begins and following in ("has", "had", "got", "gets", "says", "wants", "takes")
            ):
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
        if _their_things(tokens, at, index, sets):
            beside = True
        # "Delivered a baby girl": a baby.
        born = tokens[at].norm in ("a", "an") and index > at and tokens[index - 1].norm in ("baby", "newborn")
        name = "baby" if born else token.norm
        found.append((at, index + 1, name, not beside))
    return found


def _their_things(tokens: Sequence[Token], at: int, index: int, sets: Dict[str, FrozenSet[str]]) -> bool:
    """ "I took my sister's leftover tablets": hers by right, taken by the speaker."""
    owned = index + 1 < len(tokens) and (tokens[index + 1].norm == "is" or tokens[index].norm.endswith("s"))
    takes = tokens[at - 1].norm if at else ""
    speaker = {t.norm for t in tokens[max(at - 5, 0) : at]} & {"i", "ive", "been", "we"}
    return owned and takes in sets["persons.borrows"] and bool(speaker)


def _named(
    tokens: Sequence[Token], parts: Sequence[Part], lexicon: Lexicon, message: str
) -> List[Tuple[int, int, str, bool]]:
    """ "Priya had Dysport": a first name, which is no word of the language and no word of the rules."""
    sets = lexicon.sets
    if message.isupper():
        return []
    found = []
    for part in parts:
        first = part.start
        while first < part.end and tokens[first].norm in ("and", "so", "then", "when", "because", "while"):
            first += 1
        if first + 1 >= part.end:
            continue
        token, following = tokens[first], tokens[first + 1].norm
        typed = message[token.start : token.end]
        if not typed.isalpha() or not typed[0].isupper() or token.capitals or following not in sets["persons.name_verbs"]:
            continue
        if token.norm in lexicon.vocabulary or is_ordinary(token.norm):
            continue
        found.append((first, first + 1, "name", True))
    return found


def _little_one(tokens: Sequence[Token], index: int, sets: Dict[str, FrozenSet[str]]) -> bool:
    """ "My wee one", "our youngest one"."""
    return (
        index >= 2
        and tokens[index - 1].norm in ("wee", "little", "youngest", "eldest", "oldest", "small")
        and tokens[index - 2].norm in ("my", "our", "me", "mi", "her", "his")
    )


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


def subjects(
    tokens: Sequence[Token],
    parts: Sequence[Part],
    hits: Sequence[Hit],
    lexicon: Lexicon,
    words: Dict[str, FrozenSet[str]],
    message: str = "",
) -> List[Subject]:
    """Every change of the person spoken of, in order. `message` tells which words were typed as names."""
    people = [person for person in _people(tokens, parts, lexicon, words) if not _in_name(person, hits)]
    people += _named(tokens, parts, lexicon, message)
    candidates = find_candidates(tokens, people, hits, lexicon)
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
        elif norm in THIRD and following not in words["say"]:
            professional = last is None and any(
                t.norm in lexicon.sets["persons.professionals"] for t in tokens[:index]
            )
            at_hers = index and tokens[index - 1].norm in ("in", "at") and following in lexicon.sets["persons.rooms"]
            if not professional and not at_hers:
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
