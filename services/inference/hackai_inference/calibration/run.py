"""A calibration from footage to choice."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Callable, Dict, List, Optional

from hackai_inference.calibration import footage
from hackai_inference.calibration.choice import Choice, choose, price
from hackai_inference.calibration.footage import NoFootage
from hackai_inference.calibration.trial import Alarm, Trial
from hackai_inference.calibration.watch import Watch
from hackai_inference.live.model_cascade import ModelCascade
from hackai_inference.settings import InferenceSettings
from hackai_shared.bus import Bus
from hackai_shared.config import HackAIConfig
from hackai_shared.config.watching import CameraDetectionConfig
from hackai_shared.serving.gate_report import Judged

# What would have been told, when; and how much was watched, in seconds.
Note = Callable[[datetime, List[Alarm], float], None]


def rules_of(config: HackAIConfig, camera: str) -> CameraDetectionConfig:
    """Return the rules of a camera.

    Raises:
        NoFootage: it is not configured.
    """
    if camera not in config.cameras:
        raise NoFootage(f"there is no camera {camera} in the configuration, only {', '.join(sorted(config.cameras))}")
    return config.cameras[camera].detection


def redis_url(settings: InferenceSettings) -> str:
    """Return the address of Redis: the configured one, else that of the server which ``hackai up`` started."""
    embedded = settings.data_dir / "redis" / "url"
    if "redis_url" not in settings.model_fields_set and embedded.is_file():
        return embedded.read_text(encoding="utf-8").strip()
    return settings.redis_url


def watch_recording(watch: Watch, source: Path, fps: float, *, hours: float, note: Note) -> None:
    """Show a recording to a watch, ``hours`` of it at most.

    Raises:
        NoFootage, ImageError, SessionError: it cannot be read or judged.
    """
    for shot in footage.recorded(source, fps):
        note(shot.at, watch.show(shot), watch.trial.watched_s)
        if watch.trial.watched_s >= hours * 3600.0:
            return


async def watch_live(watch: Watch, url: str, camera: str, *, hours: float, note: Note) -> None:
    """Show a live camera to a watch.

    Raises:
        NoFootage: Redis does not answer.
        ImageError, SessionError: a frame cannot be judged.
    """
    async with Bus(url) as bus:
        if not await bus.ping():
            raise NoFootage(f"Redis does not answer at {url}; is `hackai up` running? Else give --source")
        loop = asyncio.get_running_loop()
        async for shot in footage.live(bus, camera, hours=hours):
            alarms = await loop.run_in_executor(None, watch.show, shot)
            note(shot.at, alarms, watch.trial.watched_s)


def delays_of(fires: Path, eyes: ModelCascade, config: HackAIConfig, fps: float) -> Dict[float, List[Optional[float]]]:
    """Return per threshold the seconds from the begin of each recording of a fire to its alarm; None: it came never.

    Raises:
        NoFootage, ImageError, SessionError: a recording cannot be read or judged.
    """
    delays: Dict[float, List[Optional[float]]] = {}
    for file in footage.recordings(fires):
        trial = Trial(config.inference.confirmation)
        # A fire of somewhere else: the masks and zones of this camera do not apply to it.
        watch = Watch(eyes, config.inference, CameraDetectionConfig(), trial)
        for shot in footage.recorded(file, fps):
            watch.show(shot)
        for threshold in trial.thresholds:
            delays.setdefault(threshold, []).append(trial.first_s(threshold))
    return delays


def decide(
    trial: Trial,
    delays: Dict[float, List[Optional[float]]],
    *,
    budget: float,
    usual: float,
    confidence: float,
    judged: Optional[Judged] = None,
) -> Choice:
    """Return the choice that follows from what was watched.

    Raises:
        NoFootage: nothing was.
    """
    hours = trial.watched_s / 3600.0
    if hours <= 0.0:
        raise NoFootage("not a second was watched: fewer than two frames came")
    counts = {threshold: trial.count(threshold) for threshold in trial.thresholds}
    rows = price(counts, hours, delays, confidence, judged)
    return choose(rows, budget, hours, usual=usual, confidence=confidence)
