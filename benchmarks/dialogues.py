"""Play a file of dialogues against the real bot and judge how each ends.

    python -m benchmarks.dialogues FOLDER [--texts]     reads FOLDER/dialogues.jsonl

With --texts a failing dialogue is printed whole.

Each line holds `turns`, a `fallback_reply` to whatever is still asked, and what to `expect`: the final
verdict, findings, patterns that no bot message may match, and what the talk must reach.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

MOST_FALLBACKS = 14


def play(bot: Any, case: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Play one dialogue.

    Returns:
        What went wrong (empty when it passed), and the transcript.
    """
    talk = bot.talk()
    said: list[str] = []

    def say(text: str) -> None:
        said.extend(message["text"] for message in talk.say(text))

    for turn in case["turns"]:
        say(turn)
    for _ in range(MOST_FALLBACKS):
        if talk.tracker().active_loop_name is None:
            break
        say(case["fallback_reply"])
    return judge(case, said, talk.slot("verdict"), talk.findings()), talk.transcript


def judge(case: dict[str, Any], said: list[str], verdict: str, findings: dict[str, str]) -> list[str]:
    """What is wrong with how a dialogue went."""
    expect, wrong = case["expect"], []
    accepted = expect.get("accept_final_verdicts") or [expect["final_verdict"]]
    if verdict not in [*accepted, expect["final_verdict"]]:
        wrong.append(f"verdict {verdict}, expected {'|'.join(accepted)}")
    for finding in expect.get("findings", []):
        heard = findings.get(finding["condition"])
        if heard not in [finding["assertion"], *finding.get("accept_assertions", [])]:
            wrong.append(f"{finding['condition']} heard as {heard}, expected {finding['assertion']}")
    for pattern in expect.get("must_not_say", []):
        for text in said:
            if re.search(pattern, text, re.IGNORECASE):
                wrong.append(f"said what it must not: {text[:100]!r}")
    reached = goals(said, verdict)
    wanted = {expect["must_reach"], *expect.get("accept_reach", [])}
    if not reached & wanted:
        wrong.append(f"reached {sorted(reached)}, expected one of {sorted(wanted)}")
    return wrong


def goals(said: list[str], verdict: str) -> set:
    """What a talk reached, by its last verdict and what was said."""
    from candidacy.knowledge import load
    from desk.references import read_reference

    reached = set()
    if verdict == "urgent":
        reached.add("urgent")
    if verdict in ("provider_review", "ask"):
        reached.add("provider_review")
    if verdict in ("contraindicated", "defer"):
        reached.add("declined")
    if any(read_reference(text) for text in said):
        reached.add("booking")
    if any((load().clinic.facts["phone"] or "") in text for text in said):
        reached.add("human")
    return reached


def main() -> None:
    """Play every dialogue of a folder; exit code 1 when one fails."""
    if len([word for word in sys.argv if word != "--texts"]) != 2:
        sys.exit(__doc__)
    from tests.harness import ActionServer, Bot

    cases = [json.loads(line) for line in (Path(sys.argv[1]) / "dialogues.jsonl").read_text("utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/desk.db"
        server = ActionServer(Path(folder))
        try:
            bot = Bot(server.url)
            failed = 0
            for case in cases:
                wrong, transcript = play(bot, case)
                failed += bool(wrong)
                print(f"{'FAIL' if wrong else 'ok  '} {case['id']} {case['kind']}")
                if wrong:
                    shown = wrong + (transcript if "--texts" in sys.argv else [])
                    print("\n".join(f"       {line}" for line in shown))
        finally:
            server.stop()
    print(f"{len(cases) - failed} of {len(cases)} dialogues pass")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
