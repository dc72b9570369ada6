"""The front desk's settings."""

from __future__ import annotations

from datetime import date

import pytest

from candidacy.knowledge import load
from desk import settings as module
from desk.settings import BadSetting, database_address, read_settings


def test_without_a_setting_requests_go_to_a_file_in_var() -> None:
    found = read_settings({})
    assert found.database_url == f"sqlite:///{module.ROOT}/var/desk.db"
    assert found.clinic_today is None


def test_a_host_s_postgres_address_is_understood() -> None:
    assert database_address("postgres://u:p@h/db") == "postgresql+psycopg2://u:p@h/db"


@pytest.mark.parametrize(
    "value", ["desk.db", "mysql://u@h/db", "sqlite://", "sqlite:///:memory:", "postgresql+asyncpg://h/d", "postgresql://h"]
)
def test_an_address_that_cannot_be_used_is_told_in_one_line_without_its_value(value: str) -> None:
    with pytest.raises(BadSetting) as caught:
        read_settings({"DATABASE_URL": value})
    text = str(caught.value)
    assert text.startswith("DATABASE_URL: ") and "\n" not in text
    assert "write for example" in text


def test_a_password_is_neither_in_the_error_nor_in_the_repr() -> None:
    with pytest.raises(BadSetting) as caught:
        read_settings({"DATABASE_URL": "oracle://u:hunter2@h/db"})
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(read_settings({"DATABASE_URL": "postgresql://u:hunter2@h/db"}))


def test_a_day_that_is_no_date_is_told_with_its_cure() -> None:
    with pytest.raises(BadSetting, match="^CLINIC_TODAY: is no date; write YYYY-MM-DD"):
        read_settings({"CLINIC_TODAY": "tomorrow"})


def test_a_pinned_day_is_the_clinic_s_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_TODAY", "2026-02-28")
    module.settings.cache_clear()
    try:
        assert module.today() == date(2026, 2, 28)
        assert str(module.now().tzinfo) == load().clinic.time_zone
    finally:
        module.settings.cache_clear()


def test_an_unknown_time_zone_names_the_file_and_the_cure() -> None:
    clinic = load().clinic.copy(update={"time_zone": "Mars/Olympus"})
    with pytest.raises(BadSetting, match="clinic.yml: time_zone: is no time zone; write for example"):
        module.now(clinic)
