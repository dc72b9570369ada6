"""Settings, read from the environment once, when first asked for.

| variable | meaning | default |
|---|---|---|
| DATABASE_URL | where requests are kept: sqlite:///file.db, postgresql://user@host/name | var/desk.db |
| CLINIC_TODAY | pins the clinic's calendar day (YYYY-MM-DD) for tests and demos; the clock runs on | unset |
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Mapping, Optional
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from candidacy.knowledge import Clinic, load

ROOT = Path(__file__).resolve().parents[1]
"""The project's folder; a relative SQLite path counts from here, so that every process finds one file."""

_URL_CURE = "write for example sqlite:///var/desk.db or postgresql://user:password@host:5432/name"


class BadSetting(ValueError):
    """A setting that cannot be used. The text is one line: the variable and the cure, never the value."""

    def __init__(self, variable: str, cure: str) -> None:
        self.variable, self.cure = variable, cure
        super().__init__(f"{variable}: {cure}")


@dataclass(frozen=True)
class Settings:
    """Checked settings.

    Attributes:
        database_url: SQLAlchemy address of SQLite (a file, absolute path) or PostgreSQL.
        clinic_today: The pinned calendar day, or None for the real one.
    """

    database_url: str = field(repr=False)  # may hold a password
    clinic_today: Optional[date] = None


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Check the settings of one environment.

    Raises:
        BadSetting: For the first value that cannot be used.
    """
    return Settings(
        database_url=database_address(environ.get("DATABASE_URL", "").strip() or "sqlite:///var/desk.db"),
        clinic_today=_day("CLINIC_TODAY", environ.get("CLINIC_TODAY", "").strip()),
    )


@lru_cache(maxsize=1)
def settings() -> Settings:
    """This process's settings. `settings.cache_clear()` reads them anew.

    Raises:
        BadSetting: For the first value that cannot be used.
    """
    return read_settings(os.environ)


def database_address(value: str) -> str:
    """The full SQLAlchemy address of a database: a file of SQLite, or PostgreSQL by psycopg2.

    Raises:
        BadSetting: When it is neither.
    """
    if value.startswith("postgres://"):  # what many hosts hand out; SQLAlchemy wants the long name
        value = "postgresql" + value[len("postgres"):]
    try:
        url = make_url(value)
        kind, _, driver = url.drivername.partition("+")
    except (ArgumentError, ValueError):
        raise BadSetting("DATABASE_URL", f"is no database address; {_URL_CURE}") from None
    if kind == "postgresql" and driver in ("", "psycopg2"):
        if not url.database:
            raise BadSetting("DATABASE_URL", f"names no database; {_URL_CURE}")
        return url.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)
    if kind == "sqlite" and driver in ("", "pysqlite"):
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise BadSetting("DATABASE_URL", f"SQLite needs a file that staff can open too; {_URL_CURE}")
        return url.set(database=str(ROOT / url.database)).render_as_string(hide_password=False)
    raise BadSetting("DATABASE_URL", f"must be SQLite or PostgreSQL (psycopg2); {_URL_CURE}")


def time_zone(clinic: Optional[Clinic] = None) -> ZoneInfo:
    """The clinic's time zone; that of `data/clinic/clinic.yml` when `clinic` is None.

    Raises:
        BadSetting: When the file names a zone that does not exist.
    """
    name = (clinic or load().clinic).time_zone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        cure = "is no time zone; write for example America/New_York"
        raise BadSetting("data/clinic/clinic.yml: time_zone", cure) from None


def now(clinic: Optional[Clinic] = None, at: Optional[float] = None) -> datetime:
    """The moment at the clinic, with its zone. With CLINIC_TODAY set: that day, at the real time of day.

    Args:
        clinic: The clinic's facts; those of `data/clinic/clinic.yml` when None.
        at: A moment in seconds since the epoch; the present one when None.
    """
    moment = datetime.fromtimestamp(time.time() if at is None else at, time_zone(clinic))
    pinned = settings().clinic_today
    if pinned:
        moment = moment.replace(year=pinned.year, month=pinned.month, day=pinned.day)
    return moment


def today(clinic: Optional[Clinic] = None, at: Optional[float] = None) -> date:
    """The clinic's calendar day, now or at a moment in seconds since the epoch."""
    return now(clinic, at).date()


def _day(variable: str, value: str) -> Optional[date]:
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise BadSetting(variable, "is no date; write YYYY-MM-DD, or unset it for the real day") from None
