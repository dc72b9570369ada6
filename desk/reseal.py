"""Encrypt everything that is kept with the newest key: `python -m desk.reseal` (make reseal).

After a new key was put in front of DATA_KEY. The program may run meanwhile. The oldest key stays in the
list for good: the hashes by which contacts are found, and the record of screenings, rest on it.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import Any, Dict, List

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from desk import audit, conversations, privacy_records, records, sms_records, staff_records
from desk.database import Base, DeskUnavailable, Sealed, engine
from desk.sealing import CannotUnseal, seal, unseal
from desk.settings import BadSetting

TABLES = (records, sms_records, privacy_records, staff_records)
"""Imported so that `Base` knows every table."""

_BATCH = 500


def sealed_columns() -> Dict[str, List[str]]:
    """Table name to the names of its encrypted columns."""
    found: Dict[str, List[str]] = {}
    for table in Base.metadata.sorted_tables:
        names = [column.name for column in table.columns if isinstance(column.type, Sealed)]
        if names:
            found[table.name] = names
    return found


def reseal() -> Dict[str, int]:
    """Seal every encrypted value anew; returns how many values of each table, conversations included.

    Raises:
        DeskUnavailable: When a database cannot be reached.
        CannotUnseal: When a value opens with none of the keys; what came before it is done.
    """
    done = {name: _reseal(name, columns) for name, columns in sealed_columns().items()}
    done[conversations.EVENTS.name] = conversations.reseal()
    return done


def _reseal(name: str, columns: List[str]) -> int:
    keys = [column.name for column in Base.metadata.tables[name].primary_key]
    raw = sa.table(name, *(sa.column(one) for one in [*keys, *columns]))  # as kept: nothing is opened on the way
    order = [raw.c[key] for key in keys]
    done, last = 0, None
    try:
        while True:
            query = sa.select(*raw.c).order_by(*order).limit(_BATCH)
            if last is not None:
                query = query.where(sa.tuple_(*order) > sa.tuple_(*last))
            with engine().begin() as connection:
                rows = connection.execute(query).mappings().all()
                record = name == privacy_records.ScreeningRecord.__tablename__  # only added to, but for this
                with audit.permitted(connection) if record else nullcontext():
                    for row in rows:
                        done += _reseal_row(connection, raw, row, keys, columns)
            if not rows:
                return done
            last = [rows[-1][key] for key in keys]
    except SQLAlchemyError as error:
        raise DeskUnavailable(type(error).__name__) from None


def _reseal_row(connection: Any, raw: Any, row: Any, keys: List[str], columns: List[str]) -> int:
    old = {name: row[name] for name in columns if row[name] is not None}
    if not old:
        return 0
    this = [raw.c[key] == row[key] for key in keys]
    unchanged = [raw.c[name] == value for name, value in old.items()]  # somebody may write at this moment
    new = {name: seal(unseal(value)) for name, value in old.items()}
    return len(new) * connection.execute(sa.update(raw).where(*this, *unchanged).values(new)).rowcount


def main() -> int:
    """Seal and print; 0, or 1 with one line when it could not be finished."""
    try:
        done = reseal()
    except (DeskUnavailable, CannotUnseal, BadSetting) as error:
        print(f"{error}; run it again when that is put right", file=sys.stderr)
        return 1
    for name, count in done.items():
        print(f"{count:8d}  {name}")
    print("Everything is encrypted with the newest key. Older ones may go, but keep the last one in the list.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
