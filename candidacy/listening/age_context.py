"""Whether a figure that looks like an age is one: when it was, how much it cost, or how old somebody is."""

from __future__ import annotations

import re
from typing import Dict, Optional

from candidacy.listening.age_traps import about_candidate, in_a_code, sex_ok
from candidacy.listening.scene import Scene


def counts(
    scene: Scene, first: int, last: int, text: str, group: Dict[str, Optional[str]], behind: str, before: str
) -> bool:
    """True when the figure is the age of the person to be treated, today, by the words around it."""
    words = text.split()
    if group["q"]:
        number = scene.part_at(first)
        # "17 in May", "asking for my niece, 17 in May"
        named = number == 1 and any(hit.end < first for hit in scene.hits_of("person", "for_them"))
        leads = first - scene.parts[number].start <= 1
        return (number == 0 or named) and leads and about_candidate(scene, first, last, group)
    explicit = bool(group["old"]) or any(group[name] for name in "bcdeghkpv") or bool(group["gw"])
    # When it was: "when I was 17", "since I was 16", "at 17", "was 17".
    if re.search(
        r"(?:when|since|until|till|before|after|at|back when|age of|from|as a|by the time) (?:i |"
        r"we |she |he |my )?(?:\w+ )?$",
        before + " ",
    ) and words[0] in ("i", "was", "am", "me", "age", "aged", "at", "turned", "is"):
        if not (words[0] in ("i", "am", "is") and "was" not in words):
            return False
    if words[0] in ("was", "at") and not explicit:
        return False
    if words[0] == "was" or (
        re.search(r"\b(?:when|since|until|back when|from when) (?:i|she|he|we) (?:was )?$", before)
    ):
        return False
    if re.search(
        r"\b(?:look|looks|looking|feel|feels|like|act|seem|than|for|over|under|below|above|least|"
        r"minimum|until|till|to|have|least|be) (?:like )?(?:a |an |i am |im )?$",
        before,
    ) and words[0] not in ("i",):
        if not re.search(r"\b(?:as|being|to) (?:a |an )?$", before) or "have" in before.split()[-2:]:
            return False
    if re.search(
        r"^ ?(?:ago|earlier|back|before|post|into|later|since|prior|of (?:having|marriage|"
        r"experience|smoking|use))",
        behind,
    ):
        return False
    if (
        words[0]
        in (
            "is",
            "be",
            "age",
            "aged",
            "about",
            "only",
            "just",
            "almost",
            "nearly",
            "turned",
            "turn",
            "at",
            "being",
        )
        and not explicit
    ):
        prior = before.split()
        subject = prior[-1] if prior else ""
        if subject == "will" and words[0] == "be":
            # "I'll be 18 on the 3rd".
            subject = prior[-2] if len(prior) > 1 else "i"
        if words[0] in ("is", "only", "just", "about", "almost", "nearly", "be", "at") and subject not in (
            "i",
            "am",
            "she",
            "he",
            "who",
            "" if words[0] != "is" else "i",
            "age",
            "and",
            ",",
            "but",
            "they",
            "daughter",
            "son",
            "turning",
            "now",
            "be",
            ".",
        ) and subject not in scene.lexicon.sets["persons.kin"]:
            return False
        if words[0] in ("only", "just", "about", "almost", "nearly") and not (
            subject in ("i", "am", "", "she", "he", "is", ".", ",") or "18" in words
        ):
            return False
        if words[0] == "is" and subject in (
            "it",
            "that",
            "this",
            "what",
            "price",
            "which",
            "bp",
            "inr",
            "bmi",
            "a1c",
        ):
            return False
    if re.search(r"(?:bp|inr|bmi|a 1 c|a1c|score|size|bra|resting hr|hr|pulse|temp) (?:is |of )?$", before):
        return False
    if (group["d"] or group["e"]) and in_a_code(scene, first, last):
        return False
    if group["d"] and not sex_ok(scene, text, before, behind, group["d"]):
        return False
    if (
        group["a"]
        and not group["old"]
        and re.match(r"^ ?(?:old )", behind) is None
        and re.match(r"^ (?:and|or) \d", behind)
    ):
        pass
    return about_candidate(scene, first, last, group)
