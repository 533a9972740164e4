"""Renders the bundled clip: ``python -m hackai_standalone.clip.render OUT.mp4``."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import typer
from numpy.typing import NDArray

from hackai_standalone.clip.flames import Fire, burn
from hackai_standalone.clip.room import workshop

HEIGHT, WIDTH, FPS, SECONDS = 360, 640, 12, 14
IGNITION_S = 4.0
SEED = 2024


def fire_size(seconds: float) -> float:
    """Return the height of the flames in pixels: none before the ignition, then growing ever more slowly."""
    return 0.0 if seconds < IGNITION_S else 190.0 * (1 - np.exp(-(seconds - IGNITION_S + 0.25) / 2.6))


def frames() -> Iterator[NDArray[np.uint8]]:
    """Yield the frames of the clip, ``(360, 640, 3) uint8`` RGB; the same on every run."""
    room = workshop(HEIGHT, WIDTH, seed=SEED)
    fire = Fire(HEIGHT, WIDTH, base=(430, 268), seed=SEED + 1)
    noise = np.random.default_rng(SEED + 2)
    for number in range(FPS * SECONDS):
        seconds = number / FPS
        picture = burn(room, fire, seconds, fire_size(seconds))
        noisy = picture + noise.normal(0, 0.010, picture.shape)  # as a sensor adds it
        yield (np.clip(noisy, 0, 1) * 255).astype(np.uint8)


def write_clip(path: Path) -> None:
    """Encode the clip as H.264 in MP4."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "25", "preset": "slow"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        for picture in frames():
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


if __name__ == "__main__":
    typer.run(write_clip)
