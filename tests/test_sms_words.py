"""What people text about the texts: no more, again, help; and what only sounds like it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from candidacy.knowledge.load import BrokenFile
from channels.shell import picks
from channels.sms_wording import chosen, options, texts
from desk.sms_text import fits, packed, plain, segments
from desk.sms_words import HELP, REACTION, SMS_FILE, START, STOP, STOP_WORDING, bare, words

BARE = ["stop", "STOP", "Stop!!", " stop. ", "stopall", "STOP ALL", "unsubscribe", "End", "quit", "CANCEL", "cancel.",
        "revoke", "optout", "Opt out", "opt-out", "OPT OUT!"]  # fmt: skip
WORDINGS = [
    "stop texting me please", "please don't message me again", "take me off your list", "STOP TEXTING ME",
    "pls stop", "Please stop.", "STOP PLEASE", "unsubscribe me", "I don't want any more texts", "dont text me",
    "can you stop texting me?", "I already booked somewhere else so please stop texting me", "no more texts please",
    "stop sending me messages", "remove me from your list", "lose my number", "do not contact me anymore",
    "quit messaging me", "leave me alone", "i want to opt out", "wrong number", "Wrong number, stop",
    "i dont want to receive texts anymore", "take my number off your list please", "please remove my number",
    "I don\u2019t want your texts", "could you please stop sending me these texts", "\uff33\uff34\uff2f\uff30 texting me",
    "I do not consent. remove me", "who is this? stop texting me", "ok thanks, stop messaging me now",
]  # fmt: skip
NOT = [
    "cancel my appointment", "stop, wait, is it safe?", "I want to stop smoking", "stop asking me questions",
    "I need to cancel", "can i stop taking aspirin", "end of the week works", "when do i stop my blood thinner",
    "quit smoking last year", "yes", "help me", "how do i stop the bleeding", "I don't want botox",
    "don't want needles", "should i stop my eliquis", "no more pain please", "does it stop sweating", "i stopped",
    "please cancel my consultation", "remove my moles", "take me off the waiting list for tuesday", "should i stop",
    "how long till the effect ends", "never mind", "not now", "no", "stop it from hurting?", "", "?!", "\U0001f44d",
    "can you message me the price", "text me the address please", "no more questions", "end the questions",
]  # fmt: skip


@pytest.mark.parametrize("text", BARE)
def test_a_bare_word_opts_out(text: str) -> None:
    assert words().wish(text, False) == STOP


@pytest.mark.parametrize("text", WORDINGS)
def test_own_words_opt_out(text: str) -> None:
    assert words().wish(text, False) == STOP_WORDING


@pytest.mark.parametrize("text", NOT)
def test_what_only_sounds_like_it_does_not(text: str) -> None:
    assert words().wish(text, False) is None


def test_yes_opts_in_only_after_an_opt_out() -> None:
    assert words().wish("YES", False) is None
    assert words().wish("YES", True) == START
    assert words().wish("unstop", True) == words().wish("Start", False) == START


def test_help_is_the_whole_message() -> None:
    assert words().wish("HELP", False) == words().wish("info?", False) == HELP
    assert words().wish("help me choose", False) is None


@pytest.mark.parametrize(
    "text",
    ["Liked \u201cThis may be an emergency. Call 911.\u201d", 'Loved "Your request is in."',
     "Reacted \U0001f44d to \u201cQuestion 2 of 8\u201d", "Laughed at \u201cHi\u201d"],
)  # fmt: skip
def test_a_phone_telling_of_a_liking_is_no_message(text: str) -> None:
    assert words().wish(text, False) == REACTION


def test_what_somebody_liked_in_words_is_one() -> None:
    assert words().wish("I liked my last treatment", False) is None


def test_this_number_is_understood() -> None:
    assert words().means_this_number("This number, please!")
    assert words().means_this_number("use this one")
    assert not words().means_this_number("this number is my mother's")


def test_odd_texts_are_read_in_no_time() -> None:
    started = time.process_time()
    for text in ("please " * 3000, "stop " * 3000, "dont want " + "any more " * 500, "i told you to " * 300 + "x",
                 "so and but " * 1000, "'" * 10000, "liked \u201c" * 300):  # fmt: skip
        words().wish(text, False)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("change", "told"),
    [(("stop_words:", "stop_wordz:"), "stop_words"), (("'stop'", "'sto(p'"), "stop_messages"), (("help_words: [help", "help_words: [[help]"), "help_words")],
)
def test_a_broken_file_is_told_in_one_line(tmp_path: Path, change: tuple, told: str) -> None:
    text = SMS_FILE.read_text("utf-8")
    broken = text.replace(change[0], change[1], 1)
    assert broken != text
    file = tmp_path / "sms.yml"
    file.write_text(broken, "utf-8")
    with pytest.raises(BrokenFile, match=told) as caught:
        words(file)
    assert "\n" not in str(caught.value)


# ---- Letters and segments ----


def test_letters_that_a_text_lacks_become_plain() -> None:
    assert plain("It\u2019s \u201cfine\u201d \u2013 caf\u00e9 \u20ac5\u2026 \U0001f600") == 'It\'s "fine" - caf\u00e9 \u20ac5...'
    assert plain("\U0001f600\U0001f600") == ""
    assert plain("a\u00a0b\r\n\r\n\r\n\r\nc\td") == "a b\n\nc d"


@pytest.mark.parametrize(("length", "count"), [(1, 1), (160, 1), (161, 2), (306, 2), (307, 3), (459, 3), (460, 4)])
def test_segments_are_counted_as_a_phone_counts_them(length: int, count: int) -> None:
    assert segments("a" * length) == count
    assert segments("\u20ac" * 81) == 2  # an extension letter counts twice


def test_parts_share_a_text_as_long_as_they_fit() -> None:
    assert packed(["one", "", "two"]) == ["one\n\ntwo"]
    long = ["x" * 300, "y" * 300]
    assert packed(long) == long


def test_a_long_part_is_divided_between_sentences_and_nothing_is_lost() -> None:
    text = " ".join(f"This is sentence number {number}." for number in range(60))
    parts = packed([text])
    assert all(fits(part) for part in parts) and len(parts) > 3
    assert " ".join(parts) == text and all(part.endswith(".") for part in parts)
    assert "".join(packed(["z" * 1600])) == "z" * 1600


# ---- Numbered choices ----


@pytest.mark.parametrize(
    ("typed", "picked"),
    [("2", (1,)), ("2)", (1,)), ("(2)", (1,)), ("two", (1,)), ("Two.", (1,)), ("number 2", (1,)), ("option two", (1,)),
     ("2 please", (1,)), ("2 No", (1,)), ("2) no!", (1,)), ("NO", (1,)), ("not  sure", (2,)), ("5", None), ("0", None),
     ("1 2", None), ("2 weeks ago", None), ("12", None), ("none", None), ("someone", None), ("1 No", None)],
)  # fmt: skip
def test_a_choice_is_named_by_number_word_or_title(typed: str, picked: object) -> None:
    assert chosen(typed, ["Yes", "No", "Not sure", "Skip"], False) == picked


def test_several_may_be_chosen_where_several_are_asked_for() -> None:
    assert picks("1, 3 and five", 5, True) == (0, 2, 4)
    assert picks("one two", 5, False) is None


def test_short_choices_share_a_line() -> None:
    assert options([{"title": "Yes"}, {"title": "No"}]) == "1 Yes / 2 No"
    assert options([{"title": "Under 18"}, {"title": "18 to 21"}]) == "1) Under 18\n2) 18 to 21"


def test_the_link_goes_with_what_says_less_and_once() -> None:
    note = {"text": "Noted.", "kind": "private_note"}
    said = [note, note, {"text": "Which?", "buttons": [{"title": "A"}], "kind": "private"}]
    assert texts(said, "Page: https://x", "Pick.", "Pick some.") == (
        ["Noted.\n\nWhich?\nPage: https://x\n1 A\nPick."], True
    )  # fmt: skip
    assert texts([note], "Page: https://x", "", "", linked_lately=True) == (["Noted."], False)
    assert texts([note], "Page: https://x", "", "") == (["Noted.\nPage: https://x"], True)
    assert texts([note], None, "", "") == (["Noted."], False)


def test_a_question_and_its_choices_stay_together_when_the_link_is_long() -> None:
    question = {"text": "Would you like to book? " * 8, "buttons": [{"title": "Yes"}], "kind": "private"}
    found, linked = texts([question], "Page: https://x.example/" + "x" * 240, "Pick.", "")
    assert linked and len(found) == 2
    assert found[0].endswith("1 Yes\nPick.") and found[1].startswith("Page: https://")


def test_words_are_compared_without_apostrophes() -> None:
    assert bare("Don\u2019t  STOP!") == "dont stop"
