"""Put the pieces together: everything heard in one message, as findings."""

from __future__ import annotations

from datetime import date
from typing import Optional, Sequence

from candidacy.findings import ABSENT, OTHER_PERSON, PAST, POSSIBLE, PRESENT, Finding
from candidacy.knowledge import OUTCOMES
from candidacy.listening.age_findings import ages_said
from candidacy.listening.assertion import weigh
from candidacy.listening.babies import body_rules_out, settle_baby
from candidacy.listening.hints import find_hints
from candidacy.listening.lexicon import Lexicon
from candidacy.listening.medicines import other_use, points_to, swapped_away, swapped_to, with_reason
from candidacy.listening.mentions import Mention, allergy_words, find_mentions
from candidacy.listening.merging import AGE, births, of_message, once
from candidacy.listening.reconsider import reconsider
from candidacy.listening.scene import Scene, stage
from candidacy.listening.timing import judge
from candidacy.listening.topics import is_topic, is_trace
from candidacy.listening.unnamed import find_unnamed, without_refused
from candidacy.listening.urgency import find_alarms
from candidacy.listening.windows import Judged
from candidacy.screening import add_duration

_GONE = frozenset(("free", "remission", "survivor", "previous", "past", "childhood"))
"""Words in a name that say it is over: "cancer free", "childhood eczema"."""

TOXIN = "recent_botulinum"


def hear(message: str, today: date, lexicon: Lexicon) -> list[Finding]:
    """All findings of a message, in the order in which they stand in it."""
    scene = stage(message, today, lexicon)
    if not scene.parts:
        return []
    alarm = find_alarms(scene)
    findings = list(alarm.findings)
    mentions = find_mentions(scene)
    mentions = [m for m in mentions if not other_use(scene, m, mentions)]
    for mention in mentions:
        if mention.rule == AGE:
            continue
        if any(a < mention.end and mention.start < b for a, b in alarm.ranges) and any(
            f.condition == mention.rule for f in alarm.findings
        ):
            continue
        findings.extend(_from_mention(scene, mention, mentions, alarm.ranges))
    findings.extend(find_hints(scene, findings))
    findings = body_rules_out(scene, findings, mentions)
    findings.extend(ages_said(scene, mentions))
    refused = find_unnamed(scene, mentions)
    findings = [*without_refused(findings, refused), *refused]
    if any(f.emergency and not f.self_harm for f in alarm.findings):
        findings = _with_treatment(scene, findings)
    return once(of_message(scene, births(scene, findings)))


def _from_mention(
    scene: Scene, mention: Mention, mentions: Sequence[Mention], signs: Sequence[tuple[int, int]]
) -> list[Finding]:
    # What a sign denies ("my mouth won't close") denies nothing else.
    inside = [*((m.start, m.end) for m in mentions if m is not mention), *signs]
    if mention.kind == "drug":
        mention = with_reason(scene, mention, mentions)
    if mention.kind == "allergy":
        # A "not" inside "cannot wear" is part of the sign.
        inside += [
            place for place in allergy_words(scene, mention) if scene.same_sentence(place[0], mention.start)
        ]
    said = weigh(scene, mention.start, mention.end, inside)
    settle_baby(scene, mention, said)
    if any(scene.norm(i) in _GONE for i in range(mention.start, mention.end)):
        said.over = said.resolved = True
    if mention.kind == "allergy" and said.denied and scene.norm(mention.start - 1) == "no":
        # "No lidocaine - allergic" forbids it and names the allergy.
        said.denied = not any(place[0] >= mention.end for place in allergy_words(scene, mention))
    if mention.kind == "allergy" and _no_trouble(scene, mention):
        said.denied, said.asked = True, False
    if mention.kind == "drug" and swapped_to(scene, mention):
        said.stopped = said.over = said.weak_past = False
        said.ongoing = True
    elif mention.kind == "drug" and swapped_away(scene, mention, mentions):
        said.over = said.stopped = True
    if mention.kind == "allergy" and any(scene.norm(i) == "?" for i in range(mention.start, mention.end)):
        # "Dairy?? Anaphylaxis": the question is a heading.
        said.asked = said.supposed = False
    if is_topic(scene, mention):
        said.asked, said.supposed, said.doubted = True, True, False
    reconsider(scene, mention, said, mentions)
    judged = judge(scene, mention, said, mentions)
    if judged.assertion == PAST and points_to(scene, mention):
        judged = Judged(POSSIBLE, judged.when)
    if judged.assertion is None or (judged.assertion == PRESENT and is_trace(scene, mention, said)):
        return []
    variant = _worse(scene, mention.rule, mention.variant, _variant(scene, mention, judged.assertion))
    when = judged.when
    if judged.assertion == PAST and not _windowed(scene, mention.rule, variant):
        when = None
    found = [_finding(scene, mention, judged.assertion, variant, when)]
    if judged.assertion == OTHER_PERSON:
        if said.me_too:
            found.append(_finding(scene, mention, PRESENT, mention.variant, None))
        denied = _but_not_me(scene, mention, mentions)
        if denied:
            found.append(_finding(scene, mention, ABSENT, None, None))
    return found


