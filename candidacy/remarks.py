"""What a message says beside an answer: go on, it is over, it is for somebody else, take that back."""

from __future__ import annotations

from candidacy.cues import cues
from candidacy.replies import plain


def goes_on(text: str) -> bool:
    """True when a message asks to take up again what was left: "can we continue"."""
    return cues().has(plain(text), "goes_on") is not None


def for_other(text: str) -> bool:
    """True when a message says plainly that the treatment is for somebody else."""
    return cues().has(plain(text), "for_other") is not None


def is_over(text: str) -> bool:
    """True when a message says that something has ended: "finished it in June"."""
    words, known = plain(text), cues()
    return known.has(words, "over") is not None or known.has(words, "still_not") is not None


def takes_back(text: str) -> bool:
    """True for a no that unsays something about the person, not only an offer: "no I'm not, kidding"."""
    words, known = plain(text), cues()
    return known.has(words, "takes_back") is not None and known.has(words, "no", "never") is None


def only_thanks(text: str) -> bool:
    """True for a whole reply such as "ok thx", which agrees to nothing."""
    return plain(text) in cues().words("thanks_only")
