"""Fixed texts of domain.yml for messages that go out without a turn of the bot, such as a reminder."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List, Mapping

import yaml

from candidacy.knowledge import load
from desk.settings import ROOT

DOMAIN = ROOT / "domain.yml"
_NAME = re.compile(r"\{([a-z_.]+)\}")


@lru_cache(maxsize=2)
def responses(path: Path = DOMAIN) -> Mapping[str, List[Dict[str, Any]]]:
    """Every response with its variations, read once."""
    return yaml.safe_load(path.read_text("utf-8"))["responses"]


def wording(name: str, channel: str = "", **values: str) -> str:
    """The text of a response, filled in.

    Args:
        name: The response.
        channel: Its variation for this channel, if it has one.
        values: What it names besides the clinic's facts.

    Raises:
        KeyError: For an unknown response, or a name in it that has no value.
    """
    variations = responses()[name]
    fitting = [one for one in variations if one.get("channel") == channel] or [
        one for one in variations if not one.get("channel")
    ]
    known = {**{f"clinic.{key}": fact for key, fact in load().clinic.facts.items()}, **values}
    return _NAME.sub(lambda match: str(known[match.group(1)] or ""), fitting[0]["text"]).strip()
