"""Encryption at rest for free text and contacts, and keyed hashes to find a contact again.

Values are sealed with AES-256-GCM (ten times as quick as Fernet, and a long talk has hundreds of events);
Fernet tokens of earlier days still open, and `make reseal` renews them.

Keys come from DATA_KEY: one secret, or several separated by commas, the newest first. New values are
sealed with the first; all of them open. The last (oldest) one keys the hashes, so it stays in the list.
Without DATA_KEY a SQLite database gets a key made in `var/data_key` (mode 0600); PostgreSQL needs the variable.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from functools import lru_cache
from typing import List, Optional

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from desk.settings import ROOT, BadSetting, settings

VARIABLE = "DATA_KEY"
KEY_FILE = ROOT / "var" / "data_key"
_SHORTEST = 32
_MARK = "s1."
_NONCE = 12
"""Bytes; random, so one key may seal some four thousand million values (NIST SP 800-38D, 8.3)."""
_CURE = (
    f"needs a secret of {_SHORTEST} characters or more; make one with "
    "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
)


class CannotUnseal(RuntimeError):
    """A stored value opens with none of the keys. The text holds nothing of it."""

    def __init__(self) -> None:
        super().__init__(f"a stored value opens with none of the keys in {VARIABLE}")


def seal(text: str) -> str:
    """A text encrypted with the newest key.

    Raises:
        BadSetting: When there is no usable key.
    """
    nonce = os.urandom(_NONCE)
    sealed = nonce + _ciphers()[0].encrypt(nonce, text.encode("utf-8"), None)
    return _MARK + base64.b64encode(sealed).decode("ascii")


def unseal(sealed: str) -> str:
    """The text that was sealed.

    Raises:
        CannotUnseal: When none of the keys opens it.
        BadSetting: When there is no usable key.
    """
    try:
        if not sealed.startswith(_MARK):
            return _fernet().decrypt(sealed.encode("ascii")).decode("utf-8")
        given = base64.b64decode(sealed[len(_MARK) :], validate=True)
    except (InvalidToken, ValueError):
        raise CannotUnseal() from None
    for cipher in _ciphers():
        try:
            return cipher.decrypt(given[:_NONCE], given[_NONCE:], None).decode("utf-8")
        except (InvalidTag, ValueError):
            continue
    raise CannotUnseal()


def keyed_hash(value: str, purpose: str) -> str:
    """A hash of a contact that only holders of the key can compute: 32 hexadecimal digits.

    Args:
        value: E.164 phone number or lower-case e-mail address.
        purpose: What it is for; the same value gives another hash for another purpose.
    """
    key = _derived(_secrets()[-1], "hash:" + purpose)
    return hmac.new(key, value.encode("utf-8"), hashlib.sha256).hexdigest()[:32]


def contact_key(contact: Optional[str]) -> Optional[str]:
    """The keyed hash by which all rows of one phone number or e-mail address are found; None for none."""
    return keyed_hash(contact.strip().lower(), "contact") if contact else None


def check_keys() -> None:
    """Read the keys once, so that a bad one stops the start.

    Raises:
        BadSetting: When DATA_KEY cannot be used.
    """
    _secrets()


def forget_keys() -> None:
    """Read DATA_KEY anew at the next use."""
    _secrets.cache_clear()
    _ciphers.cache_clear()
    _fernet.cache_clear()


@lru_cache(maxsize=1)
def _ciphers() -> List[AESGCM]:
    return [AESGCM(_derived(key, "seal aes-gcm")) for key in _secrets()]


@lru_cache(maxsize=1)
def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key, "seal"))) for key in _secrets()])


@lru_cache(maxsize=1)
def _secrets() -> List[str]:
    given = [part.strip() for part in os.environ.get(VARIABLE, "").split(",") if part.strip()]
    if not given:
        if settings().database_url.startswith("postgresql"):
            raise BadSetting(VARIABLE, f"is not set; PostgreSQL {_CURE}")
        given = [_own_key()]
    if any(len(part) < _SHORTEST for part in given):
        raise BadSetting(VARIABLE, _CURE)
    return given


def _own_key() -> str:
    KEY_FILE.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(KEY_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return KEY_FILE.read_text(encoding="ascii").strip()
    made = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(made)
    return made


def _derived(secret: str, purpose: str) -> bytes:
    return hashlib.blake2b(secret.encode("utf-8"), digest_size=32, person=b"candidacy", salt=_salt(purpose)).digest()


def _salt(purpose: str) -> bytes:
    return hashlib.blake2b(purpose.encode("utf-8"), digest_size=16).digest()
