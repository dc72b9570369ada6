"""Signs that need help now or the clinic the same day, and words of self-harm.

It fails toward firing: a sign counts unless it is denied, asked about in general, long-standing, long
over, or a figure of speech. `signs`, `self_harm` and `sign_context` of language.yml hold the words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Set, Tuple

from candidacy.findings import POSSIBLE, PRESENT, Finding
from candidacy.listening import dates
from candidacy.listening.assertion import weigh
from candidacy.listening.lexicon import Hit
from candidacy.listening.persons import OTHER
from candidacy.listening.scene import Scene
from candidacy.listening.sign_level import HISTORY, NOW, TODAY, level_of
from candidacy.listening.sign_words import RECENT, SignWords, overlaps


@dataclass(frozen=True)
class Alarm:
    """Findings of urgency, and the token ranges they were heard in."""

    findings: Tuple[Finding, ...]
    ranges: Tuple[Tuple[int, int], ...]


def find_alarms(scene: Scene) -> Alarm:
    """Every emergency, word of self-harm and same-day sign of a message."""
    findings: List[Finding] = []
    ranges: List[Tuple[int, int]] = []
    words = SignWords(scene)
    self_harm = _self_harm(scene, words)
    if self_harm:
        findings.append(_finding(scene, self_harm, None, emergency=True, self_harm=True))
    figures = words.of("sign_context", "figure")
    seen: Set[Tuple[Optional[str], bool]] = set()
    signs = sorted(words.of("sign"), key=lambda hit: (hit.start - hit.end, hit.start))
    used: List[Hit] = []
    for hit in signs:
        if any(hit.start < other.end and other.start < hit.end for other in used) or overlaps(hit, figures):
            continue
        name = next(entry.rule for entry in hit.entries if entry.kind == "sign")
        table = scene.lexicon.language["signs"][name]
        level = level_of(words, hit, name, signs)
        if level is None:
            continue
        used.append(hit)
        condition = table["condition"]
        if level == HISTORY:
            past = _history(scene, hit, name)
            if past is not None:
                findings.append(past)
            continue
        ranges.append((hit.start, hit.end))
        if (condition, level == NOW) in seen:
            continue
        seen.add((condition, level == NOW))
        findings.append(_finding(scene, hit, condition, emergency=level == NOW, call_today=level == TODAY))
        numbing = scene.hits_of("substance", "anesthetic_allergy")
        if numbing and condition == "toxin_hypersensitivity":
            # It may have been the numbing that did it.
            findings.append(_maybe(scene, numbing[0], "anesthetic_allergy"))
    findings.sort(key=lambda finding: finding.start)
    return Alarm(tuple(findings), tuple(ranges))


def _history(scene: Scene, hit: Hit, name: str) -> Optional[Finding]:
    """What a sign after an earlier treatment says: an allergic kind of reaction, or one to ask about."""
    assertion = scene.lexicon.language["signs"][name].get("after_treatment")
    if not assertion:
        return None
    start, end = scene.span(hit.start, hit.end)
    return Finding("toxin_hypersensitivity", None, assertion, scene.message[start:end], start, end)


def _maybe(scene: Scene, hit: Hit, condition: str) -> Finding:
    start, end = scene.span(hit.start, hit.end)
    return Finding(condition, None, POSSIBLE, scene.message[start:end], start, end)


def _finding(
    scene: Scene,
    hit: Hit,
    condition: Optional[str],
    emergency: bool = False,
    self_harm: bool = False,
    call_today: bool = False,
) -> Finding:
    start, end = scene.span(hit.start, hit.end)
    return Finding(
        condition,
        None,
        PRESENT,
        scene.message[start:end],
        start,
        end,
        emergency=emergency,
        self_harm=self_harm,
        call_today=call_today,
    )


def _self_harm(scene: Scene, words: SignWords) -> Optional[Hit]:
    """The first words of self-harm, unless denied, a figure of speech, or told of years ago."""
    figures = words.of("self_harm", "figure")
    for hit in words.of("self_harm", "words"):
        if overlaps(hit, figures):
            continue
        said = weigh(scene, hit.start, hit.end)
        if (
            said.denied
            and not said.doubted
            and scene.norm(hit.start - 1) in ("not", "never", "no", "without")
        ):
            continue
        if said.who == OTHER and said.over:
            continue
        if _long_ago(scene, words, hit):
            continue
        return hit
    return None


def _long_ago(scene: Scene, words: SignWords, hit: Hit) -> bool:
    """ "Attempted suicide ten years ago": told with a date of long ago, and with no word of now."""
    first, last = scene.part_range(hit.start)
    if words.context("acute", first, last, hit) or any(
        scene.norm(i) in ("still", "again", "now", "am", "is", "are") for i in range(first, hit.start)
    ):
        return False
    if words.context("over_then", first, last, hit):
        return True
    return any(
        time.when is not None
        and time.kind in (dates.AGO, dates.POINT, dates.VAGUE)
        and time.when[1] < scene.today - RECENT
        for time in scene.times
        if first <= time.start < last
    )
