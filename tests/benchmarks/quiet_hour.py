"""An hour of nothing: ``python tests/benchmarks/quiet_hour.py --clips A.mp4 B.mp4 --pictures FOLDER [--minutes 60]``.

Makes quiet footage out of clips and pictures without fire and shows it to the real model, the real places and the real
confirmation, at every threshold of ``hackai calibrate`` side by side. Each minute is another scene: a picture or a clip
(to and fro, so that it has no cut) under a light that drifts, changes colour and is switched, with the noise of a
sensor, a camera that shakes, pans and zooms a little, and JPEG at another quality. Nothing waits: stream time advances
by 1/fps per frame, and every frame is generated, encoded, decoded and judged.

Printed: how often each threshold would have alarmed, the exact confidence bound, which threshold the default budget
chooses, and in which scenes it alarmed. Scenes are drawn with a fixed seed; Ctrl-C prints what was watched so far.
"""

from __future__ import annotations

import argparse
import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from hackai_inference.calibration.footage import PICTURES, Shot
from hackai_inference.calibration.report import table, verdict
from hackai_inference.calibration.run import decide
from hackai_inference.calibration.trial import Trial
from hackai_inference.calibration.watch import Watch
from hackai_inference.live.loaded_models import load_judges
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.config.watching import CameraDetectionConfig

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Floats = np.ndarray[Any, np.dtype[np.float32]]
SCENE_S = 60.0
WIDTH, HEIGHT = 384, 216
# Noise is drawn once and shown in turn, shifted by random steps: drawing it anew would cost more than judging.
NOISES = 16
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


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


def main(say: Callable[..., None]) -> None:
    """Watch an hour of nothing and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, nargs="*", default=[])
    parser.add_argument("--pictures", type=Path, help="folder of pictures without fire")
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--fps", type=float, default=5.0)
    parser.add_argument("--budget", type=float, default=1.0, help="false alarms a week")
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--second-opinion", help="name of its package; empty: the classifier judges alone")
    options = parser.parse_args()
    opinion = {} if options.second_opinion is None else {"model": options.second_opinion or None}
    config = InferenceConfig.model_validate({"second_opinion": opinion})
    judges = load_judges(options.models, Path("/nonexistent"), config)
    files = (
        sorted(file for file in options.pictures.glob("*") if file.suffix.lower() in PICTURES)
        if options.pictures
        else []
    )
    trial = Trial(config.confirmation)
    watch = Watch(judges.eyes(config.max_pixels), config, CameraDetectionConfig(), trial)
    rng = np.random.default_rng(options.seed + 1)
    noises = rng.normal(0.0, 1.0, (NOISES, HEIGHT, WIDTH, 3)).astype(np.float32)
    hour = scenes(options.clips, files, options.minutes, options.fps, options.seed)
    with contextlib.suppress(KeyboardInterrupt):
        for number, (name, frames) in enumerate(track(hour, total=options.minutes)):
            for shot in shots(name, frames, number * SCENE_S, options.fps, rng, noises):
                for alarm in watch.show(shot):
                    say(f"{shot.stream_s:7.1f} s, threshold {alarm.threshold:g}: {alarm.label} in {name}")
    usual = config.confirmation.fire_reference
    choice = decide(trial, {}, budget=options.budget, usual=usual, confidence=0.95)
    head, *rows = table(choice)
    printed = Table(*head)
    for row in rows:
        printed.add_row(*row)
    judged = f"{trial.frames} frames, {trial.watched_s / 60:.1f} min"
    say(f"{judges.names}: {judged}")
    say(printed)
    say(verdict(choice))


if __name__ == "__main__":
    main(Console(width=130, highlight=False).print)
