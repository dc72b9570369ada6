"""Which of the other people in a message is the one who would be treated."""

from __future__ import annotations

from typing import FrozenSet, List, Sequence, Set, Tuple

from candidacy.listening.lexicon import Hit, Lexicon
from candidacy.listening.text import Token

THIRD = frozenset(("he", "she", "his", "her", "him", "hers"))


def _ranges(hits: Sequence[Hit], name: str) -> List[Tuple[int, int]]:
    return [
        (hit.start, hit.end)
        for hit in hits
        if any(e.kind == "person" and e.rule == name for e in hit.entries)
    ]


def find_candidates(
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
        if any(0 <= start - _past_the_age(tokens, end) <= (2 if tokens[end].norm.isalpha() else 4) for start, _ in wants):
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
        if any(finish == at for _, finish in can_they) and _to_be_treated(tokens, end, do):
            found.add(name)
    if people:
        for index, token in enumerate(tokens):
            if token.norm not in THIRD and token.norm != "they":
                continue
            before = [name for at, end, name, _ in people if end <= index]
            if not before:
                continue
            asked = any(finish == index for _, finish in can_they) and _to_be_treated(tokens, index + 1, do)
            wanted = any(0 <= start - index - 1 <= 1 for start, _ in wants)
            if asked or wanted:
                found.add(before[-1])
    return found


def _past_the_age(tokens: Sequence[Token], end: int) -> int:
    """ "My daughter is 16 and wants it": the token behind the "and"."""
    for index in range(end, min(end + 5, len(tokens) - 1)):
        if tokens[index].norm == "and" and any(t.norm.isdigit() for t in tokens[end:index]):
            return index + 1
    return end


def _to_be_treated(tokens: Sequence[Token], at: int, do: FrozenSet[str]) -> bool:
    """ "Can she have it", "can he come": of the treatment; "can she have paracetamol", "will he be epileptic" is not."""
    words = [t.norm for t in tokens[at : at + 5]]
    stop = next((n for n, word in enumerate(words) if word in (".", "?", "!", ",", ";")), len(words))
    ends = len(words) < 5 or stop < 5
    words = words[:stop]
    for n, word in enumerate(words[:4]):
        if word in ("it", "this", "that", "come", "book", "go", "qualify") and word in do:
            return True
        if word in do and n + 1 == len(words) and ends:
            return True
    return bool(set(words) & {"botox", "microbotox", "micro", "tox", "treatment", "treated", "facial", "appointment", "one", "microneedling", "done", "needling"})


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
