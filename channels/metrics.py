"""Counters for Prometheus. Label values come from closed sets: never a text, an id, an address."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Iterable, Optional, Set, Text

from prometheus_client import Counter, Histogram, disable_created_metrics, start_http_server
from rasa.core.brokers.broker import EventBroker
from rasa.utils.endpoints import EndpointConfig

OTHER = "other"
CHANNELS: FrozenSet[str] = frozenset({"web", "sms", "cmdline", "rest"})
REFUSALS: FrozenSet[str] = frozenset(
    {
        "origin", "session", "link", "too_fast", "too_long", "too_slow", "bad_type", "bad_json", "bad_id",
        "bad_offer", "bad_message", "choice_gone", "empty", "signature", "opted_out", "copy", "media", "off", "unavailable",
    }
)  # fmt: skip
"""Kinds of refusal, of both channels."""

FALLBACK_INTENTS = frozenset({"nlu_fallback", "out_of_scope"})

_TURNS = Counter("bot_turns", "Messages taken to the bot", ["channel", "intent"])
_FALLBACKS = Counter("bot_fallbacks", "Messages that were not understood or not in scope", ["channel"])
_SECONDS = Histogram(
    "bot_turn_seconds",
    "Seconds from a message to its answer",
    ["channel"],
    buckets=(0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 10, 20),
)
_REFUSALS = Counter("bot_refusals", "Requests that were refused", ["channel", "kind"])
_UNAVAILABLE = Counter("bot_unavailable", "Times that somebody was told that the bot cannot answer", ["channel"])

_intents: Set[str] = set()


def know_intents(names: Iterable[str]) -> None:
    """The intents that may be a label; every other one counts as "other"."""
    _intents.update(names)


def count_turn(channel: Optional[str], intent: Optional[str]) -> None:
    """A message was taken to the bot."""
    _TURNS.labels(_one_of(channel, CHANNELS), _one_of(intent, _intents)).inc()
    if intent in FALLBACK_INTENTS:
        _FALLBACKS.labels(_one_of(channel, CHANNELS)).inc()


def observe_turn(channel: str, seconds: float) -> None:
    """A message was answered after so many seconds."""
    _SECONDS.labels(_one_of(channel, CHANNELS)).observe(seconds)


def count_refusal(channel: str, kind: str) -> None:
    """A request was refused; `kind` is one of REFUSALS."""
    _REFUSALS.labels(_one_of(channel, CHANNELS), _one_of(kind, REFUSALS)).inc()


def count_unavailable(channel: str) -> None:
    """Somebody was told that the bot cannot answer."""
    _UNAVAILABLE.labels(_one_of(channel, CHANNELS)).inc()


def serve(port: int) -> bool:
    """Serve the counters at 127.0.0.1:`port`/metrics; False when the port is taken."""
    disable_created_metrics()
    try:
        start_http_server(port, addr="127.0.0.1")
    except OSError:
        return False
    return True


class TurnCounter(EventBroker):
    """Counts each user message by channel and intent (`event_broker:` in endpoints.yml); keeps nothing else."""

    @classmethod
    async def from_endpoint_config(  # type: ignore[override]
        cls, broker_config: EndpointConfig, event_loop: Any = None
    ) -> "TurnCounter":
        """Rasa's way of making one."""
        return cls()

    def publish(self, event: Dict[Text, Any]) -> None:
        """Count one event of a tracker."""
        if event.get("event") == "user":
            intent = ((event.get("parse_data") or {}).get("intent") or {}).get("name")
            count_turn(event.get("input_channel"), intent)


def _one_of(value: Optional[str], known: Iterable[str]) -> str:
    return value if value in known else OTHER  # type: ignore[operator,return-value]
