"""Figures that look like an age of the one to be treated and are another person's or a thing's."""

from __future__ import annotations

import re
from typing import Dict, Optional

from candidacy.listening.persons import CANDIDATE, OTHER, SELF
from candidacy.listening.scene import Scene


def sex_ok(scene: Scene, text: str, before: str, behind: str, figure: str) -> bool:
    """ "17f", "30/m", "24 female": not "20 man hours", "18 m" of money."""
    years = float(figure)
    return (
        10 <= years <= 95
        and not re.search(r"\$ ?$|\b(?:at|after|for|in|size|by) $", before)
        and not behind.strip().startswith(("ago", "old"))
    )


def in_a_code(scene: Scene, first: int, last: int) -> bool:
    """ "X4F-29GH": letters or digits go on without a space on either side."""
    start, end = scene.tokens[first].start, scene.tokens[last - 1].end
    return scene.message[max(start - 1, 0) : start].isalnum() or scene.message[end : end + 1].isalnum()


def about_candidate(scene: Scene, first: int, last: int, group: Dict[str, Optional[str]]) -> bool:
    """True when the age is that of the one to be treated."""
    sentence = scene.parts[scene.part_at(first)].sentence
    lead = {scene.norm(i) for i in range(max(first - 6, 0), first)}
    if scene.norm(first - 1) == "like" and lead & {"explain", "tell", "describe", "talk", "break"}:
        # "Explain it like I'm five".
        return False
    if scene.norm(first) == "me" and scene.norm(first - 1) in ("give", "tell", "send", "show", "name"):
        return False
    if _of_thing(scene, first, last) or scene.norm(last - 1) == "olds":
        # "9 year old beagle", "12 year old whisky", "do you treat 19 year olds".
        return False
    for index, token in enumerate(scene.tokens[first:last], first):
        if token.norm == "i":
            return True
    # "Born in 2009, mammy will sign": who is named in the next part was not the one born.
    reach = last if group["h"] or group["k"] or group["q"] else last + 3
    following = [s for s in scene.subjects if first <= s.at < reach or (s.at <= first < s.end)]
    for subject in following:
        if subject.who != SELF:
            return subject.who == CANDIDATE
    # "I have a 16 year old", "my scars are 17 years old": the age of another person or of a thing.
    before = scene.norm(first - 1)
    near = [scene.norm(i) for i in range(max(first - 5, 0), first)]
    if (group["b"] or group["c"]) and not group["a"]:
        if (
            before in ("my", "a", "an", "our", "her", "his", "the", "with")
            and not _is_a(scene, first)
            and scene.norm(last)
            in (
                "",
                ".",
                ",",
                "and",
                "who",
                "at",
                "so",
                "?",
                "that",
                "but",
                "with",
                "botox",
                "scar",
                "scars",
                "kid",
            )
        ):
            wanted = any(s.who == CANDIDATE for s in scene.subjects)
            if not wanted:
                return False
        if (
            near
            and near[-1] in ("are", "is", "old")
            and scene.norm(first - 2) not in ("i", "he", "she", "am", "who", "daughter", "son")
        ):
            return any(
                s.at >= first - 4 and s.at < first and s.who != OTHER
                for s in scene.subjects
                if scene.tokens[s.at].norm not in ("my", "our")
            )
    prior = [
        s for s in scene.subjects if s.at < first and scene.parts[scene.part_at(s.at)].sentence == sentence
    ]
    if not prior:
        earlier = [s for s in scene.subjects if s.at < first]
        if earlier and earlier[-1].who == OTHER and scene.norm(first) in ("she", "he"):
            return False
        return True
    return prior[-1].who != OTHER


def _of_thing(scene: Scene, first: int, last: int) -> bool:
    """ "9 year old beagle"; a "17 year old dog walker" is a person."""
    thing = scene.norm(last) in scene.lexicon.sets["persons.aged_things"]
    return thing and not _is_a(scene, first) and not scene.norm(last + 1).endswith(("er", "or", "ist", "ian", "man"))


def _is_a(scene: Scene, first: int) -> bool:
    """ "I am a shy 15 year old", "as a 17 year old": the speaker's own age."""
    for index in range(first - 1, max(first - 6, -1), -1):
        if scene.norm(index) in ("a", "an"):
            return scene.norm(index - 1) in ("as", "being", "am", "only", "just", "is")
        if scene.norm(index) in ("of", "my", "with", "have"):
            return False
    return False
