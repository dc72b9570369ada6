"""The rules as one printable page for whoever signs them: `python -m candidacy.rules_page [OUT]`.

Everything on it is read from `data/clinic` and from the bot's own responses in domain.yml; which case
decides, and the words that follow, come from the screening itself.
"""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Sequence
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from candidacy import in_words
from candidacy.knowledge import BrokenFile, Knowledge, load
from candidacy.knowledge.load import DATA
from candidacy.rule_sheets import shown
from candidacy.spoken import Spoken
from candidacy.validation.version import read_digest

ROOT = DATA.parent
TEMPLATE = Path(__file__).with_suffix(".html")

THE_SAME = {
    "utter_note_denied": "Denied",
    "utter_note_past": "In the past",
    "utter_note_future": "Planned",
    "utter_note_other_person": "About somebody else",
    "utter_note_unnamed": "Not named",
    "utter_call_today": "Needs the clinic today",
    "utter_urgent": "Emergency",
    "utter_self_harm": "Self-harm",
    "utter_verdict_no_flag": "Verdict: no flag",
    "utter_verdict_ask": "Verdict: to be cleared up",
    "utter_verdict_provider_review": "Verdict: a provider looks first",
    "utter_verdict_defer": "Verdict: wait",
    "utter_verdict_contraindicated": "Verdict: not now",
    "utter_verdict_call_today": "Verdict: needs the clinic today",
    "utter_verdict_under_age": "Verdict: under age",
    "utter_reason_open": "Its line for an open question",
    "utter_reason_yes_unnamed": "Its line for a yes that names nothing",
    "utter_reason_unnamed": "Its line for what was not named",
}
"""Responses about findings and verdicts whose words do not depend on a rule, and when they are read."""


SUBJECT = "[what was told]"


def main(arguments: Sequence[str] = ()) -> int:
    """Write the page and print its path; 0, or 1 with one line on stderr."""
    out = Path(arguments[0]) if arguments else ROOT / "var" / "rules.html"
    try:
        knowledge = load()
        spoken = Spoken.read(ROOT / "domain.yml", knowledge)
        today = datetime.now(ZoneInfo(knowledge.clinic.time_zone)).date()
        html = page(knowledge, spoken, read_digest(ROOT), today)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(html, "utf-8")
    except (BrokenFile, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyError as error:
        print(f"domain.yml: responses: {error} is missing; run make validate", file=sys.stderr)
        return 1
    print(out.resolve())
    return 0


def page(knowledge: Knowledge, spoken: Spoken, digest: str, today: date) -> str:
    """The page as HTML, without anything outside itself.

    Args:
        knowledge: Rules, sources and facts.
        spoken: The bot's responses.
        digest: That of the rules, so that a signature belongs to just these words.
        today: The day on the cover.

    Raises:
        KeyError: When a response does not exist.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(day=in_words.day, verdict=in_words.VERDICTS.__getitem__)
    groups = shown(knowledge, spoken)
    rules = [one for group in groups for one in group.rules]
    return environment.get_template(TEMPLATE.name).render(
        book=knowledge.rulebook,
        facts=knowledge.clinic.facts,
        demo=knowledge.clinic.demo,
        groups=groups,
        rules=rules,
        signed=sum(one.signed for one in rules),
        digest=digest,
        today=today,
        the_same=[(label, spoken.texts(name, plain_name=SUBJECT)) for name, label in THE_SAME.items()],
        verdicts=in_words.VERDICTS,
        strengths=in_words.STRENGTHS,
        kinds=in_words.KINDS,
        products=in_words.PRODUCTS,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
