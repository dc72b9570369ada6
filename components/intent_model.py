"""The intent model: logistic regression over sentence vectors, word and character n-grams, and the nearest example.

Trained by scikit-learn, kept and run as plain NumPy arrays: loading runs no pickled code and needs no
scikit-learn, which keeps the start short.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np

from components.encoder import shared_encoder

NGRAMS = (2, 4)
MAX_NGRAMS = 6000
MAX_WORDS = 7000
"""Each half (unit length) weighs as much as the sentence vector (unit length)."""

_WORD = re.compile(r"[\w']+")


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


def word_grams(text: str) -> List[str]:
    """Words, pairs of neighbours, and pairs with one word between; ^ and $ mark begin and end.

    A sentence vector says what a text is about and little of what is asked: "who does it" and "what does
    it" lie close together.
    """
    words = ["^", *_WORD.findall(text.lower().replace("\u2019", "'")), "$"]
    pairs = [f"{one} {two}" for one, two in zip(words, words[1:])]
    return words[1:-1] + pairs + [f"{one} _ {two}" for one, two in zip(words, words[2:])]


@dataclass
class Grams:
    """The n-grams of one kind that a model knows.

    Attributes:
        cut: Cuts a text into n-grams.
        columns: n-gram → column.
        idf: float32, shape (n-grams,).
    """

    cut: Callable[[str], List[str]]
    columns: Dict[str, int]
    idf: np.ndarray

    @classmethod
    def learned(cls, texts: Sequence[str], cut: Callable[[str], List[str]], most: int) -> "Grams":
        """The commonest n-grams of some texts."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(analyzer=cut, max_features=most, sublinear_tf=True, min_df=2).fit(texts)
        columns = {gram: int(column) for gram, column in vectorizer.vocabulary_.items()}
        return cls(cut, columns, vectorizer.idf_.astype(np.float32))

    def rows(self, texts: Sequence[str]) -> np.ndarray:
        """Feature rows of length 1, shape (texts, n-grams)."""
        counts = np.zeros((len(texts), len(self.idf)), dtype=np.float32)
        for row, text in enumerate(texts):
            for gram in self.cut(text):
                column = self.columns.get(gram)
                if column is not None:
                    counts[row, column] += 1.0
        counts = np.where(counts > 0, 1.0 + np.log(np.maximum(counts, 1.0)), 0.0) * self.idf
        return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)

    def in_order(self) -> List[str]:
        """The n-grams by column."""
        return sorted(self.columns, key=self.columns.get)  # type: ignore[arg-type]


