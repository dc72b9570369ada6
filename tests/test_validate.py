"""`make validate` finds what does not agree and names file and key."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable, Iterator

import pytest

from candidacy.validate import main
from candidacy.validation import validate

ROOT = Path(__file__).resolve().parents[1]
RULES, SOURCES, CLINIC = ("data/clinic/contraindications.yml", "data/clinic/sources.yml", "data/clinic/clinic.yml")
ANSWERS, LANGUAGE, WORDING = ("data/clinic/answers.yml", "data/clinic/language.yml", "data/clinic/wording.yml")
DURATION, COST = "data/faq/duration.yml", "data/faq/cost.yml"


@pytest.fixture(scope="module")
def whole_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the data and of the code that names responses."""
    root = tmp_path_factory.mktemp("project")
    shutil.copy(ROOT / "domain.yml", root)
    for folder in ("data", "actions", "components", "channels"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", "widget"))
    return root


@pytest.fixture()
def copy(whole_copy: Path) -> Iterator[Path]:
    """The copy; what a test changes in it is put back afterwards."""
    before = {path: path.read_bytes() for path in whole_copy.rglob("*") if path.is_file()}
    yield whole_copy
    for path, content in before.items():
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)


def change(root: Path, file: str, old: str, new: str) -> None:
    path = root / file
    text = path.read_text("utf-8")
    assert old in text, f"{old!r} no longer stands in {file}: the test needs another place to break"
    path.write_text(text.replace(old, new, 1), "utf-8")


def told(root: Path) -> list[str]:
    return [str(problem) for problem in validate(root).problems]


def test_the_projects_own_data_agrees() -> None:
    report = validate(ROOT)
    assert [str(problem) for problem in report.problems] == []
    assert report.summary.startswith("All data agrees: 42 rules, ")


def test_an_unchanged_copy_agrees(copy: Path) -> None:
    assert told(copy) == []


NEW_RULE = """
- rule: Another answer
  steps:
  - intent: thank
  - action: utter_thank
"""

