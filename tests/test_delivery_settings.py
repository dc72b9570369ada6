"""Settings of the targets: all or none, one line each, never the value."""

from __future__ import annotations

from typing import Dict

import pytest

from desk.delivery.delivery_settings import read_delivery_settings
from desk.settings import ROOT, BadSetting

MAIL = {"MAIL_FROM": "desk@clinic.example", "MAIL_TO": "front@clinic.example, back@clinic.example"}
SECRET = "s" * 32


def test_nothing_is_on_by_default() -> None:
    assert read_delivery_settings({"FHIR_EXPORT": "off", "SMTP_HOST": "  "}).targets == ()


def test_every_target_can_be_on() -> None:
    found = read_delivery_settings(
        {
            **MAIL, "SMTP_URL": "smtp://desk%40clinic:p%40ss@smtp.clinic.example",
            "WEBHOOK_URL": "https://hooks.clinic.example/x?token=1", "WEBHOOK_SECRET": SECRET,
            "CALDAV_URL": "https://cal.clinic.example/desk", "CALDAV_USER": "u", "CALDAV_PASSWORD": "p",
            "FHIR_EXPORT": "health-data", "FHIR_FOLDER": "var/fhir",
        }
    )  # fmt: skip
    assert found.targets == ("email", "webhook", "caldav", "fhir")
    mail = found.email
    assert mail and (mail.host, mail.port, mail.tls, mail.user, mail.password) == (
        "smtp.clinic.example", 587, "starttls", "desk@clinic", "p@ss",
    )  # fmt: skip
    assert mail.recipients == ("front@clinic.example", "back@clinic.example")
    assert found.caldav and found.caldav.url == "https://cal.clinic.example/desk/"
    assert found.fhir and found.fhir.folder == ROOT / "var/fhir"
    for secret in (SECRET, "p@ss", "token=1"):
        assert secret not in repr(found)


@pytest.mark.parametrize(
    ("given", "port", "tls"),
    [
        ({"SMTP_URL": "smtps://smtp.clinic.example"}, 465, "tls"),
        ({"SMTP_URL": "smtp://127.0.0.1:2525"}, 2525, "none"),
        ({"SMTP_HOST": "smtp.clinic.example"}, 587, "starttls"),
        ({"SMTP_HOST": "smtp.clinic.example", "SMTP_TLS": "TLS"}, 465, "tls"),
        ({"SMTP_HOST": "localhost", "SMTP_TLS": "none", "SMTP_PORT": "26"}, 26, "none"),
    ],
)
def test_a_mail_server_is_told_in_one_address_or_in_parts(given: Dict[str, str], port: int, tls: str) -> None:
    mail = read_delivery_settings({**MAIL, **given}).email
    assert mail and (mail.port, mail.tls) == (port, tls)


WEBHOOK = {"WEBHOOK_URL": "https://hooks.clinic.example", "WEBHOOK_SECRET": SECRET}
CALDAV = {"CALDAV_URL": "https://cal.clinic.example/desk", "CALDAV_USER": "u", "CALDAV_PASSWORD": "p"}
FHIR = {"FHIR_EXPORT": "health-data", "FHIR_URL": "https://fhir.clinic.example"}
HOST = {**MAIL, "SMTP_HOST": "smtp.clinic.example"}


@pytest.mark.parametrize(
    ("variable", "given"),
    [
        ("MAIL_TO", {"SMTP_HOST": "smtp.hunter2.example", "MAIL_FROM": "desk@clinic.example"}),
        ("SMTP_HOST", MAIL),
        ("SMTP_HOST", {**MAIL, "SMTP_PORT": "587"}),
        ("SMTP_HOST", {**MAIL, "SMTP_HOST": "smtp hunter2"}),
        ("SMTP_URL", {**HOST, "SMTP_URL": "smtp://hunter2"}),
        ("SMTP_URL", {**MAIL, "SMTP_URL": "hunter2"}),
        ("SMTP_URL", {**MAIL, "SMTP_URL": "https://hunter2.example"}),
        ("SMTP_URL", {**MAIL, "SMTP_URL": "smtp://hunter2.example:x"}),
        ("SMTP_URL", {**MAIL, "SMTP_URL": "smtp://hunter2@smtp.example"}),
        ("SMTP_PASSWORD", {**HOST, "SMTP_USER": "hunter2"}),
        ("SMTP_USER", {**HOST, "SMTP_PASSWORD": "hunter2"}),
        ("SMTP_TLS", {**HOST, "SMTP_TLS": "hunter2"}),
        ("SMTP_TLS", {**HOST, "SMTP_TLS": "none"}),
        ("SMTP_PORT", {**HOST, "SMTP_PORT": "hunter2"}),
        ("MAIL_FROM", {**HOST, "MAIL_FROM": "hunter2"}),
        ("MAIL_TO", {**HOST, "MAIL_TO": "a@b.example, hunter2\nBcc: c@d.example"}),
        ("MAIL_TO", {**HOST, "MAIL_TO": ","}),
        ("WEBHOOK_SECRET", {"WEBHOOK_URL": "https://hunter2.example"}),
        ("WEBHOOK_URL", {"WEBHOOK_SECRET": "hunter2" * 5}),
        ("WEBHOOK_SECRET", {**WEBHOOK, "WEBHOOK_SECRET": "hunter2"}),
        ("WEBHOOK_URL", {**WEBHOOK, "WEBHOOK_URL": "http://hunter2.example"}),
        ("WEBHOOK_URL", {**WEBHOOK, "WEBHOOK_URL": "https://hunter2@hooks.example"}),
        ("WEBHOOK_URL", {**WEBHOOK, "WEBHOOK_URL": "https://hooks.example/\r\nhunter2"}),
        ("WEBHOOK_URL", {**WEBHOOK, "WEBHOOK_URL": "https://[hunter2"}),
        ("CALDAV_PASSWORD", {"CALDAV_URL": "https://hunter2.example", "CALDAV_USER": "u"}),
        ("CALDAV_URL", {**CALDAV, "CALDAV_URL": "http://10.0.0.1/hunter2"}),
        ("CALDAV_URL", {**CALDAV, "CALDAV_URL": "https://cal.example/?hunter2"}),
        ("FHIR_EXPORT", {"FHIR_URL": "https://hunter2.example"}),
        ("FHIR_EXPORT", {**FHIR, "FHIR_EXPORT": "hunter2"}),
        ("FHIR_URL", {"FHIR_EXPORT": "health-data"}),
        ("FHIR_URL", {**FHIR, "FHIR_FOLDER": "hunter2"}),
        ("FHIR_URL", {**FHIR, "FHIR_URL": "http://hunter2.example"}),
        ("FHIR_TOKEN", {"FHIR_EXPORT": "health-data", "FHIR_FOLDER": "x", "FHIR_TOKEN": "hunter2"}),
    ],
)
def test_half_a_target_or_a_bad_value_is_told_in_one_line_without_the_value(variable: str, given: Dict[str, str]) -> None:
    with pytest.raises(BadSetting) as caught:
        read_delivery_settings(given)
    text = str(caught.value)
    assert text.startswith(f"{variable}: ") and "\n" not in text and "hunter2" not in text


def test_a_bad_value_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    import launch
    from desk.delivery.delivery_settings import delivery_settings

    monkeypatch.setenv("WEBHOOK_URL", "https://hooks.clinic.example")
    delivery_settings.cache_clear()
    try:
        with pytest.raises(SystemExit, match="The bot was not started. WEBHOOK_SECRET: is not set"):
            launch.check_data()
    finally:
        delivery_settings.cache_clear()