def _worse(scene: Scene, rule_id: str, named: Optional[str], cued: Optional[str]) -> Optional[str]:
    """The variant of the name, unless words beside it choose a worse one ("not controlled")."""
    if named is None or cued is None:
        return named or cued
    rule = scene.lexicon.knowledge.rule(rule_id)
    first, second = rule.variant(named), rule.variant(cued)
    if first is None or second is None:
        return named
    before = rule.variants.index(second) < rule.variants.index(first)
    return cued if before and OUTCOMES.index(second.verdict) < OUTCOMES.index(first.verdict) else named


def _windowed(scene: Scene, rule_id: str, variant_id: Optional[str]) -> bool:
    """True when a date matters: the rule, or the variant that was chosen, looks at the time gone by."""
    rule = scene.lexicon.knowledge.rule(rule_id)
    variant = rule.variant(variant_id)
    tests = [variant.test] if variant else [v.test for v in rule.variants]
    return (
        bool(rule.wait) and variant is None or any(t.elapsed_less_than or t.elapsed_at_least for t in tests)
    )


def _no_trouble(scene: Scene, mention: Mention) -> bool:
    """ "No problem with lidocaine", "never had issues with numbing cream"."""
    part = scene.parts[scene.part_at(mention.start)]
    for hit in scene.hits_of("allergy", "trouble"):
        if part.start <= hit.start < mention.start and scene.norm(hit.start - 1) in (
            "no",
            "any",
            "had",
            "a",
            "never",
            "zero",
        ):
            return any(
                scene.norm(i) in ("no", "not", "never", "without", "zero")
                for i in range(max(part.start, hit.start - 4), hit.start)
            )
    return False


def _finding(
    scene: Scene, mention: Mention, assertion: str, variant: Optional[str], when: Optional[tuple[date, date]]
) -> Finding:
    start, end = scene.span(mention.start, mention.end)
    return Finding(mention.rule, variant, assertion, scene.message[start:end], start, end, when=when)


def _but_not_me(scene: Scene, mention: Mention, mentions: Sequence[Mention]) -> bool:
    """ "Dad has keloids, I do not": the other person has it and the speaker does not."""
    number = scene.part_at(mention.start) + 1
    if number >= len(scene.parts):
        return False
    part = scene.parts[number]
    if part.sentence > scene.parts[number - 1].sentence + 1:
        return False
    if any(part.start <= m.start < part.end for m in mentions):
        return False
    return any(
        part.start <= cue.start <= part.start + 1 and "negation_after" in cue.kinds for cue in scene.after
    )


def _variant(scene: Scene, mention: Mention, assertion: str) -> Optional[str]:
    """The variant that words beside the condition choose: the first with a cue in the sentence."""
    rule = scene.lexicon.knowledge.rule(mention.rule)
    sentence = scene.parts[scene.part_at(mention.start)].sentence
    numbers = scene.sentence_parts(sentence)
    first, last = scene.parts[numbers[0]].start, scene.parts[numbers[-1]].end
    hits = [hit for hit in scene.hits_of("variant_cue", mention.rule) if first <= hit.start < last]
    heard: dict[Optional[str], bool] = {}
    for hit in hits:
        if _ruled_out(scene, max(first, scene.parts[scene.part_at(hit.start)].start), hit.start):
            continue
        if _spared(scene, hit.end):
            continue
        for entry in hit.entries:
            if entry.kind == "variant_cue" and entry.rule == mention.rule:
                heard[entry.variant] = True
    for variant in rule.variants:
        if heard.get(variant.id) and (not variant.test.assertion or assertion in variant.test.assertion):
            return variant.id
    return None


def _ruled_out(scene: Scene, first: int, start: int) -> bool:
    """ "Never on my face", "not flaring": a "no" right before the cue, or with small words between."""
    for index in range(start - 1, max(first, start - 6) - 1, -1):
        if scene.norm(index) in ("no", "not", "none", "never", "nothing"):
            return True
        if start - index > 1 and scene.norm(index) not in scene.words["ruled_link"]:
            return False
    return False


def _spared(scene: Scene, end: int) -> bool:
    """ "Face has always been clear": the place named is the one that has nothing."""
    part = scene.parts[scene.part_at(end - 1)]
    behind = [scene.norm(i) for i in range(end, min(end + 4, part.end))]
    clear = [at for at, norm in enumerate(behind) if norm in scene.words["spared"]]
    if clear and behind[clear[0]] == "never" and set(behind[clear[0] + 1 : clear[0] + 2]) & {"ever", "the", "on", "my"}:
        # "In my elbows, never ever the face": another place is spared.
        return False
    return bool(clear) and set(behind[: clear[0]]) <= scene.words["spared_link"]


def _with_treatment(scene: Scene, findings: list[Finding]) -> list[Finding]:
    """An emergency after a treatment names the treatment too, with its date."""
    if any(f.condition == TOXIN for f in findings):
        return findings
    generic = frozenset(
        ("treatment", "session", "injection", "injections", "shot", "shots", "botox", "tox", "toxin", "jabs")
    )
    for hit in scene.hits_of("sign_context", "treated"):
        words = [scene.norm(i) for i in range(hit.start, hit.end)]
        if not generic & set(words):
            continue
        near = [
            t
            for t in scene.times
            if t.when and t.kind in ("ago", "since", "point") and abs(t.start - hit.start) < 8
        ]
        start, end = scene.span(hit.start, hit.end)
        when = near[0].when if near else None
        if when and add_duration(when[1], "P4M") <= scene.today:
            return findings
        findings.append(Finding(TOXIN, None, PRESENT, scene.message[start:end], start, end, when=when))
        break
    return findings
