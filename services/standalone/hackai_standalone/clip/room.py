"""The scene of the clip: a workshop corner in the evening, with things in it that are not fire."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from hackai_standalone.clip.turbulence import fractal_noise

Picture = NDArray[np.float32]


def workshop(height: int, width: int, *, seed: int) -> Picture:
    """Return an empty workshop ``(height, width, 3) float32`` RGB 0-1.

    A warm lamp, a red toolbox and orange boxes are there on purpose: colour alone must not raise an alarm.
    """
    rng = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3), np.float32)
    floor = round(height * 0.70)
    picture[:floor] = (0.40, 0.41, 0.42)
    picture[floor:] = (0.30, 0.28, 0.26)
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, np.newaxis, np.newaxis]
    picture *= 1.12 - 0.45 * np.abs(rows - 0.55)
    _bricks(picture[:floor], rng)
    _planks(picture, floor)
    _shelf(picture, height, width)
    _boxes(picture, floor, width)
    _window(picture, height, width)
    _lamp(picture, height, width)
    grain = fractal_noise(rng, height, width, cells=40, octaves=4)[..., np.newaxis]
    picture *= 0.90 + 0.2 * grain
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 0.8), 0, 1)


def _bricks(wall: Picture, rng: np.random.Generator) -> None:
    height, width = wall.shape[:2]
    for row, top in enumerate(range(0, height, 14)):
        for left in range(-17 * (row % 2), width, 34):
            tone = 0.90 + 0.2 * rng.random()
            wall[top : top + 13, max(0, left) : max(0, left + 33)] *= tone
        wall[top + 13 : top + 14] *= 0.72


def _planks(picture: Picture, floor: int) -> None:
    height, width = picture.shape[:2]
    for offset in np.linspace(-1.6, 1.6, 17):
        foot = (round(width * (0.5 + offset)), height)
        head = (round(width * (0.5 + offset * 0.55)), floor)
        cv2.line(picture, head, foot, (0.20, 0.19, 0.18), 1, cv2.LINE_AA)
    picture[floor - 5 : floor] = (0.24, 0.22, 0.21)


def _rectangle(
    picture: Picture, left: int, top: int, right: int, bottom: int, colour: tuple[float, float, float]
) -> None:
    cv2.rectangle(picture, (left, top), (right, bottom), colour, -1)
    cv2.rectangle(picture, (left, top), (right, bottom), tuple(0.6 * part for part in colour), 1)


def _shelf(picture: Picture, height: int, width: int) -> None:
    left, right = round(width * 0.05), round(width * 0.36)
    colours = [(0.35, 0.42, 0.36), (0.55, 0.50, 0.42), (0.62, 0.20, 0.16), (0.30, 0.33, 0.45), (0.58, 0.56, 0.52)]
    for board in (0.30, 0.46, 0.62):
        y = round(height * board)
        _rectangle(picture, left, y, right, y + 5, (0.36, 0.27, 0.19))
        for index in range(5):
            x = left + 8 + index * (right - left - 16) // 5
            tall = 14 + (index * 7 + round(board * 50)) % 16
            _rectangle(picture, x, y - tall, x + 22, y - 1, colours[(index + round(board * 10)) % 5])


def _boxes(picture: Picture, floor: int, width: int) -> None:
    x = round(width * 0.60)
    _rectangle(picture, x, floor - 26, x + 74, floor + 30, (0.50, 0.39, 0.26))
    _rectangle(picture, x + 44, floor - 2, x + 112, floor + 42, (0.58, 0.45, 0.30))
    cv2.line(picture, (x + 78, floor - 2), (x + 78, floor + 42), (0.42, 0.32, 0.21), 3)
    _rectangle(picture, round(width * 0.40), floor + 8, round(width * 0.40) + 46, floor + 34, (0.62, 0.12, 0.10))


def _window(picture: Picture, height: int, width: int) -> None:
    left, top, right, bottom = round(width * 0.46), round(height * 0.10), round(width * 0.62), round(height * 0.40)
    _rectangle(picture, left, top, right, bottom, (0.20, 0.25, 0.36))
    middle = (left + right) // 2
    cv2.line(picture, (middle, top), (middle, bottom), (0.42, 0.40, 0.38), 3)
    cv2.line(picture, (left, (top + bottom) // 2), (right, (top + bottom) // 2), (0.42, 0.40, 0.38), 3)
    cv2.rectangle(picture, (left - 3, top - 3), (right + 3, bottom + 3), (0.42, 0.40, 0.38), 3)


def _lamp(picture: Picture, height: int, width: int) -> None:
    x, y = round(width * 0.83), round(height * 0.16)
    glow = np.zeros_like(picture)
    cv2.circle(glow, (x, y + 8), 9, (1.0, 0.86, 0.62), -1, cv2.LINE_AA)
    picture += 0.9 * cv2.GaussianBlur(glow, (0, 0), 26) * 6 + 0.25 * glow
    cv2.line(picture, (x, 0), (x, y - 6), (0.15, 0.15, 0.15), 2)
    cv2.ellipse(picture, (x, y), (18, 9), 0, 180, 360, (0.18, 0.22, 0.20), -1, cv2.LINE_AA)
    cv2.circle(picture, (x, y + 5), 6, (1.0, 0.93, 0.78), -1, cv2.LINE_AA)
