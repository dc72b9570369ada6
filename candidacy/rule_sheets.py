"""What the page of the rules shows of each rule, in the order in which the questions are asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

from candidacy import in_words
from candidacy.findings import PAST, PRESENT
from candidacy.knowledge import GROUPS, Knowledge, Rule, Source
from candidacy.rule_cases import NO_DATE, OVER, Case, cases
from candidacy.spoken import Spoken

SAME_WORDS = "..."
"""Stands for a reason, with its next step or without, that was printed just above."""


@dataclass(frozen=True)
class Read:
    """What the patient reads in one situation.

    Attributes:
        when: The situation, or "" where there is only one.
        outcome: The outcome in it.
        at_once: In answer to the message; several texts take turns.
        at_the_end: In the verdict after the questions; empty where it is not named there. In both,
            `SAME_WORDS` stands for a reason and a next step that the case has shown already.
    """

    when: str
    outcome: str
    at_once: Tuple[str, ...]
    at_the_end: Tuple[str, ...]


@dataclass(frozen=True)
class CaseShown:
    """One row of a rule: a variant, the rule itself, or a doubt; its sources only where they are its own."""

    name: str
    when: str
    outcome: str
    wait: str
    call_today: bool
    words: Tuple[Tuple[str, Tuple[str, ...]], ...]
    sources: Tuple[str, ...]
    reads: Tuple[Read, ...]


@dataclass(frozen=True)
class RuleShown:
    """One rule as the page shows it.

    Attributes:
        sources: (letter, source) pairs.
        drugs: Each with the numbers of other rules that list it too.
        loose: (label, phrases) of what raises it besides its names and drugs.
    """

    number: int
    rule: Rule
    wait: str
    cases: Tuple[CaseShown, ...]
    asked_about: Tuple[str, ...]
    dated_question: Tuple[str, ...]
    sources: Tuple[Tuple[str, Source], ...]
    drugs: Tuple[Tuple[str, Tuple[int, ...]], ...]
    loose: Tuple[Tuple[str, Tuple[str, ...]], ...]

    @property
    def signed(self) -> bool:
        """True when somebody and a day stand on it."""
        return bool(self.rule.reviewed_by and self.rule.reviewed_on)


@dataclass(frozen=True)
class GroupShown:
    """One question with its rules."""

    id: str
    topic: str
    questions: Tuple[str, ...]
    rules: Tuple[RuleShown, ...]


def shown(knowledge: Knowledge, spoken: Spoken) -> List[GroupShown]:
    """The question groups with their rules, numbered in the order in which they are asked."""
    ordered = [rule for group in GROUPS for rule in knowledge.rulebook.group(group)]
    numbers = {rule.id: number for number, rule in enumerate(ordered, 1)}
    elsewhere = _elsewhere(ordered, numbers)
    made = []
    for group in GROUPS:
        slot = group.lower()
        rules = tuple(
            _rule(rule, numbers, elsewhere, knowledge, spoken)
            for rule in knowledge.rulebook.group(group)
        )
        topic = spoken.texts(f"utter_topic_{group}")[0]
        made.append(GroupShown(group, topic, spoken.texts(f"utter_ask_{slot}"), rules))
    return made


def _elsewhere(rules: Sequence[Rule], numbers: Mapping[str, int]) -> Dict[str, List[int]]:
    """Numbers of the rules that list a drug, by its name in small letters."""
    found: Dict[str, List[int]] = {}
    for rule in rules:
        for drug in [drug for part in (rule, *rule.variants) for drug in part.drugs]:
            found.setdefault(drug.name.casefold(), []).append(numbers[rule.id])
    return found


def _rule(
    rule: Rule,
    numbers: Mapping[str, int],
    elsewhere: Mapping[str, Sequence[int]],
    knowledge: Knowledge,
    spoken: Spoken,
) -> RuleShown:
    named = [source for part in (rule, *rule.variants) for source in part.sources or []]
    letters = {source: _letter(place) for place, source in enumerate(dict.fromkeys(named))}
    own = numbers[rule.id]
    drugs = tuple(
        (drug.name, tuple(n for n in elsewhere[drug.name.casefold()] if n != own)) for drug in rule.drugs
    )
    asks_when = spoken.texts("utter_ask_when", question=rule.asks_when) if rule.asks_when else ()
    return RuleShown(
        number=own,
        rule=rule,
        wait=in_words.wait(rule.wait, rule.wait_from),
        cases=tuple(_case(rule, case, letters, spoken) for case in cases(rule)),
        asked_about=spoken.asked_about(rule),
        dated_question=asks_when,
        sources=tuple((letter, knowledge.sources[source]) for source, letter in letters.items()),
        drugs=drugs,
        loose=tuple((label, tuple(said)) for label, said in _loose(rule, knowledge.language) if said),
    )


def _loose(rule: Rule, language: Mapping[str, Any]) -> Iterator[Tuple[str, List[str]]]:
    """What `language.yml` lists for a rule: turns of phrase that its names and drugs do not cover."""
    listed = {key: (language.get(key) or {}).get(rule.id) or [] for key in ("event_names", "possible_names")}
    yield "Names, with a word or a date of having had it", [str(name) for name in listed["event_names"]]
    yield "Heard as not sure", [str(name) for name in listed["possible_names"]]
    frames = [frame for frame in language.get("frames") or [] if frame["condition"] == rule.id]
    yield "Loose words, near each other and in this order (# is a number)", [
        " + ".join(" / ".join(map(str, group)) for group in frame["words"]) for frame in frames
    ]


def _case(rule: Rule, case: Case, letters: Mapping[str, str], spoken: Spoken) -> CaseShown:
    variant = case.variant
    part = variant or rule
    outcomes = {tried.reason.outcome for tried in case.tried}  # a wait that is over makes it milder
    words = (
        ("Words", tuple(variant.names)),
        ("Drugs", tuple(drug.name for drug in variant.drugs)),
        ("Words beside the condition", tuple(variant.cues)),
    ) if variant else ()  # fmt: skip
    return CaseShown(
        name=variant.id if variant else "",
        when=_when(rule, case),
        outcome=outcomes.pop() if len(outcomes) == 1 else part.verdict,
        wait=in_words.wait(part.wait, part.wait_from),
        call_today=bool(variant and variant.call_today),
        words=tuple((label, listed) for label, listed in words if listed),
        sources=tuple(letters[source] for source in (variant.sources if variant else None) or ()),
        reads=_reads(rule, case, spoken),
    )


def _when(rule: Rule, case: Case) -> str:
    if case.variant is not None:
        return in_words.test(case.variant.test, past=PAST in case.assertions)
    if case.doubt:
        return "they are not sure of it"
    text = "it applies now" if PRESENT in case.assertions else ""
    if PAST in case.assertions:
        text += f"{', or ' if text else ''}it is in the past with a known date and the wait is not over"
    if case.dated == {OVER}:
        text += ", but its date is known and the wait is over"
    return f"none of the other cases fits; and {text}" if rule.variants else text


def _reads(rule: Rule, case: Case, spoken: Spoken) -> Tuple[Read, ...]:
    """What is read in this case; situations with the same words stand together."""
    found: Dict[Tuple[str, Tuple[str, ...], Tuple[str, ...]], List[str]] = {}
    above: List[str] = []
    for tried in sorted(case.tried, key=lambda one: (one.dated != NO_DATE, one.dated == OVER)):
        reason = tried.reason
        at_once, at_the_end = spoken.at_once(rule, reason), spoken.at_the_end(rule, reason)
        key = (reason.outcome, at_once, at_the_end)
        labels = found.setdefault(key, [])
        if tried.dated not in labels:
            labels.append(tried.dated)
    reads = []
    parts = _parts(rule, case)
    for (outcome, at_once, at_the_end), labels in found.items():
        shown_once = tuple(_short(text, above, parts) for text in at_once)
        above += at_once
        shown_end = tuple(_short(text, above, parts) for text in at_the_end)
        above += at_the_end
        same = at_the_end == at_once
        when = "" if len(found) == 1 else "; ".join(labels)
        reads.append(Read(when, outcome, shown_once, shown_once if same else shown_end))
    return tuple(reads)


def _parts(rule: Rule, case: Case) -> Tuple[str, ...]:
    """What texts of one case have in common, longest first."""
    reason = (case.variant and case.variant.reason) or rule.reason
    next_step = (case.variant and case.variant.next_step) or rule.next_step
    return (f"{reason} {next_step}", reason)


def _short(text: str, above: Sequence[str], parts: Sequence[str]) -> str:
    """A text without the words that stand above it in the same case."""
    for part in parts:
        if part in text and any(part in other for other in above):
            return text.replace(part, SAME_WORDS)
    return text


def _letter(place: int) -> str:
    first, last = divmod(place, 26)
    return (chr(96 + first) if first else "") + chr(97 + last)
