"""The answer of ``POST /v1/predict?model=<a detector>``: boxes, with the labels and scores of the package itself."""

from __future__ import annotations

import time
from typing import Any, Dict, List

from pydantic import Field

from hackai_inference.http.prediction import Answer, ImageSize, ModelUsed, Region, Timings
from hackai_inference.models.detectors import SecondLook
from hackai_shared.serving.decoding import decode_image, probe_image


class LabelledRegion(Region):
    """A rectangle with what it shows."""

    label: str


class Detection(Answer):
    """What a detector finds in one picture."""

    boxes: List[LabelledRegion] = Field(description="best first; those at or above the thresholds of the package")
    model: ModelUsed
    image: ImageSize
    timings_ms: Timings


class Detections(Answer):
    """The answer to several files, in their order."""

    detections: List[Detection]


def detect(look: SecondLook, picture: bytes, *, max_pixels: int, received: float) -> Dict[str, Any]:
    """Look for boxes in one picture; return a :class:`Detection` as plain data.

    ``received`` is when the request arrived, on ``time.perf_counter``.

    Raises:
        ImageError: not a picture, too large, truncated or damaged.
        SessionError: the runtime failed.
    """
    spec = look.detector.package.manifest.input
    started = time.perf_counter()
    pixels = decode_image(picture, fit_height=spec.height, fit_width=spec.width, max_pixels=max_pixels)
    decoded = time.perf_counter()
    found = look.detector.detect(pixels)
    done = time.perf_counter()
    info = probe_image(picture, max_pixels=max_pixels)
    return {
        "boxes": [
            {"x1": box.x0, "y1": box.y0, "x2": box.x1, "y2": box.y1, "label": box.label, "score": box.score}
            for box in found
        ],
        "model": {"name": look.ref.name, "version": look.ref.version, "variant": look.ref.variant},
        "image": {"width": info.width, "height": info.height},
        "timings_ms": {
            "decode": 1000 * (decoded - started),
            "infer": 1000 * (done - decoded),
            "total": 1000 * (done - received),
        },
    }
