"""One picture through the active model: decode, infer, localise. Runs on the engine's workers."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, List, Mapping, Optional, Sequence

import cv2
import numpy as np

from hackai_inference.models.localization import activation, heat_map, regions, without_borders
from hackai_inference.models.registry import ActiveModel
from hackai_shared.messages import Box, ModelRef
from hackai_shared.serving.classifier import Classification
from hackai_shared.serving.preprocessing import LETTERBOX_GREY, load_for

FIRE = "fire"
START_FIRE = "start_fire"
HARMLESS = "no_fire"


def named(judges: Sequence[ModelRef]) -> str:
    """Return the names of models that judge one after another, as budgets are declared for them."""
    return " + ".join(f"{ref.name}/{ref.version}" for ref in judges)


@dataclass(frozen=True)
class Judgement:
    """What a model says of one picture; durations in milliseconds."""

    model: ActiveModel
    result: Classification
    decode_ms: float
    infer_ms: float
    pixels: "np.ndarray[Any, Any]"
    """What the model saw: ``(height, width, 3) uint8 RGB`` of its input."""
    first: Optional[ModelRef] = None
    """The model that was asked first, where this is a second opinion."""

    @property
    def judges(self) -> str:
        """The models that a budget was measured with: ``fire-classifier/1``, or two of them joined by `` + ``."""
        return named([self.model.ref] if self.first is None else [self.first, self.model.ref])

    @property
    def suspicion(self) -> float:
        """The probability of fire and starting fire together."""
        return sum(self.result.probabilities.get(label, 0.0) for label in (FIRE, START_FIRE))

    def grey(self, *, width: int, height: int) -> "np.ndarray[Any, Any]":
        """Return the brightness ``(h, w) uint8`` of what the model saw of a picture of ``width`` x ``height``."""
        return without_borders(
            cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY), self.model.manifest.input, width=width, height=height
        )

    def activation(self, labels: Mapping[str, float], *, width: int, height: int) -> Optional["np.ndarray[Any, Any]"]:
        """Return where the picture speaks for labels, see :func:`hackai_inference.models.localization.activation`."""
        return activation(
            self.result, self.model.classifier.classes, labels, self.model.manifest.input, width=width, height=height
        )

    def heat(self, label: str, *, width: int, height: int) -> Optional["np.ndarray[Any, Any]"]:
        """Return the heat-map of a label, see :func:`heat_map`."""
        return heat_map(
            self.result, self.model.classifier.classes, label, self.model.manifest.input, width=width, height=height
        )

    def boxes(self, label: str, *, width: int, height: int) -> List[Box]:
        """Return where the picture of ``width`` x ``height`` shows a label; none for the harmless one."""
        heat = None if label == HARMLESS else self.heat(label, width=width, height=height)
        return [] if heat is None else regions(heat, label, self.result.probabilities[label])


def judge(
    model: ActiveModel, picture: bytes, *, max_pixels: int, hidden: Optional["np.ndarray[Any, Any]"] = None
) -> Judgement:
    """Judge the bytes of one picture; the model does not see the pixels of its input that are ``hidden`` (h, w) bool.

    Raises:
        ImageError: not a picture, too large, truncated or damaged.
        SessionError: the runtime failed.
    """
    started = time.perf_counter()
    pixels = load_for(model.manifest.input, picture, max_pixels=max_pixels)
    if hidden is not None:
        pixels[hidden] = LETTERBOX_GREY
    decoded = time.perf_counter()
    result = model.classifier.classify([pixels])[0]
    inferred = time.perf_counter()
    return Judgement(model, result, 1000 * (decoded - started), 1000 * (inferred - decoded), pixels)


def judge_again(
    first: Judgement,
    model: ActiveModel,
    picture: bytes,
    *,
    max_pixels: int,
    hidden: Optional["np.ndarray[Any, Any]"] = None,
) -> Judgement:
    """Return what another model says of a picture; a picture that it sees in the same size is not decoded again.

    Raises:
        ImageError, SessionError: as for :func:`judge`.
    """
    if model.manifest.input.view != first.model.manifest.input.view:
        second = judge(model, picture, max_pixels=max_pixels, hidden=hidden)
    else:
        started = time.perf_counter()
        result = model.classifier.classify([first.pixels])[0]
        second = Judgement(model, result, 0.0, 1000 * (time.perf_counter() - started), first.pixels)
    return replace(
        second,
        decode_ms=first.decode_ms + second.decode_ms,
        infer_ms=first.infer_ms + second.infer_ms,
        first=first.model.ref,
    )
