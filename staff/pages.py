"""The list: what is new, how worried to be, what to do next; alerts on top."""

from __future__ import annotations

from typing import Any, Dict

from starlette.responses import JSONResponse, RedirectResponse, Response

from candidacy.knowledge import Knowledge
from desk import inbox, inbox_search, staff_work, transcripts
from desk.settings import today
from desk.staff_audit import VIEWED, note_event
from staff import card
from staff.rendering import facts
from staff.visit import Visit

PAGE = 25


def index(visit: Visit) -> Response:
    """The list in one of its views; with `part=1` only what changes, for the page that stands open."""
    query = visit.request.query_params
    view = query.get("view", "todo")
    if view not in inbox.VIEWS:
        return visit.show("message.html", 404, what="missing")
    number = _page(query.get("page"))
    entries, total = inbox.worklist(view, PAGE, (number - 1) * PAGE)
    last = max(1, -(-total // PAGE))
    template = "list.html" if query.get("part") == "1" else "inbox.html"
    return visit.show(
        template, **_top(), view=view, entries=entries, total=total, number=number, last=last, looked_for=None
    )


def search(visit: Visit) -> Response:
    """Entries that some words lead to. A POST: names and numbers stay out of addresses and logs."""
    wanted = visit.form.get("words", "").strip()[:100]
    if not wanted:
        return RedirectResponse("/", 303)
    entries = inbox_search.search(wanted)
    note_event(visit.user, "searched")
    return visit.show(
        "inbox.html", **_top(), view=None, entries=entries, total=len(entries), number=1, last=1, looked_for=wanted
    )


def pulse(visit: Visit) -> Response:
    """Asked twice a second by an open page: changes when there is something new to show."""
    return JSONResponse(inbox.pulse())


def alert_page(visit: Visit) -> Response:
    """One alert: what was said, what was heard, how to reach the person if that is known."""
    number = visit.request.path_params["number"]
    found = inbox.alerts(unseen_only=False, number=number)
    if not found:
        return visit.show("message.html", 404, what="missing")
    note_event(visit.user, VIEWED, "alert", str(number))
    alert = found[0]
    screening = card.of_talk(alert.conversation_id, today())
    return visit.show(
        "alert.html",
        alert=alert,
        phone=staff_work.number_of(alert.conversation_id),
        talk=transcripts.read(alert.conversation_id),
        **shown(screening, facts()),
    )


def alert_done(visit: Visit) -> Response:
    """Somebody took care of an alert."""
    staff_work.mark_alert_seen(visit.request.path_params["number"], visit.user)
    return RedirectResponse("/", 303)


def shown(screening: Any, knowledge: Knowledge) -> Dict[str, Any]:
    """What the template of the card needs; `card` is None without a screening."""
    if screening is None:
        return {"card": None}
    return {
        "card": card.card(screening, knowledge),
        "screening": screening,
        "reasons": card.reasons(screening, knowledge),
        "answers": card.answers(screening, knowledge),
        "trace": card.trace(screening, knowledge),
    }


def _top() -> Dict[str, Any]:
    return {
        "alerts": inbox.alerts(),
        "failed": staff_work.failed_deliveries(),
        "counts": inbox.counts(),
        "pulse": inbox.pulse()["pulse"],
    }


def _page(value: Any) -> int:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and 0 < len(value) < 6 and int(value) else 1
