"""What is heard in a message, mechanism by mechanism."""

from datetime import date

import pytest

from candidacy.listening import listen
from candidacy.screening import assess

TODAY = date(2026, 11, 22)


def heard(text):
    """{condition: [assertions in order]} of a message."""
    found = {}
    for finding in listen(text, TODAY):
        found.setdefault(finding.condition, []).append(finding.assertion)
    return found


def one(text, condition):
    """The only finding of a condition."""
    (finding,) = [f for f in listen(text, TODAY) if f.condition == condition]
    return finding


def says(text, condition, assertion):
    assert heard(text).get(condition) == [assertion], listen(text, TODAY)


@pytest.mark.parametrize(
    "text, condition",
    [
        ("I TAKE ELIQUIS", "anticoagulant"),
        ("got two blood-thinners from my GP", "anticoagulant"),
        ("I take a bloodthinner", "anticoagulant"),
        ("they found keloids on me", "keloid_tendency"),
        ("I’m pregnant 😅", "pregnancy"),
        ("my brows were micro bladed", "tattoo_permanent_makeup"),
        ("estoy embarazada", "pregnancy"),
    ],
)
def test_a_name_is_heard_in_every_spelling_of_case_hyphen_and_plural(text, condition):
    says(text, condition, "present")


@pytest.mark.parametrize(
    "text, condition",
    [
        ("I have MG", "neuromuscular_disorder"),
        ("i have mg", "neuromuscular_disorder"),
        ("diagnosed with ra in spring", "autoimmune_connective_tissue"),
    ],
)
def test_an_abbreviation_is_heard_in_capitals_or_after_words_of_having_it(text, condition):
    says(text, condition, "present")


@pytest.mark.parametrize(
    "text",
    ["it is 20 mg of iron", "ask ms lopez at the desk", "I LOVE MS PAINT SO MUCH", "30 MG tablets of iron"],
)
def test_an_abbreviation_is_not_heard_in_a_dose_or_a_title(text):
    assert "neuromuscular_disorder" not in heard(text)


@pytest.mark.parametrize(
    "text, condition",
    [
        ("i am on warfrin", "anticoagulant"),
        ("taking isotretinon daily", "isotretinoin_recent"),
        ("im pregnatn", "pregnancy"),
        ("i have psoriassis", "inflammatory_dermatosis"),
        ("plaquinil every morning", "other_interacting_drug"),
        ("i take zarelto", "anticoagulant"),
        ("lambert eatan", "neuromuscular_disorder"),
        ("milk alergy", "cows_milk_protein_allergy"),
    ],
)
def test_a_misspelt_name_or_medicine_is_heard(text, condition):
    says(text, condition, "present")


@pytest.mark.parametrize(
    "text",
    [
        "aspiring actress here",
        "please relax my forehead",
        "is plastic packaging recycled",
        "my name is Carla Barry",
        "the macro lens photo",
        "weaving is my hobby",
        "I went to Cannes with Melanie",
    ],
)
def test_an_ordinary_word_or_a_name_of_a_person_is_never_taken_for_a_misspelling(text):
    assert heard(text) == {}


@pytest.mark.parametrize(
    "text, condition",
    [
        ("I work in a nursing home", "breastfeeding"),
        ("expecting a delivery at noon", "pregnancy"),
        ("my star sign is cancer", "chemo_radiation"),
        ("a retina doctor checked me", "topical_retinoid"),
        ("sick of these pores", "acute_illness"),
        ("lactose intolerant since school", "cows_milk_protein_allergy"),
    ],
)
def test_a_look_alike_is_no_hit(text, condition):
    assert condition not in heard(text)


@pytest.mark.parametrize(
    "text, condition",
    [
        ("I am not pregnant", "pregnancy"),
        ("dont have diabetes", "diabetes_uncontrolled"),
        ("I have never had a seizure", "seizure_disorder"),
        ("neither epilepsy nor lupus", "seizure_disorder"),
        ("neither epilepsy nor lupus", "autoimmune_connective_tissue"),
        ("no asthma, hay fever or lupus", "autoimmune_connective_tissue"),
        ("patient denies keloids", "keloid_tendency"),
        ("lupus: no", "autoimmune_connective_tissue"),
        ("they ruled out epilepsy", "seizure_disorder"),
        ("my lupus test was negative", "autoimmune_connective_tissue"),
        ("heart disease, lupus, epilepsy: none of those", "seizure_disorder"),
    ],
)
def test_a_denial_reaches_what_it_denies(text, condition):
    says(text, condition, "absent")


