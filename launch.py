"""Start the bot's processes with the settings that the design promises.

    python launch.py rasa        the bot with its web chat on 127.0.0.1:5005
    python launch.py actions     the action server on 127.0.0.1:5055
    python launch.py shell       the bot in this terminal (127.0.0.1:5015), conversations kept apart
    python launch.py staff       the inbox for the clinic's staff on 127.0.0.1:5006
    python launch.py worker      the worker that sends what was booked to staff, their calendar, their systems
    python launch.py train       train a model if the data changed since the last one
    python launch.py ready       wait until the chat page answers, then print its address
    python launch.py keep NAME   run one of these and start it again when it dies
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from pathlib import Path
from typing import Callable, Dict, List

ROOT = Path(__file__).resolve().parent
HOST = "127.0.0.1"
RASA_PORT, ACTIONS_PORT, SHELL_PORT, SHELL_ACTIONS_PORT, METRICS_PORT, INBOX_PORT = 5005, 5055, 5015, 5056, 9105, 5006
ACTION_TIMEOUT = 4
"""Seconds that Rasa waits for the action server; its own 300 would leave a person without an answer."""

TRAINED_FROM = ["data/nlu", "data/faq", "data/rules.yml", "domain.yml", "config.yml", "components", "requirements.txt"]
STAMP = ROOT / "models" / ".trained-from"


def quiet() -> Dict[str, str]:
    """Environment of every process: no telemetry, no start-up noise, one address for the action server."""
    defaults = {
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "SANIC_HOST": HOST,
        "ACTION_ENDPOINT_URL": f"http://{HOST}:{_port('ACTIONS_PORT', ACTIONS_PORT)}/webhook",
        "PYTHONWARNINGS": "ignore",
        "TQDM_DISABLE": "1",
    }
    for key, value in defaults.items():
        os.environ.setdefault(key, value)
    # Rasa switches its libraries' warnings on again; none of them is for whoever runs a clinic's bot.
    warnings.showwarning = lambda *_args, **_kwargs: None
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    return dict(os.environ)


def check_data() -> None:
    """Stop with one clear line when a file of the clinic is broken or a setting cannot be used."""
    from candidacy.knowledge import BrokenFile, load
    from desk.consent import consent
    from desk.database import DeskUnavailable, engine
    from desk.delivery.delivery_settings import delivery_settings
    from desk.sealing import check_keys
    from desk.settings import BadSetting, settings, time_zone
    from desk.sms_settings import sms_settings
    from desk.sms_words import words
    from desk.staff_settings import staff_settings
    from desk.web_settings import web_settings

    try:
        load()
        settings()
        web_settings()
        staff_settings()
        sms_settings()
        words()
        consent()
        delivery_settings()
        check_keys()
        time_zone()
        for attempt in range(4):  # the other processes start now too and may be making the same tables
            try:
                engine()
                break
            except DeskUnavailable:
                if attempt == 3:
                    raise
                time.sleep(0.5 + random.random())
    except DeskUnavailable as error:
        sys.exit(f"The bot was not started. DATABASE_URL: {error}; start the database or correct it.")
    except (BrokenFile, BadSetting) as error:
        sys.exit(f"The bot was not started. {error}")


def rasa_main(arguments: List[str]) -> None:
    """Run Rasa's command line inside this process."""
    check_data()
    from components import log_redaction
    from components.rasa_tuning import tune

    log_redaction.install()
    tune(ACTION_TIMEOUT)
    from rasa.__main__ import main

    sys.argv = ["rasa", *arguments]
    main()


def rasa() -> None:
    """The bot and its web chat, its metrics on a port of their own."""
    check_data()
    from channels import metrics
    from channels.credentials import credentials_file
    from desk.settings import BadSetting

    interface, port = os.environ["SANIC_HOST"], _port("METRICS_PORT", METRICS_PORT)
    try:
        credentials = credentials_file(ROOT, interface)
    except BadSetting as error:
        sys.exit(f"The bot was not started. {error}")
    if not metrics.serve(port):
        print(f"METRICS_PORT: {port} is taken, so this process has no metrics", file=sys.stderr)
    common = ["--model", "models", "--endpoints", "endpoints.yml", "--credentials", credentials]
    rasa_main(["run", "-i", interface, "-p", str(_port("RASA_PORT", RASA_PORT)), *common])


def actions() -> None:
    """The action server."""
    check_data()
    from rasa_sdk.__main__ import main

    from candidacy.answers import interpret
    from components import log_redaction
    from desk.settings import today

    log_redaction.redact_records()
    # Reading a date loads the language tools; during somebody's message that would take too long.
    interpret("when:isotretinoin_recent", "2 weeks ago", [], today())

    sys.argv = ["rasa_sdk", "--quiet", "--actions", "actions", "-p", str(_port("ACTIONS_PORT", ACTIONS_PORT))]
    main()


def staff() -> None:
    """The inbox for the clinic's staff."""
    check_data()
    import uvicorn

    from desk.staff import has_users
    from desk.staff_settings import staff_settings
    from desk.web_settings import is_loopback
    from staff.app import make_app

    interface, settings = os.environ["SANIC_HOST"], staff_settings()
    if not is_loopback(interface) and not settings.secure:
        sys.exit(f"The inbox was not started. STAFF_URL: must begin with https while SANIC_HOST is {interface}")
    if not has_users():
        print("The inbox has no user yet. Make the first one with: make staff-user NAME=your-name", flush=True)
    # No access log: an address names a request, and each look at one is in the audit anyway.
    uvicorn.run(
        make_app(), host=interface, port=settings.port, log_level="warning", access_log=False, server_header=False,
        proxy_headers=False, ws="none", lifespan="off", limit_concurrency=200, timeout_keep_alive=20,
    )  # fmt: skip


