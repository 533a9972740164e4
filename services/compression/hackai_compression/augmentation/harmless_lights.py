"""Made-up scenes without fire that look like it: neon, lamps, brake lights, sunsets, red things.

The public sets hold few coloured lights at night, so a classifier that is trained on them alone
takes a neon sign for a fire. These scenes are drawn from scratch, no picture is needed.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from hackai_compression.augmentation.shining_signs import shining_sign
from hackai_compression.datasets.pictures import Picture

Canvas = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)


def harmless_scene(size: int, rng: Generator) -> Picture:
    """(size, size, 3) uint8 RGB: one of the scenes below, chosen at random; signs most often."""
    if rng.random() < 0.35:
        return shining_sign(size, rng)
    scene = (_neon, _bulbs, _traffic, _lamp, _sunset, _sunset, _objects, _flat)[int(rng.integers(0, 8))]
    return _to_picture(scene(size, rng))


def add_lights(picture: Picture, rng: Generator) -> Picture:
    """Lamps, neon and bulbs shining in the picture; (H, H, 3) uint8 RGB in and out."""
    size = picture.shape[0]
    draw = (_draw_neon, _draw_bulbs, _draw_discs)[int(rng.integers(0, 3))]
    lights = _shining(size, rng, draw)
    base = picture.astype(np.float32) * float(rng.uniform(0.3, 1.0))
    return _to_picture(255.0 - (255.0 - base) * (255.0 - np.clip(lights, 0, 255)) / 255.0)


def _colour(rng: Generator) -> tuple[float, float, float]:
    """A saturated light, warm ones more often: red, orange, yellow, pink, then the rest."""
    hue = int(rng.integers(0, 30)) if rng.random() < 0.65 else int(rng.integers(0, 180))
    pixel = np.array([[[hue, int(rng.integers(140, 256)), 255]]], np.uint8)
    r, g, b = cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0]
    return float(r), float(g), float(b)


def _night(size: int, rng: Generator) -> Canvas:
    top, bottom = rng.uniform(0, 40, 3), rng.uniform(0, 70, 3)
    ramp = np.linspace(0, 1, size, dtype=np.float32)[:, None, None]
    return np.ascontiguousarray(np.broadcast_to(top + (bottom - top) * ramp, (size, size, 3)), dtype=np.float32)


def _shining(size: int, rng: Generator, draw: Callable[[Picture, Generator], None]) -> Canvas:
    """What `draw` draws on black, with the halo that a lens adds."""
    layer = np.zeros((size, size, 3), np.uint8)
    draw(layer, rng)
    lights = layer.astype(np.float32)
    halo = cv2.GaussianBlur(lights, (0, 0), size * float(rng.uniform(0.01, 0.06)))
    lights += halo * float(rng.uniform(0.5, 2.0))
    # A camera saturates in the middle of a lamp: the core turns white or yellow.
    if rng.random() < 0.5:
        lights += np.maximum(lights - 230, 0).sum(axis=2, keepdims=True) * 0.3
    return lights


def _draw_neon(lights: Picture, rng: Generator) -> None:
    size = lights.shape[0]
    for _ in range(int(rng.integers(1, 5))):
        colour, thickness = _colour(rng), int(rng.integers(1, max(2, size // 50)))
        if rng.random() < 0.6:
            letters = list(string.ascii_letters + string.digits)
            text = "".join(letters[i] for i in rng.integers(0, len(letters), int(rng.integers(2, 9))))
            where = (int(rng.integers(-size // 8, size // 2)), int(rng.integers(size // 6, size)))
            font = _FONTS[int(rng.integers(0, len(_FONTS)))]
            cv2.putText(
                lights, text, where, font, size / 160 * float(rng.uniform(0.6, 2.5)), colour, thickness, cv2.LINE_AA
            )
        else:
            centre = (int(rng.integers(0, size)), int(rng.integers(0, size)))
            axes = (int(rng.integers(size // 12, size // 2)), int(rng.integers(size // 12, size // 2)))
            start = int(rng.integers(0, 360))
            cv2.ellipse(
                lights,
                centre,
                axes,
                float(rng.uniform(0, 180)),
                start,
                start + int(rng.integers(90, 361)),
                colour,
                thickness,
                cv2.LINE_AA,
            )


def _draw_bulbs(lights: Picture, rng: Generator) -> None:
    """Rows of bulbs, as on a marquee or a chain of lights; some are off."""
    size = lights.shape[0]
    for _ in range(int(rng.integers(1, 4))):
        colour, count = _colour(rng), int(rng.integers(5, 25))
        start, end = rng.uniform(0, size, 2), rng.uniform(0, size, 2)
        sag = rng.uniform(-size * 0.2, size * 0.2)
        radius = max(1, int(rng.uniform(0.006, 0.02) * size))
        for t in np.linspace(0, 1, count):
            if rng.random() < 0.8:
                x, y = start + (end - start) * t
                cv2.circle(lights, (int(x), int(y + sag * 4 * t * (1 - t))), radius, colour, -1, cv2.LINE_AA)


def _draw_discs(lights: Picture, rng: Generator) -> None:
    """Headlights, brake lights, traffic lights, street lamps; out of focus ones as pale discs."""
    size = lights.shape[0]
    for _ in range(int(rng.integers(1, 14))):
        colour, radius = _colour(rng), int(max(1, size * float(np.exp(rng.uniform(np.log(0.008), np.log(0.09))))))
        x, y = int(rng.integers(0, size)), int(rng.integers(0, size))
        cv2.circle(lights, (x, y), radius, colour, -1, cv2.LINE_AA)
        if rng.random() < 0.4:
            cv2.circle(lights, (x + int(rng.uniform(2, 6) * radius), y), radius, colour, -1, cv2.LINE_AA)


def _neon(size: int, rng: Generator) -> Canvas:
    canvas = _night(size, rng)
    if rng.random() < 0.5:
        # The board behind the letters, lit by them.
        x0, y0 = (int(v) for v in rng.integers(0, size // 2, 2))
        x1, y1 = x0 + int(rng.integers(size // 5, size)), y0 + int(rng.integers(size // 8, size))
        board = tuple(float(v) * float(rng.uniform(0.2, 1.0)) for v in _colour(rng))
        if rng.random() < 0.5:
            cv2.rectangle(canvas, (x0, y0), (x1, y1), board, -1)
        else:
            cv2.ellipse(
                canvas, ((x0 + x1) // 2, (y0 + y1) // 2), ((x1 - x0) // 2, (y1 - y0) // 2), 0, 0, 360, board, -1
            )
    canvas += _shining(size, rng, _draw_neon)
    if rng.random() < 0.5:
        canvas += _shining(size, rng, _draw_bulbs)
    return canvas


def _bulbs(size: int, rng: Generator) -> Canvas:
    return np.asarray(_night(size, rng) + _shining(size, rng, _draw_bulbs), dtype=np.float32)


def _traffic(size: int, rng: Generator) -> Canvas:
    lights = _shining(size, rng, _draw_discs)
    if rng.random() < 0.4:
        # Wet road: the lamps once more, mirrored and smeared downwards.
        lights += cv2.blur(lights[::-1], (1, max(3, size // 6))) * 0.6
    return np.asarray(_night(size, rng) + lights, dtype=np.float32)


def _lamp(size: int, rng: Generator) -> Canvas:
    """A wall in warm lamp light: a smooth pool of light, no flicker, no edge."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size
    cx, cy = rng.uniform(0, 1, 2)
    distance = np.sqrt(((x - cx) * rng.uniform(0.6, 1.6)) ** 2 + (y - cy) ** 2)
    pool = np.exp(-((distance / rng.uniform(0.15, 0.8)) ** 2))[..., None]
    warm = np.array([255.0, rng.uniform(140, 240), rng.uniform(40, 200)], np.float32)
    canvas = (rng.uniform(0, 80) + pool * warm * rng.uniform(0.6, 1.3)).astype(np.float32)
    if rng.random() < 0.6:
        radius = int(rng.uniform(0.02, 0.09) * size)
        cv2.circle(canvas, (int(cx * size), int(cy * size)), radius, (255.0, 250.0, 220.0), -1, cv2.LINE_AA)
    return np.asarray(canvas, dtype=np.float32)