NEARNESS_BONUS = 6.0
"""What a cosine of 1 to an example of an intent adds to its log probability. Of 0, 6 and 12, this one ranks
left-out examples best: fewest wrong answers for as many right ones."""
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
        weights: float32, shape (labels, 384 + n-grams of characters + n-grams of words).
        bias: float32, shape (labels,).
        characters, words: The n-grams that are features behind the sentence vector.
        examples: float32, shape (examples, 384): vectors of the training texts.
        example_labels: int, shape (examples,): row of `labels` of each example, in rising order.
    """

    labels: List[str]
    weights: np.ndarray
    bias: np.ndarray
    characters: Grams
    words: Grams
    examples: np.ndarray
    example_labels: np.ndarray

    def features(self, texts: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        """Feature rows, shape (n, columns of `weights`), of some texts with their sentence vectors (n, 384)."""
        return np.hstack([vectors, self.characters.rows(texts), self.words.rows(texts)]).astype(np.float32)

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
            character_idf=self.characters.idf.astype(np.float16),
            word_idf=self.words.idf.astype(np.float16),
            examples=np.round(self.examples * 127).astype(np.int8),
            example_labels=self.example_labels.astype(np.int16),
        )
        words = {"labels": self.labels, "characters": self.characters.in_order(), "words": self.words.in_order()}
        (folder / "words.json").write_text(json.dumps(words), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> "IntentModel":
        """Read what `save` wrote. Raises OSError or ValueError when it is missing or broken."""
        words = json.loads((folder / "words.json").read_text("utf-8"))
        with np.load(folder / "weights.npz", allow_pickle=False) as data:
            return cls(
                labels=words["labels"],
                weights=data["weights"].astype(np.float32),
                bias=data["bias"],
                characters=_grams(char_ngrams, words["characters"], data["character_idf"]),
                words=_grams(word_grams, words["words"], data["word_idf"]),
                examples=data["examples"].astype(np.float32) / 127.0,
                example_labels=data["example_labels"].astype(np.int64),
            )


def _grams(cut: Callable[[str], List[str]], grams: List[str], idf: np.ndarray) -> Grams:
    return Grams(cut, {gram: column for column, gram in enumerate(grams)}, idf.astype(np.float32))


def train(texts: Sequence[str], labels: Sequence[str], c: float) -> IntentModel:
    """Fit a model.

    Args:
        texts: Training messages.
        labels: Intent of each message.
        c: Inverse strength of the regularisation.

    Raises:
        ValueError: When there are fewer than two intents.
    """
    return fit(texts, labels, c, shared_encoder().encode(list(texts), workers=os.cpu_count() or 1))


def fit(texts: Sequence[str], labels: Sequence[str], c: float, vectors: np.ndarray) -> IntentModel:
    """Fit a model to texts whose sentence vectors, shape (texts, 384), are known already."""
    from scipy.sparse import csr_matrix

    if len(set(labels)) < 2:
        raise ValueError("an intent model needs examples of at least two intents")
    names = sorted(set(labels))
    rows_of = np.array([names.index(label) for label in labels])
    order = np.argsort(rows_of, kind="stable")
    model = IntentModel(
        labels=names,
        weights=np.zeros((0, 0), dtype=np.float32),
        bias=np.zeros(0, dtype=np.float32),
        characters=Grams.learned(texts, char_ngrams, MAX_NGRAMS),
        words=Grams.learned(texts, word_grams, MAX_WORDS),
        examples=vectors[order],
        example_labels=rows_of[order],
    )
    # N-grams are mostly zeros: kept apart from the vectors they make the fit several times faster.
    grams = csr_matrix(np.hstack([model.characters.rows(texts), model.words.rows(texts)]))
    weights = _regression(vectors.astype(np.float32), grams, rows_of, c)
    model.weights, model.bias = weights[:, :-1].astype(np.float32), weights[:, -1].astype(np.float32)
    return model


def _regression(vectors: np.ndarray, grams: Any, rows_of: np.ndarray, c: float) -> np.ndarray:
    """Multinomial logistic regression by L-BFGS.

    Args:
        vectors: Sentence vectors, shape (n, 384).
        grams: Sparse rows of n-gram features, shape (n, n-grams).
        rows_of: Label of each row, as a number from 0 on.
        c: Inverse strength of the regularisation, which spares the bias.

    Returns:
        Shape (labels, 384 + n-grams + 1); the last column is the bias.
    """
    from scipy.optimize import minimize

    count, dense = len(rows_of), vectors.shape[1]
    labels, turned = int(rows_of.max()) + 1, grams.T.tocsr()
    shape = (labels, dense + grams.shape[1] + 1)

    def loss(flat: np.ndarray) -> Tuple[float, np.ndarray]:
        weights = flat.reshape(shape).astype(np.float32)
        scores = vectors @ weights[:, :dense].T + grams @ weights[:, dense:-1].T + weights[:, -1]
        scores -= scores.max(axis=1, keepdims=True)
        total = np.exp(scores).sum(axis=1, keepdims=True)
        shares = np.exp(scores) / total
        missed = float((np.log(total[:, 0]) - scores[np.arange(count), rows_of]).sum())
        shares[np.arange(count), rows_of] -= 1.0
        slope = np.hstack([shares.T @ vectors, (turned @ shares).T, shares.sum(axis=0)[:, None]])
        held = weights.copy()
        held[:, -1] = 0.0
        return (
            (missed + float((held**2).sum()) / (2 * c)) / count,
            ((slope + held / c) / count).astype(np.float64).ravel(),
        )

    found = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS})
    return found.x.reshape(shape)
