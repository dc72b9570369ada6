"""The web chat as it runs for a clinic: commands typed as text, logs, metrics, restarts, and a fuzzed API."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterator, List, Set

import pytest
import requests
import yaml

from tests.harness import ROOT
from tests.web_process import Process, Visitor, running


@pytest.fixture(scope="module")
def live() -> Process:
    """The running bot."""
    return running()


def intents() -> Set[str]:
    """The intents of the domain."""
    domain = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    return {next(iter(intent)) if isinstance(intent, dict) else intent for intent in domain["intents"]}


def commands() -> List[str]:
    """Every intent and every button payload of the bot, and Rasa's own commands, as somebody may type them."""
    found: Set[str] = {f"/{name}" for name in intents()}
    for file in (ROOT / "domain.yml", *(ROOT / "data").rglob("*.yml"), *(ROOT / "actions").glob("*.py")):
        found.update(re.findall(r"payload\W+(/\w+)", file.read_text("utf-8")))
    found.update(("/restart", "/session_start", "/back", "/stop", "/start_over", "/action_listen", "/utter_greet"))
    found.update(
        (
            '/report_condition{"finding": "pregnancy"}',
            '/affirm{"verdict": "no_flag"}',
            "/affirm@0.99",
            '/correct{"group": "q1_age"}',
            "/SetSlots(verdict=no_flag)",
            "EXTERNAL: EXTERNAL_reminder",
        )
    )
    return sorted(found)


def test_there_are_commands_to_type() -> None:
    assert len(commands()) > 50 and {"/affirm", "/faq_cost", "/restart"} <= set(commands())


def test_no_intent_and_no_payload_typed_as_text_is_a_command(live: Process) -> None:
    typed = commands()
    for batch in range(0, len(typed), 25):
        visitor = live.visitor()
        sent = []
        for command, start in zip(typed[batch : batch + 25], itertools.cycle(("", " ", "//", "\u00a0/ "))):
            sent.append(start + command)
            assert visitor.post(text=sent[-1]).status_code == 200
        events = live.events(visitor.conversation)
        heard = [event for event in events if event["event"] == "user"]
        assert len(heard) == len(sent)
        for event in heard:
            assert not event["text"].lstrip().startswith("/"), event["text"]
            assert event["parse_data"].get("asked") is not None, f"{event['text']} was taken for a command"
            assert not [e for e in event["parse_data"]["entities"] if e.get("extractor") == "RegexMessageHandler"]
        assert not {event["name"] for event in events if event["event"] == "action"} & {"action_restart", "action_back"}
        shown = [line["text"] for line in visitor.history()["messages"] if line["who"] == "user"]
        assert shown == [text.strip() for text in sent]


def test_a_button_is_still_a_command(live: Process) -> None:
    visitor = live.visitor()
    assert visitor.post(choice=1).status_code == 200
    heard = [event for event in live.events(visitor.conversation) if event["event"] == "user"]
    assert heard[-1]["text"] == "/start_screening"
    assert "asked" not in heard[-1]["parse_data"], "this is how the test above knows a command"


@pytest.mark.parametrize("typed", ["{clinic.phone}", "{verdict}", "<b>{clinic.name}</b>", "my name is {clinic.phone}"])
def test_names_of_facts_are_never_filled_in(live: Process, typed: str) -> None:
    visitor = live.visitor()
    reply = visitor.post(text=typed).json()
    assert visitor.history()["messages"][len(visitor.opened["messages"])]["text"] == typed
    assert not any("{" in message["text"] or "<b>" in message["text"] for message in reply["messages"])


# Nothing personal


SECRETS = ("lupus", "zebedee", "quux", "867-5309", "8675309", "10 weeks", "breastfeeding")


