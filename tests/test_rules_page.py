"""The page for whoever signs: everything of every rule, and the words that the bot really says."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import pytest

from actions import notes as said_by_actions
from actions.phrasing import day
from candidacy import in_words
from candidacy.findings import ASSERTIONS, Finding
from candidacy.knowledge import GROUPS, Knowledge, load, models
from candidacy.knowledge.models import Rule, RuleBook
from candidacy.knowledge.source_models import Source
from candidacy.rule_cases import DAY, cases
from candidacy.rule_sheets import SAME_WORDS, shown
from candidacy.rules_page import ROOT, main, page
from candidacy.screening import assess
from candidacy.spoken import EARLIEST, Spoken
from candidacy.validation.version import read_digest
from components.clinic_responses import ClinicResponses

TODAY = date(2026, 11, 22)
DIGEST = "0123456789ab"
RULES = load().rulebook.rules


class _Text(HTMLParser):
    """The words of a page, and what it fetches."""

    def __init__(self) -> None:
        super().__init__()
        self.words: List[str] = []
        self.fetched: List[str] = []
        self.ids: List[str] = []
        self.links: List[str] = []
        self._skip = False

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        values = dict(attrs)
        self._skip = tag == "style"
        if tag in ("script", "img", "link", "iframe", "object", "embed") or "src" in values:
            self.fetched.append(tag)
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if tag == "a":
            self.links.append(str(values.get("href")))

    def handle_endtag(self, tag: str) -> None:
        self._skip = False

    def handle_data(self, data: str) -> None:
        if not self._skip:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All words with single spaces."""
        return " ".join("".join(self.words).split())


def read(source: str) -> _Text:
    parsed = _Text()
    parsed.feed(source)
    return parsed


def spoken(knowledge: Optional[Knowledge] = None) -> Spoken:
    return Spoken.read(ROOT / "domain.yml", knowledge or load())


def made(knowledge: Optional[Knowledge] = None) -> str:
    known = knowledge or load()
    return page(known, spoken(known), DIGEST, TODAY)


@pytest.fixture(scope="module")
def whole() -> str:
    return made()


@pytest.fixture(scope="module")
def sheets(whole: str) -> Dict[str, str]:
    """Rule id → the words of its part of the page."""
    parts = re.split(r'<article class="rule" id="([a-z0-9_]+)">', whole)
    return {name: read(body.split("</article>")[0]).text for name, body in zip(parts[1::2], parts[2::2])}


def with_rules(*rules: Rule) -> Knowledge:
    book = RuleBook.construct(version="9.9.9", rules=list(rules))
    return replace(load(), rulebook=book)


def flat(text: str) -> str:
    return " ".join(text.split())


# ---- Everything is there ----


def test_every_rule_is_there_once_and_in_the_contents(whole: str, sheets: Dict[str, str]) -> None:
    assert set(sheets) == {rule.id for rule in RULES}
    parsed = read(whole)
    assert len(parsed.ids) == len(set(parsed.ids))
    for target in [rule.id for rule in RULES] + list(GROUPS):
        assert f"#{target}" in parsed.links and target in parsed.ids


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_rule_shows_what_it_holds(rule: Rule, sheets: Dict[str, str]) -> None:
    sheet = sheets[rule.id]
    wanted = [
        rule.id, rule.name, in_words.VERDICTS[rule.verdict], rule.verdict, rule.rationale, rule.asks,
        rule.label_verdict, rule.wait_from, in_words.duration(rule.wait) if rule.wait else None,
        in_words.STRENGTHS[rule.strength], in_words.day(rule.since), rule.plain_name, rule.asks_when,
        "Reviewed by", "Date and signature", *rule.names, *(drug.name for drug in rule.drugs),
        *rule.look_alikes,
    ]  # fmt: skip
    assert [text for text in wanted if text and flat(text) not in sheet] == []


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_every_variant_shows_its_test_verdict_wait_and_words(rule: Rule, whole: str) -> None:
    parts = re.split(rf'<div class="case" id="{rule.id}\.([a-z0-9_]+)">', whole)
    shown_cases = dict(zip(parts[1::2], parts[2::2]))
    assert list(shown_cases) == [variant.id for variant in rule.variants]
    by_variant = {case.variant.id: case for case in cases(rule) if case.variant}
    for variant in rule.variants:
        text = read(re.split(r'<div class="case"|</section>', shown_cases[variant.id])[0]).text
        outcomes = {tried.reason.outcome for tried in by_variant[variant.id].tried}
        wanted = [
            variant.id, in_words.test(variant.test), *(in_words.VERDICTS[outcome] for outcome in outcomes),
            f"Wait: {in_words.wait(variant.wait, variant.wait_from)}.",
            *variant.names, *variant.cues, *(drug.name for drug in variant.drugs),
        ]  # fmt: skip
        assert [words for words in wanted if flat(words) not in text] == []
        assert ("Staff are alerted the same day." in text) == variant.call_today


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_every_source_shows_title_words_place_and_whether_it_was_read(
    rule: Rule, sheets: Dict[str, str]
) -> None:
    sheet = sheets[rule.id]
    for name in {source for part in (rule, *rule.variants) for source in part.sources or []}:
        source = load().sources[name]
        state = f"Read on {in_words.day(source.read_on)}" if source.verified else "NOT VERIFIED"
        for text in (source.title, source.says, source.url or source.find_it, in_words.KINDS[source.kind]):
            assert flat(str(text)) in sheet
        assert state in sheet


