"""What a log line may hold: never a text, a name, an id of a conversation, or a token; at any level.

Rasa quotes messages, slots and conversation ids in its debug lines, and any library's exception may
quote the data it failed on. So debug lines of others are cut down to their place, exceptions to their
type and places, and what still looks like an id, a token or a contact is masked.
"""

from __future__ import annotations

import logging
import re
import traceback
from typing import Any, Dict, MutableMapping

OURS = frozenset({"actions", "candidacy", "channels", "components", "desk", "staff", "__main__"})
MASK = "[…]"
OF_THE_CODE = (ImportError, SyntaxError, NameError, AttributeError)
"""Exceptions whose text is about the program, not about what it was given."""


_SHORT = re.compile(r"[\w.:/ -]{0,80}", re.ASCII)
_SAFE_KEYS = frozenset({"event", "level", "action_name", "action_extract_slot", "topic"})
_PERSONAL = re.compile(
    r"""
    eyJ[\w-]{8,}(?:\.[\w-]*)*               # a token
    | \b(?:web|sms|test|link)-[\w-]{16,}    # a conversation
    | \b[0-9a-f]{32,}\b                     # a conversation of Rasa's own, a keyed hash
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+          # an e-mail address
    | \+\d{9,15}\b | \(\d{3}\)\s?\d{3}-\d{4} | \b\d{3}[-.]\d{3}[-.]\d{4}\b
    """,
    re.VERBOSE | re.ASCII,
)


def install() -> None:
    """Apply to a process that runs Rasa. Call once, before Rasa sets up its logging."""
    from rasa.utils import log_utils

    log_utils._anonymizer = safe_event  # type: ignore[assignment]
    redact_records()


def redact_records() -> None:
    """Apply to a process with Python's own logging only."""
    make = logging.getLogRecordFactory()
    if getattr(make, "redacts", False):
        return

    def redacted(*arguments: Any, **values: Any) -> logging.LogRecord:
        return safe_record(make(*arguments, **values))

    redacted.redacts = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(redacted)


def safe_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Dict[str, Any]:
    """A structured log line of Rasa's (structlog) with the keys that can hold nothing personal."""
    kept: Dict[str, Any] = {}
    for key, value in event.items():
        plain = isinstance(value, (bool, int, float)) or value is None
        if plain or (key in _SAFE_KEYS and isinstance(value, str) and _SHORT.fullmatch(value)):
            kept[key] = value
    if "exc_info" in kept:  # its traceback would show local variables
        del kept["exc_info"]
    kept.setdefault("event", MASK)
    return kept


def safe_record(record: logging.LogRecord) -> logging.LogRecord:
    """A log record that holds nothing personal."""
    ours = record.name.partition(".")[0] in OURS
    # The event loop's warnings about slow callbacks show their arguments.
    if not ours and (record.levelno <= logging.DEBUG or record.name == "asyncio"):
        text = f"{record.module}:{record.lineno} {record.funcName}"
    else:
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001  a line that cannot be written is not worth a failure
            text = f"{record.module}:{record.lineno}"
    record.msg, record.args = _PERSONAL.sub(MASK, text), ()
    if record.exc_info:
        record.exc_text = _places(record.exc_info)
        record.exc_info = None
    return record


def _places(failure: Any) -> str:
    """Type and places of an exception; its text only when it is about the code."""
    if not isinstance(failure, tuple) or failure[1] is None:
        return ""
    frames = traceback.extract_tb(failure[2])
    lines = [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    kind = type(failure[1]).__name__
    told = f": {_PERSONAL.sub(MASK, str(failure[1]))}" if isinstance(failure[1], OF_THE_CODE) else ""
    return "\n".join([kind + told, *lines])
