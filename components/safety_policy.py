"""RulePolicy with the promises that no rule file may break: emergency first, and never silence.

It stands in RulePolicy's place because a second policy beside it would lose to an open form. Both
promises use responses and default actions only, so they hold while the action server is down.
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Text, Tuple

from rasa.core.policies.policy import PolicyPrediction
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.core.constants import (
    ACTION_BACK_NAME,
    ACTION_DEACTIVATE_LOOP_NAME,
    ACTION_LISTEN_NAME,
    ACTION_RESTART_NAME,
    ACTION_SESSION_START_NAME,
    DEFAULT_ACTION_NAMES,
)
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    BotUttered,
    LoopInterrupted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT_NAME_KEY

from candidacy.answers import reads_as_question

URGENT, GREET = "urgent_symptom", "greet"
UTTER_URGENT, UTTER_SELF_HARM = "utter_urgent", "utter_self_harm"
UTTER_UNAVAILABLE = "utter_unavailable"
UTTER_GREET = "utter_greet"
UTTER_KEEP_GOING = "utter_keep_going"
ANSWER, UNCLEAR = "action_answer", "action_unclear"
FAQ_REPLY = "utter_faq_"
ANSWERED_ALONE = (FAQ_REPLY, UNCLEAR)
"""Actions that answer one thing; several things at once go to `action_answer`."""

NEEDS_THE_RULES = ("hypothetical", "other_person", "past", "future")
"""Heard beside a question, these are answered from the screening rules in the same reply."""

GREETED_BY = (GREET, "session_start")
"""Intents that the greeting itself answers."""

STARTS = {"start_screening": "screening_form", "book_consultation": "booking_form", "remind_me": "reminder_form"}
"""Intents that open a form; one that is open asks its question again."""

GREETS_BEFORE_FIRST_ANSWER = ("cmdline", "sms")
"""Channels that cannot greet when the chat opens."""

COMMANDS: Dict[Text, Tuple[Text, Text]] = {
    "restart": ("utter_started_over", ACTION_RESTART_NAME),
    "session_start": (UTTER_GREET, ACTION_SESSION_START_NAME),
    "back": ("utter_okay", ACTION_BACK_NAME),
}
"""Rasa's own silent commands, which only the shell can send: what is said, then what is done."""


class Turn(NamedTuple):
    """What has happened since the person's last message.

    Attributes:
        message: That message; None before the first one.
        actions: Names of the actions run since, oldest first.
        said: How many messages answered it; the opening greeting does not count.
        failed: True when an action left no trace: it was called and did not answer.
        rejected: True when the open form did not take the message for an answer.
    """

    message: Optional[UserUttered]
    actions: List[Text]
    said: int
    failed: bool
    rejected: bool

    @property
    def intent(self) -> Optional[Text]:
        """Intent of the message."""
        return self.message.intent.get(INTENT_NAME_KEY) if self.message else None


def current_turn(tracker: DialogueStateTracker) -> Turn:
    """The turn that is being answered, read from the tracker's newest events."""
    actions: List[Text] = []
    said = 0
    message = None
    failed = rejected = False
    traced = False
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            message = event
            break
        if isinstance(event, ActionExecuted) and event.action_name:
            actions.append(event.action_name)
            failed = failed or not (traced or _needs_no_server(event.action_name))
            traced = False
        elif isinstance(event, ActionExecutionRejected):
            rejected = True
        elif not isinstance(event, LoopInterrupted):
            traced = True
            said += isinstance(event, BotUttered)
    turn = Turn(message, actions[::-1], said, failed, rejected)
    if UTTER_GREET in actions and turn.intent not in GREETED_BY:
        turn = turn._replace(said=said - 1)
    return turn


