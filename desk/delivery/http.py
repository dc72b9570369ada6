"""HTTP as all adapters speak it: bounded in time and size, no redirects, no proxies, quiet."""

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, AsyncIterator, Tuple

import httpx

from desk.delivery.failures import FAILED, UNREACHABLE, DeliveryFailed

TIMEOUT = httpx.Timeout(10, connect=5)
"""Seconds of silence; the whole delivery has a limit of its own."""

LARGEST_ANSWER = 256 * 1024


@asynccontextmanager
async def client(**options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client for one delivery.

    Raises:
        DeliveryFailed: In the block, for everything that goes wrong on the way.
    """
    # A redirect could lead to plain http or to another host; the environment's proxies read what passes.
    try:
        options = {"timeout": TIMEOUT, "follow_redirects": False, "trust_env": False, "verify": _trusted(), **options}
        async with httpx.AsyncClient(**options) as made:
            yield made
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProtocolError) as error:
        raise DeliveryFailed(UNREACHABLE, type(error).__name__) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DeliveryFailed(FAILED, type(error).__name__) from None


async def status_of(made: httpx.AsyncClient, method: str, url: str, **options: Any) -> int:
    """Status of one request; the body is not waited for, since it says nothing that matters."""
    async with made.stream(method, url, **options) as response:
        return response.status_code


async def exchange(made: httpx.AsyncClient, method: str, url: str, **options: Any) -> Tuple[int, httpx.Headers, bytes]:
    """Status, headers and the beginning of the body of one request."""
    async with made.stream(method, url, **options) as response:
        body = b""
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > LARGEST_ANSWER:
                break
        return response.status_code, response.headers, body


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """Certificates are verified; reading the list of authorities each time would take longer than the rest."""
    return httpx.create_ssl_context(trust_env=False)
