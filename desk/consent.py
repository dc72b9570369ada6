"""Which wording people agreed to: one version for all texts that ask for a consent (data/clinic/consent.yml)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Tuple

from candidacy.knowledge.load import DATA, BrokenFile, read_yaml
from desk.wording import responses

CONSENT_FILE = DATA / "clinic" / "consent.yml"


@dataclass(frozen=True)
class Consent:
    """The file: version, names of the responses, and the digest of their texts at that version."""

    version: str
    texts: Tuple[str, ...]
    digest: str


@lru_cache(maxsize=2)
def consent(path: Path = CONSENT_FILE) -> Consent:
    """The file, read once.

    Raises:
        BrokenFile: When a key is missing or names an unknown response.
    """
    data = read_yaml(path)
    if not isinstance(data, dict) or not isinstance(data.get("version"), str) or not data["version"].strip():
        raise BrokenFile(path, "version", 'must be a text such as "1"; write it in quotes')
    texts = data.get("texts")
    if not isinstance(texts, list) or not texts:
        raise BrokenFile(path, "texts", "must be a list of responses; add it")
    unknown = [name for name in texts if name not in responses()]
    if unknown:
        raise BrokenFile(path, "texts", f"{unknown[0]} is no response of domain.yml; correct the name")
    return Consent(data["version"], tuple(texts), str(data.get("digest") or ""))


def consent_version() -> str:
    """The version of the texts as they stand, kept with every consent."""
    return consent().version


def digest_now() -> str:
    """The digest of the texts as they stand in domain.yml: texts and titles of every variation."""
    said = {
        name: [
            [one.get("channel") or "", one["text"], [button["title"] for button in one.get("buttons") or []]]
            for one in responses()[name]
        ]
        for name in consent().texts
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode("utf-8")).hexdigest()[:16]


if __name__ == "__main__":
    print(f"version {consent_version()}, digest {digest_now()}")
