"""What is said of a baby, of weeks and of the body, and so of the one who carries or feeds it."""

from __future__ import annotations

from typing import List, Sequence

from candidacy.findings import ABSENT, POSSIBLE, PRESENT, Finding
from candidacy.listening.mentions import Mention
from candidacy.listening.persons import OTHER, SELF
from candidacy.listening.said import Said
from candidacy.listening.scene import Scene


def settle_baby(scene: Scene, mention: Mention, said: Said) -> None:
    """Read "feeding him", "safe while breastfeeding my LO?" and "does being 11 weeks matter" as her own."""
    words = scene.words
    if scene.lexicon.kind(mention.rule, "of_the_mother"):
        before = [s for s in scene.subjects if s.at < mention.start]
        inside = [s for s in scene.subjects if mention.start <= s.at < mention.end + 2]
        # The baby is named as what is fed, and no other grown-up before it.
        fed = not any(s.who == OTHER and s.name not in words["fed"] for s in before) and bool(inside)
        # "Breastfeeding mums": people at large, no one person.
        at_large = (
            scene.norm(mention.end) in words["mothers"] or scene.norm(mention.end - 1) in words["mothers"]
        )
        if said.who == OTHER and (said.named in words["fed"] or fed or (at_large and not before)):
            said.who = SELF
        if said.who == SELF and said.asked and _own_child(scene):
            said.asked = said.supposed = False
            said.about_self = True
    if scene.lexicon.kind(mention.rule, "told_by_weeks") and said.asked and _weeks(scene, mention):
        if not _of_people(scene, mention):
            said.asked = said.supposed = False
            said.about_self = True


def _own_child(scene: Scene) -> bool:
    """ "My LO", "our 4 month old" anywhere in the message."""
    for index, token in enumerate(scene.tokens):
        if token.norm == "little" and scene.norm(index + 1) in scene.words["little"]:
            return True
        if token.norm in ("weeks", "week", "months", "month", "wks", "mo") and scene.norm(index + 1) == "old":
            return True
        if token.norm not in ("my", "our"):
            continue
        following = [scene.norm(i) for i in range(index + 1, index + 5)]
        if following[0] in scene.words["fed"] or "old" in following and following[0][:1].isdigit():
            return True
        if (
            following[0] in ("little", "newborn", "wee", "new", "tiny")
            and set(following) & scene.words["fed"]
        ):
            return True
    return False


def _weeks(scene: Scene, mention: Mention) -> bool:
    """True for a figure inside or right before: "being 11 weeks", "8 wks gone"."""
    return any(scene.norm(i)[:1].isdigit() for i in range(mention.start - 1, mention.end))


def _of_people(scene: Scene, mention: Mention) -> bool:
    """ "Can women who are 11 weeks have it", "what if I were": of no one in particular."""
    before = {scene.norm(i) for i in range(scene.sentence_range(mention.start)[0], mention.start)}
    return bool(
        before & (scene.words["people_at_large"] | {"if", "women", "woman", "mums", "moms", "ladies"})
    )


def body_rules_out(scene: Scene, findings: List[Finding], mentions: Sequence[Mention]) -> List[Finding]:
    """After a hysterectomy or the menopause no late period and no "if I am" is a pregnancy.

    A coil or a vasectomy proves less: beside them only an "if" counts as no.
    """
    if _is_man(scene):
        return [
            Finding(f.condition, None, ABSENT, f.text, f.start, f.end)
            if f.condition and scene.lexicon.kind(f.condition, "needs_a_woman") and f.assertion == POSSIBLE
            else f
            for f in findings
        ]
    sure, likely = scene.hits_of("ruled_out", "sure"), scene.hits_of("ruled_out", "likely")
    if not sure and not likely:
        return findings
    for hit in [*sure, *likely]:
        before = [s for s in scene.subjects if s.at < hit.start]
        partner = hit in likely
        denied = any(
            scene.norm(i) in ("no", "not", "never", "before", "pre", "without")
            for i in (hit.start - 1, hit.start - 2)
        )
        if denied or (before and before[-1].who == OTHER and not partner):
            return findings
    kept = []
    for finding in findings:
        if not finding.condition or not scene.lexicon.kind(finding.condition, "needs_a_womb"):
            kept.append(finding)
            continue
        open_ = finding.assertion == POSSIBLE or (finding.assertion == PRESENT and _only_if(scene, finding))
        no_period = finding.assertion == POSSIBLE and "period" in finding.text.lower()
        if finding.assertion in (POSSIBLE, PRESENT) and open_ and (sure or no_period or _only_if(scene, finding)):
            kept.append(Finding(finding.condition, None, ABSENT, finding.text, finding.start, finding.end))
        else:
            kept.append(finding)
    return kept


def _is_man(scene: Scene) -> bool:
    """ "I'm a 50 year old bloke", "as a man"."""
    men = scene.lexicon.sets["persons.men"]
    for index, token in enumerate(scene.tokens):
        if token.norm not in men:
            continue
        for at in range(index - 1, index - 7, -1):
            if scene.norm(at) in ("am", "as") and scene.norm(at + 1) in ("a", "an", "the"):
                return not any(scene.norm(i) in ("with", "of", "my") for i in range(at, index))
    return False


def _only_if(scene: Scene, finding: Finding) -> bool:
    """ "If I'm pregnant call the bishop": an "if" stands before it in its part; "don't know if" is a doubt."""
    first = next((i for i, t in enumerate(scene.tokens) if t.start >= finding.start), None)
    if first is None:
        return False
    return any(
        scene.norm(i) == "if" and scene.norm(i - 1) not in scene.lexicon.sets["scope.open_if"]
        for i in range(max(scene.part_range(first)[0] - 1, first - 5), first)
    )
