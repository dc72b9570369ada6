"""Read a follow-up such as "and how long for that?" in the light of the topic just talked about."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, Optional, Sequence, Text

import yaml
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

FAQ = "faq_"
MOST_WORDS = 7
"""A longer message says by itself what it is about."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")


def topic_questions(folder: Path) -> Dict[Text, Text]:
    """Intent → the short question its topic goes by: `metadata: {topic: …}` of each answer in `folder`.

    Raises:
        OSError, yaml.YAMLError: When a file cannot be read.
    """
    found = {}
    for path in sorted(folder.glob("*.yml")):
        for name, variations in (yaml.safe_load(path.read_text("utf-8")).get("responses") or {}).items():
            topic = (variations[0].get("metadata") or {}).get("topic")
            if topic:
                found[name[len("utter_") :]] = str(topic)
    return found


def last_topic(tracker: Optional[DialogueStateTracker]) -> Optional[Text]:
    """The intent of the last question answered in the turn just past; None when there was none."""
    if tracker is None:
        return None
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            return None
        if isinstance(event, BotUttered):
            name = (event.metadata or {}).get("utter_action") or ""
            if name.startswith(f"utter_{FAQ}"):
                return name[len("utter_") :].replace("_more", "")
    return None


def opens_a_follow_up(text: Text, openers: Sequence[Text]) -> bool:
    """True for a few words that lean on what was said before: "and for men?", "what about fillers"."""
    words = [word.lower() for word in _WORD.findall(text)]
    if not words or len(words) > MOST_WORDS:
        return False
    said = " ".join(words)
    return any(said == opener or said.startswith(opener + " ") for opener in openers)


def points_back(text: Text, pointers: Sequence[Text]) -> bool:
    """True for a few words in which "that" or "those" stands for what was said before."""
    words = [word.lower() for word in _WORD.findall(text)]
    return len(words) <= MOST_WORDS and bool(set(words) & set(pointers))


def restated(text: Text, question: Text) -> Text:
    """The message put behind the question it leans on."""
    return f"{question} {text}"
