"""Flames, sparks and smoke as functions of time."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from hackai_standalone.clip.turbulence import Field, fractal_noise, scrolled

Picture = NDArray[np.float32]

# Colour by intensity, RGB 0-1: soot red, orange, yellow, nearly white in the core (blackbody, 1000-2200 K).
_PALETTE_AT = np.array([0.0, 0.12, 0.3, 0.55, 0.8, 1.0], np.float32)
_PALETTE = np.array(
    [[0, 0, 0], [0.35, 0.05, 0.01], [0.85, 0.24, 0.03], [1.0, 0.55, 0.1], [1.0, 0.84, 0.36], [1.0, 0.97, 0.82]],
    np.float32,
)


class Fire:
    """A fire at a fixed place of the picture that grows."""

    def __init__(self, height: int, width: int, *, base: tuple[int, int], seed: int) -> None:
        """``base`` is the (x, y) in pixels where the flames stand."""
        rng = np.random.default_rng(seed)
        self._shape = (height, width)
        self._base = base
        self._bend = fractal_noise(rng, height, width, cells=5, octaves=3)
        self._tongues = fractal_noise(rng, height, width, cells=9, octaves=5)
        self._fine = fractal_noise(rng, height, width, cells=24, octaves=3)
        self._billows = fractal_noise(rng, height, width, cells=4, octaves=5)
        self._sparks = rng.random((60, 4))
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        self._x = columns - base[0]
        self._y = base[1] - rows

    def intensity(self, seconds: float, size: float) -> Field:
        """Return ``(H, W) float32`` in 0-1 of a fire of ``size`` pixels height at a time."""
        reach = size * (1.0 + 0.08 * np.sin(seconds * 9.1) + 0.05 * np.sin(seconds * 15.7))
        up = self._y / reach
        speed = 260.0
        bend = scrolled(self._bend, seconds * speed * 0.7) - 0.5
        across = (self._x / (reach * 0.42)) + bend * np.clip(up, 0, 1.2) * 2.0
        tongues = scrolled(self._tongues, seconds * speed)
        fine = scrolled(self._fine, seconds * speed * 1.4, seconds * 12)
        # Wide and solid at the foot, torn into tongues towards the top.
        body = 1.0 - np.abs(across) ** 1.6 / np.maximum(0.04, 1.05 - 0.8 * up)
        torn = 1.9 * (tongues - 0.5) + 0.8 * (fine - 0.5)
        value = body * 1.15 - 0.95 * np.clip(up, 0, None) + torn * np.clip(0.25 + up, 0, 1)
        value[self._y < 0] -= np.abs(self._y[self._y < 0] / reach) * 9.0
        return np.asarray(np.clip(value, 0, 1), np.float32)

    def smoke(self, seconds: float, size: float) -> Field:
        """Return the opacity ``(H, W) float32`` in 0-1 of the smoke above a fire."""
        up = np.clip((self._y - size * 0.55) / (size * 2.4), -1, 2)
        drift = 0.35 * np.clip(up, 0, None) * size
        width = size * (0.34 + 0.75 * np.clip(up, 0, None))
        column = np.exp(-(((self._x - drift) / width) ** 2)) * np.clip(up * 3.0, 0, 1) * np.clip(1.5 - up * 0.8, 0, 1)
        curls = scrolled(self._billows, seconds * 80.0, seconds * 10.0)
        return np.asarray(np.clip(column * (curls * 1.7 - 0.35), 0, 0.85), np.float32)

    def sparks(self, seconds: float, size: float) -> Field:
        """Return glowing particles ``(H, W) float32`` in 0-1 that rise from the fire."""
        layer = np.zeros(self._shape, np.float32)
        for phase, side, pace, brightness in self._sparks[: int(size / 4)]:
            life = (seconds * (0.4 + 0.5 * pace) + phase) % 1.0
            x = self._base[0] + (side - 0.5) * size * 0.7 + np.sin(life * 9 + phase * 20) * size * 0.12
            y = self._base[1] - size * (0.3 + 1.5 * life)
            cv2.circle(layer, (int(x), int(y)), 1, float((1 - life) * brightness), -1, cv2.LINE_AA)
        return layer


def flame_colour(intensity: Field) -> Picture:
    """Return the light ``(H, W, 3) float32`` RGB of a flame of the given intensity."""
    channels = [np.interp(intensity, _PALETTE_AT, _PALETTE[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def burn(picture: Picture, fire: Fire, seconds: float, size: float) -> Picture:
    """Return a scene ``(H, W, 3) float32`` RGB 0-1 with a fire of ``size`` pixels in it, and its light on the scene."""
    if size < 2:
        return picture
    intensity = fire.intensity(seconds, size)
    light = flame_colour(intensity)
    height, width = intensity.shape
    small = cv2.resize(light, (width // 8, height // 8), interpolation=cv2.INTER_AREA)
    near = cv2.resize(cv2.GaussianBlur(small, (0, 0), size / 22), (width, height), interpolation=cv2.INTER_LINEAR)
    far = cv2.resize(cv2.GaussianBlur(small, (0, 0), size / 5), (width, height), interpolation=cv2.INTER_LINEAR)
    lit = picture * (1.0 + 3.2 * far) + 0.32 * near
    smoke = fire.smoke(seconds, size)[..., np.newaxis]
    lit = lit * (1 - smoke) + (0.16 + 0.55 * far) * smoke
    opacity = np.clip(intensity * 2.6, 0, 1)[..., np.newaxis]
    lit = lit * (1 - opacity) + light * opacity
    glowing = fire.sparks(seconds, size)[..., np.newaxis] * np.array([1.0, 0.6, 0.2], np.float32)
    return np.asarray(lit + glowing, np.float32)
