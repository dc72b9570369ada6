"""Second thoughts on one thing said, once its cues are weighed: what the rest of the message makes of it."""

from __future__ import annotations

from typing import Sequence

from candidacy.listening.belonging import for_another, is_of_another
from candidacy.listening.courses import gone_for_good
from candidacy.listening.dates import AGO, LASTING
from candidacy.listening.medicines import is_side_effect
from candidacy.listening.mentions import Mention
from candidacy.listening.persons import OTHER, SELF
from candidacy.listening.places import is_elsewhere
from candidacy.listening.refuted import is_only_fear, is_refuted, is_unsettled
from candidacy.listening.said import Said, speaks_of_self
from candidacy.listening.scene import Scene
from candidacy.listening.topics import is_conditional
from candidacy.listening.undone import (
    affirms,
    begun_again,
    given_up,
    is_a_pet,
    is_namesake,
    never_begun,
    only_supposed,
    overruled,
    taken_back,
)


def reconsider(scene: Scene, mention: Mention, said: Said, mentions: Sequence[Mention]) -> None:
    """Set the flags of `said` that need more than the cues of one sentence."""
    if mention.kind == "name" and _doctor_says_no(scene, mention):
        said.denied = True
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
    if said.denied and scene.lexicon.kind(mention.rule, "events") and _is_since(scene, mention, said):
        said.denied = said.denied_after = False
    if is_conditional(scene, mention):
        said.asked = said.supposed = True
        said.about_self = said.doubted = False
    kind = scene.lexicon.kind
    if kind(mention.rule, "effects") and _passed(scene, mention):
        said.resolved = True
    if said.asked and said.mine and mention.kind == "name" and kind(mention.rule, "asked_as_mine"):
        # "Would my vitiligo be a problem" tells of it.
        said.asked = said.supposed = False
        said.about_self = scene.norm(mention.start - 1) == "my"
        said.asked = not said.about_self
    if kind(mention.rule, "never_over") and _in_remission(scene, mention, said):
        said.resolved = said.over = said.stopped = False
    if kind(mention.rule, "needs_a_womb") and said.over and scene.norm(said.stop_at) == "not":
        # "Morning sickness two weeks ago, but not since": the sickness is over, and nothing tells of the pregnancy.
        said.over, said.doubted = False, True
    treatment = mention.kind == "drug" or kind(mention.rule, "medicines") or kind(mention.rule, "procedures")
    named = {scene.norm(i) for i in range(mention.start, mention.end)}
    treatment = treatment or bool(named & scene.lexicon.sets["scope.medicine_words"])
    if treatment and said.asked and (_dated_ago(scene, mention) or _dosed(scene, mention)):
        # "Is accutane 3 months ago ok", "will prednisolone 50 mg change my skin": asked of a course that is hers.
        said.asked = said.supposed = said.planned = said.starts = False
        said.about_self = True
    if treatment and begun_again(scene, mention, mentions):
        said.stopped = said.over = said.resolved = said.weak_past = said.denied = False
        said.ongoing = True
        return
    if not said.denied and not said.asked and gone_for_good(scene, mention, mentions):
        said.over = said.resolved = True
        said.ongoing = False
        # A rash of poison ivy leaves nothing behind.
        said.refuted = not kind(mention.rule, "passing")
    if said.doubted and _not_known(scene, mention):
        said.doubted, said.asked, said.supposed = False, True, True
        said.about_self = False
    if is_side_effect(scene, mention, mentions):
        said.refuted = True
    if treatment or kind(mention.rule, "courses"):
        said.unbegun = never_begun(scene, mention, mentions)
    if only_supposed(scene, mention):
        said.refuted = True
    elif taken_back(scene, mention, mentions) or is_elsewhere(scene, mention) or is_a_pet(scene, mention):
        said.refuted = True
    elif is_namesake(scene, mention):
        said.refuted = True
    elif kind(mention.rule, "can_be_given_up") and given_up(scene, mention):
        said.refuted = True
    elif mention.kind != "drug" and is_refuted(scene, mention, said, mentions):
        said.refuted = True
    elif mention.kind != "drug" and not said.denied and is_only_fear(scene, mention):
        said.doubted = True


def _is_since(scene: Scene, mention: Mention, said: Said) -> bool:
    """ "Can't frown since my botox", "no trouble after the filler": the denial is of what came after it."""
    at = mention.start - 1
    while scene.norm(at) in ("the", "my", "having", "getting", "had", "got", "last", "i", "that"):
        at -= 1
    return scene.norm(at) in ("since", "after", "following") and 0 <= said.denied_at < at


def _dated_ago(scene: Scene, mention: Mention) -> bool:
    """True when a time that is past stands right behind a treatment."""
    return any(t.kind == AGO and 0 <= t.start - mention.end <= 1 for t in scene.times)


def _dosed(scene: Scene, mention: Mention) -> bool:
    """True when a dose stands behind a medicine, in a message of the speaker's own."""
    dose = scene.norm(mention.end)[:1].isdigit() and scene.norm(mention.end + 1) in ("mg", "mcg", "ml")
    return dose and any(subject.who == SELF for subject in scene.subjects)


def _not_known(scene: Scene, mention: Mention) -> bool:
    """ "I do not know this Micro-Botox": what it is, and not whether it was had."""
    at = mention.start - 1
    while scene.norm(at) in ("this", "your", "about", "of", "much", "anything"):
        at -= 1
    known = scene.norm(at) in ("know", "understand", "heard") and scene.norm(mention.end) not in ("i", "they", "she", "he")
    return known and scene.lexicon.kind(mention.rule, "events")


def _passed(scene: Scene, mention: Mention) -> bool:
    """ "It gave me a droopy lid for 6 weeks": told with its length, so it went."""
    first, last = scene.part_range(mention.start)
    before = [scene.norm(i) for i in range(max(first, mention.start - 4), mention.start)]
    gave = any(
        word in ("gave", "left", "caused") and after in ("me", "my") for word, after in zip(before, before[1:])
    )
    return gave and any(t.kind == LASTING and mention.end <= t.start < last for t in scene.times)


def _doctor_says_no(scene: Scene, mention: Mention) -> bool:
    """ "Rheumatologist said no lupus": an illness denied; "she said no lidocaine" forbids."""
    kind = scene.lexicon.kind
    if not kind(mention.rule, "lasting") or kind(mention.rule, "allergies") or kind(mention.rule, "medicines"):
        return False
    return scene.norm(mention.start - 1) == "no" and scene.norm(mention.start - 2) in ("said", "says", "say")


def _in_remission(scene: Scene, mention: Mention, said: Said) -> bool:
    """ "Lupus in remission": quiet, and still there."""
    near = range(mention.start - 4, mention.end + 5)
    return (said.resolved or said.over or said.stopped) and any(scene.norm(i) == "remission" for i in near)
