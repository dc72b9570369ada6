"""Ways to break listening and screening, one at a time: each switches off one thing that cases are about.

A mutant is made from outside: a list of `language.yml` or of the rules is emptied, a function is replaced
while the cases are played, or the rules are changed. The product knows nothing of it.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Callable, Iterator, Optional
from unittest.mock import patch

from dateutil.relativedelta import relativedelta

from candidacy import screening
from candidacy.answers import Answer, polarity
from candidacy.findings import PRESENT
from candidacy.knowledge import Rule, RuleBook
from candidacy.knowledge.load import Knowledge
from candidacy.listening import clauses, dates, mentions
from candidacy.listening.persons import SELF
from candidacy.listening.said import Said
from candidacy.listening.scene import Scene
from candidacy.listening.urgency import Alarm
from candidacy.listening.windows import Judged

Names = tuple[str, ...]


@dataclass(frozen=True)
class Mutant:
    """One thing broken.

    Attributes:
        mechanism: What a case that it breaks may be about; "rule" for a rule as a whole.
        what: What it does, for people.
        language: Lists of language.yml that it empties, and tables of such, by dotted key.
        lists: Lists of every rule and variant that it empties (names, drugs, look_alikes, cues).
        patches: Functions and values that it replaces, by dotted name.
        book, rule: The rules as it changes them, and the id of the rule it changes.
        hears: True when messages are heard differently.
    """

    mechanism: str
    what: str
    language: Names = ()
    lists: Names = ()
    patches: tuple[tuple[str, Any], ...] = ()
    book: RuleBook | None = None
    rule: str = ""
    hears: bool = False

    def __str__(self) -> str:
        return f"{self.mechanism}: {self.what}"

    def knowledge(self, base: Knowledge) -> Knowledge:
        """The clinic's files as listening sees them under this mutant."""
        if not self.language and not self.lists:
            return base
        language = deepcopy(base.language) if self.language else base.language
        for key in self.language:
            *path, last = key.split(".")
            table = language
            for step in path:
                table = table[step]
            table[last] = _emptied(table[last])
        book = base.rulebook
        if self.lists:
            book = book.copy(update={"rules": [_without(rule, self.lists) for rule in book.rules]})
        return replace(base, language=language, rulebook=book)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Its functions in place of the product's. Raises AttributeError when one is no longer there."""
        with ExitStack() as stack:
            for name, value in self.patches:
                stack.enter_context(patch(f"candidacy.{name}", value))
            yield


def _emptied(part: Any) -> Any:
    """A part of language.yml with its lists empty and everything else as it is."""
    if isinstance(part, dict):
        return {key: _emptied(value) for key, value in part.items()}
    return [] if isinstance(part, list) else part


def _without(rule: Rule, lists: Names) -> Rule:
    empty: dict[str, list[Any]] = {name: [] for name in lists}
    variants = [v.copy(update={k: e for k, e in empty.items() if k != "look_alikes"}) for v in rule.variants]
    return rule.copy(update={**{k: e for k, e in empty.items() if k != "cues"}, "variants": variants})


def _always(value: Any) -> Callable[..., Any]:
    return lambda *_, **__: value


def _times(change: Callable[[dates.Time], Optional[dates.Time]]) -> Callable[..., list[dates.Time]]:
    find = dates.find_times

    def changed(*args: Any) -> list[dates.Time]:
        return [time for time in map(change, find(*args)) if time is not None]

    return changed


def _first(time: dates.Time) -> Optional[dates.Range]:
    return time.when and (time.when[0], time.when[0])


def _days_later(days: int) -> tuple[tuple[str, Any], ...]:
    add = screening.add_duration

    def late(day: date, duration: str) -> date:
        return add(day, duration) + timedelta(days)

    places = ("screening", "listening.windows", "listening.merging", "listening.engine")
    return tuple((f"{place}.add_duration", late) for place in places)


def _thirty_days(**parts: int) -> relativedelta:
    days = parts.pop("days", 0) + 30 * parts.pop("months", 0)
    return relativedelta(days=days, **parts)  # type: ignore[arg-type]


def _anybody(scene: Scene, start: int, end: int) -> str:
    """Another person when one is named in the sentence."""
    named = [s for s in scene.subjects if s.who != SELF and scene.same_sentence(s.at, start)]
    return named[0].who if named else SELF


