"""What a reply says as a whole: yes, no, not sure, skip. The cue words stand in `data/clinic/answers.yml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

from candidacy.cues import cues
from candidacy.screening import NO, SKIPPED, UNSURE, YES

MOST_READ = 2000
"""So many characters of a reply are read; an answer stands long before."""

_LAPSE = re.compile(r"[^a-z0-9'/+ ]+")
_PARTS = re.compile(r"([.,;:!?\n()]+| - |\u2014|\u2013|(?<=[a-z]{2})/(?=[a-z]{2}))")
_NOES = ("no", "none", "nope", "nah", "neither", "nothing")
_YESES = ("yes", "yep", "yeah", "yup")
_SHORT = 6
_SIGNS = {"yes": "yes", "no": "no", "unsure": "not sure"}


@dataclass(frozen=True)
class Reading:
    """What a reply says, before anybody knows which question it answers.

    Attributes:
        yes, no, unsure, skipped: Which of these it says; several may be true.
        opening: The one it begins with, or None.
        whole: True for a no to the whole question, False for one to a single thing ("not pregnant").
        unless: Offset in the text from which something is taken out of the no ("no, but …"), or None.
        asks: True when part of it asks us something.
        empty: True when nothing but a question or small talk is left of it.
    """

    yes: bool = False
    no: bool = False
    unsure: bool = False
    skipped: bool = False
    opening: Optional[str] = None
    whole: bool = True
    unless: Optional[int] = None
    asks: bool = False
    empty: bool = False

    @property
    def value(self) -> Optional[str]:
        """The answer as a whole; None where it says nothing, both yes and no, or no to one thing only."""
        if self.skipped:
            return SKIPPED
        if self.opening == YES and not self.no:
            return YES
        if self.unsure:
            return UNSURE
        if self.yes == self.no:
            return None
        return YES if self.yes else NO if self.whole else None


def plain(text: str) -> str:
    """Lower-case words of a message with straight apostrophes and single spaces."""
    return " ".join(_LAPSE.sub(" ", _straight(text[:MOST_READ])).split())


def _straight(text: str) -> str:
    return text.lower().replace("\u2019", "'").replace("\u2018", "'")


def corrects(text: str) -> bool:
    """True when a message begins by taking back something said before; "actually, also …" only adds."""
    words, known = plain(text), cues()
    match = known.has(words, "corrects")
    if match is None or known.has(words, "adds"):
        return False
    before = _strip(words[: match.start()].strip())
    return not before or before in _NOES + _YESES


def without_correction(text: str) -> str:
    """The words behind "actually", "sorry, I meant" and the like; the whole text when it has none."""
    words = plain(text)
    match = cues().has(words, "corrects")
    return " ".join(text.split()[len(words[: match.end()].split()):]) if match else text


def reads_as_question(text: str) -> bool:
    """True when a message asks something by its form: a question mark, or how it begins."""
    return "?" in text or _begins_as_question(plain(text))


def _begins_as_question(words: str) -> bool:
    known = cues()
    if known.begins(words, "statement_starts"):
        return False
    match = known.begins(words, "question_starts")
    return match is not None and match.end() < len(words)


def polarity(text: str) -> Optional[str]:
    """What a reply says as a whole: yes, no, unsure, skipped, or None when it says neither or both."""
    return read(text).value


def read(text: str) -> Reading:
    """Read a reply part by part; a part that asks us something says nothing."""
    known = cues()
    text = _in_words(text)
    whole = plain(text)
    if not whole or whole in known.words("small_talk"):
        return Reading(empty=True)
    parts = _parts(text)
    words, question = parts[0]
    if question and len(parts) == 1 and not known.begins(words, "skip", "start") and _whole(words):
        return Reading(unsure=True, opening=UNSURE)  # "no?" is a doubt
    if len(parts) > 1 and words in known.words("lead_ins"):
        # "Right, no": a filler, unless nothing else follows.
        rest = _read_parts(parts[1:], text)
        if rest.yes or rest.no or rest.unsure or rest.skipped or (rest.asks and rest.empty):
            return rest
    reading = _read_parts(parts, text)
    silent = not (reading.yes or reading.no or reading.unsure or reading.skipped or reading.asks)
    if silent and known.ends(whole, "no", "end"):
        return Reading(no=True, opening=NO, whole=True)  # "I'm a man of 62 so no"
    return reading


def _in_words(text: str) -> str:
    """A reply of nothing but signs, such as a thumb, in words; as it is when they do not agree."""
    if any(letter.isalnum() for letter in text):
        return text
    said = [word for key, word in _SIGNS.items() if any(sign in text for sign in cues().words("signs", key))]
    return said[0] if len(said) == 1 else text


def _read_parts(parts: Sequence[Tuple[str, bool]], text: str) -> Reading:
    known = cues()
    said: List[Tuple[str, bool]] = []
    asks, opening, statements, first = False, None, 0, True
    for words, question in parts:
        found = None if known.has(words, "asks") else _read_part(words, first)
        if (
            (question and not known.begins(words, "skip", "start"))
            or known.has(words, "asks")
            or (found is None and _begins_as_question(_strip(words)))
        ):
            asks = True
            found = _before_a_question(words) if first else None
            statements -= not found
        statements += 1
        if found:
            said += found
            opening = opening or (found[0][0] if first else None)
        first = first and not found and not _strip(words)
    if (
        asks
        and {value for value, _ in said} == {YES}
        and not known.begins(_strip(parts[0][0]), "yes", "start")
    ):
        # "Sure, how long does it take?" agrees to nothing that was asked.
        return Reading(asks=True, empty=True)
    values = [value for value, _ in said]
    return Reading(
        yes=YES in values,
        no=NO in values,
        unsure=UNSURE in values,
        skipped=SKIPPED in values,
        opening=opening,
        whole=any(goes_for_all for value, goes_for_all in said if value == NO),
        unless=_unless(text) if NO in values else None,
        asks=asks,
        empty=not statements,
    )


def _parts(text: str) -> List[Tuple[str, bool]]:
    """The parts of a message between its stops, each with whether a question mark follows."""
    pieces = _PARTS.split(_straight(text[:MOST_READ]))
    marks = pieces[1::2] + [""]
    return [(plain(piece), "?" in mark) for piece, mark in zip(pieces[::2], marks) if plain(piece)]


def _strip(words: str) -> str:
    """Without the words before an answer that change nothing."""
    known = cues()
    match = known.begins(words, "lead_ins")
    while match:
        words = words[match.end() :].strip()
        match = known.begins(words, "lead_ins")
    return words


def _bare(words: str) -> str:
    """Without the words behind an answer that change nothing."""
    known = cues()
    match = known.ends(words, "tails")
    while match and match.start() > 0:
        words = words[: match.start()].strip()
        match = known.ends(words, "tails")
    return words


def _whole(words: str) -> Optional[str]:
    """The answer that these words are as a whole, or None."""
    known = cues()
    for candidate in dict.fromkeys((words, _bare(words), _strip(words), _bare(_strip(words)))):
        for key, value in (("skip", SKIPPED), ("unsure", UNSURE), ("no", NO), ("yes", YES)):
            if candidate in known.words(key, "alone") or candidate in known.words(key, "start"):
                return value
    return None


def _read_part(words: str, first: bool) -> Optional[List[Tuple[str, bool]]]:
    """What one part says: (answer, whether it goes for the whole question) pairs; None for nothing."""
    known = cues()
    for key, value in (("skip", SKIPPED), ("unsure", UNSURE)):
        if known.has(words, key, "anywhere"):
            begins_yes = first and known.begins(_strip(words), "yes", "start")
            return [(YES, True), (value, True)] if begins_yes else [(value, True)]
    alone = _whole(words)
    if alone:
        return [(alone, True)]
    tail = words.split()[-1]
    if first:
        begun = _begins(_strip(words)) or _begins(words)
        if begun:
            # "no zorbax yes", "yeah nah": both.
            other = {NO: (_YESES, YES), YES: (_NOES, NO)}.get(begun[0])
            return [begun, (other[1], True)] if other and tail in other[0] else [begun]
    if len(words.split()) <= _SHORT and not known.begins(_strip(words), "no", "never"):
        if tail in _NOES:
            return [(NO, True)]
        if tail in _YESES and not first:
            return [(YES, True)]
    return None


def _before_a_question(words: str) -> Optional[List[Tuple[str, bool]]]:
    """The plain yes or no with which a question begins ("no and how long does it last?"), or None."""
    known = cues()
    words = _strip(words)
    for first, value in (
        (known.begins(words, "yes", "start"), YES),
        (re.match(r"(?:no|nope|nah|none)\b", words), NO),
    ):
        if first and _begins_as_question(_strip(words[first.end() :].strip())):
            return [(value, True)]
    return None


def _begins(words: str) -> Optional[Tuple[str, bool]]:
    """The answer with which these words begin."""
    known = cues()
    for key, value in (("skip", SKIPPED), ("unsure", UNSURE), ("yes", YES)):
        if known.begins(words, key, "start"):
            return value, True
    if known.begins(words, "no", "never"):
        return None
    if known.begins(words, "no", "start"):
        return NO, not known.has(words, "no", "dated")
    match = known.begins(words, "no", "narrow")
    if match is None:
        return None
    rest = words[match.end() :].strip()
    wide = (
        known.has(rest, "no", "whole")
        or known.ends(_bare(rest), "no", "whole_at_end")
        or (match.group() in _NOES and known.begins(rest, "no", "after_no"))
    )
    return NO, bool(wide) and not known.has(words, "no", "dated")


def _unless(text: str) -> Optional[int]:
    """Offset behind "but", where a reply goes on to name something; None when it does not."""
    known = cues()
    straight = _straight(text[:MOST_READ])
    match = known.has(straight, "no", "unless")
    if match is None:
        return None
    rest = straight[match.end() :]
    words = plain(rest)
    polite = not words or not _bare(_strip(words)) or _bare(_strip(words)) in known.words("tails")
    return None if polite or _whole(words) or reads_as_question(rest) or read(rest).empty else match.end()
