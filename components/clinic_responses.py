"""The bot's wording: responses filled with this clinic's facts.

Texts name facts as `{clinic.phone}`. A variation whose facts are all known is preferred; where one is
blank, the variation marked `metadata: {unset: true}` is used. An action may pass a fragment, a mapping
{"response": name, ...values} or a list of them, as the value of a name: it is rendered with the same
rules and put in its place, one line each.
"""

from __future__ import annotations

import copy
import logging
import re
from typing import Any, Dict, List, Optional, Text

from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.core.nlg.generator import ResponseVariationFilter
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from candidacy.knowledge import Knowledge, load

logger = logging.getLogger(__name__)

PRIVATE = "private"
"""`metadata: {kind: private…}`: this variant says less than the web chat does, because texts are not private."""

IN_FULL = "in_full"
"""Key of the words that the private page shows in its place; no text message ever holds them."""

FULL_CHANNEL = "web"

NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")


def facts(knowledge: Knowledge) -> Dict[Text, Optional[Text]]:
    """What every text may name: `clinic.<fact>` and `rules.version`; a blank fact is None."""
    values: Dict[Text, Optional[Text]] = {f"clinic.{key}": fact for key, fact in knowledge.clinic.facts.items()}
    values["rules.version"] = knowledge.rulebook.version
    return values


class ClinicResponses(TemplatedNaturalLanguageGenerator):
    """Rasa's `nlg: type:`; reads the clinic's facts at start, so an edit needs a restart, no training."""

    def __init__(self, endpoint_config: Optional[EndpointConfig], domain: Domain) -> None:
        # Rasa replaces the responses of its own class when it has loaded the model with its domain.
        super().__init__(domain.responses)
        self._facts = facts(load())

    async def generate(
        self, utter_action: Text, tracker: DialogueStateTracker, output_channel: Text, **kwargs: Any
    ) -> Optional[Dict[Text, Any]]:
        """The message of a response (see parent class); None for an unknown response."""
        slots = tracker.current_slot_values()
        turn = sum(
            isinstance(event, BotUttered) and event.metadata.get("utter_action") == utter_action
            for event in tracker.events
        )
        message = self._render(utter_action, output_channel, slots, kwargs, turn)
        if message and str((message.get("metadata") or {}).get("kind") or "").startswith(PRIVATE):
            full = self._render(utter_action, FULL_CHANNEL, slots, kwargs, turn)
            message[IN_FULL] = (full or {}).get("text")
        return message

    def _render(
        self, name: Text, channel: Text, slots: Dict[Text, Any], values: Dict[Text, Any], turn: int = 0
    ) -> Optional[Dict[Text, Any]]:
        if name not in self.responses:
            logger.error("unknown response %s", name)
            return None
        candidates = ResponseVariationFilter(self.responses).responses_for_utter_action(name, channel, slots)
        if not candidates:
            return None
        known: Dict[Text, Any] = {**slots, **self._facts}
        for key, value in values.items():
            known[key] = self._fragment(value, channel, slots)
        chosen = copy.deepcopy(self._choose(candidates, known, turn))
        if "text" in chosen:
            chosen["text"] = self._fill(chosen["text"], known, name)
        for button in chosen.get("buttons") or []:
            button["title"] = self._fill(button["title"], known, name)
        chosen["utter_action"] = name
        return chosen

    def _fragment(self, value: Any, channel: Text, slots: Dict[Text, Any]) -> Any:
        if isinstance(value, dict) and "response" in value:
            inner = {key: item for key, item in value.items() if key != "response"}
            rendered = self._render(value["response"], channel, slots, inner)
            return rendered["text"] if rendered else ""
        if isinstance(value, list) and value and all(isinstance(item, dict) and "response" in item for item in value):
            return "\n".join(filter(None, (self._fragment(item, channel, slots) for item in value)))
        return value

    @staticmethod
    def _choose(candidates: List[Dict[Text, Any]], known: Dict[Text, Any], turn: int) -> Dict[Text, Any]:
        """Variations take turns, so that what is said again does not sound the same."""

        def filled(variation: Dict[Text, Any]) -> bool:
            return all(known.get(key) not in (None, "") for key in NAME.findall(variation.get("text") or ""))

        def unset(variation: Dict[Text, Any]) -> bool:
            return bool((variation.get("metadata") or {}).get("unset"))

        ready = [v for v in candidates if not unset(v) and filled(v)] or [v for v in candidates if unset(v)]
        ready = ready or candidates
        return ready[turn % len(ready)]

    @staticmethod
    def _fill(text: Text, known: Dict[Text, Any], name: Text) -> Text:
        def value_of(match: "re.Match[str]") -> Text:
            value = known.get(match.group(1))
            if value is None:
                logger.error("response %s names %s, which has no value", name, match.group(1))
                return ""
            return str(value)

        # Line breaks are kept; a name without a value leaves no doubled space behind.
        return re.sub(r"[ \t]{2,}", " ", NAME.sub(value_of, text)).strip()
