"""Play a written conversation against the bot and say where it went otherwise than a patient may expect.

    python -m tests.conversations.runner [words of a name ...]      play some and print every transcript

The format of a conversation stands in README.md beside this file.
"""

from __future__ import annotations

import os
import re
import sys
from copy import copy
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Dict, List, Optional

from dateutil.relativedelta import relativedelta
from pydantic import BaseModel, Extra, root_validator
from ruamel.yaml import YAML

from desk.settings import now

FOLDER = Path(__file__).parent
OUTCOMES = ("urgent", "contraindicated", "defer", "provider_review", "ask", "no_flag")

_DATE = re.compile(r"\{today((?:[+-]\d*[A-Za-z\d]+)*)(?:\|([^}]*))?\}")
_STEP = re.compile(r"([+-])P?(\d+)([dwmyDWMY])")
_LATER = re.compile(r"(\d+)([hdwmy])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks", "m": "months", "y": "years"}
REFERENCE = re.compile(r"Reference: ([A-Z0-9]{3}-[A-Z0-9]{4})")


class _Strict(BaseModel):
    class Config:
        extra = Extra.forbid


class Turn(_Strict):
    """One thing the patient does, and what may be expected of the bot after it.

    Attributes:
        later: Time that passes before it, such as 1d or 6m.
    """

    later: Optional[str]
    patient: Optional[str]
    times: int = 1
    press: Optional[str]
    choose: Optional[List[str]]
    bot: List[str] = []
    bot_not: List[str] = []
    offers: List[str] = []
    asks: Optional[str]
    findings: Dict[str, str] = {}
    verdict: Optional[str]

    @root_validator
    def _one_move(cls, values: Dict[str, Any]) -> Dict[str, Any]:  # noqa: N805
        if sum(values.get(key) is not None for key in ("patient", "press", "choose")) != 1:
            raise ValueError("a turn needs exactly one of patient, press and choose")
        if values.get("later") and not _LATER.fullmatch(values["later"]):
            raise ValueError(f"later: {values['later']!r} is no time; write for example 30h, 1d, 2w, 6m or 1y")
        unknown = set((values.get("verdict") or OUTCOMES[0]).split("|")) - set(OUTCOMES)
        if unknown:
            raise ValueError(f"unknown verdict {unknown}")
        return values


class Ends(_Strict):
    """What holds after the last turn."""

    verdict: Optional[str]
    findings: Dict[str, str] = {}
    booked: Optional[bool]
    stored: Dict[str, Any] = {}


class Case(_Strict):
    """One conversation."""

    name: str
    persona: str
    goal: str
    channel: str = "web"
    turns: List[Turn]
    ends: Ends = Ends()


