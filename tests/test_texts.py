"""What patients read: plain words, no promises, SMS letters, and never a brace left over."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

import pytest
import textstat

from candidacy.knowledge import load
from candidacy.knowledge.models import NEVER_BLANK
from candidacy.validation import Project
from candidacy.validation.code import uttered
from candidacy.validation.project import NAME, Said
from candidacy.validation.wording import MOST_SEPTETS, read_claims, septets

ROOT = Path(__file__).resolve().parents[1]
HIGHEST_GRADE = 8.0
FEWEST_WORDS = 20
PRODUCTS = (
    "Micro-Botox", "Botox Cosmetic", "Botox", "Dysport", "Xeomin", "Jeuveau", "Daxxify", "Myobloc",
    "SkinPen", "Exceed", "Dermapen",
    "microneedling", "needling", "Accutane", "isotretinoin", "retinoid", "botulinum toxin",
    "hyaluronic acid", "PRP", "RF microneedling",
)  # fmt: skip
"""Products and the treatment itself; drugs and conditions come from the rules."""

PROJECT = Project(ROOT)
CLAIMS = read_claims(ROOT / "data" / "clinic" / "wording.yml")


@lru_cache(maxsize=1)
def named() -> "re.Pattern[str]":
    """Names of conditions, drugs and products, longest first."""
    names = set(PRODUCTS)
    for rule in load().rulebook.rules:
        names.update((rule.name, rule.plain_name))
        for part in (rule, *rule.variants):
            names.update(name for name in part.names if len(name) > 3)
            names.update(drug.name for drug in part.drugs)
    longest = sorted((re.escape(name) for name in names), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest)})s?(?!\w)", re.IGNORECASE)


def for_scoring(text: str) -> str:
    """The text as it is scored: each name one short word, each line a sentence of its own."""
    text = named().sub("it", NAME.sub("it", text))
    lines = [line.strip().lstrip("- ") for line in text.splitlines() if line.strip()]
    return " ".join(line if line.endswith((".", "?", "!", ":")) else f"{line}." for line in lines)


def too_hard(text: str) -> Optional[str]:
    """Why a text is too hard to read, or None."""
    scored = for_scoring(text)
    words = scored.split()
    if len(words) >= FEWEST_WORDS:
        grade = textstat.flesch_kincaid_grade(scored)
        return f"grade {grade:.1f}" if grade > HIGHEST_GRADE else None
    longest = max(len(sentence.split()) for sentence in re.split(r"[.?!]+", scored))
    return f"a sentence of {longest} words" if longest > FEWEST_WORDS else None


def rule_texts() -> Iterator[Tuple[str, str]]:
    """(key, text) of everything in the rules that patients read."""
    for rule in load().rulebook.rules:
        for part, key in [
            (rule, rule.id),
            *((variant, f"{rule.id}.{variant.id}") for variant in rule.variants),
        ]:
            for field in ("reason", "next_step", "asks", "asks_when", "asks_later", "advice"):
                text = getattr(part, field, None)
                if text:
                    yield f"{key}.{field}", text


RESPONSES = [pytest.param(said, id=f"{said.response}-{n}") for n, said in enumerate(PROJECT.said)]
RULE_TEXTS = [pytest.param(text, id=key) for key, text in rule_texts()]


@pytest.mark.parametrize("said", RESPONSES)
def test_a_response_reads_easily(said: Said) -> None:
    assert too_hard(said.text) is None, for_scoring(said.text)


@pytest.mark.parametrize("text", RULE_TEXTS)
def test_a_text_of_the_rules_reads_easily(text: str) -> None:
    assert too_hard(text) is None, for_scoring(text)


def test_reason_and_next_step_read_easily_together() -> None:
    hard = {}
    for rule in load().rulebook.rules:
        for part, key in [
            (rule, rule.id),
            *((variant, f"{rule.id}.{variant.id}") for variant in rule.variants),
        ]:
            why = too_hard(f"{part.reason or rule.reason} {part.next_step or rule.next_step}")
            if why:
                hard[key] = why
    assert not hard


@pytest.mark.parametrize("said", RESPONSES)
def test_a_response_promises_nothing(said: Said) -> None:
    assert CLAIMS.made_in(said.text) == []
    assert [claim for button in said.buttons for claim in CLAIMS.made_in(str(button["title"]))] == []


def test_the_rules_promise_nothing() -> None:
    assert {key: claims for key, text in rule_texts() if (claims := CLAIMS.made_in(text))} == {}


@pytest.mark.parametrize(
    "text",
    ["You qualify for it.", "You are a good candidate.", "It is safe.", "Your appointment is confirmed.",
    "There is no downtime.",
     "We guarantee results.", "You are approved. The FDA says so.", "It is painless.",
     "You are cleared for treatment.",
     "Micro-Botox is right for you."],
)  # fmt: skip
def test_a_promise_is_found(text: str) -> None:
    assert CLAIMS.made_in(text)


@pytest.mark.parametrize(
    "text",
    ["I cannot say whether the treatment is right for you.", "No treatment is safe for everyone.",
    "This is not yet confirmed.",
     "Toxins are approved for some lines, the FDA says.", "Nobody can guarantee a result."],
)  # fmt: skip
def test_what_denies_a_promise_is_none(text: str) -> None:
    assert CLAIMS.made_in(text) == []


def test_clinical_texts_keep_calm() -> None:
    texts = [(key, text) for key, text in rule_texts()] + [
        (s.response, s.text) for s in PROJECT.said if s.metadata.get("sources")
    ]
    assert [key for key, text in texts if "!" in text] == []


def test_septets_are_counted_as_a_phone_counts_them() -> None:
    assert septets("abc") == 3
    assert septets("5 \u20ac [x]") == 10
    assert septets("curly \u2019") is None and septets("\U0001f600") is None


def test_every_text_of_the_rules_goes_by_sms() -> None:
    assert [key for key, text in rule_texts() if (septets(text) or MOST_SEPTETS + 1) > MOST_SEPTETS] == []


# ---- Rendered by the bot's own NLG ----


@pytest.fixture(scope="module")
def render():  # type: ignore[no-untyped-def]
    """A function that renders a response with the clinic's facts filled in or blank."""
    pytest.importorskip("rasa")
    from rasa.shared.core.domain import Domain

    from components.clinic_responses import ClinicResponses

    responses: Dict[str, List[dict]] = {}
    for said in PROJECT.said:
        item = {
            "text": said.text,
            "buttons": [dict(button) for button in said.buttons],
            "metadata": said.metadata,
        }
        responses.setdefault(said.response, []).append(item)
    nlg = ClinicResponses(None, Domain.empty())
    nlg.responses = responses
    filled = {name: value or "something short" for name, value in nlg._facts.items()}
    blank = {
        name: value if name[7:] in NEVER_BLANK or not name.startswith("clinic.") else None
        for name, value in filled.items()
    }
    _, passed, _ = uttered(PROJECT)

    def rendered(name: str, blank_facts: bool, turn: int) -> str:
        nlg._facts = blank if blank_facts else filled
        values = {key: "something short" for key in passed.get(name, ())}
        slots = {slot: "something short" for slot in PROJECT.names("slots")}
        message = nlg._render(name, "web", slots, values, turn)
        assert message is not None
        return "\n".join([message["text"], *(button["title"] for button in message.get("buttons") or [])])

    return rendered


@pytest.mark.parametrize("blank_facts", [False, True], ids=["facts_filled_in", "facts_blank"])
@pytest.mark.parametrize("name", sorted(PROJECT.responses))
def test_no_reply_ever_holds_a_brace(
    render, name: str, blank_facts: bool, caplog: pytest.LogCaptureFixture
) -> None:  # type: ignore[no-untyped-def]
    for turn in range(len(PROJECT.responses[name])):
        text = render(name, blank_facts, turn)
        assert text.strip()
        assert "{" not in text and "}" not in text
        assert "None" not in text and "  " not in text
    assert "has no value" not in caplog.text


def test_a_blank_fact_is_answered_by_the_wording_for_it(render) -> None:  # type: ignore[no-untyped-def]
    assert "I will not guess" in render("utter_faq_cost", True, 0)
    assert "I will not guess" not in render("utter_faq_cost", False, 0)
