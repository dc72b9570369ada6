"""Find a request or call-back by what staff know of it."""

from __future__ import annotations

from datetime import datetime
from typing import Dict, List, Optional, Sequence, Tuple

from sqlalchemy import Text, select, type_coerce

from desk.database import transaction
from desk.inbox import CALLBACK, CONSULTATION, Entry, entries_of
from desk.records import Callback, Consultation
from desk.references import read_reference
from desk.sealing import CannotUnseal, contact_key, unseal

SEARCHED = 2000
"""Newest entries of each kind that a search looks through: names are encrypted and cannot be searched by the database."""


def search(words: str, limit: int = 50) -> List[Entry]:
    """Entries that a reference, a whole phone number or e-mail, a part of a name, or last digits lead to.

    Looks through the newest `SEARCHED` of each kind, open and closed ones; a reference or a whole
    contact finds older ones too.
    """
    wanted = " ".join(words.split()).casefold()[:100]
    if not wanted:
        return []
    code, digits = read_reference(words), "".join(letter for letter in wanted if letter.isdigit())
    with transaction() as session:
        found: Dict[Tuple[str, int], None] = {}
        if code:
            query = select(Consultation.id).filter_by(reference=code)
            found.update({(CONSULTATION, number): None for number in session.scalars(query)})
        for contact in _contacts(wanted, digits):
            for kind, table in ((CONSULTATION, Consultation), (CALLBACK, Callback)):
                query = select(table.id).where(table.contact_key == contact_key(contact)).order_by(table.id.desc())
                found.update({(kind, number): None for number in session.scalars(query.limit(limit))})
        newest: List[Tuple[datetime, str, int]] = []
        for kind, table, contacts in (
            (CONSULTATION, Consultation, (Consultation.phone, Consultation.email)),
            (CALLBACK, Callback, (Callback.contact,)),
        ):
            sealed = (type_coerce(column, Text) for column in (table.name, *contacts))
            columns = select(table.created_at, table.id, *sealed)
            for at, number, *kept in session.execute(columns.order_by(table.id.desc()).limit(SEARCHED)):
                try:
                    name, *ways = (value and unseal(value) for value in kept)
                except CannotUnseal:
                    continue  # one that cannot be read is found by its reference or its whole contact
                if _fits(wanted, digits, name, ways):
                    newest.append((at, kind, number))
        newest.sort(reverse=True)
        found.update({(kind, number): None for _, kind, number in newest})
        return entries_of(session, list(found)[:limit])


def _contacts(wanted: str, digits: str) -> List[str]:
    """What a whole contact may be kept as."""
    if "@" in wanted:
        return [wanted]
    return [f"+{digits}", f"+1{digits}"] if len(digits) >= 10 else []


def _fits(wanted: str, digits: str, name: str, contacts: Sequence[Optional[str]]) -> bool:
    if wanted in " ".join(name.split()).casefold():
        return True
    only_digits = bool(digits) and not any(letter.isalpha() for letter in wanted)
    for contact in filter(None, contacts):
        if only_digits and len(digits) >= 3 and "@" not in contact and contact.endswith(digits):
            return True
        if "@" in contact and len(wanted) >= 3 and wanted in contact.casefold():
            return True
    return False
