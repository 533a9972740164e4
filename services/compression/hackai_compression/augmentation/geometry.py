"""Where things are in the picture: one affine warp does crop, zoom-out, aspect, rotation and flip."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from hackai_compression.datasets.pictures import Picture
from hackai_compression.datasets.samples import Box


@dataclass(frozen=True)
class Window:
    """The part of the source that the view shows, in source pixels; it may reach beyond the picture."""

    centre_x: float
    centre_y: float
    width: float
    height: float
    degrees: float
    mirrored: bool


def whole(picture: Picture, size: int) -> Picture:
    """The whole picture, squeezed to (size, size, 3): what serving does."""
    shrinking = picture.shape[0] > size or picture.shape[1] > size
    how = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (size, size), interpolation=how), dtype=np.uint8)


def choose_window(
    shape: tuple[int, ...], boxes: tuple[Box, ...], min_crop: float, zoom_out: float, rng: Generator
) -> Window:
    """A random window; where boxes are known, the largest one stays at least half inside.

    A live camera sees a fire small before it sees it large: with the probability `zoom_out` the window is larger than
    the picture.
    """
    height, width = shape[:2]
    zoomed_out = rng.random() < zoom_out
    scale = rng.uniform(1.0, 1.8) if zoomed_out else math.sqrt(rng.uniform(min_crop, 1.0))
    aspect = math.exp(rng.uniform(-0.25, 0.25))
    w, h = width * scale * math.sqrt(aspect), height * scale / math.sqrt(aspect)
    slack_x, slack_y = abs(width - w) / 2, abs(height - h) / 2
    cx = width / 2 + rng.uniform(-slack_x, slack_x)
    cy = height / 2 + rng.uniform(-slack_y, slack_y)
    if boxes:
        box = max(boxes, key=lambda b: b.area)
        bx, by = (box.left + box.right) / 2 * width, (box.top + box.bottom) / 2 * height
        cx = min(max(cx, bx - w / 2), bx + w / 2)
        cy = min(max(cy, by - h / 2), by + h / 2)
    degrees = rng.normal(0, 6) if rng.random() < 0.5 else 0.0
    return Window(cx, cy, w, h, degrees, bool(rng.random() < 0.5))


def view(picture: Picture, window: Window, size: int, backdrop: Picture | None, rng: Generator) -> Picture:
    """(size, size, 3) uint8: what the window shows; beyond the picture's edge, the backdrop or a mirror image."""
    matrix = window_matrix(window, size)
    # Shrinking by a warp aliases; halving first keeps what INTER_AREA keeps in serving.
    source = picture
    while min(window.width, window.height) > 2.2 * size:
        source = np.asarray(cv2.resize(source, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        window = Window(
            window.centre_x / 2,
            window.centre_y / 2,
            window.width / 2,
            window.height / 2,
            window.degrees,
            window.mirrored,
        )
        matrix = window_matrix(window, size)
    if backdrop is not None:
        base = whole(backdrop, size)
        return np.asarray(
            cv2.warpAffine(
                source, matrix, (size, size), dst=base, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
            ),
            dtype=np.uint8,
        )
    mode = cv2.BORDER_REFLECT_101 if rng.random() < 0.6 else cv2.BORDER_CONSTANT
    fill = [int(v) for v in rng.integers(0, 200, 3)]
    return np.asarray(
        cv2.warpAffine(source, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=mode, borderValue=fill),
        dtype=np.uint8,
    )


def window_matrix(window: Window, size: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """(2, 3) affine map from pixels of the source to pixels of a (size, size) view."""
    sx = size / window.width * (-1 if window.mirrored else 1)
    sy = size / window.height
    angle = math.radians(window.degrees)
    c, s = math.cos(angle), math.sin(angle)
    linear = np.array([[c * sx, -s * sy], [s * sx, c * sy]])
    shift = np.array([size / 2, size / 2]) - linear @ np.array([window.centre_x, window.centre_y])
    return np.hstack([linear, shift[:, None]])
