"""How a delivery fails: whose fault it looks like decides whether the messages behind it wait."""

from __future__ import annotations

UNREACHABLE, FAILED, REFUSED = "unreachable", "failed", "refused"
"""Nobody is there (later messages wait, in order); it tried and failed (they wait for an hour); it said no
to this message (they go on)."""

SENDING, SENDING_AGAIN = "sending", "sending again"
"""In `Delivery.failure` while a worker has the row; "again" when the target was not there last time."""


class DeliveryFailed(RuntimeError):
    """A message did not arrive. The text names kinds only: nothing of the message, nothing the target said.

    Attributes:
        kind: One of UNREACHABLE, FAILED, REFUSED.
    """

    def __init__(self, kind: str, what: str) -> None:
        self.kind = kind
        super().__init__(f"{kind}: {what}")


def of_status(status: int) -> DeliveryFailed:
    """What a status of HTTP that is no success means."""
    if status in (429, 502, 503, 504):
        return DeliveryFailed(UNREACHABLE, f"status {status}")
    return DeliveryFailed(FAILED if status >= 500 or status == 408 else REFUSED, f"status {status}")
