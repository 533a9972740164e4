"""What one frame looks like, in the few figures by which a fault is recognised. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import simplejpeg
from av import VideoFrame
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
    """Return the look of a frame; None where the bytes are not a JPEG that decodes."""
    grey = _decode(jpeg)
    return None if grey is None else look_of(grey)


def look_of(grey: Grey) -> Look:
    """Return the look of a grey picture ``(H, W) uint8`` of any size."""
    small = _fitted(grey)
    plane = small.astype(np.float32)
    calm = blurred(plane, 0.8)  # without the noise of the sensor
    softer = blurred(plane, 1.6)
    soft = blurred(plane, 6.0)
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
        layout=_reduced(plane, 10),
        outlines=_outlines(softer),
    )


def similarity(one: Plane, other: Plane) -> float:
    """Return the correlation of two planes, -1 to 1; 0 where one of them is even."""
    a, b = one - one.mean(), other - other.mean()
    length = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / length if length > 1e-6 else 0.0


def difference(one: Grey, other: Grey) -> float:
    """Return the mean difference of two greys in grey levels."""
    return float(np.abs(one.astype(np.int16) - other).mean())


def blurred(plane: Plane, sigma: float) -> Plane:
    """Return a plane under a Gaussian of ``sigma`` pixels, cut off at 4 sigma; the border is mirrored."""
    radius = round(4 * sigma)
    away = np.arange(radius + 1, dtype=np.float32)
    weights = np.exp(-(away**2) / (2 * sigma**2))
    weights /= weights[0] + 2 * weights[1:].sum()
    for axis in (0, 1):
        length = plane.shape[axis]
        padding = [(radius, radius) if other == axis else (0, 0) for other in (0, 1)]
        wide = np.moveaxis(np.pad(plane, padding, mode="reflect"), axis, 0)
        total = weights[0] * wide[radius : radius + length]
        for distance in range(1, radius + 1):
            before, after = radius - distance, radius + distance
            total += weights[distance] * (wide[before : before + length] + wide[after : after + length])
        plane = np.moveaxis(total, 0, axis)
    return np.ascontiguousarray(plane)


def _decode(jpeg: bytes) -> Grey | None:
    structure = read_structure(jpeg)
    if structure is None:
        return None
    # JPEG decodes at 1/2, 1/4 or 1/8 for a fraction of the time: the smallest that is still as large as the look.
    factor = next((factor for factor in (8, 4, 2) if structure.width >= WIDTH * factor), 1)
    try:
        grey = simplejpeg.decode_jpeg(jpeg, colorspace="GRAY", min_width=-(-structure.width // factor), strict=False)
    except ValueError:
        return None
    return np.asarray(grey[:, :, 0], np.uint8)


def _fitted(grey: Grey) -> Grey:
    if grey.shape == (HEIGHT, WIDTH):
        return grey
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(grey), format="gray")
    fitted = frame.reformat(width=WIDTH, height=HEIGHT, interpolation="AREA", threads=1).to_ndarray()
    return fitted.astype(np.uint8, copy=False)


def _reduced(plane: Plane, factor: int) -> Plane:
    """Return the means of squares of ``factor`` pixels."""
    rows, columns = (side // factor for side in plane.shape)
    return np.asarray(plane.reshape(rows, factor, columns, factor).mean(axis=(1, 3)), np.float32)


def _contrast(plane: NDArray[Any]) -> Plane:
    cells = plane.reshape(CELLS[0], _CELL, CELLS[1], _CELL).swapaxes(1, 2)
    return np.asarray(cells.std(axis=(2, 3)), np.float32)


def _outlines(plane: Plane) -> Plane:
    """Return the strength of the edges (Sobel's operator, 3x3), reduced to a quarter."""
    wide = np.pad(plane, 1, mode="reflect")
    level = wide[:-2] + 2 * wide[1:-1] + wide[2:]
    upright = wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]
    across, down = level[:, 2:] - level[:, :-2], upright[2:] - upright[:-2]
    # Compressed, so that one bright edge does not speak for the whole picture.
    strength = np.log1p(np.sqrt(across * across + down * down) / 8.0)
    small = _reduced(strength, 4)
    return np.asarray(small - small.mean(), np.float32)