def test_loose_words_of_the_language_file_are_shown(sheets: Dict[str, str]) -> None:
    language = load().language
    for key in ("event_names", "possible_names"):
        for rule, phrases in language[key].items():
            assert all(flat(str(phrase)) in sheets[rule] for phrase in phrases)
    for frame in language["frames"]:
        assert " / ".join(map(str, frame["words"][0])) in sheets[frame["condition"]]


# ---- The words that patients read ----




@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_the_page_has_the_very_words_of_the_bot(rule: Rule, sheets: Dict[str, str]) -> None:
    """Every finding that the rule judges, said by the bot's own actions and responses."""
    ours = spoken()
    renderer = ClinicResponses.__new__(ClinicResponses)
    renderer.responses = ours.responses
    renderer._facts = ours._facts
    sheet = sheets[rule.id]
    tried = 0
    for case in cases(rule):
        variant = case.variant
        reason = (variant and variant.reason) or rule.reason
        next_step = (variant and variant.next_step) or rule.next_step
        for one in case.tried:
            for text in _bot_says(renderer, one.finding):
                short = [text, *(text.replace(p, SAME_WORDS) for p in (f"{reason} {next_step}", reason))]
                assert any(flat(form) in sheet for form in short), text
                tried += 1
        for full in (reason, next_step):
            under_age = rule.id == "under_age" and variant and variant.verdict == "contraindicated"
            advised = variant and variant.verdict == "no_flag"
            assert full in sheet or under_age or advised
    assert tried


class _Talk:
    """What `actions.notes` asks of a talk."""

    today = DAY

    def verdict(self) -> Any:
        return assess([], {}, DAY)


def _bot_says(renderer: ClinicResponses, finding: Finding) -> List[str]:
    verdict = assess([finding], {}, DAY)
    earliest = next((reason.earliest for reason in verdict.reasons if reason.earliest), None)
    texts = []
    for response, values in said_by_actions.notes(_Talk(), [finding]):  # type: ignore[arg-type]
        texts.append(_rendered(renderer, response, values))
    if said_by_actions.is_under_age(verdict):
        texts.append(_rendered(renderer, "utter_verdict_under_age", {}))
    else:
        for line in said_by_actions.reason_lines(verdict, {}):
            values = {key: value for key, value in line.items() if key != "response"}
            texts.append(_rendered(renderer, line["response"], values))
        texts += [_rendered(renderer, *tip) for tip in said_by_actions.advice(verdict)]
    return [text.replace(day(earliest), EARLIEST) if earliest else text for text in texts]


def _rendered(renderer: ClinicResponses, response: str, values: Dict[str, Any]) -> str:
    message = renderer._render(response, "web", {}, values)
    assert message is not None
    return str(message["text"])


def test_a_plain_question_shows_its_answer(sheets: Dict[str, str]) -> None:
    for rule in RULES:
        assert flat(spoken().asked_about(rule)[0]) in sheets[rule.id]


def test_three_dots_stand_for_nothing_else() -> None:
    texts = [one["text"] for variations in spoken().responses.values() for one in variations]
    for rule in RULES:
        texts += [str(text) for part in (rule, *rule.variants) for text in (part.reason, part.next_step)]
    assert not [text for text in texts if SAME_WORDS in text]


def test_each_case_shows_its_words_in_full_once() -> None:
    for group in shown(load(), spoken()):
        for one in group.rules:
            for case in one.cases:
                assert case.reads and SAME_WORDS not in "".join(case.reads[0].at_once)


def test_a_blank_fact_leaves_no_gap() -> None:
    assert "{" not in read(made()).text
    ours = Spoken({"utter_x": [
        {"text": "Costs {clinic.price}."}, {"text": "Ask us.", "metadata": {"unset": True}}
    ]}, load())  # fmt: skip
    assert ours.texts("utter_x") == ("Ask us.",)


# ---- Cases ----


def test_every_variant_can_be_reached() -> None:
    assert [(rule.id, case.variant.id) for rule in RULES for case in cases(rule)
            if case.variant and not case.tried] == []  # fmt: skip


def test_cases_cover_every_assertion_that_a_variant_names() -> None:
    for rule in RULES:
        for case in cases(rule):
            if case.variant and case.variant.test.assertion:
                assert set(case.assertions) <= set(case.variant.test.assertion) <= set(ASSERTIONS)


def test_a_wait_that_is_over_is_shown_as_no_flag() -> None:
    sunburn = next(r for g in shown(load(), spoken()) for r in g.rules if r.rule.id == "sunburn")
    itself = next(case for case in sunburn.cases if not case.name and case.outcome == "defer")
    assert [read.outcome for read in itself.reads] == ["defer", "defer", "no_flag"]


# ---- In words ----


