"""The sentence encoder: checked files, unit vectors, sense."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from components import encoder as module
from components.encoder import DIMENSIONS, LOCAL_COPY, EncoderFileError, SentenceEncoder, shared_encoder


def test_vectors_have_length_one_and_one_row_a_text() -> None:
    vectors = shared_encoder().encode(["how long will it last", "", "x" * 5000])
    assert vectors.shape == (3, DIMENSIONS)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_no_text_gives_no_row() -> None:
    assert shared_encoder().encode([]).shape == (0, DIMENSIONS)


def test_rows_come_back_in_the_order_of_the_texts() -> None:
    texts = ["a much longer sentence about needles and skin and scars", "price", "when are you open on sunday"]
    together = shared_encoder().encode(texts, batch=2)
    for row, text in zip(together, texts):
        alone = shared_encoder().encode([text])[0]
        assert float(row @ alone) > 0.99, "int8 rounding aside, a vector does not depend on its neighbours"


def test_like_questions_are_nearer_than_unlike_ones() -> None:
    cost, price, weather = shared_encoder().encode(
        ["what does the treatment cost", "how much money do you charge for it", "will it rain tomorrow"]
    )
    assert float(cost @ price) > float(cost @ weather) + 0.2


def test_an_altered_model_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tokenizer.json").write_bytes(module._tokenizer_bytes())
    (tmp_path / "model.onnx").write_bytes(module._model_bytes()[:-1] + b"\0\0")
    monkeypatch.setenv(LOCAL_COPY, str(tmp_path))
    with pytest.raises(EncoderFileError, match="model.onnx: sha256"):
        SentenceEncoder()


def test_a_missing_file_says_which_one_and_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LOCAL_COPY, str(tmp_path))
    with pytest.raises(EncoderFileError, match="tokenizer.json.*make install"):
        SentenceEncoder()


def test_a_local_copy_gives_the_same_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tokenizer.json").write_bytes(module._tokenizer_bytes())
    (tmp_path / "model.onnx").write_bytes(module._model_bytes())
    monkeypatch.setenv(LOCAL_COPY, str(tmp_path))
    text = ["does it hurt"]
    assert np.allclose(SentenceEncoder().encode(text), shared_encoder().encode(text))
