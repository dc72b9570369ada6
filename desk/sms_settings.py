"""Settings of the text-message channel, read from the environment once, when first asked for.

All of the first four, or none: without them the channel is off.

| variable | meaning | default |
|---|---|---|
| TWILIO_ACCOUNT_SID | the account: AC and 32 characters | unset |
| TWILIO_AUTH_TOKEN | its secret; signs what comes in | unset |
| TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID | the clinic's number (+15550100142), or MG and 32 characters | unset |
| PUBLIC_URL | address under which the provider reaches the bot (desk/web_settings.py) | unset |
| TWILIO_API_BASE | another address of the provider's interface, for a sandbox | https://api.twilio.com |
| SMS_PROVIDER_ANSWERS_STOP | the provider answers STOP, START and HELP itself, as Twilio does by default | 1 |
| SMS_PER_SECOND | texts sent a second; 0: as fast as they come (a messaging service queues by itself) | 1, or 0 with a service |
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Mapping, Optional
from urllib.parse import urlsplit

from desk.settings import BadSetting
from desk.web_settings import is_loopback, read_web_settings

API = "https://api.twilio.com"
_NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_ON, _OFF = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_GROUP = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM", "TWILIO_MESSAGING_SERVICE_SID")


@dataclass(frozen=True)
class SmsSettings:
    """Checked settings.

    Attributes:
        account: Account at the provider.
        token: Its secret.
        public_url: Address of the bot as the provider sees it, without a slash at its end.
        sender: Number that texts come from (E.164), or None with a service.
        service: Messaging service, or None.
        api_base: Address of the provider's interface.
        provider_answers_stop: STOP, START and HELP are answered by the provider.
        per_second: Texts sent a second; 0 for no limit.
    """

    account: str
    token: str = field(repr=False)
    public_url: str
    sender: Optional[str] = None
    service: Optional[str] = None
    api_base: str = API
    provider_answers_stop: bool = True
    per_second: float = 1.0


def read_sms_settings(environ: Mapping[str, str]) -> Optional[SmsSettings]:
    """Check the settings of one environment; None when text messages are off.

    Raises:
        BadSetting: For the first value that is missing or cannot be used.
    """
    given = {name: environ.get(name, "").strip() for name in _GROUP}
    if not any(given.values()):
        return None
    account, token, sender, service = (given[name] for name in _GROUP)
    whole = "set it, or unset every TWILIO_ variable to have no text messages"
    if not re.fullmatch(r"AC[0-9A-Za-z]{32}", account, re.ASCII):
        what = "is no account (AC and 32 characters)" if account else "is missing"
        raise BadSetting("TWILIO_ACCOUNT_SID", f"{what}; {whole}")
    if len(token) < 16:
        raise BadSetting("TWILIO_AUTH_TOKEN", f"{'is too short' if token else 'is missing'}; {whole}")
    if bool(sender) == bool(service):
        what = "and TWILIO_MESSAGING_SERVICE_SID are both set; keep one" if sender else f"is missing; {whole}"
        raise BadSetting("TWILIO_FROM", what)
    if sender and not _NUMBER.fullmatch(sender):
        raise BadSetting("TWILIO_FROM", "is no phone number; write for example +15550100142")
    if service and not re.fullmatch(r"MG[0-9A-Za-z]{32}", service, re.ASCII):
        raise BadSetting("TWILIO_MESSAGING_SERVICE_SID", "is no service (MG and 32 characters); correct it")
    public_url = read_web_settings(environ).public_url
    if public_url is None:
        raise BadSetting("PUBLIC_URL", "is missing, and text messages need it; write https://chat.clinic.example")
    return SmsSettings(
        account=account,
        token=token,
        public_url=public_url,
        sender=sender or None,
        service=service or None,
        api_base=_api_base(environ.get("TWILIO_API_BASE", "").strip()),
        provider_answers_stop=_switch(environ, "SMS_PROVIDER_ANSWERS_STOP", True),
        per_second=_pace(environ.get("SMS_PER_SECOND", "").strip(), 0.0 if service else 1.0),
    )


@lru_cache(maxsize=1)
def sms_settings() -> Optional[SmsSettings]:
    """This process's settings; None when text messages are off. `sms_settings.cache_clear()` reads them anew.

    Raises:
        BadSetting: For the first value that is missing or cannot be used.
    """
    return read_sms_settings(os.environ)


def _api_base(value: str) -> str:
    if not value:
        return API
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or parts.username:
        raise BadSetting("TWILIO_API_BASE", f"is no web address; unset it, or write for example {API}")
    if parts.scheme == "http" and not is_loopback(host):
        raise BadSetting("TWILIO_API_BASE", "must begin with https: texts must not travel in clear")
    return value.rstrip("/")


def _switch(environ: Mapping[str, str], variable: str, default: bool) -> bool:
    value = environ.get(variable, "").strip().lower()
    if value and value not in _ON + _OFF:
        raise BadSetting(variable, "is neither on nor off; write 1 or 0")
    return value in _ON if value else default


def _pace(value: str, default: float) -> float:
    if not value:
        return default
    try:
        pace = float(value)
    except ValueError:
        pace = -1.0
    if not 0 <= pace <= 1000:
        raise BadSetting("SMS_PER_SECOND", "is no number from 0 to 1000; write for example 1")
    return pace