def test_a_denial_stops_at_a_turn():
    assert heard("not pregnant, just breastfeeding") == {
        "pregnancy": ["absent"],
        "breastfeeding": ["present"],
    }
    assert heard("no blood thinners except plavix") == {
        "anticoagulant": ["absent"],
        "antiplatelet_nsaid": ["present"],
    }
    says("no allergies but I do use warfarin", "anticoagulant", "present")
    says("I do not smoke and have lupus", "autoimmune_connective_tissue", "present")
    says("not here for filler because I take eliquis", "anticoagulant", "present")


@pytest.mark.parametrize(
    "text", ["No, I have lupus", "no i have lupus", "Nope, lupus here", "nah i got lupus", "No. Lupus yes"]
)
def test_a_no_that_answers_does_not_deny_what_follows(text):
    says(text, "autoimmune_connective_tissue", "present")


@pytest.mark.parametrize(
    "text, condition",
    [
        ("no change in my psoriasis", "inflammatory_dermatosis"),
        ("i have not stopped taking warfarin", "anticoagulant"),
        ("not only lupus", "autoimmune_connective_tissue"),
        ("I cannot come off prednisone", "systemic_steroid"),
        ("never without my eliquis", "anticoagulant"),
    ],
)
def test_words_that_look_like_a_denial_are_none(text, condition):
    assert heard(text)[condition] == ["present"]


@pytest.mark.parametrize(
    "text, condition",
    [
        ("I might be pregnant", "pregnancy"),
        ("not sure if it is rosacea", "inflammatory_dermatosis"),
        ("I don't think I am pregnant", "pregnancy"),
        ("maybe lupus, tests next week", "autoimmune_connective_tissue"),
        ("keloid? i guess, no one checked", "keloid_tendency"),
        ("is it eczema?", "inflammatory_dermatosis"),
        ("do i have melanoma", "skin_cancer_or_lesion"),
        ("my period is ten days late", "pregnancy"),
        ("how do i know if i am allergic to lidocaine", "anesthetic_allergy"),
    ],
)
def test_doubt_is_never_a_no(text, condition):
    says(text, condition, "possible")


@pytest.mark.parametrize(
    "text, condition",
    [
        ("my sister has lupus", "autoimmune_connective_tissue"),
        ("Dad is on eliquis", "anticoagulant"),
        ("the dog has epilepsy", "seizure_disorder"),
        ("a friend of mine, she takes prednisone", "systemic_steroid"),
        ("my 4 year old has a fever", "acute_illness"),
        ("lupus runs in my family", "autoimmune_connective_tissue"),
        ("my wife is expecting a baby, the booking is for me", "pregnancy"),
    ],
)
def test_what_somebody_else_has_is_theirs(text, condition):
    says(text, condition, "other_person")


@pytest.mark.parametrize(
    "text, condition",
    [
        ("my doctor put me on accutane", "isotretinoin_recent"),
        ("my husband says I am pregnant", "pregnancy"),
        ("like my mum I have lupus", "autoimmune_connective_tissue"),
        ("our cat scratched my chin", "open_wound"),
        ("I'm a mom of two and have epilepsy", "seizure_disorder"),
        ("mum has lupus and i have epilepsy", "seizure_disorder"),
    ],
)
def test_a_word_about_another_person_does_not_hide_what_the_speaker_has(text, condition):
    says(text, condition, "present")


@pytest.mark.parametrize(
    "text, condition",
    [
        ("it's for my mum, she takes warfarin", "anticoagulant"),
        ("asking for my wife who is pregnant", "pregnancy"),
        ("my husband wants it, he has epilepsy", "seizure_disorder"),
        ("can my sister come in? she has lupus", "autoimmune_connective_tissue"),
    ],
)
def test_the_one_who_would_be_treated_counts_as_the_speaker(text, condition):
    says(text, condition, "present")


