"""From which score a box counts as a sign of fire, and from which it is drawn; from validation pictures. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hackai_compression.datasets.samples import Sample
from hackai_compression.judging.detection_metrics import match, recall_at_false_boxes
from hackai_compression.judging.pointing import aim, overlap
from hackai_shared.serving.detector import DEFAULT_SCORE, DRAWN, DetectedBox

#: Wrong boxes of a class per validation picture that a package's own threshold permits.
PERMITTED = 0.1
#: Scores that are tried for the boxes that are drawn.
CANDIDATES = tuple(float(x) for x in np.round(np.arange(0.05, 0.6, 0.025), 3))


def choose_thresholds(
    detected: Sequence[Sequence[DetectedBox]], samples: Sequence[Sample], classes: Sequence[str]
) -> dict[str, float]:
    """Of each class: the score with one wrong box in ten pictures, and (`drawn_<class>`) that of the best area.

    A class that the pictures do not show gets `DEFAULT_SCORE`. What counts is always drawn.
    """
    found: dict[str, float] = {}
    for label in classes:
        counted = recall_at_false_boxes(match(detected, samples, label), PERMITTED)[1]
        found[label] = DEFAULT_SCORE if math.isnan(counted) else round(counted, 4)
        found[DRAWN + label] = min(found[label], _best_area(detected, samples, label))
    return found


def _best_area(detected: Sequence[Sequence[DetectedBox]], samples: Sequence[Sample], label: str) -> float:
    scores: dict[float, float] = {}
    for score in CANDIDATES:
        aims = [aim(boxes, sample, {label: score}, [label]) for boxes, sample in zip(detected, samples, strict=True)]
        average = overlap([a for a in aims if a is not None])
        if average is not None:
            scores[score] = average.value
    return max(scores, key=lambda score: scores[score]) if scores else DEFAULT_SCORE
