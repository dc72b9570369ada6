"""The clinic's accent colour and scheme as CSS variables, with readable text on every tint of it."""

from __future__ import annotations

import re
from typing import Optional, Tuple

Colour = Tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
LIGHT: Tuple[Colour, Colour] = ((253, 250, 247), (255, 255, 255))
DARK: Tuple[Colour, Colour] = ((31, 26, 27), (43, 36, 38))
"""The card and the bot's bubble of widget.css, on which the accent has to be read."""
ACCENT = "#6f3f50"
"""The accent that widget.css and loader.js name themselves."""
READABLE = 4.8
"""WCAG 2.2 asks for a contrast of 4.5; the rest is for rounding."""
TINT = 0.1
"""Share of the accent in a tint of the card, as in widget.css."""

_HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.I)
_DARK_MEDIA = "(prefers-color-scheme:dark)"
_AUTO = "auto"
_SCHEMES = {"light": "not all", "dark": "all"}


def read_colour(text: Optional[str]) -> Optional[Colour]:
    """A colour such as #6f3f50 or #abc, with or without the "#"; None for anything else."""
    match = _HEX.fullmatch((text or "").strip())
    if not match:
        return None
    digits = match.group(1) if len(match.group(1)) == 6 else "".join(c * 2 for c in match.group(1))
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def contrast(one: Colour, other: Colour) -> float:
    """WCAG 2.2 contrast ratio of two colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text_on(fill: Colour) -> Colour:
    """Black or white, whichever reads better on the colour."""
    return max((WHITE, BLACK), key=lambda text: contrast(fill, text))


def readable(accent: Colour, scheme: Tuple[Colour, Colour]) -> Colour:
    """The accent, moved towards black or white as far as text in it needs to be read.

    Args:
        accent: The clinic's colour.
        scheme: LIGHT or DARK; the text stands on the card, on its tint and on the bubble.
    """
    card, bubble = scheme
    grounds = (card, mix(card, accent, TINT), bubble)
    towards = text_on(card)
    for step in range(26):
        text = mix(accent, towards, step / 25)
        if all(contrast(text, ground) >= READABLE for ground in grounds):
            return text
    return towards


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`one` with a share (0 to 1) of `other` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def themed(css: str, accent: Optional[str], scheme: Optional[str]) -> str:
    """The minified widget.css with the clinic's accent, and its dark part forced on or off.

    What is no colour, or no scheme (light, dark), changes nothing; nor does the sheet's own colour.
    """
    dark = _SCHEMES.get(scheme or "", _DARK_MEDIA)
    css = css.replace(_DARK_MEDIA, dark)
    fill = read_colour(accent)
    if fill is None or fill == read_colour(ACCENT):
        return css
    light, pale = readable(fill, LIGHT), readable(fill, DARK)
    on = _css(text_on(fill))
    return (
        f"{css}:root{{--fill:{_css(fill)};--on:{on};--accent:{_css(light)}}}"
        f"@media {dark}{{:root{{--accent:{_css(pale)}}}}}"
    )


def with_defaults(script: str, accent: Optional[str], scheme: Optional[str]) -> str:
    """The minified loader.js with the clinic's accent and scheme, for a tag that names none of its own.

    What is no colour, or no scheme, leaves the script's own.
    """
    fill = read_colour(accent)
    script = script.replace(f'"{ACCENT}"', f'"{_css(fill)}"') if fill else script
    return script.replace(f'"{_AUTO}"', f'"{scheme}"') if scheme in _SCHEMES else script


def _css(colour: Colour) -> str:
    return "#%02x%02x%02x" % colour


def _luminance(colour: Colour) -> float:
    parts = [value / 255 for value in colour]
    red, green, blue = [((v + 0.055) / 1.055) ** 2.4 if v > 0.04045 else v / 12.92 for v in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
