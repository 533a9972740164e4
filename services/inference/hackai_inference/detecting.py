"""The second look: a detector package that finds boxes in the pictures that the cascade gives it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List

import numpy as np
import structlog

from hackai_inference.judging import FIRE, START_FIRE
from hackai_inference.runtimes import DEFAULT_STATE_DIR, open_session
from hackai_shared.config.detection import DetectorConfig
from hackai_shared.messages import Box, ModelRef
from hackai_shared.serving.decoding import decode_image
from hackai_shared.serving.detector import DetectedBox, Detector
from hackai_shared.serving.package import PackageError, open_package
from hackai_shared.serving.session import SessionError

log = structlog.get_logger(__name__)

# What detectors call the two things that we look for.
LABELS = {"fire": FIRE, "flame": FIRE, "smoke": START_FIRE, "start_fire": START_FIRE}
# A box at its detector's own threshold is as good as an even chance; scores of detectors are no probabilities.
EVEN = 0.5


class SecondLook:
    """A loaded detector; safe to call from several threads."""

    def __init__(self, detector: Detector, ref: ModelRef, config: DetectorConfig, *, max_pixels: int) -> None:
        self.ref = ref
        self.detector = detector
        self._max_pixels = max_pixels
        self._minimum = {
            label: least if config.min_score is None else config.min_score
            for label, least in detector.minimum.items()
            if label in LABELS
        }
        if not self._minimum:
            raise PackageError(f"{ref.name} knows {detector.classes}, none of {sorted(LABELS)}")

    def find(self, picture: bytes) -> List[Box]:
        """Return the boxes of a picture, best first; an even chance (0.5) is a box at its class's threshold.

        Raises:
            ImageError: not a picture.
            SessionError: the runtime failed.
        """
        spec = self.detector.package.manifest.input
        pixels = decode_image(picture, fit_height=spec.height, fit_width=spec.width, max_pixels=self._max_pixels)
        found = self.detector.detect(pixels, min_score=min(self._minimum.values()))
        return [self._box(box) for box in found if box.score >= self._minimum.get(box.label, 2.0)]

    def _box(self, found: DetectedBox) -> Box:
        score = even_at(self._minimum[found.label], found.score)
        return Box(
            x1=found.x0,
            y1=found.y0,
            x2=found.x1,
            y2=found.y1,
            label=LABELS[found.label],
            score=score,
            source="detector",
        )


def even_at(threshold: float, score: float) -> float:
    """Return a score (0-1) bent so that ``threshold`` becomes an even chance, 0 stays 0 and 1 stays 1."""
    if score < threshold:
        return EVEN * score / threshold
    return EVEN + (1.0 - EVEN) * (score - threshold) / max(1.0 - threshold, 1e-9)


def load_second_look(
    models_dir: Path,
    config: DetectorConfig,
    *,
    runtime: str,
    threads: int,
    max_pixels: int,
    state_dir: Path = DEFAULT_STATE_DIR,
) -> SecondLook:
    """Verify, load and try the highest version of the configured detector that works.

    Raises:
        PackageError: none is configured, or no version can be used; the message gives the reason for each.
        RuntimeUnavailable: the runtime cannot be used here.
    """
    if config.model is None:
        raise PackageError("inference.detector.model is not set")
    reasons = []
    for folder in _versions(models_dir / config.model):
        try:
            package = open_package(folder)
            loaded = open_session(package, runtime, config.variant, threads, state_dir)
            detector = Detector(package, loaded.session)
            detector.detect(_blank(package.manifest.input.height, package.manifest.input.width))
            ref = ModelRef(name=package.manifest.name, version=package.manifest.version, variant=loaded.variant)
            return SecondLook(detector, ref, config, max_pixels=max_pixels)
        except (PackageError, SessionError) as error:
            log.error("detector package cannot be used", folder=str(folder), error=str(error))
            reasons.append(f"version {folder.name}: {error}")
    found = "; ".join(reasons) or f"no folder {models_dir / config.model}/<version>"
    raise PackageError(f"no usable version of {config.model}: {found}")


def _versions(parent: Path) -> List[Path]:
    if not parent.is_dir():
        return []
    return sorted((child for child in parent.iterdir() if child.name.isdecimal()), key=lambda child: -int(child.name))


def _blank(height: int, width: int) -> "np.ndarray[Any, Any]":
    return np.zeros((height, width, 3), np.uint8)
