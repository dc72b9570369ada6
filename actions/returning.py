"""A talk taken up again on a later day: read back what was told, hear what has changed, ask again."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Text, Tuple

from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import answer_questions, reopened
from actions.notes import in_a_row, listed, notes
from actions.phrasing import around, capital
from actions.talk import CHANGE, READ_BACK, SCREENING, SLOT_OF, Talk, stated_age
from candidacy.ages import age_in
from candidacy.answers import AGAIN, CHANGED, corrects, is_over, plain
from candidacy.findings import ABSENT, Finding
from candidacy.knowledge import GROUPS, load
from candidacy.record import Record
from candidacy.returning import Again, Told, asked_again, may_be_new, next_question, says_unchanged, told
from candidacy.screening import NO, YES
from desk.settings import today

FIRST_READ_BACK = ("utter_read_back", "utter_read_back_before_asking")
SEND = "send"
SECONDS_AN_HOUR = 3600


def read_back(dispatcher: CollectingDispatcher, talk: Talk, then: Text) -> Tuple[List[EventType], bool]:
    """Say what is left from an earlier day and ask whether it is still right.

    Args:
        dispatcher: Gets the message.
        talk: The conversation.
        then: What a yes leads to: the name of a form, or `SEND` for a request that is ready to be sent.

    Returns:
        Events, and whether the question was put: nothing else may then be asked or stated in this turn.
    """
    if not talk.is_old or talk.verdict().outcome == "urgent":
        return [], False
    since = _returned(talk)
    events = reopen(talk) if then == SCREENING else []
    left, again = _left(talk, then)
    if not left:
        return events + [SlotSet("confirmed_at", talk.now)], False  # all of it is asked anyway
    events.append(SlotSet("offered", f"{READ_BACK}:{then}"))
    if any(talk.said_before(response, since) for response in FIRST_READ_BACK):
        response = "utter_read_back_rest" if talk.heard_now else "utter_read_back_again"
        dispatcher.utter_message(response=response)
        return events, True
    if talk.verdict().call_today:
        dispatcher.utter_message(response="utter_call_today")
    response = "utter_read_back_before_asking" if again else "utter_read_back"
    dispatcher.utter_message(response=response, told=_lines(left))
    return events, True


def _left(talk: Talk, then: Text) -> Tuple[Told, Dict[Text, Again]]:
    """What is to be read back before `then` may follow, and the questions that are asked again there."""
    answers, again = talk.answers, {}
    if then == SCREENING:
        opened = open_again(talk)
        again = {g: one for g, one in opened.items() if g not in answers or g not in talk.asked_again}
        answers = {group: answer for group, answer in answers.items() if group not in again}
    else:
        answers = {**{g: one.before for g, one in talk.asked_again.items() if one.before}, **answers}
    return told(talk.record, answers, again, _returned(talk), everything=then != SCREENING), again


def told_lines(talk: Talk) -> List[Dict[Text, Any]]:
    """Everything that was told, as fragments of responses, one for each line; [] when nothing was."""
    return _lines(told(talk.record, talk.answers, {}, talk.now + 1, everything=True))


def _returned(talk: Talk) -> float:
    """What was told before this time is from an earlier visit."""
    return talk.now - load().rulebook.returning.read_back_after_hours * SECONDS_AN_HOUR


def _lines(what: Told) -> List[Dict[Text, Any]]:
    """What is read back, as fragments of responses, one for each line."""
    lines: List[Dict[Text, Any]] = []
    if what.age is not None:
        lines.append({"response": "utter_told_age", "age": f"{what.age:g}"})
    lines += [{"response": "utter_told_heard", "heard": capital(_named(finding))} for finding in what.heard]
    lines += [{"response": "utter_told_unsure", "heard": _named(finding)} for finding in what.doubted]
    lines += [{"response": "utter_told_yes", "topic": _topic(group)} for group in what.named]
    lines += [{"response": "utter_told_open", "topic": _topic(group)} for group in what.open]
    if what.nothing_else:
        only_age = all(line["response"] == "utter_told_age" for line in lines)
        lines.append({"response": "utter_told_no_to_all" if only_age else "utter_told_nothing_else"})
    elif what.denied or what.denied_rules:
        lines += [{"response": "utter_told_no_topic", "topic": _topic(group)} for group in what.denied]
        names = [load().rule(rule).plain_name for rule in what.denied_rules]
        if names:
            lines.append({"response": "utter_told_no", "denied": listed(names)})
    return list({repr(line): line for line in lines}.values())


def _topic(group: Text) -> Dict[Text, Text]:
    return {"response": f"utter_topic_{group}"}


def _named(finding: Finding) -> Text:
    """A thing told: its plain name, the medicine in the person's own word, and its date."""
    if finding.condition is None:
        return finding.text
    rule = load().rule(finding.condition)
    name = rule.earlier_name or rule.plain_name
    drugs = [drug.name.casefold() for part in (rule, *rule.variants) for drug in part.drugs]
    word = finding.text.strip()
    if word.casefold() in drugs and word.casefold() not in name.casefold():
        name = f"{name} ({word})"
    return f"{name}, {around(finding.when)}" if finding.when else name


