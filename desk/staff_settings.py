"""Settings of the staff inbox, read from the environment once, when first asked for.

| variable | meaning | default |
|---|---|---|
| STAFF_URL | address under which staff open the inbox: https://inbox.clinic.example | http://localhost:5006 |
| INBOX_PORT | port on this machine | 5006 |
| STAFF_IDLE_MINUTES | minutes without a click after which staff must log in again (5 to 480) | 30 |
| STAFF_SESSION_HOURS | hours after which they must log in again in any case (1 to 24) | 12 |
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Mapping, Tuple
from urllib.parse import urlsplit

from desk.settings import BadSetting
from desk.web_settings import is_loopback

PORT = 5006


@dataclass(frozen=True)
class StaffSettings:
    """Checked settings.

    Attributes:
        url: Address of the inbox without a slash at its end.
        port: Port that the process listens on.
        idle: How long a login lasts without a click.
        longest: How long a login lasts in any case.
    """

    url: str = f"http://localhost:{PORT}"
    port: int = PORT
    idle: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=12)

    @property
    def secure(self) -> bool:
        """True when staff reach the inbox by https: the cookie then travels by nothing else."""
        return self.url.startswith("https://")

    @property
    def origins(self) -> Tuple[str, ...]:
        """Origins whose forms are taken: the inbox itself, on this machine under each of its names."""
        parts = urlsplit(self.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if not self.secure and is_loopback(parts.hostname or ""):
            port = f":{parts.port}" if parts.port else ""
            return (origin, f"http://localhost{port}", f"http://127.0.0.1{port}")
        return (origin,)


def read_staff_settings(environ: Mapping[str, str]) -> StaffSettings:
    """Check the settings of one environment.

    Raises:
        BadSetting: For the first value that cannot be used.
    """
    port = _number(environ, "INBOX_PORT", PORT, 1, 65535)
    return StaffSettings(
        url=_address(environ.get("STAFF_URL", "").strip() or f"http://localhost:{port}"),
        port=port,
        idle=timedelta(minutes=_number(environ, "STAFF_IDLE_MINUTES", 30, 5, 480)),
        longest=timedelta(hours=_number(environ, "STAFF_SESSION_HOURS", 12, 1, 24)),
    )


@lru_cache(maxsize=1)
def staff_settings() -> StaffSettings:
    """This process's settings. `staff_settings.cache_clear()` reads them anew.

    Raises:
        BadSetting: For the first value that cannot be used.
    """
    return read_staff_settings(os.environ)


def _number(environ: Mapping[str, str], variable: str, default: int, least: int, most: int) -> int:
    value = environ.get(variable, "").strip() or str(default)
    if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
        raise BadSetting(variable, f"is no number from {least} to {most}; write for example {default}")
    return int(value)


def _address(value: str) -> str:
    cure = "write for example https://inbox.clinic.example"
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise BadSetting("STAFF_URL", f"is no web address; {cure}") from None
    plain = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username or parts.password)
    if not plain or parts.scheme not in ("http", "https") or not re.fullmatch(r"[a-z0-9.-]+|[0-9a-f:]+", host, re.ASCII):
        raise BadSetting("STAFF_URL", f"is no web address without a path; {cure}")
    if parts.scheme == "http" and not is_loopback(host):
        raise BadSetting("STAFF_URL", f"must begin with https: what staff read must not travel in clear; {cure}")
    return value.rstrip("/")
