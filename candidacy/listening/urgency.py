"""Signs that need help now or the clinic the same day, and words of self-harm.

It fails toward firing: a sign counts unless it is denied, asked about in general, long-standing, long
over, or a figure of speech.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import List, Optional, Sequence, Set, Tuple

from candidacy.findings import PRESENT, Finding
from candidacy.listening import dates
from candidacy.listening.assertion import weigh
from candidacy.listening.lexicon import Entry, Hit
from candidacy.listening.mentions import frame_places
from candidacy.listening.persons import OTHER
from candidacy.listening.scene import Scene
from candidacy.listening.topics import is_foreseen

_RECENT = timedelta(days=60)
"""A sign dated longer ago than this belongs to the history; toxin effects may begin weeks after."""

NOW, ONSET, TODAY, HISTORY = "now", "onset", "today", "history"


@dataclass(frozen=True)
class Alarm:
    """Findings of urgency, and the token ranges they were heard in."""

    findings: Tuple[Finding, ...]
    ranges: Tuple[Tuple[int, int], ...]


def _inside(hit: Hit, hits: Sequence[Hit]) -> bool:
    return any(other.start <= hit.start and hit.end <= other.end for other in hits)


def find_alarms(scene: Scene) -> Alarm:
    """Every emergency, word of self-harm and same-day sign of a message."""
    findings: List[Finding] = []
    ranges: List[Tuple[int, int]] = []
    self_harm = _self_harm(scene)
    if self_harm:
        findings.append(_finding(scene, self_harm, None, emergency=True, self_harm=True))
    figures = scene.hits_of("sign_context", "figure")
    seen: Set[Tuple[Optional[str], bool]] = set()
    signs = sorted([*scene.hits_of("sign"), *_loose(scene)], key=lambda hit: (hit.start - hit.end, hit.start))
    used: List[Hit] = []
    for hit in signs:
        if any(hit.start < other.end and other.start < hit.end for other in used) or _overlaps(hit, figures):
            continue
        used.append(hit)
        name = next(entry.rule for entry in hit.entries if entry.kind == "sign")
        table = scene.lexicon.language["signs"][name]
        level = _level(scene, hit, table["tier"], signs)
        if level is None:
            continue
        condition = table["condition"]
        if level == HISTORY:
            past = _history(scene, hit, name)
            if past is not None:
                findings.append(past)
            continue
        ranges.append((hit.start, hit.end))
        if (condition, level == NOW) in seen:
            continue
        seen.add((condition, level == NOW))
        findings.append(_finding(scene, hit, condition, emergency=level == NOW, call_today=level == TODAY))
    findings.sort(key=lambda finding: finding.start)
    return Alarm(tuple(findings), tuple(ranges))


def _history(scene: Scene, hit: Hit, name: str) -> Optional[Finding]:
    """What a sign after an earlier treatment says: an allergic kind of reaction, or one to ask about."""
    assertion = scene.lexicon.language["signs"][name].get("after_treatment")
    if not assertion:
        return None
    start, end = scene.span(hit.start, hit.end)
    return Finding("toxin_hypersensitivity", None, assertion, scene.message[start:end], start, end)


def _loose(scene: Scene) -> List[Hit]:
    """Signs told in loose words: "my throat feels like it's closing"."""
    present = {token.norm for token in scene.tokens}
    found = []
    for frame in scene.lexicon.frames:
        if frame.sign and all(present & group for group in frame.groups):
            for start, end in frame_places(scene, frame):
                found.append(Hit(start, end, (Entry("sign", frame.sign),)))
    return found


def _overlaps(hit: Hit, figures: Sequence[Hit]) -> bool:
    """True when a figure of speech holds the sign, or is as long and overlaps it."""
    return any(
        hit.start < figure.end and figure.start < hit.end and figure.end - figure.start >= hit.end - hit.start
        for figure in figures
    )


def _finding(
    scene: Scene,
    hit: Hit,
    condition: Optional[str],
    emergency: bool = False,
    self_harm: bool = False,
    call_today: bool = False,
) -> Finding:
    start, end = scene.span(hit.start, hit.end)
    return Finding(
        condition,
        None,
        PRESENT,
        scene.message[start:end],
        start,
        end,
        emergency=emergency,
        self_harm=self_harm,
        call_today=call_today,
    )


def _self_harm(scene: Scene) -> Optional[Hit]:
    figures = scene.hits_of("self_harm", "figure")
    for hit in scene.hits_of("self_harm", "words"):
        if _overlaps(hit, figures):
            continue
        said = weigh(scene, hit.start, hit.end)
        if (
            said.denied
            and not said.doubted
            and scene.norm(hit.start - 1) in ("not", "never", "no", "without")
        ):
            continue
        if said.who == OTHER and said.over:
            continue
        return hit
    return None


def _level(scene: Scene, hit: Hit, tier: str, signs: Sequence[Hit]) -> Optional[str]:
    said = weigh(scene, hit.start, hit.end)
    part = scene.parts[scene.part_at(hit.start)]
    sentence = scene.sentence_parts(part.sentence)
    first, last = scene.parts[sentence[0]].start, scene.parts[sentence[-1]].end
    time = _time(scene, hit, first, last)
    acute = _context(scene, "acute", first, last, hit) or _is_recent(scene, time)
    treated = _treated(scene, hit) and _is_past_treatment(scene)
    if said.denied or (not treated and _context(scene, "jest", first, last, hit)):
        return None
    if (said.asked or said.supposed) and not said.mine and not _happening(scene, hit, first, last):
        return None
    if _made_by(scene, hit, first):
        return None
    if said.planned and tier != NOW:
        return None
    over = _context(scene, "over", 0, len(scene.tokens), hit) and not _context(
        scene, "acute", part.start, part.end, hit
    )
    old = (
        time is not None
        and time.when is not None
        and time.kind in (dates.AGO, dates.POINT, dates.VAGUE)
        and time.when[1] < scene.today - _RECENT
    )
    if old or (over and not _is_recent(scene, time)):
        return HISTORY if treated and said.who != OTHER else None
    chronic = _context(scene, "chronic", first, last, hit)
    since_treatment = treated and not old
    if tier == TODAY:
        return TODAY if since_treatment and said.who != OTHER else None
    if chronic and not since_treatment and not _context(scene, "acute", first, last, hit):
        return None
    if said.who == OTHER and tier == ONSET and not acute:
        return None
    if tier == NOW:
        if _told_as_history(scene, hit, time, first, last):
            return HISTORY if treated and said.who != OTHER else None
        return NOW
    others = [
        sign for sign in signs if not (sign.start < hit.end and hit.start < sign.end) and not said.denied
    ]
    strong = any(
        scene.lexicon.language["signs"][e.rule]["tier"] != TODAY
        for sign in others
        for e in sign.entries
        if e.kind == "sign"
    )
    if acute or since_treatment or (strong and not chronic):
        if _told_as_history(scene, hit, time, first, last):
            return None
        return NOW
    return None


def _happening(scene: Scene, hit: Hit, first: int, last: int) -> bool:
    """A question about what goes on now: "is it normal that …", "why can't I …", or since some time."""
    return any(
        scene.norm(i) in ("normal", "why", "since", "still", "now", "suddenly") for i in range(first, last)
    )


def _made_by(scene: Scene, hit: Hit, first: int) -> bool:
    """ "Can it make my eyelid droop?": asked about the treatment, not told of oneself."""
    asks = any(
        cue.kinds & {"question", "hypothetical"} and first <= cue.start < hit.start for cue in scene.forward
    )
    verbs = any(
        scene.norm(i) in ("make", "cause", "give", "causes", "lead", "leave", "risk", "chance", "if")
        for i in range(max(first, hit.start - 4), hit.start + 1)
    )
    return asks and verbs or is_foreseen(scene, hit)


def _context(scene: Scene, name: str, first: int, last: int, hit: Hit) -> bool:
    return any(
        first <= other.start < last and not (hit.start <= other.start and other.end <= hit.end)
        for other in scene.hits_of("sign_context", name)
    )


def _treated(scene: Scene, hit: Hit) -> bool:
    """True when the message speaks of the clinic's kind of treatment, not of a flu jab or a steroid shot."""
    shots = frozenset(("shot", "shots", "injection", "injections", "injected", "jab", "jabs", "procedure"))
    other = scene.lexicon.sets["other_shots"]
    elsewhere = any(token.norm in other for token in scene.tokens) or scene.hits_of("drug", "aminoglycoside")
    for found in scene.hits_of("sign_context", "treated"):
        if hit.start <= found.start and found.end <= hit.end:
            continue
        words = {scene.norm(i) for i in range(found.start, found.end)}
        if not (elsewhere and words & shots):
            return True
    return False


