"""One picture through the active model: decode, infer, localise. Runs on the engine's workers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, List, Optional

import numpy as np

from hackai_inference.localisation import heat_map, regions
from hackai_inference.registry import ActiveModel
from hackai_shared.messages import Box
from hackai_shared.serving.classifier import Classification
from hackai_shared.serving.preprocessing import load_for

HARMLESS = "no_fire"


@dataclass(frozen=True)
class Judgement:
    """What a model says of one picture; durations in milliseconds."""

    model: ActiveModel
    result: Classification
    decode_ms: float
    infer_ms: float

    def heat(self, label: str, *, width: int, height: int) -> Optional["np.ndarray[Any, Any]"]:
        """Return the heat-map of a label, see :func:`heat_map`."""
        return heat_map(
            self.result, self.model.classifier.classes, label, self.model.manifest.input, width=width, height=height
        )

    def boxes(self, label: str, *, width: int, height: int) -> List[Box]:
        """Return where the picture of ``width`` x ``height`` shows a label; none for the harmless one."""
        heat = None if label == HARMLESS else self.heat(label, width=width, height=height)
        return [] if heat is None else regions(heat, label, self.result.probabilities[label])


def judge(model: ActiveModel, picture: bytes, *, max_pixels: int) -> Judgement:
    """Judge the bytes of one picture.

    Raises:
        ImageError: not a picture, too large, truncated or damaged.
        SessionError: the runtime failed.
    """
    started = time.perf_counter()
    pixels = load_for(model.manifest.input, picture, max_pixels=max_pixels)
    decoded = time.perf_counter()
    result = model.classifier.classify([pixels])[0]
    inferred = time.perf_counter()
    return Judgement(model, result, 1000 * (decoded - started), 1000 * (inferred - decoded))
