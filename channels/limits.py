"""Who may call, and how often: origins, addresses, and limits with bounded memory."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from fnmatch import fnmatchcase
from typing import Iterable, Mapping, Optional, Sequence, Tuple
from urllib.parse import urlsplit

from channels.incoming import Refused
from desk.web_settings import Network, is_loopback

MOST_KEYS = 20_000
"""Callers remembered by one limit; the longest unseen is forgotten first."""


class Limit:
    """So many per minute for each caller: a bucket that fills steadily and holds `burst` at most."""

    def __init__(self, per_minute: float, burst: Optional[float] = None, most_keys: int = MOST_KEYS) -> None:
        """
        Args:
            per_minute: How many each caller may have, a minute.
            burst: How many at once; as many as a minute's when None.
            most_keys: Callers remembered.
        """
        self.rate = per_minute / 60
        self.burst = float(burst or per_minute)
        self.most_keys = most_keys
        self._left: "OrderedDict[str, Tuple[float, float]]" = OrderedDict()

    def __len__(self) -> int:
        return len(self._left)

    def forget(self) -> None:
        """Forget everybody, as a restart does."""
        self._left.clear()

    def wait(self, key: str, cost: float = 1.0, now: Optional[float] = None) -> int:
        """0 when the caller may go on; else whole seconds until then.

        Args:
            key: The caller.
            cost: How much this one takes of what is left, at most the burst.
            now: Seconds of a steady clock; the present moment when None.
        """
        now = time.monotonic() if now is None else now
        left, at = self._left.pop(key, (self.burst, now))
        left = min(left + (now - at) * self.rate, self.burst)
        cost = min(cost, self.burst)
        enough = left >= cost
        self._left[key] = (left - cost if enough else left, now)
        while len(self._left) > self.most_keys:
            self._left.popitem(last=False)
        return 0 if enough else max(math.ceil((cost - left) / self.rate), 1)

    def check(self, key: str, cost: float = 1.0) -> None:
        """Count one.

        Raises:
            Refused: 429 when there were too many.
        """
        seconds = self.wait(key, cost)
        if seconds:
            raise Refused(429, "too_fast", say="utter_too_fast", wait=seconds)


def check_origin(headers: Mapping[str, str], public_url: Optional[str], listed: Iterable[str]) -> None:
    """Refuse what another website's page sends.

    A request without an Origin comes from no page: every browser sends it with a POST.

    Args:
        headers: Headers of the request.
        public_url: Our own address, if it is set; else the Host header tells it.
        listed: Other origins that may call; `https://*.clinic.example` stands for every name below.

    Raises:
        Refused: 403.
    """
    origin = headers.get("Origin")
    if origin is None:
        if headers.get("Sec-Fetch-Site") == "cross-site":
            raise Refused(403, "origin", hint="This page may not call the chat.")
        return
    host = headers.get("Host") or ""
    ours = {f"http://{host}", f"https://{host}"} if not public_url or is_loopback(_name(host)) else set()
    if public_url:
        parts = urlsplit(public_url)
        ours.add(f"{parts.scheme}://{parts.netloc}")
    allowed = origin.lower() in {own.lower() for own in ours}
    if not allowed and not any(fnmatchcase(origin.lower(), one.lower()) for one in listed):
        raise Refused(403, "origin", hint="This page may not call the chat.")


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def caller(peer: Optional[str], forwarded: Optional[str], trusted: Sequence[Network]) -> str:
    """Whom a limit counts: the address of the socket, or the last hop that a trusted proxy names.

    An IPv6 household has a whole /64 to itself, so that is what counts.

    Args:
        peer: Address at the other end of the socket.
        forwarded: The X-Forwarded-For header.
        trusted: Networks whose header is believed.
    """
    address = _address(peer)
    if forwarded and address and _in(address, trusted):
        for hop in reversed(forwarded.split(",")):
            named = _address(hop)
            if named is None:
                break
            address = named
            if not _in(named, trusted):
                break
    if address is None:
        return "unknown"
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _address(value: Optional[str]) -> "ipaddress.IPv4Address | ipaddress.IPv6Address | None":
    try:
        address = ipaddress.ip_address((value or "").strip().strip("[]"))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _in(address: "ipaddress.IPv4Address | ipaddress.IPv6Address", networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