# ---- The reply to it ----


def confirm(talk: Talk) -> List[EventType]:
    """Events after which everything that was read back counts as told now."""
    return [*talk.remember(), SlotSet("confirmed_at", talk.now), SlotSet("offered", None)]


def take_reply(
    dispatcher: CollectingDispatcher, talk: Talk, domain: Dict[Text, Any]
) -> Optional[List[EventType]]:
    """What follows from the reply to a read-back, or to "what has changed?"; None when it is no reply."""
    if talk.pending not in (READ_BACK, CHANGE):
        return None
    then = (talk.offered() or "").partition(":")[2]
    says = says_unchanged(talk.text, talk.chosen) or _goes_on_or_over(talk.text)
    found = talk.heard_now or _age_told(talk)
    new = [finding for finding in found if not _repeats(finding, talk.record_before)]
    if new:
        record = _with_changes(dispatcher, talk, new)
        events = talk.remember(record) + [SlotSet("offered", None)] + reopened(talk, record)
        if says == YES and talk.pending == READ_BACK:  # "yes, and I also take aspirin now"
            return events + [SlotSet("confirmed_at", talk.now)] + _go_on(dispatcher, talk, then)
        return events + _ask_the_rest(dispatcher, talk, then)
    if says == YES and talk.pending == READ_BACK or says == NO and talk.pending == CHANGE:
        if not talk.tracker.get_slot("follow_up"):  # that begins with thanks
            dispatcher.utter_message(response="utter_read_back_right")
        return confirm(talk) + _go_on(dispatcher, talk, then)
    if says == NO or talk.pending == CHANGE and says == YES:
        return _ask_what_changed(dispatcher, talk, domain, then)
    return talk.remember() + _ask_the_rest(dispatcher, talk, then) if found else None


def _goes_on_or_over(text: Text) -> Optional[Text]:
    """ "Still on it" is a yes to "is all of that still right?", "finished it last year" a no."""
    if is_over(text):
        return NO
    return YES if plain(text).startswith("still ") else None


def _repeats(finding: Finding, before: Record) -> bool:
    """True when a reply only says again what was read back."""
    if finding.quantity is not None:
        return any(old.quantity == finding.quantity for old in before.findings)
    return finding.surfaced and finding.when is None and finding.condition in before.conditions


def _takes_back(finding: Finding) -> bool:
    """True for "I'm off Eliquis" and a new age; "none since" leaves a dated event as it was."""
    if finding.surfaced or finding.condition is None:
        return finding.quantity is not None
    return finding.assertion != ABSENT or not load().rule(finding.condition).asks_when


def _go_on(dispatcher: CollectingDispatcher, talk: Talk, then: Text) -> List[EventType]:
    """What was held up: an open form asks its question by itself."""
    from actions.sending import send_request

    if then == SEND:
        return send_request(dispatcher, talk)
    return [] if talk.form or not then else [FollowupAction(then)]


def _ask_what_changed(
    dispatcher: CollectingDispatcher, talk: Talk, domain: Dict[Text, Any], then: Text
) -> List[EventType]:
    answered = [group for group in SLOT_OF if group in talk.answers]
    buttons = [topic_button(domain, group) for group in answered]
    dispatcher.utter_message(response="utter_what_changed", buttons=buttons)
    return talk.remember() + [SlotSet("offered", f"{CHANGE}:{then}")]


