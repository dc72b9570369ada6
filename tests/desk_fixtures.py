"""Databases for the front desk's tests: a fresh SQLite file, and PostgreSQL where there is one."""

from __future__ import annotations

import os
import uuid
from datetime import datetime, timezone
from typing import Any, Iterator

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from candidacy.screening import assess
from desk import database as db
from desk import sealing
from desk.booking import ConsultationRequest
from desk.settings import settings


def postgresql_address() -> str:
    """TEST_DATABASE_URL; skips the test when it is not set, or fails it under REQUIRE_ALL=1."""
    address = os.environ.get("TEST_DATABASE_URL", "")
    if not address:
        reason = "no PostgreSQL: set TEST_DATABASE_URL=postgresql+psycopg2://user@127.0.0.1:5432/test"
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return address


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database, set as DATABASE_URL; gone after the test."""
    if request.param == "sqlite":
        yield from _use(f"sqlite:///{tmp_path}/desk.db", monkeypatch)
        return
    address = postgresql_address()
    schema = f"desk_{uuid.uuid4().hex[:12]}"
    admin = create_engine(address, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    own = make_url(address).update_query_dict({"options": f"-csearch_path={schema}"})
    try:
        yield from _use(own.render_as_string(hide_password=False), monkeypatch)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        admin.dispose()


@pytest.fixture
def sqlite_database(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty SQLite database, set as DATABASE_URL."""
    yield from _use(f"sqlite:///{tmp_path}/desk.db", monkeypatch)


def _use(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("DATABASE_URL", address)
    monkeypatch.setenv("DATA_KEY", "a key for the tests and for nothing else")
    sealing.forget_keys()
    settings.cache_clear()
    db.forget_engines()
    try:
        yield address
    finally:
        db.forget_engines()
        sealing.forget_keys()
        settings.cache_clear()


def a_request(today: Any = None, **changes: Any) -> ConsultationRequest:
    """A request of somebody who answered nothing yet."""
    values: dict = {
        "conversation_id": "talk-1",
        "channel": "web",
        "name": "Dana Lopez",
        "phone": "+15550100142",
        "consent_text_version": "1",
        "consented_at": datetime(2026, 11, 22, 15, 0, tzinfo=timezone.utc),
        "screened": True,
        "verdict": assess([], {}, today or datetime(2026, 11, 22).date()),
    }
    return ConsultationRequest(**{**values, **changes})
