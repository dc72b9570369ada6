"""What the text-message channel needs of a provider. Another one is one more file like `sms_twilio.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Mapping, Optional, Protocol, Sequence


@dataclass(frozen=True)
class Received:
    """A message as the provider hands it over.

    Attributes:
        id: The provider's id; a copy has the same.
        number: Who wrote it (E.164).
        text: What was written; may be empty.
        media: How many pictures or files came with it.
        wish: "stop", "start" or "help" when the provider says that it has answered such a word itself.
    """

    id: str
    number: str = field(repr=False)
    text: str = field(repr=False)
    media: int = 0
    wish: Optional[str] = None


@dataclass(frozen=True)
class Delivered:
    """What became of a text that the provider took: its id, whether it failed for good, and the code."""

    id: str
    failed: bool
    code: str = ""


class NotSent(Exception):
    """A text did not go out. The message holds a code only.

    Attributes:
        code: What the provider said, such as "429" or "21610".
        opted_out: The person has told the provider that they want no texts.
        final: Trying again is no use.
        wait: Seconds after which it may be tried again, if the provider said so.
        in_doubt: It may have gone out all the same.
    """

    def __init__(
        self,
        code: str,
        opted_out: bool = False,
        final: bool = False,
        wait: Optional[float] = None,
        in_doubt: bool = False,
    ) -> None:
        super().__init__(code)
        self.code, self.opted_out, self.final, self.wait, self.in_doubt = code, opted_out, final, wait, in_doubt


class Provider(Protocol):
    """One account at one provider of text messages."""

    acknowledgement: str
    """Body of the answer to a webhook that was taken."""

    answers_stop: bool
    """STOP, START and HELP are answered by the provider."""

    per_second: float
    """Texts sent a second; 0 for no limit."""

    public_url: str
    """Address of the bot as the provider sees it."""

    def verify(self, url: str, headers: Mapping[str, str], form: Mapping[str, str]) -> bool:
        """True when the provider itself sent this."""

    def read(self, form: Mapping[str, str]) -> Optional[Received]:
        """The message in a verified form; None when there is none that can be answered."""

    def read_status(self, form: Mapping[str, str]) -> Optional[Delivered]:
        """What a verified form says about a text that was sent; None for nothing that matters."""

    async def send(self, number: str, text: str) -> str:
        """Send a text; the provider's id. Raises NotSent."""

    async def sent_lately(self, number: str, text: str, since: datetime) -> Sequence[str]:
        """Ids of the texts with these words that the provider took for this number. Raises NotSent."""

    async def close(self) -> None:
        """Let go of connections."""
