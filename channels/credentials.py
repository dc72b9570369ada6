"""Which channels the bot opens: the public ones, and for staff Rasa's own REST channel."""

from __future__ import annotations

from pathlib import Path

from desk.settings import BadSetting
from desk.web_settings import is_loopback, web_settings


def credentials_file(root: Path, interface: str) -> str:
    """The file for Rasa's `--credentials`; with STAFF_REST a copy that adds the REST channel.

    That channel knows no session: whoever reaches it may speak as anybody. So it is never opened where
    others than this machine could reach it.

    Args:
        root: The project's folder.
        interface: Address that the bot listens on.

    Raises:
        BadSetting: When STAFF_REST is on and the address is no loopback one.
    """
    file = root / "credentials.yml"
    if not web_settings().staff_rest:
        return str(file)
    if not is_loopback(interface):
        raise BadSetting("STAFF_REST", f"is not for a bot that listens on {interface}; unset it, or SANIC_HOST")
    copy = root / "var" / "credentials-with-rest.yml"
    copy.parent.mkdir(exist_ok=True)
    copy.write_text(f"{file.read_text('utf-8')}rest:\n", "utf-8")
    return str(copy)
