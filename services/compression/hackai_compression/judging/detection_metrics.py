"""Figures of a detector, from its boxes and the true ones. Pure functions on arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hackai_compression.datasets.samples import Sample
from hackai_shared.serving.detector import DetectedBox
from hackai_shared.serving.fire_names import fire_kind
from hackai_shared.serving.suppression import overlaps

#: A box is right when it overlaps a true one by so much (intersection over union): the 50 of mAP50.
MATCH = 0.5


@dataclass(frozen=True)
class Matches:
    """The boxes of one class over all pictures, best first: scores (B,), right or not (B,); true boxes, pictures."""

    scores: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]
    truths: int
    pictures: int


def match(detected: Sequence[Sequence[DetectedBox]], samples: Sequence[Sample], label: str) -> Matches:
    """Compares picture by picture; each true box is found at most once, by the best box that overlaps it enough.

    Pictures in which nobody boxed that class are left out: a box there is neither right nor wrong.
    """
    scores: list[float] = []
    right: list[bool] = []
    truths = pictures = 0
    kind = fire_kind(label)
    for boxes, sample in zip(detected, samples, strict=True):
        if kind in map(fire_kind, sample.unboxed):
            continue
        pictures += 1
        known = [b for b in sample.boxes if fire_kind(b.kind) == kind]
        wanted = np.array([[b.left, b.top, b.right, b.bottom] for b in known]).reshape(-1, 4)
        truths += len(wanted)
        found = sorted((b for b in boxes if b.label == label), key=lambda b: -b.score)
        corners = np.array([[b.x0, b.y0, b.x1, b.y1] for b in found]).reshape(-1, 4)
        agreement = overlaps(corners, wanted)
        free = np.ones(len(wanted), bool)
        for row, box in enumerate(found):
            candidates = np.where(free, agreement[row], 0.0)
            best = int(candidates.argmax()) if len(wanted) else -1
            hit = best >= 0 and bool(candidates[best] >= MATCH)
            if hit:
                free[best] = False
            scores.append(box.score)
            right.append(hit)
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    return Matches(np.asarray(scores, np.float64)[order], np.asarray(right, bool)[order], truths, pictures)


def average_precision(matches: Matches) -> float:
    """Area under precision over recall, precision made monotonic (VOC 2010, all points); NaN without true boxes."""
    if not matches.truths:
        return float("nan")
    hits = np.cumsum(matches.right)
    precision = hits / np.arange(1, len(hits) + 1)
    recall = hits / matches.truths
    envelope = np.maximum.accumulate(precision[::-1])[::-1] if len(precision) else precision
    return float(np.sum(np.diff(np.concatenate([[0.0], recall])) * envelope))


def recall_at_false_boxes(matches: Matches, per_picture: float) -> tuple[float, float]:
    """(recall, score): the lowest score at which there are at most `per_picture` wrong boxes per picture.

    A box counts when its score is at least that. NaN without true boxes; without a permitted box the recall is 0.
    """
    if not matches.truths:
        return float("nan"), float("nan")
    allowed = int(np.floor(per_picture * matches.pictures + 1e-9))
    wrong = np.cumsum(~matches.right)
    # Boxes of equal score come or go together.
    last = np.append(matches.scores[1:] != matches.scores[:-1], True) if len(matches.scores) else np.zeros(0, bool)
    permitted = np.flatnonzero((wrong <= allowed) & last)
    if not len(permitted):
        return 0.0, 1.0
    end = int(permitted[-1])
    return float(matches.right[: end + 1].sum() / matches.truths), float(matches.scores[end])


def mean_average_precision(
    detected: Sequence[Sequence[DetectedBox]], samples: Sequence[Sample], classes: Sequence[str]
) -> float:
    """Mean of the average precision of the classes that occur (mAP50)."""
    values = [average_precision(match(detected, samples, label)) for label in classes]
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
