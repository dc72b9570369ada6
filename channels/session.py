"""Server-issued sessions and private links: a signed token names a conversation, so nobody can pick one."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import List, Optional, Tuple

import jwt
from rasa.shared.exceptions import RasaException

from desk.web_settings import web_settings

SECRET_VARIABLE = "WEB_SESSION_SECRET"
SECRET_FILE = Path(__file__).resolve().parents[1] / "var" / "web_session_secret"

_ALGORITHM = "HS256"
_WEB, _LINK = "web", "link"
"""Audiences: a token of one is nothing to the other."""

_SHORTEST_SECRET = 32
_MOST_SECRETS = 2
_LONGEST_TOKEN = 2_000


def read_or_make_secret(path: Path = SECRET_FILE) -> str:
    """The signing secret: from the environment, else from `path`, else made and kept there (mode 0600).

    Two secrets, comma-separated, while they are changed: the first signs, both are accepted.

    Raises:
        RasaException: When a secret in the environment or the file is shorter than 32 characters, or
            there are more than two.
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
    found = _split(secret)
    if not found or len(found) > _MOST_SECRETS or min(map(len, found)) < _SHORTEST_SECRET:
        raise RasaException(
            f"{where}: the session secret needs at least {_SHORTEST_SECRET} characters (two of them, separated "
            f"by a comma, while you change it); set a longer {SECRET_VARIABLE}, or remove the file {path.name} "
            "to have a new one made."
        )
    return secret


def _split(secret: str) -> List[str]:
    return [part.strip() for part in secret.split(",") if part.strip()]


class Sessions:
    """Issues and reads tokens."""

    def __init__(self, secret: str, lifetime_days: float) -> None:
        """
        Args:
            secret: Signing secret, 32 characters or more; two, comma-separated, while it is changed.
            lifetime_days: Days after which a token is refused and the page opens a new session.
        """
        self._secrets = _split(secret)
        self._lifetime = lifetime_days * 24 * 3600

    def issue(self, conversation: Optional[str] = None, seconds: Optional[float] = None) -> Tuple[str, str]:
        """A new token and the conversation id inside it.

        Args:
            conversation: The conversation to go on with; a new random one when None.
            seconds: Lifetime; the usual one when None.
        """
        conversation = conversation or f"web-{secrets.token_urlsafe(18)}"
        now = int(time.time())
        end = now + int(self._lifetime if seconds is None else min(seconds, self._lifetime))
        claims = {"sub": conversation, "aud": _WEB, "iat": now, "exp": end}
        return jwt.encode(claims, self._secrets[0], algorithm=_ALGORITHM), conversation

    def conversation(self, authorization: Optional[str]) -> Optional[str]:
        """The conversation id of an `Authorization` header; None when missing, forged or expired."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        claims = self._read(token.strip(), _WEB)
        return claims["sub"] if claims else None

    def link(self, conversation: str, seconds: float, now: Optional[float] = None) -> str:
        """A token for a private link to a conversation, as short as can be: it goes into a text message."""
        end = int((time.time() if now is None else now) + seconds)
        claims = {"sub": conversation, "aud": _LINK, "exp": end}
        return jwt.encode(claims, self._secrets[0], algorithm=_ALGORITHM, headers={"typ": None})

    def linked(self, token: str) -> Optional[Tuple[str, int]]:
        """Conversation id and end (seconds since the epoch) of a link's token; None when forged or over."""
        claims = self._read(token, _LINK)
        return (claims["sub"], claims["exp"]) if claims else None

    def _read(self, token: str, audience: str) -> Optional[dict]:
        if not token or len(token) > _LONGEST_TOKEN:
            return None
        for secret in self._secrets:
            try:
                claims = jwt.decode(
                    token,
                    secret,
                    algorithms=[_ALGORITHM],
                    audience=audience,
                    options={"require": ["sub", "exp", "aud"], "strict_aud": True},
                )
            except (jwt.PyJWTError, ValueError):  # ValueError: letters that no token has
                continue
            return claims if isinstance(claims["sub"], str) and claims["sub"] else None
        return None


def private_link(
    conversation_id: str,
    now: Optional[float] = None,
    secret_file: Path = SECRET_FILE,
    public_url: Optional[str] = None,
) -> Optional[str]:
    """A link that goes on with a conversation in the web chat, or None when PUBLIC_URL is not set.

    The token stands behind "#", which a browser keeps to itself: it reaches no server's log. It works
    for LINK_HOURS (48) and `channels.links.MOST_USES` times.

    Args:
        conversation_id: The conversation.
        now: Seconds since the epoch; the present moment when None.
        secret_file: Where the session secret is kept when WEB_SESSION_SECRET is not set.
        public_url: Address of the bot; PUBLIC_URL when None.
    """
    settings = web_settings()
    public_url = public_url or settings.public_url
    if public_url is None:
        return None
    token = Sessions(read_or_make_secret(secret_file), 1).link(conversation_id, settings.link_hours * 3600, now)
    return f"{public_url}/webhooks/web/#link={token}"
