"""Quiet footage made of pictures and clips: a light that drifts and is switched, noise, a camera that shakes.

Each scene lasts a minute: a picture, or a clip to and fro, so that it has no cut. Nothing waits: stream time advances
by 1/fps per frame, and every frame is generated and encoded as the camera service would publish it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from hackai_inference.calibration.footage import Shot

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Floats = np.ndarray[Any, np.dtype[np.float32]]
SCENE_S = 60.0
WIDTH, HEIGHT = 384, 216
# Noise is drawn once and shown in turn, shifted by random steps: drawing it anew would cost more than judging.
NOISES = 16
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def draw_noises(rng: np.random.Generator) -> Floats:
    """Return ``(NOISES, HEIGHT, WIDTH, 3) float32``: the noise of a sensor, of strength 1."""
    return rng.normal(0.0, 1.0, (NOISES, HEIGHT, WIDTH, 3)).astype(np.float32)


@dataclass(frozen=True)
class Weather:
    """What happens to one scene; drawn once per scene."""

    phase: float
    drift: float
    warmth: float
    switch_at_s: float
    switch: float
    noise: float
    shake: float
    zoom: float
    quality: int

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Weather:
        """Draw the weather of a scene."""
        return cls(
            phase=float(rng.uniform(0, 2 * math.pi)),
            drift=float(rng.uniform(0.05, 0.3)),
            warmth=float(rng.uniform(-0.1, 0.1)),
            switch_at_s=float(rng.uniform(10, 50)),
            switch=float(rng.choice([1.0, 1.0, 0.7, 1.3])),
            noise=float(rng.uniform(1, 8)),
            shake=float(rng.choice([0.0, 0.0, 0.5, 2.0])),
            zoom=float(rng.uniform(0.0, 0.08)),
            quality=int(rng.integers(60, 92)),
        )

    def apply(self, pixels: Pixels, seconds: float, rng: np.random.Generator, noises: Floats) -> bytes:
        """Return a frame (BGR) as this weather shows it, encoded."""
        scale = 1.0 + self.zoom * (0.5 - 0.5 * math.cos(2 * math.pi * seconds / SCENE_S))
        matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 0.0, scale)
        matrix[:, 2] += rng.normal(0, self.shake, 2) if self.shake else 0.0
        moved = cv2.warpAffine(pixels, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
        gain = 1.0 + self.drift * math.sin(2 * math.pi * seconds / 45.0 + self.phase)
        gain *= self.switch if seconds >= self.switch_at_s else 1.0
        tint = np.array([1.0 - self.warmth, 1.0, 1.0 + self.warmth], np.float32) * gain
        noise = np.roll(noises[rng.integers(NOISES)], tuple(rng.integers((HEIGHT, WIDTH))), axis=(0, 1))
        lit = cv2.scaleAdd(noise, self.noise, np.multiply(moved, tint, dtype=np.float32))
        shown = cv2.convertScaleAbs(np.maximum(lit, 0.0))
        return cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, self.quality])[1].tobytes()


def clip_frames(path: Path, fps: float) -> list[Pixels]:
    """Return the frames of a clip at ``fps``, to and fro."""
    frames, due = [], 0.0
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if float(frame.time or 0.0) + 1e-6 >= due:
                due += 1 / fps
                frames.append(cv2.resize(frame.to_ndarray(format="bgr24"), (WIDTH, HEIGHT)))
    return frames + frames[-2:0:-1]


def picture(path: Path) -> list[Pixels]:
    """Return a picture as the only frame of a scene, cut to the shape of the camera."""
    pixels = cv2.imread(str(path))
    scale = max(WIDTH / pixels.shape[1], HEIGHT / pixels.shape[0])
    large = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    top, left = (large.shape[0] - HEIGHT) // 2, (large.shape[1] - WIDTH) // 2
    return [large[max(0, top) : max(0, top) + HEIGHT, max(0, left) : max(0, left) + WIDTH]]


def scenes(
    clips: list[Path], pictures: list[Path], count: int, fps: float, seed: int
) -> Iterator[tuple[str, list[Pixels]]]:
    """Yield the name and the frames of each scene: every fifth is a clip, where there are any."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(pictures)) if pictures else np.zeros(0, int)
    for number in range(count):
        if clips and (number % 5 == 0 or not pictures):
            file = clips[(number // 5) % len(clips)]
            yield file.name, clip_frames(file, fps)
        else:
            file = pictures[int(chosen[number % len(chosen)])]
            yield file.name, picture(file)


def shots(
    name: str, frames: list[Pixels], began_s: float, fps: float, rng: np.random.Generator, noises: Floats
) -> Iterator[Shot]:
    """Yield the frames of one scene as the camera would publish them."""
    weather = Weather.draw(rng)
    for number in range(round(SCENE_S * fps)):
        seconds = number / fps
        jpeg = weather.apply(frames[number % len(frames)], seconds, rng, noises)
        at = began_s + seconds
        yield Shot(at, NOON + timedelta(seconds=at), jpeg, WIDTH, HEIGHT, name)
