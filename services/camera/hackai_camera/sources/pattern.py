"""Synthetic pictures for drills and tests: the same pictures at every start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import numpy as np
from av import VideoFrame

from hackai_camera.pictures import PixelPicture, Pixels
from hackai_camera.sources.base import Pace, SourceFrame
from hackai_shared.config.cameras import PatternSource

SEED = 20
# One larger noise, seen through a window that moves by so many pixels at most: no two neighbouring frames are equal, at
# no cost per frame and with the memory of one picture.
WANDER = 32


class Pattern:
    """Draws ``room``, ``fire``, ``noise`` or ``black`` at a steady rate, for ever or for some seconds."""

    def __init__(self, config: PatternSource) -> None:
        self._config = config

    def open(self) -> Pace:
        """Nothing to open."""
        return Pace.REAL_TIME

    def frames(self) -> Iterator[SourceFrame]:
        """Iterate over the pictures of the pattern."""
        config = self._config
        draw = _PAINTERS[config.pattern](config.height, config.width)
        total = None if config.seconds is None else max(1, round(config.seconds * config.fps))
        for number in count() if total is None else range(total):
            yield SourceFrame(PixelPicture(draw(number)), media_s=number / config.fps)

    def close(self) -> None:
        """Nothing to close."""


Painter = Callable[[int], Pixels]


def _black(height: int, width: int) -> Painter:
    picture = np.zeros((height, width, 3), np.uint8)
    return lambda _number: picture


def _noise(height: int, width: int) -> Painter:
    return _window(height, width, amplitude=256)


def _room(height: int, width: int) -> Painter:
    """Return a calm room: wall, floor, window, a table and a lamp, with the noise of a sensor."""
    room = np.empty((height, width, 3), np.uint8)
    room[:] = np.linspace((150, 160, 165), (120, 130, 138), height)[:, None, :]
    floor = int(height * 0.68)
    room[floor:] = np.linspace((60, 82, 102), (48, 66, 84), height - floor)[:, None, :]

    def box(x1: float, y1: float, x2: float, y2: float, colour: tuple[int, int, int]) -> None:
        room[int(y1 * height) : int(y2 * height) + 1, int(x1 * width) : int(x2 * width) + 1] = colour

    box(0.10, 0.14, 0.32, 0.46, (205, 190, 170))  # window
    box(0.205, 0.14, 0.215, 0.46, (235, 235, 235))
    box(0.55, 0.58, 0.90, 0.63, (70, 96, 125))  # table
    box(0.58, 0.63, 0.61, 0.88, (58, 80, 104))
    box(0.84, 0.63, 0.87, 0.88, (58, 80, 104))
    box(0.68, 0.40, 0.76, 0.50, (180, 190, 195))  # lamp
    box(0.715, 0.50, 0.725, 0.58, (90, 95, 98))
    noise = _window(height, width, amplitude=7)  # the brightest part of the room is 235: nothing overflows
    return lambda number: room + noise(number)


def _fire(height: int, width: int) -> Painter:
    """Return flames in front of the room.

    Heat rises through a coarse grid, is spread by its neighbours and cools at random (the classic fire automaton), and
    is coloured by a black-body-like palette.
    """
    room = _room(height, width)
    generator = _generator()
    rows, columns = 48, 64
    heat = np.zeros((rows, columns), np.float32)
    hearth = slice(columns // 4, columns * 3 // 4)

    def step() -> None:
        below = np.roll(heat, -1, axis=0)
        drift = int(generator.integers(-1, 2))
        spread = (2 * below + np.roll(below, drift, axis=1) + np.roll(below, -1, axis=1)) / 4
        heat[:-1] = np.maximum(0, spread[:-1] - generator.random((rows - 1, columns), np.float32) * 0.055)
        heat[-1] = 0
        heat[-1, hearth] = 0.75 + 0.25 * generator.random(hearth.stop - hearth.start, np.float32)

    for _ in range(rows):  # burn up, so that the first picture already shows flames
        step()

    def draw(number: int) -> Pixels:
        step()
        coarse = VideoFrame.from_ndarray((heat * 65535).astype(np.uint16), format="gray16le")
        smooth = coarse.reformat(width=width, height=height, interpolation="BICUBIC").to_ndarray()
        level = smooth / np.float32(65535)
        palette = np.stack([level**4 * 190, level**1.7 * 225, np.minimum(1.0, level * 1.6) * 255], axis=-1)
        cover = np.minimum(1.0, level * 2.2)[:, :, None]
        return _pixels(room(number) * (1 - cover) + palette * cover)

    return draw


def _window(height: int, width: int, amplitude: int) -> Painter:
    """Return noise of 0 to ``amplitude`` - 1 that differs from frame to frame."""
    noise = _generator().integers(0, amplitude, (height + WANDER, width + WANDER, 3), np.uint8)

    def draw(number: int) -> Pixels:
        top, left = number * 5 % WANDER, number * 11 % WANDER
        return noise[top : top + height, left : left + width]

    return draw


def _generator() -> np.random.Generator:
    return np.random.default_rng(SEED)


def _pixels(values: Any) -> Pixels:
    return np.asarray(values).astype(np.uint8, copy=False)


_PAINTERS: dict[str, Callable[[int, int], Painter]] = {
    "room": _room,
    "fire": _fire,
    "noise": _noise,
    "black": _black,
}
