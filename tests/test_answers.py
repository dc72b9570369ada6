"""Replies to the screening questions: what counts as yes, no, not sure, skip, an age, a date."""

from __future__ import annotations

from datetime import date

import pytest

from candidacy.answers import corrects, denied_in, interpret, polarity, reads_as_question
from candidacy.findings import ABSENT, FUTURE, HYPOTHETICAL, OTHER_PERSON, PAST, POSSIBLE, PRESENT, Finding
from candidacy.knowledge import GROUPS, load
from candidacy.screening import NO, SKIPPED, UNSURE, YES

TODAY = date(2026, 11, 22)
AGE, PREGNANCY, NERVES, ALLERGY, SKIN, MEDICINES, RECENT, OTHER = GROUPS


def heard(text: str, words: str, condition: str, assertion: str = PRESENT, **more: object) -> Finding:
    """A finding as `listen` would give it for some words of a message."""
    start = text.index(words)
    return Finding(condition, assertion=assertion, text=words, start=start, end=start + len(words), **more)  # type: ignore[arg-type]


# ---- What a reply says as a whole ----


@pytest.mark.parametrize(
    "text",
    ["yes", "Yes!", "yep i do", "yeah", "y", "ok", "sure", "I do", "i am", "that's right", "yes, no problem",
    "well, yes",
     "actually yes", "Yes I have one of those", "one of them", "right, yes", "yes but I forget the name",
     "um yes", "I have",
     "yes and how long does it hold?", "i'd say yes", "of course"],
)  # fmt: skip
def test_a_yes_at_the_start_of_a_reply_is_a_yes(text: str) -> None:
    assert polarity(text) == YES


@pytest.mark.parametrize(
    "text",
    ["no", "NO!!", "nope", "no thanks", "none of those", "No, none of those.", "none of the above",
    "no i don't", "never",
     "not me", "ok no", "right, no", "actually no", "wait, I meant no", "no to all", "no, not pregnant",
     "i don't have any",
     "i don't have any of those", "no allergies", "it's a no", "absolutely not", "N/A",
     "no, how long does it hold?",
     "No. Why do you ask?", "no medical problems", "i have none", "All no", "no known conditions",
     "nothing like that"],
)  # fmt: skip
def test_a_no_to_everything_is_a_no(text: str) -> None:
    assert polarity(text) == NO


@pytest.mark.parametrize(
    "text",
    ["not sure", "idk", "maybe", "not that I know of", "No, not that I know of", "no idea",
    "i don't think so", "could be",
     "probably", "not really", "not anymore", "no?", "maybe?", "can't remember", "no longer",
     "not all of them",
     "no i don't think so", "hmm maybe"],
)  # fmt: skip
def test_a_doubt_is_never_a_no(text: str) -> None:
    assert polarity(text) == UNSURE


@pytest.mark.parametrize(
    "text",
    ["skip", "skip this please", "pass", "next", "rather not say", "I'd rather not answer that",
    "none of your business",
     "that's private", "can i skip this?", "personal", "that's personal, next please", "I don't want to say"],
)  # fmt: skip
def test_a_refusal_is_a_skip(text: str) -> None:
    assert polarity(text) == SKIPPED


@pytest.mark.parametrize(
    "text",
    ["is it ok to fly after?", "next week", "next tuesday please", "I have a personal question", "pass out",
    "I sometimes pass out",
     "I pass kidney stones", "right after work", "the right side", "i have brown eyes and a dog",
     "ok so how much is it",
     "right, what about the price", "sure but how much time does it need?", "yesterday",
     "can i pass on the numbing?", "no problem",
     "never mind", "i was told the next step is yes or no", "correct me if this is silly", "that's not ok",
     "I don't understand",
     "one friend said yes to this and then regretted the whole thing", "", "???", "34", "thanks"],
)  # fmt: skip
def test_words_that_only_look_like_an_answer_are_none(text: str) -> None:
    assert polarity(text) is None


