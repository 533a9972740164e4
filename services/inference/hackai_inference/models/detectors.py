"""The second look: a detector package that finds boxes in the pictures that the cascade gives it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Sequence

import numpy as np

from hackai_inference.models.judgement import FIRE, START_FIRE
from hackai_inference.models.versions import Versions
from hackai_inference.runtimes import LoadedVariant
from hackai_shared.config.detection import DetectorConfig, InferenceConfig
from hackai_shared.messages import Box, ModelRef
from hackai_shared.serving.decoding import decode_image
from hackai_shared.serving.detector import DetectedBox, Detector
from hackai_shared.serving.fire_names import KNOWN_NAMES, fire_kind
from hackai_shared.serving.manifest import Manifest
from hackai_shared.serving.package import ModelPackage, PackageError

# What detectors call the two things that we look for.
LABELS = {"fire": FIRE, "smoke": START_FIRE, START_FIRE: START_FIRE}
# A box at its detector's own threshold is as good as an even chance; scores of detectors are no probabilities.
EVEN = 0.5


class SecondLook:
    """A loaded detector, replaced as a whole; safe to call from several threads."""

    def __init__(self, detector: Detector, ref: ModelRef, config: DetectorConfig, *, max_pixels: int) -> None:
        self.ref = ref
        self.detector = detector
        self._max_pixels = max_pixels
        self._minimum = {
            label: least if config.min_score is None else config.min_score
            for label, least in detector.minimum.items()
            if fire_kind(label) in LABELS
        }
        self._drawn = {
            label: least if config.min_score is None else config.min_score
            for label, least in detector.drawn.items()
            if label in LABELS
        }
        if not self._minimum:
            raise PackageError(f"{ref.name} knows {detector.classes}, none of {sorted({*KNOWN_NAMES, *LABELS})}")

    @property
    def runtime(self) -> str:
        """What runs it."""
        return self.detector.session.runtime

    @property
    def device(self) -> str:
        """What that really uses."""
        return self.detector.session.device

    @property
    def manifest(self) -> Manifest:
        """The manifest of its package."""
        return self.detector.package.manifest

    def find(self, picture: bytes) -> List[Box]:
        """Return the boxes of a picture, best first; an even chance (0.5) is a box at its class's threshold.

        Boxes below are there to be drawn where something burns, and no sign of it by themselves (:func:`signs`).

        Raises:
            ImageError: not a picture.
            SessionError: the runtime failed.
        """
        spec = self.detector.package.manifest.input
        pixels = decode_image(picture, fit_height=spec.height, fit_width=spec.width, max_pixels=self._max_pixels)
        found = self.detector.detect(pixels, min_score=min(self._drawn.values()))
        return [self._box(box) for box in found if box.score >= self._drawn.get(box.label, 2.0)]

    def _box(self, found: DetectedBox) -> Box:
        score = even_at(self._minimum[found.label], found.score)
        return Box(
            x1=found.x0,
            y1=found.y0,
            x2=found.x1,
            y2=found.y1,
            label=LABELS[fire_kind(found.label)],
            score=score,
            source="detector",
        )


def signs(boxes: Sequence[Box]) -> List[Box]:
    """Return the boxes that speak for a fire; the others only show where it is."""
    return [box for box in boxes if box.score >= EVEN]


def even_at(threshold: float, score: float) -> float:
    """Return a score (0-1) bent so that ``threshold`` becomes an even chance, 0 stays 0 and 1 stays 1."""
    if score < threshold:
        return EVEN * score / threshold
    return EVEN + (1.0 - EVEN) * (score - threshold) / max(1.0 - threshold, 1e-9)


class SecondLooks(Versions[SecondLook]):
    """The versions of a detector; one of them looks."""

    def __init__(self, models_dir: Path, state_dir: Path, config: InferenceConfig) -> None:
        """Take what ``inference.detector`` says.

        Raises:
            PackageError: no detector is configured.
        """
        wanted = config.detector
        if wanted.model is None:
            raise PackageError("inference.detector.model is not set")
        super().__init__(
            models_dir, state_dir, wanted.model, runtime=config.runtime, variant=wanted.variant, threads=config.threads
        )
        self._config = wanted
        self._max_pixels = config.max_pixels

    def find(self, picture: bytes) -> List[Box]:
        """Return the boxes that the active version finds, see :meth:`SecondLook.find`."""
        return self.active.find(picture)

    def _try(self, package: ModelPackage, loaded: LoadedVariant, ref: ModelRef) -> SecondLook:
        detector = Detector(package, loaded.session)
        detector.detect(_blank(package.manifest.input.height, package.manifest.input.width))
        return SecondLook(detector, ref, self._config, max_pixels=self._max_pixels)


def _blank(height: int, width: int) -> "np.ndarray[Any, Any]":
    return np.zeros((height, width, 3), np.uint8)
