"""For administrators: users, the audit, the export. For everybody: failed deliveries, opt-outs."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Optional

from starlette.responses import RedirectResponse, Response

from desk import staff, staff_work
from desk.settings import time_zone, today
from desk.staff_audit import list_events
from staff.rendering import facts
from staff.visit import Visit

EVENTS = 100
LONGEST_EXPORT = timedelta(days=366)


def deliveries(visit: Visit) -> Response:
    """Messages that could not be delivered outside."""
    done = visit.request.query_params.get("done") == "1"
    return visit.show("deliveries.html", failed=staff_work.failed_deliveries(), done=done)


def try_again(visit: Visit) -> Response:
    """Let the worker deliver once more."""
    staff_work.try_again(visit.request.path_params["number"], visit.user)
    return RedirectResponse("/deliveries?done=1", 303)


def opt_outs(visit: Visit) -> Response:
    """Who wants no text messages."""
    return visit.show("optouts.html", contacts=staff_work.opt_outs())


def audit(visit: Visit) -> Response:
    """Who saw and changed what."""
    query = visit.request.query_params
    known = {user.username for user in staff.list_users()}
    username = query.get("user") if query.get("user") in known else None
    page = query.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 6 else 1
    events = list_events(EVENTS + 1, (max(number, 1) - 1) * EVENTS, username=username)
    return visit.show(
        "audit.html",
        events=events[:EVENTS], more=len(events) > EVENTS, number=max(number, 1), users=sorted(known), username=username,
    )  # fmt: skip


def users(visit: Visit) -> Response:
    """Everybody who may log in."""
    return _users(visit)


def add_user(visit: Visit) -> Response:
    """A user with a password that is shown once."""
    name = visit.form.get("username", "")
    password = staff.new_password(name.strip().lower())
    try:
        made = staff.create_user(name, password, visit.form.get("role", ""), visit.user)
    except staff.BadUser as error:
        return _users(visit, 400, problem=str(error))
    return _users(visit, password=password, whose=made.username)


def change_user(visit: Visit) -> Response:
    """Close or open somebody's access, or give a new password."""
    username, what = visit.request.path_params["username"], visit.form.get("do")
    try:
        if what == "password" and username != visit.user:
            password = staff.new_password(username)
            staff.set_password(username, password, visit.user)
            return _users(visit, password=password, whose=username)
        if what in ("close", "open"):
            staff.set_disabled(username, what == "close", visit.user)
            return RedirectResponse("/users", 303)
    except staff.BadUser as error:
        return _users(visit, 400, problem=str(error))
    return visit.show("message.html", 400, what="form")


def export_page(visit: Visit) -> Response:
    """From which day to which."""
    return _export_page(visit)


def export(visit: Visit) -> Response:
    """The requests as a file for a spreadsheet."""
    first, last = _day(visit.form.get("first")), _day(visit.form.get("last"))
    if first is None or last is None or not timedelta(0) <= last - first <= LONGEST_EXPORT:
        return _export_page(visit, 400, wrong=True)
    out = io.StringIO()
    rows = staff_work.export(first, last, time_zone(facts().clinic), visit.user)
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    name = f"requests-{first}-to-{last}.csv"
    # The mark at the start tells spreadsheets that names are in UTF-8.
    return Response(
        "\ufeff" + out.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _users(
    visit: Visit, status: int = 200, problem: Optional[str] = None, password: Optional[str] = None, whose: str = ""
) -> Response:
    return visit.show(
        "users.html", status, users=staff.list_users(), problem=problem, password=password, whose=whose
    )


def _export_page(visit: Visit, status: int = 200, wrong: bool = False) -> Response:
    day = today()
    return visit.show("export.html", status, first=day - timedelta(days=30), last=day, wrong=wrong)


def _day(value: Optional[str]) -> Optional[date]:
    try:
        return date.fromisoformat(value or "")
    except ValueError:
        return None
