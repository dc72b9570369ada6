"""A pretend phone in the terminal (`make sms`): texts to the running bot through the real channel.

    python -m channels.phone [NUMBER]

It starts a pretend Twilio on this machine and tells the bot of `make run` about it by a file; the bot uses it
only while this program runs and only when no real provider is set up.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Optional, Tuple
from urllib.parse import urlsplit

from desk.settings import ROOT
from desk.sms_settings import SmsSettings
from desk.sms_text import segments
from desk.web_settings import is_loopback

FILE = Path(os.environ.get("PRETEND_PHONE_FILE") or ROOT / "var" / "pretend_phone.json")
MINE = "+15550100199"
QUIET_SECONDS, MOST_SECONDS = 1.2, 12.0
OPENING = """A pretend phone: type a text and press Enter. Your number is {number}.
/picture sends a picture, /new takes another number, Ctrl+D ends. Everything else goes out as it is typed."""

_read: Tuple[Optional[Tuple[int, int]], Optional[SmsSettings]] = (None, None)


def pretended(path: Path = FILE) -> Optional[SmsSettings]:
    """The pretend provider while a pretend phone is running on this machine; else None."""
    global _read
    try:
        about = path.stat()
    except OSError:
        return None
    stamp = (about.st_mtime_ns, about.st_ino)
    if _read[0] != stamp:
        _read = (stamp, _settings(path))
    settings = _read[1]
    return settings if settings and _runs(path) else None


def _settings(path: Path) -> Optional[SmsSettings]:
    try:
        data = json.loads(path.read_text("utf-8"))
        settings = SmsSettings(**{field.name: data[field.name] for field in fields(SmsSettings)})
        here = all(is_loopback(urlsplit(url).hostname or "") for url in (settings.api_base, settings.public_url))
        return settings if here else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _runs(path: Path) -> bool:
    """The phone that wrote the file is still there: it may have been killed."""
    try:
        os.kill(int(json.loads(path.read_text("utf-8"))["pid"]), 0)
        return True
    except PermissionError:
        return True
    except (OSError, ValueError, KeyError, TypeError):
        return False


def announce(settings: SmsSettings, path: Path = FILE) -> None:
    """Tell the running bot, by a file that only this user can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump({**asdict(settings), "pid": os.getpid()}, file)
    os.replace(new, path)


def main() -> None:
    """Talk until the input ends."""
    from channels.fake_twilio import FakeTwilio

    port = os.environ.get("RASA_PORT", "5005")
    bot = f"http://127.0.0.1:{port}"
    try:
        with urllib.request.urlopen(f"{bot}/webhooks/web/health", timeout=5):
            pass
    except (urllib.error.URLError, OSError):
        sys.exit(f"The bot does not answer at {bot}; start it with `make run` in another terminal.")
    if pretended() is not None:
        sys.exit("Another pretend phone is running; use that one, or end it first.")
    number = sys.argv[1] if len(sys.argv) > 1 else MINE
    twilio = FakeTwilio(bot)
    announce(twilio.settings)
    print(OPENING.format(number=number), flush=True)
    try:
        while True:
            print("\nYou: ", end="", flush=True)
            line = sys.stdin.readline()
            if not line:
                break
            typed = line.rstrip("\n")
            if not sys.stdin.isatty():
                print(typed)
            if typed == "/new":
                number = f"+1555{secrets.randbelow(10**7):07}"
                print(f"Your number is {number}.")
                continue
            _talk(twilio, number, typed)
    except KeyboardInterrupt:
        pass
    finally:
        FILE.unlink(missing_ok=True)
        print()


def _talk(twilio: Any, number: str, typed: str) -> None:
    """Send one text and show what comes back until it is quiet."""
    seen = len(twilio.sent)
    media = int(typed == "/picture")
    status = twilio.text(number, "" if media else typed, media)
    if status == 404:
        print("The bot has a real provider, or is another version; it does not take pretend texts.")
        return
    if status != 200:
        print(f"(the bot answered {status})")
        return
    last = time.monotonic()
    ends = last + MOST_SECONDS
    shown = seen
    while time.monotonic() < ends and not (shown > seen and time.monotonic() - last > QUIET_SECONDS):
        for sent in twilio.sent[shown:]:
            who = "Twilio" if sent.own else "Clinic"
            print(f"\n{who} ({segments(sent.body)}): {sent.body}", flush=True)
            shown, last = shown + 1, time.monotonic()
        time.sleep(0.05)
    if shown == seen:
        print("(no answer)")


if __name__ == "__main__":
    main()
