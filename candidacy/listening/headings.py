"""Search words typed like a heading: "keloid risk", "best drugstore retinol", "fake tan after needling when".

Nobody is spoken of in them, so what they name is asked about in general. `headings` of language.yml holds the words.
"""

from __future__ import annotations

from candidacy.listening.mentions import Mention
from candidacy.listening.scene import Scene

_LINK = 2
"""Words that may stand between a thing and the head of its heading ("microblading eyebrows healing stages")."""


def is_heading(scene: Scene, mention: Mention) -> bool:
    """True for a thing named in search words; the caller has seen that nobody is spoken of."""
    words = scene.lexicon.sets
    first, last = scene.sentence_range(mention.start)
    before = {scene.norm(i) for i in range(first, mention.start)}
    if before & words["headings.had"]:
        return False
    return (
        scene.norm(mention.end - 1) in words["headings.bare"]
        or _has_head(scene, mention, last)
        or bool({scene.norm(i) for i in range(mention.start - 2, mention.start)} & words["headings.best"])
        or _ends_asking(scene, first, last)
        or _asked_of_treatment(scene, mention, first, last)
        or _is_choice(scene, mention, first, last)
    )


def _has_head(scene: Scene, mention: Mention, last: int) -> bool:
    """ "Eyelid droop chance", "hepatitis b course"."""
    heads, verbs = scene.lexicon.sets["headings.heads"], scene.lexicon.sets["headings.verbs"]
    for index in range(mention.end, min(mention.end + _LINK + 1, last)):
        if scene.norm(index) in heads:
            return scene.norm(index + 1) not in ("is", "was", "to", "my")
        if not scene.norm(index).isalpha() or scene.norm(index) in verbs:
            return False
    return False


def _ends_asking(scene: Scene, first: int, last: int) -> bool:
    """ "Retinol restart when", "salicylic wash - wait how long"."""
    said = [scene.norm(i) for i in range(first, last) if scene.tokens[i].word]
    return said[-1:] == ["when"] or said[-2:] in (["how", "long"], ["how", "soon"])


def _asked_of_treatment(scene: Scene, mention: Mention, first: int, last: int) -> bool:
    """ "Nerve damage from needles?", "spray tan before prom?", "microneedling hyperpigmentation"."""
    words = scene.lexicon.sets
    effect = scene.lexicon.kind(mention.rule, "effects")
    if effect and scene.norm(mention.start - 1) in words["headings.treatments"]:
        return True
    if mention.start > first + 1 or not scene.parts[scene.part_at(last - 1)].asked:
        return False
    link, behind = scene.norm(mention.end), {scene.norm(i) for i in range(mention.end + 1, last)}
    if link == "before":
        return scene.lexicon.kind(mention.rule, "done_before") and bool(behind - {"?"})
    return link in ("from", "after") and bool(behind & words["headings.treatments"])


def _is_choice(scene: Scene, mention: Mention, first: int, last: int) -> bool:
    """ "Tirzepatide or semaglutide": two things to choose from, and no word of having one."""
    kind = scene.lexicon.kind
    if mention.kind != "drug" and not kind(mention.rule, "medicines") and not kind(mention.rule, "leaves_traces"):
        return False
    said = [scene.norm(i) for i in range(first, last) if scene.tokens[i].word]
    if "or" not in said[1:-1] or len(said) > 8:
        return False
    return not set(said[said.index("or") :]) & scene.lexicon.sets["headings.unsure"]
