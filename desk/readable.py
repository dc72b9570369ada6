"""Rows of which some may be sealed with a key that this machine does not have."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.database import Base, Sealed
from desk.sealing import CannotUnseal


def rows_by_id(session: Session, table: Any, numbers: Sequence[int]) -> Dict[int, Any]:
    """Rows by their number; one that cannot be opened comes with its columns in clear alone.

    Only where something cannot be opened is the list halved until the row is found, so that a list without
    such a row costs one query.

    Args:
        table: A mapped class with `id` and sealed columns.

    Returns:
        Number → row; `is_readable` tells which of the two kinds it is. Numbers that are gone are left out.
    """
    wanted: List[int] = list(numbers)
    if not wanted:
        return {}
    try:
        return {row.id: row for row in session.scalars(select(table).where(table.id.in_(wanted)))}
    except CannotUnseal:
        if len(wanted) == 1:
            plain = [column for column in table.__table__.columns if not isinstance(column.type, Sealed)]
            return {row.id: row for row in session.execute(select(*plain).where(table.id == wanted[0]))}
    half = len(wanted) // 2
    return {**rows_by_id(session, table, wanted[:half]), **rows_by_id(session, table, wanted[half:])}


def is_readable(row: Any) -> bool:
    """True for a whole row of `rows_by_id`, False for one of which only the columns in clear are known."""
    return isinstance(row, Base)
