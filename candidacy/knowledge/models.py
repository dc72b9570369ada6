"""The shape of the files in `data/clinic`, checked when they are read; clinic.yml in `clinic_models`."""

from __future__ import annotations

import re
from datetime import date
from typing import List, Optional

from pydantic import Field, root_validator, validator

from candidacy.knowledge.clinic_models import NEVER_BLANK, WEEKDAYS, Clinic, OpeningHours
from candidacy.knowledge.strict import Strict

__all__ = ["GROUPS", "NEVER_BLANK", "OUTCOMES", "WEEKDAYS", "Clinic", "Drug", "OpeningHours", "Returning", "Rule",
           "RuleBook", "Test", "Variant", "check_duration"]  # fmt: skip

OUTCOMES = ("urgent", "contraindicated", "defer", "provider_review", "ask", "no_flag")
"""Screening outcomes, worst first."""

GROUPS = (
    "Q1_age",
    "Q2_pregnancy",
    "Q3_nerve_muscle",
    "Q4_allergy",
    "Q5_skin_today",
    "Q6_medicines",
    "Q7_recent_procedures",
    "Q8_other_health",
)
"""Question groups in the order in which they are asked."""

_DURATION = re.compile(r"^P(?=\d)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?$")
_ID = re.compile(r"^[a-z0-9][a-z0-9_]*$")


def check_duration(value: Optional[str]) -> Optional[str]:
    """Return `value` if it is None or an ISO-8601 calendar duration such as P6M; raise ValueError if not."""
    if value is not None and not _DURATION.match(value):
        raise ValueError(f"{value!r} is no ISO-8601 duration; write for example P14D, P6M or P1Y")
    return value


class Drug(Strict):
    """A medicine or product whose name alone raises a rule."""

    name: str
    shared: bool = Field(False, description="another rule lists the same name on purpose; both are raised")


class Test(Strict):
    """When a variant applies. All tests that are given must hold.

    Attributes:
        named: The words chose the variant (its `names`, `drugs` or `cues`).
        assertion: The finding's assertion is one of these.
        age_from, age_to: Age in whole years, both ends included.
        elapsed_less_than, elapsed_at_least: Time between the event and today, ISO-8601 duration by
            calendar date; an unknown date holds `elapsed_less_than` and never `elapsed_at_least`.
    """

    named: bool = False
    assertion: Optional[List[str]]
    age_from: Optional[int]
    age_to: Optional[int]
    elapsed_less_than: Optional[str]
    elapsed_at_least: Optional[str]

    _durations = validator("elapsed_less_than", "elapsed_at_least", allow_reuse=True)(check_duration)

    @root_validator
    def _not_empty(cls, values: dict) -> dict:
        if not any(value not in (None, False) for value in values.values()):
            raise ValueError("a variant needs at least one test")
        return values


class Variant(Strict):
    """A case of a rule with a verdict of its own; the first variant whose test holds is used."""

    id: str
    test: Test
    verdict: str
    wait: Optional[str]
    wait_from: Optional[str]
    reason: Optional[str] = Field(None, description="what the patient reads; the rule's own when missing")
    next_step: Optional[str]
    sources: Optional[List[str]]
    call_today: bool = False
    advice: Optional[str] = Field(None, description="preparation advice shown with a no_flag verdict")
    names: List[str] = []
    drugs: List[Drug] = []
    cues: List[str] = Field([], description="words beside the condition that choose this variant")

    _wait = validator("wait", allow_reuse=True)(check_duration)

    @validator("id")
    def _id(cls, value: str) -> str:
        if not _ID.match(value):
            raise ValueError(f"{value!r}: use small letters, digits and _")
        return value

    @validator("verdict")
    def _verdict(cls, value: str) -> str:
        if value not in OUTCOMES:
            raise ValueError(f"{value!r} is no outcome; one of {', '.join(OUTCOMES)}")
        return value

    @root_validator(skip_on_failure=True)
    def _words_need_named(cls, values: dict) -> dict:
        has_words = values["names"] or values["drugs"] or values["cues"]
        if has_words and not values["test"].named:
            raise ValueError(f"variant {values['id']} has words of its own but its test is not named: true")
        return values


