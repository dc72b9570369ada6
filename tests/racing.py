"""One of several processes that ask for a consultation at the same moment; started by test_desk_slots.py.

    python -m tests.racing COUNT START KEY      COUNT threads ask for the time START (ISO, or - for none); the
                                                idempotency keys are KEY-0 … , or KEY alone where it ends with !

It prints "ready", waits for a line on its standard input, and prints one line for each thread: the
reference, or the name of the error.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

from desk.booking import request_consultation
from desk.database import transaction
from tests.desk_fixtures import a_request


def main(count: int, start: str, key: str) -> None:
    """Ask `count` times at once, each on a connection of its own."""
    slot = None if start == "-" else datetime.fromisoformat(start)
    at_once = threading.Barrier(count + 1)

    def ask(number: int) -> str:
        mine = key[:-1] if key.endswith("!") else f"{key}-{os.getpid()}-{number}"
        request = a_request(slot_start=slot, consented_at=datetime.now(timezone.utc))
        at_once.wait()
        try:
            return request_consultation(request, idempotency_key=mine).reference
        except Exception as error:  # noqa: BLE001 - the test judges it
            return type(error).__name__

    with transaction():
        pass  # the tables are there
    with ThreadPoolExecutor(count) as pool:
        asked = [pool.submit(ask, number) for number in range(count)]
        print("ready", flush=True)
        sys.stdin.readline()
        at_once.wait()
        for one in asked:
            print(one.result(), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
