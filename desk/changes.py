"""What somebody wants done with a request: another time, no visit at all, or to leave it as it is."""

from __future__ import annotations

import re
from typing import Optional

CANCEL, MOVE, KEEP = "cancel", "move", "keep"

MAX_TEXT = 400
"""Characters that are read."""

_NOT = r"(?:do(?:es)?n'?t|do not|not|never)"
_KEEP = re.compile(
    rf"\b(?:keep|leave (?:it|that|everything)|as it is|nothing|never ?mind|nvm|{_NOT} (?:want to )?(?:cancel|change|move)"
    rf"|(?:is|that'?s|it'?s) (?:fine|good|right|ok(?:ay)?))\b",
    re.IGNORECASE,
)
_CANCEL = re.compile(
    rf"\b(?:cancel\w*|call(?:ing)? (?:it |that )?off|delete (?:it|my (?:booking|request|appointment))|release|bail"
    rf"|off (?:the|your) calendar|drop (?:it|my)|give it a miss|{_NOT} need (?:it|the|my)|(?:won'?t|will not) be needing"
    rf"|changed my mind|take (?:it|my \w+) off|scrap|remove)\b",
    re.IGNORECASE,
)
_MOVE = re.compile(
    r"\b(?:re-?sch?edule\w*|resh\w*dule\w*|move|moving|change|changing|switch|swap|shift|push|postpone|put (?:it )?off"
    r"|(?:an)?other (?:time|day|date|week)|different (?:time|day|date)|new (?:time|date|slot)|rebook|bump"
    r"|bring .{0,20}forward|earlier|later|instead|(?:can'?t|cannot) (?:make|come|do))\b",
    re.IGNORECASE,
)
_TIME = re.compile(r"\b(?:to|for|on) (?:another|a different)\b", re.IGNORECASE)


def read_change(text: str) -> Optional[str]:
    """CANCEL, MOVE or KEEP; None where the words do not tell, such as "when is my appointment".

    "Change my mind, cancel it" is a cancellation; "cancel Friday and give me another day" is a move.
    """
    text = text[:MAX_TEXT].replace("\u2019", "'")
    if _KEEP.search(text):
        return KEEP
    if _CANCEL.search(text):
        moves = re.search(r"\b(?:another|different|new) (?:time|day|date|slot)\b|\bre-?(?:book|schedule)\b", text, re.I)
        return MOVE if moves or _TIME.search(text) else CANCEL
    return MOVE if _MOVE.search(text) else None
