"""How a thing is said: ruled out, refused, begun again, taken back, denied twice, another's, elsewhere, made up."""

from datetime import date

import pytest

from candidacy.listening import listen

TODAY = date(2026, 11, 22)
SURFACED = {"present", "possible"}


def heard(text):
    """{condition: set of assertions} of a message."""
    found = {}
    for finding in listen(text, TODAY):
        found.setdefault(finding.condition, set()).add(finding.assertion)
    return found


@pytest.mark.parametrize(
    "text, condition",
    [
        ("They suspected vasculitis, the biopsy came back clean", "autoimmune_connective_tissue"),
        ("convinced I had melanoma, the derm said it was nothing", "skin_cancer_or_lesion"),
        ("epilepsy was queried once but the EEG was normal", "seizure_disorder"),
        ("patch test for nickel: negative", "metal_allergy"),
        ("was told MS, then another hospital changed their mind", "neuromuscular_disorder"),
        ("wrongly diagnosed with lupus for a year", "autoimmune_connective_tissue"),
    ],
)
def test_what_was_feared_and_ruled_out_is_not_there(text, condition):
    assert not heard(text).get(condition, set()) & SURFACED


@pytest.mark.parametrize(
    "text, condition",
    [
        ("I have lupus and my blood tests are normal", "autoimmune_connective_tissue"),
        ("diagnosed with epilepsy in 2010, last scan was fine", "seizure_disorder"),
        ("worried because I have MS, scan was clear though", "neuromuscular_disorder"),
        ("they think it is lupus, first test negative, second one pending", "autoimmune_connective_tissue"),
        ("thought it was eczema, turned out to be scleroderma", "autoimmune_connective_tissue"),
        ("on eliquis, my doctor changed her mind about the dose", "anticoagulant"),
    ],
)
def test_a_good_result_clears_no_illness_that_is_there(text, condition):
    assert heard(text)[condition] & SURFACED


@pytest.mark.parametrize(
    "text, condition",
    [
        ("it's not like I'm not on warfarin", "anticoagulant"),
        ("can't say I've never had a cold sore", "herpes_simplex"),
        ("never not on prednisone these days", "systemic_steroid"),
    ],
)
def test_a_denial_denied_tells_that_it_is_there(text, condition):
    assert heard(text)[condition] == {"present"}


def test_two_nos_that_only_stress_each_other_stay_a_denial():
    assert heard("I ain't never had no keloids")["keloid_tendency"] == {"absent"}


@pytest.mark.parametrize(
    "text, condition",
    [
        ("refused to go on methotrexate", "immunosuppression"),
        ("my derm prescribed Accutane and I binned it, i chickened out", "isotretinoin_recent"),
        ("filler was booked for last Monday and I had to cancel", "recent_filler"),
    ],
)
def test_what_was_refused_or_called_off_was_never_had(text, condition):
    assert not heard(text).get(condition, set()) & SURFACED


def test_a_refusal_reaches_no_medicine_that_is_taken():
    assert heard("I take warfarin. Was offered a patch but I refused.")["anticoagulant"] == {"present"}
    assert heard("refuse to stop my eliquis")["anticoagulant"] == {"present"}
    assert heard("turned down a higher dose of methotrexate")["immunosuppression"] == {"present"}


def test_a_medicine_begun_again_is_taken_now():
    assert heard("came off apixaban in May, back on it since the summer")["anticoagulant"] == {"present"}
    assert "present" not in heard("came off apixaban in May and stayed off")["anticoagulant"]


def test_a_slip_of_the_pen_is_taken_back():
    said = heard("I put epilepsy, ticked the wrong box, I meant eczema")
    assert said["seizure_disorder"] == {"absent"}
    assert said["inflammatory_dermatosis"] == {"present"}
    assert heard("I meant to tell you I'm nursing")["breastfeeding"] == {"present"}


@pytest.mark.parametrize(
    "text, condition",
    [
        ("my epileptic nephew is coming along", "seizure_disorder"),
        ("had a splash from an epilepsy patient on the ward", "seizure_disorder"),
        ("I work with people who have motor neurone disease", "neuromuscular_disorder"),
        ("there is melanoma in dads family", "skin_cancer_or_lesion"),
        ("it's for my wife. I have psoriasis, her skin is lovely", "inflammatory_dermatosis"),
    ],
)
def test_words_beside_a_name_give_it_to_another(text, condition):
    assert not heard(text).get(condition, set()) & SURFACED


@pytest.mark.parametrize(
    "text, condition",
    [
        ("my epilepsy nurse says hello", "seizure_disorder"),
        ("as an epilepsy patient I ask first", "seizure_disorder"),
        ("it's for my wedding, I'm on warfarin", "anticoagulant"),
        ("booking for me and my wife, I have psoriasis", "inflammatory_dermatosis"),
        ("bell's palsy on my left side since June", "facial_palsy_or_ptosis"),
    ],
)
def test_words_beside_a_name_leave_it_with_the_speaker(text, condition):
    assert heard(text)[condition] & SURFACED


def test_a_cut_far_from_the_face_is_no_open_wound_there():
    assert not heard("four stitches in my shin from a fall").get("open_wound", set()) & SURFACED
    assert heard("four stitches in my chin from a fall")["open_wound"] & SURFACED


def test_lupus_in_remission_is_still_lupus():
    assert heard("my lupus is in remission")["autoimmune_connective_tissue"] == {"present"}


def test_ticks_and_crosses_answer_the_word_beside_them():
    for text in ("lupus ❌ pregnant ❌ cold sores ✅", "❌ lupus ❌ pregnant ✅ cold sores"):
        said = heard(text)
        assert said["autoimmune_connective_tissue"] == said["pregnancy"] == {"absent"}
        assert said["herpes_simplex"] == {"present"}
    assert heard("pregnant - N, eliquis - Y")["pregnancy"] == {"absent"}


def test_made_up_to_ask_about_the_rule_is_not_had():
    assert (
        not heard("suppose I'd had filler yesterday, which I haven't").get("recent_filler", set()) & SURFACED
    )
    assert not heard("if it happened that I fall pregnant, what then")["pregnancy"] & SURFACED


@pytest.mark.parametrize(
    "text, condition, assertion",
    [
        ("the tox I had gave me a droopy lid for two months", "facial_palsy_or_ptosis", "past"),
        ("we lost my dad to MND", "neuromuscular_disorder", "other_person"),
        ("revised from scleroderma to Raynaud's only", "autoimmune_connective_tissue", "absent"),
        ("never forgot my apixaban in six years", "anticoagulant", "present"),
        ("I had a triamcinolone injection in a lump once", "keloid_tendency", "possible"),
        ("can't raise my brows since my botox", "recent_botulinum", "present"),
        ("swallowing a pill is difficult, it always was", "dysphagia_or_breathing", "possible"),
        ("anaphylactic to lidocane", "anesthetic_allergy", "present"),
        ("went blind in the left eye this morning", "facial_palsy_or_ptosis", "present"),
    ],
)
def test_one_thing_is_heard_the_way_it_is_told(text, condition, assertion):
    assert assertion in heard(text)[condition]


def test_a_weekday_with_its_figure_is_that_day():
    found = [f for f in listen("got sunburnt on Monday the 9th", TODAY) if f.condition == "sunburn"]
    assert found[0].when == (date(2026, 11, 9), date(2026, 11, 9))
