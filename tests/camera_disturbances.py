"""What goes wrong with cameras, done to pictures of healthy ones; and a minute of a camera to which it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from hackai_camera.faults.condition import Condition
from hackai_camera.faults.look import look_at
from hackai_camera.faults.persistence import Fault, FaultChange, Persistence
from hackai_camera.pictures import PixelPicture
from hackai_camera.sources.pattern import Pattern
from hackai_shared.config.cameras import PatternSource

Picture = np.ndarray[Any, np.dtype[np.uint8]]
Disturb = Callable[[Picture], Picture]
# So many healthy seconds before, so many disturbed ones, and healthy ones again.
BEFORE_S, DURING_S, AFTER_S = 30, 40, 20


def blurred(picture: Picture, width: float = 0.012) -> Picture:
    """Out of focus by a part of the width."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), picture.shape[1] * width), np.uint8)


def moved(picture: Picture, by: float = 0.15, degrees: float = 0.0) -> Picture:
    """Pushed aside by a part of the width, or turned."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    matrix[:, 2] += by * width, by * height / 2
    return np.asarray(cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101), np.uint8)


def hand(picture: Picture) -> Picture:
    """A hand in front of the lens: red and even, with a little light from the side."""
    skin = np.empty(picture.shape, np.float32)
    skin[:] = (40, 50, 90)
    light = np.linspace(0.7, 1.2, picture.shape[1], dtype=np.float32)[None, :, None]
    height, width = picture.shape[:2]
    room = cv2.resize(cv2.resize(picture, (8, 6), interpolation=cv2.INTER_AREA), (width, height))
    return _pixels(skin * light + 0.05 * room)


def tape(picture: Picture) -> Picture:
    """White tape."""
    return np.full_like(picture, 160)


def fog(picture: Picture) -> Picture:
    """Fog or thick smoke: an eighth of the contrast is left."""
    return _pixels(0.12 * picture + 0.88 * 170)


def mostly_hidden(picture: Picture) -> Picture:
    """A box in front of three quarters of the picture."""
    hidden = picture.copy()
    hidden[:, : int(picture.shape[1] * 0.75)] = 60
    return hidden


def dark(picture: Picture) -> Picture:
    """The light is off."""
    return _pixels(picture * 0.02)


def dimmed(picture: Picture) -> Picture:
    """A third of the light: no fault."""
    return _pixels(picture * 0.33)


def glaring(picture: Picture) -> Picture:
    """Nearly twice the light, partly too much: no fault."""
    return _pixels(picture * 1.7)


def lit_from_the_side(picture: Picture) -> Picture:
    """Another lamp than before: no fault."""
    return _pixels(picture * np.linspace(0.35, 1.6, picture.shape[1], dtype=np.float32)[None, :, None])


FAULTS: dict[str, tuple[Fault, Disturb]] = {
    "dark": ("dark", dark),
    "hand": ("covered", hand),
    "tape": ("covered", tape),
    "box": ("covered", mostly_hidden),
    "defocused": ("defocused", blurred),
    "shifted": ("moved", moved),
    "turned": ("moved", lambda picture: moved(picture, 0.02, 12)),
}
HARMLESS: dict[str, Disturb] = {"dimmed": dimmed, "glaring": glaring, "side light": lit_from_the_side}


def noisy(picture: Picture, number: int, sigma: float = 2.0) -> Picture:
    """With the noise of a sensor, the same for each number."""
    grain = np.roll(_grain(picture.shape), (number * 7919) % 9973)
    return np.asarray(cv2.add(picture, grain * sigma, dtype=cv2.CV_8U), np.uint8)


@lru_cache(maxsize=8)
def _grain(shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(1).standard_normal(shape, np.float32)


def scene(pattern: str) -> list[Picture]:
    """Some frames of a generated scene."""
    source = Pattern(PatternSource.model_validate({"pattern": pattern, "fps": 1, "seconds": 20}))
    return [frame.picture.pixels for frame in source.frames() if isinstance(frame.picture, PixelPicture)]


def frames_of(clip: Path) -> list[Picture]:
    """One frame of each second of a clip."""
    pictures: list[Picture] = []
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            if (frame.time or 0.0) >= len(pictures):
                pictures.append(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8))
    return pictures


def jpeg(picture: Picture) -> bytes:
    """As a camera sends it."""
    return PixelPicture(picture).encode(1280, 85).jpeg


def endless(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """Back and forth for ever, so that nothing jumps."""
    order = [*range(len(pictures)), *range(len(pictures) - 2, 0, -1)] or [0]
    number = 0
    while True:
        yield noisy(pictures[order[number % len(order)]], number)
        number += 1


@dataclass(frozen=True)
class Story:
    """What was told, in seconds since the disturbance began."""

    changes: list[tuple[float, FaultChange]]

    def opened(self) -> list[tuple[Fault, float]]:
        """The faults that were told, and when."""
        return [(change.fault, at) for at, change in self.changes if change.change != "cleared"]

    def cleared_after_s(self) -> float | None:
        """How long after the end of the disturbance the last end was told."""
        ends = [at - DURING_S for at, change in self.changes if change.change == "cleared"]
        return ends[-1] if ends else None


def happen(
    pictures: Sequence[Picture], disturb: Disturb | None, *, frozen: bool = False, silent: bool = False
) -> Story:
    """Look at a camera once a second: healthy, disturbed, healthy again."""
    condition, persistence = Condition(offline_after_s=20.0), Persistence()
    changes: list[tuple[float, FaultChange]] = []
    camera = endless(pictures)
    last = next(camera)
    came_s = 0
    for second in range(BEFORE_S + DURING_S + AFTER_S):
        troubled = BEFORE_S <= second < BEFORE_S + DURING_S
        if not (troubled and frozen):
            last = next(camera)
        picture = disturb(last) if troubled and disturb is not None else last
        look = None
        if not (troubled and silent):
            look, came_s = look_at(jpeg(noisy(picture, second) if troubled and not frozen else picture)), second
        seen = condition.observe(look, silent_s=second - came_s, now_s=float(second))
        if seen is None and look is None:
            continue
        change = persistence.note(seen, float(second))
        if change is not None:
            changes.append((float(second - BEFORE_S), change))
    return Story(changes)


def _pixels(values: Any) -> Picture:
    return np.asarray(np.clip(values, 0, 255)).astype(np.uint8)
