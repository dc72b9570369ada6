"""General questions are no disclosures: the bot's own example questions must not raise findings."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Iterator, List, Tuple

import pytest
import yaml

from candidacy.listening import listen

TODAY = date(2026, 11, 22)
DATA = Path(__file__).resolve().parents[1] / "data"
MOST = 0.004
"""Share of general questions in which something may be heard."""

DISCLOSURES = {
    # Said bare these tell of the speaker; a provider wants to know the tone of the skin.
    "dark skin",
    "brown skin",
    "darker complexion",
    "skin of colour",
    "skin of color microneedling",
    "fitzpatrick VI",
    # Said bare this is an answer to the question for the age.
    "under 18",
    # An operation on the face, told with its date.
    "my nose is still swollen four months after rhinoplasty, when will it settle",
    "bump on the bridge since my rhinoplasty",
    "i had threads put in on monday, can i eat a burger or must i keep my mouth still",
    "chesty cough 3 weeks what is it",
    "sunbed once a week is that ok",
    "dimpling after my thread lift, does it even out",
    "still swollen at the tip months after rhinoplasty, is it bone or swelling",
}
EVENTS = ("recent_botulinum", "recent_filler", "recent_laser_peel_surgery")


def _examples() -> Iterator[Tuple[str, str]]:
    for path in [*sorted((DATA / "faq").glob("*.yml")), DATA / "nlu" / "out_of_scope.yml"]:
        for item in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            for line in item["examples"].splitlines():
                if line.strip().startswith("- "):
                    yield item["intent"], line.strip()[2:]


def test_general_questions_raise_next_to_nothing() -> None:
    asked = [example for _, example in _examples() if example not in DISCLOSURES]
    urgent: List[str] = []
    events: List[str] = []
    heard: List[str] = []
    for example in asked:
        findings = [finding for finding in listen(example, TODAY) if finding.surfaced]
        told = [(finding.condition, finding.assertion) for finding in findings]
        if any(finding.emergency or finding.call_today for finding in findings):
            urgent.append(f"{example}: {told}")
        if any(finding.condition in EVENTS for finding in findings):
            events.append(f"{example}: {told}")
        if findings:
            heard.append(f"{example}: {told}")
    assert len(asked) > 2000
    assert not urgent, "\n".join(urgent)
    assert len(events) <= 3, "\n".join(events)
    assert len(heard) <= MOST * len(asked), "\n".join(heard)


@pytest.mark.parametrize(
    "message",
    [
        "is botox treatment painful",
        "facial expressions after botox",
        "do bumps from botox go down",
        "can botox be dissolved",
        "would strangers know I got botox",
        "how does botox for men differ",
        "why not just get normal botox instead",
        "what sets it apart from a classic botox jab",
        "can teenagers get it",
        "can a minor have it if a parent signs",
        "acne scars from my teens",
        "will there be scabs",
        "could it make my eyelid droop",
        "is it possible to have a bad reaction to the toxin",
        "breakouts after needling, does that happen",
        "explain botox like I'm five",
        "is botox ok for black skin",
        "what if i had botox",
        "what if i get a cold sore after",
        "will my face droop after botox",
        "will my lips swell up after",
        "has tom cruise had botox",
        "can people have it as a teen",
        "as a teen i wanted smooth skin, now im 34",
        "acne left scars on my face",
        "keloid risk with needles",
        "cheapest tretinoin",
        "can't I just use tretinoin",
        "hyaluronic serum or tretinoin",
        "nerve damage from injections?",
        "fake tan before a wedding?",
        "tretinoin restart when",
        "hepatitis A vaccine",
        "how long do I boil rice",
        "got a voucher for botox",
        "can you lift a brow without botox",
        "a 12 year old spaniel",
        "running 20 late",
        "my teenage son hates it",
        "three blind mice",
        "half my face is freckles",
        "I sold my Eliquis shares",
        "my gravy's lumpy",
        "differance between tox and filler",
    ],
)
def test_a_question_is_no_disclosure(message: str) -> None:
    assert [f.condition for f in listen(message, TODAY) if f.surfaced] == []


@pytest.mark.parametrize(
    "message",
    [
        "I got botox 3 weeks ago",
        "botox 2 weeks ago",
        "just had my forehead done",
        "got botox, does it matter",
        "i'm on botox every three months",
        "my nurse gave me botox",
        "my botox wore off",
        "does my botox from three weeks ago matter",
        "i bruised badly after botox",
        "my botox appointment was last week",
        "so i already had botox, is that a problem",
        "can i come in if i had botox 5 weeks ago",
        "what about the botox i got in october",
        "botox every three months",
    ],
)
def test_what_the_speaker_had_done_is_heard(message: str) -> None:
    assert "recent_botulinum" in [f.condition for f in listen(message, TODAY) if f.surfaced]


@pytest.mark.parametrize(
    "message, condition",
    [
        ("currently have filler in my lips", "recent_filler"),
        ("i've got lip filler", "recent_filler"),
        ("recent laser on my face", "recent_laser_peel_surgery"),
        ("i waxed my lip, is that ok", "recent_laser_peel_surgery"),
    ],
)
def test_other_treatments_that_were_had_are_heard(message: str, condition: str) -> None:
    assert condition in [f.condition for f in listen(message, TODAY) if f.surfaced]


@pytest.mark.parametrize(
    "message, condition",
    [
        ("I get keloids, what's the risk", "keloid_tendency"),
        ("pregnant before the appointment?", "pregnancy"),
        ("naproxen or aspirin most days, twice some days", "antiplatelet_nsaid"),
        ("can I just stop my warfarin", "anticoagulant"),
        ("I'm a 17 year old dog walker", "under_age"),
        ("my teenage son wants it for his acne", "under_age"),
        ("retinol or tretinoin, I forget which", "topical_retinoid"),
    ],
)
def test_a_disclosure_in_a_few_words_is_no_heading(message: str, condition: str) -> None:
    assert condition in [f.condition for f in listen(message, TODAY) if f.surfaced]


@pytest.mark.parametrize(
    "message",
    ["i'm in my teens", "can I get it as a teen", "can I have it as a minor", "im a teenager, can i get it"],
)
def test_a_minor_is_heard_in_a_question(message: str) -> None:
    assert "under_age" in [f.condition for f in listen(message, TODAY) if f.surfaced]


@pytest.mark.parametrize("message", ["my acne leaves marks", "i have marks from acne and active acne now"])
def test_acne_that_is_still_there_is_heard_beside_its_marks(message: str) -> None:
    assert "active_acne" in [f.condition for f in listen(message, TODAY) if f.surfaced]


@pytest.mark.parametrize(
    "message, condition, assertion",
    [
        ("i take a baby aspirin every morning plus fish oil, matter?", "antiplatelet_nsaid", "present"),
        ("i do get dark spots from every pimple", "pih_tendency", "present"),
        ("im not pregnant or anything, how much do u charge", "pregnancy", "absent"),
        ("do i LOOK pregnant to you?? NO", "pregnancy", "absent"),
        ("aspirin? no idea", "antiplatelet_nsaid", "possible"),
    ],
)
def test_one_thing_is_heard_and_so(message: str, condition: str, assertion: str) -> None:
    assert {(f.condition, f.assertion) for f in listen(message, TODAY)} == {(condition, assertion)}


@pytest.mark.parametrize("message", ["had botox in may", "my last botox was in june"])
def test_a_date_goes_with_the_treatment(message: str) -> None:
    found = [f for f in listen(message, TODAY) if f.condition == "recent_botulinum"]
    assert found and found[0].when is not None


@pytest.mark.parametrize(
    "message",
    [
        "when will my face droop after botox stop",
        "my face is drooping, will it stop",
        "will this stop, i can't swallow",
        "is it normal my eyelid droops after botox",
    ],
)
def test_a_sign_that_is_there_fires_inside_a_question(message: str) -> None:
    assert any(finding.emergency for finding in listen(message, TODAY))


@pytest.mark.parametrize("text", ["what do I have to avoid after botox", "anything I must avoid before my botox?"])
def test_what_to_avoid_around_the_treatment_is_no_allergy(text: str) -> None:
    assert not [f for f in listen(text, TODAY) if f.condition == "toxin_hypersensitivity"]


def test_being_told_to_avoid_it_is_heard() -> None:
    found = [f.condition for f in listen("my doctor said I have to avoid botox for good", TODAY)]
    assert "toxin_hypersensitivity" in found


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("can you do it beside the warfarin i was put on", "anticoagulant"),
        ("would it clash with the blood thinner i started last month", "anticoagulant"),
        ("is it fine after the accutane i finished three weeks ago", "isotretinoin_recent"),
        ("any trouble with a cold sore that i have right now?", "herpes_simplex"),
        ("is it fine with retinol cream i use every night", "topical_retinoid"),
        ("does it go with the filler i had on monday", "recent_filler"),
        ("is it bad for the eczema that i have on my cheek", "inflammatory_dermatosis"),
        ("is it alright with the metformin im on", "diabetes_uncontrolled"),
    ],
)
def test_what_a_question_gives_to_the_speaker_behind_its_name_is_told(text: str, condition: str) -> None:
    assert [(f.condition, f.assertion) for f in listen(text, TODAY)] == [(condition, "present")]


@pytest.mark.parametrize(
    "text",
    [
        "is it safe with eliquis my mum takes",
        "is it fine with the accutane i want to start one day",
        "does it matter with the blood thinner i might start",
        "is botox safe with asthma i would like to know",
        "is it okay in pregnancy i need to know for a talk",
        "would lupus i read about be a reason to wait",
    ],
)
def test_an_i_that_begins_something_else_tells_nothing(text: str) -> None:
    assert not [f for f in listen(text, TODAY) if f.assertion == "present"]


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("will my eliquis be a problem", ("anticoagulant", "present")),
        ("would my retinol make it worse", ("topical_retinoid", "present")),
        ("can a diabetic like myself come", ("diabetes_uncontrolled", "present")),
        ("im not pregnant but could be", ("pregnancy", "possible")),
        ("I am not pregnant, though I might be", ("pregnancy", "possible")),
        ("will my eyelids droop", ("facial_palsy_or_ptosis", "hypothetical")),
        ("i am not on blood thinners but i might start", ("anticoagulant", "absent")),
    ],
)
def test_what_may_matter_is_there_and_a_denial_taken_back_is_a_doubt(text: str, heard: Tuple[str, str]) -> None:
    assert [(f.condition, f.assertion) for f in listen(text, TODAY)] == [heard]


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("im due in 3 weeks, can i get it before", ("pregnancy", "present")),
        ("could i squeeze it in before i give birth", ("pregnancy", "possible")),
        ("my right lid has always been a bit droopy", ("facial_palsy_or_ptosis", "present")),
        ("i wax my upper lip every two weeks", ("recent_laser_peel_surgery", "present")),
        ("nope nothing, well lupus but its calm", ("autoimmune_connective_tissue", "present")),
        ("no meds, well, eliquis", ("anticoagulant", "present")),
        ("have not been well since my stroke", ("cardiovascular_disease", "present")),
        ("my girlfriend is 11 weeks and wants it", ("pregnancy", "present")),
        ("i get so tired, and double vision in the evening", ("neuromuscular_disorder", "possible")),
    ],
)
def test_what_tells_of_a_condition_without_its_name_is_heard(text: str, heard: Tuple[str, str]) -> None:
    assert [(f.condition, f.assertion) for f in listen(text, TODAY)] == [heard]


@pytest.mark.parametrize("text", ["before i start birth control", "do i wax my legs before", "my lids were always hooded"])
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert listen(text, TODAY) == []
