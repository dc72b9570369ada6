"""The action server, killed like by a power cut at one point of sending a request; for test_booking_crashes.py.

    python -m tests.dying_actions POINT
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any, Callable

POINTS = ("before it is written", "before the commit", "after the commit", "before the answer")


def dies(real: Callable[..., Any], after: bool = False) -> Callable[..., Any]:
    """The function, and the end of this process before or after it."""

    def deadly(*arguments: Any, **values: Any) -> Any:
        if after:
            real(*arguments, **values)
        os.kill(os.getpid(), signal.SIGKILL)

    return deadly


def main(point: str) -> None:
    """Run the action server until it dies at the point."""
    import launch

    launch.quiet()
    import actions.sending as sending
    import desk.booking as booking

    if point == POINTS[0]:
        sending.request_consultation = dies(sending.request_consultation)
    elif point == POINTS[1]:
        booking.enqueue = dies(booking.enqueue, after=True)  # the last thing inside the transaction
    elif point == POINTS[2]:
        booking.booking_of = dies(booking.booking_of)  # the first thing after it
    else:
        sending._say = dies(sending._say, after=True)
    launch.actions()


if __name__ == "__main__":
    main(sys.argv[1])
