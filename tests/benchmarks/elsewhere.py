"""Whether to believe an alarm in a home it has never seen: ``make elsewhere``, or this file with its options.

Quiet: every picture of the folder is a camera of its own for a minute, in changing light, noise and views (see
``scenes.py``). Where it learns, an alarm is marked as false, and a second minute in other weather follows.
Fires: every clip of ``clips.json``, at 10 frames a second; clips without fire are quiet cameras too. All of it goes
through the real models, the real evidence and the real confirmation; the time that counts is stream time.

Printed, for the product with its parts switched on one after another: recall (fires told of all fires), precision
(fires told of all alarms), the delay from the first frame that shows fire or smoke to the confirmation, the scenes that
alarmed, false alarms per camera and day with the exact upper bound (95 %, Poisson), processor time per frame, memory.
Each scene is another place, chosen to be hard: the rate says how such places do, not how often a usual house alarms.

``--sample N`` takes every Nth picture, ``--minutes M`` at most M of them. Ctrl-C prints what was watched so far.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from clips import NOON, jpegs
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scenes import SCENE_S, Floats, draw_noises, picture, shots

from hackai_inference.calibration.bounds import at_most
from hackai_inference.calibration.footage import PICTURES, Shot
from hackai_inference.decision.learned_quiet import LearnedQuiet
from hackai_inference.live.camera_pipeline import CameraPipeline
from hackai_inference.live.loaded_models import load_judges
from hackai_inference.live.model_cascade import ModelCascade, Seen
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.messages import FrameRef, IncidentEvent
from hackai_shared.serving.decoding import probe_image

CLIP_FPS = 10.0
MINUTES_PER_DAY = 1440.0
CAMERA = "elsewhere"
# The parts of the product in the order in which they are switched on; each value is laid over the one before.
SWITCHES: dict[str, dict[str, Any]] = {
    "classifiers": {"detector": {"model": None}, "learns_quiet": False},
    "learned quiet": {"learns_quiet": True},
    "detector": {"detector": {"model": "fire-detector"}},
}
Alarms = list[IncidentEvent]


@dataclass
class Tally:
    """What the product did with some of its parts switched on."""

    name: str
    quiet: list[str] = field(default_factory=list)
    alarmed: list[str] = field(default_factory=list)
    false_alarms: int = 0
    quiet_s: float = 0.0
    fires: int = 0
    delays: list[float] = field(default_factory=list)
    frames: int = 0
    busy_s: float = 0.0
    taught: int = 0
    again: list[str] = field(default_factory=list)

    def note_quiet(self, name: str, alarms: int, seconds: float) -> None:
        """Add a camera at which nothing burned."""
        self.quiet.append(name)
        self.false_alarms += alarms
        self.quiet_s += seconds
        if alarms:
            self.alarmed.append(name)

    def note_fire(self, alarms: Alarms, first_s: float) -> None:
        """Add a fire that began at ``first_s``; whatever alarmed before it was false."""
        told = [event.confirmed_s for event in alarms if event.confirmed_s >= first_s]
        self.false_alarms += len(alarms) - len(told)
        self.quiet_s += first_s
        self.fires += 1
        if told:
            self.delays.append(min(told) - first_s)


@dataclass
class Part:
    """The product with some of its parts switched on: its models and what they did."""

    config: InferenceConfig
    eyes: ModelCascade
    tally: Tally

    def camera(self) -> CameraPipeline:
        """Return a camera that has seen nothing yet."""
        numbers = iter(range(1_000_000))
        quiet = LearnedQuiet() if self.config.learns_quiet else None
        return CameraPipeline(CAMERA, CAMERA, self.config, new_id=lambda: str(next(numbers)), quiet=quiet)


def show(cameras: list[tuple[Part, CameraPipeline]], shown: Iterable[Shot], epoch: str = "1") -> list[Alarms]:
    """Return the alarms that the frames raise at each camera: incidents, and further fires of an open one.

    Cameras with the same models share what these see of a frame.
    """
    alarms: list[Alarms] = [[] for _ in cameras]
    for number, shot in enumerate(shown):
        looked: dict[int, tuple[Seen, float]] = {}
        frame = FrameRef(camera_id=CAMERA, epoch=epoch, sequence=number, captured_at=shot.at, stream_s=shot.stream_s)
        for (part, camera), found in zip(cameras, alarms, strict=True):
            if id(part.eyes) not in looked:
                began = time.process_time()
                seen = part.eyes.look(camera.sight, shot.jpeg, shot.stream_s, width=shot.width, height=shot.height)
                looked[id(part.eyes)] = seen, time.process_time() - began
            seen, took_s = looked[id(part.eyes)]
            began = time.process_time()
            result = camera.judge(
                frame, seen.judgement, shot.at, width=shot.width, height=shot.height, found=seen.found
            )
            part.tally.busy_s += took_s + time.process_time() - began
            part.tally.frames += 1
            found += [event for event in result.events if event.change in ("opened", "worsened")]
    return alarms


def parts(names: list[str], models: Path, variant: str) -> list[Part]:
    """Return the product with the first of the switches on, then with the first two, and so on.

    Raises:
        PackageError: a model cannot be used.
    """
    made: list[Part] = []
    eyes: dict[str | None, ModelCascade] = {}
    wanted: dict[str, Any] = {"variant": variant, "second_opinion": {"variant": variant}}
    for name, switch in SWITCHES.items():
        wanted |= switch
        if name in names:
            config = InferenceConfig.model_validate(wanted)
            detector = config.detector.model
            if detector not in eyes:
                eyes[detector] = load_judges(models, Path("/nonexistent"), config).eyes(config.max_pixels)
            made.append(Part(config, eyes[detector], Tally(name)))
    return made


def clip_shots(path: Path) -> Iterator[Shot]:
    """Yield the frames of a clip as the camera service would publish them."""
    for at, jpeg in jpegs(path, CLIP_FPS):
        size = probe_image(jpeg)
        yield Shot(at, NOON + timedelta(seconds=at), jpeg, size.width, size.height, path.name)


def first_fire_s(clip: dict[str, Any]) -> float | None:
    """Return when a clip first shows fire or smoke; None: never."""
    burning = [item["from_frame"] for item in clip["segments"] if item["label"] != "no_fire"]
    return min(burning) / clip["fps"] if burning else None


def watch_clips(made: list[Part], lists: list[Path], say: Callable[..., None]) -> None:
    """Show every clip to a fresh camera."""
    clips = [(path.parent, clip) for path in lists for clip in json.loads(path.read_text())]
    for folder, clip in track(clips, description="clips"):
        first_s = first_fire_s(clip)
        shown = list(clip_shots(folder / clip["file"]))
        raised = show([(part, part.camera()) for part in made], shown)
        for part, alarms in zip(made, raised, strict=True):
            if first_s is None:
                part.tally.note_quiet(clip["file"], len(alarms), shown[-1].stream_s)
            else:
                part.tally.note_fire([event for event in alarms if event.change == "opened"], first_s)
            _say_alarms(say, part, clip["file"], alarms, first_s)


def watch_pictures(made: list[Part], files: list[Path], fps: float, seed: int, say: Callable[..., None]) -> None:
    """Show every picture to a fresh camera for a minute."""
    noises = draw_noises(np.random.default_rng(seed + 1))
    for number, file in enumerate(track(files, description="scenes")):
        minute = list(_minute(file, NOON, fps, np.random.default_rng([seed, number]), noises))
        cameras = [(part, part.camera()) for part in made]
        for (part, camera), alarms in zip(cameras, show(cameras, minute), strict=True):
            part.tally.note_quiet(file.name, len(alarms), SCENE_S)
            if alarms and part.config.learns_quiet:
                weather = np.random.default_rng([seed, number, 1])
                another = _minute(file, NOON + timedelta(hours=1), fps, weather, noises)
                if watch_taught(part, camera, alarms, another):
                    part.tally.again.append(file.name)
            _say_alarms(say, part, file.name, alarms, None)


def watch_taught(part: Part, camera: CameraPipeline, alarms: Alarms, minute: Iterable[Shot]) -> bool:
    """Mark the alarms of a camera as false and show it another minute; return whether it alarmed again."""
    for event in alarms:
        camera.learned(partial(LearnedQuiet.teach, incident_id=event.incident_id, at=event.frame.captured_at))
    part.tally.taught += 1
    return any(show([(part, camera)], minute, epoch="2"))


def _minute(file: Path, began: datetime, fps: float, rng: np.random.Generator, noises: Floats) -> Iterator[Shot]:
    for shot in shots(file.name, picture(file), 0.0, fps, rng, noises):
        yield shot._replace(at=began + timedelta(seconds=shot.stream_s))


def _say_alarms(say: Callable[..., None], part: Part, name: str, alarms: Alarms, first_s: float | None) -> None:
    for event in alarms:
        late = "false" if first_s is None or event.confirmed_s < first_s else f"+{event.confirmed_s - first_s:.2f} s"
        say(f"{part.tally.name:12} {name}: {event.label} {event.score:.2f} at {event.confirmed_s:.1f} s ({late})")


def table(made: list[Part]) -> Table:
    """Return the figures, one row for each part that was switched on."""
    printed = Table(
        *("with", "quiet cameras", "alarmed", "false alarms", "a camera and day", "at most (95 %)"),
        *("again, once taught", "fires told", "precision", "delay median", "longest", "per frame"),
    )
    for tally in (part.tally for part in made):
        days = tally.quiet_s / 60.0 / MINUTES_PER_DAY
        told = len(tally.delays)
        printed.add_row(
            tally.name,
            str(len(tally.quiet)),
            f"{len(tally.alarmed)} ({len(tally.alarmed) / max(1, len(tally.quiet)):.1%})",
            str(tally.false_alarms),
            f"{tally.false_alarms / days:.0f}" if days else "-",
            f"{at_most(tally.false_alarms) / days:.0f}" if days else "-",
            f"{len(tally.again)} of {tally.taught}" if tally.taught else "-",
            f"{told} of {tally.fires}",
            f"{told / (told + tally.false_alarms):.0%}" if told + tally.false_alarms else "-",
            f"{statistics.median(tally.delays):.2f} s" if told else "-",
            f"{max(tally.delays):.2f} s" if told else "-",
            f"{1000 * tally.busy_s / max(1, tally.frames):.1f} ms",
        )
    return printed


def main(say: Callable[..., None]) -> None:
    """Show everything to the product and print what it made of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, help="folder of pictures without fire")
    parser.add_argument("--clips", type=Path, nargs="*", default=[], help="clips.json, with the clips beside it")
    parser.add_argument("--minutes", type=int, help="scenes at most")
    parser.add_argument("--sample", type=int, default=1, help="every how manieth picture")
    parser.add_argument("--fps", type=float, default=5.0, help="of the scenes")
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--variant", default="auto", help="of the classifiers")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--switches", nargs="+", choices=list(SWITCHES), default=list(SWITCHES))
    options = parser.parse_args()
    found = options.pictures.glob("*") if options.pictures else []
    files = sorted(file for file in found if file.suffix.lower() in PICTURES)[:: options.sample][: options.minutes]
    made = parts(options.switches, options.models, options.variant)
    with contextlib.suppress(KeyboardInterrupt):
        watch_clips(made, options.clips, say)
        watch_pictures(made, files, options.fps, options.seed, say)
    say(table(made))
    say(f"Peak memory of this process, all of these models together: {_peak_mb():.0f} MB.")


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(Console(width=160, highlight=False).print)
