"""1:1: true accepts at given rates of false accepts. Pure but for the embedder."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hackai_face_auth.engine.faces import Floats
from hackai_face_auth.evaluation.bounds import Rate, rate
from hackai_face_auth.evaluation.folder import Pair

TARGETS = (1e-3, 1e-4)


@dataclass(frozen=True)
class OperatingPoint:
    """``resolvable`` is False where there are too few pairs for the target: the threshold is then above all of them."""

    target_far: float
    threshold: float
    tar: Rate
    far: Rate
    resolvable: bool


@dataclass(frozen=True)
class Verification:
    """The result of a list of pairs; pairs with a picture without a face count as rejected."""

    genuine: int
    impostor: int
    undetected_pairs: int
    points: Sequence[OperatingPoint]
    at_threshold: OperatingPoint


def score_pairs(pairs: Sequence[Pair], folder: Path, embed: Callable[[Path], Floats | None]) -> Floats:
    """Return the cosine of each pair, ``(pairs,) float32``; -1 where a face is missing."""
    scores = []
    for pair in pairs:
        first, second = embed(folder / pair.a), embed(folder / pair.b)
        scores.append(-1.0 if first is None or second is None else float(first @ second))
    return np.array(scores, np.float32)


def threshold_for(impostors: Floats, far: float) -> float:
    """Return the least threshold at which at most ``far`` of the impostor scores are accepted.

    ``impostors``: ``(pairs,) float32``. The threshold lies just above the first score that has to be rejected.
    """
    allowed = math.floor(far * len(impostors) + 1e-9)
    ordered = np.sort(impostors)[::-1]
    if allowed >= len(ordered):
        return -1.0
    return float(np.nextafter(ordered[allowed], np.float32(2)))


def evaluate_pairs(pairs: Sequence[Pair], scores: Floats, *, threshold: float) -> Verification:
    """Return the figures of scored pairs, at the target rates and at the configured threshold."""
    same = np.array([pair.same for pair in pairs], bool)
    genuine, impostors = scores[same], scores[~same]

    def point(target: float, at: float) -> OperatingPoint:
        tar = rate(int((genuine >= at).sum()), len(genuine))
        far = rate(int((impostors >= at).sum()), len(impostors))
        return OperatingPoint(target, at, tar, far, target * len(impostors) >= 1)

    points = [point(target, threshold_for(impostors, target)) for target in TARGETS]
    own = point(float("nan"), threshold)
    own = OperatingPoint(own.far.value, threshold, own.tar, own.far, True)
    return Verification(len(genuine), len(impostors), int((scores == -1.0).sum()), points, own)
