"""Weak signs that tell nothing alone and much together: "10 weeks", "the sickness", "scan on Friday"."""

from __future__ import annotations

from typing import Dict, List, Sequence, Set, Tuple

from candidacy.findings import POSSIBLE, Finding
from candidacy.listening.assertion import weigh
from candidacy.listening.lexicon import Hit
from candidacy.listening.persons import OTHER
from candidacy.listening.scene import Scene

_LONG_AGO = 60
"""Days after which a time beside a sign says that it is over."""


def find_hints(scene: Scene, findings: Sequence[Finding]) -> List[Finding]:
    """One open finding for a condition of which enough kinds of signs are told and nothing else is."""
    found: List[Finding] = []
    for condition, table in scene.lexicon.language["hints"].items():
        if any(finding.condition == condition for finding in findings):
            continue
        kinds: Dict[str, Tuple[int, int]] = {}
        used: Set[int] = set()
        for hit in sorted(scene.hits_of("hint", condition), key=lambda hit: (hit.start - hit.end, hit.start)):
            if used & set(range(hit.start, hit.end)) or not _told(scene, hit):
                continue
            used.update(range(hit.start, hit.end))
            for entry in hit.entries:
                if entry.kind == "hint" and entry.rule == condition and entry.variant:
                    kinds.setdefault(entry.variant, (hit.start, hit.end))
        if "weeks" in table:
            weeks = _weeks(scene, table)
            if weeks and not used & set(range(*weeks)):
                kinds["weeks"] = weeks
        if len(kinds) >= int(table["needs"]):
            first, last = max(kinds.values())
            start, end = scene.span(first, last)
            found.append(Finding(condition, None, POSSIBLE, scene.message[start:end], start, end))
    return found


def _told(scene: Scene, hit: Hit) -> bool:
    """True when it is the speaker's own, of today, and no plain question."""
    said = weigh(scene, hit.start, hit.end)
    if (
        said.who == OTHER
        and said.named not in scene.words["fed"]
        or said.denied
        or said.supposed
        or said.over
    ):
        return False
    first, last = scene.part_range(hit.start)
    # "No wine" is a sign by its "no".
    skipped = hit.start if scene.norm(hit.start) == "no" else -1
    around = {scene.norm(i) for i in range(first, last) if i != skipped}
    if around & scene.words["back_then_words"]:
        return False
    return not any(
        t.when and (scene.today - t.when[1]).days > _LONG_AGO for t in scene.times if first <= t.start < last
    )


def _weeks(scene: Scene, table: Dict[str, List[str]]) -> "Tuple[int, int] | None":
    """ "10 weeks", "five and a half weeks": a figure with weeks, and no time of something else."""
    before, behind = set(table["not_before_weeks"]), set(table["not_behind_weeks"])
    for index, token in enumerate(scene.tokens):
        if token.norm not in table["weeks"] or not index:
            continue
        at = index - 1
        while at > 0 and scene.norm(at) in ("half", "a", "and"):
            at -= 1
        figure = scene.norm(at)
        if not (figure.isdigit() and 3 <= int(figure) <= 42 or figure in table["numbers"]):
            continue
        if scene.norm(at - 1) in before or scene.norm(index + 1) in behind:
            continue
        return at, index + 1
    return None
