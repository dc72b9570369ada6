"""What the findings of one message say together: one of a kind, births, variants of the whole message."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, List, Sequence

from candidacy.findings import POSSIBLE, Finding
from candidacy.listening.scene import Scene
from candidacy.screening import add_duration

AGE = "under_age"


def of_message(scene: Scene, findings: List[Finding]) -> List[Finding]:
    """Where a rule says so, a variant named anywhere in the message holds for all of its mentions."""
    named = {(f.condition, f.assertion): f.variant for f in findings if f.condition and f.variant}
    return [
        replace(f, variant=named[f.condition, f.assertion])
        if f.condition
        and f.variant is None
        and (f.condition, f.assertion) in named
        and scene.lexicon.kind(f.condition, "variant_of_message")
        else f
        for f in findings
    ]


def births(scene: Scene, findings: List[Finding]) -> List[Finding]:
    """A birth of late leaves breastfeeding open, unless the message speaks of it."""
    table = scene.lexicon.language["recent_birth"]
    condition = table["condition"]
    spoken = any(f.condition == condition and f.assertion != POSSIBLE for f in findings)
    spoken = spoken or bool(scene.hits_of("fed_otherwise"))
    kept = []
    for finding in findings:
        if (
            finding.condition == condition
            and finding.assertion == POSSIBLE
            and any(w in finding.text.lower() for w in table["words"])
        ):
            if spoken:
                continue
            if not _recent_birth(scene, finding, str(table["within"])):
                continue
        kept.append(finding)
    return kept


def _recent_birth(scene: Scene, finding: Finding, within: str) -> bool:
    text = finding.text.lower()
    times = [t for t in scene.times if t.when and t.kind in ("ago", "point", "vague")]
    if times:
        return any(add_duration(t.when[1], within) > scene.today for t in times if t.when)
    return any(word in text for word in ("just", "recent", "new", "partum"))


def once(findings: Sequence[Finding]) -> List[Finding]:
    """At most one finding for each condition, assertion and variant, in order of place."""
    kept: Dict[tuple, Finding] = {}
    for finding in sorted(findings, key=lambda f: (f.start, f.end)):
        key = (
            finding.condition,
            finding.assertion,
            finding.variant,
            finding.group,
            finding.emergency,
            finding.call_today,
        )
        if finding.condition == AGE:
            key = (*key, finding.quantity)
        before = kept.get(key)
        if before is None or (finding.when and not before.when):
            kept[key] = finding
    return list(kept.values())
