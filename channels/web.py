"""The chat page's channel, mounted by Rasa at `/webhooks/web/` and described by `openapi.json`.

What the browser sends is checked here and nowhere trusted: the conversation comes from a signed token,
typed text is never a command, and a button is an index into what the bot has just offered.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict, List, Optional

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from candidacy import knowledge
from channels import deleting, links, metrics
from channels.connections import Guarded
from channels.health import health
from channels.incoming import Refused, emergency_in, read_body, read_message, read_object
from channels.limits import Limit, caller, check_origin
from channels.page import about, add_pages
from channels.session import SECRET_FILE, Sessions, read_or_make_secret
from channels.transcript import Collected, last_offer, open_offer, talk
from channels.turns import Incoming, Reply, Turns, log_failure
from desk.database import DeskUnavailable
from desk.web_settings import ORIGIN, web_settings

DESCRIPTION = Path(__file__).with_name("openapi.json")

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_KEYS = {"frame_origins", "turn_limit", "session_days", "messages_a_minute"}
_FROM_ONE_ADDRESS = 8
"""Times as many messages as one talk may have: several people may share an address."""

_SESSIONS_A_MINUTE, _SESSIONS_AT_ONCE = 30, 60
_URGENT_A_MINUTE = 10
_LETTERS_A_MESSAGE = 1_000
"""A long text takes longer to understand, so it counts as several messages of its address."""


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
        messages_a_minute: float = 30,
        secret_file: Path = SECRET_FILE,
        read: Callable[[], knowledge.Knowledge] = knowledge.load,
    ) -> None:
        """
        Args:
            frame_origins: Origins besides our own (and FRAME_ORIGINS) whose pages may show the chat.
            turn_limit: Seconds after which a person gets `utter_unavailable` instead of waiting on.
            session_days: Days after which a session ends and the page opens a new one.
            messages_a_minute: Messages that one talk may send.
            secret_file: Where the session secret is kept when WEB_SESSION_SECRET is not set.
            read: Gives the clinic's knowledge.
        """
        self.frame_origins = [*(frame_origins or []), *web_settings().frame_origins]
        for origin in self.frame_origins:
            if not isinstance(origin, str) or not ORIGIN.fullmatch(origin):
                raise RasaException(
                    f"credentials: frame_origins: {origin!r} is no origin like https://clinic.example"
                )
        self.turns = Turns(self.name(), turn_limit)
        self.session_days = session_days
        self.secret_file = secret_file
        self.read = read
        self.talk_limit = Limit(messages_a_minute)
        self.urgent_limit = Limit(_URGENT_A_MINUTE)
        self.address_limit = Limit(messages_a_minute * _FROM_ONE_ADDRESS)
        self.session_limit = Limit(_SESSIONS_A_MINUTE, _SESSIONS_AT_ONCE)
        self.limits = (self.talk_limit, self.urgent_limit, self.address_limit, self.session_limit)

    @classmethod
    def from_credentials(cls, credentials: Optional[Dict[str, Any]]) -> "WebInput":
        """Built from `channels.web.WebInput:` in credentials.yml; all keys are optional.

        frame_origins: list of origins whose pages may show the chat, e.g. [https://clinic.example]
        turn_limit: seconds before `utter_unavailable` (10)
        session_days: days a session lasts (7)
        messages_a_minute: messages that one talk may send (30)

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
        bp = Guarded("web")
        add_pages(bp, self.read)

        @bp.middleware("response")
        async def headers(request: Request, answer: HTTPResponse) -> None:
            answer.headers.setdefault("Content-Security-Policy", " ".join([_POLICY, *self.frame_origins]))
            answer.headers["X-Content-Type-Options"] = "nosniff"
            answer.headers["Referrer-Policy"] = "no-referrer"
            answer.headers.setdefault("Cache-Control", "no-store")

        @bp.listener("after_server_start")
        async def know_intents(app: Sanic, _: Any) -> None:
            domain = getattr(getattr(app.ctx, "agent", None), "domain", None)
            metrics.know_intents(domain.intents if domain else ())
            deleting.start(app)

        async def conversation_of(request: Request) -> str:
            conversation = sessions.conversation(request.headers.get("Authorization"))
            if conversation is None or await deleting.is_over(conversation):
                raise Refused(401, "session", hint="This session is over. Open a new one.")
            return conversation

        async def answer(request: Request, work: Awaitable[Reply]) -> HTTPResponse:
            """The answer of `work`, or of the refusal it ends with."""
            wait = None
            try:
                reply = await work
            except Refused as refused:
                wait = refused.wait
                reply = await self._refuse(request.app.ctx.agent, refused)
            return response.json(
                reply.body, status=reply.status, headers={"Retry-After": str(wait)} if wait else None
            )

        @bp.get("/about")
        async def about_the_rules(request: Request) -> HTTPResponse:
            return response.json(about(self.read()))

        @bp.get("/openapi.json")
        async def description(request: Request) -> HTTPResponse:
            return await response.file(DESCRIPTION, mime_type="application/json")

        @bp.get("/health")
        async def fit_to_answer(request: Request) -> HTTPResponse:
            status, body = await health(getattr(request.app.ctx, "agent", None))
            return response.json(body, status=status)

        @bp.post("/session", stream=True)
        async def open_session(request: Request) -> HTTPResponse:
            async def work() -> Reply:
                self._check_origin(request)
                raw = await read_body(request, needed=False)
                link = read_object(raw).get("link") if raw else None
                self.session_limit.check(_caller(request))
                if link is not None:
                    return await self._go_on(request.app.ctx.agent, sessions, link)
                return await self._open(request.app.ctx.agent, sessions)

            return await answer(request, work())

        @bp.get("/history")
        async def history(request: Request) -> HTTPResponse:
            async def work() -> Reply:
                conversation = await conversation_of(request)
                self.address_limit.check(_caller(request))
                return await self._history(request.app.ctx.agent, conversation)

            return await answer(request, work())

        @bp.post("/message", stream=True)
        async def message(request: Request) -> HTTPResponse:
            async def work() -> Reply:
                self._check_origin(request)
                conversation = await conversation_of(request)
                incoming = read_message(await read_body(request))
                agent = request.app.ctx.agent
                urgent = await self._check_pace(request, conversation, incoming)
                if urgent:
                    return Reply(200, {"messages": await self.turns.say(agent, urgent, "web")})
                return await self.turns.take(agent, on_new_message, conversation, incoming)

            return await answer(request, work())

        return bp

    def _check_origin(self, request: Request) -> None:
        check_origin(request.headers, web_settings().public_url, self.frame_origins)

    async def _check_pace(self, request: Request, conversation: str, incoming: Incoming) -> Optional[str]:
        """Refuse what comes too fast, but never an emergency: that goes to the bot like any other message.

        When even those are too many: the fixed words (a response's name) to give without the bot.

        Raises:
            Refused: 429.
        """
        try:
            self.talk_limit.check(conversation)
            self.address_limit.check(_caller(request), 1 + len(incoming.text or "") // _LETTERS_A_MESSAGE)
            return None
        except Refused:
            loop = asyncio.get_running_loop()
            words = await loop.run_in_executor(None, emergency_in, incoming.text)
            if not words:
                raise
        return words if self.urgent_limit.wait(conversation) else None

    async def _refuse(self, agent: Any, refused: Refused) -> Reply:
        metrics.count_refusal(self.name(), refused.code)
        body: Dict[str, Any] = {"error": refused.code, "messages": []}
        if refused.hint:
            body["hint"] = refused.hint
        if refused.wait:
            body["retry_after"] = refused.wait
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

    async def _go_on(self, agent: Any, sessions: Sessions, link: Any) -> Reply:
        """A session for the conversation that a private link names; the page then asks for its history.

        Raises:
            Refused: 401 when the link is forged, over or used up.
        """
        found = sessions.linked(link) if isinstance(link, str) else None
        if found is None:
            raise Refused(401, "link", say="utter_link_over")
        conversation, end = found
        if await deleting.is_over(conversation):
            raise Refused(401, "link", say="utter_link_over")
        reply = await self._history(agent, conversation)
        if reply.status != 200:
            return reply
        try:
            left = await asyncio.get_running_loop().run_in_executor(None, links.use, link, end)
        except DeskUnavailable as error:
            log_failure("a private link could not be counted", error)
            return await self.turns.unavailable(agent, conversation, [], 503)
        if not left:
            raise Refused(401, "link", say="utter_link_over")
        token, _ = sessions.issue(conversation, web_settings().link_hours * 3600)
        return Reply(200, {"token": token, "messages": [], "open": reply.body["open"]})

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
        memory.late.pop(self.name(), None)
        offer = open_offer(tracker)
        return Reply(200, {"messages": talk(tracker), "open": offer.public() if offer else None})


def _caller(request: Request) -> str:
    return caller(request.ip, request.headers.get("X-Forwarded-For"), web_settings().trusted_proxies)
