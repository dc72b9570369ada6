"""The int8 encoder says what the published fp32 weights say, worked out here in plain NumPy."""

from __future__ import annotations

import hashlib
import json
import zipfile
from typing import Dict

import numpy as np
import pytest
from scipy.special import erf

from components.encoder import _package_folder, shared_encoder

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""model.safetensors of sentence-transformers/all-MiniLM-L6-v2, upstream revision 1110a243."""
LAYERS, HEADS = 6, 12

TEXTS = (
    "how long will it last",
    "does it hurt",
    "I'm on eliquis, can I still come in on Thursday?",
    "wats the price lol",
    "Could you tell me whether the numbing cream is included, and who would be doing the needling?",
    "my husband wants it too, he is 58 and shaves every day, does the beard get in the way of the pen?",
    "find me a flight to denver",
)


@pytest.fixture(scope="module")
def weights() -> Dict[str, np.ndarray]:
    """Tensor name → fp32 array, read from the package's safetensors file."""
    with zipfile.ZipFile(_package_folder("all_minilm_l6_v2") / "model.zip") as archive:
        name = next(item for item in archive.namelist() if item.endswith("model.safetensors"))
        content = archive.read(name)
    assert hashlib.sha256(content).hexdigest() == WEIGHTS_SHA256
    size = int.from_bytes(content[:8], "little")
    found = {}
    for tensor, at in json.loads(content[8 : 8 + size]).items():
        if tensor != "__metadata__" and at["dtype"] == "F32":
            begin, end = (8 + size + offset for offset in at["data_offsets"])
            found[tensor] = np.frombuffer(content[begin:end], dtype="<f4").reshape(at["shape"])
    return found


def _linear(weights: Dict[str, np.ndarray], name: str, x: np.ndarray) -> np.ndarray:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _norm(weights: Dict[str, np.ndarray], name: str, x: np.ndarray) -> np.ndarray:
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def forward(weights: Dict[str, np.ndarray], ids: np.ndarray) -> np.ndarray:
    """BERT, mean pooling and length 1, for the word pieces of one text: shape (tokens,) → (384,)."""
    table = "embeddings"
    x = (
        weights[f"{table}.word_embeddings.weight"][ids]
        + weights[f"{table}.position_embeddings.weight"][: len(ids)]
        + weights[f"{table}.token_type_embeddings.weight"][0]
    )
    x = _norm(weights, f"{table}.LayerNorm", x)
    size = x.shape[1] // HEADS
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        query, key, value = (
            _linear(weights, f"{at}.attention.self.{part}", x).reshape(-1, HEADS, size).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(size)
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed = (scores @ value).transpose(1, 0, 2).reshape(len(ids), -1)
        x = _norm(weights, f"{at}.attention.output.LayerNorm", x + _linear(weights, f"{at}.attention.output.dense", mixed))
        inner = _linear(weights, f"{at}.intermediate.dense", x)
        inner = inner * 0.5 * (1.0 + erf(inner / np.sqrt(2.0)))
        x = _norm(weights, f"{at}.output.LayerNorm", x + _linear(weights, f"{at}.output.dense", inner))
    pooled = x.mean(axis=0)
    return pooled / np.linalg.norm(pooled)


@pytest.mark.parametrize("text", TEXTS)
def test_the_small_encoder_agrees_with_the_published_weights(text: str, weights: Dict[str, np.ndarray]) -> None:
    encoder = shared_encoder()
    ids = np.array(encoder._tokenizer.encode(text).ids)
    assert float(forward(weights, ids) @ encoder.encode([text])[0]) >= 0.999


@pytest.mark.parametrize("word", ["no", "yes", "pregnant", "hello"])
def test_on_a_single_word_it_strays_little_further(word: str, weights: Dict[str, np.ndarray]) -> None:
    encoder = shared_encoder()
    ids = np.array(encoder._tokenizer.encode(word).ids)
    assert float(forward(weights, ids) @ encoder.encode([word])[0]) >= 0.995


def test_a_wrong_weight_would_be_noticed(weights: Dict[str, np.ndarray]) -> None:
    encoder = shared_encoder()
    broken = dict(weights)
    name = "encoder.layer.3.attention.self.query.weight"
    broken[name] = -weights[name]
    ids = np.array(encoder._tokenizer.encode(TEXTS[2]).ids)
    assert float(forward(broken, ids) @ encoder.encode([TEXTS[2]])[0]) < 0.999
