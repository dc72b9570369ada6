"""What holds for every reply of the bot, whatever the conversation is about."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping

from candidacy.screening import ANSWERS

GSM7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
CLAIMS = re.compile(
    r"\byou (?:do )?qualif|\bgood candidate|\bideal candidate|\bperfect candidate"
    r"|\byou(?:'re| are) (?:all )?(?:cleared|approved|eligible|good to go|fine|suitable)\b|\bapproved to\b"
    r"|\bsafe\b|\bsafely\b|\bguarantee|\bno risks?\b|\brisk[- ]free|\bno downtime\b|\bpain[- ]?free\b"
    r"|\b(?:treatment|appointment|visit|consultation|request) (?:is|has been) (?:now )?booked|\bconfirmed\b"
    r"|\bstop taking\b(?! it on)|\byou have (?:cancer|an infection)\b"
    r"|\byou (?:can|may) have the treatment\b|\bright for you\b(?<!whether the treatment is right for you)"
)
NOT_A_CLAIM = re.compile(r"\b(?:never|not|no one should|do not) (?:just )?stop taking\b|never (?:stop|safe)")
CLEAN = "Nothing you told me rules out a consultation"
BROKEN = ("utter_", "Traceback", "None", "null", "[]", "{", "}", "..  ", "Response", " .", " ,")
APOLOGY = "I cannot answer that right now"
QUESTIONS = ("q1_age", "q2_pregnancy", "q3_nerve_muscle", "q4_allergy", "q5_skin_today", "q6_medicines",
             "q7_recent_procedures", "q8_other_health")


def broken_manners(messages: List[Dict[str, Any]], slots: Mapping[str, Any]) -> List[str]:
    """What is wrong with the bot's messages of one turn, whoever reads them.

    Args:
        messages: The messages: {text, buttons, multi}.
        slots: The slots after this turn.
    """
    texts = [message["text"] for message in messages]
    found = [] if any(text.strip() for text in texts) else ["the bot said nothing"]
    found += ["an empty message" for text in texts if not text.strip()]
    for text in texts:
        found += [f"{mark!r} in {text!r}" for mark in BROKEN if mark in text]
        strange = sorted(set(text) - GSM7)
        if strange:
            found.append(f"characters that a text message cannot carry: {strange}")
        claim = CLAIMS.search(NOT_A_CLAIM.sub("", text).lower())
        if claim:
            found.append(f"a claim that only a provider may make: {claim.group()!r} in {text!r}")
        if APOLOGY in text:
            found.append("the bot gave up on this turn")
    found += _said_twice(texts)
    answers = [slots.get(slot) for slot in QUESTIONS]
    if CLEAN in "\n".join(texts) and not all(answer in ANSWERS[:2] for answer in answers):
        found.append(f"said that nothing rules out a consultation, though the answers are {answers}")
    return found


def _said_twice(texts: List[str]) -> List[str]:
    """Whole messages, and sentences of some length, that one turn repeats."""
    found = [f"said twice: {text!r}" for text in sorted(set(texts)) if texts.count(text) > 1]
    if found:
        return found
    sentences = [part.strip(" -") for text in texts for part in re.split(r"(?<=[.?!])\s+|\n", text)]
    long = [sentence for sentence in sentences if len(sentence) > 25]
    return [f"said twice: {sentence!r}" for sentence in sorted(set(long)) if long.count(sentence) > 1]