class Rule(Strict):
    """One screening condition: what raises it, what follows, and on whose word."""

    id: str
    question_group: str
    name: str = Field(..., description="for staff: the clinical name")
    plain_name: str = Field(..., description="completes 'You told me about …'")
    applies_to: List[str]
    since: date
    reviewed_by: Optional[str]
    reviewed_on: Optional[date]
    sources: List[str]
    strength: str
    verdict: str
    wait: Optional[str]
    wait_from: Optional[str] = Field(None, description="completes 'counted from …'")
    reason: str = Field(..., description="what the patient reads: why it matters, one or two plain sentences")
    next_step: str = Field(..., description="what the patient reads: what to do")
    asks: str = Field(..., description="the question that a plain yes or no settles")
    asks_when: Optional[str] = Field(None, description="the question for the date that a wait counts from")
    may_change: bool = Field(False, description="may be otherwise on a later day; asked again after a deferral")
    earlier_name: Optional[str] = Field(None, description="plain_name on a later day; the same when missing")
    asks_later: Optional[str] = Field(None, description="`asks` on a later day; the same when missing")
    label_verdict: Optional[str]
    rationale: str = Field(..., description="for the nurse who signs: why this verdict")
    names: List[str] = Field(..., description="words and phrases that mean this condition")
    drugs: List[Drug] = []
    look_alikes: List[str] = Field([], description="phrases that contain one of the names and do not mean it")
    variants: List[Variant] = []

    _wait = validator("wait", allow_reuse=True)(check_duration)
    _verdict = validator("verdict", allow_reuse=True)(Variant._verdict.__func__)
    _id = validator("id", allow_reuse=True)(Variant._id.__func__)

    @validator("question_group")
    def _group(cls, value: str) -> str:
        if value not in GROUPS:
            raise ValueError(f"{value!r} is no question group; one of {', '.join(GROUPS)}")
        return value

    @validator("strength")
    def _strength(cls, value: str) -> str:
        if value not in ("label", "review", "clinic_practice"):
            raise ValueError(f"{value!r}: one of label, review, clinic_practice")
        return value

    @validator("sources")
    def _has_source(cls, value: List[str]) -> List[str]:
        if not value:
            raise ValueError("every rule names at least one source")
        return value

    @validator("variants")
    def _variant_ids(cls, value: List[Variant]) -> List[Variant]:
        ids = [variant.id for variant in value]
        if len(ids) != len(set(ids)):
            raise ValueError(f"variant ids repeat: {', '.join(ids)}")
        return value

    def variant(self, variant_id: Optional[str]) -> Optional[Variant]:
        """The variant with this id, or None."""
        return next((variant for variant in self.variants if variant.id == variant_id), None)


class Returning(Strict):
    """What happens when somebody comes back.

    Attributes:
        read_back_after_hours: What was told longer ago is read back before a verdict uses it.
        ask_again_after: Answers as old as this are asked for again also without a deferral.
        questions: Question groups that are asked again, each only about what may have changed.
    """

    read_back_after_hours: int = Field(..., ge=1)
    ask_again_after: str
    questions: List[str]

    _wait = validator("ask_again_after", allow_reuse=True)(check_duration)

    @validator("questions", each_item=True)
    def _known(cls, value: str) -> str:
        if value not in GROUPS:
            raise ValueError(f"{value!r} is no question group; one of {', '.join(GROUPS)}")
        return value


class RuleBook(Strict):
    """`contraindications.yml`: the screening rules of one version."""

    version: str
    returning: Returning
    rules: List[Rule] = Field(..., alias="conditions")

    @validator("rules")
    def _unique(cls, value: List[Rule]) -> List[Rule]:
        ids = [rule.id for rule in value]
        twice = sorted({rule_id for rule_id in ids if ids.count(rule_id) > 1})
        if twice:
            raise ValueError(f"condition ids repeat: {', '.join(twice)}")
        return value

    def rule(self, rule_id: str) -> Rule:
        """The rule with this id. Raises KeyError for an unknown id."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)

    def group(self, group_id: str) -> List[Rule]:
        """The rules asked about by one question, in file order."""
        return [rule for rule in self.rules if rule.question_group == group_id]

    @property
    def signed(self) -> bool:
        """True when every rule has a reviewer and a date."""
        return all(rule.reviewed_by and rule.reviewed_on for rule in self.rules)