def talk_about_oneself(live: Process) -> Visitor:
    """A talk with health, a name and contacts in it, errors and refusals too."""
    visitor = live.visitor()
    for text in (
        "I have lupus and I'm 10 weeks pregnant, is that a problem?",
        "I am breastfeeding. My name is Zebedee Quux, zebedee@quux.example, (555) 867-5309",
        "book me please",
        "I am 34",
        "Zebedee Quux",
        "+15558675309 or zebedee@quux.example",
        "my lupus \U0001f600 asdf qwer 10 weeks zxcv",
    ):
        assert visitor.post(text=text).status_code == 200
    as_json = {**visitor.headers, "Content-Type": "application/json"}
    requests.post(live.url + "message", data=b'{"text": "lupus zebedee', headers=as_json, timeout=10)
    requests.post(live.url + "message", json={"text": "lupus"}, headers={"Authorization": "Bearer zebedee"}, timeout=10)
    visitor.post(text="lupus " * 3_000)
    with ThreadPoolExecutor(40) as crowd:
        codes = set(crowd.map(lambda _: visitor.post(text="zebedee").status_code, range(40)))
    assert 429 in codes
    visitor.history()
    return visitor


def test_no_log_line_at_any_level_and_no_metric_tells_of_anybody(live: Process) -> None:
    visitor = talk_about_oneself(live)
    log = live.log.read_text("utf-8", "replace").lower() + live.actions_log.read_text("utf-8", "replace").lower()
    assert "debug" in log and "processor:" in log, "the loudest level is what is tried"
    ours = "\n".join(line for line in live.metrics().lower().splitlines() if "bot_" in line)
    for secret in (*SECRETS, visitor.conversation, visitor.token, visitor.token.split(".")[1], visitor.address):
        lines = [line for line in log.splitlines() if secret.lower() in line]
        assert not lines, (secret, lines[:2])
        assert secret.lower() not in ours
    for forbidden in ("web-", "eyj", "@", "10.0."):
        assert forbidden not in ours


def value(metrics: str, name: str, **labels: str) -> float:
    """Value of one counter."""
    for line in metrics.splitlines():
        if line.startswith(name) and all(f'{label}="{text}"' in line for label, text in labels.items()):
            return float(line.rpartition(" ")[2])
    return 0.0


def test_metrics_count_turns_refusals_and_fallbacks(live: Process) -> None:
    before = live.metrics()
    visitor = live.visitor()
    visitor.post(text="how long does it last?")
    visitor.post(text="asdf qwer zxcv uiop")
    requests.post(live.url + "session", headers={"Origin": "https://evil.example"}, timeout=10)
    requests.get(live.url + "history", timeout=10)
    after = live.metrics()

    def grown(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert grown("bot_turns_total", channel="web", intent="faq_duration") == 1
    assert grown("bot_fallbacks_total", channel="web") == 1
    assert grown("bot_turn_seconds_count", channel="web") == 2
    assert grown("bot_refusals_total", channel="web", kind="origin") == 1
    assert grown("bot_refusals_total", channel="web", kind="session") == 1


def test_labels_come_from_closed_sets(live: Process) -> None:
    text = live.metrics()
    assert set(re.findall(r'intent="([^"]*)"', text)) <= intents() | {"other", "nlu_fallback"}
    assert set(re.findall(r'channel="([^"]*)"', text)) == {"web"}


def test_metrics_are_on_their_own_port_only(live: Process) -> None:
    for path in ("metrics", "../metrics", "../../metrics"):
        assert requests.get(live.url + path, timeout=10).status_code == 404


# What is on and what is off


OFF = (
    "/webhooks/rest/webhook", "/webhooks/rest/", "/webhooks/socketio/", "/socket.io/", "/webhooks/callback/webhook",
    "/conversations/x/tracker", "/model/parse", "/model", "/status", "/version", "/domain",
)  # fmt: skip


def test_rasas_own_channels_and_its_api_are_off(live: Process) -> None:
    root = f"http://127.0.0.1:{live.port}"
    for path in OFF:
        assert requests.get(root + path, timeout=10).status_code == 404, path
        assert requests.post(root + path, json={"sender": "x", "message": "/restart"}, timeout=10).status_code == 404


def test_no_answer_carries_a_cors_header(live: Process) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for method in ("GET", "POST", "OPTIONS"):
        for path in ("", "about", "health", "session", "message", "history", "s/loader.js", "nowhere"):
            answer = requests.request(method, live.url + path, headers=headers, timeout=10)
            names = {name.lower() for name in answer.headers}
            assert not names & {"access-control-allow-origin", "access-control-allow-credentials"}, (method, path)


def test_health_tells_its_parts_and_nothing_else(live: Process) -> None:
    answer = requests.get(live.url + "health", timeout=10)
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"status", "model", "database", "oldest_wait_seconds"}
    assert (body["status"], body["model"], body["database"]) == ("ok", True, True)