def _asked_of_nobody(scene: Scene, start: int, end: int, said: Said, asked_at: int | None) -> None:
    """A sentence that asks or supposes is in general, whoever comes into it."""
    cues = [cue for cue in scene.forward if cue.kinds & {"question", "hypothetical"}]
    asks = any(scene.same_sentence(cue.start, start) for cue in cues)
    said.asked = said.asked or asks or scene.parts[scene.part_at(start)].asked
    said.about_self = False


def _surely(find: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: [mention for mention in find(*args) if mention.kind != "possible"]


def _no_variant(hear: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: [replace(finding, variant=None) for finding in hear(*args)]


def of_listening(base: Knowledge) -> list[Mutant]:
    """The mutants for which every message has to be heard again."""
    from candidacy.listening.engine import hear

    same_day = tuple(f"signs.{n}" for n, sign in base.language["signs"].items() if sign["tier"] == "today")
    since = _times(lambda t: replace(t, kind=dates.AGO, when=_first(t)) if t.kind == dates.SINCE else t)
    ahead = _times(lambda t: None if t.kind == dates.FUTURE else t)
    one_part = (
        ("listening.clauses._MARKS", frozenset()),
        ("listening.scene.cut", lambda tokens, words, held: clauses.cut(
            tokens, {**words, "contrast": frozenset(), "links": frozenset()}, held)),
        ("listening.scene._selves", _always(set())),
    )  # fmt: skip
    general = (
        ("listening.assertion.mark_mine", _always(None)),
        ("listening.assertion.settle_question", _asked_of_nobody),
    )
    untopical = (("listening.ahead._bare_question", _always(None)), ("listening.engine.is_topic", _always(False)))
    dateless = lambda _scene, _mention, when: Judged(PRESENT, when)  # noqa: E731
    unread = (("listening.scene.put_right", lambda tokens, _: list(tokens)),)
    mutants = [
        Mutant("name", "no name is known", ("frames", "event_names", "allergy.substances"), ("names", "drugs")),
        Mutant("drug", "names of medicines and treatments unknown", ("event_names",), ("drugs",)),
        Mutant("misspelling", "words taken as typed", patches=(
            *unread, ("listening.lexicon.Lexicon._nearly", _always([])))),
        Mutant("look_alike", "look-alikes of the rules and other uses of medicines unknown", ("uses.other",),
               ("look_alikes",)),
        Mutant("look_alike", "the next word does not matter", ("not_followed_by", "not_near")),
        Mutant("look_alike", "ordinary words are put right too", patches=(
            ("listening.spelling.is_ordinary", _always(False)),)),
        Mutant("look_alike", "abbreviations count in small letters", patches=(
            ("listening.mentions._heard", _always(True)),)),
        Mutant("look_alike", "what is left of a thing is the thing", patches=(
            ("listening.engine.is_trace", _always(False)),)),
        Mutant("look_alike", "an allergy to a medicine is its use", patches=(
            ("listening.mentions._allergic_to_drug", _always(False)),)),
        Mutant("look_alike", "figures of speech and innocent causes are signs", (
            "sign_context.figure", "sign_context.jest", "self_harm.figure"), patches=(
            ("listening.sign_level._explained", _always(False)),)),
        Mutant("negation", "denials unheard", ("cues.negation", "cues.negation_after"), patches=(
            ("listening.reconsider.is_refuted", _always(False)),)),
        Mutant("negation", "a denial reaches to the end of its sentence", ("cues.turn",), patches=one_part),
        Mutant("negation", "a denial stops at the first item of a list", patches=(
            ("listening.assertion.fills", _always(False)), ("listening.ahead.fills", _always(False)))),
        Mutant("pseudo_negation", "what looks like a denial is one", ("cues.pseudo_negation",), patches=(
            ("listening.reconsider.affirms", _always(False)),)),
        Mutant("pseudo_negation", "a no that answers denies all that follows", ("cues.interjection", "cues.turn"),
               patches=one_part),
        Mutant("doubt", "doubts unheard", ("cues.doubt", "cues.doubt_after")),
        Mutant("doubt", "what only raises a doubt is unknown", ("possible_names",), patches=(
            ("listening.engine.find_hints", _always([])), ("listening.mentions._frames", _surely(mentions._frames)))),
        Mutant("doubt", "a refusal or doubt without a name is unheard", ("unnamed",)),
        Mutant("person", "everybody is the speaker", patches=(
            ("listening.assertion.who_has", _always(SELF)), ("listening.scene.subjects", _always([])),
            ("listening.reconsider.is_of_another", _always(False)))),
        Mutant("person", "only the speaker can be treated", patches=(
            ("listening.persons.find_candidates", _always(set())),)),
        Mutant("person", "whoever is named is meant", patches=(("listening.assertion.who_has", _anybody),)),
        Mutant("person", "me too is unheard", ("cues.me_too_after",)),
        Mutant("hypothetical", "questions and ifs tell", ("cues.question", "cues.hypothetical"), patches=untopical),
        Mutant("hypothetical", "questions and ifs are about nobody", ("cues.affirmed_after",), patches=general),
        Mutant("hypothetical", "a treatment named was had", patches=(("listening.events._done", _always(True)),)),
        Mutant("future", "no plan counts", ("kinds.planned_counts",)),
        Mutant("future", "plans are facts", ("cues.future", "cues.future_after"), patches=(
            ("listening.scene.find_times", ahead),)),
        Mutant("past", "what is over goes on", ("cues.past", "cues.past_weak", "cues.past_after", "cues.resolved"),
               patches=(("listening.engine._GONE", frozenset()),)),
        Mutant("past", "nothing lasts", ("kinds.lasting",)),
        Mutant("past", "still is unheard", ("cues.ongoing",)),
        Mutant("date_window", "dates unheard", patches=(("listening.scene.find_times", _always([])),)),
        Mutant("date_window", "dates are not compared to the wait", patches=(
            ("listening.timing.in_window", dateless), ("listening.events.in_window", dateless))),
        Mutant("date_window", "every wait ends a day early", patches=_days_later(-1)),
        Mutant("date_window", "every wait ends a day late", patches=_days_later(1)),
        Mutant("date_window", "a month has 30 days", patches=(("screening.relativedelta", _thirty_days),)),
        Mutant("source_of_wait", "since means ago", ("cues.ongoing",), patches=(
            ("listening.scene.find_times", since),)),
        Mutant("variant", "the words choose no variant", patches=(("listening.engine.hear", _no_variant(hear)),)),
        Mutant("variant", "words beside a name choose no variant", lists=("cues",)),
        Mutant("emergency", "signs unheard", patches=(("listening.engine.find_alarms", _always(Alarm((), ()))),)),
        Mutant("emergency", "words of self-harm unheard", patches=(
            ("listening.urgency._self_harm", _always(None)),)),
        Mutant("emergency", "signs of long ago are of now", ("sign_context.chronic",), patches=(
            ("listening.sign_level._is_over", _always(False)),
            ("listening.sign_level._told_as_history", _always(False)))),
        Mutant("same_day", "same-day signs unheard", same_day),
        Mutant("age", "ages unheard", patches=(("listening.age_findings.find_ages", _always([])),)),
        Mutant("age", "every number is an age", patches=(("listening.age.counts", _always(True)),)),
        Mutant("answer", "answers under a heading unheard", patches=(("listening.ahead._answer", _always(None)),)),
    ]  # fmt: skip
    return [replace(mutant, hears=True) for mutant in mutants]


def of_judging() -> list[Mutant]:
    """The mutants of the record and of the answers: the messages are heard as they are."""
    plainly = lambda _question, text, *_, **__: Answer(polarity(text))  # noqa: E731
    return [
        Mutant("correction", "corrections unheard", patches=(("answers.corrects", _always(False)),)),
        Mutant("correction", "every message corrects", patches=(("answers.corrects", _always(True)),)),
        Mutant("correction", "what was said first stands", patches=(("record._replaces", _always(False)),)),
        Mutant("answer", "open questions do not count", patches=(("screening._open_questions", _always([])),)),
        Mutant("answer", "replies unread", patches=(("answers.interpret", _always(None)),)),
        Mutant("answer", "a reply is read without its question", patches=(("answers.interpret", plainly),)),
    ]
