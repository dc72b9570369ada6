"""The screening and the wish for an appointment as FHIR R4B: health data, so off unless it is switched on.

It names nobody: staff find the person by the reference. What people wrote themselves is in it.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from datetime import date, datetime
from typing import Any, Dict, List, Mapping, Optional
from urllib.parse import quote

from candidacy.knowledge import GROUPS, load
from desk.database import transaction
from desk.delivery.delivery_settings import Fhir
from desk.delivery.failures import FAILED, DeliveryFailed, of_status
from desk.delivery.http import client, status_of
from desk.delivery.message import CANCELLED, Message, spans
from desk.records import Consultation
from desk.references import read_reference, show_reference


async def send(message: Message, fhir: Fhir, now: datetime) -> Optional[str]:
    """Write or POST one transaction bundle. A repeat replaces the same two resources, by their identifier.

    Raises:
        DeliveryFailed: It could not be written or the server refused it.
    """
    body = json.dumps(bundle_of(message)).encode()
    if fhir.folder is not None:
        _write(fhir, message, body)
        return None
    headers = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json", "Idempotency-Key": message.key}
    if fhir.token:
        headers["Authorization"] = f"Bearer {fhir.token}"
    async with client() as http:
        status = await status_of(http, "POST", fhir.url or "", content=body, headers=headers)
    if not 200 <= status < 300:
        raise of_status(status)
    return None


def bundle_of(message: Message) -> Dict[str, Any]:
    """A transaction bundle of QuestionnaireResponse and Appointment, validated.

    Raises:
        DeliveryFailed: The request is gone, or the resources are not valid R4B.
    """
    # These take a while to load, and only this export needs them.
    from fhir.resources.R4B.bundle import Bundle
    from pydantic import ValidationError

    with transaction() as session:
        row = session.query(Consultation).filter_by(reference=read_reference(message.reference)).first()
    if row is None:
        raise DeliveryFailed(FAILED, "the request is gone")
    base = _base()
    response = _response(row, base)
    urn = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{base}/{row.reference}/response')}"
    appointment = _appointment(row, base, message, urn)
    entries = []
    for full_url, resource in ((urn, response), (_other(urn), appointment)):
        kind, system = resource["resourceType"], f"{base}/reference"
        # A conditional update: the server replaces the resource that has this identifier, or makes it.
        search = f"{kind}?identifier={quote(f'{system}|{row.reference}', safe='')}"
        entries.append({"fullUrl": full_url, "resource": resource, "request": {"method": "PUT", "url": search}})
    try:
        bundle = Bundle.parse_obj({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    except ValidationError:  # its text quotes what is wrong, and that is somebody's health
        raise DeliveryFailed(FAILED, "no valid FHIR R4B") from None
    return json.loads(bundle.json())


def _response(row: Consultation, base: str) -> Dict[str, Any]:
    complete = bool(row.verdict.get("complete"))
    return {
        "resourceType": "QuestionnaireResponse",
        "identifier": _identifier(row, base),
        "questionnaire": f"{base}/Questionnaire/screening|{row.rules_version}",
        "status": "completed" if complete else "stopped",
        "subject": _person(row, base),
        "authored": row.created_at.isoformat(),
        "item": _items(row, base) or [{"linkId": GROUPS[0]}],
    }


def _appointment(row: Consultation, base: str, message: Message, response: str) -> Dict[str, Any]:
    cancelled = CANCELLED in (message.action, row.status)
    status = "cancelled" if cancelled else "booked" if message.firm else "proposed"
    made: Dict[str, Any] = {
        "resourceType": "Appointment",
        "identifier": [_identifier(row, base)],
        "status": status,
        "created": row.created_at.isoformat(),
        "supportingInformation": [{"reference": response}],
        "participant": [{"actor": _person(row, base), "required": "required", "status": "needs-action"}],
    }
    if message.taken and isinstance(message.start, datetime) and isinstance(message.end, datetime):
        return {**made, "start": message.start.isoformat(), "end": message.end.isoformat()}
    wished = [{"start": a.isoformat(), "end": b.isoformat()} for a, b in spans(list(row.windows or []), message.zone)]
    return {**made, "requestedPeriod": wished} if wished else made


def _items(row: Consultation, base: str) -> List[Dict[str, Any]]:
    """One item a question: its answer, and below it what was told, condition by condition."""
    groups = {rule.id: rule.question_group for rule in load().rulebook.rules}
    told: Dict[str, Dict[str, List[Mapping[str, Any]]]] = {}
    for finding in row.findings or []:
        group = finding.get("group") or groups.get(finding.get("condition")) or "other"
        told.setdefault(group, {}).setdefault(finding.get("condition") or f"{group}.unnamed", []).append(finding)
    items = []
    for group in (*GROUPS, "other"):
        below = [
            {"linkId": name, "answer": [_told(finding, name, base) for finding in findings]}
            for name, findings in told.get(group, {}).items()
        ]
        answer = (row.answers or {}).get(group)
        if answer:
            coding: Dict[str, Any] = {"valueCoding": {"system": f"{base}/CodeSystem/answer", "code": answer}}
            items.append({"linkId": group, "answer": [{**coding, "item": below} if below else coding]})
        elif below:
            items.append({"linkId": group, "item": below})
    return items


def _told(finding: Mapping[str, Any], name: str, base: str) -> Dict[str, Any]:
    coding = {"system": f"{base}/CodeSystem/assertion", "code": finding["assertion"]}
    details: List[Dict[str, Any]] = []
    words = re.sub(r"[^\S\r\n\t]+|[^\x20-\U0010ffff\r\n\t]", " ", finding.get("text") or "").strip()
    if words:
        details.append({"linkId": f"{name}.words", "answer": [{"valueString": words}]})
    if finding.get("when"):
        days = [date.fromisoformat(str(day)[:10]).isoformat() for day in finding["when"]]
        details.append({"linkId": f"{name}.when", "answer": [{"valueDate": day} for day in dict.fromkeys(days)]})
    if finding.get("quantity") is not None:
        details.append({"linkId": f"{name}.years", "answer": [{"valueDecimal": finding["quantity"]}]})
    return {"valueCoding": coding, "item": details} if details else {"valueCoding": coding}


def _identifier(row: Consultation, base: str) -> Dict[str, str]:
    return {"system": f"{base}/reference", "value": row.reference}


def _person(row: Consultation, base: str) -> Dict[str, Any]:
    return {"type": "Patient", "identifier": _identifier(row, base), "display": f"Request {show_reference(row.reference)}"}


def _base() -> str:
    """Namespace of our identifiers: the clinic's website, which need not answer there."""
    website = re.sub(r"^https?://", "", load().clinic.facts.get("website") or "").strip("/")
    return f"https://{website}/fhir" if website else "urn:front-desk"


def _other(urn: str) -> str:
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, urn)}"


def _write(fhir: Fhir, message: Message, body: bytes) -> None:
    """Into the folder under a final name, readable by the owner only; whole or not at all."""
    folder = fhir.folder
    assert folder is not None
    path = folder / f"{message.reference}-{re.sub(r'[^a-z0-9-]', '-', message.event)}.json"
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        raise DeliveryFailed(FAILED, type(error).__name__) from None
