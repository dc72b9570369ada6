"""`make sms`: the pretend phone, and a clinic that takes health answers on the private page only."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Text

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import asking
from actions.asking import ASK_ACTIONS
from actions.screening import ActionVerdict, ValidateScreeningForm
from channels.fake_twilio import FakeTwilio
from channels.phone import announce, pretended
from tests.harness import ROOT
from tests.sms_fixtures import RunningBot

OFF = {"TWILIO_ACCOUNT_SID": "", "TWILIO_AUTH_TOKEN": "", "TWILIO_FROM": "", "TWILIO_API_BASE": ""}


def test_the_phone_talks_to_the_running_bot_and_without_it_the_channel_is_off(action_server: Any, tmp_path: Path) -> None:
    file = tmp_path / "phone.json"
    bot = RunningBot(tmp_path, action_server.url, PUBLIC_URL="", PRETEND_PHONE_FILE=str(file), **{k: v for k, v in OFF.items()})
    try:
        assert bot.twilio.text("+15550100177", "hi") == 404
        done = subprocess.run(
            [sys.executable, "-m", "channels.phone"],
            input="how long does it last?\n/picture\nstop texting me please\nhello\nSTART\nHELP\n",
            env={**bot.environment, **OFF},
            cwd=ROOT, capture_output=True, text=True, timeout=150,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        talk = done.stdout
        for words in ("automated", "months", "pictures", "no more texts", "(no answer)", "texts from us again", "Twilio (1)"):
            assert words in talk, talk
        assert not file.exists() and bot.twilio.text("+15550100177", "hi") == 404
    finally:
        bot.kill()


def test_a_pretend_phone_is_believed_only_while_it_runs_on_this_machine(tmp_path: Path) -> None:
    file = tmp_path / "phone.json"
    assert pretended(file) is None
    twilio = FakeTwilio("http://127.0.0.1:5005")
    announce(twilio.settings, file)
    assert pretended(file) == twilio.settings and file.stat().st_mode & 0o077 == 0
    data = json.loads(file.read_text("utf-8"))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    changes: List[Any] = [{"pid": ended.pid}, {"api_base": "https://api.elsewhere.example"}, {"public_url": "https://x.example"}, {"token": None, "pid": "x"}]
    for change in changes:
        new = tmp_path / "new.json"
        new.write_text(json.dumps({**data, **change}), "utf-8")
        os.replace(new, file)
        assert pretended(file) is None, change
    for broken in ("", "[]", "{", '{"pid": 1}'):
        new.write_text(broken, "utf-8")
        os.replace(new, file)
        assert pretended(file) is None, broken


# ---- sms: {screening: link} ----


@pytest.fixture
def link_only(monkeypatch: pytest.MonkeyPatch) -> None:
    known = asking.load()
    clinic = known.clinic.copy(update={"sms": known.clinic.sms.copy(update={"screening": "link"})})

    class Known:
        def __getattr__(self, name: str) -> Any:
            return clinic if name == "clinic" else getattr(known, name)

    monkeypatch.setattr(asking, "load", lambda: Known())


def tracker(channel: Text, form: Dict[Text, Any], **slots: Any) -> Tracker:
    user = {"event": "user", "text": "check me", "timestamp": 1.0, "input_channel": channel, "parse_data": {}}
    message = {"text": "check me", "intent": {"name": "start_screening"}, "entities": []}
    return Tracker("sms-1", slots, message, [user], False, None, form, "action_listen")


def said(action: Any, channel: Text, form: Dict[Text, Any]) -> List[Text]:
    dispatcher = CollectingDispatcher()
    asyncio.run(action.run(dispatcher, tracker(channel, form), {}))
    return [message["response"] for message in dispatcher.messages]


def test_a_clinic_may_keep_health_questions_to_the_private_page(link_only: None) -> None:
    form = {"name": "screening_form"}
    assert said(ValidateScreeningForm(), "sms", {}) == []
    assert said(ActionVerdict(), "sms", {}) == ["utter_screening_by_link"]
    assert {tuple(said(ask(), "sms", form)) for ask in ASK_ACTIONS} == {("utter_screening_by_link",)}
    assert "utter_screening_consent" in said(ValidateScreeningForm(), "web", {})
    assert said(ASK_ACTIONS[1](), "web", form) == ["utter_ask_q2_pregnancy"]


def test_otherwise_they_are_asked_by_text() -> None:
    assert "utter_screening_consent" in said(ValidateScreeningForm(), "sms", {})
    assert said(ASK_ACTIONS[1](), "sms", {"name": "screening_form"}) == ["utter_ask_q2_pregnancy"]
