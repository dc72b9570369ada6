"""Emergencies, words of self-harm and same-day signs, told apart from figures of speech."""

from datetime import date

import pytest

from candidacy.listening import listen
from candidacy.screening import assess

TODAY = date(2026, 11, 22)


def urgent(text):
    return any(f.emergency for f in listen(text, TODAY))


@pytest.mark.parametrize(
    "text",
    [
        "I can't breathe",
        "CANT BREATH HELP",
        "my throat feels like it is closing",
        "having trouble swallowing since my session",
        "I keep choking when I drink",
        "eyelid drooping 3 days after my injections",
        "double vision since yesterday",
        "everything is blurry all of a sudden",
        "slurring my words",
        "one side of my face has dropped",
        "weak all over after the treatment",
        "cannot hold my head up, had botox on friday",
        "hives everywhere since the shots this morning",
        "chest pain",
        "lips are swelling",
        "I lost control of my bladder",
        "my husband can't breathe",
        "not sure if it matters but I can hardly swallow",
        "why can't I open my eye since tuesday",
        "no puedo respirar",
        "voice went hoarse and legs feel weak since the injections",
        "is it normal that my eyelid is drooping since yesterday",
    ],
)
def test_a_sign_of_an_emergency_fires(text):
    assert urgent(text)
    assert assess(listen(text, TODAY), {}, TODAY).outcome == "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "that fee is hard to swallow at that price",
        "the results take my breath away",
        "dying to try it",
        "will it cause trouble breathing?",
        "can botox make your eyelid droop?",
        "could my eyelids droop from this?",
        "what would happen if I had trouble swallowing",
        "no trouble breathing or swallowing",
        "trouble swallowing for years, I have achalasia",
        "short of breath when I run, I have asthma",
        "could not swallow after botox last year, fine now",
        "can't see the prices on your page",
        "can't talk right now, text me",
        "faint lines on my forehead",
        "I nearly fainted at the price",
        "slight headache after my session",
        "small bruise and some redness today",
    ],
)
def test_denied_asked_long_standing_past_or_figurative_signs_do_not_fire(text):
    assert not urgent(text)


def test_an_old_sign_is_still_a_disclosure():
    found = {
        f.condition: f.assertion for f in listen("trouble swallowing for years, I have achalasia", TODAY)
    }
    assert found == {"dysphagia_or_breathing": "present"}
    past = {f.condition for f in listen("two years ago my lips swelled up after botox", TODAY) if f.surfaced}
    assert "toxin_hypersensitivity" in past


def test_an_emergency_after_a_treatment_names_the_treatment_with_its_date():
    found = {f.condition: f for f in listen("can't swallow since my session 3 days ago", TODAY)}
    assert found["dysphagia_or_breathing"].emergency
    assert found["recent_botulinum"].when == (date(2026, 11, 19), date(2026, 11, 19))


@pytest.mark.parametrize(
    "text",
    [
        "I want to die",
        "thinking about killing myself",
        "im suicidal",
        "ive been cutting myself on purpose",
        "no reason to live",
    ],
)
def test_words_of_self_harm_are_heard(text):
    finding = next(f for f in listen(text, TODAY) if f.self_harm)
    assert finding.condition is None and finding.emergency


@pytest.mark.parametrize(
    "text",
    ["I am not suicidal", "suicide squad is on", "this wait is killing me", "I would kill for that skin"],
)
def test_figures_of_speech_are_no_self_harm(text):
    assert not any(f.self_harm for f in listen(text, TODAY))


@pytest.mark.parametrize(
    "text, condition",
    [
        ("pus where the needles went in, treated tuesday", "site_infection"),
        ("the redness is spreading since my microneedling", "site_infection"),
        ("fever since the treatment yesterday", "acute_illness"),
        ("a cold sore came up after my session", "herpes_simplex"),
        ("my eye hurts since the injections", "facial_palsy_or_ptosis"),
        ("terrible headache since my treatment", "cardiovascular_disease"),
    ],
)
def test_a_same_day_sign_after_treatment_asks_for_a_call_today(text, condition):
    assert any(f.condition == condition and f.call_today for f in listen(text, TODAY))
    assert not urgent(text)


@pytest.mark.parametrize("text", ["I have a fever", "eye pain from my contacts", "bad headache today"])
def test_the_same_sign_without_a_treatment_is_not_for_today(text):
    assert not any(f.call_today for f in listen(text, TODAY))


@pytest.mark.parametrize(
    "text",
    [
        "a boulder is parked on my chest",
        "her mouth slid down on one side and she talks gibberish",
        "her tongue looks twice its size",
        "toddler licked the lidocaine out of the jar",
        "somebody help, he is unconscious",
        "asthma attack now",
        "he is shivering with fever and quite confused",
        "the filler side has turned white and cold",
        "blood keeps gushing from the cut",
        "my eyesight's going",
    ],
)
def test_a_part_of_the_body_and_what_befell_it_are_enough(text):
    assert urgent(text)


@pytest.mark.parametrize(
    "text",
    [
        "lost my voice singing all evening",
        "my jaw dropped when the invoice came",
        "anaphylaxis to wasps, I carry an epipen",
        "the welts have gone again, thank you",
        "arm was numb after a jab, everything fine again now",
        "if my throat swelled who would I ring",
        "our cat is wheezing",
        "I feel dizzy every now and again",
        "my legs are dead from the gym",
    ],
)
def test_an_innocent_cause_an_end_or_an_animal_keeps_a_sign_quiet(text):
    assert not urgent(text)


@pytest.mark.parametrize(
    "text",
    [
        "they would be happier if I was gone",
        "hoarding my pills at home",
        "I never want to wake up again",
        "he says he will hang himself",
        "cannot see a future for me",
    ],
)
def test_self_harm_in_roundabout_words_is_heard(text):
    assert any(f.self_harm for f in listen(text, TODAY))


@pytest.mark.parametrize(
    "text",
    [
        "attempted suicide twenty years ago",
        "nearly died of embarrassment",
        "saving up for the tablets",
        "better without the filler",
    ],
)
def test_long_ago_or_other_things_are_no_self_harm(text):
    assert not any(f.self_harm for f in listen(text, TODAY))
