"""One request of a browser: who it is, whether the form is ours, and what every answer carries."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import traceback
from dataclasses import dataclass, field
from typing import Any, Awaitable, Callable, Mapping, Optional
from urllib.parse import parse_qsl, urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from desk.database import DeskUnavailable
from desk.sealing import CannotUnseal
from desk.staff import ADMIN, PROVIDER, Login, who_is
from desk.staff_settings import staff_settings
from staff.rendering import page

logger = logging.getLogger("staff")

LONGEST_FORM = 32_000
"""Bytes of a form; a note of the longest kind in the widest script fits."""

MAY = {"work": None, "review": (PROVIDER,), "administer": (ADMIN,)}
"""What a page needs → roles that have it; None: everybody who is logged in."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex, nofollow",
}


@dataclass
class Visit:
    """A request and who makes it.

    Attributes:
        login: None on the pages before the login.
        secret: What the form token of this browser is made from; None when it has none yet.
        form: Fields of a POST; empty otherwise.
    """

    request: Request
    login: Optional[Login] = None
    secret: Optional[str] = field(default=None, repr=False)
    form: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def user(self) -> str:
        """Name of the user who is logged in."""
        return self.login.username if self.login else ""

    def may(self, what: str) -> bool:
        """True when the user's role has a permission of `MAY`."""
        return self.login is not None and (MAY[what] is None or self.login.role in MAY[what])

    def show(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page."""
        return page(template, status, visit=self, token=form_token(self.secret or ""), **values)


Handler = Callable[[Visit], Response]


def endpoint(
    handler: Handler, need: str = "work", active: bool = True, login: bool = True, at_once: int = 0
) -> Callable[[Request], Awaitable[Response]]:
    """A handler that runs only for whom and in the way it may.

    Args:
        handler: Runs in a thread, since it waits for the database.
        need: Permission of `MAY`.
        active: False for what a page asks by itself, which must not keep a login alive.
        login: False for the pages before the login.
        at_once: At most so many of these at a time; more wait their turn without holding up anything else.
    """
    limiter = CapacityLimiter(at_once) if at_once else None

    async def answer(request: Request) -> Response:
        visit = Visit(request)
        try:
            return await _answer(visit, handler, need, active, login, limiter)
        except DeskUnavailable:
            logger.error("the database is not available")
            return visit.show("message.html", 503, what="unavailable")
        except CannotUnseal:
            logger.error("a stored value opens with none of the keys in DATA_KEY")
            return visit.show("message.html", 500, what="sealed")
        except Exception as error:  # noqa: BLE001  a traceback may hold what a person wrote
            place = traceback.extract_tb(error.__traceback__)[-1]
            logger.error("%s in %s:%s", type(error).__name__, place.name, place.lineno)
            return visit.show("message.html", 500, what="broken")

    return answer


async def _answer(
    visit: Visit, handler: Handler, need: str, active: bool, login: bool, limiter: Optional[CapacityLimiter]
) -> Response:
    request = visit.request
    token = request.cookies.get(cookie_name("staff"))
    if login:
        visit.login = await run_in_threadpool(who_is, token, active) if token else None
        if visit.login is None:
            return _to_login(visit, active)
        visit.secret = visit.login.token
    else:
        visit.secret = request.cookies.get(cookie_name("entry"))
    if request.method == "POST":
        if not _from_here(request):
            return visit.show("message.html", 403, what="origin")
        form = await _read_form(request)
        if form is None:
            return visit.show("message.html", 400, what="form")
        given = form.get("token", "")
        if not visit.secret or not hmac.compare_digest(given.encode(), form_token(visit.secret).encode()):
            return visit.show("message.html", 403, what="token")
        visit.form = form
    if login and not visit.may(need):
        return visit.show("message.html", 403, what="role")
    return await to_thread.run_sync(handler, visit, limiter=limiter)


def form_token(secret: str) -> str:
    """The token that each form of a login carries; another site can neither read nor make it."""
    return hmac.new(secret.encode("utf-8"), b"form of the inbox", hashlib.sha256).hexdigest() if secret else ""


def cookie_name(name: str) -> str:
    """With https the browser itself holds the cookie to this host, this path and https."""
    return f"__Host-{name}" if staff_settings().secure else name


def set_cookie(response: Response, name: str, value: str) -> None:
    """A cookie that no script reads and no other site's page sends along; gone when the browser closes."""
    response.set_cookie(
        cookie_name(name), value, path="/", httponly=True, samesite="strict", secure=staff_settings().secure
    )


def drop_cookie(response: Response, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(
        cookie_name(name), path="/", httponly=True, samesite="strict", secure=staff_settings().secure
    )


def new_secret() -> str:
    """For the forms of a browser that is not logged in."""
    return secrets.token_urlsafe(24)


def _to_login(visit: Visit, active: bool) -> Response:
    request = visit.request
    if not active or request.headers.get("accept", "").startswith("application/json"):
        return JSONResponse({"error": "login"}, 401)
    if request.method == "GET" and request.headers.get("sec-fetch-site") == "cross-site":
        # A link in a web mail: the browser kept the strict cookie back. Asked again from here it comes.
        return visit.show("opening.html", path=request.url.path)
    path = request.url.path if request.method == "GET" else "/"
    return RedirectResponse("/login" + (f"?next={path}" if path != "/" else ""), 303)


def _from_here(request: Request) -> bool:
    origin = request.headers.get("origin")
    return origin is not None and origin in staff_settings().origins


async def _read_form(request: Request) -> Optional[Mapping[str, str]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return None
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            return None
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=40, errors="strict")
    except ValueError:
        return None
    return {name: value.replace("\x00", "") for name, value in fields}


class Guard:
    """Around everything: a known host, and headers on every answer.

    A page of another site that points its own name at this machine has that name in `Host`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        settings = staff_settings()
        self.hosts = {urlsplit(settings.url).hostname, "localhost", "127.0.0.1", "::1"}
        self.headers = dict(HEADERS)
        if settings.secure:
            self.headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                have = {name.lower() for name, _ in message["headers"]}
                static = scope["path"].startswith("/static/")
                wanted = {**self.headers, "Cache-Control": "no-cache" if static else "no-store"}
                message["headers"] = list(message["headers"]) + [
                    (name.lower().encode(), value.encode())
                    for name, value in wanted.items()
                    if name.lower().encode() not in have
                ]
            await send(message)

        host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
        if _host_name(host) not in self.hosts:
            await Response("unknown host", 421)(scope, receive, with_headers)
            return
        await self.app(scope, receive, with_headers)


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
