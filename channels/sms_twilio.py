"""Twilio, by its official client and validator."""

from __future__ import annotations

import asyncio
import logging
import re
from datetime import datetime, timedelta, timezone
from typing import Any, List, Mapping, Optional

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from channels.sms_provider import Delivered, NotSent, Received
from desk.sms_settings import SmsSettings

OPTED_OUT = 21610
SECONDS = 15.0
"""How long one request to Twilio may take."""

_LOOKED_AT = 50
_ID = re.compile(r"[A-Za-z0-9]{10,64}", re.ASCII)
_NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_STATUS = "/webhooks/sms/status"

# Twilio's client logs addresses and, at DEBUG, whole messages.
_silent = logging.getLogger("channels.sms_twilio.silent")
_silent.disabled = True


class _Http(AsyncTwilioHttpClient):
    """Tells when to try again; the client's own exception drops the header that says it."""

    async def request(self, *arguments: Any, **values: Any) -> Any:
        """One request (see parent class)."""
        answer = await super().request(*arguments, **values)
        if answer.status_code == 429 or answer.status_code >= 500:
            wait = str((answer.headers or {}).get("Retry-After") or "")
            # Whether a text was taken is in doubt after a 5xx: the failure may lie behind it.
            raise NotSent(
                str(answer.status_code),
                wait=float(wait) if wait.isascii() and wait.isdigit() else None,
                in_doubt=answer.status_code >= 500,
            )
        return answer


class Twilio:
    """One Twilio account (`channels.sms_provider.Provider`). Make it inside the running event loop's process."""

    acknowledgement = '<?xml version="1.0" encoding="UTF-8"?><Response/>'

    def __init__(self, settings: SmsSettings) -> None:
        self.settings = settings
        self.public_url = settings.public_url
        self.answers_stop = settings.provider_answers_stop
        self.per_second = settings.per_second
        self._validator = RequestValidator(settings.token)
        self._client: Optional[Client] = None

    def verify(self, url: str, headers: Mapping[str, str], form: Mapping[str, str]) -> bool:
        """True when Twilio signed this request to this address."""
        signature = headers.get("X-Twilio-Signature") or ""
        return bool(signature) and self._validator.validate(url, dict(form), signature)

    def read(self, form: Mapping[str, str]) -> Optional[Received]:
        """The message in a verified form; None without an id or from no telephone."""
        message_id, number = form.get("MessageSid") or form.get("SmsSid") or "", form.get("From") or ""
        if not _ID.fullmatch(message_id) or not _NUMBER.fullmatch(number):
            return None
        media = form.get("NumMedia") or "0"
        return Received(
            message_id,
            number,
            form.get("Body") or "",
            int(media) if media.isascii() and media.isdigit() and len(media) < 4 else 0,
            (form.get("OptOutType") or "").lower() or None,
        )

    def read_status(self, form: Mapping[str, str]) -> Optional[Delivered]:
        """Failures among the steps of a delivery."""
        message_id, status = form.get("MessageSid") or "", form.get("MessageStatus") or ""
        if not _ID.fullmatch(message_id) or status not in ("failed", "undelivered"):
            return None
        code = form.get("ErrorCode") or ""
        return Delivered(message_id, True, code if code.isascii() and code.isdigit() else "")

    async def send(self, number: str, text: str) -> str:
        """Send a text; Twilio's id. Raises NotSent."""
        source: Any = {"from_": self.settings.sender}
        if self.settings.service:
            source = {"messaging_service_sid": self.settings.service}
        message = await self._ask(
            self._messages().create_async(
                to=number, body=text, status_callback=f"{self.public_url}{_STATUS}", **source
            )
        )
        return str(message.sid)

    async def sent_lately(self, number: str, text: str, since: datetime) -> List[str]:
        """Ids of the texts with these words that Twilio took for this number. Raises NotSent."""
        found = await self._ask(self._messages().list_async(to=number, limit=_LOOKED_AT, page_size=_LOOKED_AT))
        since = since - timedelta(minutes=1)  # two clocks
        return [
            str(message.sid)
            for message in found
            if message.body == text and (message.date_created or datetime.now(timezone.utc)) >= since
        ]

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.http_client.close()
            self._client = None

    def _messages(self) -> Any:
        if self._client is None:
            self._client = Client(
                self.settings.account, self.settings.token, http_client=_Http(logger=_silent)
            )
            self._client.api.base_url = self.settings.api_base
        return self._client.api.v2010.account.messages

    @staticmethod
    async def _ask(work: Any) -> Any:
        """The result of a request, or NotSent. Twilio's own exceptions quote the request."""
        try:
            return await asyncio.wait_for(work, SECONDS)
        except NotSent:
            raise
        except TwilioRestException as error:
            code = str(error.code or error.status)
            # A token that was changed is the clinic's to put right; the texts wait for it.
            refused = error.status in (401, 403)
            raise NotSent(code, opted_out=error.code == OPTED_OUT, final=not refused) from None
        except aiohttp.ClientConnectorError:
            raise NotSent("connection") from None
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, TwilioException, ValueError):
            raise NotSent("no_answer", in_doubt=True) from None
