"""Answers the texts in the inbox: every one, once, in the order of their arrival."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Set, Tuple

from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.orm import Session

from channels import metrics
from channels.incoming import LISTENED_TO, LONGEST_TEXT, clean, emergency_in, without_command
from channels.limits import Limit
from channels.session import private_link
from channels.sms_provider import Provider
from channels.sms_sender import in_thread
from channels.sms_wording import DISCLOSURE, PRIVATE_SCREENING, chosen, texts
from channels.transcript import open_offer
from channels.turns import Deliver, Incoming, Reply, Turns, log_failure
from desk import sms_consent, sms_inbox, sms_outbox, sms_words
from desk.sms_inbox import Text
from desk.sms_outbox import CONSENT, REPLY, URGENT

POLL_SECONDS = 5.0
AT_ONCE = 4
"""Conversations that are answered at the same time."""

MOST_TRIES = 5
LINK_AGAIN_SECONDS = 3 * 3600
MESSAGES_A_MINUTE, AT_MOST = 12, 30
"""More than this is a machine that answers a machine; each person is told so once a minute."""

Answer = Tuple[str, str]
"""Words and their kind (`desk.sms_outbox`)."""


class Outcome(NamedTuple):
    """What follows from one text.

    Attributes:
        answers: What to say; [] for nothing on purpose.
        besides: What is kept in the same transaction, such as an opt-out.
    """

    answers: List[Answer]
    besides: Optional[Callable[[Session], Any]] = None


class Replies:
    """Takes texts to the bot and puts what it says into the outbox."""

    def __init__(self, turns: Turns, provider: Callable[[], Optional[Provider]], sent: asyncio.Event) -> None:
        """
        Args:
            turns: Takes messages to the bot.
            provider: The provider now, or None while text messages are off.
            sent: Set when there is something in the outbox.
        """
        self.turns, self.provider, self.sent = turns, provider, sent
        self.wake = asyncio.Event()
        self.limit = Limit(MESSAGES_A_MINUTE, AT_MOST)
        self.warned = Limit(1, 1)
        self._linked: Dict[str, float] = {}
        self._busy: Set[str] = set()
        self._tasks: Set["asyncio.Task[None]"] = set()
        self._room = asyncio.Semaphore(AT_ONCE)

    async def run(self, agent: Callable[[], Any], deliver: Deliver) -> None:
        """Answer for ever, beginning with what an earlier process left."""
        while True:
            self.wake.clear()
            try:
                ready = agent()
                if ready is not None and ready.is_ready() and self.provider() is not None:
                    await self._start_new(ready, deliver)
            except Exception as error:  # noqa: BLE001  the next round tries again
                log_failure("the text messages could not be read", error)
            try:
                await asyncio.wait_for(self.wake.wait(), POLL_SECONDS)
            except asyncio.TimeoutError:
                pass

    async def close(self) -> None:
        """Give up what is not finished; it is in the inbox still."""
        for task in list(self._tasks):
            task.cancel()

    async def _start_new(self, agent: Any, deliver: Deliver) -> None:
        waiting: Dict[str, List[Text]] = {}
        for text in await in_thread(sms_inbox.waiting):
            waiting.setdefault(text.conversation_id, []).append(text)
        for conversation, queue in waiting.items():
            if conversation not in self._busy:
                self._busy.add(conversation)
                task = asyncio.ensure_future(self._conversation(agent, deliver, conversation, queue))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _conversation(self, agent: Any, deliver: Deliver, conversation: str, queue: List[Text]) -> None:
        try:
            async with self._room:
                for text in queue:
                    if not await self._answer(agent, deliver, text):
                        await asyncio.sleep(1.0)  # later ones wait for this one
                        break
        except Exception as error:  # noqa: BLE001  it stays in the inbox
            log_failure("a text message could not be answered", error)
            await asyncio.sleep(1.0)
        finally:
            self._busy.discard(conversation)
            self.wake.set()

    async def _answer(self, agent: Any, deliver: Deliver, text: Text) -> bool:
        """Answer one message; False when it must be tried again."""
        provider = self.provider()
        if provider is None:
            return False
        await in_thread(sms_inbox.tried, text.message_id)
        outcome = await self._outcome(agent, deliver, text, provider)
        if outcome is None:
            return False
        if await in_thread(sms_inbox.answer, text, outcome.answers, outcome.besides):
            self.sent.set()
        return True

    async def _outcome(self, agent: Any, deliver: Deliver, text: Text, provider: Provider) -> Optional[Outcome]:
        """What follows from a text; None when it must be tried again."""
        body = clean(text.body)
        by = await in_thread(sms_consent.opted_out_by, text.number)
        wish = sms_words.words().wish(body, by is not None)
        if wish == sms_words.REACTION:
            return Outcome([])  # it quotes our own words: no disclosure, no emergency
        urgent = await in_thread(emergency_in, body)
        if wish in (sms_words.STOP, sms_words.STOP_WORDING):
            return await self._opt_out(agent, text, urgent, wish == sms_words.STOP and provider.answers_stop, by)
        if by and wish == sms_words.START:
            return await self._opt_in(agent, text, provider, by)
        if wish == sms_words.HELP:
            help_text = [] if provider.answers_stop else await self._fixed(agent, text, "utter_sms_help", CONSENT)
            return Outcome(help_text)
        if by and not urgent:
            metrics.count_refusal("sms", "opted_out")
            return Outcome([])
        if not urgent and self.limit.wait(text.conversation_id):
            metrics.count_refusal("sms", "too_fast")
            warn = not self.warned.wait(text.conversation_id)
            return Outcome(await self._fixed(agent, text, "utter_too_fast") if warn else [])
        answers = await self._from_bot(agent, deliver, text, body, urgent, by is not None)
        return None if answers is None else Outcome(answers)

    async def _from_bot(
        self, agent: Any, deliver: Deliver, text: Text, body: str, urgent: Optional[str], out: bool
    ) -> Optional[List[Answer]]:
        before: List[Answer] = []
        if text.media:
            metrics.count_refusal("sms", "media")
            before = await self._fixed(agent, text, "utter_sms_media")
        if len(body) > LONGEST_TEXT:
            if not urgent:
                return before + await self._fixed(agent, text, "utter_too_long")
            body = f"{body[:LISTENED_TO]}\n{body[-LISTENED_TO:]}"
        words = without_command(body)
        if not any(letter.isprintable() and not letter.isspace() for letter in words):
            return before or await self._fixed(agent, text, "utter_empty_message")
        tracker = await self._tracker(agent, text)
        reply = await self.turns.take(agent, deliver, text.conversation_id, self._incoming(text, words, body, tracker))
        if not reply.processed:
            if reply.status in (401, 503) and text.attempts + 1 < MOST_TRIES:
                return None
            if reply.body.get("error") == "choice_gone":  # answered meanwhile on the private page
                incoming = Incoming(text=words, shown=body, id=text.message_id)
                reply = await self.turns.take(agent, deliver, text.conversation_id, incoming)
        if urgent and out:
            return await self._fixed(agent, text, urgent, URGENT)  # these words and no others
        return before + await self._rendered(agent, text, reply, URGENT if urgent else REPLY)

    def _incoming(
        self, text: Text, words: str, shown: str, tracker: Optional[DialogueStateTracker]
    ) -> Incoming:
        offer = open_offer(tracker)
        if offer is not None:
            picked = chosen(shown, [title for title, _ in offer.buttons], offer.multi)
            if picked:
                return Incoming(picks=picked, offer=offer.id, id=text.message_id)
        asked = tracker.get_slot("requested_slot") if tracker and "requested_slot" in tracker.slots else None
        if asked == "booking_contact" and sms_words.words().means_this_number(shown):
            return Incoming(text=text.number, shown=shown, id=text.message_id)
        return Incoming(text=words, shown=shown, id=text.message_id)

    async def _tracker(self, agent: Any, text: Text) -> Optional[DialogueStateTracker]:
        try:
            return await agent.tracker_store.retrieve_full_tracker(text.conversation_id)
        except Exception as error:  # noqa: BLE001  then a number is read as words
            log_failure("a talk could not be read", error)
            return None

    async def _rendered(self, agent: Any, text: Text, reply: Reply, kind: str) -> List[Answer]:
        messages: List[Mapping[str, Any]] = reply.body.get("messages") or []
        kinds = {message.get("kind") for message in messages}
        url = await in_thread(self._link, text.conversation_id)
        link = await self._say(agent, text, "utter_sms_private_link", link=url) if url else None
        one = await self._say(agent, text, "utter_sms_choose_one")
        several = await self._say(agent, text, "utter_sms_choose_several")
        lately = time.monotonic() - self._linked.get(text.conversation_id, -LINK_AGAIN_SECONDS) < LINK_AGAIN_SECONDS
        bodies, linked = texts(messages, link, one, several, lately)
        if linked:
            self._remember_link(text.conversation_id)
        await in_thread(sms_consent.note, text.number, DISCLOSURE in kinds, PRIVATE_SCREENING in kinds)
        if not bodies:  # whatever it was, never silence
            return await self._fixed(agent, text, "utter_unavailable", kind)
        return [(body, kind) for body in bodies]

    def _link(self, conversation: str) -> Optional[str]:
        provider = self.provider()
        return private_link(conversation, public_url=provider.public_url) if provider else None

    def _remember_link(self, conversation: str) -> None:
        self._linked.pop(conversation, None)
        self._linked[conversation] = time.monotonic()
        while len(self._linked) > 5000:
            del self._linked[next(iter(self._linked))]

    async def _opt_out(
        self, agent: Any, text: Text, urgent: Optional[str], answered: bool, by: Optional[str]
    ) -> Outcome:
        """Keep the wish, and say once that it was heard unless the provider says so itself."""
        metrics.count_refusal("sms", "opted_out")
        answers = await self._fixed(agent, text, urgent, URGENT) if urgent else []
        if not answered and not by:
            answers += await self._fixed(agent, text, "utter_sms_opted_out", CONSENT)

        def keep(session: Session) -> None:
            sms_consent.change(session, text.number, sms_consent.WORD if answered else sms_consent.WORDING)
            sms_outbox.drop_unwanted(session, text.number)

        return Outcome(answers, keep)

    async def _opt_in(self, agent: Any, text: Text, provider: Provider, by: str) -> Outcome:
        # The provider greets only those whom it had barred itself.
        greeted = provider.answers_stop and by in (sms_consent.WORD, sms_consent.PROVIDER)
        answers = [] if greeted else await self._fixed(agent, text, "utter_sms_opted_in", CONSENT)
        return Outcome(answers, lambda session: sms_consent.change(session, text.number, None))

    async def _fixed(self, agent: Any, text: Text, response: str, kind: str = REPLY) -> List[Answer]:
        words = await self._say(agent, text, response)
        return [(words, kind)] if words else []

    async def _say(self, agent: Any, text: Text, response: str, **values: Any) -> str:
        """A fixed text of the domain, filled in; an empty one when it cannot be made."""
        try:
            tracker = DialogueStateTracker(text.conversation_id, agent.domain.slots)
            message = await agent.nlg.generate(response, tracker, "sms", **values)
        except Exception as error:  # noqa: BLE001
            log_failure("could not render " + response, error)
            return ""
        return str((message or {}).get("text") or "")
