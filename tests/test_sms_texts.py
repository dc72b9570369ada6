"""What may go out as a text message: short, plain, with numbers to reply, and nothing of what a person told."""

from __future__ import annotations

import re
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List, Set

import pytest
import yaml

from candidacy.knowledge import load
from candidacy.knowledge.models import Rule
from channels.sms_wording import options
from desk.sms_text import fits, plain, segments
from desk.sms_words import words
from tests.conversations.runner import FOLDER, Player, load_case
from tests.test_texts import too_hard

ROOT = Path(__file__).resolve().parents[1]
NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")

HARMLESS = {
    "number", "windows", "before", "closed", "closes", "opens", "day", "hours", "reference", "change_reference", "why",
    "link", "url", "page", "source", "rules.version", "kept", "count", "days", "since", "until",
}  # fmt: skip
"""What a text message may have filled in, besides the clinic's facts: times, codes, addresses and counts, but
nothing a person told about health, no name, no contact. `why` and `source` belong to the question that is asked of
everybody; `kept` is made of fragments that are checked here too."""

FRAGMENTS = ("utter_reason", "utter_told_", "utter_before_", "utter_source_line")
"""Parts of other texts; those that hold them have an SMS variant without."""


@lru_cache(maxsize=1)
def said_by_text() -> Dict[str, List[Dict[str, Any]]]:
    """Response → its variations as the channel `sms` chooses among them."""
    found: Dict[str, List[Dict[str, Any]]] = {}
    for file in [ROOT / "domain.yml", *sorted((ROOT / "data" / "faq").glob("*.yml"))]:
        for name, variations in ((yaml.safe_load(file.read_text("utf-8")) or {}).get("responses") or {}).items():
            own = [v for v in variations if v.get("channel") == "sms"]
            found[name] = own or [v for v in variations if not v.get("channel")]
    return found


def filled(text: str) -> str:
    facts = {f"clinic.{key}": fact for key, fact in load().clinic.facts.items()}
    return NAME.sub(lambda match: facts.get(match.group(1)) or match.group(), text)


ALL = [pytest.param(name, variation, id=f"{name}-{n}") for name, vs in said_by_text().items() for n, variation in enumerate(vs)]
SENT = [case for case in ALL if not case.values[0].startswith(FRAGMENTS)]  # type: ignore[union-attr]
CHOOSE = "Reply with one or more numbers, like 1, 3, or in your own words."


@pytest.mark.parametrize(("name", "variation"), SENT)
def test_a_text_fits_with_its_numbered_choices(name: str, variation: Dict[str, Any]) -> None:
    whole = filled(variation["text"])
    if variation.get("buttons"):
        whole += f"\n{options(variation['buttons'])}\n{CHOOSE}"
    assert fits(whole), f"{segments(whole)} segments"
    assert plain(whole) == "\n".join(line.strip() for line in whole.strip().split("\n"))


@pytest.mark.parametrize(("name", "variation"), SENT)
def test_a_text_has_nothing_of_a_person_filled_in(name: str, variation: Dict[str, Any]) -> None:
    names = set(NAME.findall(variation["text"]))
    assert {n for n in names if not n.startswith("clinic.")} <= HARMLESS


@pytest.mark.parametrize(("name", "variation"), SENT)
def test_a_text_tells_nobody_to_say_a_word_that_ends_the_texts(name: str, variation: Dict[str, Any]) -> None:
    for title in [button["title"] for button in variation.get("buttons") or []]:
        assert words().wish(title, False) is None, title
    told = re.findall(r"\b(?:say|type|reply|text):? \"?([^.,;:?!]+)", variation["text"])
    told = [word for word in told if not re.match(r"STOP|START|HELP", word)]  # those are told on purpose
    assert not [word for word in told if words().wish(word, False)], told
    assert not re.search(r"\b(?:say|or) stop\b|\btap\b", variation["text"])


@pytest.mark.parametrize(("name", "variation"), SENT)
def test_a_text_reads_easily(name: str, variation: Dict[str, Any]) -> None:
    assert too_hard(variation["text"]) is None


def short_name(rule: Rule) -> str:
    """How a rule is offered as a choice in a text."""
    return words().short_names.get(rule.id) or rule.plain_name


def test_the_choices_of_every_question_fit() -> None:
    """Which of these is it? All rules of a question, one a line."""
    text = said_by_text()["utter_ask_which"][0]["text"]
    for group in {rule.question_group for rule in load().rulebook.rules}:
        titles = [{"title": short_name(rule)} for rule in load().rulebook.group(group)] + [{"title": "Something else"}]
        whole = f"{filled(text)}\n{options(titles)}\n{CHOOSE}"
        assert fits(whole), f"{group}: {segments(whole)} segments"


# ---- Told and not repeated ----


@lru_cache(maxsize=1)
def fixed() -> Set[str]:
    """Texts that are the same for everybody."""
    found = {filled(v["text"]).strip() for vs in said_by_text().values() for v in vs}
    return {re.sub(r"[ \t]{2,}", " ", text) for text in found if "{" not in text}


