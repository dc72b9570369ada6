"""The application: every address of the inbox and what it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from staff import account, admin, entries, pages
from staff.visit import Guard, Visit, endpoint

HERE = Path(__file__).resolve().parent
REQUEST, CALLBACK = "/requests/{reference:str}", "/callbacks/{number:int}"


def make_app() -> Starlette:
    """The inbox as an ASGI application.

    Raises:
        BadSetting: When a setting cannot be used.
        BrokenFile: When a file of the clinic is broken.
    """
    routes = [
        Route("/login", endpoint(account.login_page, login=False), methods=["GET"]),
        Route("/login", endpoint(account.login, login=False, at_once=2), methods=["POST"]),
        _post("/logout", account.logout),
        _get("/", pages.index),
        _post("/search", pages.search),
        Route("/pulse", endpoint(pages.pulse, active=False), methods=["GET"]),
        _get("/alerts/{number:int}", pages.alert_page),
        _post("/alerts/{number:int}/done", pages.alert_done),
        _get(REQUEST + "/card", entries.card_json),
        _post(REQUEST + "/review", entries.review, "review"),
        _post(REQUEST + "/time", entries.set_time),
        _get("/deliveries", admin.deliveries),
        _post("/deliveries/{number:int}/again", admin.try_again),
        _get("/opt-outs", admin.opt_outs),
        _get("/account", account.account_page),
        _post("/account", account.change_password),
        _get("/audit", admin.audit, "administer"),
        _get("/users", admin.users, "administer"),
        _post("/users", admin.add_user, "administer"),
        _post("/users/{username:str}", admin.change_user, "administer"),
        _get("/export", admin.export_page, "administer"),
        _post("/export", admin.export, "administer"),
        Route("/health", _health, methods=["GET"]),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]
    for path in (REQUEST, CALLBACK):
        routes += [
            _get(path, entries.detail),
            _post(path + "/status", entries.move),
            _post(path + "/notes", entries.add_note_to),
            _post(path + "/stop-texts", entries.stop_texts),
        ]
    return Starlette(routes=routes, middleware=[Middleware(Guard)], exception_handlers={404: _missing, 405: _missing})


def _get(path: str, handler: Any, need: str = "work") -> Route:
    return Route(path, endpoint(handler, need), methods=["GET"])


def _post(path: str, handler: Any, need: str = "work") -> Route:
    return Route(path, endpoint(handler, need), methods=["POST"])


async def _health(_request: Request) -> Response:
    return JSONResponse({"ok": True})


async def _missing(request: Request, error: Exception) -> Response:
    return await endpoint(lambda visit: Visit.show(visit, "message.html", 404, what="missing"))(request)
