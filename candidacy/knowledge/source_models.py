"""The shape of `data/clinic/sources.yml`, checked when it is read."""

from __future__ import annotations

from datetime import date
from typing import List, Optional

from pydantic import Field, root_validator, validator

from candidacy.knowledge.models import Strict


class Source(Strict):
    """One source, named once."""

    id: str
    title: str
    url: Optional[str]
    find_it: Optional[str] = Field(None, description="how to find it when there is no address")
    says: str
    verified: bool
    read_on: Optional[date]
    kind: str = Field(..., description="original, repost, clinic or general")

    @validator("kind")
    def _kind(cls, value: str) -> str:
        if value not in ("original", "repost", "clinic", "general"):
            raise ValueError(f"{value!r}: one of original, repost, clinic, general")
        return value

    @root_validator(skip_on_failure=True)
    def _findable(cls, values: dict) -> dict:
        if not values.get("url") and not values.get("find_it"):
            raise ValueError(f"source {values.get('id')} needs a url or find_it")
        return values


class Sources(Strict):
    """`sources.yml`."""

    sources: List[Source]

    @validator("sources")
    def _unique(cls, value: List[Source]) -> List[Source]:
        ids = [source.id for source in value]
        twice = sorted({source_id for source_id in ids if ids.count(source_id) > 1})
        if twice:
            raise ValueError(f"source ids repeat: {', '.join(twice)}")
        return value