def worker() -> None:
    """The worker: what was booked goes to staff, their calendar and their systems."""
    check_data()
    from desk.worker import run

    sys.exit(run())


def shell() -> None:
    """The bot in this terminal; uses the action server of `make run` if it answers, else its own."""
    check_data()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started here is ended
    import channels.shell

    print("Starting the bot, about ten seconds ...", flush=True)
    own = None
    port = _port("ACTIONS_PORT", ACTIONS_PORT)
    if not _answers(f"http://{HOST}:{port}/health"):
        port = _free(_port("SHELL_ACTIONS_PORT", SHELL_ACTIONS_PORT))
        own = _own_actions(port)
    os.environ["ACTION_ENDPOINT_URL"] = f"http://{HOST}:{port}/webhook"
    os.environ["CONVERSATIONS_DB"] = os.environ.get("SHELL_CONVERSATIONS_DB", "var/shell-conversations.db")
    channels.shell.install()
    try:
        common = ["--model", "models", "--endpoints", "endpoints.yml", "--quiet"]
        arguments = ["shell", "-i", HOST, "-p", str(_free(_port("SHELL_PORT", SHELL_PORT))), *common]
        with channels.shell.errors_to(ROOT / "var" / "shell.log"):
            rasa_main(arguments)
    except KeyboardInterrupt:
        print()
    finally:
        if own is not None:
            _end(own)


def _own_actions(port: int) -> "subprocess.Popen[bytes]":
    with open(ROOT / "var" / "shell-actions.log", "ab") as log:
        command = [sys.executable, str(ROOT / "launch.py"), "actions"]
        return subprocess.Popen(command, env={**os.environ, "ACTIONS_PORT": str(port)}, stdout=log, stderr=log)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()


def _free(port: int) -> int:
    """This port, or another when it is taken (a second shell, for example)."""
    for wanted in (port, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return port


def train() -> None:
    """Train if what the model is made from has changed."""
    digest = _digest()
    newest = sorted((ROOT / "models").glob("*.tar.gz"))
    if newest and STAMP.exists() and STAMP.read_text("utf-8") == digest and "--force" not in sys.argv:
        return
    check_data()
    print("Training the model (about a minute; only after a change in the data) ...", flush=True)
    started = time.monotonic()
    command = [sys.executable, "-W", "ignore", "-m", "rasa", "train", "--data", "data", "--out", "models"]
    done = subprocess.run([*command, "--quiet"], capture_output=True, text=True)
    if done.returncode:
        noise = re.compile(r"Deprecat|pkg_resources|declare_namespace|^\s+(?:from|import) ")
        lines = [line for line in (done.stdout + done.stderr).splitlines() if not noise.search(line)]
        sys.exit("Training failed:\n" + "\n".join(lines[-25:]))
    for old in newest:
        old.unlink(missing_ok=True)
    STAMP.write_text(digest, "utf-8")
    print(f"Trained in {time.monotonic() - started:.0f} s.", flush=True)


def _digest() -> str:
    """Digest of everything the model is made from."""
    total = hashlib.sha256()
    for name in TRAINED_FROM:
        path = ROOT / name
        files = sorted(f for f in path.rglob("*") if f.suffix in (".yml", ".py")) if path.is_dir() else [path]
        for file in files:
            total.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def ready() -> None:
    """Wait for the chat page and print its address."""
    address = f"http://localhost:{_port('RASA_PORT', RASA_PORT)}/webhooks/web/"
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        if _answers(f"{address}health"):  # the page alone comes up even when the model could not be loaded
            inbox = f"http://localhost:{_port('INBOX_PORT', INBOX_PORT)}/"
            print(f"\n  The chat is ready: {address}\n  The staff inbox:   {inbox}\n  Stop with Ctrl+C.\n", flush=True)
            break
        time.sleep(0.5)
    else:
        sys.exit("The chat did not come up within three minutes; the lines above say why.")
    while True:  # a process that ends would make honcho stop the others
        time.sleep(3600)


def keep() -> None:
    """Run another command and start it again when it dies; give up when it cannot even start.

    honcho stops everything when one process ends, and a killed action server must not end the chat.
    """
    command = [sys.executable, str(ROOT / "launch.py"), *sys.argv[2:]]
    process: List["subprocess.Popen[bytes]"] = []

    ending: List[int] = []

    def end(number: int, _frame: object) -> None:
        ending.append(number)  # waiting here would wait for the lock of the wait below
        process[-1].send_signal(number)

    failures = 0
    while not ending:
        started = time.monotonic()
        process.append(subprocess.Popen(command))
        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        code = process[-1].wait()
        if ending:
            break
        failures = failures + 1 if time.monotonic() - started < 20 else 0
        if code == 1 and failures:  # it said itself why it cannot start
            sys.exit(1)
        if failures > 5:
            sys.exit(f"{sys.argv[2]} ends again and again; the lines above say why.")
        print(f"{sys.argv[2]} ended; starting it again", flush=True)
        time.sleep(min(2**failures, 20))


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _port(variable: str, default: int) -> int:
    value = os.environ.get(variable, str(default))
    if not value.isdigit():
        sys.exit(f"{variable}: {value!r} is no port number; write for example {default}")
    return int(value)


COMMANDS: Dict[str, Callable[[], None]] = {
    "rasa": rasa,
    "actions": actions,
    "staff": staff,
    "worker": worker,
    "shell": shell,
    "train": train,
    "ready": ready,
    "keep": keep,
}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    quiet()
    (ROOT / "var").mkdir(exist_ok=True)
    COMMANDS[sys.argv[1]]()
