"""Cues that stand behind what they speak of: "lupus: no", "maybe", "years ago", and answers to headings."""

from __future__ import annotations

from typing import Sequence, Tuple

from candidacy.listening.clauses import Part
from candidacy.listening.lists import bare, fills, stops_it
from candidacy.listening.relative import may_be_after_all
from candidacy.listening.said import Said
from candidacy.listening.scene import Cue, Scene


def look_ahead(scene: Scene, start: int, end: int, inside: Sequence[Tuple[int, int]], said: Said) -> None:
    number = scene.part_at(start)
    part = scene.parts[number]
    following = min((a for a, _ in inside if a >= end), default=10**9)
    for cue in scene.after:
        if cue.start < end:
            continue
        if cue.start < part.end:
            if following <= cue.start and not fills(scene, end, following, inside):
                break
            _after(scene, cue, part.end, end, inside, said, same=True)
    reach = number + 1
    while reach < len(scene.parts) and reach - number <= 2:
        next_part = scene.parts[reach]
        holds = any(next_part.start <= a < next_part.end for a, _ in inside)
        if next_part.sentence != part.sentence and (scene.parts[reach - 1].asked is False):
            break
        if holds:
            # "heart disease, lupus, diabetes: none" - pass over bare items of a list.
            if fills(scene, next_part.start, next_part.end, inside) and next_part.sentence == part.sentence:
                reach += 1
                continue
            break
        if next_part.sentence != part.sentence:
            for cue in scene.after:
                if (
                    "affirmed_after" in cue.kinds
                    and scene.parts[scene.part_at(cue.start)].sentence == next_part.sentence
                ):
                    _after(scene, cue, next_part.end, end, inside, said, same=False)
            if not said.about_self and sum(t.word for t in scene.tokens[part.start : part.end]) <= 6:
                _answer(scene, next_part, said)
            break
        for cue in scene.after:
            if next_part.start <= cue.start <= next_part.start + 2 and cue.start < next_part.end:
                _after(scene, cue, next_part.end, end, inside, said, same=False)
        break
    if said.denied and may_be_after_all(scene, end):
        said.doubted = True
    _bare_question(scene, part, start, end, said)


def _answer(scene: Scene, part: Part, said: Said) -> None:
    """ "Pregnant? No." and "Blood thinners? Yes": the question is a heading, the answer counts."""
    first = scene.norm(part.start)
    if any(cue.start == part.start and "doubt_after" in cue.kinds for cue in scene.after):
        said.doubted = True
    elif first in ("no", "nope", "none", "never", "nah", "not", "na"):
        said.denied, said.asked, said.supposed = True, False, False
    elif first in ("yes", "yeah", "yep", "yup", "sadly", "unfortunately"):
        said.asked = said.supposed = said.doubted = False
        said.answered_yes = said.about_self = True


def _after(
    scene: Scene, cue: Cue, part_end: int, end: int, inside: Sequence[Tuple[int, int]], said: Said, same: bool
) -> None:
    kinds = cue.kinds
    word = scene.norm(cue.start)
    closes = cue.end >= part_end or not scene.tokens[cue.end].word
    gap = cue.start - end
    if "quiet" in kinds:
        said.quiet = True
        return
    if "me_too_after" in kinds:
        said.me_too = True
        if "affirmed_after" not in kinds:
            return
    if "affirmed_after" in kinds:
        said.asked = said.supposed = False
        said.about_self = True
        return
    if "negation_after" in kinds and scene.norm(cue.start - 1) == "or":
        # "Eliquis ok or no": asked, and not denied.
        said.asked = True
        return
    if "negation_after" in kinds:
        one = cue.end - cue.start == 1
        if same and one and not (gap <= 2 and closes):
            pass
        elif not same and not (closes or bare(scene, cue.end, part_end, inside)):
            pass
        elif gap <= 8:
            said.denied = said.denied_after = True
            said.cues.append((cue.start, cue.end))
    thinks_of = scene.norm(cue.end) == "of" and scene.norm(cue.end - 1) == "think"
    if "doubt_after" in kinds and not thinks_of:
        following = scene.norm(cue.end)
        often = word in ("maybe", "possibly", "probably") and (
            following in ("once", "twice", "a", "every", "two", "three", "about", "one")
            or following.isdigit()
        )
        if (
            not often
            and following
            not in (
                "if",
                "whether",
                "that",
                "what",
                "how",
                "when",
                "which",
                "about",
                "it",
                "this",
                "why",
                "where",
                "i",
                "can",
                "you",
                "is",
            )
            and gap <= 7
        ):
            said.doubted = True
    if (
        "future_after" in kinds
        and any(scene.norm(i) == "not" for i in range(cue.start, cue.end))
        and gap <= 6
    ):
        said.planned, said.starts, said.ongoing, said.weak_past = True, True, False, False
    elif "future_after" in kinds and same and gap <= 6 and not said.ongoing:
        said.planned = True
        said.starts = (
            said.starts or word in ("starts", "begins") or scene.norm(cue.end - 1).startswith("start")
        )
    still_there = scene.norm(cue.end - 1) in ("gone", "done", "over") and not closes
    ends = not still_there and (
        closes
        or cue.end - cue.start > 1
        or word not in ("once", "before")
        and (scene.norm(cue.end) in scene.words["behind_end"] or scene.norm(cue.end).isdigit())
    )
    if word == "before" and any(c.kinds & {"question"} and c.start < cue.start for c in scene.forward):
        # "Do I stop my retinol before?", "due in 3 weeks, can I do it before?": before the treatment.
        ends = False
    if scene.norm(cue.end - 1) in ("stopped", "finished", "quit", "ended", "completed"):
        ends = ends and stops_it(scene, cue.end, part_end)
    if "past_after" in kinds and gap <= 8 and ends:
        said.over = True
        if said.stop_at < 0:
            said.stop_at = cue.start
    if "resolved" in kinds and gap <= 8:
        said.resolved = True
        said.long_ago = said.long_ago or word in ("when", "as", "back", "in")
    if "ongoing" in kinds and same and gap <= 6 and not said.stopped:
        said.ongoing = True


_FINE = frozenset(
    "ok okay fine safe allowed matter problem bad issue affect risk dangerous possible good nono".split()
)


def _bare_question(scene: Scene, part: Part, start: int, end: int, said: Said) -> None:
    """ "lupus?" and "eczema ok?": asked of nobody, unless the words say more."""
    if said.asked or said.about_self or said.answered_yes or not part.asked or said.denied:
        return
    if any(scene.parts[scene.part_at(i)].sentence == part.sentence for i in scene.selves if i < start):
        return
    words = [scene.norm(i) for i in range(part.start, part.end) if scene.tokens[i].word]
    if "ago" in words or "yesterday" in words:
        return  # "accutane 3 months ago, ok?": what has its day has happened
    rest = len(words) - (end - start)
    if rest <= 1 or (rest <= 4 and any(word in _FINE for word in words)):
        said.asked = True
