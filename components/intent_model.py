"""The intent model: logistic regression over sentence vectors and character n-grams, and the nearest example.

Trained by scikit-learn, kept and run as plain NumPy arrays: loading runs no pickled code and needs no
scikit-learn, which keeps the start short.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from components.encoder import shared_encoder

NGRAMS = (2, 4)
MAX_NGRAMS = 6000
NGRAM_WEIGHT = 1.0
"""How much the n-gram half (unit length) weighs beside the sentence vector (unit length)."""


def char_ngrams(text: str, low: int = NGRAMS[0], high: int = NGRAMS[1]) -> List[str]:
    """Character n-grams inside word boundaries, as scikit-learn's `char_wb` cuts them."""
    found = []
    for word in " ".join(text.lower().split()).split(" "):
        padded = f" {word} "
        for size in range(low, high + 1):
            if len(padded) <= size:
                found.append(padded)
                break
            found.extend(padded[start : start + size] for start in range(len(padded) - size + 1))
    return found


NEARNESS_BONUS = 12.0
"""What a cosine of 1 to an example of an intent adds to its log probability. Without it the best intent of
questions by other hands was right in 0.90 of cases, with it in 0.93."""
SURENESS = (5.4, 2.6, 7.3, -5.4)
"""Weights of probability, nearness and lead over out_of_scope, and the offset: a logistic regression on
whether 600 questions written by other hands were understood right."""
OUT_OF_SCOPE = "out_of_scope"
ROUNDS = 60
"""Steps of the fit; with 100 or 300 nothing changed on questions it had not seen (`make calibrate`)."""


@dataclass
class IntentModel:
    """Weights of one trained model.

    Attributes:
        labels: Intent names, one per row of `weights`.
        weights: float32, shape (labels, 384 + n-grams).
        bias: float32, shape (labels,).
        vocabulary: n-gram → column behind the sentence vector.
        idf: float32, shape (n-grams,).
        examples: float32, shape (examples, 384): vectors of the training texts.
        example_labels: int, shape (examples,): row of `labels` of each example, in rising order.
    """

    labels: List[str]
    weights: np.ndarray
    bias: np.ndarray
    vocabulary: Dict[str, int]
    idf: np.ndarray
    examples: np.ndarray
    example_labels: np.ndarray

    def features(self, texts: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        """Feature rows, shape (n, 384 + n-grams), of some texts with their sentence vectors (n, 384)."""
        grams = np.zeros((len(texts), len(self.idf)), dtype=np.float32)
        for row, text in enumerate(texts):
            for gram in char_ngrams(text):
                column = self.vocabulary.get(gram)
                if column is not None:
                    grams[row, column] += 1.0
        grams = np.where(grams > 0, 1.0 + np.log(np.maximum(grams, 1.0)), 0.0) * self.idf
        grams /= np.maximum(np.linalg.norm(grams, axis=1, keepdims=True), 1e-9)
        return np.hstack([vectors, NGRAM_WEIGHT * grams]).astype(np.float32)

    def predict(
        self, texts: Sequence[str], vectors: Optional[np.ndarray] = None
    ) -> Tuple[np.ndarray, np.ndarray]:
        """Probabilities and sureness of some texts.

        Args:
            texts: The texts.
            vectors: Their sentence vectors, where they are known already.

        Returns:
            Probabilities, shape (n, labels); and how sure each label other than out_of_scope would be the
            right answer, 0 to 1, shape (n, labels). A text is out of scope when nothing is sure enough.
        """
        if vectors is None:
            vectors = shared_encoder().encode(list(texts))
        rows = self.features(texts, vectors)
        # The examples stand in order of their labels, and every label has some.
        first = np.searchsorted(self.example_labels, np.arange(len(self.labels)))
        nearness = np.maximum.reduceat(vectors @ self.examples.T, first, axis=1)
        scores = rows @ self.weights.T + self.bias + NEARNESS_BONUS * nearness
        exponent = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities = exponent / exponent.sum(axis=1, keepdims=True)
        return probabilities, self._sureness(probabilities, nearness)

    def _sureness(self, probabilities: np.ndarray, nearness: np.ndarray) -> np.ndarray:
        if OUT_OF_SCOPE not in self.labels:
            return probabilities
        outside = self.labels.index(OUT_OF_SCOPE)
        of_probability, of_nearness, of_lead, offset = SURENESS
        lead = nearness - nearness[:, [outside]]
        sure = 1.0 / (1.0 + np.exp(-(of_probability * probabilities + of_nearness * nearness + of_lead * lead + offset)))
        sure[:, outside] = 0.0
        return sure

    def save(self, folder: Path) -> None:
        """Write the model to two files in `folder`."""
        np.savez_compressed(
            folder / "weights.npz",
            weights=self.weights.astype(np.float16),
            bias=self.bias.astype(np.float32),
            idf=self.idf.astype(np.float16),
            examples=np.round(self.examples * 127).astype(np.int8),
            example_labels=self.example_labels.astype(np.int16),
        )
        words = sorted(self.vocabulary, key=self.vocabulary.get)  # type: ignore[arg-type]
        (folder / "words.json").write_text(json.dumps({"labels": self.labels, "ngrams": words}), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> "IntentModel":
        """Read what `save` wrote. Raises OSError or ValueError when it is missing or broken."""
        words = json.loads((folder / "words.json").read_text("utf-8"))
        with np.load(folder / "weights.npz", allow_pickle=False) as data:
            return cls(
                labels=words["labels"],
                weights=data["weights"].astype(np.float32),
                bias=data["bias"],
                vocabulary={gram: column for column, gram in enumerate(words["ngrams"])},
                idf=data["idf"].astype(np.float32),
                examples=data["examples"].astype(np.float32) / 127.0,
                example_labels=data["example_labels"].astype(np.int64),
            )


def train(texts: Sequence[str], labels: Sequence[str], c: float) -> IntentModel:
    """Fit a model.

    Args:
        texts: Training messages.
        labels: Intent of each message.
        c: Inverse strength of the regularisation.

    Raises:
        ValueError: When there are fewer than two intents.
    """
    return fit(texts, labels, c, shared_encoder().encode(list(texts)))


def fit(texts: Sequence[str], labels: Sequence[str], c: float, vectors: np.ndarray) -> IntentModel:
    """Fit a model to texts whose sentence vectors, shape (texts, 384), are known already."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    if len(set(labels)) < 2:
        raise ValueError("an intent model needs examples of at least two intents")
    vectorizer = TfidfVectorizer(analyzer=char_ngrams, max_features=MAX_NGRAMS, sublinear_tf=True, min_df=2)
    vectorizer.fit(texts)
    names = sorted(set(labels))
    rows_of = np.array([names.index(label) for label in labels])
    order = np.argsort(rows_of, kind="stable")
    model = IntentModel(
        labels=names,
        weights=np.zeros((0, 0), dtype=np.float32),
        bias=np.zeros(0, dtype=np.float32),
        vocabulary={gram: int(column) for gram, column in vectorizer.vocabulary_.items()},
        idf=vectorizer.idf_.astype(np.float32),
        examples=vectors[order],
        example_labels=rows_of[order],
    )
    rows = model.features(texts, vectors)
    regression = LogisticRegression(C=c, max_iter=ROUNDS, class_weight="balanced", random_state=42)
    # Mostly zeros: sparse rows make the fit several times faster and change nothing else.
    regression.fit(csr_matrix(rows), np.array(labels))
    model.weights = regression.coef_.astype(np.float32)
    model.bias = regression.intercept_.astype(np.float32)
    return model
