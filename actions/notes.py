"""Word what the rules say: a note for a disclosure, the lines of a verdict."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Text

from candidacy.findings import ABSENT, FUTURE, HYPOTHETICAL, OTHER_PERSON, PAST, Finding
from candidacy.knowledge import load
from candidacy.screening import YES, Reason, Verdict, assess
from actions.talk import Talk, Utterance, capital, day

UNDER_18 = "under_18"


def notes(talk: Talk, findings: Sequence[Finding]) -> List[Utterance]:
    """What to say about the findings of one message, worst first, each rule once."""
    said: List[Utterance] = []
    verdict = assess(findings, {}, talk.today)
    if verdict.call_today:
        said.append(("utter_call_today", {"sources": _sources(verdict)}))
    if is_under_age(verdict):
        return said + [("utter_verdict_under_age", {})]
    noted = set()
    for reason in verdict.reasons:
        if reason.outcome == "urgent" or reason.call_today:
            noted.add(reason.rule)
        elif reason.rule is None:
            said.append(("utter_note_unnamed", {}))
        else:
            noted.add(reason.rule)
            said.append(_note(reason))
    for finding in findings:
        if finding.condition and finding.condition not in noted:
            noted.add(finding.condition)
            utterance = _light_note(finding)
            if utterance and utterance not in said:
                said.append(utterance)
    return said


def _note(reason: Reason) -> Utterance:
    rule = load().rule(reason.rule)  # type: ignore[arg-type]
    values: Dict[Text, Any] = {
        "plain_name": rule.plain_name,
        "reason": reason.reason,
        "next_step": reason.next_step,
        "sources": list(reason.sources),
    }
    if reason.outcome == "no_flag":
        if reason.advice:
            return "utter_advice", {"advice": reason.advice, "sources": list(reason.sources)}
        return "utter_note_no_flag", values
    if reason.earliest and reason.outcome == "defer":
        return "utter_note_defer_until", {**values, "earliest": day(reason.earliest)}
    return f"utter_note_{reason.outcome}", values


def _light_note(finding: Finding) -> Optional[Utterance]:
    """What to say about a finding on which no rule decides."""
    rule = load().rule(finding.condition)  # type: ignore[arg-type]
    values: Dict[Text, Any] = {"plain_name": rule.plain_name}
    if finding.assertion == HYPOTHETICAL:
        text = {"reason": rule.reason, "next_step": rule.next_step, "sources": list(rule.sources)}
        return "utter_note_hypothetical", {**values, **text}
    if finding.condition == "under_age":
        return None
    by_assertion = {
        ABSENT: ("utter_note_denied", {}),
        PAST: ("utter_note_past", values),
        FUTURE: ("utter_note_future", values),
        OTHER_PERSON: ("utter_note_other_person", values),
    }
    return by_assertion.get(finding.assertion)


def is_under_age(verdict: Verdict) -> bool:
    """True when the person is under 18, or a minor of no stated age."""
    return any(r.rule == "under_age" and r.outcome == "contraindicated" for r in verdict.reasons)


def reason_lines(verdict: Verdict, answers: Dict[Text, Text]) -> List[Dict[Text, Any]]:
    """The verdict's reasons as fragments of responses, worst first; lines that say the same once."""
    lines: List[Dict[Text, Any]] = []
    for reason in verdict.reasons:
        line = _line(reason, answers)
        if reason.outcome != "no_flag" and line not in lines:
            lines.append(line)
    return lines


def _line(reason: Reason, answers: Dict[Text, Text]) -> Dict[Text, Any]:
    if reason.rule is None:
        if reason.group is None:
            return {"response": "utter_reason_unnamed"}
        topic = {"response": f"utter_topic_{reason.group}"}
        if reason.outcome == "provider_review" and answers.get(reason.group) == YES:
            return {"response": "utter_reason_yes_unnamed", "topic": topic}
        if reason.group not in answers:
            return {"response": "utter_reason_unnamed"}
        return {"response": "utter_reason_open", "topic": topic}
    rule = load().rule(reason.rule)
    values: Dict[Text, Any] = {"name": capital(rule.plain_name), "reason": reason.reason, "next_step": reason.next_step}
    if reason.earliest:
        return {"response": "utter_reason_until", **values, "earliest": day(reason.earliest)}
    return {"response": "utter_reason", **values}


def advice(verdict: Verdict) -> List[Utterance]:
    """Preparation advice of rules that do not stand in the way."""
    return [
        ("utter_advice", {"advice": reason.advice, "sources": list(reason.sources)})
        for reason in verdict.reasons
        if reason.advice
    ]


def _sources(verdict: Verdict) -> List[Text]:
    return list(dict.fromkeys(source for reason in verdict.reasons for source in reason.sources))


def sources(verdict: Verdict) -> List[Text]:
    """Ids of the sources behind a verdict, each once."""
    return _sources(verdict)