def _sunset(size: int, rng: Generator) -> Canvas:
    y = np.linspace(0, 1, size, dtype=np.float32)[:, None, None]
    top = np.array([rng.uniform(20, 160), rng.uniform(20, 90), rng.uniform(40, 160)], np.float32)
    horizon = np.array([255.0, rng.uniform(90, 200), rng.uniform(0, 90)], np.float32)
    canvas = np.broadcast_to(top + (horizon - top) * y ** float(rng.uniform(0.6, 2.0)), (size, size, 3))
    canvas = np.ascontiguousarray(canvas, dtype=np.float32)
    line = int(size * rng.uniform(0.45, 0.95))
    if rng.random() < 0.7:
        sun = np.zeros_like(canvas)
        where = (int(rng.uniform(0.1, 0.9) * size), int(line * rng.uniform(0.5, 1.05)))
        cv2.circle(sun, where, int(size * rng.uniform(0.03, 0.12)), (255.0, 235.0, 160.0), -1, cv2.LINE_AA)
        canvas += sun + cv2.GaussianBlur(sun, (0, 0), size * float(rng.uniform(0.05, 0.15)))
    clouds = _clouds(size, rng)
    canvas *= 1.0 - 0.5 * clouds[..., None] * float(rng.uniform(0, 1))
    canvas[line:] *= float(rng.uniform(0.05, 0.5))
    for _ in range(int(rng.integers(0, 5))):
        x, w = int(rng.integers(0, size)), int(rng.integers(size // 20, size // 4))
        roof = line - int(rng.integers(2, size // 3))
        cv2.rectangle(canvas, (x, roof), (x + w, size), tuple(float(v) for v in rng.uniform(0, 50, 3)), -1)
    return canvas.astype(np.float32)


def _objects(size: int, rng: Generator) -> Canvas:
    """Red, orange and yellow things in daylight: shaded blobs and boxes before a textured ground."""
    ground = rng.uniform(30, 220, 3).astype(np.float32)
    canvas = (ground + (_clouds(size, rng)[..., None] - 0.5) * float(rng.uniform(20, 120))).astype(np.float32)
    shade = np.linspace(float(rng.uniform(0.5, 1.0)), float(rng.uniform(0.8, 1.3)), size, dtype=np.float32)
    for _ in range(int(rng.integers(1, 9))):
        colour = tuple(v * float(rng.uniform(0.5, 1.0)) for v in _colour(rng))
        layer, mask = canvas.copy(), np.zeros((size, size), np.uint8)
        centre = (int(rng.integers(0, size)), int(rng.integers(0, size)))
        if rng.random() < 0.5:
            axes = (int(rng.integers(4, size // 4)), int(rng.integers(4, size // 4)))
            cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1, cv2.LINE_AA)
        else:
            points = np.array(centre) + rng.integers(-size // 4, size // 4, (int(rng.integers(3, 7)), 2))
            cv2.fillConvexPoly(mask, cv2.convexHull(points.astype(np.int32)), 255, cv2.LINE_AA)
        layer[:] = np.array(colour, np.float32) * shade[:, None, None]
        alpha = mask[..., None].astype(np.float32) / 255.0
        canvas += alpha * (layer - canvas)
    return canvas


def _flat(size: int, rng: Generator) -> Canvas:
    """A covered lens, a blank wall, fog: nearly one colour."""
    colour = rng.uniform(0, 255, 3) if rng.random() < 0.5 else np.full(3, rng.uniform(0, 255))
    return (colour + (_clouds(size, rng)[..., None] - 0.5) * float(rng.uniform(0, 40))).astype(np.float32)


def _clouds(size: int, rng: Generator) -> Canvas:
    """(size, size) smooth noise in 0-1: octaves of random grids."""
    total = np.zeros((size, size), np.float32)
    for octave in range(1, 5):
        cells = 2**octave + 1
        grid = rng.random((cells, cells)).astype(np.float32)
        total += cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC) / 2**octave
    low, high = float(total.min()), float(total.max())
    return np.asarray((total - low) / (high - low + 1e-6), dtype=np.float32)


def _to_picture(canvas: npt.NDArray[np.floating[Any]]) -> Picture:
    return np.asarray(np.clip(canvas, 0, 255), dtype=np.uint8)
