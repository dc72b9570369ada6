"""Signs of trouble and the words around them, as phrases and as loose frames."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Dict, List, Optional, Sequence, Tuple

from candidacy.listening import dates
from candidacy.listening.frame_places import frame_places
from candidacy.listening.lexicon import Entry, Hit
from candidacy.listening.scene import Scene

RECENT = timedelta(days=60)
"""A sign dated longer ago than this belongs to the history; toxin effects may begin weeks after."""


class SignWords:
    """What a message holds of `signs`, `self_harm` and `sign_context`."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._loose: Dict[Tuple[str, str], List[Hit]] = defaultdict(list)
        present = {token.norm for token in scene.tokens}
        if any(word[:1].isdigit() for word in present):
            present |= {"#", "##"}
        for frame in scene.lexicon.frames_for(present):
            if frame.sign and all(present & group for group in frame.groups):
                for start, end in frame_places(scene, frame):
                    self._loose[frame.sign].append(Hit(start, end, (Entry(*frame.sign),)))

    def of(self, kind: str, name: Optional[str] = None) -> List[Hit]:
        """Every hit of a kind (and list name)."""
        loose = [
            hit
            for sign, hits in self._loose.items()
            if sign[0] == kind and name in (None, sign[1])
            for hit in hits
        ]
        return [*self.scene.hits_of(kind, name), *loose]

    def context(self, name: str, first: int, last: int, hit: Hit) -> bool:
        """True when words of this context stand between two tokens, outside the sign itself.

        "Now" in "now and again" is no word of now.
        """
        longer = self.of("sign_context", "chronic") if name == "acute" else []
        return any(
            first <= other.start < last
            and not (hit.start <= other.start and other.end <= hit.end)
            and not any(o.start <= other.start and other.end <= o.end for o in longer)
            for other in self.of("sign_context", name)
        )

    def told_new(self, first: int, last: int, hit: Hit) -> bool:
        """True when the sentence, or the sign itself ("asthma attack now"), says that it is new."""
        longer = self.of("sign_context", "chronic")
        return self.context("acute", first, last, hit) or any(
            hit.start <= other.start < other.end <= hit.end
            and other.end - other.start < hit.end - hit.start
            and not any(o.start <= other.start and other.end <= o.end for o in longer)
            for other in self.of("sign_context", "acute")
        )

    def settled(self, hit: Hit) -> bool:
        """True when the message says that it is over; the "gone now" of "sight gone now" does not."""
        return any(
            other.end <= hit.start
            or hit.end <= other.start
            or (
                hit.start <= other.start
                and other.end <= hit.end
                and other.end - other.start + 2 < hit.end - hit.start
            )
            for other in self.of("sign_context", "settled")
        )

    def treated(self, hit: Hit) -> bool:
        """True when the message tells of a treatment had, the clinic's kind, not a flu jab or steroid shot."""
        return self._of_treatment(hit) and self._had_treatment()

    def _of_treatment(self, hit: Hit) -> bool:
        scene = self.scene
        shots = frozenset(
            ("shot", "shots", "injection", "injections", "injected", "jab", "jabs", "procedure")
        )
        other = scene.lexicon.sets["other_shots"]
        elsewhere = any(token.norm in other for token in scene.tokens) or scene.hits_of(
            "drug", "aminoglycoside"
        )
        for found in self.of("sign_context", "treated"):
            if hit.start <= found.start and found.end <= hit.end:
                continue
            if {scene.norm(found.start - 1), scene.norm(found.start - 2)} & {"no", "never", "without"}:
                continue
            begin = scene.part_range(found.start)[0]
            if scene.norm(begin) in ("so", "and") and scene.norm(begin + 1) in ("would", "will", "could"):
                # "So would that include the needles": one to come.
                continue
            words = {scene.norm(i) for i in range(found.start, found.end)}
            if not (elsewhere and words & shots):
                return True
        return False

    def _had_treatment(self) -> bool:
        """After it, since it, dated, or one's own."""
        if self.of("sign_context", "had_it"):
            return True
        return any(t.kind in (dates.AGO, dates.POINT, dates.SINCE) for t in self.scene.times)


def overlaps(hit: Hit, figures: Sequence[Hit]) -> bool:
    """True when a figure of speech holds the sign, or is as long and overlaps it."""
    return any(
        hit.start < figure.end and figure.start < hit.end and figure.end - figure.start >= hit.end - hit.start
        for figure in figures
    )