def _needs_no_server(action: Text) -> bool:
    return action.startswith("utter_") or action in DEFAULT_ACTION_NAMES


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class SafetyPolicy(RulePolicy):
    """Rules, behind the promises of the design: emergency first, never silence."""

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: Optional[Dict[Text, Any]] = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Predict the next action (see parent class); the promises come before the rules."""
        turn = current_turn(tracker)
        if turn.message is None:
            return super().predict_action_probabilities(tracker, domain, rule_only_data, **kwargs)
        if turn.intent == URGENT:
            prediction = self._predict_name(self._next_in_emergency(tracker, turn), tracker, domain)
            if not turn.actions:
                prediction.events = [SlotSet("verdict", "urgent")]  # known without the action server
            return prediction
        if self._greets_first(tracker, turn):
            return self._predict_name(UTTER_GREET, tracker, domain)
        if turn.actions and turn.actions[-1] == UTTER_UNAVAILABLE:
            return self._predict_name(ACTION_LISTEN_NAME, tracker, domain)
        if turn.failed:
            return self._predict_name(self._without_server(turn, domain), tracker, domain)
        if turn.intent in COMMANDS:
            return self._obey(tracker, turn, domain)
        if turn.actions and turn.actions[-1] in (ANSWER, UNCLEAR):
            return self._after_answer(tracker, domain)
        if tracker.is_active_loop_rejected and not turn.rejected and not turn.actions:
            # The turn before broke off between the form's refusal and its question.
            return self._predict_name(tracker.active_loop_name or "", tracker, domain)
        asks_for_open_form = turn.rejected and STARTS.get(turn.intent or "") == tracker.active_loop_name
        if asks_for_open_form and not turn.actions and not _needs_whole_answer(turn):
            # Rasa never runs an action right after it was rejected: something is said in between.
            return self._predict_name(UTTER_KEEP_GOING, tracker, domain)
        if turn.actions and turn.actions[-1] == UTTER_KEEP_GOING:
            return self._after_answer(tracker, domain)
        greeted = UTTER_GREET in turn.actions and turn.intent != GREET
        rules_tracker = _without_greeting(tracker) if greeted else tracker
        prediction = super().predict_action_probabilities(rules_tracker, domain, rule_only_data, **kwargs)
        name = self._name_of(prediction, domain)
        if turn.rejected and name == tracker.active_loop_name and not prediction.events:
            # Its own start was asked for: the form is open already and asks its question again.
            return self._after_answer(tracker, domain)
        if name == ACTION_LISTEN_NAME and not turn.said:
            return self._predict_name(UTTER_UNAVAILABLE, tracker, domain)
        if name.startswith(ANSWERED_ALONE) and _needs_whole_answer(turn):
            return self._predict_name(ANSWER, tracker, domain)
        if name.startswith(FAQ_REPLY) and tracker.active_loop_name and not _asks(turn):
            # A short reply such as "whenever" may look like a topic; in a form only a question is an aside.
            return self._predict_name(UNCLEAR, tracker, domain)
        return prediction

    @staticmethod
    def _without_server(turn: Turn, domain: Domain) -> Text:
        """The next action once the action server has failed in this turn; it is not called again.

        A server that hangs would keep the person waiting twice.
        """
        if turn.said:
            return ACTION_LISTEN_NAME
        fixed = f"utter_{turn.intent}"
        answerable = fixed.startswith(FAQ_REPLY) and fixed in domain.responses and _asks(turn)
        return fixed if answerable and not _needs_whole_answer(turn) else UTTER_UNAVAILABLE

    def _obey(self, tracker: DialogueStateTracker, turn: Turn, domain: Domain) -> PolicyPrediction:
        """Say what happens, then do it; after a step back an open form asks its question again."""
        said, done = COMMANDS[turn.intent or ""]
        if done in turn.actions:
            last = turn.actions[-1]
            if last == ACTION_BACK_NAME and tracker.active_loop_name:
                return self._after_answer(tracker, domain)
            return self._predict_name(ACTION_LISTEN_NAME, tracker, domain)
        return self._predict_name(done if said in turn.actions else said, tracker, domain)

    @staticmethod
    def _next_in_emergency(tracker: DialogueStateTracker, turn: Turn) -> Text:
        text = UTTER_SELF_HARM if _speaks_of_self_harm(turn) else UTTER_URGENT
        if text not in turn.actions:
            return text
        # The emergency ends the form: screening starts again only when it is asked for.
        if tracker.active_loop_name and ACTION_DEACTIVATE_LOOP_NAME not in turn.actions:
            return ACTION_DEACTIVATE_LOOP_NAME
        return ACTION_LISTEN_NAME

    @staticmethod
    def _greets_first(tracker: DialogueStateTracker, turn: Turn) -> bool:
        if turn.actions or tracker.get_latest_input_channel() not in GREETS_BEFORE_FIRST_ANSWER:
            return False
        if turn.intent in GREETED_BY:
            return False
        return not any(
            isinstance(event, ActionExecuted) and event.action_name == UTTER_GREET for event in tracker.events
        )

    def _after_answer(self, tracker: DialogueStateTracker, domain: Domain) -> PolicyPrediction:
        """An open form asks its question again."""
        if not tracker.active_loop_name:
            return self._predict_name(ACTION_LISTEN_NAME, tracker, domain)
        prediction = self._predict_name(tracker.active_loop_name, tracker, domain)
        prediction.events = [LoopInterrupted(True)]
        return prediction

    def _predict_name(self, name: Text, tracker: DialogueStateTracker, domain: Domain) -> PolicyPrediction:
        return self._prediction(self._prediction_result(name, tracker, domain))

    @staticmethod
    def _name_of(prediction: PolicyPrediction, domain: Domain) -> Text:
        return domain.action_names_or_texts[prediction.probabilities.index(max(prediction.probabilities))]


def _findings(turn: Turn) -> List[Dict[Text, Any]]:
    entities = turn.message.entities if turn.message else []
    return [entity.get("finding") or {} for entity in entities if entity.get("entity") == "finding"]


def _speaks_of_self_harm(turn: Turn) -> bool:
    return any(finding.get("self_harm") for finding in _findings(turn))


def _asks(turn: Turn) -> bool:
    text = (turn.message.text or "") if turn.message else ""
    return text.startswith(INTENT_MESSAGE_PREFIX) or reads_as_question(text)


def _needs_whole_answer(turn: Turn) -> bool:
    """True when one fixed reply would leave something unanswered."""
    asked = (turn.message.parse_data or {}).get("asked") or [] if turn.message else []
    return len(asked) > 1 or any(f.get("assertion") in NEEDS_THE_RULES for f in _findings(turn))


def _without_greeting(tracker: DialogueStateTracker) -> DialogueStateTracker:
    """The tracker as the rules know it: they expect their own action right after the message."""
    events = list(tracker.events)
    for index in reversed(range(len(events))):
        if isinstance(events[index], ActionExecuted) and events[index].action_name == UTTER_GREET:
            del events[index]
            break
    return DialogueStateTracker.from_events(tracker.sender_id, events, slots=tracker.slots.values())