BROKEN = [
    # (what is broken, file, old, new, file that is named, key that is named, word of the cure)
    ("an unknown condition id in a button", "domain.yml", "payload: /start_screening", "payload: '/report_condition{\"finding\": \"no_such\"}'", "domain.yml", "utter_greet", "no_such"),
    ("an unknown question group in a button", "domain.yml", "payload: /start_screening", "payload: '/correct{\"group\": \"Q9\"}'", "domain.yml", "utter_greet", "Q9"),
    ("a button of an unknown intent", "domain.yml", "payload: /start_screening", "payload: /start_scren", "domain.yml", "utter_greet", "unknown intent"),
    ("a button with an unknown entity", "domain.yml", "payload: /start_screening", "payload: '/correct{\"grup\": \"Q1_age\"}'", "domain.yml", "utter_greet", "unknown entity"),
    ("a button with broken JSON", "domain.yml", "payload: /start_screening", "payload: '/correct{group}'", "domain.yml", "utter_greet", "JSON"),
    ("a button that sends nothing", "domain.yml", "payload: under 18", "payload: ' '", "domain.yml", "utter_ask_q1_age", "sends nothing"),
    ("a button whose title is no text", "domain.yml", 'title: "Yes"', "title: yes", "domain.yml", "utter_ask_q2", "title"),
    ("an age button of no band", "domain.yml", "payload: 22 to 64", "payload: 22 to 60", "domain.yml", "utter_ask_q1_age", "no age band"),
    ("a missing source in a rule", SOURCES, "- id: skinpen_consent_form\n", "- id: skinpen_consent_frm\n", RULES, "conditions.pregnancy.sources", "'skinpen_consent_form' is not in sources.yml"),
    ("a missing source in an answer", DURATION, "sources: [clinic_text, pore_sebum_study", "sources: [clinic_txt, pore_sebum_study", DURATION, "responses.utter_faq_duration", "'clinic_txt'"),
    ("an answer without a source", DURATION, "    metadata: {sources: [clinic_text, pore_sebum_study, aafp_small_2014, salem_split_face]}\n", "", DURATION, "responses.utter_faq_duration", "without a source"),
    ("an answer on an unverified source alone", DURATION, "[clinic_text, pore_sebum_study, aafp_small_2014, salem_split_face]", "[general_knowledge]", DURATION, "responses.utter_faq_duration", "unverified"),
    ("a rule on an unverified source alone", RULES, "    sources: [botox_medication_guide, brin_2016_pregnancy, nursekey_adverse_reactions]", "    sources: [general_knowledge]", RULES, "conditions.trying_to_conceive.sources", "unverified"),
    ("a rule without a source", RULES, "    sources: [botox_medication_guide, brin_2016_pregnancy, nursekey_adverse_reactions]", "    sources: []", RULES, "conditions.trying_to_conceive.sources", "at least one source"),
    ("an unknown fact name in a reply", COST, "{clinic.price}", "{clinic.prize}", COST, "responses.utter_faq_cost", "{clinic.prize} is no fact"),
    ("a name that nothing fills in", "domain.yml", "Thanks, noted. And does any of these apply: {items}?", "Thanks, noted. And does any of these apply: {itens}?", "domain.yml", "responses.utter_ask_rest", "{itens}"),
    ("a brace that is no name", "domain.yml", "Thanks, noted. And does any of these apply: {items}?", "Thanks {noted. And does any of these apply: {items}?", "domain.yml", "responses.utter_ask_rest", "brace"),
    ("a fact that may be blank, without another wording", "domain.yml", "Take care. You can write here any time, or call {clinic.phone}.", "Take care. We are at {clinic.address}.", "domain.yml", "responses.utter_goodbye", "may be blank"),
    ("a wording for a blank fact that names one", COST, "I have no price from the clinic,", "I have no price from {clinic.website},", COST, "responses.utter_faq_cost", "blank as well"),
    ("an intent without a rule", "data/rules.yml", "- rule: Reply to thank\n  steps:\n  - intent: thank\n  - action: utter_thank\n", "", "domain.yml", "intents.thank", "has no rule"),
    ("an intent with two rules", "data/rules.yml", "# ---- Screening ----\n", NEW_RULE, "data/rules.yml", "thank", "has 2 rules"),
    ("an intent with too few examples", "domain.yml", "intents:\n", "intents:\n- faq_new_topic\n", "domain.yml", "intents.faq_new_topic", "0 training examples"),
    ("a topic without an answer", "domain.yml", "intents:\n", "intents:\n- faq_new_topic\n", "domain.yml", "intents.faq_new_topic", "utter_faq_new_topic_more is missing"),
    ("examples of an unknown intent", "data/nlu/flows.yml", "- intent: goodbye", "- intent: good_bye", "data/nlu/flows.yml", "nlu.good_bye", "no intent of domain.yml"),
    ("a rule of an unknown intent", "data/rules.yml", "  - intent: goodbye", "  - intent: good_bye", "data/rules.yml", "Reply to goodbye", "unknown intent"),
    ("one example under two intents", "data/nlu/flows.yml", "    - goodbye\n", "    - goodbye\n    - How Much\n", COST, "nlu.faq_cost", "stands under goodbye"),
    ("a rule with an unknown action", "data/rules.yml", "  - action: action_stop", "  - action: action_halt", "data/rules.yml", "Reply to stop", "unknown action"),
    ("a rule with an unknown response", "data/rules.yml", "  - action: utter_thank", "  - action: utter_thanks", "data/rules.yml", "Reply to thank", "utter_thanks, which does not exist"),
    ("a rule with an unknown form", "data/rules.yml", "  - active_loop: booking_form", "  - active_loop: book_form", "data/rules.yml", "Take a request for a consultation", "book_form"),
    ("an action of domain.yml that nobody wrote", "domain.yml", "- action_answer\n", "- action_answer\n- action_dance\n", "domain.yml", "actions.action_dance", "no class"),
    ("an action that domain.yml lacks", "domain.yml", "- action_repeat\n", "", "actions/steering.py", "ActionRepeat", "action_repeat"),
    ("a form slot that is none", "domain.yml", "    - booking_contact\n", "    - booking_contact\n    - booking_shoe\n", "domain.yml", "forms.booking_form.booking_shoe", "no slot"),
    ("a response that the code utters and nobody wrote", "domain.yml", "  utter_okay:\n", "  utter_okey:\n", "actions/answering.py", "utter_okay", "does not exist"),
    ("a response of a family that nobody wrote", "domain.yml", "  utter_why_q4_allergy:\n", "  utter_why_q4:\n", "actions/steering.py", "utter_why_q4_allergy", "does not exist"),
    ("a response that nothing uses", "domain.yml", "  utter_okay:\n", "  utter_old_thing:\n  - text: Not used.\n  utter_okay:\n", "domain.yml", "responses.utter_old_thing", "unused"),
    ("a response in two files", DURATION, "responses:\n", "responses:\n  utter_thank:\n  - text: Thanks again.\n", DURATION, "responses.utter_thank", "stands in domain.yml too"),
    ("an unknown family of responses in the code", "actions/steering.py", 'response=f"utter_why_{slot}"', 'response=f"utter_reason_for_{slot}"', "actions/steering.py", "run", "utter_reason_for_*"),
    ("a wait that is no ISO-8601 duration", RULES, "    wait: P14D", "    wait: 14 days", RULES, "conditions.sunburn.wait", "no ISO-8601 duration"),
    ("a variant's test that is no ISO-8601 duration", RULES, "elapsed_less_than: P14D", "elapsed_less_than: 2 weeks", RULES, "conditions.sunburn.variants", "no ISO-8601 duration"),
    ("an unknown question group", RULES, "question_group: Q2_pregnancy", "question_group: Q2_baby", RULES, "conditions.pregnancy.question_group", "no question group"),
    ("an unknown outcome", RULES, "verdict: contraindicated", "verdict: forbidden", RULES, "conditions.under_age.verdict", "no outcome"),
    ("a misspelt key", RULES, "plain_name: pregnancy", "plainname: pregnancy", RULES, "conditions.pregnancy.plainname", "spelling"),
    ("the same patient phrase in two conditions", RULES, "      [breastfeeding, breast feeding,", "      [breastfeeding, Baby-Bump, breast feeding,", RULES, "conditions.pregnancy.names", "'baby bump' is a name of breastfeeding too"),
    ("a phrase that is a drug of another condition", RULES, "      [breastfeeding, breast feeding,", "      [breastfeeding, vyvgart, breast feeding,", RULES, "conditions.breastfeeding.names", "neuromuscular_disorder"),
    ("the same drug in two without shared on both", RULES, "- {name: letrozole, shared: true}", "- {name: letrozole}", RULES, "conditions.trying_to_conceive.drugs", "shared: true in both"),
    ("a shared drug that no other rule lists", RULES, "- {name: clomiphene}", "- {name: clomiphene, shared: true}", RULES, "conditions.trying_to_conceive.drugs", "no other rule lists it"),
    ("a name that is a look-alike of its own rule", RULES, "[pregnancy mask, ", "[pregnancy mask, baby bump, ", RULES, "conditions.pregnancy.look_alikes", "'baby bump'"),
    ("two rules with one id", RULES, "- id: breastfeeding\n", "- id: pregnancy\n", RULES, "conditions", "condition ids repeat: pregnancy"),
    ("an age band across two cases", ANSWERS, "  18 to 21: 18", "  18 to 24: 18", ANSWERS, "age_bands.18 to 24", "does not lie in one case"),
    ("an answer list that is gone", ANSWERS, "small_talk:", "smalltalk:", ANSWERS, "smalltalk", "spelling"),
    ("a time zone that does not exist", CLINIC, "America/New_York", "America/Springfield", CLINIC, "time_zone", "no time zone"),
    ("an opening time that is none", CLINIC, 'opens: "09:00"', 'opens: "9am"', CLINIC, "hours.monday.opens", "no time"),
    ("a day that closes before it opens", CLINIC, 'closes: "17:00"', 'closes: "08:00"', CLINIC, "hours.monday", "closes before"),
    ("a weekday that is missing", CLINIC, "  sunday: null\n", "", CLINIC, "hours.sunday", "is missing"),
    ("a blank phone number", CLINIC, "  phone: (555) 010-0142", "  phone:", CLINIC, "facts", "facts.phone must not be blank"),
    ("a fact with a letter that SMS lacks", CLINIC, "  phone: (555) 010-0142", "  phone: \u260e 555 010 0142", CLINIC, "facts", "plain"),
    ("a source that cannot be found again", SOURCES, '    url: "https://www.fda.gov/medical-devices/aesthetic-cosmetic-devices/microneedling-devices"\n', "", SOURCES, "fda_microneedling_devices", "url or find_it"),
    ("a curly quote", "domain.yml", "Got it, thanks.", "Got it \u2013 thanks.", "domain.yml", "responses.utter_noted", "SMS lacks"),
    ("a text too long for three SMS", "domain.yml", "Got it, thanks.", "Got it, thanks. " * 40, "domain.yml", "responses.utter_noted", "459"),
    ("a promise", "domain.yml", "Got it, thanks.", "Got it. You qualify for the treatment.", "domain.yml", "responses.utter_noted", "'qualify'"),
    ("a promise behind the FDA", "data/faq/fda_approval.yml", "It is off-label use.", "You are approved.", "data/faq/fda_approval.yml", "responses.utter_faq_fda_approval", "'approved'"),
    ("a promise in a rule", RULES, "A treatment for looks can wait.", "It is safe later.", RULES, "conditions.pregnancy.reason", "'safe'"),
    ("a broken pattern", WORDING, r"'\bcures?\b'", r"'\bcures?(\b'", WORDING, "forbidden", "regular expression"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "file", "old", "new", "named", "key", "cure"), BROKEN, ids=[case[0].replace(" ", "_") for case in BROKEN]
)
def test_one_broken_thing_is_told_with_file_and_key(
    copy: Path, what: str, file: str, old: str, new: str, named: str, key: str, cure: str
) -> None:
    change(copy, file, old, new)
    lines = told(copy)
    assert any(line.startswith(f"{named}: ") and key in line and cure in line for line in lines), (what, lines)
    assert all("\n" not in line for line in lines)


