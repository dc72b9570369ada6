"""The text-message channel, mounted by Rasa at `/webhooks/sms/`.

A webhook is checked for the provider's signature, kept in the inbox and acknowledged at once; the answer is
worked out and sent behind it. Without the settings of a provider the channel does not exist (404).
"""

from __future__ import annotations

import asyncio
from typing import Any, Awaitable, Callable, Dict, List, Optional, Tuple
from urllib.parse import parse_qsl

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from channels import deleting, metrics
from channels.connections import Guarded
from channels.incoming import FORM, Refused, read_body
from channels.phone import pretended
from channels.sms_provider import Delivered, Provider, Received
from channels.sms_replies import Replies
from channels.sms_sender import Sender, in_thread
from channels.sms_twilio import Twilio
from channels.turns import Turns, log_failure
from desk import sms_inbox, sms_outbox
from desk.database import Conflict, DeskUnavailable
from desk.sms_settings import SmsSettings, sms_settings

_KEYS = {"turn_limit"}
_MOST_FIELDS = 200


class SmsInput(InputChannel):
    """The clinic's number for texts."""

    @classmethod
    def name(cls) -> str:
        """Part of the channel's address, and its name in the tracker and in responses."""
        return "sms"

    def __init__(self, turn_limit: float = 10.0) -> None:
        """
        Args:
            turn_limit: Seconds after which a person gets `utter_unavailable` instead of waiting on.
        """
        self.turns = Turns(self.name(), turn_limit)
        self._made: Optional[Tuple[SmsSettings, Provider]] = None
        self._left: List[Provider] = []

    @classmethod
    def from_credentials(cls, credentials: Optional[Dict[str, Any]]) -> "SmsInput":
        """Built from `channels.sms.SmsInput:` in credentials.yml; the key `turn_limit` (10) is optional.

        Raises:
            RasaException: For a key that is not known.
        """
        unknown = sorted(set(credentials or {}) - _KEYS)
        if unknown:
            raise RasaException(f"credentials: channels.sms.SmsInput: {', '.join(unknown)}: not a key of this channel")
        return cls(**(credentials or {}))

    def provider(self) -> Optional[Provider]:
        """The provider of the settings; failing that, the pretend one of `make sms` while it runs; else None."""
        settings = sms_settings() or pretended()
        if settings is None:
            return None
        if self._made is None or self._made[0] != settings:
            if self._made is not None:
                self._left.append(self._made[1])
            self._made = (settings, Twilio(settings))
        return self._made[1]

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Guarded:
        """The channel's routes, and the two loops that answer and send."""
        bp = Guarded("sms")
        running: List["asyncio.Task[None]"] = []

        @bp.listener("after_server_start")
        async def start(app: Sanic, _: Any) -> None:
            deleting.start(app)
            sender = Sender(self.provider)
            replies = Replies(self.turns, self.provider, sender.wake)
            app.ctx.sms_replies = replies
            running.append(asyncio.ensure_future(sender.run()))
            running.append(asyncio.ensure_future(replies.run(lambda: getattr(app.ctx, "agent", None), on_new_message)))

        @bp.listener("before_server_stop")
        async def stop(app: Sanic, _: Any) -> None:
            for task in running:
                task.cancel()
            await app.ctx.sms_replies.close()
            for provider in [*self._left, *([self._made[1]] if self._made else [])]:
                await provider.close()

        async def verified(request: Request) -> Tuple[Provider, Dict[str, str]]:
            """The provider and the form it signed. Raises Refused."""
            provider = self.provider()
            if provider is None:
                raise Refused(404, "off")
            form = _form(await read_body(request, wanted=FORM))
            url = provider.public_url + request.path + (f"?{request.query_string}" if request.query_string else "")
            if not provider.verify(url, request.headers, form):
                raise Refused(403, "signature")
            return provider, form

        @bp.post("/incoming", stream=True)
        async def incoming(request: Request) -> HTTPResponse:
            try:
                provider, form = await verified(request)
                received = provider.read(form)
                if received is not None:
                    await self._keep(received)
                    request.app.ctx.sms_replies.wake.set()
            except Refused as refused:
                return _refused(refused)
            return response.text(provider.acknowledgement, content_type="text/xml; charset=utf-8")

        @bp.post("/status", stream=True)
        async def status(request: Request) -> HTTPResponse:
            try:
                provider, form = await verified(request)
                delivered = provider.read_status(form)
                if delivered is not None:
                    await self._note(delivered)
            except Refused as refused:
                return _refused(refused)
            return response.empty()

        return bp

    @staticmethod
    async def _keep(received: Received) -> None:
        """Into the inbox, before it is acknowledged. Raises Refused: the provider then sends it again."""
        words = received.wish or received.text  # the provider knows words for stopping of its own
        try:
            new = await in_thread(sms_inbox.receive, received.id, received.number, words, received.media)
        except (DeskUnavailable, Conflict) as error:
            log_failure("a text message could not be kept", error)
            raise Refused(503, "unavailable") from None
        if not new:
            metrics.count_refusal("sms", "copy")

    @staticmethod
    async def _note(delivered: Delivered) -> None:
        try:
            await in_thread(sms_outbox.not_delivered, delivered.id, delivered.code or "failed")
        except DeskUnavailable as error:
            log_failure("a failed delivery could not be kept", error)
            raise Refused(503, "unavailable") from None


def _form(raw: bytes) -> Dict[str, str]:
    """The fields of a form, blank ones too: they are signed like the others.

    Raises:
        Refused: 400 for what is no form.
    """
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except (UnicodeError, ValueError):
        raise Refused(400, "bad_message") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):  # which of two would be signed, and which be read?
        raise Refused(400, "bad_message")
    return fields


def _refused(refused: Refused) -> HTTPResponse:
    if refused.status != 404:
        metrics.count_refusal("sms", refused.code)
    return response.text("", status=refused.status)