@pytest.mark.parametrize(
    ("value", "words"),
    [("P6M", "6 months"), ("P1D", "1 day"), ("P1Y6M", "1 year and 6 months"), ("P2W", "2 weeks")],
)
def test_a_duration_in_words(value: str, words: str) -> None:
    assert in_words.duration(value) == words


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ({"age_from": 18, "age_to": 21}, "the age is 18 to 21"),
        ({"age_to": 17}, "the age is 17 or under"),
        ({"age_from": 65}, "the age is 65 or over"),
        ({"assertion": ["past"]}, "it is in the past"),
        ({"named": True, "assertion": ["present", "possible"]},
         "the words are among those listed here; and it applies now or they are not sure of it"),
        ({"elapsed_less_than": "P90D", "assertion": ["present"]},
         "it applies now; and the event was less than 90 days ago, or its date is not known"),
        ({"elapsed_at_least": "P6M", "assertion": ["past"]},
         "it is in the past; and its date is known and lies 6 months back or more"),
        ({"elapsed_at_least": "P0D", "assertion": ["past"]}, "it is in the past; and its date is known"),
        ({"elapsed_less_than": "P14D", "elapsed_at_least": "P0D", "assertion": ["past"]},
         "it is in the past; and its date is known and lies less than 14 days back"),
        ({"elapsed_less_than": "P4M", "elapsed_at_least": "P90D", "assertion": ["past"]},
         "it is in the past; and its date is known and lies less than 4 months back and at least 90 days"),
        ({"named": True}, "the words are among those listed here; and it applies now"),
    ],
)  # fmt: skip
def test_a_test_in_words(test: Dict[str, Any], words: str) -> None:
    assert in_words.test(models.Test(**test)) == words


def test_a_window_judges_the_past_too() -> None:
    words = in_words.test(models.Test(elapsed_less_than="P7D"), past=True)
    assert words.endswith("; and it applies now, or is in the past with a known date")


@pytest.mark.parametrize(
    ("length", "counted_from", "words"),
    [
        ("P6M", "your last dose", "6 months, counted from your last dose"),
        ("P7D", None, "7 days"),
        (None, "the day it heals", "no set length, counted from the day it heals"),
        (None, None, "none"),
    ],
)
def test_a_wait_in_words(length: Optional[str], counted_from: Optional[str], words: str) -> None:
    assert in_words.wait(length, counted_from) == words


# ---- Signing ----


def test_unsigned_rules_are_marked_on_the_cover(whole: str) -> None:
    if load().rulebook.signed:
        pytest.skip("these rules are signed")
    assert "demo: not clinically reviewed" in read(whole).text


def test_a_signature_shows_and_the_mark_goes_only_when_all_are_signed() -> None:
    one, two = RULES[0], RULES[1]
    signed = {"reviewed_by": "A. Nurse, RN", "reviewed_on": date(2026, 12, 1)}
    unsigned = {"reviewed_by": None, "reviewed_on": None}
    some = read(made(with_rules(one.copy(update=signed), two.copy(update=unsigned)))).text
    assert "A. Nurse, RN" in some and "1 December 2026" in some and "1 of 2" in some
    assert "demo: not clinically reviewed" in some
    both = read(made(with_rules(one.copy(update=signed), two.copy(update=signed)))).text
    assert "2 of 2" in both and "demo: not clinically reviewed" not in both


def test_the_cover_names_clinic_version_digest_and_day(whole: str) -> None:
    text = read(whole).text
    for piece in (str(load().clinic.facts["name"]), load().rulebook.version, DIGEST, "22 November 2026",
                  f"{len(RULES)} in {len(GROUPS)} questions"):  # fmt: skip
        assert piece in text


# ---- As a page ----


def test_everything_is_escaped() -> None:
    evil = '<script>alert("x")</script>&'
    rule = RULES[1].copy(
        update={"name": evil, "reason": evil, "names": [evil], "rationale": evil, "reviewed_by": evil}
    )
    known = with_rules(rule)
    source = Source(id="evil", title=evil, find_it=evil, says=evil, verified=False, kind="general")
    known = replace(known, sources={**known.sources, rule.sources[0]: source})
    written = made(known)
    assert "<script" not in written and read(written).fetched == []
    assert html.escape(evil, quote=False).replace('"', "&#34;") in written


def test_nothing_is_fetched_from_outside(whole: str) -> None:
    assert read(whole).fetched == []
    assert not re.search(r"@import|url\(", whole)


def test_an_unread_source_stands_out() -> None:
    rule = RULES[0]
    source = load().sources[rule.sources[0]].copy(update={"verified": False})
    known = replace(with_rules(rule), sources={**load().sources, rule.sources[0]: source})
    assert "NOT VERIFIED" in read(made(known)).text


def test_the_command_writes_the_page_and_prints_where(tmp_path: Path) -> None:
    out = tmp_path / "made" / "rules.html"
    done = subprocess.run(
        [sys.executable, "-m", "candidacy.rules_page", str(out)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{out.resolve()}\n"
    assert read_digest(ROOT) in out.read_text("utf-8")


def test_a_place_that_cannot_be_written_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    assert main([str(tmp_path / "file" / "rules.html")]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
