"""The chat page's channel, mounted by Rasa at `/webhooks/web/`.

What the browser sends is checked here and nowhere trusted: the conversation comes from a signed token,
typed text is never a command, and a button is an index into what the bot has just offered.
"""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict, List, Optional, Union

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from candidacy import knowledge
from channels.page import WIDGET, about, page
from channels.session import SECRET_FILE, Sessions, read_or_make_secret
from channels.transcript import Collected, last_offer, open_offer, talk
from channels.turns import Incoming, Reply, Turns, log_failure

LONGEST_TEXT = 10_000
LARGEST_BODY = 64 * 1024

_MESSAGE_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.*-]+(:\d{1,5})?")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_KEYS = {"frame_origins", "turn_limit", "session_days"}


class Refused(Exception):
    """A request that is answered with an error: status, code, and the response to say, if any."""

    def __init__(self, status: int, code: str, say: Optional[str] = None, hint: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.say, self.hint = status, code, say, hint


class WebInput(InputChannel):
    """The website chat."""

    @classmethod
    def name(cls) -> str:
        """Part of the channel's address, and its name in the tracker and in responses."""
        return "web"

    def __init__(
        self,
        frame_origins: Optional[List[str]] = None,
        turn_limit: float = 10.0,
        session_days: float = 7.0,
        secret_file: Path = SECRET_FILE,
        read: Callable[[], knowledge.Knowledge] = knowledge.load,
    ) -> None:
        """
        Args:
            frame_origins: Origins besides our own whose pages may show the chat in a frame.
            turn_limit: Seconds after which a person gets `utter_unavailable` instead of waiting on.
            session_days: Days after which a session ends and the page opens a new one.
            secret_file: Where the session secret is kept when WEB_SESSION_SECRET is not set.
            read: Gives the clinic's knowledge.
        """
        self.frame_origins = list(frame_origins or [])
        for origin in self.frame_origins:
            if not isinstance(origin, str) or not _ORIGIN.fullmatch(origin):
                raise RasaException(
                    f"credentials: frame_origins: {origin!r} is no origin like https://clinic.example"
                )
        self.turns = Turns(self.name(), turn_limit)
        self.session_days = session_days
        self.secret_file = secret_file
        self.read = read

    @classmethod
    def from_credentials(cls, credentials: Optional[Dict[str, Any]]) -> "WebInput":
        """Built from `channels.web.WebInput:` in credentials.yml; all keys are optional.

        frame_origins: list of origins whose pages may show the chat, e.g. [https://clinic.example]
        turn_limit: seconds before `utter_unavailable` (10)
        session_days: days a session lasts (7)

        Raises:
            RasaException: For a key that is not known or an origin that is none.
        """
        credentials = credentials or {}
        unknown = sorted(set(credentials) - _KEYS)
        if unknown:
            raise RasaException(
                f"credentials: channels.web.WebInput: {', '.join(unknown)}: not a key of this channel"
            )
        return cls(**credentials)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The channel's routes."""
        sessions = Sessions(read_or_make_secret(self.secret_file), self.session_days)
        bp = Blueprint("web")
        bp.static("/s", str(WIDGET), name="web_widget")

        @bp.middleware("response")
        async def headers(request: Request, answer: HTTPResponse) -> None:
            answer.headers["Content-Security-Policy"] = " ".join([_POLICY, *self.frame_origins])
            answer.headers["X-Content-Type-Options"] = "nosniff"
            answer.headers["Referrer-Policy"] = "no-referrer"
            static = "/s/" in request.path
            answer.headers["Cache-Control"] = "no-cache" if static else "no-store"

        def conversation_of(request: Request) -> str:
            conversation = sessions.conversation(request.headers.get("Authorization"))
            if conversation is None:
                raise Refused(401, "session", hint="This session is over. Open a new one.")
            return conversation

        @bp.get("/")
        async def chat_page(request: Request) -> HTTPResponse:
            if not request.path.endswith("/"):
                return response.redirect(request.path.rsplit("/", 1)[-1] + "/")
            return response.html(page(self.read()))

        @bp.get("/about")
        async def about_the_rules(request: Request) -> HTTPResponse:
            return response.json(about(self.read()))

        @bp.get("/health")
        async def health(request: Request) -> HTTPResponse:
            ready = request.app.ctx.agent.is_ready()
            return response.json({"status": "ok" if ready else "starting"}, 200 if ready else 503)

        @bp.post("/session", stream=True)
        async def open_session(request: Request) -> HTTPResponse:
            try:
                await _body(request)
            except Refused as refused:
                return _json(await self._refuse(request.app.ctx.agent, refused))
            return _json(await self._open(request.app.ctx.agent, sessions))

        @bp.get("/history")
        async def history(request: Request) -> HTTPResponse:
            try:
                conversation = conversation_of(request)
            except Refused as refused:
                return _json(await self._refuse(request.app.ctx.agent, refused))
            return _json(await self._history(request.app.ctx.agent, conversation))

        @bp.post("/message", stream=True)
        async def message(request: Request) -> HTTPResponse:
            agent = request.app.ctx.agent
            try:
                raw = await _body(request)
                conversation = conversation_of(request)
                incoming = read_message(raw)
            except Refused as refused:
                return _json(await self._refuse(agent, refused))
            return _json(await self.turns.take(agent, on_new_message, conversation, incoming))

        return bp

    async def _refuse(self, agent: Any, refused: Refused) -> Reply:
        body: Dict[str, Any] = {"error": refused.code, "messages": []}
        if refused.hint:
            body["hint"] = refused.hint
        if refused.say:
            body["messages"] = await self.turns.say(agent, refused.say, "web")
        return Reply(refused.status, body)

    async def _open(self, agent: Any, sessions: Sessions) -> Reply:
        """A new session with the greeting said and kept in its tracker."""
        token, conversation = sessions.issue()
        self.turns.talk(conversation, new=True)
        spoken = Collected(self.name())
        try:
            # action_listen after it: Rasa's rules answer the first message only when the bot was listening.
            for action in ("utter_greet", "action_listen"):
                act = agent.execute_action(conversation, action, spoken, None, 1.0)
                await asyncio.wait_for(act, self.turns.limit)
            if not spoken.messages:
                raise RuntimeError("no greeting")
        except Exception as error:  # noqa: BLE001  the page must get an answer
            log_failure("a session could not be opened", error)
            return await self.turns.unavailable(agent, conversation, [], 503)
        offer = last_offer(spoken.messages)
        return Reply(
            200, {"token": token, "messages": spoken.public(), "open": offer.public() if offer else None}
        )

    async def _history(self, agent: Any, conversation: str) -> Reply:
        """The whole talk; waits for a turn that is still running, so that its answer is there."""
        memory = self.turns.talk(conversation)
        try:
            await asyncio.wait_for(memory.lock.acquire(), self.turns.limit)
            memory.lock.release()
        except asyncio.TimeoutError:
            pass
        try:
            tracker = await agent.tracker_store.retrieve_full_tracker(conversation)
        except Exception as error:  # noqa: BLE001
            log_failure("a talk could not be read", error)
            return await self.turns.unavailable(agent, conversation, [], 503)
        memory.late = []
        offer = open_offer(tracker)
        return Reply(200, {"messages": talk(tracker), "open": offer.public() if offer else None})


def read_message(raw: bytes) -> Incoming:
    """What a `/message` body says: `{text | choice: int | choices: [int], offer?, id?}`.

    Raises:
        Refused: When it is not JSON, a type is wrong, or the text is empty or too long.
    """
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused(400, "bad_json", hint="Please send a JSON object.") from None
    if not isinstance(body, dict):
        raise Refused(400, "bad_json", hint="Please send a JSON object.")
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
        shown = clean(value)
        if len(shown) > LONGEST_TEXT:
            raise Refused(413, "too_long", say="utter_too_long")
        words = without_command(shown)
        if not any(char.isprintable() and not char.isspace() for char in words):
            raise Refused(200, "empty", say="utter_empty_message")
        return Incoming(text=words, shown=shown, id=message_id)
    picks = value if isinstance(value, list) else [value]
    if not 0 < len(picks) <= 100 or any(type(pick) is not int for pick in picks):
        raise Refused(400, "bad_message", hint="choice: an index; choices: a list of indexes.")
    return Incoming(picks=tuple(picks), offer=offer, id=message_id)


def clean(text: str) -> str:
    """Typed text without control characters and broken surrogates, which fail later."""
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc").strip()


def without_command(text: str) -> str:
    """Typed text that Rasa cannot take for a command: it reads a leading "/" as the name of an intent."""
    return re.sub(r"^[\s/]+", "", text)


async def _body(request: Request) -> bytes:
    """The request's body, read no further than the limit."""
    chunks, size = [], 0
    async for chunk in request.stream:
        size += len(chunk)
        if size > LARGEST_BODY:
            raise Refused(413, "too_long", say="utter_too_long")
        chunks.append(chunk)
    return b"".join(chunks)


def _json(reply: Reply) -> HTTPResponse:
    return response.json(reply.body, status=reply.status)
