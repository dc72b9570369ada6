"""Choose the classifier's thresholds by 5-fold cross-validation on its own examples, and draw the curves.

    make calibrate

Prints for each C the share of whole messages understood right, then for each threshold what is answered
right, answered wrongly and refused, and the ten commonest confusions. Writes `calibration.csv`,
`calibration.png` and `confusion.png` to benchmarks/results/.
"""

from __future__ import annotations

import csv
import sys
import time
from collections import Counter

import numpy as np

from benchmarks.baselines_nlu import ROOT, examples
from components.encoder import shared_encoder
from components.intent_model import OUT_OF_SCOPE, fit

RESULTS = ROOT / "benchmarks" / "results"
FOLDS = 5
CS = (20.0, 40.0)
THRESHOLDS = np.round(np.arange(0.1, 0.91, 0.05), 2)


def cross_validated(texts: list[str], labels: np.ndarray, vectors: np.ndarray, c: float) -> tuple[np.ndarray, np.ndarray]:
    """What a model that never saw an example would answer to it.

    Returns:
        The surest intent of every example and how sure it is, 0 to 1; both of shape (examples,).
    """
    from sklearn.model_selection import StratifiedKFold

    best = np.empty(len(texts), dtype=object)
    sure = np.zeros(len(texts), dtype=np.float32)
    for seen, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=42).split(texts, labels):
        model = fit([texts[i] for i in seen], list(labels[seen]), c, vectors[seen])
        _, sureness = model.predict([texts[i] for i in unseen], vectors[unseen])
        best[unseen] = np.array(model.labels, dtype=object)[sureness.argmax(axis=1)]
        sure[unseen] = sureness.max(axis=1)
    return best, sure


def shares(best: np.ndarray, sure: np.ndarray, labels: np.ndarray, threshold: float) -> dict[str, float]:
    """What becomes of the examples under a threshold."""
    inside = labels != OUT_OF_SCOPE
    answered = sure >= threshold
    return {
        "right": float((answered & (best == labels))[inside].mean()),
        "wrong": float((answered & (best != labels))[inside].mean()),
        "silent": float((~answered)[inside].mean()),
        "refused": float((~answered)[~inside].mean()),
    }


def draw(rows: list[dict], best: np.ndarray, sure: np.ndarray, labels: np.ndarray) -> None:
    """The curve with the histogram of confidences, and the confusion matrix of what is in scope."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12, 4.5))
    for key, colour in (("right", "#1b7f5c"), ("wrong", "#c0392b"), ("refused", "#34495e")):
        name = {"right": "in scope, right", "wrong": "in scope, wrong", "refused": "out of scope, refused"}[key]
        left.plot([row["threshold"] for row in rows], [row[key] for row in rows], label=name, color=colour)
    left.set(xlabel="threshold", ylabel="share", title=f"Out-of-fold, {FOLDS} folds, {len(labels)} examples")
    left.grid(alpha=0.3)
    left.legend()
    bins = np.linspace(0, 1, 21)
    hit = best == labels
    right.hist([sure[hit], sure[~hit]], bins=bins, stacked=True, color=["#1b7f5c", "#c0392b"], label=["right", "wrong"])
    right.set(xlabel="confidence of the best intent", ylabel="examples", yscale="log", title="Confidence")
    right.legend()
    figure.tight_layout()
    figure.savefig(RESULTS / "calibration.png", dpi=110)
    names = sorted(set(labels))
    matrix = np.zeros((len(names), len(names)))
    at = {name: index for index, name in enumerate(names)}
    for said, truth in zip(best, labels, strict=True):
        matrix[at[truth], at[said]] += 1
    matrix /= matrix.sum(axis=1, keepdims=True)
    figure, axis = pyplot.subplots(figsize=(13, 12))
    axis.imshow(matrix, cmap="Greens", vmin=0, vmax=1)
    for ticks in (axis.set_xticks, axis.set_yticks):
        ticks(range(len(names)))
    axis.set_xticklabels(names, rotation=90, fontsize=7)
    axis.set_yticklabels(names, fontsize=7)
    axis.set(xlabel="understood as", ylabel="meant", title="Out-of-fold confusion (rows add up to 1)")
    figure.tight_layout()
    figure.savefig(RESULTS / "confusion.png", dpi=90)


def main() -> int:
    """Measure, print and draw."""
    data = examples(ROOT)
    texts = [text for lines in data.values() for text in lines]
    labels = np.array([intent for intent, lines in data.items() for _ in lines])
    vectors = shared_encoder().encode(texts)
    print(f"{len(texts)} examples of {len(data)} intents, {FOLDS} folds")
    inside = labels != OUT_OF_SCOPE
    measured = {}
    for c in CS:
        begun = time.perf_counter()
        best, sure = measured[c] = cross_validated(texts, labels, vectors, c)
        print(
            f"C {c:g}: surest intent right in scope {np.mean((best == labels)[inside]):.3f} "
            f"({time.perf_counter() - begun:.0f} s)",
            flush=True,
        )
    rows = [
        {"c": c, "threshold": float(threshold), **shares(*values, labels, threshold)}
        for c, values in measured.items()
        for threshold in THRESHOLDS
    ]
    RESULTS.mkdir(exist_ok=True)
    with open(RESULTS / "calibration.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows({key: round(value, 4) for key, value in row.items()} for row in rows)
    for row in rows:
        print("  " + ", ".join(f"{key} {value:.3g}" for key, value in row.items()))
    best, sure = measured[CS[-1]]
    curve = [row for row in rows if row["c"] == CS[-1]]
    confused = Counter((str(a), str(b)) for a, b in zip(labels, best, strict=True) if a != b and a != OUT_OF_SCOPE)
    print("commonest confusions of the surest intent (meant, understood as)")
    for (meant, said), count in confused.most_common(10):
        print(f"  {count:3}  {meant} as {said}")
    draw(curve, best[inside], sure[inside], labels[inside])
    return 0


if __name__ == "__main__":
    sys.exit(main())
