"""Reference codes: seven symbols that are easy to read out and spell no word."""

from __future__ import annotations

import re
import secrets
from typing import Optional

SYMBOLS = "23456789CFGHJMPQRVWX"
"""Twenty symbols without vowels and without pairs that look or sound alike (0/O, 1/I, B/8, S/5 …)."""

LENGTH = 7

_CODE = re.compile(rf"(?<![\w])([{SYMBOLS}]{{3}})[\s\-]?([{SYMBOLS}]{{4}})(?!\w)", re.IGNORECASE)


def new_reference() -> str:
    """A random code (1.2e9 possible), without its hyphen.

    It always holds a letter and a digit, so that it is never taken for a phone number or a word.
    """
    while True:
        code = "".join(secrets.choice(SYMBOLS) for _ in range(LENGTH))
        if _mixed(code):
            return code


def show_reference(code: str) -> str:
    """The code as people see it: XXX-XXXX."""
    return f"{code[:3]}-{code[3:]}"


def read_reference(text: str) -> Optional[str]:
    """The first reference code in free words, without its hyphen and in capitals; None when there is none."""
    for match in _CODE.finditer(text):
        code = (match.group(1) + match.group(2)).upper()
        if _mixed(code):
            return code
    return None


def _mixed(code: str) -> bool:
    return not code.isdigit() and not code.isalpha()
