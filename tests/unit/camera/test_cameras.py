"""Several cameras in one process."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hackai_camera.camera import Camera, Limits
from hackai_camera.cameras import Cameras
from hackai_camera.metrics import CameraMetrics
from hackai_shared.config.cameras import CameraConfig
from hackai_shared.health import Health
from hackai_shared.messages import FrameHeader
from hackai_shared.metrics import Metrics


class NoBus:
    async def publish_frame(self, header: FrameHeader, jpeg: bytes) -> int:
        return 0


def make_cameras(**cameras: dict[str, Any]) -> Cameras:
    source = {"type": "pattern", "pattern": "black", "fps": 50, "width": 64, "height": 64}
    configs = {name: CameraConfig.model_validate({"source": source, **given}) for name, given in cameras.items()}
    return Cameras(configs, NoBus(), CameraMetrics(Metrics("camera")), Limits())


async def until_running(cameras: Cameras, camera_id: str) -> None:
    async with asyncio.timeout(20):
        while cameras[camera_id].status().state != "running":
            await asyncio.sleep(0.01)


async def test_a_defect_in_one_camera_leaves_the_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    cameras = make_cameras(good={}, bad={})
    runs = 0
    run = Camera.run

    async def run_or_break(camera: Camera, stop: asyncio.Event) -> None:
        nonlocal runs
        if camera.id == "bad":
            runs += 1
            if runs < 3:
                raise ZeroDivisionError("a defect")
        await run(camera, stop)

    monkeypatch.setattr(Camera, "run", run_or_break)
    monkeypatch.setattr("hackai_camera.backoff.Backoff.failed", lambda *_: 0.2)
    stop = asyncio.Event()
    task = asyncio.ensure_future(cameras.run(stop))

    await until_running(cameras, "good")
    assert cameras["bad"].status().error == "internal error: ZeroDivisionError"
    await until_running(cameras, "bad")
    stop.set()
    await asyncio.wait_for(task, 5)

    assert runs == 3
    assert cameras["good"].status().reconnects == 0


async def test_disabled_cameras_are_neither_opened_nor_watched() -> None:
    cameras = make_cameras(on={}, off={"enabled": False})
    health = Health()
    cameras.add_checks(health)

    assert list(cameras) == ["on"]
    assert set(health.results()) == {"cameras", "camera:on"}
    assert [status.camera_id for status in cameras.statuses()] == ["on"]


async def test_a_service_without_a_camera_is_not_ready() -> None:
    health = Health()
    make_cameras(off={"enabled": False}).add_checks(health)

    assert not health.ready
