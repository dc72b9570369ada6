"""How long from a patient's last message to the line on the receptionist's screen: `python -m benchmarks.inbox [TALKS]`.

Everything is real: the trained bot, the action server, the inbox, a Chromium that shows the list.
"""

from __future__ import annotations

import os
import statistics
import sys


def main(talks: int = 10) -> None:
    """Play so many talks and print the seconds; the goal is 2 s."""
    os.environ.setdefault("DATA_KEY", "a key for the benchmark and for nothing else")
    from tests.test_staff_live import ask, desk, screen, send
    from tests.web_process import running

    bot = running()
    with desk(bot) as address, screen(address) as page:
        took = []
        for number in range(talks):
            name = "Visitor" + chr(ord("a") + number % 26) * (1 + number // 26)
            took.append(send(page, ask(bot, name), name)[0])
            print(f"{took[-1]:.2f} s", flush=True)
    print(f"{talks} talks: median {statistics.median(took):.2f} s, slowest {max(took):.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
