"""Slow and malformed requests, which Sanic 21.12 alone would wait for or answer with an error of its own.

Its timeouts begin anew with every byte, so that one byte every few seconds keeps a connection for hours.
"""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

from sanic import Blueprint, Sanic
from sanic.exceptions import InvalidUsage
from sanic.request import Request

HEAD_SECONDS = 10.0
"""How long a new connection may take for the head of its first request."""

REQUEST_SECONDS = 30.0
"""How long after a head its body, the answer, the pause and the next head may take together."""

LARGEST_REQUEST = 2_000_000
"""Bytes of a body that are read and thrown away so that the refusal can be read; then the connection ends."""


class Guarded(Blueprint):
    """A blueprint that brings the limits to the server it is registered at, once."""

    def register(self, app: Sanic, options: Any) -> Any:
        """Sanic's hook; `app` is the server."""
        if not getattr(app.ctx, "guarded", False):
            app.ctx.guarded = True
            guard(app)
        return super().register(app, options)


def guard(app: Sanic, head: float = HEAD_SECONDS, whole: float = REQUEST_SECONDS) -> None:
    """Bound the time and size of every request of a server. Call before it starts.

    Args:
        app: The server.
        head: Seconds for a connection's first head.
        whole: Seconds from one head to the next.
    """
    app.config.REQUEST_TIMEOUT = int(head)
    app.config.RESPONSE_TIMEOUT = int(whole)
    app.config.REQUEST_MAX_SIZE = LARGEST_REQUEST
    timers: "WeakKeyDictionary[Any, asyncio.TimerHandle]" = WeakKeyDictionary()

    def end_after(seconds: float) -> None:
        # Sanic runs these handlers in the task of the connection.
        task = asyncio.current_task()
        stop(task)
        if task is not None:
            timers[task] = asyncio.get_running_loop().call_later(seconds, expire, task)

    def expire(task: "asyncio.Task[Any]") -> None:
        task.cancel()
        # The first time Sanic answers with an error and then waits for the rest of the body; not for ever.
        timers[task] = asyncio.get_running_loop().call_later(1, expire, task)

    def stop(task: Any) -> None:
        timer = timers.pop(task, None)
        if timer is not None:
            timer.cancel()

    async def begin(**_: Any) -> None:
        # Rasa sets its own two minutes after the blueprints; connections read it when they begin.
        app.config.KEEP_ALIVE_TIMEOUT = int(head)
        end_after(head)

    async def head_read(**_: Any) -> None:
        end_after(whole)

    async def complete(**_: Any) -> None:
        stop(asyncio.current_task())

    async def well_formed(request: Request, **_: Any) -> None:
        lengths = request.headers.getall("content-length", [])
        coding = request.headers.getall("transfer-encoding", [])
        # Two readings of one length are how requests are smuggled past a proxy.
        wrong = len(lengths) > 1 or (lengths and coding) or len(coding) > 1
        wrong = wrong or any(not (value.isascii() and value.isdigit()) for value in lengths)
        if wrong or any(value.lower() != "chunked" for value in coding):
            raise InvalidUsage("Bad Request")

    app.add_signal(begin, "http.lifecycle.begin")
    app.add_signal(head_read, "http.lifecycle.read_head")
    app.add_signal(well_formed, "http.lifecycle.request")
    app.add_signal(complete, "http.lifecycle.complete")