@pytest.mark.parametrize(
    "text",
    ["how long does it hold?", "how long does it hold", "is it safe?", "is it safe", "what if i say no?",
    "do you take insurance",
     "I want to know if there is no pain", "not sure how long it holds", "is no pain normal"],
)  # fmt: skip
@pytest.mark.parametrize(
    "question", [*GROUPS, f"which:{MEDICINES}", f"rest:{MEDICINES}", "when:recent_botulinum"]
)
def test_a_question_to_us_is_never_an_answer(question: str, text: str) -> None:
    assert interpret(question, text, [], TODAY) is None


def test_a_no_to_one_thing_is_no_answer_as_a_whole() -> None:
    assert polarity("no cold sores") is None
    assert polarity("I'm not pregnant") is None


def test_yes_and_no_in_one_reply_is_neither() -> None:
    assert polarity("yeah, nah") is None


def test_curly_apostrophes_read_like_straight_ones() -> None:
    assert polarity("don\u2019t know") == UNSURE


def test_a_very_long_reply_is_read_by_its_beginning() -> None:
    assert polarity("no " + "and on and on " * 2000) == polarity("no and on and on")


def test_a_statement_is_no_question_though_it_begins_like_one() -> None:
    assert not reads_as_question("could be")
    assert not reads_as_question("do not have any")
    assert reads_as_question("could I fly after it")


# ---- The plain answers, at every question ----


@pytest.mark.parametrize("group", GROUPS[1:])
def test_a_plain_no_answers_any_question(group: str) -> None:
    answer = interpret(group, "No, nothing like that.", [], TODAY)
    assert answer is not None and (answer.value, answer.follow_up, answer.findings) == (NO, None, ())


@pytest.mark.parametrize("group", GROUPS[1:])
def test_a_yes_that_names_nothing_is_asked_which(group: str) -> None:
    answer = interpret(group, "yes", [], TODAY)
    assert answer is not None and (answer.value, answer.follow_up) == (None, f"which:{group}")


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize(
    ("text", "value"), [("not sure", UNSURE), ("skip", SKIPPED), ("rather not say", SKIPPED)]
)
def test_doubt_and_skip_answer_any_question(group: str, text: str, value: str) -> None:
    answer = interpret(group, text, [], TODAY)
    assert answer is not None and answer.value == value


@pytest.mark.parametrize("group", GROUPS[1:])
@pytest.mark.parametrize(("chosen", "value"), [(NO, NO), (UNSURE, UNSURE), (SKIPPED, SKIPPED)])
def test_a_button_needs_no_reading(group: str, chosen: str, value: str) -> None:
    answer = interpret(group, "/whatever", [], TODAY, chosen=chosen)
    assert answer is not None and answer.value == value


def test_a_yes_that_will_not_say_which_stands_as_a_yes() -> None:
    answer = interpret(MEDICINES, "yes but rather not say", [], TODAY)
    assert answer is not None and (answer.value, answer.follow_up) == (YES, None)


def test_an_unknown_question_is_an_error() -> None:
    for question in ("Q9_shoes", "which:Q9_shoes", "when:no_such_rule", "why:Q1_age", ""):
        with pytest.raises(ValueError, match="unknown question"):
            interpret(question, "no", [], TODAY)


# ---- Disclosures in a reply ----


def test_a_no_followed_by_a_yes_to_something_is_a_yes() -> None:
    text = "No. Eliquis yes"
    finding = heard(text, "Eliquis", "anticoagulant")
    answer = interpret(MEDICINES, text, [finding], TODAY)
    assert answer is not None and (answer.value, answer.findings) == (YES, (finding,))


def test_a_no_followed_by_an_unknown_name_is_asked_which() -> None:
    answer = interpret(MEDICINES, "No. Zorbax yes", [], TODAY)
    assert answer is not None and answer.follow_up == f"which:{MEDICINES}"


