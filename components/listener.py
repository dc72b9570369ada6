"""The last step of understanding: listens for what bears on safety in every message.

Writes one entity `finding` per thing heard (value = condition id, role = assertion) and overrides the
intent when something about the person to be treated must come first.
"""

from __future__ import annotations

import logging
from typing import Any, Dict, List, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME, INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from candidacy.ages import UNDER_AGE
from candidacy.answers import reads_as_question
from candidacy.findings import HYPOTHETICAL, POSSIBLE, Finding
from candidacy.listening import listen
from components.intent_model import OUT_OF_SCOPE
from desk.settings import today

logger = logging.getLogger(__name__)

FINDING = "finding"
UNNAMED = "unnamed"
"""Entity value of a finding without a condition."""

AGE_QUESTION = "faq_age_limits"
URGENT, REPORT = "urgent_symptom", "report_condition"
_NOT_UNDERSTOOD = (DEFAULT_NLU_FALLBACK_INTENT_NAME, OUT_OF_SCOPE)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class Listener(GraphComponent, EntityExtractorMixin):
    """Puts `candidacy.listening.listen` to work on every message."""

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "Listener":
        """A new component; the lexicon is built now, not during somebody's first message."""
        listen("hello", today())
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing to learn."""
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Add findings to each message and put safety first in its intent."""
        for message in messages:
            text = message.get(TEXT) or ""
            # A chosen button ("/affirm") is no wording of the person's own.
            if text.startswith(INTENT_MESSAGE_PREFIX):
                continue
            self._hear(message, text)
        return messages

    def _hear(self, message: Message, text: str) -> None:
        findings = _heard(text)
        entities = [entity for entity in message.get(ENTITIES, []) if entity.get("entity") != FINDING]
        entities += [_entity(finding) for finding in findings]
        message.set(ENTITIES, entities, add_to_output=True)
        asked = message.get("asked") or []
        intent = (message.get(INTENT) or {}).get("name")
        if _only_tells_age(asked, findings, text):
            asked, intent = [], OUT_OF_SCOPE
        if any(finding.emergency for finding in findings):
            override = URGENT
        elif intent == URGENT and not any(finding.condition for finding in findings):
            return  # something unnamed, or a fault in listening, never outranks what reads like an emergency
        elif any(finding.surfaced for finding in findings):
            override = REPORT
        elif intent in _NOT_UNDERSTOOD and any(_bears_on_treatment(finding, intent, text) for finding in findings):
            # Nothing else was understood, yet it speaks of a condition: answer from the rules.
            override = REPORT
        elif intent == REPORT and any(item["intent"] != REPORT for item in asked):
            # It read like a report, yet nothing stands about this person: the question comes first.
            asked = [item for item in asked if item["intent"] != REPORT]
            override = asked[0]["intent"]
        else:
            return
        top = {"name": override, "confidence": 1.0}
        ranking = [item for item in message.get("intent_ranking") or [] if item["name"] != override]
        message.set(INTENT, top, add_to_output=True)
        message.set("intent_ranking", [top] + ranking, add_to_output=True)
        if override in (URGENT, REPORT):
            asked = [item for item in asked if item["intent"] != override]
        message.set("asked", asked, add_to_output=True)


def _only_tells_age(asked: List[Dict[str, Any]], findings: List[Finding], text: Text) -> bool:
    """True for "she's 27": it reads like the question about ages, and tells one."""
    return (
        [item["intent"] for item in asked] == [AGE_QUESTION]
        and any(finding.condition == UNDER_AGE and finding.quantity for finding in findings)
        and not reads_as_question(text)
    )


def _bears_on_treatment(finding: Finding, intent: Text, text: Text) -> bool:
    """False for a plain question about a condition that reads like another matter altogether.

    "How many ibuprofen may I take a day" is none for this clinic, nor is "my baby has a fever, which syrup?";
    "is it safe on ibuprofen" is one.
    """
    return intent != OUT_OF_SCOPE or not (finding.assertion == HYPOTHETICAL or reads_as_question(text))


def _heard(text: Text) -> List[Finding]:
    """What `listen` hears. A fault in it must neither end the turn nor pass for "nothing heard"."""
    try:
        return listen(text, today())
    except Exception as error:  # the person must get an answer whatever goes wrong
        logger.error("listening failed: %s", type(error).__name__)
        return [Finding(None, None, POSSIBLE, text, 0, len(text))]


def _entity(finding: Finding) -> Dict[str, Any]:
    """The Rasa entity of a finding; the whole finding stands under `finding`."""
    return {
        "entity": FINDING,
        "value": finding.condition or UNNAMED,
        "role": finding.assertion,
        "start": finding.start,
        "end": finding.end,
        "extractor": "Listener",
        "finding": finding.to_dict(),
    }