@pytest.mark.parametrize(
    "text, condition",
    [
        ("is it safe in pregnancy?", "pregnancy"),
        ("what if I become pregnant later", "pregnancy"),
        ("can people with lupus have this", "autoimmune_connective_tissue"),
        ("do blood thinners matter?", "anticoagulant"),
        ("can I take ibuprofen afterwards", "antiplatelet_nsaid"),
        ("will it give me a cold sore", "herpes_simplex"),
        ("eczema ok?", "inflammatory_dermatosis"),
    ],
)
def test_a_plain_question_is_about_nobody(text, condition):
    says(text, condition, "hypothetical")


@pytest.mark.parametrize(
    "text, condition",
    [
        ("can I have it if I have lupus", "autoimmune_connective_tissue"),
        ("is it fine while on accutane", "isotretinoin_recent"),
        ("does my psoriasis matter?", "inflammatory_dermatosis"),
        ("could i come in with epilepsy", "seizure_disorder"),
        ("do I have to stop taking warfarin?", "anticoagulant"),
        ("I am 13 weeks along, should I wait?", "pregnancy"),
        ("does lupus matter? because I have it", "autoimmune_connective_tissue"),
    ],
)
def test_a_question_about_the_speaker_now_is_a_disclosure(text, condition):
    says(text, condition, "present")


def test_a_heading_with_its_answer_counts_as_answered():
    assert heard("Lupus? No. Epilepsy? Yes.") == {
        "autoimmune_connective_tissue": ["absent"],
        "seizure_disorder": ["present"],
    }


@pytest.mark.parametrize(
    "text, condition",
    [
        ("starting accutane next month", "isotretinoin_recent"),
        ("I will get a cortisone shot tomorrow", "systemic_steroid"),
        ("prescribed tretinoin but have not started it", "topical_retinoid"),
        ("thinking of microblading", "tattoo_permanent_makeup"),
    ],
)
def test_a_plan_is_in_the_future(text, condition):
    says(text, condition, "future")


def test_a_plan_to_conceive_is_the_thing_itself():
    says("planning to get pregnant in spring", "trying_to_conceive", "present")
    assert "pregnancy" not in heard("planning to get pregnant in spring")


@pytest.mark.parametrize(
    "text, assertion, latest",
    [
        ("stopped accutane 2 weeks ago", "present", date(2026, 11, 8)),
        ("came off accutane 7 months ago", "past", date(2026, 4, 22)),
        ("finished accutane. Last pill was in 2012", "past", date(2012, 12, 31)),
        ("my last accutane pill was half a year and a bit ago", "possible", None),
        ("stopped accutane in May", "possible", date(2026, 5, 31)),
        ("I used to take accutane", "possible", None),
        ("off accutane since August", "present", date(2026, 8, 31)),
        ("on accutane since August", "present", None),
        ("no accutane since March 2025", "past", date(2025, 3, 31)),
    ],
)
def test_the_time_since_the_last_dose_is_compared_to_the_wait(text, assertion, latest):
    finding = one(text, "isotretinoin_recent")
    assert finding.assertion == assertion
    if latest:
        assert finding.when[1] == latest


def test_a_stopped_medicine_without_a_wait_is_past():
    says("I quit coumadin in 2021", "anticoagulant", "past")


@pytest.mark.parametrize(
    "text, assertion",
    [
        ("had botox last Tuesday", "present"),
        ("botox 3 months back", "present"),
        ("got botox two years ago", "past"),
        ("never had botox", "absent"),
        ("I've had botox before", "possible"),
        ("have not had botox in over a year", "past"),
    ],
)
def test_a_treatment_had_is_dated_against_its_window(text, assertion):
    says(text, "recent_botulinum", assertion)


@pytest.mark.parametrize(
    "text", ["I want botox", "how does botox work", "can I get filler as well?", "botox prices?"]
)
def test_a_treatment_only_asked_for_is_no_finding(text):
    assert not {"recent_botulinum", "recent_filler"} & set(heard(text))


def test_what_counts_for_life_stays_present_unless_it_is_over_for_good():
    says("had a heart attack in 2009", "cardiovascular_disease", "present")
    says("had epilepsy as a child, outgrew it", "seizure_disorder", "past")