def test_no_i_have_lupus_is_a_disclosure() -> None:
    text = "no, I have lupus"
    answer = interpret(OTHER, text, [heard(text, "lupus", "autoimmune_connective_tissue")], TODAY)
    assert answer is not None and answer.value == YES


def test_a_disclosure_that_belongs_to_another_question_leaves_this_one_answered_by_its_no() -> None:
    text = "no, but I take eliquis"
    answer = interpret(PREGNANCY, text, [heard(text, "eliquis", "anticoagulant")], TODAY)
    assert answer is not None and (answer.value, answer.findings) == (NO, ())


def test_a_suspected_thing_is_unsure_and_a_refused_one_skipped() -> None:
    text = "I might be pregnant"
    answer = interpret(PREGNANCY, text, [heard(text, "pregnant", "pregnancy", POSSIBLE)], TODAY)
    assert answer is not None and answer.value == UNSURE
    text = "rather not tell you my pills"
    unnamed = Finding(None, assertion=POSSIBLE, text=text, end=len(text), group=MEDICINES)
    answer = interpret(MEDICINES, text, [unnamed], TODAY)
    assert answer is not None and (answer.value, answer.findings) == (SKIPPED, (unnamed,))


def test_an_emergency_in_a_reply_is_never_a_no() -> None:
    text = "no but my throat is closing"
    finding = Finding("dysphagia_or_breathing", assertion=PRESENT, text=text, end=len(text), emergency=True)
    answer = interpret(NERVES, text, [finding], TODAY)
    assert answer is not None and answer.value == YES


@pytest.mark.parametrize("assertion", [HYPOTHETICAL, OTHER_PERSON, PAST, FUTURE])
def test_what_is_not_about_this_person_now_does_not_settle_the_question(assertion: str) -> None:
    text = "my sister and Accutane"
    answer = interpret(MEDICINES, text, [heard(text, "Accutane", "isotretinoin_recent", assertion)], TODAY)
    assert answer is not None and (answer.value, answer.follow_up) == (None, f"rest:{MEDICINES}")
    asked = "what about Accutane?"
    assert (
        interpret(MEDICINES, asked, [heard(asked, "Accutane", "isotretinoin_recent", assertion)], TODAY)
        is None
    )


def test_a_no_beside_something_about_another_person_is_a_no() -> None:
    text = "No, but my sister is pregnant"
    answer = interpret(PREGNANCY, text, [heard(text, "pregnant", "pregnancy", OTHER_PERSON)], TODAY)
    assert answer is not None and answer.value == NO


# ---- Denials by name ----


@pytest.mark.parametrize("text", ["not pregnant", "I'm not pregnant", "no pregnancy here, just checking"])
def test_a_denial_by_name_leaves_the_rest_of_the_question_open(text: str) -> None:
    word = "pregnancy" if "pregnancy" in text else "pregnant"
    answer = interpret(PREGNANCY, text, [heard(text, word, "pregnancy", ABSENT)], TODAY)
    assert answer is not None and (answer.value, answer.follow_up) == (None, f"rest:{PREGNANCY}")


def test_a_no_with_a_denial_behind_it_answers_the_whole_question() -> None:
    text = "No, not pregnant"
    answer = interpret(PREGNANCY, text, [heard(text, "pregnant", "pregnancy", ABSENT)], TODAY)
    assert answer is not None and answer.value == NO


def test_denying_every_condition_by_name_answers_the_question() -> None:
    text = "not pregnant, not nursing, not trying for a baby"
    findings = [
        heard(text, "pregnant", "pregnancy", ABSENT),
        heard(text, "nursing", "breastfeeding", ABSENT),
        heard(text, "trying for a baby", "trying_to_conceive", ABSENT),
    ]
    answer = interpret(PREGNANCY, text, findings, TODAY)
    assert answer is not None and answer.value == NO
    answer = interpret(PREGNANCY, text, findings[:2], TODAY, settled=["trying_to_conceive"])
    assert answer is not None and answer.value == NO


