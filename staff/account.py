"""Logging in and out, and one's own password."""

from __future__ import annotations

import re

from starlette.responses import RedirectResponse, Response

from desk.staff import BadUser, check_password, has_users, log_in, log_out, set_password
from staff.visit import Visit, cookie_name, drop_cookie, new_secret, set_cookie

_OWN_PATH = re.compile(r"/(?:[A-Za-z0-9-]+/?)*", re.ASCII)


def login_page(visit: Visit) -> Response:
    """The form; without any user it says which command makes one."""
    visit.secret = visit.secret or new_secret()
    response = visit.show("login.html", next=_own(visit.request.query_params.get("next")), wrong=False, users=has_users())
    set_cookie(response, "entry", visit.secret)
    return response


def login(visit: Visit) -> Response:
    """Name and password; a login always gets a token of its own, whatever the browser brought along."""
    there = _own(visit.form.get("next"))
    made = log_in(visit.form.get("username", ""), visit.form.get("password", ""))
    if made is None:
        return visit.show("login.html", 401, next=there, wrong=True, users=has_users())
    old = visit.request.cookies.get(cookie_name("staff"))
    if old:
        log_out(old)
    response = RedirectResponse(there, 303)
    set_cookie(response, "staff", made.token)
    drop_cookie(response, "entry")
    return response


def logout(visit: Visit) -> Response:
    """End the login on both sides."""
    if visit.login is not None:
        log_out(visit.login.token)
    response = RedirectResponse("/login", 303)
    drop_cookie(response, "staff")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def account_page(visit: Visit) -> Response:
    """One's own name, role and password."""
    return visit.show("account.html", problem=None, done=visit.request.query_params.get("done") == "1")


def change_password(visit: Visit) -> Response:
    """A new password for oneself; other browsers have to log in again."""
    old, new, again = (visit.form.get(name, "") for name in ("old", "new", "again"))
    problem = None
    if not check_password(visit.user, old):
        problem = "the present password is not right"
    elif new != again:
        problem = "the two new passwords are not the same"
    else:
        try:
            set_password(visit.user, new, visit.user, keep=visit.secret)
        except BadUser as error:
            problem = str(error)
    if problem:
        return visit.show("account.html", 400, problem=problem, done=False)
    return RedirectResponse("/account?done=1", 303)


def _own(path: object) -> str:
    """A path of the inbox; the list for anything else."""
    return path if isinstance(path, str) and _OWN_PATH.fullmatch(path) and not path.startswith("//") else "/"
