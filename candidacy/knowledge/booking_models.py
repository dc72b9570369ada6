"""How a clinic takes bookings: the `booking` part of `clinic.yml`."""

from __future__ import annotations

import re
from typing import Any, Dict, Optional, Tuple

from pydantic import validator
from pydantic.fields import ModelField

from candidacy.knowledge.strict import Strict

REQUEST, SLOTS, LINK = MODES = ("request", "slots", "link")
"""Staff agree on a time · people take a free one · people book on the clinic's own page."""

CELL_MINUTES = 15
"""Times are kept in quarters of an hour (`desk.records.SlotCell`)."""

_RANGES: Dict[str, Tuple[int, int]] = {
    "consult_minutes": (CELL_MINUTES, 240),
    "lead_time_hours": (0, 24 * 14),
    "horizon_days": (1, 120),
    "seats": (1, 20),
}
_URL = re.compile(r"https://[\w.-]+(?::\d+)?(?:/[\w./~%+:;,@!$&'()*=?#{}-]*)?")
CODE = "{reference}"
"""What stands for the reference code in `url`; nothing else of a person may."""


class BookingSettings(Strict):
    """The `booking` part of `clinic.yml`.

    Attributes:
        mode: One of MODES.
        consult_minutes: Length of a consultation, whole quarters of an hour.
        lead_time_hours: A free time is offered no later than so many hours before it begins.
        horizon_days: Free times are offered for so many days ahead.
        seats: So many consultations can go on at once.
        url: The clinic's own booking page, for mode link; {reference} stands for the code.
    """

    mode: str = REQUEST
    consult_minutes: int = 30
    lead_time_hours: int = 24
    horizon_days: int = 30
    seats: int = 1
    url: Optional[str]

    @validator("mode")
    def _mode(cls, value: str) -> str:
        if value not in MODES:
            raise ValueError(f"{value!r} is no way to book; one of {', '.join(MODES)}")
        return value

    @validator(*_RANGES, pre=True)
    def _range(cls, value: Any, field: ModelField) -> int:
        low, high = _RANGES[field.name]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"{value!r}: write a whole number from {low} to {high}")
        if field.name == "consult_minutes" and value % CELL_MINUTES:
            raise ValueError(f"{value!r}: write whole quarters of an hour, such as 30 or 45")
        return value

    @validator("url", pre=True, always=True)
    def _page(cls, value: Any, values: Dict[str, Any]) -> Optional[str]:
        url = str(value or "").strip()
        if not url:
            if values.get("mode") == LINK:
                raise ValueError("mode link needs the address of your booking page, https://…")
            return None
        if not _URL.fullmatch(url):
            raise ValueError(f"{url!r} is no web address; write for example https://book.example.com/consult")
        if re.search(r"[{}]", url.replace(CODE, "")):
            raise ValueError(f"may hold {CODE} and no other braces: nothing else of a person goes into an address")
        return url
