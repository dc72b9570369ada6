"""Word what the rules say: a note for a disclosure, the lines of a verdict."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Text

from actions.phrasing import Utterance, capital, day
from actions.talk import Talk
from candidacy.ages import UNDER_AGE
from candidacy.findings import ABSENT, FUTURE, HYPOTHETICAL, OTHER_PERSON, PAST, Finding
from candidacy.knowledge import load
from candidacy.screening import YES, Reason, Verdict, assess

LIGHT_NOTES = {
    ABSENT: "utter_note_denied",
    PAST: "utter_note_past",
    FUTURE: "utter_note_future",
    OTHER_PERSON: "utter_note_other_person",
}


def notes(talk: Talk, findings: Sequence[Finding]) -> List[Utterance]:
    """What to say about the findings of one message, worst first, each rule once."""
    said: List[Utterance] = []
    verdict = assess(findings, {}, talk.today)
    if verdict.call_today:
        said.append(("utter_call_today", {"sources": _sources(verdict)}))
    if is_under_age(verdict):
        return said + [("utter_verdict_under_age", {})]
    if verdict.call_today:
        return said  # the rest stays in the record and can wait
    noted = set()
    for reason in verdict.reasons:
        if reason.outcome == "urgent":
            noted.add(reason.rule)
        elif reason.rule is None:
            said.append(("utter_note_unnamed", {}))
        else:
            noted.add(reason.rule)
            said.append(_note(reason))
    others = [finding for finding in findings if finding.condition and finding.condition not in noted]
    return said + _light_notes(talk, others, bool(said))


def _light_notes(talk: Talk, findings: Sequence[Finding], beside: bool) -> List[Utterance]:
    """What to say about findings on which no rule decides: one message for each kind."""
    said: List[Utterance] = []
    told: Dict[Text, List[Text]] = {}
    for finding in findings:
        rule = load().rule(finding.condition)  # type: ignore[arg-type]
        standing = [reason for reason in talk.verdict().reasons if reason.rule == rule.id]
        if standing and finding.assertion == OTHER_PERSON:
            said.append(_note(standing[0]))  # "but my friend has it too": it still stands for this person
        elif finding.assertion == HYPOTHETICAL:
            kind = rule.variant(finding.variant)
            text = {
                "reason": kind and kind.reason or rule.reason,
                "next_step": kind and kind.next_step or rule.next_step,
                "sources": list(kind and kind.sources or rule.sources),
            }
            said.append(("utter_note_hypothetical", {"plain_name": rule.plain_name, **text}))
        elif finding.assertion in LIGHT_NOTES and rule.id != UNDER_AGE:
            told.setdefault(LIGHT_NOTES[finding.assertion], []).append(rule.plain_name)
    if said or beside:
        told.pop(LIGHT_NOTES[OTHER_PERSON], None)
    return said + [(response, {"plain_name": listed(list(dict.fromkeys(names)))}) for response, names in told.items()]


def listed(items: Sequence[Text]) -> Text:
    """Things in a row as people say them: "a, b and c"."""
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last


def in_a_row(items: Sequence[Text]) -> Text:
    """Things in a row, told apart also where one of them holds a comma."""
    return ("; " if any("," in item for item in items) else ", ").join(items)


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
    if reason.rule == UNDER_AGE or (reason.outcome == "ask" and reason.variant):
        return "utter_note_reason", values
    return f"utter_note_{reason.outcome}", values


def is_under_age(verdict: Verdict) -> bool:
    """True when the person is under 18, or a minor of no stated age."""
    return any(r.rule == UNDER_AGE and r.outcome == "contraindicated" for r in verdict.reasons)


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
    if reason.outcome == "ask" and not reason.variant:
        return {"response": "utter_reason_ask", **values}
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
