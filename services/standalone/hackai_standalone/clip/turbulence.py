"""Tileable fractal noise: what makes a flame flicker and smoke curl."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def fractal_noise(rng: np.random.Generator, height: int, width: int, *, cells: int, octaves: int = 5) -> Field:
    """Return ``(height, width) float32`` noise in 0-1 that repeats seamlessly in both directions.

    Sum of octaves of value noise on a lattice of ``cells`` cells across the width, each octave twice as fine and half
    as strong (fractional Brownian motion; Perlin 1985, Musgrave 1993).
    """
    total = np.zeros((height, width), np.float32)
    strength, weight = 1.0, 0.0
    for octave in range(octaves):
        columns = cells * 2**octave
        rows = max(2, round(columns * height / width))
        lattice = rng.random((rows, columns), dtype=np.float32)
        wrapped = np.pad(lattice, 2, mode="wrap")
        fine = cv2.resize(
            wrapped,
            (round(width * (columns + 4) / columns), round(height * (rows + 4) / rows)),
            interpolation=cv2.INTER_CUBIC,
        )
        top, left = round(2 * height / rows), round(2 * width / columns)
        total += strength * fine[top : top + height, left : left + width]
        weight += strength
        strength /= 2
    total /= weight
    low, high = float(total.min()), float(total.max())
    return ((total - low) / (high - low)).astype(np.float32)


def scrolled(noise: Field, rows: float, columns: float = 0.0) -> Field:
    """Return the noise moved up by ``rows`` and left by ``columns`` pixels, wrapped around."""
    return np.roll(noise, (-round(rows), -round(columns)), axis=(0, 1))
