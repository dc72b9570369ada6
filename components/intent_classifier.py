"""Rasa's intent classifier of this bot: scores the whole message and its clauses.

Writes `intent`, `intent_ranking` and `asked`: what was asked, in order, as a list of
{intent, confidence, text}. A message that is not understood gets the intent `nlu_fallback`, an empty
`asked`, and in `choices` the few topics it may have meant, if there are any. A follow-up is read in the
light of the topic just talked about.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, List, Optional, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.clauses import clauses
from components.follow_up import FAQ, last_topic, opens_a_follow_up, points_back, restated, topic_questions
from components.intent_model import OUT_OF_SCOPE, IntentModel, train

MORE = "tell_me_more"
RANKING = 10
MOST_CHOICES = 3
CONTACT = re.compile(r"\S+@\S+\.\w+|https?://\S+|\+?\d[\d\s().-]{6,}\d")
"""E-mail addresses, links and phone numbers."""
TOPICS = Path(__file__).resolve().parents[1] / "data" / "faq"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SentenceIntentClassifier(IntentClassifier, GraphComponent):
    """Logistic regression over sentence vectors and character n-grams, on whole messages and clauses."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Thresholds; `benchmarks/` holds the commands that chose the values of config.yml."""
        return {
            "c": 40.0,
            "threshold": 0.5,
            "clause_threshold": 0.7,
            # Said beside a question, these are manners or part of it, never a question of their own.
            "never_beside": [],
            # Topics that together are this likely, each at least so likely, are offered as a choice.
            "choices_together": 0.6,
            "choice": 0.15,
            # Words that lean a short message on the topic talked about before.
            "follow_up_openers": [],
            "follow_up_pointers": [],
            # Topics that are asked about one thing after another ("and alcohol?"), each with the topics
            # that such a follow-up would mean if it stood alone.
            "follow_up_keeps": {},
            # As sure as this without the topic before it, "and how much is that?" needs no topic.
            "follow_up_alone": 0.9,
            # Intent → the emoji that, sent without a word, mean it.
            "emoji": {},
            # Intent → the numbers that, sent without a word, mean it. Any other bare number asks for nothing.
            "numbers": {},
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
        self._topics = topic_questions(TOPICS)

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

    def process(
        self, messages: List[Message], tracker: Optional[DialogueStateTracker] = None
    ) -> List[Message]:
        """Set `intent`, `intent_ranking`, `asked` and `choices` on each message."""
        topic = last_topic(tracker)
        for message in messages:
            text = message.get(TEXT) or ""
            text = CONTACT.sub(" ", text)  # an address or number alone asks for nothing
            result = self._understand(text, topic) if any(map(str.isalpha, text)) else self._without_words(text)
            for key, value in result.items():
                message.set(key, value, add_to_output=True)
        return messages

    def _understand(self, text: str, topic: Optional[Text] = None) -> Dict[str, Any]:
        """What a text asks for.

        Args:
            text: What was typed; its first 2000 characters are read.
            topic: Intent of the topic the turn before was about.
        """
        assert self._model is not None, "the classifier is not trained"
        text = text[:2000]
        parts = clauses(text)
        texts = [text] + (parts if len(parts) > 1 else [])
        rankings = [self._ranking(*rows) for rows in zip(*self._model.predict(texts))]
        asked = self._asked(texts[1:], rankings[1:])
        whole = rankings[0][0]
        if len(asked) < 2 and self._known(whole) and (not asked or whole["confidence"] >= asked[0]["confidence"]):
            asked = [{"intent": whole["name"], "confidence": whole["confidence"], "text": text}]
        if topic in self._topics and len(asked) < 2 and self._leans(text, topic, asked):
            asked = self._follow_up(text, topic) or asked
        ranking = [{"name": item["name"], "confidence": item["confidence"]} for item in rankings[0]]
        choices: List[Text] = []
        if asked:
            top = {"name": asked[0]["intent"], "confidence": asked[0]["confidence"]}
            ranking = [item for item in ranking if item["name"] != top["name"]]
        else:
            likeliest = max(rankings[0], key=lambda item: item["probability"])["name"]
            name = OUT_OF_SCOPE if likeliest == OUT_OF_SCOPE else DEFAULT_NLU_FALLBACK_INTENT_NAME
            top = {"name": name, "confidence": 1.0 - whole["confidence"]}
            ranking = [item for item in ranking if item["name"] != name]
            choices = self._choices(rankings[0])
        return {"intent": top, "intent_ranking": [top] + ranking, "asked": asked, "choices": choices}

    def _without_words(self, text: str) -> Dict[str, Any]:
        """What a message without a letter says: a thumb up is a yes, two signs that disagree are nothing."""
        signs, numbers = self.config["emoji"], self.config["numbers"]
        meant = [intent for intent in signs if any(sign in text for sign in signs[intent])]
        figures = "".join(filter(str.isdigit, text))
        meant += [intent for intent in numbers if figures in numbers[intent] and intent not in meant]
        top = {"name": meant[0] if len(meant) == 1 else DEFAULT_NLU_FALLBACK_INTENT_NAME, "confidence": 1.0}
        asked = [{"intent": top["name"], "confidence": 1.0, "text": text}] if len(meant) == 1 else []
        return {"intent": top, "intent_ranking": [top], "asked": asked, "choices": []}

    def _known(self, best: Dict[str, Any]) -> bool:
        """True when the best reading of a whole message is sure enough."""
        return best["confidence"] >= self.config["threshold"]

    def _leans(self, text: str, topic: Text, asked: List[Dict[str, Any]]) -> bool:
        """True for a message that is to be read behind the topic just talked about."""
        opens = opens_a_follow_up(text, self.config["follow_up_openers"])
        if not asked:
            return opens or points_back(text, self.config["follow_up_pointers"])
        if opens and asked[0]["intent"] in self.config["follow_up_keeps"].get(topic, ()):
            return True
        unsure = asked[0]["confidence"] < self.config["follow_up_alone"]
        return opens and unsure and points_back(text, self.config["follow_up_pointers"])

    def _follow_up(self, text: str, topic: Text) -> List[Dict[str, Any]]:
        """What a message asks behind `topic`; the same topic again asks for more."""
        assert self._model is not None
        probabilities, sureness = self._model.predict([restated(text, self._topics[topic])])
        best = self._ranking(probabilities[0], sureness[0])[0]
        if not best["name"].startswith(FAQ) or not self._known(best):
            return []
        intent = MORE if best["name"] == topic else best["name"]
        return [{"intent": intent, "confidence": best["confidence"], "text": text}]

    def _choices(self, ranking: List[Dict[str, Any]]) -> List[Text]:
        """The topics a message that fell short may have meant, best first; none when it is anyone's guess."""
        ranking = sorted(ranking, key=lambda item: -item["probability"])
        likely = [item for item in ranking if item["probability"] >= self.config["choice"]][:MOST_CHOICES]
        if len(likely) == 1:
            likely = ranking[:2]
        together = sum(item["probability"] for item in likely)
        if together < self.config["choices_together"] or any(item["name"] not in self._topics for item in likely):
            return []
        return [item["name"] for item in likely]

    def _ranking(self, probabilities: Any, sureness: Any) -> List[Dict[str, Any]]:
        """The likeliest intents, the surest first: name, confidence and probability of each."""
        assert self._model is not None
        order = sorted(range(len(sureness)), key=lambda row: (-sureness[row], -probabilities[row]))[:RANKING]
        outside = self._model.labels.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in self._model.labels else order[0]
        return [
            {
                "name": self._model.labels[row],
                "confidence": float(sureness[row]),
                "probability": float(probabilities[row]),
            }
            for row in [*order, *([] if outside in order else [outside])]
        ]

    def _asked(self, parts: List[str], rankings: List[List[Dict[str, Any]]]) -> List[Dict[str, Any]]:
        """Distinct confident intents of the clauses, in order."""
        found: List[Dict[str, Any]] = []
        for part, ranking in zip(parts, rankings):
            best = ranking[0]
            if best["name"] in self.config["never_beside"] or best["confidence"] < self.config["clause_threshold"]:
                continue
            if best["name"] not in [item["intent"] for item in found]:
                found.append({"intent": best["name"], "confidence": best["confidence"], "text": part})
        return found
