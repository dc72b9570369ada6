"""Phone numbers, e-mail addresses and names in free words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.contact import mask, read_contact, read_contacts, without_contacts
from desk.names import read_name


@pytest.mark.parametrize("text", ["1-555-010-0142 ext 4", "(555) 010-0142x4", "555 010 0142, extension 4"])
def test_an_extension_is_kept_and_read_back(text: str) -> None:
    contact = read_contact(text, "US")
    assert contact and (contact.value, contact.shown) == ("+15550100142;ext=4", "ending in 0142 ext. 4")


@pytest.mark.parametrize(
    "text",
    [
        "its 555 010 0142 call after 5",
        "5550100142",
        "(555) 010-0142",
        "555.010.0142",
        "555 - 010 - 0142",
        "555_010_0142",
        "+1 555 010 0142",
        "5 5 5 0 1 0 0 1 4 2",
        "tel:555 010 0142!",
    ],
)
def test_a_phone_number_is_found_in_any_writing(text: str) -> None:
    contact = read_contact(text, "US")
    assert (contact.kind, contact.value, contact.shown) == ("phone", "+15550100142", "ending in 0142")


def test_a_number_of_the_right_length_is_taken_and_marked_when_no_network_has_it() -> None:
    assert read_contact("555 010 0142", "US").valid is False
    assert read_contact("(212) 736-5000", "US").valid is True


@pytest.mark.parametrize("text", ["+44 20 7946 0958", "0044 20 7946 0958", "00442079460958"])
def test_a_number_from_abroad_keeps_its_country(text: str) -> None:
    assert read_contact(text, "US").value == "+442079460958"


def test_a_number_without_country_code_is_one_of_the_clinic_s_country() -> None:
    assert read_contact("020 7946 0958", "GB").value == "+442079460958"


@pytest.mark.parametrize(
    "text",
    ["", "no", "555-0142", "12345", "1234567890123456", "12/03/2026", "2026-12-03", "2 to 4", "@"],
)
def test_what_cannot_be_called_or_written_to_is_no_contact(text: str) -> None:
    assert read_contact(text, "US") is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("you can reach me at jo@example.com", "jo@example.com"),
        ("JO.Doe+x@Example.COM.", "JO.Doe+x@example.com"),
        ("jo@gmail,com", "jo@gmail.com"),
        ("jo@gmail com", "jo@gmail.com"),
        ("jo @ gmail.com", "jo@gmail.com"),
        ("jo@gmail.com, thanks", "jo@gmail.com"),
        ("jo at example dot com", "jo@example.com"),
        ("dana dot lopez at example dot com", "dana.lopez@example.com"),
        ("mail jo.smith at gmail.com please", "jo.smith@gmail.com"),
        ("jo(at)example(dot)com", "jo@example.com"),
        ("2126991234@mail.example.com", "2126991234@mail.example.com"),
    ],
)
def test_an_e_mail_address_is_found_and_plain_slips_are_mended(text: str, address: str) -> None:
    contact = read_contact(text, "US")
    assert (contact.kind, contact.value) == ("email", address)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("jo@gmail.con", "jo@gmail.com"), ("jo@gmial.com", "jo@gmail.com"), ("jo@hotmal.com", "jo@hotmail.com"),
     ("jo@work-place.con", "jo@work-place.com")],
)  # fmt: skip
def test_a_doubtful_address_is_kept_as_written_with_a_suggestion(written: str, meant: str) -> None:
    contact = read_contact(written, "US")
    assert (contact.value, contact.suggestion) == (written, meant)


@pytest.mark.parametrize("address", ["jo@gmail.com", "jo@example.com", "jo@mail.com", "jo@hotmail.co.uk"])
def test_a_sound_address_gets_no_suggestion(address: str) -> None:
    assert read_contact(address, "US").suggestion is None


@pytest.mark.parametrize(
    "text", ["reach me at larkspur.com", "call me at 5pm", "jo@", "@example.com", "jo@example"]
)
def test_a_place_or_half_an_address_is_no_address(text: str) -> None:
    assert read_contact(text, "US") is None


def test_a_phone_and_an_address_together_are_both_found() -> None:
    found = read_contacts("jo@example.com or 555 010 0142", "US")
    assert [contact.kind for contact in found] == ["phone", "email"]


def test_what_is_read_back_is_masked_and_the_repr_shows_nothing() -> None:
    assert mask("dana@example.com") == "d***@example.com"
    assert mask("+15550100142") == "ending in 0142"
    assert "0142" not in repr(read_contact("555 010 0142", "US"))


def test_words_beside_a_contact_are_left_for_the_name() -> None:
    assert without_contacts("Dana, 555 010 0142, dana@example.com").split(",")[0] == "Dana"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Dana", "Dana"),
        ("dana", "Dana"),
        ("I'm Dana", "Dana"),
        ("im dana", "Dana"),
        ("my name is dana lopez", "Dana Lopez"),
        ("my name\u2019s Dana", "Dana"),
        ("it's Dana btw", "Dana"),
        ("DANA LOPEZ", "Dana Lopez"),
        ("Sure, it's Dana Lopez.", "Dana Lopez"),
        ("hi dana here", "Dana"),
        ("this is Tom", "Tom"),
        ("you can call me Dee", "Dee"),
        ("just dana", "Dana"),
        ("dana is my name", "Dana"),
        ("I'm Tom, nice to meet you", "Tom"),
        ("Dana, 555 010 0142", "Dana"),
        ("Dr. Dana Smith", "Dana Smith"),
        ("anne-marie o'neil", "Anne-Marie O'Neil"),
        ("Jos\u00e9", "Jos\u00e9"),
        ("Zo\u00eb van der Berg", "Zo\u00eb van der Berg"),
        ("\u674e\u96f7", "\u674e\u96f7"),
        ("Anh Do", "Anh Do"),
        ("J.R. Smith", "J.R. Smith"),
        ("Maria del Carmen Garcia Lopez", "Maria del Carmen Garcia Lopez"),
        ("will", "Will"),
        ("May", "May"),
        ("Tia", "Tia"),
        ("Dana Graves", "Dana Graves"),
        ("I'm Sterling", "Sterling"),
    ],
)
def test_a_name_is_read_from_the_ways_people_give_it(text: str, name: str) -> None:
    assert read_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "no", "none of your business", "why?", "Dana?", "45", "I'm 45", "skip", "idk", "anonymous",
        "not telling", "I'd rather not say", "prefer not to", "yes", "ok", "hi", "I'm not sure", "botox",
        "I'm pregnant", "I'm Pregnant", "I'm breastfeeding", "I have lupus", "lupus", "I take eliquis",
        "Eliquis",
        "myasthenia gravis", "kidney disease", "sore throat", "high blood pressure", "my face is swollen",
        "I'm feeling dizzy", "what is this", "can I book", "book me in", "Dana and I have a question",
        "my name isnt Dean", "my name is not Dean", "it's for my sister", "/restart", "x" * 61, "how much is it", "I'm nervous", "I am", "555 010 0142",
    ],
)  # fmt: skip
def test_what_is_no_name_is_refused(text: str) -> None:
    assert read_name(text) is None


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read_without_an_error(text: str) -> None:
    name = read_name(text)
    assert name is None or 0 < len(name) <= 60
    for contact in read_contacts(text, "US"):
        assert contact.kind in ("phone", "email") and contact.value and contact.shown
