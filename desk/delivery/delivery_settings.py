"""Where requests go: settings read from the environment once, when first asked for.

Each target is all or none: set every variable of its group, or none of them. README, "Where requests go".
Every message names the inbox by STAFF_URL (desk/staff_settings.py).

| variable | meaning | default |
|---|---|---|
| SMTP_URL | smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465; or the next five | unset |
| SMTP_HOST, SMTP_PORT, SMTP_USER, SMTP_PASSWORD, SMTP_TLS | the same in parts; SMTP_TLS: starttls, tls, none (loopback only) | starttls |
| MAIL_FROM, MAIL_TO | sender; staff addresses, comma-separated | unset |
| WEBHOOK_URL, WEBHOOK_SECRET | receiver; secret of 32 characters or more that signs each message | unset |
| CALDAV_URL, CALDAV_USER, CALDAV_PASSWORD | a calendar (collection) and its login | unset |
| FHIR_EXPORT | health-data: the screening leaves the desk in clear to FHIR_URL or FHIR_FOLDER | off |
| FHIR_URL, FHIR_TOKEN | base address of a FHIR R4B server; its bearer token if it wants one | unset |
| FHIR_FOLDER | or a folder that another system reads | unset |
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Mapping, Optional, Tuple
from urllib.parse import unquote, urlsplit

from desk.settings import ROOT, BadSetting
from desk.web_settings import is_loopback

TARGETS = ("email", "webhook", "caldav", "fhir")
"""Where a message may go; the names stand in `Delivery.target`."""

SHORTEST_SECRET = 32
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9.-]+|[0-9A-Fa-f:]+", re.ASCII)
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_CONSENT = "health-data"


@dataclass(frozen=True)
class Mail:
    """A mail server and who writes to whom. `tls` is starttls, tls or none."""

    host: str
    port: int
    tls: str
    sender: str
    recipients: Tuple[str, ...]
    user: Optional[str] = None
    password: Optional[str] = field(default=None, repr=False)


@dataclass(frozen=True)
class Webhook:
    """A receiver of signed messages."""

    url: str = field(repr=False)  # may hold a token
    secret: str = field(repr=False)


@dataclass(frozen=True)
class CalDav:
    """A calendar; `url` ends with a slash."""

    url: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Fhir:
    """A FHIR server or a folder."""

    url: Optional[str] = None
    token: Optional[str] = field(default=None, repr=False)
    folder: Optional[Path] = None


@dataclass(frozen=True)
class DeliverySettings:
    """Checked settings; a target that is not configured is None."""

    email: Optional[Mail] = None
    webhook: Optional[Webhook] = None
    caldav: Optional[CalDav] = None
    fhir: Optional[Fhir] = None

    @property
    def targets(self) -> Tuple[str, ...]:
        """Names of the configured targets."""
        return tuple(name for name in TARGETS if getattr(self, name) is not None)


def read_delivery_settings(environ: Mapping[str, str]) -> DeliverySettings:
    """Check the settings of one environment.

    Raises:
        BadSetting: For the first value that cannot be used.
    """
    given = {key: value.strip() for key, value in environ.items() if value.strip()}
    return DeliverySettings(_mail(given), _webhook(given), _caldav(given), _fhir(given))


@lru_cache(maxsize=1)
def delivery_settings() -> DeliverySettings:
    """This process's settings. `delivery_settings.cache_clear()` reads them anew.

    Raises:
        BadSetting: For the first value that cannot be used.
    """
    return read_delivery_settings(os.environ)


def _together(given: Mapping[str, str], names: Tuple[str, ...]) -> bool:
    """True when all of a group are set, False when none is."""
    missing = [name for name in names if name not in given]
    if missing and len(missing) < len(names):
        others = ", ".join(name for name in names if name in given)
        raise BadSetting(missing[0], f"is not set, but {others} is; set all of {', '.join(names)}, or none")
    return not missing


def _mail(given: Mapping[str, str]) -> Optional[Mail]:
    parts = ("SMTP_PORT", "SMTP_USER", "SMTP_PASSWORD", "SMTP_TLS")
    named = [name for name in ("SMTP_HOST", *parts) if name in given]
    if "SMTP_URL" in given and named:
        raise BadSetting("SMTP_URL", f"is set beside {named[0]}; use SMTP_URL or the single variables, not both")
    if named and "SMTP_HOST" not in given:
        raise BadSetting("SMTP_HOST", f"is not set, but {named[0]} is; set it, or unset the others")
    server = "SMTP_URL" if "SMTP_URL" in given else "SMTP_HOST"
    if not _together(given, (server, "MAIL_FROM", "MAIL_TO")):
        return None
    host, port, user, password, tls = _server(given) if server == "SMTP_HOST" else _server_url(given["SMTP_URL"])
    if bool(user) != bool(password):
        variable = server if server == "SMTP_URL" else "SMTP_PASSWORD" if user else "SMTP_USER"
        raise BadSetting(variable, "user and password go together; give both, or none")
    if tls == "none" and not is_loopback(host):
        raise BadSetting("SMTP_TLS" if server == "SMTP_HOST" else server, "only a server on this machine may go without TLS")
    recipients = tuple(part.strip() for part in given["MAIL_TO"].split(",") if part.strip())
    for variable, addresses in (("MAIL_FROM", (given["MAIL_FROM"],)), ("MAIL_TO", recipients)):
        if not addresses or not all(_ADDRESS.fullmatch(address) for address in addresses):
            raise BadSetting(variable, "is no e-mail address; write for example desk@clinic.example")
    return Mail(host, port, tls, given["MAIL_FROM"], recipients, user, password)


def _server(given: Mapping[str, str]) -> Tuple[str, int, Optional[str], Optional[str], str]:
    tls = given.get("SMTP_TLS", "starttls").lower()
    if tls not in _PORTS:
        raise BadSetting("SMTP_TLS", "is none of starttls, tls, none")
    if not _HOST.fullmatch(given["SMTP_HOST"]):
        raise BadSetting("SMTP_HOST", "is no host name; write for example smtp.clinic.example")
    port = given.get("SMTP_PORT", str(_PORTS[tls]))
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise BadSetting("SMTP_PORT", "is no port number; write for example 587")
    return given["SMTP_HOST"], int(port), given.get("SMTP_USER"), given.get("SMTP_PASSWORD"), tls


def _server_url(value: str) -> Tuple[str, int, Optional[str], Optional[str], str]:
    cure = "write for example smtp://user:password@smtp.clinic.example:587"
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadSetting("SMTP_URL", f"is no address of a mail server; {cure}") from None
    if parts.scheme not in ("smtp", "smtps") or not _HOST.fullmatch(host) or parts.path.strip("/") or parts.query:
        raise BadSetting("SMTP_URL", f"is no address of a mail server; {cure}")
    # smtp:// to this machine is plain, as a local relay speaks it; anywhere else STARTTLS is demanded.
    tls = "tls" if parts.scheme == "smtps" else "none" if is_loopback(host) else "starttls"
    user, password = (unquote(part) if part else None for part in (parts.username, parts.password))
    return host, port or _PORTS[tls], user, password, tls


def _webhook(given: Mapping[str, str]) -> Optional[Webhook]:
    if not _together(given, ("WEBHOOK_URL", "WEBHOOK_SECRET")):
        return None
    if len(given["WEBHOOK_SECRET"]) < SHORTEST_SECRET:
        cure = "make one with python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        raise BadSetting("WEBHOOK_SECRET", f"needs {SHORTEST_SECRET} characters or more; {cure}")
    url = _web_address("WEBHOOK_URL", given["WEBHOOK_URL"], "https://hooks.clinic.example/requests")
    return Webhook(url, given["WEBHOOK_SECRET"])


def _caldav(given: Mapping[str, str]) -> Optional[CalDav]:
    if not _together(given, ("CALDAV_URL", "CALDAV_USER", "CALDAV_PASSWORD")):
        return None
    cure = "https://cal.clinic.example/desk/requests/"
    url = _web_address("CALDAV_URL", given["CALDAV_URL"], cure, query=False)
    return CalDav(url.rstrip("/") + "/", given["CALDAV_USER"], given["CALDAV_PASSWORD"])


def _fhir(given: Mapping[str, str]) -> Optional[Fhir]:
    places = [name for name in ("FHIR_URL", "FHIR_FOLDER") if name in given]
    switch = given.get("FHIR_EXPORT", "").lower()
    if switch in ("", "off", "0", "no"):
        if places:
            cure = f"write FHIR_EXPORT={_CONSENT} if you mean it, or unset {places[0]}"
            raise BadSetting("FHIR_EXPORT", f"is off, and this export carries health data; {cure}")
        return None
    if switch != _CONSENT:
        raise BadSetting("FHIR_EXPORT", f"is neither off nor {_CONSENT}")
    if len(places) != 1:
        raise BadSetting("FHIR_URL", "set either FHIR_URL or FHIR_FOLDER, or unset FHIR_EXPORT")
    if places == ["FHIR_FOLDER"]:
        if "FHIR_TOKEN" in given:
            raise BadSetting("FHIR_TOKEN", "goes with FHIR_URL only; unset it")
        return Fhir(folder=ROOT / given["FHIR_FOLDER"])
    url = _web_address("FHIR_URL", given["FHIR_URL"], "https://fhir.clinic.example/r4b", query=False)
    return Fhir(url=url.rstrip("/"), token=given.get("FHIR_TOKEN"))


def _web_address(variable: str, value: str, example: str, query: bool = True) -> str:
    """An address that travels encrypted, or stays on this machine."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    bad = parts.fragment or parts.username or parts.password or (parts.query and not query)
    if bad or not _HOST.fullmatch(host) or parts.scheme not in ("http", "https") or not re.fullmatch(r"[!-~]+", value):
        raise BadSetting(variable, f"is no web address; write for example {example}")
    if parts.scheme == "http" and not is_loopback(host):
        raise BadSetting(variable, f"must begin with https; write for example {example}")
    return value
