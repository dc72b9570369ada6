"""Whose a thing is, from the words around its name: "my diabetic nan", "a hep B patient", "oncology nurse here"."""

from __future__ import annotations

from typing import Sequence

from candidacy.listening.candidates import not_hers
from candidacy.listening.mentions import Mention
from candidacy.listening.scene import Scene

_OWNERS = frozenset(("my", "our", "his", "her", "their"))


def is_of_another(scene: Scene, mention: Mention, mentions: Sequence[Mention]) -> bool:
    """True when the words right around the name give it to somebody else."""
    return (
        _given_to_you(scene, mention)
        or _described(scene, mention)
        or _goes_on(scene, mention, mentions)
        or _of_patients(scene, mention)
        or _at_work(scene, mention)
        or _of_their_side(scene, mention)
        or _handed_over(scene, mention)
    )


def _before(scene: Scene, at: int, far: int) -> Sequence[str]:
    first = scene.parts[scene.part_at(at)].start
    return [scene.norm(i) for i in range(max(first, at - far), at)]


def _described(scene: Scene, mention: Mention) -> bool:
    """ "My diabetic nan", "my kidney transplant brother"."""
    kin = scene.lexicon.sets["persons.kin"] | scene.lexicon.sets["persons.animals"]
    following = scene.norm(mention.end)
    if following not in kin or following in ("baby", "babies", "bf", "ex"):
        return False
    before = _before(scene, mention.start, 4)
    between = scene.lexicon.sets["persons.between"]
    for place in range(len(before) - 1, -1, -1):
        if before[place] in _OWNERS:
            return True
        if before[place] in ("a", "an") and following in scene.lexicon.sets["scope.companions"]:
            return not {"am", "as", "being"} & set(before[:place][-1:])
        if before[place] not in between:
            return False
    return False


def _given_to_you(scene: Scene, mention: Mention) -> bool:
    """ "Those lights would give you a seizure": told of nobody."""
    before = list(_before(scene, mention.start, 4))
    words = scene.lexicon.sets
    return any(
        one in words["scope.gives"] and two in words["scope.gets_it"] for one, two in zip(before, before[1:])
    )


def _goes_on(scene: Scene, mention: Mention, mentions: Sequence[Mention]) -> bool:
    """ "My kidney transplant brother on tacrolimus": what follows is said of him too."""
    earlier = [
        m
        for m in mentions
        if m.end < mention.start
        and scene.part_at(m.start) == scene.part_at(mention.start)
        and _described(scene, m)
    ]
    if not earlier:
        return False
    between = range(earlier[-1].end, mention.start)
    return not any(scene.norm(i) in ("i", "me", "my", "we") for i in between)


def _of_patients(scene: Scene, mention: Mention) -> bool:
    """ "A needle from a hep B patient", "pregnant ladies": not the speaker unless she says that she is one."""
    if scene.norm(mention.end) not in scene.lexicon.sets["scope.patients"]:
        return False
    before = [word for word in _before(scene, mention.start, 4) if word not in ("a", "an", "the", "your")]
    return not before or before[-1] not in ("am", "as", "being", "me", "was", "for", "is")


def _at_work(scene: Scene, mention: Mention) -> bool:
    """ "Oncology nurse here", "I teach kids with epilepsy", "did my PhD on myasthenia"."""
    before = _before(scene, mention.start, 6)
    following = [scene.norm(mention.end), scene.norm(mention.end + 1), scene.norm(mention.end + 2)]
    trades = scene.lexicon.sets["scope.trades"]
    if following[0] in trades or (following[0].isalpha() and following[1] in trades):
        # "My epilepsy nurse" is the speaker's own.
        own = {"my", "our", "the", "under"} & set(before[-2:])
        # "A pregnant nurse" is herself; "a diabetes nurse" is her job.
        own = own or scene.norm(mention.end - 1).endswith(("ic", "ant", "ing", "ed"))
        role = {"am", "work", "working", "as", "was", "worked", "train", "training", "being"} & set(before)
        if not own and (role or "here" in following or not before):
            return True
    for hit in scene.hits_of("scope", "at_work"):
        near = 0 <= mention.start - hit.end <= 5 and scene.part_at(hit.start) == scene.part_at(mention.start)
        between = {scene.norm(i) for i in range(hit.end, mention.start)}
        if near and not between & (_OWNERS | {"i", "while", "despite"}):
            return True
    return False


def _of_their_side(scene: Scene, mention: Mention) -> bool:
    """ "Melanoma in mum's family", "MS on my dad's side"."""
    part = scene.parts[scene.part_at(mention.start)]
    words = [scene.norm(i) for i in range(mention.end, min(mention.end + 7, part.end))]
    sets = scene.lexicon.sets
    relatives = sets["persons.kin"] | sets["persons.of_one"] | sets["scope.lines"]
    for place, word in enumerate(words):
        if word not in ("family", "side", "relatives") or not {"in", "on", "down", "through"} & set(
            words[:place]
        ):
            continue
        # "On my right side" is a place on the body; "my dad's side" is heard as "my dad is side".
        owner = words[place - 2] if place > 1 and words[place - 1] == "is" else words[place - 1]
        if owner in relatives or (word != "side" and owner in ("my", "the", "our")):
            return True
    return False


def _handed_over(scene: Scene, mention: Mention) -> bool:
    """ "The warfarin is his not mine", "those were my dad's tablets"."""
    return any(
        0 <= hit.start - mention.end <= 8
        and scene.same_sentence(mention.start, hit.start)
        and scene.norm(hit.start - 1) not in ("if", "whether")
        for hit in scene.hits_of("scope", "not_mine")
    )


def for_another(scene: Scene) -> bool:
    """True when the message books for somebody else, and only for them."""
    if "for_another" not in scene.memory:
        scene.memory["for_another"] = _for_another(scene)
    return scene.memory["for_another"]


def _for_another(scene: Scene) -> bool:
    if scene.hits_of("scope", "for_both") or any(
        not_hers(scene.tokens, h) for h in scene.hits_of("person", "for_me")
    ):
        return False
    kin = scene.lexicon.sets["persons.kin"]
    occasions = scene.lexicon.sets["scope.occasions"]
    determiners = scene.lexicon.sets["persons.determiners"]
    between = scene.lexicon.sets["persons.between"]
    if scene.hits_of("scope", "wants_it") and any(token.norm in kin for token in scene.tokens):
        return True
    for hit in scene.hits_of("scope", "booked_for"):
        index = hit.end
        while scene.norm(index) in determiners or (
            scene.norm(index) in between and scene.norm(index) not in kin
        ):
            index += 1
        named = scene.norm(index)
        if named not in kin or (scene.norm(hit.end - 2) == "asking" and named in ("friend", "mate")):
            # "Asking for a friend" is mostly asked for oneself.
            continue
        if not {scene.norm(i) for i in range(index + 1, index + 4)} & occasions:
            return True
    return False
