"""What a browser may send: a body of bounded size, read in bounded time, that says one thing."""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from typing import Any, Dict, List, Optional, Union

from sanic.request import Request

from candidacy.listening import listen
from channels.turns import Incoming, log_failure
from desk.settings import today

LONGEST_TEXT = 10_000
LARGEST_BODY = 64 * 1024
BODY_SECONDS = 10.0
"""A body that drips in more slowly than this is not waited for."""

LISTENED_TO = 2_000
"""Characters from each end of an unwanted text that are still listened to for an emergency."""

_MESSAGE_ID = re.compile(r"[\w-]{1,64}", re.ASCII)


class Refused(Exception):
    """A request that is answered with an error.

    Attributes:
        status: HTTP status.
        code: Kind of refusal, as the page knows it (`error`).
        say: Response of the domain to say, if any.
        hint: What a developer should do.
        wait: Seconds after which it may be tried again, or None.
    """

    def __init__(
        self, status: int, code: str, say: Optional[str] = None, hint: str = "", wait: Optional[int] = None
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.say, self.hint, self.wait = status, code, say, hint, wait


JSON, FORM = "application/json", "application/x-www-form-urlencoded"


async def read_body(request: Request, needed: bool = True, wanted: str = JSON) -> bytes:
    """The body of a request with a streaming handler.

    Args:
        request: The request.
        needed: There must be one; else nothing at all is fine, whatever its type.
        wanted: Its media type.

    Raises:
        Refused: 415 for another type, 413 when it is too large, 408 when it comes too slowly.
    """
    kind = (request.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    other = kind != wanted
    if other and needed:
        raise Refused(415, "bad_type", hint=f"Content-Type: {wanted}")
    try:
        body = await asyncio.wait_for(_read(request), BODY_SECONDS)
    except asyncio.TimeoutError:
        _hang_up(request)
        raise Refused(408, "too_slow", hint="The message did not arrive in time.") from None
    if body and other:
        raise Refused(415, "bad_type", hint=f"Content-Type: {wanted}")
    return body


async def _read(request: Request) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream:
        size += len(chunk)
        if size > LARGEST_BODY:
            raise Refused(413, "too_long", say="utter_too_long")
        chunks.append(chunk)
    return b"".join(chunks)


def _hang_up(request: Request) -> None:
    """Close after the answer instead of waiting for the rest."""
    request.stream.keep_alive = False
    request.stream.request_body = None


def read_object(raw: bytes) -> Dict[str, Any]:
    """A JSON object.

    Raises:
        Refused: When it is none.
    """
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused(400, "bad_json", hint="Please send a JSON object.") from None
    if not isinstance(body, dict):
        raise Refused(400, "bad_json", hint="Please send a JSON object.")
    return body


def read_message(raw: bytes) -> Incoming:
    """What a `/message` body says: `{text | choice: int | choices: [int], offer?, id?}`.

    Raises:
        Refused: When it is not JSON, a type is wrong, or the text is empty or too long.
    """
    body = read_object(raw)
    message_id, offer = body.get("id"), body.get("offer")
    if message_id is not None and not (isinstance(message_id, str) and _MESSAGE_ID.fullmatch(message_id)):
        raise Refused(400, "bad_id", hint="id: up to 64 letters, digits, - and _.")
    if offer is not None and not isinstance(offer, str):
        raise Refused(400, "bad_offer", hint="offer: the id of the open buttons, as text.")
    given = [key for key in ("text", "choice", "choices") if body.get(key) is not None]
    if len(given) != 1:
        raise Refused(400, "bad_message", hint="Please send one of text, choice, choices.")
    value: Union[str, int, List[int]] = body[given[0]]
    if given[0] == "text":
        if not isinstance(value, str):
            raise Refused(400, "bad_message", hint="text: a string.")
        return _text(clean(value), message_id)
    picks = value if isinstance(value, list) else [value]
    if not 0 < len(picks) <= 100 or any(type(pick) is not int for pick in picks):
        raise Refused(400, "bad_message", hint="choice: an index; choices: a list of indexes.")
    return Incoming(picks=tuple(picks), offer=offer, id=message_id)


def _text(shown: str, message_id: Optional[str]) -> Incoming:
    if len(shown) > LONGEST_TEXT:
        # Too long to be read well, but never too long for an emergency.
        if not emergency_in(shown):
            raise Refused(413, "too_long", say="utter_too_long")
        shown = f"{shown[:LISTENED_TO]}\n{shown[-LISTENED_TO:]}"
    words = without_command(shown)
    if not any(char.isprintable() and not char.isspace() for char in words):
        raise Refused(200, "empty", say="utter_empty_message")
    return Incoming(text=words, shown=shown, id=message_id)


def clean(text: str) -> str:
    """Typed text without control characters and broken surrogates, which fail later."""
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc").strip()


def without_command(text: str) -> str:
    """Typed text that Rasa cannot take for a command: it reads a leading "/" as the name of an intent."""
    return re.sub(r"^[\s/]+", "", text)


def emergency_in(text: Optional[str]) -> Optional[str]:
    """The fixed words (a response's name) for an emergency in a text that would be turned away, or None.

    Only both ends of a long text are heard: a flood of long texts must not hold up everybody else.
    """
    if not text:
        return None
    if len(text) > 2 * LISTENED_TO:
        text = f"{text[:LISTENED_TO]}\n{text[-LISTENED_TO:]}"
    try:
        heard = [finding for finding in listen(text, today()) if finding.emergency]
    except Exception as error:  # noqa: BLE001  in doubt the bot, which has its own nets, shall see it
        log_failure("an unwanted text could not be listened to", error)
        return "utter_urgent"
    if not heard:
        return None
    return "utter_self_harm" if any(finding.self_harm for finding in heard) else "utter_urgent"
