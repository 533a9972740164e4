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
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scenes import SCENE_S, draw_noises, scenes, shots

from hackai_inference.calibration.footage import PICTURES
from hackai_inference.calibration.report import table, verdict
from hackai_inference.calibration.run import decide
from hackai_inference.calibration.trial import Trial
from hackai_inference.calibration.watch import Watch
from hackai_inference.live.loaded_models import load_judges
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.config.watching import CameraDetectionConfig


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
    noises = draw_noises(rng)
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