BROKEN_YAML: list[tuple[str, str, Callable[[str], str], str]] = [
    ("a tab", RULES, lambda text: text.replace("    name: Pregnancy", "\tname: Pregnancy", 1), "tab"),
    ("a key written twice", CLINIC, lambda text: text.replace("country: US", "country: US\ncountry: CA", 1), "stands here twice"),
    ("a quote that never ends", "domain.yml", lambda text: text + '\n  x: "never ends\n', "check the indentation and quotes"),
    ("braces without quotes", DURATION, lambda text: text + "  utter_x:\n  - text: {{clinic.phone}}\n", "quotes"),
    ("no keys at all", LANGUAGE, lambda text: "- a list\n", "must hold keys and values"),
    ("no keys at all in the rules", RULES, lambda text: "just words\n", "must hold keys and values"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "file", "edit", "cure"), BROKEN_YAML, ids=[c[0].replace(" ", "_") for c in BROKEN_YAML])
def test_broken_yaml_is_told_in_one_clear_line(
    copy: Path, what: str, file: str, edit: Callable[[str], str], cure: str
) -> None:
    path = copy / file
    path.write_text(edit(path.read_text("utf-8")), "utf-8")
    lines = [line for line in told(copy) if line.startswith(f"{file}: ")]
    assert lines and cure in lines[0], lines
    assert all("\n" not in line for line in lines)


