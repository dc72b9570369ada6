"""Fuzz listening with atheris, guided by the code it reaches: no exception, offsets that hold, bounded time.

    make fuzz SECONDS=60

Runs in the benchmark environment. A message is built from the phrases of the clinic's own
files, joining words and raw bytes. Ends with status 0 when nothing was found; otherwise atheris prints the
error and leaves the input beside it.
"""

from __future__ import annotations

import sys
import time
from datetime import date

import atheris

with atheris.instrument_imports(include=["candidacy"]):
    from candidacy.answers import interpret
    from candidacy.findings import ASSERTIONS
    from candidacy.knowledge import GROUPS, load
    from candidacy.listening import listen
    from candidacy.listening.lexicon import lexicon_of
    from candidacy.record import Record
    from candidacy.screening import assess

TODAY = date(2026, 11, 22)
SECONDS = 60
SLOW = 2.0
"""CPU seconds one message of at most 400 words may take under instrumentation."""

JOINS = (
    " ", ", ", ". ", "? ", "! ", "\n", " / ", " - ", ": ", "; ", " and ", " but ", " or ", " not ", " no ",
    " my sister ", " I ", " if ", " since ", " in 2024 ", " 3 weeks ago ", " 17 ", " 3/12 ", " except ",
)  # fmt: skip


def message(data: atheris.FuzzedDataProvider, phrases: list[str]) -> str:
    """One message: phrases of the clinic's files, joining words and raw text in any order."""
    pieces = []
    for _ in range(data.ConsumeIntInRange(0, 40)):
        kind = data.ConsumeIntInRange(0, 5)
        if kind < 3:
            pieces.append(phrases[data.ConsumeIntInRange(0, len(phrases) - 1)])
        elif kind == 3:
            pieces.append(data.ConsumeUnicodeNoSurrogates(12))
        pieces.append(JOINS[data.ConsumeIntInRange(0, len(JOINS) - 1)])
    return "".join(pieces)


def main(arguments: list[str]) -> None:
    """Fuzz for some seconds (the first argument; `SECONDS` without one)."""
    seconds = int(arguments[0]) if arguments else SECONDS
    phrases = sorted(" ".join(words) for words in lexicon_of(load()).table)
    listen("hello", TODAY)

    def one(raw: bytes) -> None:
        data = atheris.FuzzedDataProvider(raw)
        group = GROUPS[data.ConsumeIntInRange(0, len(GROUPS) - 1)]
        text = message(data, phrases)
        begun = time.process_time()
        findings = listen(text, TODAY)
        if time.process_time() - begun > SLOW:
            raise RuntimeError(f"{len(text)} characters took more than {SLOW} s")
        for finding in findings:
            assert text[finding.start : finding.end] == finding.text
            assert finding.assertion in ASSERTIONS
            assert finding.when is None or finding.when[0] <= finding.when[1]
        answer = interpret(group, text, findings, TODAY)
        record = Record().hear([*findings, *(answer.findings if answer else ())], 1.0)
        assess(record.findings, {}, TODAY)

    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", "-max_len=1000", "-len_control=0"], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
