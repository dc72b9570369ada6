"""The base of every model of `data/clinic`."""

from __future__ import annotations

from pydantic import BaseModel, Extra


class Strict(BaseModel):
    """An unknown key is an error, so that a typing slip is seen."""

    class Config:
        extra = Extra.forbid
        allow_mutation = False
