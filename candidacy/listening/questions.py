"""What a question is about: what something is, the speaker, or nobody in particular."""

from __future__ import annotations

from typing import Optional

from candidacy.listening.relative import told_behind
from candidacy.listening.said import Said
from candidacy.listening.scene import Scene

_IDENTITY = ("it", "this", "that", "these", "they", "those")
_ARTICLES = (
    "a",
    "an",
    "the",
    "some",
    "just",
    "really",
    "actually",
    "be",
    "my",
    "like",
    "maybe",
    "called",
    "possibly",
    "still",
    "even",
    "for",
    "sure",
)


def settle_question(scene: Scene, start: int, end: int, said: Said, asked_at: Optional[int]) -> None:
    """Settle what is asked: what it is ("is it eczema?"), of the speaker ("with eczema?"), or of nobody."""
    if said.asked and said.stopped and scene.norm(said.stop_at) in ("stop", "come", "coming", "quit"):
        # "Do I have to stop taking warfarin?": it is taken.
        said.asked = said.supposed = said.stopped = False
        said.about_self = True
        return
    if said.asked and told_behind(scene, end):
        # "Is it safe with the Eliquis I take": asked in general, and told of the speaker.
        said.asked = said.supposed = False
        said.about_self = True
        return
    if asked_at is not None and said.asked and scene.norm(end) == "it":
        if scene.norm(end) == "it" and scene.norm(end + 1) in ("is", "has", "hurts", "itches"):
            # "When to see someone with a boil, it is hot": it is there.
            said.asked, said.supposed, said.about_self = False, False, True
            return
    if asked_at is not None and said.asked and _taken_with(scene, asked_at, start):
        said.asked = said.supposed = False
        said.about_self = said.doubted = True
        return
    if asked_at is not None and said.asked and not said.supposed:
        if _asks_what_it_is(scene, asked_at, start):
            said.asked, said.doubted = False, True
            return
        before = start
        if scene.norm(start - 1) in ("and", "n", "&", "plus"):
            before = start - 2  # "On warfarin and Plavix": the second of a list is possessed as the first
        if not _paired(scene, asked_at, start) and (
            scene.norm(before - 1) in scene.words["possessed_by"]
            or scene.norm(before - 2) in scene.words["possessed_by"]
        ):
            near = range(asked_at, start)
            if any(scene.norm(i) in ("i", "me", "we") for i in near):
                said.asked, said.about_self = False, True
                return
        # "Should I worry about keloids?": of the speaker, but not said to be so.
        said.asked_of_self = scene.norm(asked_at) != "i" and any(
            scene.norm(i) == "i" for i in range(asked_at, start)
        )


def _taken_with(scene: Scene, asked_at: int, start: int) -> bool:
    """ "Can I take Panadol with Eliquis": asked of another medicine, beside the one that may be taken."""
    words = [scene.norm(i) for i in range(asked_at, start)]
    verbs = [at for at, word in enumerate(words) if word in ("take", "taking", "drink")]
    if not verbs or not {"i", "me", "my"} & set(words):
        return False
    while words and words[-1] in ("a", "an", "the", "some", "my"):
        words.pop()
    linked = words[-1] in ("with", "alongside", "while", "taking") or words[-2:] == ["while", "on"]
    return linked and len(words) - verbs[0] > 2


def _paired(scene: Scene, asked_at: int, start: int) -> bool:
    """ "Can I mix retinol with glycolic acid", "can I go on a sunbed": no word of having or using it."""
    verbs = {scene.norm(i) for i in range(asked_at, start)}
    if verbs & {"mix", "combine", "pair", "layer"}:
        return True
    return any(
        scene.norm(i) in scene.words["possessed_by"] and scene.norm(i - 1) == "go"
        for i in (start - 1, start - 2)
    )


def _asks_what_it_is(scene: Scene, asked_at: int, start: int) -> bool:
    words = [scene.norm(i) for i in range(asked_at, start)]
    if not words or words[0] not in (
        "is",
        "are",
        "was",
        "can",
        "could",
        "do",
        "am",
        "might",
        "would",
        "did",
        "does",
    ):
        return False
    rest = [word for word in words[1:] if word not in _ARTICLES]
    return (
        rest in ([pronoun] for pronoun in _IDENTITY)
        or rest in (["i", "have"], ["i", "got"], ["i"], ["it", "have"], ["i", "get"])
        and words[0] in ("do", "am", "could", "might", "did")
    )
