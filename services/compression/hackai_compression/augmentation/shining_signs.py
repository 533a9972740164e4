"""Made-up shining signs at night: boards with lettering, rows of bulbs around them, stars, arrows.

The hardest harmless thing at night: red and yellow, brighter than all around, flickering.
"""

from __future__ import annotations

import string

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from hackai_compression.datasets.pictures import Picture

Canvas = npt.NDArray[np.float32]
Points = npt.NDArray[np.int32]

_FONTS = (cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)


def shining_sign(size: int, rng: Generator) -> Picture:
    """(size, size, 3) uint8 RGB: one to three signs before a night sky, seen at a slant, with a lens's halo."""
    layer = np.zeros((size, size, 3), np.uint8)
    for _ in range(int(rng.choice([1, 1, 2, 3]))):
        _draw_sign(layer, rng)
    layer = _slanted(layer, rng)
    lights = layer.astype(np.float32)
    halo = cv2.GaussianBlur(lights, (0, 0), size * float(rng.uniform(0.008, 0.05)))
    lights = np.asarray(lights * float(rng.uniform(0.7, 1.4)) + halo * float(rng.uniform(0.2, 1.5)), dtype=np.float32)
    sky = np.linspace(0, 1, size, dtype=np.float32)[:, None, None] * rng.uniform(0, 60, 3) + rng.uniform(0, 25, 3)
    return np.asarray(np.clip(sky + lights, 0, 255), dtype=np.uint8)


def sign_colour(rng: Generator) -> tuple[int, int, int]:
    """A lamp's colour: red, orange, yellow and warm white mostly."""
    kind = rng.random()
    if kind < 0.7:
        hue, saturation = int(rng.integers(0, 32)), int(rng.integers(130, 256))
    elif kind < 0.85:
        hue, saturation = int(rng.integers(10, 30)), int(rng.integers(0, 90))
    else:
        hue, saturation = int(rng.integers(0, 180)), int(rng.integers(120, 256))
    pixel = np.array([[[hue, saturation, int(rng.integers(150, 256))]]], np.uint8)
    r, g, b = (int(v) for v in cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0])
    return r, g, b


def _draw_sign(layer: Picture, rng: Generator) -> None:
    size = layer.shape[0]
    centre = rng.uniform(0.2, 0.8, 2) * size
    half = np.array([rng.uniform(0.12, 0.5), rng.uniform(0.08, 0.4)]) * size
    outline = _outline(centre, half, rng)
    if rng.random() < 0.75:
        board = tuple(int(v * float(rng.uniform(0.1, 1.0))) for v in sign_colour(rng))
        cv2.fillPoly(layer, [outline], board, cv2.LINE_AA)
    if rng.random() < 0.6:
        width = int(rng.integers(1, max(2, size // 40)))
        cv2.polylines(layer, [outline], True, sign_colour(rng), width, cv2.LINE_AA)
    if rng.random() < 0.7:
        _bulbs_along(layer, outline, rng)
    for line in range(int(rng.integers(0, 4))):
        _lettering(layer, centre + np.array([0, (line - 1) * half[1] * 0.55]), half, rng)
    if rng.random() < 0.4:
        _star(layer, centre + rng.uniform(-1.2, 1.2, 2) * half, float(half.min()) * float(rng.uniform(0.3, 0.9)), rng)


def _outline(centre: npt.NDArray[np.float64], half: npt.NDArray[np.float64], rng: Generator) -> Points:
    """Rectangle, diamond, ellipse or arrow around a centre."""
    shape = int(rng.integers(0, 4))
    if shape == 0:
        unit = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float)
    elif shape == 1:
        unit = np.array([[-1, 0], [-0.4, -0.8], [0.4, -0.8], [1, 0], [0.4, 0.8], [-0.4, 0.8]])
    elif shape == 2:
        angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        unit = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    else:
        unit = np.array([[-1, -0.5], [0.3, -0.5], [0.3, -1], [1, 0], [0.3, 1], [0.3, 0.5], [-1, 0.5]])
    return np.asarray(np.round(centre + unit * half), dtype=np.int32)


def _bulbs_along(layer: Picture, outline: Points, rng: Generator) -> None:
    radius = max(1, round(layer.shape[0] * float(rng.uniform(0.004, 0.014))))
    colours = (sign_colour(rng), sign_colour(rng))
    number = 0
    for start, end in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        count = max(1, int(np.linalg.norm(end - start) / (radius * float(rng.uniform(3, 5)))))
        for t in np.arange(count) / count:
            number += 1
            if rng.random() < 0.85:
                x, y = start + (end - start) * t
                cv2.circle(layer, (int(x), int(y)), radius, colours[number % 2], -1, cv2.LINE_AA)


def _lettering(layer: Picture, where: npt.NDArray[np.float64], half: npt.NDArray[np.float64], rng: Generator) -> None:
    text = "".join(string.ascii_letters[i] for i in rng.integers(0, 52, int(rng.integers(3, 11))))
    font = _FONTS[int(rng.integers(0, len(_FONTS)))]
    (width, height), _ = cv2.getTextSize(text, font, 1.0, 1)
    scale = float(min(1.7 * half[0] / width, 0.6 * half[1] / height))
    thickness = max(1, int(scale * float(rng.uniform(1.0, 4.0))))
    corner = (int(where[0] - width * scale / 2), int(where[1] + height * scale / 2))
    cv2.putText(layer, text, corner, font, scale, sign_colour(rng), thickness, cv2.LINE_AA)


def _star(layer: Picture, where: npt.NDArray[np.float64], radius: float, rng: Generator) -> None:
    """Points or single rays around a centre."""
    rays = int(rng.integers(4, 10))
    angles = np.arange(2 * rays) * np.pi / rays + float(rng.uniform(0, np.pi))
    lengths = np.where(np.arange(2 * rays) % 2 == 0, radius, radius * float(rng.uniform(0.15, 0.5)))
    tips = np.round(where + np.stack([np.cos(angles), np.sin(angles)], axis=1) * lengths[:, None]).astype(np.int32)
    colour = sign_colour(rng)
    if rng.random() < 0.5:
        cv2.fillPoly(layer, [tips], colour, cv2.LINE_AA)
    else:
        for tip in tips[::2]:
            cv2.line(layer, (int(where[0]), int(where[1])), (int(tip[0]), int(tip[1])), colour, 1, cv2.LINE_AA)


def _slanted(layer: Picture, rng: Generator) -> Picture:
    size = layer.shape[0]
    corners = np.array([[0, 0], [size, 0], [size, size], [0, size]], np.float32)
    moved = corners + rng.uniform(-0.15, 0.15, (4, 2)).astype(np.float32) * size
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return np.asarray(cv2.warpPerspective(layer, matrix, (size, size), flags=cv2.INTER_LINEAR), dtype=np.uint8)
