"""What was heard in a message: one `Finding` for each thing that bears on the screening rules."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Mapping, Optional, Tuple

PRESENT = "present"
ABSENT = "absent"
POSSIBLE = "possible"
PAST = "past"
OTHER_PERSON = "other_person"
HYPOTHETICAL = "hypothetical"
FUTURE = "future"
ASSERTIONS = (PRESENT, ABSENT, POSSIBLE, PAST, OTHER_PERSON, HYPOTHETICAL, FUTURE)


@dataclass(frozen=True)
class Finding:
    """One thing said that bears on the screening rules.

    The assertion is always about the person who would be treated.

    Attributes:
        condition: Condition id of `data/clinic/contraindications.yml`; None when a refusal, a doubt
            or an emergency names no condition.
        variant: Id of the rule's variant that the words themselves chose, or None.
        assertion: One of `ASSERTIONS`.
        text: The words heard, as typed.
        start: Offset of `text` in the message, in characters.
        end: Offset behind `text`.
        when: Earliest and latest calendar date of the event (last dose, last treatment, end of a
            pregnancy …), or None when no date was given.
        quantity: Age in years for `under_age`; None otherwise.
        emergency: True for a sign that needs emergency help now.
        self_harm: True for words of self-harm; `emergency` is then True as well.
        call_today: True for a sign after treatment that needs the clinic the same day.
        group: Question group of a finding without a condition ("rather not say what meds I'm on").
    """

    condition: Optional[str]
    variant: Optional[str] = None
    assertion: str = PRESENT
    text: str = ""
    start: int = 0
    end: int = 0
    when: Optional[Tuple[date, date]] = None
    quantity: Optional[float] = None
    emergency: bool = False
    self_harm: bool = False
    call_today: bool = False
    group: Optional[str] = None

    def __post_init__(self) -> None:
        if self.assertion not in ASSERTIONS:
            raise ValueError(f"unknown assertion {self.assertion!r}; one of {', '.join(ASSERTIONS)}")

    @property
    def surfaced(self) -> bool:
        """True when the finding bears on the verdict now: present, possible or an emergency."""
        return self.emergency or self.assertion in (PRESENT, POSSIBLE)

    def to_dict(self) -> dict:
        """A JSON-ready dictionary; dates as ISO-8601 text."""
        data = asdict(self)
        if self.when is not None:
            data["when"] = [day.isoformat() for day in self.when]
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Finding":
        """Rebuild a finding from `to_dict`; unknown keys are ignored.

        Raises:
            ValueError: For an unknown assertion or a date that is not ISO-8601.
        """
        values = {key: data[key] for key in cls.__dataclass_fields__ if key in data}
        when = values.get("when")
        if when is not None:
            values["when"] = tuple(
                day if isinstance(day, date) else date.fromisoformat(day) for day in when
            )
        return cls(**values)
