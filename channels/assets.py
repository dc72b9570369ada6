"""The widget's files as they are sent: minified and compressed once, at the server's start."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Dict, Optional

import rcssmin
import rjsmin
from sanic.request import Request
from sanic.response import HTTPResponse

from channels.theme import read_colour, themed, with_defaults

WIDGET = Path(__file__).resolve().parent / "widget"

_KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_SHEET_IN_SCRIPT = re.compile(r"(?<=replaceSync\(`)[^`]*(?=`\))")
_TAG = re.compile(r"<[a-z][^>]*>")
_NEEDLESS_QUOTES = re.compile(r'( [a-z-]+=)"([\w-]+)"(?=[ >])', re.ASCII)
_COLOURED = {"widget.css": themed, "loader.js": with_defaults}
_FOREVER = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"


@dataclass(frozen=True)
class Asset:
    """One file as it is sent.

    Attributes:
        body: Minified bytes.
        packed: The same, compressed with gzip.
        kind: Content type.
        tag: Digest of the body; part of its address, so that browsers may keep it for good.
    """

    body: bytes
    packed: bytes
    kind: str
    tag: str


def minify(name: str, text: str) -> str:
    """A file of the widget without comments and needless blanks; `name` tells its kind (js, css, html)."""
    if name.endswith(".css"):
        return str(rcssmin.cssmin(text))
    if name.endswith(".js"):
        text = _SHEET_IN_SCRIPT.sub(lambda match: str(rcssmin.cssmin(match.group())), text)
        return str(rjsmin.jsmin(text))
    text = re.sub(r"(?<=>)\n(?=<)", "", re.sub(r"\s*\n\s*", "\n", text).strip())
    return _TAG.sub(lambda tag: _NEEDLESS_QUOTES.sub(r"\1\2", tag.group()), text)


def pack(text: str, kind: str) -> Asset:
    """A text ready to be sent."""
    body = text.encode("utf-8")
    return Asset(body, gzip.compress(body, 9, mtime=0), kind, hashlib.sha256(body).hexdigest()[:16])


class Assets:
    """The scripts and style sheets by name. Reads the folder once; any other name is unknown."""

    def __init__(self, folder: Path = WIDGET) -> None:
        """
        Args:
            folder: Where the sources are.
        """
        self._text = {
            path.name: minify(path.name, path.read_text(encoding="utf-8"))
            for path in sorted(folder.iterdir())
            if path.suffix in _KINDS
        }
        self.files: Dict[str, Asset] = {
            name: pack(text, _KINDS[Path(name).suffix]) for name, text in self._text.items()
        }
        self._coloured = lru_cache(maxsize=64)(self._colour)

    def _colour(self, name: str, accent: Optional[str], scheme: Optional[str]) -> Asset:
        return pack(_COLOURED[name](self._text[name], accent, scheme), _KINDS[Path(name).suffix])

    def find(self, name: str, accent: Optional[str] = None, scheme: Optional[str] = None) -> Optional[Asset]:
        """A file; the style sheet and the loader in the clinic's colours. None when there is no such file."""
        if name in _COLOURED and (accent or scheme):
            colour = read_colour(accent)
            known = scheme if scheme in ("light", "dark") else None
            return self._coloured(name, "%02x%02x%02x" % colour if colour else None, known)
        return self.files.get(name)

    def address(self, name: str) -> str:
        """Where a file is, as seen from the chat page; changes when the file changes."""
        return f"s/{name}?v={self.files[name].tag}"


def send(request: Request, asset: Asset, version: Optional[str] = None) -> HTTPResponse:
    """The answer for an asset: compressed if the browser can, 304 if it has it already.

    Args:
        request: Its headers decide.
        asset: What to send.
        version: The tag in the address; when it is the asset's own, the browser need never ask again.
    """
    etag = f'W/"{asset.tag}"'
    headers = {
        "ETag": etag,
        "Cache-Control": _FOREVER if version == asset.tag else _ASK_EACH_TIME,
        "Vary": "Accept-Encoding",
    }
    if etag in request.headers.get("If-None-Match", ""):
        return HTTPResponse(None, 304, headers)
    body = asset.body
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        body = asset.packed
        headers["Content-Encoding"] = "gzip"
    return HTTPResponse(body, 200, headers, content_type=asset.kind)
