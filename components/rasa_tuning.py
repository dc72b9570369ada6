"""What Rasa has no setting for: how long an action may take, and two checks that cost more than the turn.

Measured on Rasa 3.6.21: every answer of the action server had its JSON schema checked against the schema
of schemas (two thirds of a form turn's time), and every stored event looked through all event classes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict, Optional, Text

from rasa.shared.exceptions import RasaException


def tune(action_timeout: float) -> None:
    """Apply the settings to this process. Call once, before Rasa starts.

    Args:
        action_timeout: Seconds that Rasa waits for the action server.
    """
    import rasa.core.actions.action as actions
    from rasa.shared.core.events import Event

    actions.DEFAULT_REQUEST_TIMEOUT = action_timeout  # type: ignore[assignment]
    actions.RemoteAction._validate_action_result = _check_result  # type: ignore[assignment]
    if not hasattr(Event.resolve_by_type, "cache_info"):
        Event.resolve_by_type = staticmethod(lru_cache(maxsize=256)(Event.resolve_by_type))  # type: ignore


def _check_result(action: Any, result: Dict[Text, Any]) -> bool:
    """True for an answer that follows Rasa's format.

    Raises:
        RasaException: When it does not. It names the place only: the answer may hold what a person said.
    """
    error: Optional[Any] = next(_validator().iter_errors(result), None)
    if error is not None:
        place = "/".join(str(part) for part in error.path) or "the whole answer"
        raise RasaException(f"the action server's answer to {action.name()} has a wrong format at {place}")
    return True


@lru_cache(maxsize=1)
def _validator() -> Any:
    from jsonschema.validators import validator_for
    from rasa.core.actions.action import RemoteAction

    schema = RemoteAction.action_response_format_spec()
    validator = validator_for(schema)
    validator.check_schema(schema)
    return validator(schema)
