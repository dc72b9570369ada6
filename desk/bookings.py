"""Staff's list in a terminal: `python -m desk.bookings [--all] [--json] [--limit N]`.

Shows health and contact data: for the clinic's own machine only.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date, datetime
from textwrap import wrap
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence

import phonenumbers

from candidacy.knowledge import BrokenFile, Knowledge, load
from desk.booking import Booking, list_requests
from desk.handoff import CallbackRequest, RaisedAlert, list_alerts, list_callbacks
from desk.database import DeskUnavailable
from desk.sealing import CannotUnseal
from desk.settings import BadSetting, time_zone

WIDTH = 100


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Print the list; 0, or 1 with one line on stderr when it cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m desk.bookings", description="Requests, newest first.")
    parser.add_argument("--all", action="store_true", help="closed, cancelled and seen ones too")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--limit", type=int, default=50, help="at most so many of each (default 50)")
    options = parser.parse_args(arguments)
    try:
        requests = list_requests(options.limit, None if options.all else "open")
        alerts = list_alerts(options.limit, unseen_only=not options.all)
        callbacks = list_callbacks(options.limit)
        knowledge = load()
        if options.json:
            print(json.dumps(_as_json(requests, alerts, callbacks), ensure_ascii=False, indent=2))
        else:
            print("\n".join(listing(requests, alerts, callbacks, knowledge)))
    except (BadSetting, BrokenFile, CannotUnseal, DeskUnavailable) as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # `| head` has seen enough
        sys.stderr.close()
    return 0


def listing(
    requests: Sequence[Booking],
    alerts: Sequence[RaisedAlert],
    callbacks: Sequence[CallbackRequest],
    knowledge: Knowledge,
) -> Iterator[str]:
    """The lines of the list: alerts, call-backs, then one card for each request."""
    zone = time_zone(knowledge.clinic)

    def when(moment: datetime) -> str:
        return f"{moment.astimezone(zone):%a %d %b %Y %H:%M}"

    if not knowledge.rulebook.signed:
        yield f"Rules {knowledge.rulebook.version}: not clinically reviewed."
    if alerts:
        yield f"ALERTS ({len(alerts)})"
        for alert in alerts:
            seen = f", seen {when(alert.seen_at)}" if alert.seen_at else ""
            kind = alert.kind.replace("_", " ").upper()
            talk = _clean(alert.conversation_id)
            yield f"  ! {kind}  {when(alert.created_at)}  {alert.channel} {talk}{seen}"
        yield ""
    if callbacks:
        yield f"CALL BACK ({len(callbacks)})"
        for callback in callbacks:
            outcome = f"  screening: {callback.outcome}" if callback.outcome else ""
            yield (
                f"  {when(callback.created_at)}  {_clean(callback.name)}, {_phone(callback.contact)}"
                f"  {callback.channel}{outcome}"
            )
        yield ""
    yield f"REQUESTS ({len(requests)})" if requests else "No requests for a consultation."
    for booking in requests:
        yield "-" * WIDTH
        yield f"{booking.reference}  {booking.status.upper()}  {when(booking.created_at)}  {booking.channel}"
        yield from card(booking, knowledge)


def card(booking: Booking, knowledge: Knowledge) -> Iterator[str]:
    """The lines of one request: how to reach the person, when, and what the provider must know."""
    contact = ", ".join(filter(None, [_phone(booking.phone or ""), booking.email]))
    yield from _entry("name", f"{_clean(booking.name)}, {_clean(contact)}")
    windows = [
        str(window["label"]) + ("" if window.get("open", True) else " (closed then)")
        for window in booking.windows
    ]
    yield from _entry("times", "; ".join(windows) or "none given")
    if booking.agreed_start:
        yield from _entry("agreed", f"{booking.agreed_start.astimezone(time_zone(knowledge.clinic)):%a %d %b %Y %H:%M}")
    verdict = booking.verdict
    state = "screened" if booking.screened else "NOT SCREENED"
    if booking.screened and not verdict.get("complete"):
        state += ", not complete"
    yield from _entry("screening", f"{state}; outcome {booking.outcome}; rules {booking.rules_version}")
    for reason in verdict.get("reasons", []):
        yield from _entry("reason", _reason(reason, knowledge))
    heard = {_clean(str(finding["text"])) for finding in booking.findings if finding.get("text")}
    if heard:
        yield from _entry("said", "; ".join(f'"{words}"' for words in sorted(heard)))
    if verdict.get("unanswered"):
        yield from _entry("unanswered", ", ".join(verdict["unanswered"]))
    sources = {source: None for reason in verdict.get("reasons", []) for source in reason.get("sources", [])}
    for source in sources:
        yield from _entry("source", _source(source, knowledge))


def _reason(reason: Mapping[str, Any], knowledge: Knowledge) -> str:
    name = reason.get("rule")
    if name:
        try:
            name = knowledge.rule(name).name
        except KeyError:
            pass  # an older rules version had it; its id must do
        name += f" ({reason['variant']})" if reason.get("variant") else ""
    text = f"{reason['outcome']}: {name or 'open question ' + str(reason.get('group') or '')}"
    if reason.get("earliest"):
        text += f"; not before {date.fromisoformat(reason['earliest']):%a %d %b %Y}"
    elif reason.get("wait"):
        text += f"; wait {reason['wait']}, no date known"
    return text + ("; CALL TODAY" if reason.get("call_today") else "")


def _source(source_id: str, knowledge: Knowledge) -> str:
    source = knowledge.sources.get(source_id)
    return f"{source_id}: {source.title}" if source else source_id


def _entry(label: str, text: str) -> List[str]:
    lines = wrap(text, WIDTH - 14) or [""]
    return [f"  {label if not number else '':<12}{line}" for number, line in enumerate(lines)]


def _phone(contact: str) -> str:
    """A number as it is dialled at home and abroad; anything else as it is."""
    try:
        number = phonenumbers.parse(contact)
    except phonenumbers.NumberParseException:
        return _clean(contact)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _clean(text: str) -> str:
    """Without control characters: what people typed must not steer staff's terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _as_json(
    requests: Sequence[Booking], alerts: Sequence[RaisedAlert], callbacks: Sequence[CallbackRequest]
) -> Dict[str, Any]:
    return {
        "requests": [booking.to_dict() for booking in requests],
        "alerts": [alert.to_dict() for alert in alerts],
        "callbacks": [callback.to_dict() for callback in callbacks],
    }


if __name__ == "__main__":
    sys.exit(main())
