"""Find texts of a measuring set that found their way into the project.

    python -m benchmarks.overlap FOLDER

Prints every run of five words that a file of `data/` or `tests/` shares with a text of FOLDER/*.jsonl;
exit code 1 when there is one. Small and capital letters, punctuation and apostrophes make no difference.
"""

from __future__ import annotations

import ast
import io
import json
import re
import sys
import tokenize
from pathlib import Path
from typing import Iterator, Sequence

import yaml

RUN = 5
ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("data", "tests")
READ = {".csv", ".html", ".js", ".json", ".jsonl", ".md", ".py", ".txt", ".yaml", ".yml"}
_WORD = re.compile(r"[^\W_]+")
_ENTITY = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})")
_ITEM = re.compile(r"^\s*[-*] ", re.MULTILINE)
_KEYS = ("text", "turns", "fallback_reply")

Place = tuple[int, str]
"""Line number and the text that begins there."""


def words(text: str) -> list[str]:
    """The words of a text in small letters; an apostrophe does not split a word."""
    return _WORD.findall(re.sub(r"['\u2018\u2019]", "", text.lower()))


def runs(text: str, length: int = RUN) -> Iterator[tuple[str, ...]]:
    """Every run of `length` words of a text, in order."""
    found = words(text)
    return (tuple(found[at : at + length]) for at in range(len(found) - length + 1))


def measured(folder: Path) -> dict[tuple[str, ...], str]:
    """Where each run of words of FOLDER/*.jsonl stands, as file:line."""
    places: dict[tuple[str, ...], str] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if not line.strip():
                continue
            row = json.loads(line)
            for key in _KEYS:
                texts = row.get(key) or []
                for text in [texts] if isinstance(texts, str) else texts:
                    for run in runs(text):
                        places.setdefault(run, f"{path.name}:{number}")
    return places


def texts(path: Path) -> list[Place]:
    """The texts of a file that are read as one: YAML values, Python strings and comments, paragraphs."""
    source = path.read_text("utf-8")
    if path.suffix in (".yml", ".yaml"):
        found = _yaml_texts(source)
    elif path.suffix == ".py":
        found = _python_texts(source)
    elif path.suffix == ".txt":
        found = list(enumerate(source.splitlines(), 1))
    else:
        blocks = re.finditer(r"(?:.+\n?)+", source)
        found = [(source.count("\n", 0, block.start()) + 1, block.group()) for block in blocks]
    return [(line + extra, piece) for line, text in found for extra, piece in _items(text)]


def _items(text: str) -> Iterator[Place]:
    """Split a list (the examples of an intent) into its items; entities lose their marks."""
    starts = sorted({0, *(match.start() for match in _ITEM.finditer(text))})
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        yield text.count("\n", 0, start), _ENTITY.sub(r"\1", text[start:end])


def _yaml_texts(source: str) -> list[Place]:
    return [
        (event.start_mark.line + (2 if event.style in ("|", ">") else 1), event.value)
        for event in yaml.parse(source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        if isinstance(event, yaml.ScalarEvent)
    ]


def _python_texts(source: str) -> list[Place]:
    found = [
        (node.lineno, node.value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    comments = tokenize.generate_tokens(io.StringIO(source).readline)
    return found + [(token.start[0], token.string) for token in comments if token.type == tokenize.COMMENT]


def offenders(folder: Path, root: Path = ROOT, folders: Sequence[str] = FOLDERS) -> list[str]:
    """One line for each text of the project that shares a run of words with the folder."""
    known = measured(folder)
    found = []
    for path in sorted(path for name in folders for path in (root / name).rglob("*")):
        if path.suffix not in READ or not path.is_file() or "__pycache__" in path.parts:
            continue
        for line, text in texts(path):
            shared: dict[str, str] = {}
            for run in runs(text):
                if run in known:
                    shared.setdefault(known[run], " ".join(run))
            found += [f"{path.relative_to(root)}:{line}: '{run}' ({place})" for place, run in shared.items()]
    return found


def main(arguments: Sequence[str]) -> int:
    """Print the offenders; returns 1 when there are any, 2 for a folder that cannot be read."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print("Usage: python -m benchmarks.overlap FOLDER", file=sys.stderr)
        return 2
    found = offenders(Path(arguments[0]))
    summary = f"{len(found)} texts of {' and '.join(FOLDERS)} share {RUN} words with the folder"
    print("\n".join([*found, summary]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
