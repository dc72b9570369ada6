"""Rasa's intent classifier of this bot: scores the whole message and its clauses.

Writes `intent`, `intent_ranking` and `asked`: what was asked, in order, as a list of
{intent, confidence, text}. A message that is not understood gets the intent `nlu_fallback` and an
empty `asked`.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.clauses import clauses
from components.intent_model import IntentModel, train

OUT_OF_SCOPE = "out_of_scope"
RANKING = 10


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SentenceIntentClassifier(IntentClassifier, GraphComponent):
    """Logistic regression over sentence vectors and character n-grams, on whole messages and clauses."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Thresholds; `benchmarks/` holds the commands that chose the values of config.yml."""
        return {
            "c": 10.0,
            "threshold": 0.35,
            "clause_threshold": 0.55,
            "nearness": 0.45,
            # Said beside a question, these are manners or part of it, never a question of their own.
            "never_beside": [],
        }

    def __init__(
        self,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: Optional[IntentModel] = None,
    ) -> None:
        self.config = {**self.get_default_config(), **config}
        self._storage, self._resource, self._model = model_storage, resource, model

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "SentenceIntentClassifier":
        """A new untrained component (see parent class)."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on the intent examples and keep the result in the model archive."""
        examples = [e for e in training_data.intent_examples if e.get(INTENT) and e.get(TEXT)]
        self._model = train(
            [e.get(TEXT) for e in examples], [e.get(INTENT) for e in examples], self.config["c"]
        )
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "SentenceIntentClassifier":
        """Read the trained component from the model archive."""
        with model_storage.read_from(resource) as folder:
            component = cls(config, model_storage, resource, IntentModel.load(folder))
        component._understand("hello")  # loads the encoder now, not during somebody's first message
        return component

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing downstream learns from our predictions."""
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Set `intent`, `intent_ranking` and `asked` on each message."""
        for message in messages:
            text = message.get(TEXT) or ""
            result = self._understand(text) if text.strip() else _nothing()
            for key, value in result.items():
                message.set(key, value, add_to_output=True)
        return messages

    def _understand(self, text: str) -> Dict[str, Any]:
        assert self._model is not None, "the classifier is not trained"
        text = text[:2000]
        parts = clauses(text)
        texts = [text] + (parts if len(parts) > 1 else [])
        probabilities, nearness = self._model.predict(texts)
        rankings = [self._ranking(row, near) for row, near in zip(probabilities, nearness)]
        whole, near_whole = rankings[0][0], rankings[0][0]["nearness"]
        asked = self._asked(texts[1:], rankings[1:])
        whole_known = (
            whole["confidence"] >= self.config["threshold"] and near_whole >= self.config["nearness"]
        )
        if len(asked) < 2 and whole_known and (not asked or whole["confidence"] >= asked[0]["confidence"]):
            asked = [{"intent": whole["name"], "confidence": whole["confidence"], "text": text}]
        asked = [item for item in asked if item["intent"] != OUT_OF_SCOPE] or asked[:1]
        ranking = [{"name": item["name"], "confidence": item["confidence"]} for item in rankings[0]]
        if not asked:
            top = {"name": DEFAULT_NLU_FALLBACK_INTENT_NAME, "confidence": 1.0 - whole["confidence"]}
        else:
            top = {"name": asked[0]["intent"], "confidence": asked[0]["confidence"]}
            ranking = [item for item in ranking if item["name"] != top["name"]]
        if asked and asked[0]["intent"] == OUT_OF_SCOPE:
            asked = []
        return {"intent": top, "intent_ranking": [top] + ranking, "asked": asked}

    def _ranking(self, probabilities: Any, nearness: Any) -> List[Dict[str, Any]]:
        assert self._model is not None
        order = probabilities.argsort()[::-1][:RANKING]
        return [
            {
                "name": self._model.labels[index],
                "confidence": float(probabilities[index]),
                "nearness": float(nearness[index]),
            }
            for index in order
        ]

    def _asked(self, parts: List[str], rankings: List[List[Dict[str, Any]]]) -> List[Dict[str, Any]]:
        """Distinct confident intents of the clauses, in order."""
        found: List[Dict[str, Any]] = []
        for part, ranking in zip(parts, rankings):
            best = ranking[0]
            if best["name"] in self.config["never_beside"] or best["name"] == OUT_OF_SCOPE:
                continue
            if best["confidence"] < self.config["clause_threshold"] or best["nearness"] < self.config["nearness"]:
                continue
            if best["name"] not in [item["intent"] for item in found]:
                found.append({"intent": best["name"], "confidence": best["confidence"], "text": part})
        return found


def _nothing() -> Dict[str, Any]:
    top = {"name": DEFAULT_NLU_FALLBACK_INTENT_NAME, "confidence": 1.0}
    return {"intent": top, "intent_ranking": [top], "asked": []}
