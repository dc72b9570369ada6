"""Second thoughts on one thing said, once its cues are weighed: what the rest of the message makes of it."""

from __future__ import annotations

from typing import Sequence

from candidacy.listening.belonging import for_another, is_of_another
from candidacy.listening.courses import gone_for_good
from candidacy.listening.mentions import Mention
from candidacy.listening.persons import OTHER, SELF
from candidacy.listening.places import is_elsewhere
from candidacy.listening.refuted import is_only_fear, is_refuted, is_unsettled
from candidacy.listening.said import Said, speaks_of_self
from candidacy.listening.scene import Scene
from candidacy.listening.topics import is_conditional
from candidacy.listening.undone import affirms, begun_again, never_begun, only_supposed, overruled, taken_back


def reconsider(scene: Scene, mention: Mention, said: Said, mentions: Sequence[Mention]) -> None:
    """Set the flags of `said` that need more than the cues of one sentence."""
    if said.denied and affirms(scene, said):
        said.denied = said.denied_after = said.doubted = said.asked = said.supposed = False
        said.ongoing = said.about_self = True
        return
    if said.denied and not said.asked and overruled(scene, mention):
        said.denied, said.doubted = False, True
        return
    if said.denied_after and mention.kind != "drug" and is_unsettled(scene, mention, mentions):
        said.denied, said.doubted = False, True
    if said.who == SELF and not said.asked and is_of_another(scene, mention, mentions):
        said.who = OTHER
    elif said.who == SELF and speaks_of_self(scene, mention.start) and for_another(scene):
        said.who = OTHER
    if said.who == OTHER:
        return
    if is_conditional(scene, mention):
        said.asked = said.supposed = True
        said.about_self = said.doubted = False
    kind = scene.lexicon.kind
    if said.asked and said.mine and mention.kind == "name" and kind(mention.rule, "asked_as_mine"):
        # "Would my vitiligo be a problem" tells of it.
        said.asked = said.supposed = False
        said.about_self = scene.norm(mention.start - 1) == "my"
        said.asked = not said.about_self
    if kind(mention.rule, "never_over") and _in_remission(scene, mention, said):
        said.resolved = said.over = said.stopped = False
    treatment = mention.kind == "drug" or kind(mention.rule, "medicines") or kind(mention.rule, "procedures")
    if treatment and begun_again(scene, mention, mentions):
        said.stopped = said.over = said.resolved = said.weak_past = said.denied = False
        said.ongoing = True
        return
    if not said.denied and not said.asked and gone_for_good(scene, mention, mentions):
        said.over = said.resolved = True
        said.ongoing = False
    if treatment or kind(mention.rule, "courses"):
        said.unbegun = never_begun(scene, mention, mentions)
    if only_supposed(scene, mention):
        said.refuted = True
    elif taken_back(scene, mention, mentions) or is_elsewhere(scene, mention):
        said.refuted = True
    elif mention.kind != "drug" and is_refuted(scene, mention, said, mentions):
        said.refuted = True
    elif mention.kind != "drug" and not said.denied and is_only_fear(scene, mention):
        said.doubted = True


def _in_remission(scene: Scene, mention: Mention, said: Said) -> bool:
    """ "Lupus in remission": quiet, and still there."""
    near = range(mention.start - 4, mention.end + 5)
    return (said.resolved or said.over or said.stopped) and any(scene.norm(i) == "remission" for i in near)
