"""Settings of the public web face, read from the environment once, when first asked for.

| variable | meaning | default |
|---|---|---|
| PUBLIC_URL | address under which patients reach the bot: https://chat.clinic.example | unset: no private links |
| FRAME_ORIGINS | origins whose pages may show the chat, comma-separated | none |
| TRUSTED_PROXIES | addresses or networks whose X-Forwarded-For is believed, comma-separated | none |
| LINK_HOURS | hours that a private link from a text message works (1 to 168) | 48 |
| STAFF_REST | 1: Rasa's own REST channel for staff tests, on this machine only | 0 |
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Mapping, Optional, Tuple, Union
from urllib.parse import urlsplit

from desk.settings import BadSetting

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

ORIGIN = re.compile(r"https?://(?:\*\.)?[A-Za-z0-9.-]+(?::\d{1,5})?", re.ASCII)
"""An origin as Content-Security-Policy knows it; `*.` in front stands for every name below."""

_LONGEST_LINK_HOURS = 168
_ON, _OFF = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


@dataclass(frozen=True)
class WebSettings:
    """Checked settings.

    Attributes:
        public_url: Address without a slash at its end, or None.
        frame_origins: Origins whose pages may show the chat.
        trusted_proxies: Networks whose X-Forwarded-For is believed.
        link_hours: Hours that a private link works.
        staff_rest: Rasa's own REST channel is on.
    """

    public_url: Optional[str] = None
    frame_origins: Tuple[str, ...] = ()
    trusted_proxies: Tuple[Network, ...] = ()
    link_hours: int = 48
    staff_rest: bool = False


def read_web_settings(environ: Mapping[str, str]) -> WebSettings:
    """Check the settings of one environment.

    Raises:
        BadSetting: For the first value that cannot be used.
    """
    origins = _listed(environ, "FRAME_ORIGINS")
    if not all(ORIGIN.fullmatch(origin) for origin in origins):
        raise BadSetting("FRAME_ORIGINS", "names no origin; write for example https://clinic.example")
    try:
        proxies = tuple(ipaddress.ip_network(value) for value in _listed(environ, "TRUSTED_PROXIES"))
    except ValueError:
        raise BadSetting("TRUSTED_PROXIES", "names no address; write for example 127.0.0.1,10.0.0.0/8") from None
    hours = environ.get("LINK_HOURS", "").strip() or "48"
    if not (hours.isascii() and hours.isdigit() and 1 <= int(hours) <= _LONGEST_LINK_HOURS):
        raise BadSetting("LINK_HOURS", f"is no number of hours from 1 to {_LONGEST_LINK_HOURS}; write for example 48")
    rest = environ.get("STAFF_REST", "").strip().lower()
    if rest not in _ON + _OFF:
        raise BadSetting("STAFF_REST", "is neither on nor off; write 1, or unset it")
    return WebSettings(
        public_url=_public_url(environ.get("PUBLIC_URL", "").strip()),
        frame_origins=origins,
        trusted_proxies=proxies,
        link_hours=int(hours),
        staff_rest=rest in _ON,
    )


@lru_cache(maxsize=1)
def web_settings() -> WebSettings:
    """This process's settings. `web_settings.cache_clear()` reads them anew.

    Raises:
        BadSetting: For the first value that cannot be used.
    """
    return read_web_settings(os.environ)


def is_loopback(host: str) -> bool:
    """True for a name or address that only this machine can reach."""
    host = host.strip("[]").lower()
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listed(environ: Mapping[str, str], variable: str) -> Tuple[str, ...]:
    values = (value.strip().rstrip("/") if "://" in value else value.strip() for value in environ.get(variable, "").split(","))
    return tuple(value for value in values if value)


def _public_url(value: str) -> Optional[str]:
    if not value:
        return None
    cure = "write for example https://chat.clinic.example"
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise BadSetting("PUBLIC_URL", f"is no web address; {cure}") from None
    plain = not (parts.query or parts.fragment or parts.username or parts.password)
    if not plain or not re.fullmatch(r"[a-z0-9.-]+|[0-9a-f:]+", host, re.ASCII) or parts.scheme not in ("http", "https"):
        raise BadSetting("PUBLIC_URL", f"is no web address; {cure}")
    if parts.scheme == "http" and not is_loopback(host):
        raise BadSetting("PUBLIC_URL", f"must begin with https: what patients write must not travel in clear; {cure}")
    return value.rstrip("/")
