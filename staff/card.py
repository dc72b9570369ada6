"""The screening as a card in the shape of CDS Hooks, and everything that stands behind it.

Card: https://cds-hooks.hl7.org/2.0/#card-attributes (summary under 140 characters, indicator, detail, source).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from candidacy import in_words
from candidacy.knowledge import GROUPS, OUTCOMES, Knowledge, Source
from candidacy.record import Record
from candidacy.screening import assess
from desk import transcripts
from staff import words

LONGEST_SUMMARY = 140
INDICATORS = {"urgent": "critical", "contraindicated": "critical", "no_flag": "info"}


@dataclass(frozen=True)
class Reason:
    """One reason of the verdict as staff read it."""

    rule: Optional[str]
    variant: Optional[str]
    name: str
    outcome: str
    verdict: str
    reason: str
    next_step: str
    earliest: Optional[date]
    wait: str
    call_today: bool
    said: Tuple[str, ...] = field(repr=False)
    sources: Tuple[Source, ...] = ()
    other_sources: Tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """One of the questions: what was answered and what was said about it. `open` when there is no plain answer."""

    label: str
    answer: str
    open: bool
    said: Tuple[Tuple[str, str], ...] = field(repr=False)


@dataclass(frozen=True)
class Screening:
    """A screening as it stands: what the card is made from.

    Attributes:
        final: False when it was read from a talk that may go on, and not stored with a request.
    """

    verdict: Mapping[str, Any] = field(repr=False)
    findings: Sequence[Mapping[str, Any]] = field(repr=False)
    answers: Mapping[str, str] = field(repr=False)
    screened: bool = True
    final: bool = True


def of_talk(conversation_id: str, today: date) -> Optional[Screening]:
    """The screening as far as a talk has come; None when nothing was told and nothing answered.

    Raises:
        DeskUnavailable: When the database cannot be reached.
    """
    slot_of = {group.lower(): group for group in GROUPS}
    slots = transcripts.read_slots(conversation_id, ["findings", *slot_of])
    findings = Record.from_list(slots.pop("findings", None) or []).findings
    answers = {slot_of[name]: value for name, value in slots.items() if value in words.ANSWERS}
    if not findings and not answers:
        return None
    verdict = assess(findings, answers, today)
    heard = [finding.to_dict() for finding in findings]
    return Screening(verdict.to_dict(), heard, answers, screened=len(answers) > 1, final=False)


def card(screening: Screening, knowledge: Knowledge) -> Dict[str, Any]:
    """The card: summary, indicator, detail (Markdown), source, links."""
    verdict = screening.verdict
    why = reasons(screening, knowledge)
    lines = [
        f"- **{one.verdict}: {one.name}**{_until(one)}{' CALL TODAY.' if one.call_today else ''} {one.reason}".rstrip()
        for one in why
    ]
    missing = [words.GROUPS.get(group, group) for group in verdict.get("unanswered", [])]
    if missing:
        lines.append(f"- Not answered: {', '.join(missing)}")
    sources = {source.id: source for one in why for source in one.sources}
    label = f"Screening rules {verdict.get('version', '')}"
    if not knowledge.rulebook.signed:
        label += " (demo: not clinically reviewed)"
    return {
        "summary": summary(screening, why),
        "indicator": indicator(screening),
        "detail": "\n".join(lines),
        "source": {"label": label},
        "links": [
            {"label": source.title, "url": source.url, "type": "absolute"} for source in sources.values() if source.url
        ],
    }


def summary(screening: Screening, why: Sequence[Reason]) -> str:
    """One sentence of at most `LONGEST_SUMMARY` characters; the worst first."""
    outcome = screening.verdict["outcome"]
    if not why and not screening.screened:
        return "Not screened: the health questions were not answered"
    if not why:
        complete = screening.verdict.get("complete")
        return "No flag: all questions answered, nothing told" if complete else "No flag so far: not all questions answered"
    names = list(dict.fromkeys(one.name for one in why if one.outcome == outcome))
    head = "Call today" if any(one.call_today for one in why) else in_words.VERDICTS.get(outcome, outcome)
    text = f"{head}: {'; '.join(names)}"
    days = [one.earliest for one in why if one.earliest]
    tail = f"; not before {in_words.day(max(days))}" if days and outcome == "defer" else ""
    room = LONGEST_SUMMARY - len(tail)
    return (text if len(text) <= room else text[: room - 1].rstrip() + "…") + tail


def indicator(screening: Screening) -> str:
    """info, warning or critical."""
    verdict = screening.verdict
    if any(one.get("call_today") for one in verdict.get("reasons", [])):
        return "critical"
    if verdict["outcome"] == "no_flag" and not (screening.screened and verdict.get("complete")):
        return "warning"
    return INDICATORS.get(verdict["outcome"], "warning")


def reasons(screening: Screening, knowledge: Knowledge) -> List[Reason]:
    """The reasons of the verdict, worst first."""
    found = []
    for one in screening.verdict.get("reasons", []):
        rule, group = one.get("rule"), one.get("group")
        listed = [source for source in one.get("sources", [])]
        found.append(
            Reason(
                rule=rule,
                variant=one.get("variant"),
                name=_name(rule, group, screening, knowledge),
                outcome=one["outcome"],
                verdict=in_words.VERDICTS.get(one["outcome"], one["outcome"]),
                reason=one.get("reason") or "",
                next_step=one.get("next_step") or "",
                earliest=date.fromisoformat(one["earliest"]) if one.get("earliest") else None,
                wait=in_words.wait(one.get("wait"), one.get("wait_from")),
                call_today=bool(one.get("call_today")),
                said=_said(screening, rule, group),
                sources=tuple(knowledge.sources[source] for source in listed if source in knowledge.sources),
                other_sources=tuple(source for source in listed if source not in knowledge.sources),
            )
        )
    return sorted(found, key=lambda one: (not one.call_today, OUTCOMES.index(one.outcome)))


def answers(screening: Screening, knowledge: Knowledge) -> List[Answer]:
    """The questions in their order, each with what was said about it."""
    group_of = {rule.id: rule.question_group for rule in knowledge.rulebook.rules}
    found = []
    for group in GROUPS:
        said = {
            (str(one["text"]), "" if one.get("quantity") else words.HEARD.get(one.get("assertion", ""), ""))
            for one in screening.findings
            if one.get("text") and group_of.get(one.get("condition") or "", one.get("group")) == group
        }
        given = screening.answers.get(group)
        text = words.ANSWERS.get(given or "", "Not asked")
        if group == GROUPS[0] and given == "yes":
            text = _age(screening) or "Told"
        found.append(Answer(words.GROUPS[group], text, given not in ("yes", "no"), tuple(sorted(said))))
    return found


def trace(screening: Screening, knowledge: Knowledge) -> List[Dict[str, Any]]:
    """What happened to every rule; those that matched first."""
    names = {rule.id: rule.name for rule in knowledge.rulebook.rules}
    rows = [{**one, "name": names.get(one["rule"], one["rule"])} for one in screening.verdict.get("trace", [])]
    return sorted(rows, key=lambda row: (not row["matched"], not row["evaluated"]))


def _name(rule: Optional[str], group: Optional[str], screening: Screening, knowledge: Knowledge) -> str:
    if rule:
        try:
            return knowledge.rule(rule).name
        except KeyError:
            return rule  # an older version of the rules had it
    if not group:
        return "Something told that names no condition"
    answer = screening.answers.get(group)
    said = {"yes": "yes, but not what", "unsure": "not sure", "skipped": "skipped"}.get(answer or "", "still open")
    return f"{words.GROUPS.get(group, group)} ({said})"


def _said(screening: Screening, rule: Optional[str], group: Optional[str]) -> Tuple[str, ...]:
    mine = [
        str(one["text"])
        for one in screening.findings
        if one.get("text") and (one.get("condition") == rule if rule else not one.get("condition") and one.get("group") == group)
    ]
    return tuple(dict.fromkeys(mine))


def _age(screening: Screening) -> str:
    ages = [one["quantity"] for one in screening.findings if one.get("condition") == "under_age" and one.get("quantity")]
    return f"{int(ages[-1])} years" if ages else ""


def _until(reason: Reason) -> str:
    return f" (not before {in_words.day(reason.earliest)})." if reason.earliest else "."
