"""Staff's list in the terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date

import pytest

from candidacy.findings import Finding
from candidacy.knowledge import load
from candidacy.screening import assess
from desk.booking import change_status, request_consultation
from desk.bookings import main
from desk.handoff import mark_seen, raise_alert, request_callback
from desk.settings import ROOT, settings
from desk.windows import Window
from tests.desk_fixtures import a_request

pytest_plugins = ("tests.desk_fixtures",)

TODAY = date(2026, 11, 22)


def _stored(**changes: object) -> str:
    day = date(2026, 11, 1)
    findings = [
        Finding("pregnancy", text="10 weeks along"),
        Finding("isotretinoin_recent", text="stopped it 1 November", assertion="past", when=(day, day)),
    ]
    verdict = assess(findings, {"Q2_pregnancy": "yes"}, TODAY)
    windows = [Window("Sun 29 Nov", ("2026-11-29",), open=False)]
    values = {"findings": findings, "verdict": verdict, "windows": windows}
    return request_consultation(a_request(**{**values, **changes}), idempotency_key="k").reference


def _flat(shown: str) -> str:
    """One line, so that a wrapped entry is found whole."""
    return " ".join(shown.split())


def test_an_empty_list_says_so(sqlite_database: str, capsys: pytest.CaptureFixture) -> None:
    assert main([]) == 0
    assert "No requests for a consultation." in capsys.readouterr().out


def test_a_card_shows_what_staff_and_the_provider_need(
    sqlite_database: str, capsys: pytest.CaptureFixture
) -> None:
    reference = _stored(email="dana@example.com")
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 110
    rule = load().rule("pregnancy")
    for piece in (
        reference, "REQUESTED", "Dana Lopez, +1 555-010-0142, dana@example.com", "Sun 29 Nov (closed then)",
        "screened, not complete", f"{rule.verdict}: {rule.name}", '"10 weeks along"', "Q6_medicines",
        rule.sources[0],
    ):  # fmt: skip
        assert piece in _flat(shown)


def test_a_known_wait_shows_its_date(sqlite_database: str, capsys: pytest.CaptureFixture) -> None:
    _stored()
    assert load().rule("isotretinoin_recent").wait == "P6M"
    main([])
    assert "not before Sat 01 May 2027" in _flat(capsys.readouterr().out)


def test_just_book_me_is_marked_as_not_screened(sqlite_database: str, capsys: pytest.CaptureFixture) -> None:
    _stored(screened=False)
    main([])
    assert "NOT SCREENED" in capsys.readouterr().out


def test_alerts_and_call_backs_stand_on_top(sqlite_database: str, capsys: pytest.CaptureFixture) -> None:
    _stored()
    request_callback("talk-9", "sms", "Jo", "jo@example.com")
    seen = raise_alert("call_today", "talk-8", "web")
    raise_alert("urgent", "talk-9", "sms")
    mark_seen(seen.id)
    main([])
    shown = capsys.readouterr().out
    assert shown.index("ALERTS (1)") < shown.index("CALL BACK (1)") < shown.index("REQUESTS (1)")
    assert "URGENT" in shown and "CALL TODAY" not in shown.split("REQUESTS")[0]
    main(["--all"])
    assert "ALERTS (2)" in capsys.readouterr().out


def test_closed_requests_need_all(sqlite_database: str, capsys: pytest.CaptureFixture) -> None:
    reference = _stored()
    change_status(reference, "closed")
    main([])
    assert reference not in capsys.readouterr().out
    main(["--all"])
    assert reference in capsys.readouterr().out


def test_what_people_typed_cannot_steer_the_terminal(
    sqlite_database: str, capsys: pytest.CaptureFixture
) -> None:
    _stored(name="Dana\x1b[2J", findings=[Finding("pregnancy", text="\x1b]0;x\x07")])
    main([])
    assert "\x1b" not in capsys.readouterr().out


def test_json_holds_everything(sqlite_database: str, capsys: pytest.CaptureFixture) -> None:
    reference = _stored()
    raise_alert("urgent", "talk-9", "sms")
    data = json.loads(_as_json(capsys))
    assert data["requests"][0]["reference"] == reference
    assert data["requests"][0]["verdict"]["outcome"] == data["requests"][0]["outcome"]
    assert data["alerts"][0]["kind"] == "urgent" and data["callbacks"] == []


def test_a_database_that_is_not_there_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    settings.cache_clear()
    try:
        assert main([]) == 1
    finally:
        settings.cache_clear()
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and "not available" in captured.err


def test_it_runs_as_a_command_and_a_bad_setting_stops_it(sqlite_database: str) -> None:
    def run(**environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "desk.bookings"],
            cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    assert run().returncode == 0
    bad = run(DATABASE_URL="nonsense")
    assert bad.returncode == 1 and bad.stderr.startswith("DATABASE_URL: ") and bad.stderr.count("\n") == 1


def _as_json(capsys: pytest.CaptureFixture) -> str:
    capsys.readouterr()
    assert main(["--json"]) == 0
    return capsys.readouterr().out
