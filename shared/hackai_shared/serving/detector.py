"""A detection package and a session together: a picture in, boxes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from hackai_shared.serving.manifest import InputSpec
from hackai_shared.serving.package import ModelPackage, PackageError
from hackai_shared.serving.preprocessing import batch, fit
from hackai_shared.serving.session import InferenceSession, SessionError
from hackai_shared.serving.suppression import suppress

# Where a package says nothing else: what most detectors are shown with.
DEFAULT_SCORE = 0.25
# Loose boxes of one fire overlap a lot; two fires beside each other seldom do.
DEFAULT_OVERLAP = 0.5
# Key of ``thresholds`` in the manifest, beside the names of the classes.
OVERLAP = "overlap"
# In front of the name of a class: the score from which its boxes are drawn once something burns. Boxes that are no sign
# by themselves still show best where it does.
DRAWN = "drawn_"
MAX_BOXES = 20


@dataclass(frozen=True)
class DetectedBox:
    """A box in fractions of the picture (0-1, origin top left): left, top, right, bottom."""

    x0: float
    y0: float
    x1: float
    y1: float
    label: str
    score: float


class Detector:
    """Runs a detection package; safe to call from several threads.

    The graph gives ``boxes`` (N, K, 4), left, top, right, bottom in fractions of its input, and ``scores`` (N, K, C),
    0-1. Suppression of overlapping boxes happens here for every runtime.
    """

    def __init__(self, package: ModelPackage, session: InferenceSession) -> None:
        if package.manifest.task != "detection":
            raise PackageError(f"{package.id} is a {package.manifest.task} package, not a detector")
        self.package = package
        self.session = session
        self.classes = list(package.manifest.classes)
        thresholds = package.manifest.thresholds
        self.overlap = thresholds.get(OVERLAP, DEFAULT_OVERLAP)
        self.minimum: Dict[str, float] = {name: thresholds.get(name, DEFAULT_SCORE) for name in self.classes}
        self.drawn: Dict[str, float] = drawn_from(thresholds, self.classes)

    def detect(self, picture: "np.ndarray[Any, Any]", *, min_score: Optional[float] = None) -> List[DetectedBox]:
        """Return the boxes of one picture ``(H, W, 3) uint8 RGB`` of any size, best first.

        ``min_score`` replaces the thresholds of the package, for every class.

        Raises:
            SessionError: the runtime failed, or the model returned NaN.
        """
        height, width = picture.shape[:2]
        fitted = fit(self.package.manifest.input, picture)
        return self.detect_fitted([fitted], [(width, height)], min_score=min_score)[0]

    def detect_fitted(
        self,
        pictures: Sequence["np.ndarray[Any, Any]"],
        sizes: Sequence[Tuple[int, int]],
        *,
        min_score: Optional[float] = None,
    ) -> List[List[DetectedBox]]:
        """Return the boxes of each picture, fitted to the model's input; ``sizes`` are the original (width, height).

        Raises:
            SessionError: the runtime failed, or the model returned NaN.
        """
        spec = self.package.manifest.input
        outputs = self.session.run(batch(spec, pictures))
        boxes, scores = outputs["boxes"].astype(np.float64), outputs["scores"].astype(np.float64)
        if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
            raise SessionError(f"{self.package.id} returned a value that is not a number")
        minimum = self.minimum if min_score is None else dict.fromkeys(self.classes, min_score)
        return [
            choose(
                to_picture(boxes[index], spec, width=width, height=height),
                scores[index],
                self.classes,
                minimum,
                overlap=self.overlap,
            )
            for index, (width, height) in enumerate(sizes)
        ]


def drawn_from(thresholds: Mapping[str, float], classes: Sequence[str]) -> Dict[str, float]:
    """Return the score per class from which a box is drawn: never higher than the one from which it counts."""
    counts = {name: thresholds.get(name, DEFAULT_SCORE) for name in classes}
    return {name: min(least, thresholds.get(DRAWN + name, least)) for name, least in counts.items()}


def choose(
    boxes: "np.ndarray[Any, Any]",
    scores: "np.ndarray[Any, Any]",
    classes: Sequence[str],
    minimum: Mapping[str, float],
    *,
    overlap: float,
    limit: int = MAX_BOXES,
) -> List[DetectedBox]:
    """Return what stays of candidates ``(K, 4)`` with scores ``(K, C)``, class by class, best first."""
    found: List[DetectedBox] = []
    for index, label in enumerate(classes):
        candidates = np.flatnonzero(scores[:, index] >= minimum[label])
        kept = candidates[suppress(boxes[candidates], scores[candidates, index], overlap=overlap, limit=limit)]
        for row in kept:
            x0, y0, x1, y1 = boxes[row].tolist()
            found.append(DetectedBox(x0, y0, x1, y1, label, float(scores[row, index])))
    return sorted(found, key=lambda box: -box.score)[:limit]


def to_picture(boxes: "np.ndarray[Any, Any]", spec: InputSpec, *, width: int, height: int) -> "np.ndarray[Any, Any]":
    """Return boxes ``(K, 4)`` in fractions of the model's input as fractions of the picture, cut at its edges."""
    if spec.resize == "stretch":
        return np.clip(boxes, 0.0, 1.0)  # type: ignore[no-any-return]
    scale = min(spec.height / height, spec.width / width)
    # The same roundings as in `fit`.
    inner_width, inner_height = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (spec.width - inner_width) // 2, (spec.height - inner_height) // 2
    shift = np.array([left, top, left, top], np.float64)
    factor = np.array([spec.width, spec.height, spec.width, spec.height], np.float64)
    inner = np.array([inner_width, inner_height, inner_width, inner_height], np.float64)
    return np.clip((boxes * factor - shift) / inner, 0.0, 1.0)
