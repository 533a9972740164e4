"""Tints a picture where a heat-map is warm. Pure."""

from __future__ import annotations

from typing import Any, Tuple

import cv2
import numpy as np

HEAT_ALPHA = 0.62
# Activations below this part of the strongest stay invisible: they are everywhere and say nothing.
HEAT_FLOOR = 0.25


def glow(
    pixels: "np.ndarray[Any, Any]", heat: "np.ndarray[Any, Any]", colour: Tuple[int, int, int]
) -> "np.ndarray[Any, Any]":
    """Return the picture ``(H, W, 3) uint8`` tinted by a map ``(h, w)`` 0-1; it stays readable underneath."""
    height, width = pixels.shape[:2]
    fine = np.clip(cv2.resize(heat, (width, height), interpolation=cv2.INTER_CUBIC), 0.0, 1.0)
    alpha = HEAT_ALPHA * np.clip((fine - HEAT_FLOOR) / (1.0 - HEAT_FLOOR), 0.0, 1.0)[..., np.newaxis]
    tint = np.array(colour, np.float32)
    mixed: np.ndarray[Any, Any] = pixels * (1.0 - alpha) + tint * alpha + 0.5
    return mixed.astype(np.uint8)
