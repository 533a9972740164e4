"""Light and colour as cameras see them: exposure, white balance, saturation, night."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from hackai_compression.datasets.pictures import Picture

# Grey pictures keep teaching shape and texture, but colour is the feature of fire: rarely.
GREY_PROBABILITY = 0.04


def relight(picture: Picture, rng: Generator) -> Picture:
    """Random exposure, contrast, gamma, white balance and saturation of (H, W, 3) uint8 RGB.

    Hue is left almost alone (±4 of 180): a blue flame teaches nothing about fires.
    """
    ramp = np.arange(256, dtype=np.float32) / 255.0
    gamma = float(np.exp(rng.normal(0, 0.25)))
    contrast = float(np.exp(rng.normal(0, 0.18)))
    brightness = float(rng.normal(0, 0.07))
    gains = np.exp(rng.normal(0, 0.08, 3)) if rng.random() < 0.7 else np.ones(3)
    curve = (ramp**gamma - 0.5) * contrast + 0.5 + brightness
    table = np.clip(curve[:, None] * gains[None, :] * 255.0, 0, 255).astype(np.uint8)
    out = cv2.LUT(picture, table.reshape(1, 256, 3))
    if rng.random() < GREY_PROBABILITY:
        return np.asarray(cv2.cvtColor(cv2.cvtColor(out, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), dtype=np.uint8)
    if rng.random() < 0.6:
        hsv = cv2.cvtColor(out, cv2.COLOR_RGB2HSV)
        shift = int(rng.integers(-4, 5))
        if shift:
            hsv[..., 0] = (hsv[..., 0].astype(np.int16) + shift) % 180
        hsv[..., 1] = cv2.convertScaleAbs(hsv[..., 1], alpha=float(np.exp(rng.normal(0, 0.25))))
        out = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    return np.asarray(out, dtype=np.uint8)


def nightfall(picture: Picture, rng: Generator) -> Picture:
    """The same scene in the dark: shadows fall first, bright things (lamps, flames) stay bright."""
    gamma = rng.uniform(1.5, 3.0)
    gain = rng.uniform(0.6, 1.0)
    ramp = (np.arange(256, dtype=np.float32) / 255.0) ** gamma * gain * 255.0
    return np.asarray(cv2.LUT(picture, np.clip(ramp, 0, 255).astype(np.uint8)), dtype=np.uint8)
