"""Figures of a classifier, from class probabilities and labels alone. Pure functions on arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.float64]  # (N, C), rows sum to 1
Labels = npt.NDArray[np.int64]  # (N,), class indices
Scores = npt.NDArray[np.float64]  # (N,), larger means "more positive"


def accuracy(probabilities: Probabilities, labels: Labels) -> float:
    """Share of pictures whose most probable class is right."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def confusion(probabilities: Probabilities, labels: Labels) -> npt.NDArray[np.int64]:
    """(C, C) counts: row = true class, column = predicted class."""
    classes = probabilities.shape[1]
    flat = labels * classes + probabilities.argmax(axis=1)
    return np.bincount(flat, minlength=classes * classes).reshape(classes, classes)


def recalls(probabilities: Probabilities, labels: Labels) -> npt.NDArray[np.float64]:
    """(C,) recall per class; NaN for a class without pictures."""
    table = confusion(probabilities, labels)
    totals = table.sum(axis=1)
    return np.where(totals > 0, np.diag(table) / np.maximum(totals, 1), np.nan)


def recall_at_false_alarm_rate(positive: Scores, negative: Scores, rate: float) -> tuple[float, float]:
    """(recall, threshold): the lowest threshold that at most `rate` of the negatives exceed.

    With n negatives, floor(rate * n) of them may alarm; at a rate below 1/n none may, so the
    threshold is the largest negative score. A picture alarms when its score is *above* the threshold.
    """
    if not len(positive) or not len(negative):
        return float("nan"), float("nan")
    allowed = int(np.floor(rate * len(negative) + 1e-9))
    threshold = float(np.sort(negative)[::-1][allowed]) if allowed < len(negative) else -np.inf
    return float((positive > threshold).mean()), threshold


def share_above(scores: Scores, threshold: float) -> float:
    """Share of the scores above a threshold; NaN of none."""
    return float((scores > threshold).mean()) if len(scores) else float("nan")


def auroc(positive: Scores, negative: Scores) -> float:
    """Probability that a positive scores above a negative (ties count half): the Mann-Whitney statistic."""
    if not len(positive) or not len(negative):
        return float("nan")
    merged = np.concatenate([positive, negative])
    order = np.argsort(merged, kind="stable")
    ranks = np.empty(len(merged))
    ranks[order] = np.arange(1, len(merged) + 1)
    values, inverse, counts = np.unique(merged, return_inverse=True, return_counts=True)
    sums = np.zeros(len(values))
    np.add.at(sums, inverse, ranks)
    ranks = (sums / counts)[inverse]
    n, m = len(positive), len(negative)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def expected_calibration_error(probabilities: Probabilities, labels: Labels, bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over equal-width bins (Guo et al., 2017)."""
    return float(sum(b.weight * abs(b.accuracy - b.confidence) for b in reliability(probabilities, labels, bins)))


class ReliabilityBin:
    """Pictures of similar confidence: their share, mean confidence and accuracy."""

    __slots__ = ("accuracy", "confidence", "weight")

    def __init__(self, weight: float, confidence: float, accuracy: float) -> None:
        self.weight, self.confidence, self.accuracy = weight, confidence, accuracy


def reliability(probabilities: Probabilities, labels: Labels, bins: int = 15) -> list[ReliabilityBin]:
    """Non-empty bins of the reliability diagram, from low to high confidence."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        ReliabilityBin(
            float((place == b).mean()), float(confidence[place == b].mean()), float(right[place == b].mean())
        )
        for b in range(bins)
        if (place == b).any()
    ]


def slices(probabilities: Probabilities, labels: Labels, sources: Sequence[str], minimum: int = 20) -> dict[str, float]:
    """Accuracy per source with at least `minimum` pictures."""
    right = probabilities.argmax(axis=1) == labels
    names = np.asarray(sources)
    return {
        str(name): float(right[names == name].mean()) for name in np.unique(names) if (names == name).sum() >= minimum
    }
