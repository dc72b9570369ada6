"""Short labels of the inbox: what an entry's state means and what to do next."""

from __future__ import annotations

from candidacy.in_words import VERDICTS
from desk.inbox import CALLBACK, Entry
from desk.staff import ADMIN, PROVIDER, STAFF

STATUSES = {
    "requested": "New",
    "contacted": "Contacted",
    "confirmed": "Confirmed",
    "closed": "Closed",
    "cancelled": "Cancelled",
}
VIEWS = {
    "todo": "To do",
    "new": "New",
    "contacted": "Contacted",
    "confirmed": "Confirmed",
    "closed": "Closed",
    "cancelled": "Cancelled",
    "all": "All",
}
ROLES = {STAFF: "Front desk", PROVIDER: "Provider", ADMIN: "Administrator"}
CHANNELS = {"web": "Web chat", "sms": "Text message", "shell": "Test in a terminal"}
ALERTS = {"urgent": "Emergency", "call_today": "Call today", "delivery": "Not delivered", "free_time": "Free a time"}
GROUPS = {
    "Q1_age": "Age",
    "Q2_pregnancy": "Pregnancy, breastfeeding",
    "Q3_nerve_muscle": "Nerves, muscles, breathing",
    "Q4_allergy": "Allergies",
    "Q5_skin_today": "Skin now",
    "Q6_medicines": "Medicines",
    "Q7_recent_procedures": "Earlier treatments",
    "Q8_other_health": "Other health",
}
ANSWERS = {"yes": "Yes", "no": "No", "unsure": "Not sure", "skipped": "Skipped"}
HEARD = {
    "present": "applies now",
    "absent": "says no",
    "possible": "not sure",
    "past": "in the past",
    "other_person": "about somebody else",
    "hypothetical": "only asked about it",
    "future": "planned",
}
TARGETS = {"email": "E-mail to staff", "webhook": "Webhook", "caldav": "Calendar", "fhir": "Health record (FHIR)"}
FLAGGED = ("urgent", "contraindicated", "defer", "provider_review", "ask")


def who(entry: Entry) -> str:
    """Name of the person; a line in its place where it cannot be opened."""
    return entry.name if entry.readable else "Cannot be read"


def channel(name: str) -> str:
    """Where somebody wrote from."""
    return CHANNELS.get(name, name)


def worry(entry: Entry) -> str:
    """How worried to be: alarm, careful, open or calm; names a colour and an icon."""
    if entry.alert == "urgent" or entry.outcome == "urgent":
        return "alarm"
    if entry.alert == "call_today" or entry.call_today or entry.outcome == "contraindicated":
        return "alarm"
    if entry.outcome in ("defer", "provider_review"):
        return "careful"
    if entry.outcome == "ask" or not entry.screened or not entry.complete or entry.outcome is None:
        return "open"
    return "calm"


def badge(entry: Entry) -> str:
    """How worried to be, in a word or two."""
    if entry.alert in ("urgent", "call_today"):
        return ALERTS[entry.alert]
    if entry.call_today:
        return ALERTS["call_today"]
    if not entry.readable and entry.outcome not in FLAGGED:
        return "Not known"
    if entry.outcome is None or (not entry.screened and entry.outcome == "no_flag"):
        return "Not screened"
    if entry.outcome == "no_flag" and not entry.complete:
        return "Not all answered"
    return VERDICTS.get(entry.outcome, entry.outcome)


def next_step(entry: Entry) -> str:
    """What to do next."""
    if entry.status in ("closed", "cancelled"):
        return "Nothing to do"
    if not entry.readable:
        return "Bring its key back"
    if entry.alert == "urgent":
        return "Call now"
    if entry.alert == "call_today" or entry.call_today:
        return "Call today"
    if entry.status == "confirmed":
        return "Expect the visit"
    if entry.kind == CALLBACK:
        return "Call back" if entry.phone else "Write back"
    if entry.outcome in FLAGGED and entry.outcome != "ask" and not entry.reviewed:
        return "Show it to a provider"
    if entry.outcome == "ask":
        return "Call and clear it up" if entry.phone else "Write and clear it up"
    if entry.status == "contacted":
        return "Agree on a time"
    return "Call to agree on a time" if entry.phone else "Write to agree on a time"


def moved(change: str) -> str:
    """A change of status as the pages word it: "requested to contacted" is "New to Contacted"."""
    return " to ".join(STATUSES.get(part, part) for part in change.split(" to "))
