"""``hackai calibrate`` on a live camera, over a real Redis."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Callable

from hackai_inference.calibration.run import redis_url, watch_live
from hackai_inference.calibration.trial import Trial
from hackai_inference.calibration.watch import Watch
from hackai_inference.live.loaded_models import load_judges
from hackai_inference.settings import InferenceSettings
from hackai_shared.bus import Bus
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.config.watching import CameraDetectionConfig


async def test_a_live_camera_is_watched_for_as_long_as_was_asked(
    live: Any, bus: Bus, redis_url: str, tmp_path: Path, make_package: Callable[..., Path]
) -> None:
    make_package(tmp_path / "models")
    config = InferenceConfig()
    eyes = load_judges(tmp_path / "models", tmp_path, config).eyes(config.max_pixels)
    trial = Trial(config.confirmation, (0.5, 0.9))
    watch = Watch(eyes, config, CameraDetectionConfig(), trial)
    alarms: list[float] = []

    watching = asyncio.ensure_future(
        watch_live(
            watch,
            redis_url,
            "front",
            hours=4.0 / 3600,
            note=lambda at, found, watched_s: alarms.extend(alarm.threshold for alarm in found),
        )
    )
    while not await bus.client.pubsub_numpat():
        await asyncio.sleep(0.01)
    camera = live.FakeCamera(bus)
    await camera.show("nothing", 1)
    await camera.show("fire", 6)
    await asyncio.wait_for(watching, 20)

    assert 4.0 <= trial.watched_s < 4.5
    assert sorted(alarms) == [0.5, 0.9]


def test_the_server_that_hackai_up_started_is_found(tmp_path: Path) -> None:
    settings = InferenceSettings(data_dir=tmp_path)
    assert redis_url(settings) == settings.redis_url

    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "url").write_text("redis://127.0.0.1:4242/0\n")
    assert redis_url(settings) == "redis://127.0.0.1:4242/0"
    given = InferenceSettings(data_dir=tmp_path, redis_url="redis://other:6379/0")
    assert redis_url(given) == "redis://other:6379/0"