def load_case(path: Path) -> Case:
    """Read one conversation. Raises ValueError with the file's name when it is not in the format."""
    try:
        return Case(**YAML(typ="safe").load(path.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path.name}: {error}") from None


def case_files() -> List[Path]:
    """Every conversation of this folder's tree, in order."""
    return sorted(FOLDER.rglob("*.yml"))


def dated(text: str, today: date) -> str:
    """Fill in dates: {today-14d+P6M} → 3 March 2027; {today-14d|%B %d} → as strftime writes it."""

    def rendered(match: "re.Match[str]") -> str:
        day = today
        for sign, number, unit in _STEP.findall(match.group(1)):
            step = relativedelta(**{_UNITS[unit.lower()]: int(number)})  # type: ignore[arg-type]
            day = day + step if sign == "+" else day - step
        return day.strftime(match.group(2)) if match.group(2) else f"{day.day} {day:%B %Y}"

    return _DATE.sub(rendered, text)


def _is_regex(wanted: str) -> bool:
    return len(wanted) > 2 and wanted.startswith("/") and wanted.endswith("/")


def _find(wanted: str, text: str, start: int) -> int:
    """Offset behind `wanted` in `text` from `start` on; -1 when it is not there."""
    if _is_regex(wanted):
        match = re.compile(wanted[1:-1], re.IGNORECASE | re.DOTALL).search(text, start)
        return match.end() if match else -1
    at = text.lower().find(wanted.lower(), start)
    return at + len(wanted) if at >= 0 else -1


def _title(wanted: str, titles: List[str]) -> str:
    """The button title that is meant: the title itself, or the first that a /regex/ fits."""
    fitting = [title for title in titles if _is_regex(wanted) and _find(wanted, title, 0) >= 0]
    found = wanted if wanted in titles else next(iter(fitting), None)
    assert found is not None, f"no button {wanted!r} among {titles}"
    return found


class Player:
    """Plays one case and collects what went otherwise.

    Attributes:
        problems: One line for each broken expectation, with the number of its turn.
    """

    def __init__(self, case: Case, bot: Any, today: date) -> None:
        self.case, self.today, self.start = case, today, now()
        self.talk = copy(bot).talk()
        self.talk.bot.channel = case.channel
        self.problems: List[str] = []
        self.references: List[str] = []

    def play(self) -> List[str]:
        """Play all turns; returns the problems. Stops where a button that should be there is not."""
        from tests.conversations.manners import broken_manners

        for number, turn in enumerate(self.case.turns, 1):
            problems: List[str] = []
            try:
                self._move(turn)
            except AssertionError as error:
                self.problems.append(f"turn {number}: {error}")
                return self.problems
            except Exception as error:  # noqa: BLE001 - a crash is a finding like any other
                self.problems.append(f"turn {number} broke the bot: {type(error).__name__}: {error}")
                return self.problems
            self.references += REFERENCE.findall(self.talk.texts)
            problems += broken_manners(self.talk.last, self._slots())
            problems += self._check(turn)
            self.problems += [f"turn {number}: {problem}" for problem in problems]
        self.problems += [f"at the end: {problem}" for problem in self._check_end()]
        return self.problems

    def _wait(self, later: str) -> None:
        """Let time pass, by the calendar: the bot's clock and the day of the expectations go on."""
        number, unit = _LATER.fullmatch(later).groups()  # type: ignore[union-attr]
        moment = self.start + timedelta(seconds=self.talk.ahead)
        moment = moment + relativedelta(**{_UNITS[unit]: int(number)})  # type: ignore[arg-type]
        self.talk.ahead = moment.timestamp() - self.start.timestamp()
        self.today = moment.date()
        self.talk.transcript.append(f"({later} later: {self.today.day} {self.today:%B %Y})")

    def _move(self, turn: Turn) -> None:
        if turn.later is not None:
            self._wait(turn.later)
        if turn.press is not None:
            offered = next((m["buttons"] for m in reversed(self.talk.last) if m["buttons"]), [])
            self.talk.press(_title(turn.press, [b["title"] for b in offered]))
        elif turn.choose is not None:
            # The mark that several may be chosen is the channel's; the choices are the last buttons.
            offered = next((m["buttons"] for m in reversed(self.talk.last) if m["buttons"]), [])
            payloads = {b["title"]: b["payload"] for b in offered}
            chosen = [_title(title, list(payloads)) for title in turn.choose]
            self.talk.say(", ".join(payloads[title] for title in chosen))
        else:
            self.talk.say(dated(turn.patient or "", self.today) * turn.times)

    def _slots(self) -> Dict[str, Any]:
        return self.talk.tracker().current_slot_values()

    def _check(self, turn: Turn) -> List[str]:
        found, position, text = [], 0, self.talk.texts
        for wanted in turn.bot:
            wanted = dated(wanted, self.today)
            behind = _find(wanted, text, position)
            if behind < 0:
                order = " in this order" if _find(wanted, text, 0) >= 0 else ""
                found.append(f"the bot did not say {wanted!r}{order}")
            else:
                position = behind
        found += [f"the bot said {no!r}" for no in turn.bot_not if _find(dated(no, self.today), text, 0) >= 0]
        titles = [b["title"] for m in self.talk.last for b in m["buttons"]]
        found += [f"no button {title!r} among {titles}" for title in turn.offers if title not in titles]
        if turn.asks is not None:
            tracker = self.talk.tracker()
            asked = tracker.get_slot("requested_slot") if tracker.active_loop_name else None
            if (asked or "nothing") not in turn.asks.split("|"):
                found.append(f"it asks for {asked or 'nothing'}, not {turn.asks}")
        return found + self._check_record(turn.findings, turn.verdict)

    def _check_record(self, findings: Dict[str, str], verdict: Optional[str]) -> List[str]:
        found = []
        heard = self.talk.findings() if findings else {}
        for condition, assertion in findings.items():
            got = heard.get(condition, "nothing")
            if got not in assertion.split("|"):
                found.append(f"{condition} stands as {got}, not {assertion}")
        stands = self.talk.slot("verdict") or "no_flag"  # nothing said yet is no flag
        if verdict is not None and stands not in verdict.split("|"):
            found.append(f"the verdict is {stands}, not {verdict}")
        return found

    def _check_end(self) -> List[str]:
        ends = self.case.ends
        found = self._check_record(ends.findings, ends.verdict)
        rows = stored(self.talk.sender)
        if ends.booked is not None:
            if ends.booked != bool(self.references):
                found.append(f"{len(self.references) or 'no'} reference code was given")
            if len(rows) != len(self.references):
                found.append(f"{len(rows)} requests are stored, {len(self.references)} references were given")
        for key, value in ends.stored.items():
            got = getattr(rows[-1], key) if rows else "nothing"
            if got != value:
                found.append(f"{key} is stored as {got!r}, not {value!r}")
        return found

    def script(self) -> str:
        """The conversation as it went, with what went otherwise."""
        lines = [self.case.name, f"({self.case.persona}; goal: {self.case.goal})"]
        for line in self.talk.transcript:
            lines.append(line if len(line) < 1500 else f"{line[:300]} ... ({len(line)} characters)")
        return "\n".join(lines + [f"  !! {problem}" for problem in self.problems])


def stored(sender: str) -> List[Any]:
    """The requests for a consultation stored for one conversation, oldest first."""
    from sqlalchemy import select

    from desk.database import transaction
    from desk.records import Consultation
    from desk.settings import database_address

    with transaction(database_address(os.environ["DATABASE_URL"])) as session:
        query = select(Consultation).filter_by(conversation_id=sender).order_by(Consultation.id)
        return list(session.scalars(query))


def main(words: List[str]) -> int:
    """Play the conversations whose path holds one of the words (all when none); returns how many failed."""
    import tempfile

    from desk.settings import today
    from tests.conftest import WAYS_TO_WRITE
    from tests.harness import ActionServer, Bot

    cases = [p for p in case_files() if not words or any(w in str(p.relative_to(FOLDER)) for w in words)]
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/desk.db"
        server = ActionServer(Path(folder), **WAYS_TO_WRITE)
        try:
            bot = Bot(server.url)
            for path in cases:
                player = Player(load_case(path), bot, today())
                if player.play():
                    failed.append(path)
                print(f"\n=== {path.relative_to(FOLDER)}\n{player.script()}", flush=True)
        finally:
            server.stop()
        log = server.log.read_text("utf-8", "replace")
        if "Traceback" in log:
            print("\nThe action server logged:\n" + log[log.index("Traceback") - 200 :][:6000])
    print(f"\n{len(cases) - len(failed)} of {len(cases)} went as expected")
    for path in failed:
        print(f"  otherwise: {path.relative_to(FOLDER)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