def test_not_pregnant_just_breastfeeding_is_one_of_each() -> None:
    text = "not pregnant, just breastfeeding"
    findings = [heard(text, "pregnant", "pregnancy", ABSENT), heard(text, "breastfeeding", "breastfeeding")]
    answer = interpret(PREGNANCY, text, findings, TODAY)
    assert answer is not None and (answer.value, answer.findings) == (YES, tuple(findings))


@pytest.mark.parametrize(
    "text", ["no but I get dizzy", "no lumps or bumps", "no diagnosis yet", "none since March"]
)
def test_a_no_that_names_something_unknown_or_an_end_is_asked_about_the_rest(text: str) -> None:
    answer = interpret(OTHER, text, [], TODAY)
    assert answer is not None and (answer.value, answer.follow_up) == (None, f"rest:{OTHER}")


def test_denied_conditions_of_a_group_are_listed() -> None:
    findings = [
        Finding("pregnancy", assertion=ABSENT),
        Finding("breastfeeding"),
        Finding("anticoagulant", assertion=ABSENT),
    ]
    assert denied_in(findings, PREGNANCY, load().rulebook) == ["pregnancy"]


# ---- Follow-ups: which, the rest, when ----


@pytest.mark.parametrize("text", ["Something else", "zorbax", "not sure", "skip", "rather not say", "yes"])
def test_a_yes_stands_though_its_name_stays_unknown(text: str) -> None:
    answer = interpret(f"which:{MEDICINES}", text, [], TODAY)
    assert answer is not None and answer.value == YES


def test_none_of_these_after_a_yes_is_a_doubt_and_a_correction_a_no() -> None:
    answer = interpret(f"which:{MEDICINES}", "none of these", [], TODAY)
    assert answer is not None and answer.value == UNSURE
    answer = interpret(f"which:{MEDICINES}", "oops, I meant no", [], TODAY)
    assert answer is not None and answer.value == NO


def test_naming_what_is_past_in_reply_to_which_keeps_the_yes() -> None:
    text = "Accutane years ago"
    finding = heard(text, "Accutane", "isotretinoin_recent", PAST)
    answer = interpret(f"which:{MEDICINES}", text, [finding], TODAY)
    assert answer is not None and (answer.value, answer.findings) == (YES, (finding,))


@pytest.mark.parametrize("text", ["help", "thanks", "hi"])
def test_small_talk_is_no_name(text: str) -> None:
    assert interpret(f"which:{MEDICINES}", text, [], TODAY) is None


@pytest.mark.parametrize(
    ("text", "value", "follow_up"),
    [("no", NO, None), ("none of those", NO, None), ("yes", None, f"which:{PREGNANCY}"), ("not sure", UNSURE,
    None),
     ("no but I feel odd", UNSURE, None), ("skip", SKIPPED, None)],
)  # fmt: skip
def test_the_rest_of_a_question_is_answered(text: str, value: str, follow_up: str) -> None:
    answer = interpret(f"rest:{PREGNANCY}", text, [], TODAY)
    assert answer is not None and (answer.value, answer.follow_up) == (value, follow_up)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [("3 weeks ago", date(2026, 11, 1), date(2026, 11, 1)), ("in March", date(2026, 3, 1), date(2026, 3, 31)),
     ("since June", date(2026, 6, 1), TODAY), ("not since June", date(2026, 6, 1), date(2026, 6, 30)),
     ("still", TODAY, TODAY), ("I still take it, since 2024", TODAY, TODAY), ("today", TODAY, TODAY)],
)  # fmt: skip
def test_the_day_of_an_event_is_read(text: str, first: date, last: date) -> None:
    answer = interpret("when:recent_botulinum", text, [], TODAY)
    assert answer is not None and answer.value == YES
    assert answer.findings[0].when == (first, last)


