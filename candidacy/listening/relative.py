"""Words behind a name that give it to the speaker: "the Eliquis I take", "not pregnant, but I could be"."""

from __future__ import annotations

from candidacy.listening.lists import sentence_end
from candidacy.listening.scene import Scene


def told_behind(scene: Scene, end: int) -> bool:
    """True for "… with the Eliquis I take", "accutane that i finished 2 weeks ago", "the cold sore i have?".

    Not for "with antibiotics, I have a wedding soon" or "after botox I heard …": there "I" begins something else.

    Args:
        scene: The message.
        end: Token behind the name of the thing.
    """
    sets, last = scene.lexicon.sets, sentence_end(scene, end)
    at = end
    while at < min(end + 2, last) and scene.norm(at) in sets["scope.had_kinds"]:
        at += 1
    if scene.norm(at) in ("that", "which", "what", "as"):
        at += 1
    if at >= last or scene.norm(at) != "i":
        return False
    being = False
    for verb in range(at + 1, min(at + 5, last)):
        word = scene.norm(verb)
        if being and word in sets["scope.had_being"] or word in sets["scope.had"] and not _helps(scene, verb, last):
            return _closes(scene, verb + 1, last)
        if word not in sets["scope.had_between"]:
            return False
        being = being or word in ("am", "was", "been")
    return False


def may_be_after_all(scene: Scene, end: int) -> bool:
    """True for "not pregnant, but I could be": the same breath takes the denial back."""
    words = [scene.norm(i) for i in range(end, min(end + 7, len(scene.tokens))) if scene.tokens[i].word]
    if not words or words[0] not in ("but", "though", "although", "yet", "or"):
        return False
    rest = [word for word in words[1:] if word not in ("i", "we", "it", "there", "well", "easily", "also")]
    return len(rest) > 1 and rest[0] in ("could", "might", "may") and rest[1] == "be"


def _helps(scene: Scene, verb: int, last: int) -> bool:
    """ "I have been on", "I have just had": the verb that counts comes later."""
    following = scene.norm(verb + 1) if verb + 1 < last else ""
    sets = scene.lexicon.sets
    return scene.norm(verb) in ("have", "had", "used", "got") and (
        following in sets["scope.had_between"] or following in sets["scope.had"]
    )


def _closes(scene: Scene, at: int, last: int) -> bool:
    """Nothing follows that the verb could have for its object: the end, a time, another clause."""
    sets = scene.lexicon.sets
    if at >= last or not scene.tokens[at].word:
        return True
    word = scene.norm(at)
    if word in sets["scope.had_then"]:
        return True
    if word[:1].isdigit() or word in sets["scope.had_counts"]:
        near = [scene.norm(i) for i in range(at, min(at + 4, last))]
        return any(unit in sets["scope.had_units"] for unit in near[1:])
    return False
