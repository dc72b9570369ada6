"""Find a phone number or an e-mail address in free words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import List, Optional

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher, ValidationResult
from rapidfuzz.distance import DamerauLevenshtein

EXTENSION = ";ext="
"""Stands between a number and its extension, as in RFC 3966."""

MAX_TEXT = 500
"""Characters that are read; a contact stands in a short message."""

_MAIL_HOSTS = (
    "gmail.com googlemail.com yahoo.com ymail.com rocketmail.com hotmail.com outlook.com live.com msn.com "
    "icloud.com me.com mac.com aol.com proton.me protonmail.com gmx.com mail.com email.com "
    "comcast.net verizon.net att.net sbcglobal.net cox.net charter.net bellsouth.net "
    "yahoo.co.uk hotmail.co.uk btinternet.com"
).split()
_ENDINGS = {"con": "com", "cmo": "com", "ocm": "com", "comm": "com", "vom": "com", "xom": "com", "nte": "net"}

_LOCAL = r"[\w.!#$%&'*+/=?^`{|}~-]+"
_MAIL = re.compile(rf"{_LOCAL}\s?@\s?[\w-]+(?:\.[\w-]+)+")
_KNOWN_ENDING = r"(?:com|net|org|edu|gov|us|ca|co\.uk|uk|me|io)"
_NO_DOT = re.compile(
    rf"({_LOCAL})\s?@\s?([\w-]+)(?:\s?[,;]\s?|\s+\.?\s?|\s?\.\s)({_KNOWN_ENDING})\b", re.IGNORECASE
)
_SPELT = re.compile(
    rf"({_LOCAL}(?:\s+dot\s+[\w-]+)*)\s*(?:\(at\)|\[at\]|\bat\b)\s*"
    rf"([\w-]+(?:(?:\s*(?:\(dot\)|\[dot\]|\bdot\b)\s*|\.|,)[\w-]+)*"
    rf"(?:\s*(?:\(dot\)|\[dot\]|\bdot\b)\s*|[.,])(?:{_KNOWN_ENDING}|con))\b",
    re.IGNORECASE,
)
_DOT = re.compile(r"\s*(?:\(dot\)|\[dot\]|\bdot\b|,)\s*", re.IGNORECASE)
# "reach me at clinic.com": a place, not an address.
_NOT_LOCAL = frozenset("me us him her them it is am are be mail email text call look looking reach".split())
_DIGITS = re.compile(r"(?<![\w@])\+?\(?\d[\d\s().,_/-]{5,22}\d(?!\w)")


@dataclass(frozen=True)
class Contact:
    """How somebody can be reached. `repr` shows only the kind.

    Attributes:
        kind: phone or email.
        value: E.164, with ";ext=12" behind it where an extension was given; or the address.
        shown: Masked, to be read back: "ending in 0142", "ending in 0142 ext. 12", "j***@example.com".
        valid: False for a number of the right length that no network has given out; it is accepted.
        suggestion: The address that may have been meant ("gmail.con"), or None. Never put in by itself.
    """

    kind: str
    value: str = field(repr=False)
    shown: str = field(repr=False)
    valid: bool = True
    suggestion: Optional[str] = field(default=None, repr=False)


def read_contact(text: str, country: str) -> Optional[Contact]:
    """The first phone number in the words, else the first e-mail address, else None.

    Args:
        text: What the person wrote.
        country: ISO 3166 code of the clinic, for numbers without a country code.
    """
    found = read_contacts(text, country)
    return found[0] if found else None


def read_contacts(text: str, country: str) -> List[Contact]:
    """Every phone number and e-mail address in the words: phones first, each once."""
    text = text[:MAX_TEXT]
    emails = _emails(text)
    # Digits inside an address are no phone number.
    rest = _MAIL.sub(" ", text)
    contacts = _phones(rest, country) + emails
    return list({contact.value: contact for contact in contacts}.values())


def without_contacts(text: str) -> str:
    """The words without e-mail addresses and long runs of digits (for reading a name beside them)."""
    return _DIGITS.sub(" ", _NO_DOT.sub(" ", _MAIL.sub(" ", text[:MAX_TEXT])))


def mask(value: str) -> str:
    """A phone number or address in the short form that is safe to read back."""
    if "@" in value:
        local, _, host = value.rpartition("@")
        return f"{local[:1]}***@{host}"
    number, _, extension = value.partition(EXTENSION)
    return f"ending in {number[-4:]}" + (f" ext. {extension}" if extension else "")


def _phones(text: str, country: str) -> List[Contact]:
    matches = [m.number for m in PhoneNumberMatcher(text, country, leniency=Leniency.POSSIBLE)]
    if not matches:
        # Writings that the library does not know: 555_010_0142, 555,010,0142, 00 44 …
        for match in _DIGITS.finditer(text):
            try:
                matches.append(phonenumbers.parse(_plain(match.group()), country))
            except phonenumbers.NumberParseException:
                continue
    return [contact for contact in map(_phone, matches) if contact]


def _plain(digits: str) -> str:
    plain = re.sub(r"[^\d+]", "", digits)
    return "+" + plain[2:] if plain.startswith("00") else plain


def _phone(number: phonenumbers.PhoneNumber) -> Optional[Contact]:
    # A number without its area code cannot be called from the clinic.
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    value = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if number.extension:
        value += EXTENSION + number.extension
    return Contact("phone", value, mask(value), phonenumbers.is_valid_number(number))


def _emails(text: str) -> List[Contact]:
    written = [re.sub(r"\s", "", match.group()) for match in _MAIL.finditer(text)]
    if not written:
        written = [f"{m.group(1)}@{m.group(2)}.{m.group(3)}" for m in _NO_DOT.finditer(text)]
    if not written:
        for match in _SPELT.finditer(text):
            local = _DOT.sub(".", match.group(1))
            if local.lower() not in _NOT_LOCAL:
                written.append(f"{local}@{_DOT.sub('.', match.group(2))}")
    return [contact for contact in map(_email, written) if contact]


def _email(address: str) -> Optional[Contact]:
    try:
        checked = validate_email(address.strip(".'"), check_deliverability=False).normalized
    except EmailNotValidError:
        return None
    return Contact("email", checked, mask(checked), True, _suggestion(checked))


def _suggestion(address: str) -> Optional[str]:
    """The address with a well-known host, or a well-known ending, when it is a slip away from one."""
    local, _, host = address.rpartition("@")
    host = host.lower()
    if host in _MAIL_HOSTS:
        return None
    close = min(_MAIL_HOSTS, key=lambda known: DamerauLevenshtein.distance(host, known))
    if DamerauLevenshtein.distance(host, close) <= (1 if len(close) < 8 else 2):
        return f"{local}@{close}"
    stem, _, ending = host.rpartition(".")
    if ending in _ENDINGS:
        return f"{local}@{stem}.{_ENDINGS[ending]}"
    return None
