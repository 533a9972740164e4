"""Flames, smoke and harmless patches pasted into other places: breaks the tie of class and source."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from hackai_compression.datasets.pictures import Picture


@dataclass(frozen=True)
class Pasted:
    """The composed view and which part of its side the patch takes (0-1)."""

    picture: Picture
    extent: float


def paste(background: Picture, patch: Picture, rng: Generator, *, glowing: bool) -> Pasted:
    """The patch, feathered, at a random place and size (10-70 % of the side) of the square background.

    `glowing` patches (flames) mostly add light, as fire does in front of anything; others cover.
    The same feathering is used for harmless patches, so that a seam says nothing.
    """
    size = background.shape[0]
    extent = float(np.exp(rng.uniform(np.log(0.10), np.log(0.70))))
    longest = max(8, int(size * extent))
    ratio = longest / max(patch.shape[:2])
    w, h = max(4, int(patch.shape[1] * ratio)), max(4, int(patch.shape[0] * ratio))
    how = cv2.INTER_AREA if ratio < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(patch, (w, h), interpolation=how)
    if rng.random() < 0.5:
        scaled = scaled[:, ::-1]
    x, y = int(rng.integers(0, size - w + 1)), int(rng.integers(0, size - h + 1))
    place = background[y : y + h, x : x + w].astype(np.float32)
    light = scaled.astype(np.float32)
    mask = _feather(h, w)
    if glowing and rng.random() < 0.6:
        # Screen blend: dark parts of the patch (its old background) vanish, flames keep their light.
        lit = np.maximum(light - rng.uniform(0, 60), 0) * (255.0 / 225.0)
        mixed = 255.0 - (255.0 - place) * (255.0 - np.minimum(lit, 255.0)) / 255.0
    else:
        mixed = light
    out = background.copy()
    out[y : y + h, x : x + w] = np.clip(place + mask * (mixed - place), 0, 255).astype(np.uint8)
    return Pasted(out, extent)


def cut_box(picture: Picture, box: tuple[float, float, float, float], margin: float) -> Picture:
    """The part of the picture in `box` (left, top, right, bottom; fractions), widened by `margin` of its size."""
    height, width = picture.shape[:2]
    left, top, right, bottom = box
    dx, dy = (right - left) * margin, (bottom - top) * margin
    x0, x1 = int(max(0.0, left - dx) * width), int(np.ceil(min(1.0, right + dx) * width))
    y0, y1 = int(max(0.0, top - dy) * height), int(np.ceil(min(1.0, bottom + dy) * height))
    return picture[y0 : max(y1, y0 + 2), x0 : max(x1, x0 + 2)]


def _feather(height: int, width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    y = np.abs(np.linspace(-1, 1, height, dtype=np.float32))[:, None]
    x = np.abs(np.linspace(-1, 1, width, dtype=np.float32))[None, :]
    # A super-ellipse: flat in the middle, soft towards the corners.
    return np.asarray(np.clip((1.0 - (x**4 + y**4)) * 2.5, 0, 1)[..., None], dtype=np.float32)
