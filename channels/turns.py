"""One turn of a talk: in order, once, within its time, and never silent."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Awaitable, Callable, Dict, List, Optional, Tuple

from rasa.core.channels.channel import UserMessage
from rasa.shared.core.trackers import DialogueStateTracker

from channels import metrics
from channels.transcript import SHOWN, Collected, Offer, last_offer, open_offer, public, replies_by_id

logger = logging.getLogger(__name__)

REMEMBERED_REPLIES = 32
REMEMBERED_TALKS = 5000
_HARD_STOP = 6
"""A turn that ran out of time goes on unseen for this many limits, so that what was said is kept."""

Deliver = Callable[[UserMessage], Awaitable[Any]]


@dataclass(frozen=True)
class Incoming:
    """What a person sent: words, or the indexes of buttons.

    Attributes:
        text: What goes to Rasa; None when buttons were pressed.
        shown: The person's own words for the history.
        picks: Indexes of the pressed buttons.
        offer: Id of the message whose buttons were pressed, if the page told it.
        id: The client's message id; the same id is answered once and processed once.
    """

    text: Optional[str] = None
    shown: Optional[str] = None
    picks: Optional[Tuple[int, ...]] = None
    offer: Optional[str] = None
    id: Optional[str] = None


@dataclass(frozen=True)
class Reply:
    """An HTTP status and a JSON body. `processed` is False when the message never reached the bot."""

    status: int
    body: Dict[str, Any]
    processed: bool = True


class Talk:
    """What this process remembers about one conversation."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        # Replies by message id, for retries. Per process: after a restart they are rebuilt from the tracker.
        self.replies: "OrderedDict[str, asyncio.Future[Reply]]" = OrderedDict()
        self.earlier: Optional[Dict[str, List[Dict[str, Any]]]] = None
        # By channel: what the page may show must not go out as a text message, which names no reasons.
        self.late: Dict[str, List[Dict[str, Any]]] = {}
        self.ended = False

    def end(self) -> None:
        """Everything of this conversation was deleted: forget it, and take nothing more for it."""
        self.ended, self.earlier = True, {}
        self.replies.clear()
        self.late.clear()


class Talks:
    """The conversations that this process remembers; the least used ones are forgotten."""

    def __init__(self, most: int = REMEMBERED_TALKS) -> None:
        self.most = most
        self._talks: "OrderedDict[str, Talk]" = OrderedDict()

    def __len__(self) -> int:
        return len(self._talks)

    def talk(self, conversation: str, new: bool = False) -> Talk:
        """The memory of a conversation. `new`: nothing to look up."""
        talk = self._talks.setdefault(conversation, Talk())
        self._talks.move_to_end(conversation)
        if new:
            talk.earlier = {}
        while len(self._talks) > self.most:
            oldest = next(iter(self._talks))
            if self._talks[oldest].lock.locked():
                break
            del self._talks[oldest]
        return talk

    def forget(self) -> None:
        """Forget everything, as a restart does."""
        self._talks.clear()


TALKS = Talks()
"""Shared by all channels of the process: a person may go on in the web chat by a private link, and the
order of what they send is kept across both."""


