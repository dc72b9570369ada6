"""A pretend Twilio on this machine, for `make sms` and for tests: it takes texts, keeps them, signs webhooks.

It knows what matters here of the real one: the account's password, what is missing (21602, 21604), whom it
may not write to (21610), one refusal after another on demand, the list of messages, and the words STOP,
START and HELP, which it answers itself.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import threading
import urllib.error
import urllib.request
from collections import deque
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import Any, Deque, Dict, List, NamedTuple, Optional, Set, Tuple
from urllib.parse import urlencode

from aiohttp import web
from twilio.request_validator import RequestValidator

from desk.sms_settings import SmsSettings
from desk.sms_words import bare, provider_words

STOPPED = "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe."
STARTED = "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply."
HELPED = "Reply STOP to unsubscribe. Msg&Data Rates May Apply."


class Sent(NamedTuple):
    """One text to a phone. `own` is true for a reply of the provider itself."""

    id: str
    to: str
    body: str
    at: datetime
    own: bool = False


class FakeTwilio:
    """The server, in a thread of its own.

    Attributes:
        sent: Every text that reached a phone, oldest first.
        refusals: (status, code, Retry-After) that the next requests get, one each.
        opted_out: Numbers that may not be written to.
        tries: How many times somebody asked to send a text.
        pause: Seconds between taking a text and saying so.
    """

    def __init__(self, public_url: str, answers_stop: bool = True, per_second: float = 0, port: int = 0) -> None:
        """
        Args:
            public_url: Address of the bot; webhooks go there and are signed for it.
            answers_stop: STOP, START and HELP are answered here, as Twilio does by default.
            per_second: What the bot is told about pace.
            port: Where to listen; a free port when 0.
        """
        self.sent: List[Sent] = []
        self.refusals: Deque[Tuple[int, int, Optional[int]]] = deque()
        self.opted_out: Set[str] = set()
        self.tries = 0
        self.pause = 0.0
        self.answers_stop = answers_stop
        self._port = port
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._run, daemon=True).start()
        if not self._ready.wait(20):
            raise RuntimeError("the pretend Twilio did not start")
        self.settings = SmsSettings(
            account="AC" + secrets.token_hex(16),
            token=secrets.token_hex(16),
            public_url=public_url,
            sender="+15550100142",
            api_base=f"http://127.0.0.1:{self._port}",
            provider_answers_stop=answers_stop,
            per_second=per_second,
        )
        self.validator = RequestValidator(self.settings.token)

    # ---- The phone's side ----

    def form(self, number: str, text: Optional[str], media: int = 0, message_id: str = "", **more: str) -> Dict[str, str]:
        """The fields that Twilio posts for one incoming text; many are blank."""
        fields = {
            "ToCountry": "US", "ToState": "", "SmsMessageSid": "", "NumMedia": str(media), "ToCity": "",
            "FromZip": "", "SmsSid": "", "FromState": "", "SmsStatus": "received", "FromCity": "",
            "FromCountry": "US", "To": str(self.settings.sender), "ToZip": "", "NumSegments": "1",
            "MessageSid": message_id or "SM" + secrets.token_hex(16), "AccountSid": self.settings.account,
            "From": number, "ApiVersion": "2010-04-01", **more,
        }  # fmt: skip
        if text is not None:
            fields["Body"] = text
        for index in range(media):
            fields[f"MediaUrl{index}"] = f"{self.settings.api_base}/media/{secrets.token_hex(8)}"
            fields[f"MediaContentType{index}"] = "image/jpeg"
        fields["SmsSid"] = fields["SmsMessageSid"] = fields["MessageSid"]
        return fields

    def post(
        self, fields: Dict[str, str], signature: Optional[str] = None, path: str = "/webhooks/sms/incoming"
    ) -> int:
        """Post a webhook to the bot, rightly signed unless another signature is given; the HTTP status."""
        url = self.settings.public_url + path
        signed = self.validator.compute_signature(url, fields) if signature is None else signature
        request = urllib.request.Request(
            url,
            urlencode(fields).encode("ascii"),
            {"X-Twilio-Signature": signed, "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"},
        )
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return int(error.code)

    def text(self, number: str, text: str, media: int = 0) -> int:
        """Somebody sends a text to the clinic; the status of the webhook."""
        if self.answers_stop:
            self._answer_itself(number, bare(text))
        return self.post(self.form(number, text, media))

    def to(self, number: str) -> List[str]:
        """The texts that a phone got, the provider's own left out."""
        return [sent.body for sent in self.sent if sent.to == number and not sent.own]

    def _answer_itself(self, number: str, word: str) -> None:
        stop, start, help_words = provider_words()
        if word in stop:
            self.opted_out.add(number)
            self._keep(number, STOPPED, own=True)
        elif word in start and number in self.opted_out:
            self.opted_out.discard(number)
            self._keep(number, STARTED, own=True)
        elif word in help_words:
            self._keep(number, HELPED, own=True)

    # ---- The interface's side ----

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.run_forever()

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_post("/2010-04-01/Accounts/{account}/Messages.json", self._create)
        app.router.add_get("/2010-04-01/Accounts/{account}/Messages.json", self._list)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self._port)
        await site.start()
        self._port = runner.addresses[0][1]
        self._ready.set()

    def _keep(self, number: str, body: str, own: bool = False) -> Sent:
        sent = Sent("SM" + secrets.token_hex(16), number, body, datetime.now(timezone.utc), own)
        self.sent.append(sent)
        return sent

    def _is_ours(self, request: web.Request) -> bool:
        password = base64.b64encode(f"{self.settings.account}:{self.settings.token}".encode()).decode()
        ours = request.headers.get("Authorization") == f"Basic {password}"
        return ours and request.match_info["account"] == self.settings.account

    async def _create(self, request: web.Request) -> web.Response:
        self.tries += 1
        if not self._is_ours(request):
            return _refusal(401, 20003)
        if self.refusals:
            status, code, wait = self.refusals.popleft()
            return _refusal(status, code, wait)
        form = await request.post()
        number, body = str(form.get("To") or ""), str(form.get("Body") or "")
        if not number:
            return _refusal(400, 21604)
        if not body:
            return _refusal(400, 21602)
        if number in self.opted_out:
            return _refusal(400, 21610)
        sent = self._keep(number, body)
        await asyncio.sleep(self.pause)
        return web.json_response(self._shown(sent), status=201)

    async def _list(self, request: web.Request) -> web.Response:
        if not self._is_ours(request):
            return _refusal(401, 20003)
        number = request.query.get("To")
        found = [self._shown(sent) for sent in reversed(self.sent) if number in (None, sent.to)]
        page: Dict[str, Any] = {"messages": found, "page": 0, "page_size": 50, "next_page_uri": None}
        return web.json_response({**page, "uri": str(request.rel_url), "first_page_uri": str(request.rel_url)})

    def _shown(self, sent: Sent) -> Dict[str, Any]:
        when = format_datetime(sent.at)
        return {
            "sid": sent.id, "to": sent.to, "from": self.settings.sender, "body": sent.body, "status": "queued",
            "date_created": when, "date_sent": when, "date_updated": when, "direction": "outbound-api",
            "account_sid": self.settings.account, "num_segments": "1", "num_media": "0", "price": None,
            "error_code": None, "error_message": None, "api_version": "2010-04-01", "uri": "",
            "subresource_uris": {}, "price_unit": "USD", "messaging_service_sid": None,
        }  # fmt: skip


def _refusal(status: int, code: int, wait: Optional[int] = None) -> web.Response:
    body = {"code": code, "message": "refused", "more_info": "", "status": status}
    return web.json_response(body, status=status, headers={"Retry-After": str(wait)} if wait else None)
