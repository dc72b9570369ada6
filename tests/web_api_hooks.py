"""For the fuzzed web API (schemathesis): each request comes from one of many talks and addresses."""

from __future__ import annotations

import itertools
import os
from typing import Any

import schemathesis

_numbers = itertools.count()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Sign the request, unless it was made without a session on purpose (every tenth)."""
    number = next(_numbers)
    tokens = os.environ["TOKENS"].split()
    case.headers["X-Forwarded-For"] = f"10.9.{number // 250 % 250}.{number % 250}"
    if number % 10:
        case.headers["Authorization"] = f"Bearer {tokens[number % len(tokens)]}"
