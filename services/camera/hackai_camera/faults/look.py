"""What one frame looks like, in the few figures by which a fault is recognised. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hackai_camera.jpeg import read_structure

# All frames are looked at in this size, whatever the camera delivers: figures of different cameras are comparable, and
# a look costs 2 ms. Proportions do not matter, because a camera is only ever compared with itself.
WIDTH, HEIGHT = 320, 180
CELLS = (9, 16)
_CELL = HEIGHT // CELLS[0]
# Share of the pixels, those with the most contrast, by which sharpness is measured.
SHAPES = 0.05
Grey = NDArray[np.uint8]
Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Look:
    """One frame; brightness in grey levels 0-255."""

    grey: Grey
    """``(180, 320) uint8``."""
    mean: float
    brightest: float
    """The 99.5th percentile: a small flame in a dark room is bright."""
    fineness: float
    """Energy of fine detail by energy of coarse detail: falls when the picture is out of focus, not when it is dim."""
    detail: Plane
    """``(9, 16) float32``: contrast within each cell, grey levels."""
    layout: Plane
    """``(18, 32) float32``: the coarse distribution of light."""
    outlines: Plane
    """``(45, 80) float32``: where the edges are, blurred a little; zero mean."""


def look_at(jpeg: bytes) -> Look | None:
    """Return the look of a frame; None where the bytes are not a picture that OpenCV decodes."""
    grey = _decode(jpeg)
    return None if grey is None else look_of(grey)


def look_of(grey: Grey) -> Look:
    """Return the look of a grey picture ``(H, W) uint8`` of any size."""
    small = np.asarray(cv2.resize(grey, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    plane = small.astype(np.float32)
    calm = cv2.GaussianBlur(plane, (0, 0), 0.8)  # without the noise of the sensor
    softer = cv2.GaussianBlur(plane, (0, 0), 1.6)
    soft = cv2.GaussianBlur(plane, (0, 0), 6.0)
    coarse = np.abs(softer - soft)
    # Only where there is something to be sharp: elsewhere the noise of the sensor would pass for fine detail.
    shapes = coarse >= np.quantile(coarse, 1 - SHAPES)
    fine = np.abs(calm - softer)[shapes].mean()
    return Look(
        grey=small,
        mean=float(plane.mean()),
        brightest=float(np.percentile(small, 99.5)),
        fineness=float(fine / (coarse[shapes].mean() + 0.5)),
        detail=_contrast(calm),
        layout=np.asarray(cv2.resize(plane, (32, 18), interpolation=cv2.INTER_AREA), np.float32),
        outlines=_outlines(softer),
    )


def similarity(one: Plane, other: Plane) -> float:
    """Return the correlation of two planes, -1 to 1; 0 where one of them is even."""
    a, b = one - one.mean(), other - other.mean()
    length = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / length if length > 1e-6 else 0.0


def difference(one: Grey, other: Grey) -> float:
    """Return the mean difference of two greys in grey levels."""
    return float(cv2.absdiff(one, other).mean())


def _decode(jpeg: bytes) -> Grey | None:
    structure = read_structure(jpeg)
    if structure is None:
        return None
    # JPEG decodes at 1/2, 1/4 or 1/8 for a fraction of the time: the smallest that is still as large as the look.
    flag = cv2.IMREAD_GRAYSCALE
    for factor, reduced in (
        (8, cv2.IMREAD_REDUCED_GRAYSCALE_8),
        (4, cv2.IMREAD_REDUCED_GRAYSCALE_4),
        (2, cv2.IMREAD_REDUCED_GRAYSCALE_2),
    ):
        if structure.width >= WIDTH * factor:
            flag = reduced
            break
    decoded: Any = cv2.imdecode(np.frombuffer(jpeg, np.uint8), flag)
    return None if decoded is None else np.asarray(decoded, np.uint8)


def _contrast(plane: NDArray[Any]) -> Plane:
    cells = plane.reshape(CELLS[0], _CELL, CELLS[1], _CELL).swapaxes(1, 2)
    return np.asarray(cells.std(axis=(2, 3)), np.float32)


def _outlines(plane: NDArray[Any]) -> Plane:
    across = cv2.Sobel(plane, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(plane, cv2.CV_32F, 0, 1)
    # Compressed, so that one bright edge does not speak for the whole picture.
    strength = np.log1p(cv2.magnitude(across, down) / 8.0)
    small = cv2.resize(strength, (80, 45), interpolation=cv2.INTER_AREA)
    return np.asarray(small - small.mean(), np.float32)
