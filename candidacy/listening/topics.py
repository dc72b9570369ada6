"""A word that is the topic of a question or tells of a trace, and is no statement about today."""

from __future__ import annotations

from candidacy.listening.headings import is_heading
from candidacy.listening.lexicon import Hit
from candidacy.listening.mentions import Mention
from candidacy.listening.said import Said
from candidacy.listening.scene import Scene


def is_trace(scene: Scene, mention: Mention, said: Said) -> bool:
    """ "Brown marks after pimples", "where acne left marks": what remains, not what is there."""
    if not scene.lexicon.kind(mention.rule, "leaves_traces") or said.ongoing or said.mine:
        return False
    words = scene.lexicon.language["traces"]
    before = [scene.norm(i) for i in range(max(mention.start - 7, 0), mention.start)]
    links = [at for at, norm in enumerate(before) if norm in words["links"]]
    if links and set(before[: links[-1]]) & set(words["nouns"]):
        return True
    behind = [scene.norm(i) for i in range(mention.end, mention.end + 9)]
    left = next((at for at, norm in enumerate(behind[:4]) if norm in words["left"]), None)
    return left is not None and bool(set(behind[left:]) & set(words["nouns"]))


def is_topic(scene: Scene, mention: Mention) -> bool:
    """ "Breakouts after needling, does that happen": a bare topic, asked about in general."""
    part = scene.parts[scene.part_at(mention.start)]
    if mention.kind == "drug" and _explained(scene, mention):
        return True
    if mention.kind == "name" and _drug_for_it(scene, mention):
        return True
    if any(part.start <= at < part.end for at in scene.selves):
        return False
    if any(scene.norm(i) in scene.lexicon.sets["event_words.own"] for i in range(part.start, part.end)):
        return False
    if is_heading(scene, mention) or _joined(scene, mention):
        return True
    if {"vs", "versus"} & {scene.norm(i) for i in range(part.start, part.end)}:
        return True
    return any(
        mention.end <= hit.start and scene.same_sentence(mention.start, hit.start)
        for hit in scene.hits_of("topic_asked")
    )


def _joined(scene: Scene, mention: Mention) -> bool:
    """ "Microblading aftercare", "side effects of lisinopril": a title, where nobody is named."""
    sets = scene.lexicon.sets
    told = sets["event_words.own"] | sets["scope.takes"] | sets["scope.tells"] | scene.words["possessed_by"]
    if scene.selves or any(token.norm in told for token in scene.tokens):
        return False
    for hit in scene.hits_of("topic_joined", "before"):
        if 0 <= mention.start - hit.end <= 1:
            return True
    if any(hit.start == mention.end for hit in scene.hits_of("topic_joined", "behind_any")):
        return True
    treated = mention.kind == "drug" or any(
        scene.lexicon.kind(mention.rule, kind) for kind in ("medicines", "procedures")
    )
    return treated and any(hit.start == mention.end for hit in scene.hits_of("topic_joined", "behind"))


def _drug_for_it(scene: Scene, mention: Mention) -> bool:
    """ "It's a Parkinson's drug", "they call it the cancer tablet": what a medicine is mostly used for."""
    if scene.norm(mention.end) not in scene.lexicon.sets["scope.medicine_nouns"]:
        return False
    return scene.norm(mention.start - 1) in ("a", "an", "the") and scene.norm(mention.start - 2) in (
        "is", "was", "as", "it", "called", "are", "not", "just", "actually", "technically",
    )


def _explained(scene: Scene, mention: Mention) -> bool:
    """ "Isotretinoin is the same as retinol", "warfarin is a blood thinner": told what it is, not who takes it."""
    if scene.norm(mention.end) not in ("is", "are"):
        return False
    following = [scene.norm(mention.end + 1), scene.norm(mention.end + 2)]
    return following[0] == "just" or following in (["the", "same"], ["not", "the"], ["a", "form"], ["a", "type"], ["a", "kind"])


def is_foreseen(scene: Scene, sign: Hit) -> bool:
    """ "Will my face droop after botox?": feared of a treatment to come.

    Only this plain form counts: "when will my face droop stop" and "will my drooping eye go" tell of it.
    """
    asked = scene.norm(sign.start - 1) == "my" and scene.norm(sign.start - 2) in ("will", "would")
    first = scene.parts[scene.part_at(sign.start)].start == sign.start - 2
    last = scene.norm(sign.end - 1)
    told = last.endswith("ing") or scene.norm(sign.start).endswith(("ing", "y", "ed"))
    return (
        asked
        and first
        and not told
        and scene.norm(sign.end) in ("", "?", "after", "from", "if", "with", "up")
    )


def is_conditional(scene: Scene, mention: Mention) -> bool:
    """ "If it turned out that I fall pregnant between sessions": an event that an "if" only thinks of."""
    words = scene.lexicon.sets
    part = scene.parts[scene.part_at(mention.start)]
    first = scene.parts[scene.sentence_parts(part.sentence)[0]].start
    for index in range(mention.start - 1, max(first, mention.start - 4) - 1, -1):
        if scene.norm(index) not in words["scope.becomes"]:
            continue
        if not {scene.norm(index - 1), scene.norm(index - 2)} & {"i", "we"}:
            continue
        before = {scene.norm(i) for i in range(max(first, index - 9), index)}
        return bool(before & words["scope.ifs"])
    return False