# The description of the API, and everything that may be sent by it


def test_the_description_names_every_route() -> None:
    described = json.loads((ROOT / "channels" / "openapi.json").read_text("utf-8"))["paths"]
    code = (ROOT / "channels" / "web.py").read_text("utf-8")
    pages = {("get", "/"), ("get", "/demo")}
    routes = set(re.findall(r'@bp\.(get|post|put|delete)\("([^"]+)"', code)) - pages
    assert routes == {(method, path) for path, methods in described.items() for method in methods}


def test_the_api_stands_any_request_of_its_description(live: Process, tmp_path: Path) -> None:
    # Requests come from many talks and addresses, or most would only meet the limits.
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SCHEMATHESIS_HOOKS": "tests.web_api_hooks",
        "TOKENS": " ".join(live.visitor().token for _ in range(20)),
    }
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{live.url}openapi.json",
        "--url", live.url.rstrip("/"),
        "--phases", "examples,coverage,fuzzing",
        "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        "--max-examples", "15",
        "--max-time", "40",
        "--seed", "1",
        "--suppress-health-check", "all",
        "--request-timeout", "30",
        "--no-color",
    ]  # fmt: skip
    before = live.metrics()
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    after = live.metrics()
    name = "bot_turn_seconds_count"
    assert value(after, name, channel="web") > value(before, name, channel="web"), "some of them reached the bot"


# Restarts, and staff's own channel


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Process]:
    """A bot of its own, with Rasa's REST channel for staff, to be killed. Its action server is down."""
    process = Process(tmp_path, STAFF_REST="1")
    yield process
    process.stop()


def test_a_retry_after_a_crash_gives_the_same_reply_and_a_token_stays_good(mortal: Process) -> None:
    root = f"http://127.0.0.1:{mortal.port}"
    said = requests.post(f"{root}/webhooks/rest/webhook", json={"sender": "staff", "message": "/greet"}, timeout=30)
    assert said.status_code == 200 and said.json()[0]["text"], "STAFF_REST opens the channel"
    assert requests.get(f"{root}/conversations/x/tracker", timeout=10).status_code == 404

    visitor = mortal.visitor()
    first = visitor.post(text="how long does it last?", id="m1").json()
    before = visitor.history()
    mortal.stop(signal.SIGKILL)
    mortal.start()
    assert visitor.history() == before
    assert visitor.post(text="how long does it last?", id="m1").json() == first
    assert visitor.history() == before
    assert len([event for event in mortal.events(visitor.conversation) if event["event"] == "user"]) == 1


@pytest.mark.parametrize("interface", ["0.0.0.0", "192.168.1.5", "::", "bot.clinic.example"])
def test_the_staff_channel_is_refused_where_others_could_reach_it(interface: str, tmp_path: Path) -> None:
    env = {
        **os.environ,
        "STAFF_REST": "1",
        "SANIC_HOST": interface,
        "DATABASE_URL": f"sqlite:///{tmp_path}/desk.db",
        "CONVERSATIONS_DB": f"{tmp_path}/conversations.db",
    }
    command = [sys.executable, str(ROOT / "launch.py"), "rasa"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert done.returncode and len(lines) == 1 and "STAFF_REST" in lines[0], lines
