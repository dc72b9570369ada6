"""Where on the body a thing is: a cut on the foot is no cut on the face that is to be treated."""

from __future__ import annotations

from candidacy.listening.mentions import Mention
from candidacy.listening.scene import Scene


def is_elsewhere(scene: Scene, mention: Mention) -> bool:
    """True for a thing that only counts where needles go, told of a place far from the face."""
    if not scene.lexicon.kind(mention.rule, "where_treated"):
        return False
    words = scene.lexicon.sets
    if {scene.norm(i) for i in range(mention.start, mention.end)} & words["scope.anywhere"]:
        return False
    part = scene.parts[scene.part_at(mention.start)]
    near = range(max(part.start, mention.start - 6), min(part.end, mention.end + 8))
    heard = [scene.norm(i) for i in near]
    if set(heard) & words["scope.face"]:
        return False
    return any(
        word in words["scope.body"] or (word == "back" and heard[at - 1 : at] in (["my"], ["the"], ["lower"]))
        for at, word in enumerate(heard)
    )
