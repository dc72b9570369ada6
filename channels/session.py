"""Server-issued sessions: a signed token names a random conversation, so nobody can pick or guess one."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import Optional, Tuple

import jwt
from rasa.shared.exceptions import RasaException

SECRET_VARIABLE = "WEB_SESSION_SECRET"
SECRET_FILE = Path(__file__).resolve().parents[1] / "var" / "web_session_secret"

_ALGORITHM = "HS256"
_AUDIENCE = "web"
_SHORTEST_SECRET = 32


def read_or_make_secret(path: Path = SECRET_FILE) -> str:
    """The signing secret: from the environment, else from `path`, else made and kept there (mode 0600).

    Raises:
        RasaException: When the secret in the environment or the file is shorter than 32 characters.
    """
    secret, where = os.environ.get(SECRET_VARIABLE, "").strip(), SECRET_VARIABLE
    if not secret:
        where = path.name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            secret = path.read_text(encoding="ascii").strip()
        else:
            secret = secrets.token_urlsafe(48)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secret)
    if len(secret) < _SHORTEST_SECRET:
        raise RasaException(
            f"{where}: the session secret needs at least {_SHORTEST_SECRET} characters; "
            f"set a longer {SECRET_VARIABLE}, or remove the file {path.name} to have a new one made."
        )
    return secret


class Sessions:
    """Issues and reads tokens."""

    def __init__(self, secret: str, lifetime_days: float) -> None:
        """
        Args:
            secret: Signing secret, 32 characters or more.
            lifetime_days: Days after which a token is refused and the page opens a new session.
        """
        self._secret = secret
        self._lifetime = lifetime_days * 24 * 3600

    def issue(self) -> Tuple[str, str]:
        """A new token and the conversation id inside it."""
        conversation = f"web-{secrets.token_urlsafe(18)}"
        now = int(time.time())
        claims = {"sub": conversation, "aud": _AUDIENCE, "iat": now, "exp": now + int(self._lifetime)}
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM), conversation

    def conversation(self, authorization: Optional[str]) -> Optional[str]:
        """The conversation id of an `Authorization` header; None when missing, forged or expired."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return None
        try:
            claims = jwt.decode(
                token.strip(),
                self._secret,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": ["sub", "exp"]},
            )
        except jwt.PyJWTError:
            return None
        return claims["sub"]
