"""All cameras of one process, each on its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

from hackai_camera.backoff import Backoff
from hackai_camera.camera import Camera, FramePublisher, Limits
from hackai_camera.metrics import CameraMetrics
from hackai_shared.config.cameras import CameraConfig
from hackai_shared.health import CheckResult, Health
from hackai_shared.messages import CameraId, CameraStatus


class Cameras(Mapping[str, Camera]):
    """The enabled cameras by id; disabled ones are neither opened nor listed."""

    def __init__(
        self,
        configs: Mapping[CameraId, CameraConfig],
        bus: FramePublisher,
        metrics: CameraMetrics,
        limits: Limits,
        *,
        may_end: bool = False,
    ) -> None:
        self._cameras = {
            camera_id: Camera(camera_id, config, bus, metrics, limits=limits, may_end=may_end)
            for camera_id, config in configs.items()
            if config.enabled
        }

    def __getitem__(self, camera_id: str) -> Camera:
        return self._cameras[camera_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cameras)

    def __len__(self) -> int:
        return len(self._cameras)

    def statuses(self) -> list[CameraStatus]:
        """Return how all cameras do, for the heartbeat; brings the metrics up to date as well."""
        for camera in self.values():
            camera.observe()
        return [camera.status() for camera in self.values()]

    def add_checks(self, health: Health) -> None:
        """Register one check per camera, and one that fails when there is none: that service would do nothing."""
        health.add("cameras", lambda: CheckResult(len(self) > 0, f"{len(self)} enabled in the configuration"))
        for camera in self.values():
            health.add(f"camera:{camera.id}", camera.check)

    async def run(self, stop: asyncio.Event) -> None:
        """Run all cameras until ``stop``."""
        async with asyncio.TaskGroup() as group:
            for camera in self.values():
                group.create_task(_keep_running(camera, stop), name=f"camera-{camera.id}")
            await stop.wait()


async def _keep_running(camera: Camera, stop: asyncio.Event) -> None:
    """Run a camera; a defect in its code restarts it and leaves the others alone."""
    backoff = Backoff()
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        began_s = loop.time()
        try:
            await camera.run(stop)
        except Exception as error:  # noqa: BLE001  # logged by the camera with its traceback, shown in its status
            camera.failed(error)
            try:
                await asyncio.wait_for(stop.wait(), backoff.failed(loop.time() - began_s))
            except TimeoutError:
                continue