@lru_cache(maxsize=1)
def conditions() -> "re.Pattern[str]":
    """Every name of a condition or drug that the rules know."""
    names: Set[str] = set()
    for rule in load().rulebook.rules:
        if rule.id == "under_age":
            continue
        for part in (rule, *rule.variants):
            names.update(name for name in part.names if len(name) > 2)
            names.update(drug.name for drug in part.drugs)
        names.add(rule.plain_name)
    longest = sorted((re.escape(name) for name in names), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest)})(?!\w)", re.IGNORECASE)


def repeated(messages: List[Dict[str, Any]]) -> List[str]:
    """What the bot's messages tell of a person: text that is not the same for everybody and names a condition."""
    found = []
    rules = load().rulebook
    groups = [{short_name(rule).lower() for rule in rules.group(r.question_group)} for r in rules.rules]
    for message in messages:
        # Why a question is asked, and its source, are the same for everybody who is asked it.
        if message["text"].partition("\nSource: ")[0].strip() not in fixed() and conditions().search(message["text"]):
            found.append(message["text"])
        titles = {str(button["title"]).lower() for button in message["buttons"]}
        named = {title for title in titles if conditions().search(title)}
        if named and not any(group <= titles for group in groups):  # less than all of them would tell which
            fixed_titles = {str(b["title"]).lower() for vs in said_by_text().values() for v in vs for b in v.get("buttons") or []}
            topics = {filled(said_by_text()[n][0]["text"]).lower() for n in said_by_text() if n.startswith("utter_topic_")}
            found += sorted(named - fixed_titles - topics)
    return found


def by_text(bot: Any) -> Any:
    texting = copy(bot)
    texting.channel = "sms"
    return texting


def some_words(rule: Rule) -> List[str]:
    """A few ways to name what a rule is about."""
    drugs = [drug.name for part in (rule, *rule.variants) for drug in part.drugs]
    return [*rule.names[:2], *drugs[:2], *(name for variant in rule.variants[:2] for name in variant.names[:1])]


RULES = [pytest.param(rule, id=rule.id) for rule in load().rulebook.rules if rule.id != "under_age"]


@pytest.mark.parametrize("rule", RULES)
def test_what_somebody_tells_is_in_no_text(bot: Any, rule: Rule) -> None:
    """Told before, asked about in general, denied, dated, answered with in the check, and judged at its end."""
    talk = by_text(bot).talk()
    first, *others = some_words(rule)
    leaks: List[str] = []
    for said in (f"is it ok with {first}?", f"I have {first}", "check me for reasons to wait", "43"):
        talk.say(said)
        leaks += repeated(talk.last)
    for step in range(24):
        if "?" in talk.texts and "Would you like to book" in talk.texts or "rules out" in talk.texts:
            break
        question = talk.texts
        if "When was that" in question or "like: 3 weeks ago" in question:
            said = "3 weeks ago"
        elif others and f"Question {1 + _number(rule)} of 8" in question:
            said = f"yes, {others.pop(0)}"
        else:
            said = ("no", "yes", "not sure", "skip")[step % 4] if "of 8" not in question else "no"
        talk.say(said)
        leaks += repeated(talk.last)
    for said in ("how do you know that?", "say that again", "tell me more", f"actually I do not have {first}", "why?"):
        talk.say(said)
        leaks += repeated(talk.last)
    assert not leaks, "\n".join(talk.transcript)


def _number(rule: Rule) -> int:
    from candidacy.knowledge import GROUPS

    return GROUPS.index(rule.question_group)


CASES = sorted(path for folder in ("disclosures", "screening", "returning", "booking") for path in (FOLDER / folder).glob("*.yml"))


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_a_whole_talk_by_text_repeats_nothing(bot: Any, path: Path) -> None:
    """The written conversations once more, by text; what they expect of the web chat's wording does not count."""
    from desk.settings import today

    case = load_case(path).copy(update={"channel": "sms"})
    player = Player(case, bot, today())
    said: List[Dict[str, Any]] = []
    send = player.talk._send

    def listening(shown: str, text: str) -> List[Dict[str, Any]]:
        said.extend(send(shown, text))
        return player.talk.last

    player.talk._send = listening  # type: ignore[method-assign]
    player.play()
    assert said and not repeated(said), player.script()


def test_the_private_page_keeps_what_the_text_left_out(bot: Any) -> None:
    from channels.transcript import talk as shown

    talk = by_text(bot).talk()
    talk.say("I take eliquis")
    tracker = talk.tracker()
    page = "\n".join(line["text"] for line in shown(tracker) if line["who"] == "bot")
    assert "blood thinner" in page and "blood thinner" not in talk.texts


def test_what_was_said_on_the_page_is_not_said_again_by_text(bot: Any) -> None:
    web = copy(bot)
    web.channel = "web"
    talk = web.talk()
    talk.say("I take eliquis")
    assert "blood thinner" in talk.texts
    web.channel = "sms"
    talk.say("say that again")
    assert "private page" in talk.texts and not repeated(talk.last)


def test_a_leak_would_be_noticed() -> None:
    assert repeated([{"text": "You told me about a blood thinner.", "buttons": []}])
    assert repeated([{"text": "Which?", "buttons": [{"title": "Pregnancy"}]}])
    assert not repeated([{"text": "Thanks, noted.", "buttons": [{"title": "Yes"}]}])
