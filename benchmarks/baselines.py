"""What two clinical negation tools hear with the same vocabulary: medspaCy ConText and negspaCy.

Runs as a process of its own in `.venv-benchmark`, because the product does not depend on them. Reads one
JSON object on stdin, `{"vocabulary": [{phrase, exact, condition, variant}], "texts": [...]}`, and prints
one on stdout, `{system: {"heard": [[finding]], "seconds": [...]}}`, a finding being a dictionary of
condition, variant, assertion, text, start and end. No text goes to stderr.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from typing import Any, Callable, Iterable, Mapping, Sequence

MEDSPACY = "medspaCy ConText"
NEGSPACY = "negspaCy"

# A word may carry several marks. First what makes the tool say "not this patient, not now": where the
# marks disagree, the tool is not charged with a false alarm.
_MARKS = (
    ("is_negated", "absent"),
    ("is_family", "other_person"),
    ("is_hypothetical", "hypothetical"),
    ("is_historical", "past"),
    ("is_uncertain", "possible"),
)

Vocabulary = Sequence[Mapping[str, Any]]
Meanings = dict[str, list[tuple[str, Any]]]


def assertion_of(marks: Mapping[str, bool]) -> str:
    """Our assertion for the marks that medspaCy or negspaCy put on an entity."""
    return next((assertion for mark, assertion in _MARKS if marks.get(mark)), "present")


def grouped(vocabulary: Vocabulary) -> tuple[Meanings, dict[str, tuple[str, bool]]]:
    """Give every phrase one label, since two rules may list the same one.

    Returns:
        (condition, variant) pairs by label, and (phrase, exact) by label.
    """
    meanings: Meanings = defaultdict(list)
    phrases: dict[str, tuple[str, bool]] = {}
    labels: dict[tuple[str, bool], str] = {}
    for entry in vocabulary:
        exact = bool(entry["exact"])
        key = (entry["phrase"] if exact else entry["phrase"].lower(), exact)
        label = labels.setdefault(key, f"T{len(labels)}")
        phrases[label] = key
        meaning = (entry["condition"], entry["variant"])
        if meaning not in meanings[label]:
            meanings[label].append(meaning)
    return meanings, phrases


def _findings(entities: Iterable[tuple[Any, Mapping[str, bool]]], meanings: Meanings) -> list[dict]:
    return [
        {
            "condition": condition,
            "variant": variant,
            "assertion": assertion_of(marks),
            "text": entity.text,
            "start": entity.start_char,
            "end": entity.end_char,
        }
        for entity, marks in entities
        for condition, variant in meanings[entity.label_]
    ]


def _pattern(nlp: Any, phrase: str, exact: bool) -> list[dict]:
    attribute = "ORTH" if exact else "LOWER"
    return [{attribute: token.text} for token in nlp.make_doc(phrase)]


def medspacy_listener(vocabulary: Vocabulary) -> Callable[[str], list[dict]]:
    """A listener with medspaCy's sentence splitter, target matcher and ConText with its own rules."""
    import medspacy  # noqa: F401  registers the components
    import spacy
    from medspacy.target_matcher import TargetRule

    meanings, phrases = grouped(vocabulary)
    nlp = spacy.blank("en")
    nlp.add_pipe("medspacy_pyrush")
    matcher = nlp.add_pipe("medspacy_target_matcher")
    for label, (phrase, exact) in phrases.items():
        matcher.add(TargetRule(phrase, label, pattern=_pattern(nlp, phrase, exact)))
    nlp.add_pipe("medspacy_context")

    def listen(text: str) -> list[dict]:
        entities = [(e, {mark: getattr(e._, mark) for mark, _ in _MARKS}) for e in nlp(text).ents]
        return _findings(entities, meanings)

    return listen


def negspacy_listener(vocabulary: Vocabulary) -> Callable[[str], list[dict]]:
    """A listener with spaCy's entity ruler and negspaCy's negex with its clinical terms."""
    import negspacy.negation  # noqa: F401  registers the component
    import spacy

    meanings, phrases = grouped(vocabulary)
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns(
        [
            {"label": label, "pattern": _pattern(nlp, phrase, exact)}
            for label, (phrase, exact) in phrases.items()
        ]
    )
    nlp.add_pipe("negex")

    def listen(text: str) -> list[dict]:
        return _findings([(e, {"is_negated": e._.negex}) for e in nlp(text).ents], meanings)

    return listen


def quiet() -> None:
    """Stop medspaCy's sentence splitter from writing every sentence to stderr."""
    from loguru import logger

    logger.remove()
    logger.disable("PyRuSH")


def main() -> None:
    """Read the vocabulary and the texts; print what each tool heard."""
    quiet()
    task = json.load(sys.stdin)
    answer = {}
    for system, build in ((MEDSPACY, medspacy_listener), (NEGSPACY, negspacy_listener)):
        listener = build(task["vocabulary"])
        listener("hello")
        heard, seconds = [], []
        for text in task["texts"]:
            begun = time.perf_counter()
            heard.append(listener(text))
            seconds.append(time.perf_counter() - begun)
        answer[system] = {"heard": heard, "seconds": seconds}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