@pytest.mark.parametrize("file", [RULES, SOURCES, CLINIC, ANSWERS, LANGUAGE, WORDING, "domain.yml", "data/rules.yml"])
def test_a_missing_file_is_told_in_one_clear_line(copy: Path, file: str) -> None:
    (copy / file).unlink()
    assert any(line.startswith(f"{file}: file: is missing") for line in told(copy))


def test_a_response_whose_braces_were_read_as_a_mapping_is_told(copy: Path) -> None:
    change(copy, "domain.yml", "  - text: Thank you.\n", "  - text: {clinic.phone}\n")
    assert any("responses.utter_noted: has no text" in line for line in told(copy))


def test_several_things_wrong_are_all_told_at_once(copy: Path) -> None:
    change(copy, RULES, "    wait: P14D", "    wait: 14 days")
    change(copy, RULES, "question_group: Q2_pregnancy", "question_group: Q2_baby")
    change(copy, CLINIC, 'opens: "09:00"', 'opens: "9am"')
    change(copy, "data/rules.yml", "  - action: utter_thank", "  - action: utter_thanks")
    lines = "\n".join(told(copy))
    for word in ("14 days", "Q2_baby", "9am", "utter_thanks"):
        assert word in lines


def test_a_source_that_nothing_names_is_a_warning_and_no_error(copy: Path) -> None:
    path = copy / SOURCES
    source = "  - {id: new_source, title: A, find_it: B, says: C, verified: true, kind: original}\n"
    path.write_text(path.read_text("utf-8") + source, "utf-8")
    report = validate(copy)
    assert not report.problems
    assert any("sources.new_source" in warning for warning in report.warnings)


def test_the_command_prints_each_problem_and_ends_with_one(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(copy, RULES, "    wait: P14D", "    wait: 14 days")
    assert main([str(copy)]) == 1
    out = capsys.readouterr().out
    assert f"{RULES}: conditions.sunburn.wait: '14 days' is no ISO-8601 duration; write for example P14D" in out
    assert "1 problem." in out


def test_the_command_says_that_all_data_agrees() -> None:
    done = subprocess.run([sys.executable, "-m", "candidacy.validate"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All data agrees: 42 rules, " in done.stdout