def _time(scene: Scene, hit: Hit, first: int, last: int) -> Optional[dates.Time]:
    inside = [t for t in scene.times if first <= t.start < last and not (hit.start <= t.start < hit.end)]
    if not inside:
        return None
    return min(inside, key=lambda t: abs(t.start - hit.start))


def _is_recent(scene: Scene, time: Optional[dates.Time]) -> bool:
    if time is None or time.when is None:
        return False
    if time.kind == dates.LASTING:
        return time.when[0] > scene.today - _RECENT
    return time.kind in (dates.AGO, dates.POINT, dates.SINCE) and time.when[1] > scene.today - _RECENT


def _is_past_treatment(scene: Scene) -> bool:
    """True when the treatment spoken of has been had: after it, since it, dated, or one's own."""
    words = {token.norm for token in scene.tokens}
    if words & {
        "after",
        "since",
        "post",
        "following",
        "had",
        "got",
        "yesterday",
        "did",
        "ago",
        "last",
        "from",
        "injected",
        "following",
    }:
        return True
    if any(t.kind in (dates.AGO, dates.POINT, dates.SINCE) for t in scene.times):
        return True
    return False


_PAST_FORMS = frozenset(
    "swelled closed could had broke went passed fainted collapsed blew dropped drooped got felt was".split()
)


def _told_as_history(scene: Scene, hit: Hit, time: Optional[dates.Time], first: int, last: int) -> bool:
    """A sign told in the past with a product's name and no date of late: a reaction of the past."""
    if _is_recent(scene, time):
        return False
    words = [scene.norm(i) for i in range(max(first, hit.start - 4), hit.end)]
    if not any(word in _PAST_FORMS for word in words):
        return False
    if _context(scene, "acute", first, last, hit):
        return False
    if any(
        scene.norm(i) in ("is", "are", "am", "feel", "feels", "keep", "keeps", "has")
        for i in range(first, last)
    ):
        return False
    return any(scene.hits_of("substance", "toxin_hypersensitivity")) or any(
        scene.norm(i) in ("once", "time", "before") for i in range(first, last)
    )
