"""What was said, read from the tracker: the talk for the page, open buttons, replies by message id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from rasa.core.channels.channel import OutputChannel
from rasa.shared.core.events import BotUttered, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

SHOWN = "shown"
"""Metadata key of a user message: the words to show when they differ from what went to Rasa."""


class Collected(OutputChannel):
    """Keeps the bot's messages of one turn, whole."""

    def __init__(self, name: str, late: Sequence[Dict[str, Any]] = ()) -> None:
        """
        Args:
            name: The channel's name.
            late: What the bot said in an earlier turn after its time was up; shown first.
        """
        self.messages: List[Dict[str, Any]] = []
        self.late = list(late)
        self.handed_over: Optional[int] = None
        """Messages already given to the person when the turn ran out of time; None while it has not."""
        self._name = name

    def public(self) -> List[Dict[str, Any]]:
        """Everything the person has not seen yet, for the browser."""
        return [public(message) for message in self.late + self.messages]

    def name(self) -> str:  # type: ignore[override]
        """The channel's name, for channel-specific responses."""
        return self._name

    async def send_response(self, recipient_id: str, message: Dict[str, Any]) -> None:
        """Keep one message of the bot."""
        self.messages.append(dict(message))

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Keep a bare text."""
        self.messages.append({"text": text, **kwargs})


@dataclass(frozen=True)
class Offer:
    """The buttons of one bot message.

    Attributes:
        id: Names the message, so that a press on buttons that have since changed is noticed: on a
            second tab a late "Yes" must not answer another question.
        buttons: Title and payload of each.
        multi: Several may be chosen.
    """

    id: str
    buttons: Tuple[Tuple[str, str], ...]
    multi: bool

    def public(self) -> Dict[str, Any]:
        """What the browser may know: titles, never payloads."""
        return {
            "id": self.id,
            "buttons": [{"title": title} for title, _ in self.buttons],
            "multi": self.multi,
        }

    def resolve(self, picks: Sequence[int]) -> Tuple[str, str]:
        """The text for Rasa and the words to show for the picked buttons.

        Raises:
            LookupError: When an index is out of range, or several are picked where one may be.
        """
        unique = sorted(set(picks))
        if not unique or unique[0] < 0 or unique[-1] >= len(self.buttons):
            raise LookupError("no such button")
        chosen = [self.buttons[index] for index in unique]
        if len(chosen) == 1:
            title, payload = chosen[0]
            return payload, title
        if not self.multi:
            raise LookupError("only one button may be chosen")
        # A command among words cannot be joined; its title says the same.
        words = [title if payload.startswith("/") else payload for title, payload in chosen]
        return ", ".join(words), ", ".join(title for title, _ in chosen)


def offer_in(message: Mapping[str, Any]) -> Optional[Offer]:
    """The buttons of a bot message as Rasa hands it to a channel, or None."""
    raw = message.get("buttons") or message.get("quick_replies") or []
    buttons = tuple((str(b["title"]), str(b.get("payload") or b["title"])) for b in raw if b.get("title"))
    if not buttons:
        return None
    return Offer(f"{message.get('timestamp') or 0:.6f}", buttons, bool(message.get("multi")))


def last_offer(messages: Iterable[Mapping[str, Any]]) -> Optional[Offer]:
    """The buttons still open after these bot messages: those of the last message that has any."""
    offers = [offer for offer in map(offer_in, messages) if offer]
    return offers[-1] if offers else None


def public(message: Mapping[str, Any]) -> Dict[str, Any]:
    """A bot message as the browser gets it: text, titles, and whether it is urgent."""
    shown: Dict[str, Any] = {"text": str(message.get("text") or "")}
    offer = offer_in(message)
    if offer:
        shown.update(buttons=offer.public()["buttons"], multi=offer.multi)
    kind = message.get("kind") or (message.get("metadata") or {}).get("kind")
    if not kind and str(message.get("utter_action") or "").startswith(("utter_urgent", "utter_self_harm")):
        kind = "urgent"
    if kind:
        shown["kind"] = str(kind)
    return shown


def _turns(tracker: DialogueStateTracker) -> List[Tuple[Optional[UserUttered], List[Dict[str, Any]]]]:
    """The talk in turns: the user's message (None before the first) and the bot's messages after it."""
    turns: List[Tuple[Optional[UserUttered], List[Dict[str, Any]]]] = [(None, [])]
    resumed = False
    for event in tracker.events:
        if isinstance(event, UserUttered):
            if not event.metadata.get("is_external"):
                turns.append((event, []))
                resumed = False
        elif isinstance(event, SessionStarted):
            resumed = True
        elif isinstance(event, BotUttered):
            said = turns[-1][1]
            # A fresh session of the same talk repeats the open question; it was said once.
            repeated = resumed and any(m["text"] == event.text for m in said)
            if not repeated:
                said.append(event.message())
    return turns


def open_offer(tracker: Optional[DialogueStateTracker]) -> Optional[Offer]:
    """The buttons that may be pressed now: those of the bot's latest turn."""
    return last_offer(_turns(tracker)[-1][1]) if tracker else None


def talk(tracker: Optional[DialogueStateTracker]) -> List[Dict[str, Any]]:
    """The whole talk for the page: `{who: user|bot, text, …}` in order; never a payload."""
    lines: List[Dict[str, Any]] = []
    before: List[Dict[str, Any]] = []
    for user, said in _turns(tracker) if tracker else []:
        words = _shown(user, before) if user else None
        if words:
            lines.append({"who": "user", "text": words})
        lines.extend({"who": "bot", **public(message), **_whole(message)} for message in said if message.get("text"))
        before = said
    return lines


def _whole(message: Mapping[str, Any]) -> Dict[str, Any]:
    """What a text message left out because others may read it; this page is private."""
    return {"text": str(message["in_full"])} if message.get("in_full") else {}


def _shown(user: UserUttered, before: Sequence[Mapping[str, Any]]) -> Optional[str]:
    words = user.metadata.get(SHOWN) or user.text or ""
    if words.startswith("/") and SHOWN not in user.metadata:
        # Pressed on another channel: show the title of the button, or nothing.
        offer = last_offer(before)
        return next((title for title, payload in (offer.buttons if offer else ()) if payload == words), None)
    return words or None


def replies_by_id(tracker: Optional[DialogueStateTracker], most: int) -> Dict[str, List[Dict[str, Any]]]:
    """The bot's messages after each of the latest `most` user messages, by message id."""
    turns = _turns(tracker)[-most:] if tracker else []
    return {user.message_id: said for user, said in turns if user is not None and user.message_id}