def test_a_birth_of_late_leaves_breastfeeding_open_unless_it_is_spoken_of():
    assert heard("gave birth 5 weeks ago").get("breastfeeding") == ["possible"]
    assert heard("gave birth 5 weeks ago, not nursing").get("breastfeeding") == ["absent"]
    assert "breastfeeding" not in heard("had a baby 4 years ago")


@pytest.mark.parametrize(
    "text, condition",
    [
        ("allergic to lidocaine", "anesthetic_allergy"),
        ("nickel brings me out in a rash", "metal_allergy"),
        ("hives after xeomin in 2020", "toxin_hypersensitivity"),
        ("allergic to cats, dust and dairy", "cows_milk_protein_allergy"),
    ],
)
def test_a_substance_counts_beside_words_of_allergy(text, condition):
    assert heard(text)[condition] == ["present"]


@pytest.mark.parametrize(
    "text",
    [
        "do you use lidocaine",
        "I like metal music",
        "oat milk latte please",
        "neomycin allergy",
        "I cannot have aspirin, allergic to it",
    ],
)
def test_a_substance_alone_or_an_allergy_to_a_medicine_is_nothing_to_flag(text):
    assert assess(listen(text, TODAY), {}, TODAY).outcome in ("no_flag",)


def test_no_trouble_with_a_substance_is_a_denial():
    says("never had a problem with lidocaine", "anesthetic_allergy", "absent")


@pytest.mark.parametrize(
    "text, group",
    [
        ("I'd rather not say which meds I take", "Q6_medicines"),
        ("I take a tiny pill, no idea what it is called", "Q6_medicines"),
        ("rather not discuss my medical history", "Q8_other_health"),
        ("I'm allergic to something but forgot what", "Q4_allergy"),
    ],
)
def test_a_refusal_or_doubt_without_a_name_is_open(text, group):
    (finding,) = listen(text, TODAY)
    assert (finding.condition, finding.assertion, finding.group) == (None, "possible", group)
    assert assess([finding], {}, TODAY).outcome == "ask"


def test_what_is_heard_both_ways_is_kept_both_ways():
    assert heard("dad has keloids, I never had any")["keloid_tendency"] == ["other_person", "absent"]


def test_words_beside_a_condition_choose_its_variant():
    assert one("my diabetes is not well controlled", "diabetes_uncontrolled").variant == "not_controlled"
    assert one("cold sore on my lip right now", "herpes_simplex").variant == "outbreak_now"
    assert one("i get cold sores, none right now", "herpes_simplex").variant is None


def test_offsets_point_into_the_message_as_typed():
    text = "Hi 👋 — I’m on “Eliquis”…"
    finding = one(text, "anticoagulant")
    assert text[finding.start : finding.end] == finding.text == "Eliquis"


@pytest.mark.parametrize(
    "said, condition, variant",
    [
        ("hba1c came to 10.1 at the spring review", "diabetes_uncontrolled", "not_controlled"),
        ("hba1c of 91 said the letter", "diabetes_uncontrolled", "not_controlled"),
        ("hba1c of 52 said the letter", "diabetes_uncontrolled", "controlled_or_not_said"),
        ("psoriasis, just my shins, never on my face", "inflammatory_dermatosis", "quiet_or_elsewhere"),
    ],
)
def test_a_reading_or_a_place_chooses_the_variant(said: str, condition: str, variant: str) -> None:
    found = [f for f in listen(said, TODAY) if f.condition == condition and f.assertion == "present"]
    assert [f.variant for f in found] == [variant]


def test_a_normal_reading_is_no_diabetes() -> None:
    assert not [f for f in listen("hba1c of 35 said the letter", TODAY) if f.condition == "diabetes_uncontrolled"]


def test_the_cat_that_scratches_is_not_the_patient() -> None:
    found = listen("the kitten clawed my nose on friday", TODAY)
    assert [(f.condition, f.assertion) for f in found] == [("open_wound", "present")]


def test_a_substance_and_its_objects_in_the_next_sentence_are_one_allergy() -> None:
    found = listen("Nickel. Zip of my skirt, clasp of a bra.", TODAY)
    assert ("metal_allergy", "present") in [(f.condition, f.assertion) for f in found]
