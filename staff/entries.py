"""One request or call-back: the card, how to reach the person, the talk, notes, and what happened so far."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, List, Optional

from starlette.responses import JSONResponse, RedirectResponse, Response

from desk import agreed, inbox, staff_work, transcripts
from desk.booked import OPEN_STATUSES
from desk.booking import SlotTaken
from desk.records import STATUSES
from desk.sealing import CannotUnseal
from desk.settings import now, time_zone, today
from desk.staff_audit import VIEWED, add_note, list_events, list_notes, note_event
from staff import card
from staff.pages import shown
from staff.rendering import facts
from staff.visit import Visit

PATHS = {inbox.CONSULTATION: "/requests/", inbox.CALLBACK: "/callbacks/"}
SAID = ("moved", "noted", "reviewed", "changed", "empty", "stopped", "taken", "agreed", "outside")
"""What the page may say on top after something was done."""


def detail(visit: Visit) -> Response:
    """The page. Who opens it is in the audit before anything is shown."""
    entry = _entry(visit)
    if entry is None:
        return visit.show("message.html", 404, what="missing")
    said = visit.request.query_params.get("said")
    return _page(visit, entry, said if said in SAID else None)


def _page(visit: Visit, entry: inbox.Entry, said: Optional[str], status: int = 200) -> Response:
    note_event(visit.user, VIEWED, entry.kind, entry.key)
    stored = staff_work.read_request(entry.id) if entry.kind == inbox.CONSULTATION else None
    events = list_events(200, subject=entry.kind, subject_id=entry.key)
    return visit.show(
        "entry.html",
        status,
        entry=entry,
        path=_path(entry),
        stored=stored,
        talk=transcripts.read(entry.conversation_id),
        notes=list_notes(entry.kind, entry.id),
        history=[event for event in events if event.action != VIEWED],
        views=[event for event in events if event.action == VIEWED],
        others=inbox.siblings(entry),
        failed=[one for one in staff_work.failed_deliveries() if (one.kind, one.key) == (entry.kind, entry.key)],
        alerts=[one for one in inbox.alerts() if one.conversation_id == entry.conversation_id],
        steps=_steps(entry),
        opted_out=staff_work.opted_out(entry.phone),
        said=said,
        agreeing=_agreeing(visit, entry),
        **shown(_screening(entry, stored), facts()),
    )


def card_json(visit: Visit) -> Response:
    """The card alone, as CDS Hooks services answer: `{"cards": [...]}`."""
    entry = _entry(visit)
    stored = staff_work.read_request(entry.id) if entry and entry.kind == inbox.CONSULTATION else None
    screening = _screening(entry, stored) if entry else None
    if entry is None or screening is None:
        return JSONResponse({"cards": []}, 404 if entry is None else 200)
    note_event(visit.user, VIEWED, entry.kind, entry.key, "card")
    return JSONResponse({"cards": [card.card(screening, facts())]})


def move(visit: Visit) -> Response:
    """Set the status, if it is still the one that the page showed."""
    entry = _entry(visit)
    status, expected = visit.form.get("status", ""), visit.form.get("was", "")
    if entry is None or status not in STATUSES or expected not in STATUSES:
        return visit.show("message.html", 404 if entry is None else 400, what="missing" if entry is None else "form")
    try:
        staff_work.move_on(entry, expected, status, visit.user)
    except staff_work.Changed:
        return _back(entry, "changed")
    except SlotTaken:
        return _back(entry, "taken")
    return _back(entry, "moved")


def set_time(visit: Visit) -> Response:
    """Keep the time that was agreed on; what was written stays in the form when it cannot be kept."""
    entry = _entry(visit)
    expected = visit.form.get("was", "")
    if entry is None or entry.kind != inbox.CONSULTATION:
        return visit.show("message.html", 404, what="missing")
    if expected not in STATUSES:
        return visit.show("message.html", 400, what="form")
    clinic = facts().clinic
    try:
        had = datetime.fromisoformat(visit.form["had"]) if visit.form.get("had") else None
    except ValueError:
        return visit.show("message.html", 400, what="form")
    try:
        start = agreed.read_time(visit.form.get("day", ""), visit.form.get("clock", ""), now(clinic), clinic)
        agreed.agree(entry, expected, had, start, visit.user)
    except agreed.BadTime as error:
        return _page(visit, entry, error.why, 400)
    except staff_work.Changed:
        return _back(entry, "changed")
    except SlotTaken:
        return _back(entry, "taken")
    return _back(entry, "agreed" if agreed.in_hours(start, clinic) else "outside")


def add_note_to(visit: Visit) -> Response:
    """Keep a note."""
    entry = _entry(visit)
    if entry is None:
        return visit.show("message.html", 404, what="missing")
    try:
        add_note(visit.user, entry.kind, entry.id, entry.key, visit.form.get("text", ""))
    except ValueError:
        return _back(entry, "empty")
    return _back(entry, "noted")


def review(visit: Visit) -> Response:
    """A provider has looked at the card."""
    entry = _entry(visit)
    if entry is None or entry.kind != inbox.CONSULTATION:
        return visit.show("message.html", 404, what="missing")
    if not entry.reviewed:
        staff_work.mark_reviewed(entry, visit.user)
    return _back(entry, "reviewed")


def stop_texts(visit: Visit) -> Response:
    """The person told staff that they want no more text messages."""
    entry = _entry(visit)
    if entry is None or not entry.phone:
        return visit.show("message.html", 404, what="missing")
    staff_work.opt_out(entry, visit.user)
    return _back(entry, "stopped")


def _entry(visit: Visit) -> Optional[inbox.Entry]:
    kind = inbox.CONSULTATION if "reference" in visit.request.path_params else inbox.CALLBACK
    key = visit.request.path_params.get("reference") or str(visit.request.path_params.get("number", ""))
    found = inbox.entry(kind, key)
    if found is not None and not found.readable:
        raise CannotUnseal()  # the list shows its line; here the page says what is wrong
    return found


def _path(entry: inbox.Entry) -> str:
    return PATHS[entry.kind] + entry.key


def _back(entry: inbox.Entry, said: str) -> Response:
    return RedirectResponse(f"{_path(entry)}?said={said}", 303)


def _screening(entry: inbox.Entry, stored: Optional[staff_work.Stored]) -> Optional[card.Screening]:
    if stored is not None:
        return card.Screening(stored.verdict, stored.findings, stored.answers, stored.screened)
    return card.of_talk(entry.conversation_id, today())


def _agreeing(visit: Visit, entry: inbox.Entry) -> Optional[Dict[str, Any]]:
    """What the form of the agreed time holds; None where there is nothing to agree on."""
    if entry.kind != inbox.CONSULTATION or entry.slot_start or entry.status not in OPEN_STATUSES:
        return None
    clinic = facts().clinic
    start = entry.agreed_start or agreed.suggestion(entry.windows, now(clinic), clinic)
    there = start.astimezone(time_zone(clinic)) if start else None
    day = today(clinic)
    return {
        "day": visit.form.get("day", f"{there:%Y-%m-%d}" if there else ""),
        "clock": visit.form.get("clock", f"{there:%H:%M}" if there else ""),
        "first": day.isoformat(),
        "last": (day + agreed.LONGEST_AHEAD).isoformat(),
        "suggested": there is not None and entry.agreed_start is None and "day" not in visit.form,
        "zone": clinic.time_zone.replace("_", " "),
    }


def _steps(entry: inbox.Entry) -> List[Dict[str, Any]]:
    """The statuses that usually follow come first, as buttons that stand out."""
    forward = {"requested": "contacted", "contacted": "confirmed", "confirmed": "closed"}.get(entry.status)
    if entry.kind == inbox.CALLBACK and entry.status in ("requested", "contacted"):
        forward = "closed" if entry.status == "contacted" else "contacted"
    order = [forward] if forward else []
    order += [status for status in STATUSES if status not in (entry.status, forward)]
    # Where a time is to be agreed on, the form of the time is what usually follows.
    told = entry.kind == inbox.CONSULTATION and entry.slot_start is None and forward == "confirmed"
    return [{"status": status, "first": status == forward and not told} for status in order]
