"""The letters of a text message: plain GSM-7, counted as a phone counts them."""

from __future__ import annotations

import re
from typing import List

import smsutil
from unidecode import unidecode

MOST_SEGMENTS = 3
"""Segments of one text; a longer one is split into several texts."""

_SPACE = re.compile(r"[ \t\u00a0]+")


def plain(text: str) -> str:
    """The text in letters that GSM-7 has: curly quotes, dashes and accents become plain, emoji go.

    One letter outside of it would more than halve what a segment holds.
    """
    text = _SPACE.sub(" ", text)
    letters = (letter if smsutil.is_valid_gsm(letter) else unidecode(letter) for letter in text)
    clean = "".join(letter for part in letters for letter in part if smsutil.is_valid_gsm(letter))
    lines = [_SPACE.sub(" ", line).strip() for line in clean.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def segments(text: str) -> int:
    """How many segments a text takes, in whatever letters it is written."""
    return len(smsutil.split(text).parts)


def fits(text: str) -> bool:
    """True when a text is GSM-7 and takes MOST_SEGMENTS at most."""
    return smsutil.is_valid_gsm(text) and segments(text) <= MOST_SEGMENTS


def packed(parts: List[str]) -> List[str]:
    """Parts of one reply, joined into as few texts as hold them.

    A part stays whole where it fits; a longer one is divided between sentences, else between words.
    """
    texts: List[str] = []
    for part in (plain(part) for part in parts):
        if part and texts and fits(f"{texts[-1]}\n\n{part}"):
            texts[-1] = f"{texts[-1]}\n\n{part}"
        elif part:
            texts += _divided(part)
    return texts


def _divided(text: str) -> List[str]:
    texts: List[str] = []
    while text and not fits(text):
        # The longest beginning that fits, ended at a line, else a sentence, else a word, else anywhere.
        most = next(size for size in range(min(len(text), 500), 0, -1) if fits(text[:size]))
        ends = [text.rfind(mark, 0, most + 1) for mark in ("\n", ". ", "? ", "! ")]
        end = max(ends)
        end = end + 1 if end > most // 3 else text.rfind(" ", 0, most + 1)
        end = end if end > most // 3 else most
        texts.append(text[:end].strip())
        text = text[end:].strip()
    return texts + [text] if text else texts
