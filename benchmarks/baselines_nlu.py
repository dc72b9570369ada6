"""Two systems to measure understanding beside: stock Rasa and a keyword search, on the bot's own examples."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Sequence

import yaml

ROOT = Path(__file__).resolve().parents[1]

STOCK = """
recipe: default.v1
assistant_id: stock
language: en
pipeline:
- name: WhitespaceTokenizer
- name: RegexFeaturizer
- name: LexicalSyntacticFeaturizer
- name: CountVectorsFeaturizer
- name: CountVectorsFeaturizer
  analyzer: char_wb
  min_ngram: 1
  max_ngram: 4
- name: DIETClassifier
  epochs: 100
  constrain_similarities: true
- name: EntitySynonymMapper
- name: FallbackClassifier
  threshold: 0.3
  ambiguity_threshold: 0.1
policies: []
"""
"""The pipeline `rasa init` writes (3.6.21), without the response selector, for which there is no data."""


def examples(root: Path) -> dict[str, list[str]]:
    """Intent → its training texts, from data/faq and data/nlu."""
    found: dict[str, list[str]] = {}
    for path in sorted([*(root / "data/faq").glob("*.yml"), *(root / "data/nlu").glob("*.yml")]):
        for block in yaml.safe_load(path.read_text("utf-8")).get("nlu") or []:
            if "intent" in block:
                texts = [line[2:].strip() for line in block["examples"].splitlines() if line.startswith("- ")]
                found.setdefault(block["intent"], []).extend(texts)
    return found


def stock_rasa(root: Path) -> tuple[Path, float]:
    """Train `rasa init`'s pipeline on the bot's examples.

    Returns:
        The model archive, in a temporary folder, and the seconds the training took.
    """
    from rasa.model_training import train_nlu

    folder = Path(tempfile.mkdtemp(prefix="stock-rasa-"))
    (folder / "config.yml").write_text(STOCK, "utf-8")
    data = [
        {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)}
        for intent, texts in examples(root).items()
    ]
    (folder / "nlu.yml").write_text(yaml.safe_dump({"version": "3.1", "nlu": data}, allow_unicode=True), "utf-8")
    begun = time.perf_counter()
    model = train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder / "models"))
    return Path(str(model)), time.perf_counter() - begun


class Keywords:
    """A keyword search: the intent of the example that shares most of its telling words with a text."""

    LEAST = 0.4
    """Smallest cosine of word weights that counts as an answer; the best of 0.3 to 0.6 on its own examples."""

    def __init__(self, texts: dict[str, Sequence[str]]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._intents = [intent for intent, lines in texts.items() for _ in lines]
        self._vectorizer = TfidfVectorizer(token_pattern=r"[a-z]+", sublinear_tf=True)
        self._rows = self._vectorizer.fit_transform(line for lines in texts.values() for line in lines)

    @classmethod
    def of_project(cls, root: Path) -> Keywords:
        """Learned from the bot's own examples."""
        return cls(examples(root))

    def parse(self, text: str) -> str:
        """The intent of the nearest example, or nlu_fallback."""
        likeness = (self._rows @ self._vectorizer.transform([text]).T).toarray()[:, 0]
        best = int(likeness.argmax())
        return self._intents[best] if likeness[best] >= self.LEAST else "nlu_fallback"
