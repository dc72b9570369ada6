"""Any text at all: no exception, bounded time, offsets that hold, and noise that changes nothing."""

import random
import string
import time
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from candidacy.findings import ASSERTIONS
from candidacy.knowledge import load
from candidacy.listening import listen

TODAY = date(2026, 11, 22)
_QUIET = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_WORDS = (
    "i am not no never my sister she pregnant eliquis botox had 2 weeks ago since june , . ? ! but if "
    "can have in 17 f lupus allergic to lidocaine breathe can't stopped accutane maybe will "
    "/ ( ) - \n 3/12 and or years old for"
).split(" ")


@_QUIET
@given(st.text(max_size=400))
def test_no_text_raises(text):
    for finding in listen(text, TODAY):
        assert 0 <= finding.start <= finding.end <= len(text)
        assert text[finding.start : finding.end] == finding.text
        assert finding.assertion in ASSERTIONS
        assert finding.when is None or finding.when[0] <= finding.when[1] <= TODAY


@_QUIET
@given(st.lists(st.sampled_from(_WORDS), max_size=60).map(" ".join))
def test_no_jumble_of_telling_words_raises(text):
    listen(text, TODAY)


@pytest.mark.parametrize(
    "text",
    [
        "a " * 60_000,
        "no " * 20_000,
        "1 1 / 2 " * 9_000,
        "in in in " * 9_000,
        "i am not sure if " * 4_000,
        "(" * 30_000,
        "pregnant " * 9_000,
        "x" * 90_000,
    ],
)
def test_a_very_long_message_takes_bounded_time(text):
    begun = time.perf_counter()
    listen(text, TODAY)
    assert time.perf_counter() - begun < 10


def test_of_a_very_long_message_both_ends_are_read():
    story = "and then we went to the beach and it rained. " * 500
    text = f"I take eliquis. {story} Also I am pregnant."
    found = {f.condition: f for f in listen(text, TODAY)}
    assert {"anticoagulant", "pregnancy"} <= set(found)
    assert text[found["pregnancy"].start : found["pregnancy"].end] == "pregnant"


@pytest.mark.parametrize(
    "text",
    ["I have lupus", "not pregnant", "my sister takes eliquis", "stopped accutane 2 weeks ago", "I'm 17"],
)
@pytest.mark.parametrize(
    "noise", ["{}!!", "hi! {}", "{} 😀", "😀 {}", "  {}  ", "{} thanks", "Hello. {}", "{}."]
)
def test_noise_around_a_message_changes_nothing(text, noise):
    def plain(message):
        return [(f.condition, f.assertion, f.variant, f.when, f.quantity) for f in listen(message, TODAY)]

    assert plain(noise.format(text)) == plain(text)
    assert plain(text.upper()) == plain(text)


def test_at_most_one_finding_of_a_kind():
    found = listen("eliquis, eliquis, ELIQUIS and warfarin", TODAY)
    assert len(found) == 1


def test_the_knowledge_may_be_handed_in():
    assert listen("I have lupus", TODAY, load()) == listen("I have lupus", TODAY)


def test_messages_are_fast():
    texts = [
        "I have lupus and take plaquenil, can I still come in next week?",
        "had botox 3 weeks ago",
        "no allergies but I do take eliquis",
    ] * 20
    random.Random(1).shuffle(texts)
    listen("warm up", TODAY)
    spent = []
    for text in texts:
        begun = time.perf_counter()
        listen(text + " " + random.Random(len(spent)).choice(string.ascii_letters), TODAY)
        spent.append(time.perf_counter() - begun)
    # The machine that runs tests may be busy: the middle message is the measure.
    assert sorted(spent)[len(spent) // 2] < 0.05
