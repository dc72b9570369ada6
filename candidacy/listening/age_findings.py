"""Findings of age: the years somebody tells, and words of school and youth that stand for them."""

from __future__ import annotations

from typing import Optional, Sequence

from candidacy.findings import POSSIBLE, PRESENT, Finding
from candidacy.listening.age import find_ages, grown
from candidacy.listening.assertion import weigh
from candidacy.listening.mentions import Mention
from candidacy.listening.merging import AGE
from candidacy.listening.persons import CANDIDATE, OTHER
from candidacy.listening.scene import Scene


def ages_said(scene: Scene, mentions: Sequence[Mention]) -> list[Finding]:
    """Findings of age: the years told, else words such as "a teen" and "in year 11"."""
    found = []
    ages = find_ages(scene)
    for age in ages:
        assertion, variant = grown(age.years)
        start, end = scene.span(age.start, age.end)
        found.append(
            Finding(AGE, variant, assertion, scene.message[start:end], start, end, quantity=age.years)
        )
    if ages:
        return found
    for mention in mentions:
        if mention.rule != AGE:
            continue
        inside = [(m.start, m.end) for m in mentions if m is not mention]
        said = weigh(scene, mention.start, mention.end, inside)
        near = (scene.norm(mention.start - 1), scene.norm(mention.start - 2))
        as_one = said.asked and "as" in near and not _of_people(scene, mention)
        supposed = said.supposed and not as_one
        if _of_child(scene, mention):
            continue
        shy = mention.kind == "possible" and bool(
            {scene.norm(mention.start), scene.norm(mention.start + 1)} & scene.words["shy"]
        )
        if shy:
            # "A lady never tells".
            found.append(_finding(scene, mention, POSSIBLE, None))
            continue
        if mention.kind == "possible" and _left_school(scene, mention):
            continue
        if said.who != OTHER and not said.denied and not supposed and not _school_days(scene, mention):
            wanted = any(s.who == CANDIDATE for s in scene.subjects if s.at < mention.start)
            if not (said.about_self or as_one or wanted or _stands_alone(scene, mention)):
                continue
            if said.asked and not (said.about_self or said.asked_of_self or said.mine or as_one):
                # "Can teenagers get it": asked of all, not told of oneself.
                continue
            if mention.kind == "possible":
                found.append(_finding(scene, mention, POSSIBLE, None))
            else:
                found.append(_finding(scene, mention, PRESENT, "under_18"))
    return found


def _of_child(scene: Scene, mention: Mention) -> bool:
    """ "My teenage son": another person, unless something shows that it is for them."""
    named = {scene.norm(i) for i in range(mention.start, mention.end)}
    if mention.kind != "name" or not named & {"son", "daughter", "niece", "nephew", "brother", "sister", "child", "kid"}:
        return False
    asks = any(scene.hits_of("person", kind) for kind in ("wants", "for_them", "can_they", "for_me"))
    return not asks and not any(part.asked for part in scene.parts)


def _school_days(scene: Scene, mention: Mention) -> bool:
    """ "Since middle school", "acne in high school": a time of long ago, unless one is in it now."""
    before, prior = scene.norm(mention.start - 1), scene.norm(mention.start - 2)
    if scene.norm(mention.start) == "teens" and (
        before == "whole" or (before == "my" and prior in scene.words["back_then"])
    ):
        return True
    if before in scene.lexicon.sets["persons.kin"] or before in (
        "people",
        "anyone",
        "someone",
        "those",
        "clients",
        "patients",
        "minors",
        "women",
        "men",
    ):
        return True
    if before == "a" and prior == "as":
        # "As a teen I had acne" looks back; "as a teen, can I" does not.
        around = {scene.norm(i) for i in range(mention.start - 7, mention.end + 5)}
        return bool(around & {"had", "was", "used", "got", "suffered", "struggled"})
    if before in ("since", "from", "after", "during", "of", "through", "finished", "before", "my", "left"):
        return before != "my" or "school" in scene.message[scene.tokens[mention.start].start :][:20].lower()
    return before == "in" and prior not in (
        "am",
        "still",
        "is",
        "currently",
        "a",
        "are",
        "sophomore",
        "junior",
        "senior",
        "freshman",
        "",
    )


def _left_school(scene: Scene, mention: Mention) -> bool:
    """ "I teach A levels", "did my leaving cert in 2009": the exams of others or of long ago."""
    first, last = scene.sentence_range(mention.start)
    if {scene.norm(i) for i in range(first, last)} & scene.words["school_of_others"]:
        return True
    return any(t.when and (scene.today - t.when[1]).days > 300 for t in scene.times if first <= t.start < last)


def _of_people(scene: Scene, mention: Mention) -> bool:
    """ "Can people have it as a teen": asked of all."""
    before = {scene.norm(i) for i in range(mention.start - 8, mention.start)}
    return bool(before & scene.words["people_at_large"])


def _stands_alone(scene: Scene, mention: Mention) -> bool:
    part = scene.parts[scene.part_at(mention.start)]
    return not part.asked and mention.start - part.start <= 3


def _finding(scene: Scene, mention: Mention, assertion: str, variant: Optional[str]) -> Finding:
    start, end = scene.span(mention.start, mention.end)
    return Finding(AGE, variant, assertion, scene.message[start:end], start, end)
