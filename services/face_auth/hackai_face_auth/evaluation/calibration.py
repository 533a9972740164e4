"""The threshold for a wanted rate of false accepts, from strangers alone. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hackai_face_auth.engine.faces import Floats
from hackai_face_auth.evaluation.bounds import upper_bound
from hackai_face_auth.evaluation.verification import threshold_for

# One photograph under two names in a folder of strangers is no false accept; two photos of one person are.
SAME_PICTURE = 0.95


@dataclass(frozen=True)
class Calibration:
    """``bound`` is the upper bound, at 95 %, of the rate at ``threshold``.

    Pairs of the same faces are not independent, so that the bound is optimistic where few people make many pairs;
    ``supported`` is False where the wanted rate is below what so many pairs can show.
    """

    wanted_far: float
    threshold: float
    pairs: int
    people: int
    false_accepts: int
    bound: float
    highest: float
    supported: bool
    same_picture: int


def calibrate(embeddings: Floats, wanted_far: float, *, floor: float = 0.0) -> Calibration:
    """Return the threshold of ``(strangers, 512) float32`` embeddings of different people.

    ``floor`` is the least threshold that is given out, however few strangers there are.
    """
    scores = (embeddings @ embeddings.T)[np.triu_indices(len(embeddings), k=1)]
    repeats = int((scores >= SAME_PICTURE).sum())
    scores = scores[scores < SAME_PICTURE]
    threshold = max(floor, threshold_for(scores, wanted_far))
    accepts = int((scores >= threshold).sum())
    bound = upper_bound(accepts, len(scores)) if len(scores) else 1.0
    return Calibration(
        wanted_far=wanted_far,
        threshold=threshold,
        pairs=len(scores),
        people=len(embeddings),
        false_accepts=accepts,
        bound=bound,
        highest=float(scores.max()) if len(scores) else -1.0,
        supported=bound <= wanted_far,
        same_picture=repeats,
    )