def topic_button(domain: Dict[Text, Any], group: Text) -> Dict[Text, Text]:
    """A button that takes back the answer to one question."""
    title = domain["responses"][f"utter_topic_{group}"][0]["text"]
    return {"title": title, "payload": '/correct{"group": "%s"}' % group}


def _age_told(talk: Talk) -> List[Finding]:
    age = age_in(talk.text) if stated_age(talk.record) else None
    return [age] if age else []


def _with_changes(dispatcher: CollectingDispatcher, talk: Talk, changes: Sequence[Finding]) -> Record:
    """The record with what has changed: it replaces what was read back, and both stay on file."""
    before = record = talk.record_before
    for finding in changes:
        record = record.hear([finding], talk.now, corrects=_takes_back(finding) or corrects(talk.text))
    talk.__dict__["record"] = record
    said = notes(talk, [finding for finding in changes if finding.surfaced])
    if _replaced(record) > _replaced(before) or not said:
        dispatcher.utter_message(response="utter_answer_changed")
    for response, values in said:
        dispatcher.utter_message(response=response, **values)
    answer_questions(dispatcher, talk)
    return record


def _replaced(record: Record) -> int:
    return sum(item.superseded for item in record.heard)


def _ask_the_rest(dispatcher: CollectingDispatcher, talk: Talk, then: Text) -> List[EventType]:
    """Outside of a form nothing asks by itself whether the rest is right."""
    if talk.form:
        return []
    if not _left(talk, then)[0]:
        return [SlotSet("confirmed_at", talk.now)] + _go_on(dispatcher, talk, then)
    dispatcher.utter_message(response="utter_read_back_rest")
    return [SlotSet("offered", f"{READ_BACK}:{then}")]


# ---- Questions asked again ----


def open_again(talk: Talk) -> Dict[Text, Again]:
    """What is asked again in this visit: what was opened already, and what a deferral opens now."""
    opened = talk.asked_again
    if talk.told_at is None or not talk.is_old:
        return opened
    then = today(at=talk.told_at)
    found = asked_again(talk.record, talk.answers, _returned(talk), then, talk.today)
    return {**found, **opened}


def reopen(talk: Talk) -> List[EventType]:
    """Events that open the questions whose answers may have changed; [] when there are none."""
    again = open_again(talk)
    new = {group: one for group, one in again.items() if group not in talk.asked_again}
    if not new:
        return []
    return [
        SlotSet("asked_again", {group: one.to_dict() for group, one in again.items()}),
        SlotSet("followed_up", []),
        *(SlotSet(SLOT_OF[group], None) for group in new),
    ]


def question_again(
    talk: Talk, group: Text, record: Record, asked: Sequence[Text]
) -> Optional[Text]:
    """The next follow-up of a question that is asked again in this visit; None when there is none."""
    again = talk.asked_again.get(group)
    return next_question(group, again, record, asked, _returned(talk)) if again else None


def ask_again(dispatcher: CollectingDispatcher, talk: Talk, group: Text, question: Text) -> None:
    """Put one of the questions of a later day."""
    kind, _, subject = question.rpartition(":")
    number = GROUPS.index(group) + 1
    again = talk.asked_again[group]
    if kind == CHANGED:
        items = in_a_row([load().rule(rule).plain_name for rule in may_be_new(group, again, talk.record)])
        if again.about:
            dispatcher.utter_message(response="utter_ask_changed_too", items=items)
        else:
            dispatcher.utter_message(response=f"utter_ask_{SLOT_OF[group]}_again")
        return
    rule = load().rule(subject)
    mine = [f for f in talk.record.findings if f.condition == subject and (f.surfaced or f.when)]
    name = _named(mine[-1]) if mine else rule.plain_name
    if kind == AGAIN:
        dispatcher.utter_message(response="utter_ask_again", heard=name, number=number)
    else:
        question = rule.asks_later or rule.asks
        dispatcher.utter_message(response="utter_ask_still", heard=name, question=question, number=number)