@pytest.mark.parametrize("text", ["not sure", "skip", "no idea", "No, nothing like that.", "can't remember"])
def test_no_date_leaves_the_wait_open(text: str) -> None:
    answer = interpret("when:recent_botulinum", text, [], TODAY)
    assert answer is not None and (answer.value, answer.findings) == (YES, ())


def test_a_date_heard_with_the_condition_is_used() -> None:
    text = "my Botox was in May"
    finding = heard(text, "Botox", "recent_botulinum", when=(date(2026, 5, 1), date(2026, 5, 31)))
    answer = interpret("when:recent_botulinum", text, [finding], TODAY)
    assert answer is not None and answer.findings == (finding,)


# ---- Ages ----


@pytest.mark.parametrize(
    ("text", "age", "variant"),
    [("34", 34, None), ("47!", 47, None), ("thirty four", 34, None), ("thirty-four", 34, None), ("34f", 34,
    None), ("34 y/o", 34, None),
     ("It's 47", 47, None), ("in my 40s", 40, None), ("mid thirties", 30, None), ("over 30", 30, None),
     ("65+", 65, None),
     ("Under 18", 17, "under_18"), ("18 to 21", 18, "18_to_21"), ("22 to 64", 22, None), ("65 or over", 65,
     None), ("18-21", 18, "18_to_21"),
     ("17", 17, "under_18"), ("almost 18", 17, "under_18"), ("turning 18", 17, "under_18"), ("18", 18,
     "18_to_21"), ("21", 21, "18_to_21"),
     ("almost 22", 21, "18_to_21"), ("22", 22, None), ("just turned 22", 22, None), ("22 next month", 21,
     "18_to_21"), ("she is 15", 15, "under_18"),
     ("31. And I am still nursing", 31, None), ("17 and a half", 17, "under_18"), ("90", 90, None)],
)  # fmt: skip
def test_a_bare_age_is_read(text: str, age: int, variant: str) -> None:
    answer = interpret(AGE, text, [], TODAY)
    assert answer is not None and answer.value == YES
    finding = answer.findings[0]
    assert (finding.quantity, finding.variant) == (age, variant)
    assert finding.assertion == (PRESENT if variant else ABSENT)


@pytest.mark.parametrize(
    "text",
    ["2", "7", "130", "34 weeks", "34 weeks pregnant", "3 months", "over 18", "18+", "late 20s",
    "my daughter is 15",
     "yes", "no", "100 units", "50/50", "am I too old at 70?"],
)  # fmt: skip
def test_what_is_no_age_of_this_person_is_asked_again(text: str) -> None:
    answer = interpret(AGE, text, [], TODAY)
    assert answer is None or answer.value in (UNSURE, SKIPPED)


def test_a_heard_age_counts_and_another_persons_does_not() -> None:
    text = "I'm 16"
    finding = Finding("under_age", "under_18", PRESENT, text, 0, len(text), quantity=16)
    answer = interpret(AGE, text, [finding], TODAY)
    assert answer is not None and answer.findings == (finding,)
    text = "15"
    assert (
        interpret(AGE, text, [Finding("under_age", None, OTHER_PERSON, text, 0, 2, quantity=15)], TODAY)
        is None
    )


# ---- Corrections ----


@pytest.mark.parametrize(
    "text",
    [
        "actually I am nursing",
        "wait, I meant yes",
        "my mistake, I do take aspirin",
        "oops no",
        "no wait, yes",
        "Oh sorry, I do",
    ],
)
def test_taking_something_back_is_a_correction(text: str) -> None:
    assert corrects(text)


@pytest.mark.parametrize(
    "text",
    [
        "actually I also had filler in May",
        "sorry, forgot to mention lupus too",
        "I take aspirin",
        "I can wait",
    ],
)
def test_adding_something_is_no_correction(text: str) -> None:
    assert not corrects(text)