class Turns:
    """Takes messages to the bot and brings the answers back."""

    def __init__(self, channel: str, limit: float, talks: Talks = TALKS) -> None:
        """
        Args:
            channel: Name of the channel, as Rasa's responses know it.
            limit: Seconds after which the person gets `utter_unavailable` instead of waiting on.
            talks: What is remembered; one for the whole process.
        """
        self.channel = channel
        self.limit = limit
        self.talks = talks

    def talk(self, conversation: str, new: bool = False) -> Talk:
        """The memory of a conversation. `new`: nothing to look up."""
        return self.talks.talk(conversation, new)

    async def say(self, agent: Any, response: str, conversation: str) -> List[Dict[str, Any]]:
        """A fixed text of the domain for the browser; empty when it cannot be made (the page has its own)."""
        try:
            # An empty tracker: a fixed text must not depend on the store that may just have failed.
            tracker = DialogueStateTracker(conversation, agent.domain.slots)
            message = await agent.nlg.generate(response, tracker, self.channel)
        except Exception as error:  # noqa: BLE001  the last net has no net of its own
            log_failure("could not render " + response, error)
            return []
        return [public(message)] if message and message.get("text") else []

    async def unavailable(
        self,
        agent: Any,
        conversation: str,
        said: List[Dict[str, Any]],
        status: int = 200,
        processed: bool = True,
    ) -> Reply:
        """The last net: what was said so far and `utter_unavailable`; failing that, the page has a text."""
        metrics.count_unavailable(self.channel)
        text = await self.say(agent, "utter_unavailable", conversation)
        body: Dict[str, Any] = {"messages": said + text}
        if not text:
            body["error"] = "unavailable"
        return Reply(status, body, processed)

    async def take(self, agent: Any, deliver: Deliver, conversation: str, incoming: Incoming) -> Reply:
        """Answer one message. Never raises; the same message id gives the same reply."""
        talk = self.talk(conversation)
        task = talk.replies.get(incoming.id) if incoming.id else None
        if task is None:
            task = asyncio.ensure_future(self._within_limit(talk, agent, deliver, conversation, incoming))
            if incoming.id:
                self._remember(talk, incoming.id, task)
        # Shielded: a browser that hangs up must not cut the turn short; its retry finds the reply here.
        return await asyncio.shield(task)

    def _remember(self, talk: Talk, message_id: str, task: "asyncio.Future[Reply]") -> None:
        def forget_if_not_processed(done: "asyncio.Future[Reply]") -> None:
            if done.cancelled() or not done.result().processed:
                talk.replies.pop(message_id, None)

        talk.replies[message_id] = task
        task.add_done_callback(forget_if_not_processed)
        while len(talk.replies) > REMEMBERED_REPLIES and next(iter(talk.replies.values())).done():
            talk.replies.popitem(last=False)

    async def _within_limit(
        self, talk: Talk, agent: Any, deliver: Deliver, conversation: str, incoming: Incoming
    ) -> Reply:
        started = asyncio.get_event_loop().time()
        try:
            return await self._in_order(talk, agent, deliver, conversation, incoming)
        finally:
            metrics.observe_turn(self.channel, asyncio.get_event_loop().time() - started)

    async def _in_order(
        self, talk: Talk, agent: Any, deliver: Deliver, conversation: str, incoming: Incoming
    ) -> Reply:
        loop = asyncio.get_event_loop()
        deadline = loop.time() + self.limit
        try:
            await asyncio.wait_for(talk.lock.acquire(), self.limit)
        except asyncio.TimeoutError:
            return await self.unavailable(agent, conversation, [], 503, processed=False)
        spoken = Collected(self.channel, talk.late.pop(self.channel, []))
        work = asyncio.ensure_future(self._work(talk, agent, deliver, conversation, incoming, spoken))
        done, _ = await asyncio.wait({work}, timeout=max(deadline - loop.time(), 0.05))
        if done:
            return work.result()
        logger.error("A turn took longer than %s s; the person was told, the turn goes on.", self.limit)
        said, spoken.handed_over = spoken.public(), len(spoken.messages)
        return await self.unavailable(agent, conversation, said)

    async def _work(
        self,
        talk: Talk,
        agent: Any,
        deliver: Deliver,
        conversation: str,
        incoming: Incoming,
        spoken: Collected,
    ) -> Reply:
        """The turn itself, under the talk's lock, which it gives back."""
        message: Optional[UserMessage] = None
        try:
            if talk.ended:  # it waited while everything was deleted
                return Reply(401, {"error": "session", "messages": []}, processed=False)
            tracker = None
            if talk.earlier is None or incoming.picks is not None:
                tracker = await agent.tracker_store.retrieve_full_tracker(conversation)
            if talk.earlier is None:
                talk.earlier = replies_by_id(tracker, REMEMBERED_REPLIES)
            if incoming.id in talk.earlier:
                spoken.messages += talk.earlier[incoming.id]
                return _reply(spoken, open_offer(tracker))
            words, shown = incoming.text, incoming.shown
            if incoming.picks is not None:
                offer = open_offer(tracker)
                try:
                    if offer is None or incoming.offer not in (None, offer.id):
                        raise LookupError("these buttons are closed")
                    words, shown = offer.resolve(incoming.picks)
                except LookupError:
                    metrics.count_refusal(self.channel, "choice_gone")
                    gone = await self.say(agent, "utter_choice_gone", conversation)
                    body = {"error": "choice_gone", "messages": spoken.public() + gone, "open": _open(offer)}
                    return Reply(400, body, processed=False)
            message = UserMessage(
                words,
                spoken,
                conversation,
                input_channel=self.channel,
                message_id=incoming.id,
                metadata={SHOWN: shown} if shown != words else None,
            )
            await asyncio.wait_for(deliver(message), self.limit * _HARD_STOP)
            if not spoken.messages:
                raise RuntimeError("the bot said nothing")
            return _reply(spoken, last_offer(spoken.messages))
        except Exception as error:  # noqa: BLE001  whatever it was, the person gets an answer
            log_failure("a turn failed", error)
            await self._keep(agent, message)
            return await self.unavailable(agent, conversation, spoken.public())
        finally:
            if spoken.handed_over is not None:
                talk.late.setdefault(self.channel, []).extend(spoken.messages[spoken.handed_over :])
            talk.lock.release()

    async def _keep(self, agent: Any, message: Optional[UserMessage]) -> None:
        """After a failed turn: keep what the person said (it may be a disclosure) and that they were told."""
        if message is None:
            return
        try:
            await asyncio.wait_for(self._record(agent, message), self.limit)
        except Exception as error:  # noqa: BLE001
            log_failure("a failed turn could not be kept", error)

    async def _record(self, agent: Any, message: UserMessage) -> None:
        tracker = await agent.tracker_store.retrieve_full_tracker(message.sender_id)
        if message.message_id in replies_by_id(tracker, 1):
            return
        try:
            await agent.log_message(message)
        except Exception as error:  # noqa: BLE001  understanding itself failed: keep the bare words
            log_failure("a message was kept without being understood", error)
            intent = {"name": "nlu_fallback", "confidence": 0.0}
            message.parse_data = {"text": message.text, "intent": intent, "entities": []}
            await agent.log_message(message)
        for action in ("utter_unavailable", "action_listen"):
            await agent.execute_action(message.sender_id, action, Collected(self.channel), None, 1.0)


def _open(offer: Optional[Offer]) -> Optional[Dict[str, Any]]:
    return offer.public() if offer else None


def _reply(spoken: Collected, offer: Optional[Offer]) -> Reply:
    return Reply(200, {"messages": spoken.public(), "open": _open(offer)})


def log_failure(what: str, error: BaseException) -> None:
    """Type and place of an error. Not its text, nor a traceback: either may carry what the person wrote."""
    trace, place = error.__traceback__, "?"
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    logger.error("%s: %s at %s", what, type(error).__name__, place)
