"""The chat page, the page that shows it inside a clinic's website, and what they tell about the clinic."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Callable, Dict, Optional

from jinja2 import Environment, FileSystemLoader
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from candidacy.knowledge import Knowledge
from channels.assets import WIDGET, Assets, minify, pack, send
from channels.theme import ACCENT, read_colour

_HTML = "text/html; charset=utf-8"
_DEMO_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; frame-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_LIKE_A_PHONE_NUMBER = (r"\+\d[\d ().-]{8,}\d", r"\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}")
_LOOK = {"accent": ACCENT, "scheme": "auto"}
_CHOICES = {"scheme": ("light", "dark", "auto"), "position": ("left", "right")}


def about(knowledge: Knowledge) -> Dict[str, Any]:
    """The clinic, the version of its rules, and whether and when (ISO date) somebody signed them."""
    facts, reviewed_on = knowledge.clinic.facts, _reviewed_on(knowledge)
    return {
        "clinic": facts["name"],
        "phone": facts["phone"],
        "demo": knowledge.clinic.demo,
        "rules_version": knowledge.rulebook.version,
        "reviewed": reviewed_on is not None,
        "reviewed_on": reviewed_on.isoformat() if reviewed_on else None,
    }


def page(knowledge: Knowledge, assets: Assets, look: str = "") -> str:
    """The chat page (`widget/index.html`) with the clinic's facts and the review of its rules in it.

    Args:
        knowledge: The clinic.
        assets: The files it names.
        look: Asks for the style sheet in the clinic's colours: "&accent=6f3f50&scheme=dark".
    """
    facts = _facts(knowledge)
    return _render(
        "index.html",
        clinic=facts,
        numbers=_numbers(facts),
        sheet=assets.address("widget.css") + look,
        script=assets.address("widget.js"),
        rules_version=knowledge.rulebook.version,
        reviewed_on=_reviewed_on(knowledge),
    )


def demo(knowledge: Knowledge, assets: Assets, options: Dict[str, str]) -> str:
    """A clinic's page with the chat on it (`widget/demo.html`), made of the clinic's facts.

    Args:
        knowledge: The clinic; a fact that is not set leaves out what would tell it.
        assets: The files it names.
        options: Attributes of the chat's tag, such as {"accent": "#225566"}; already checked.
    """
    return _render(
        "demo.html",
        clinic=_facts(knowledge),
        is_demo=knowledge.clinic.demo,
        options=options,
        sheet=assets.address("demo.css"),
    )


def add_pages(blueprint: Blueprint, read: Callable[[], Knowledge]) -> None:
    """Serve the chat page at `/`, its files at `/s/`, and the clinic's page with the chat at `/demo`.

    Args:
        blueprint: The channel's.
        read: Gives the clinic's knowledge, anew for each page.
    """
    assets = Assets()

    @blueprint.get("/")
    async def chat_page(request: Request) -> HTTPResponse:
        if not request.path.endswith("/"):
            return response.redirect(request.path.rsplit("/", 1)[-1] + "/")
        knowledge = read()
        look = {**_look(knowledge), **_asked(request)}
        query = "".join(f"&{key}={look[key].lstrip('#')}" for key, plain in _LOOK.items() if look[key] != plain)
        return _page(request, page(knowledge, assets, query))

    @blueprint.get("/s/<name:str>")
    async def file(request: Request, name: str) -> HTTPResponse:
        look = _look(read()) if name == "loader.js" else {key: request.args.get(key) for key in _LOOK}
        asset = assets.find(name, **look)
        if asset is None:
            return response.empty(404)
        # The address names the plain style sheet; in the clinic's colours it is as good for as long.
        plain, version = assets.files[name], request.args.get("v")
        return send(request, asset, asset.tag if version == plain.tag else None)

    @blueprint.get("/demo")
    async def demo_page(request: Request) -> HTTPResponse:
        answer = _page(request, demo(read(), assets, _asked(request)))
        answer.headers["Content-Security-Policy"] = _DEMO_POLICY
        return answer


def _render(name: str, **values: Any) -> str:
    # The folder is read anew, as the facts are: an edit shows at the next reload.
    return minify(name, Environment(loader=FileSystemLoader(WIDGET), autoescape=True).get_template(name).render(values))


def _page(request: Request, text: str) -> HTTPResponse:
    answer = send(request, pack(text, _HTML))
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _asked(request: Request) -> Dict[str, str]:
    """The options in the address that are what they should be."""
    asked = {key: request.args.get(key) for key, allowed in _CHOICES.items() if request.args.get(key) in allowed}
    colour = read_colour(request.args.get("accent"))
    if colour:
        asked["accent"] = "#%02x%02x%02x" % colour
    return asked


def _look(knowledge: Knowledge) -> Dict[str, str]:
    """The clinic's accent and scheme: what a page has that asks for none, such as behind a private link."""
    return {key: getattr(knowledge.clinic.chat, key) for key in _LOOK}


def _facts(knowledge: Knowledge) -> Dict[str, str]:
    facts = {key: str(value or "") for key, value in knowledge.clinic.facts.items()}
    facts["initial"] = next((letter.upper() for letter in facts.get("name", "") if letter.isalnum()), "")
    facts["tel"] = re.sub(r"[^\d+]", "", facts.setdefault("phone", ""))
    return facts


def _numbers(facts: Dict[str, str]) -> str:
    """A pattern for JavaScript: the numbers in the bot's messages that become links.

    These are the clinic's own and whatever is written like a phone number. A short one, such as the
    emergency number, cannot be told from any other figure by its looks.
    """
    short = re.findall(r"\d{3,}", f"{facts.get('emergency_number', '')} {facts.get('crisis_line', '')}")
    own = [re.sub(r"([^\w\s])", r"\\\1", number) for number in (facts["phone"], *short) if number]
    return rf"(?<![\w$.-])(?:{'|'.join([*dict.fromkeys(own), *_LIKE_A_PHONE_NUMBER])})(?![\w%])"


def _reviewed_on(knowledge: Knowledge) -> Optional[date]:
    """The day of the latest signature; None until every rule is signed."""
    rulebook = knowledge.rulebook
    days = [rule.reviewed_on for rule in rulebook.rules if rule.reviewed_on]
    return max(days) if rulebook.signed and days else None
