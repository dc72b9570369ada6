"""A refusal or a doubt that names nothing: "I would rather not tell you my meds"."""

from __future__ import annotations

from typing import List, Sequence, Tuple

from candidacy.findings import POSSIBLE, Finding
from candidacy.listening.assertion import weigh
from candidacy.listening.mentions import Mention
from candidacy.listening.persons import OTHER
from candidacy.listening.scene import Scene


def find_unnamed(scene: Scene, mentions: Sequence[Mention]) -> List[Finding]:
    """One open finding for each question group that is refused or doubted without a name."""
    found: List[Finding] = []
    for group, table in scene.lexicon.language["unnamed"].items():
        things = scene.hits_of("unnamed.things", group)
        doubts = scene.hits_of("unnamed.doubts", group)
        for doubt in doubts:
            heard = [m for m in mentions if m.rule != table.get("condition")]
            place = _meet(scene, doubt.start, doubt.end, [(h.start, h.end) for h in things], heard)
            if place is None:
                continue
            own = frozenset(map(str, table["of_mine"]))
            sentence = scene.parts[scene.part_at(place[0])].sentence
            numbers = scene.sentence_parts(sentence)
            first, last = scene.parts[numbers[0]].start, scene.parts[numbers[-1]].end
            refused = any(
                scene.norm(i) in ("rather", "prefer", "private", "business", "comfortable")
                for i in range(doubt.start, doubt.end)
            )
            if not refused and not any(scene.norm(i) in own for i in range(first, last)):
                continue
            said = weigh(scene, place[0], place[1])
            if said.who == OTHER:
                continue
            start, end = scene.span(*place)
            condition = table.get("condition")
            found.append(
                Finding(
                    condition,
                    None,
                    POSSIBLE,
                    scene.message[start:end],
                    start,
                    end,
                    group=None if condition else group,
                )
            )
            break
    return found


def without_refused(findings: Sequence[Finding], refused: Sequence[Finding]) -> List[Finding]:
    """ "Don't ask me if I'm pregnant": what the refusal names is told no other way in the same breath."""
    return [
        f
        for f in findings
        if f.emergency
        or not any(f.condition == r.condition and r.start <= f.start < r.end for r in refused if r.condition)
    ]


def _meet(
    scene: Scene, start: int, end: int, things: Sequence[Tuple[int, int]], mentions: Sequence[Mention]
) -> "Tuple[int, int] | None":
    sentence = scene.parts[scene.part_at(start)].sentence
    for first, last in things:
        if scene.parts[scene.part_at(first)].sentence not in (sentence, sentence - 1):
            continue
        low, high = min(start, first), max(end, last)
        if high - low > 16:
            continue
        named = any(low - 6 <= m.start < high + 4 for m in mentions)
        if not named:
            return low, high
    return None
