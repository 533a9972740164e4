"""Starts the camera service."""

from __future__ import annotations

from hackai_camera.api import create_camera_app
from hackai_camera.camera import Limits
from hackai_camera.cameras import Cameras
from hackai_camera.canary import Canary, KnownFire
from hackai_camera.clip_maker import ClipMaker
from hackai_camera.faults.watch import FaultWatch
from hackai_camera.metrics import CameraMetrics
from hackai_camera.settings import CameraSettings
from hackai_shared.bus import StreamEntry, names
from hackai_shared.config import load_config
from hackai_shared.messages import Command
from hackai_shared.security.service_gate import gate_of
from hackai_shared.service import ServiceContext, ServiceParts, run_service
from hackai_shared.settings import read_settings

# One camera service per Redis: its commands are for it alone.
GROUP = "camera"
BLOCK_S = 0.5
# The known fire is followed by a calm room for this much longer than an incident takes to clear, but not for ever.
CALM_MARGIN_S = 3.0
LONGEST_CALM_S = 60.0


async def build(context: ServiceContext) -> ServiceParts:
    """Return the parts of the service: the cameras and their HTTP edge.

    Raises:
        ConfigError: ``config.yml`` cannot be used.
    """
    settings = context.settings
    assert isinstance(settings, CameraSettings)
    limits = Limits(buffer_bytes=settings.camera_buffer_mib * 1024 * 1024, viewers=settings.camera_viewers)
    config = load_config(settings.config)
    cameras = Cameras(
        config.cameras, context.bus, CameraMetrics(context.metrics), limits, may_end=settings.camera_may_end
    )
    cameras.add_checks(context.health)
    clips = ClipMaker()
    guard = gate_of(context)
    faults = FaultWatch(context.bus, cameras, context.metrics)
    calm_s = min(LONGEST_CALM_S, config.inference.confirmation.clear_after_s + CALM_MARGIN_S)
    canary = Canary(KnownFire(context.bus, calm_s=calm_s), config.canary)

    async def obey(entry: StreamEntry[Command]) -> None:
        await faults.consume(entry)
        await canary.consume(entry)

    commands = context.bus.consumer(names.COMMANDS, Command, group=GROUP, consumer=GROUP, block_s=BLOCK_S)
    return ServiceParts(
        app=create_camera_app(cameras, clips, context.health, context.metrics, guard.gate),
        port=settings.camera_port,
        tasks={
            "cameras": lambda: cameras.run(context.stop),
            "canary": lambda: canary.run(context.stop),
            "drills": lambda: canary.run_drills(context.stop),
            "faults": lambda: faults.run(context.stop),
            "commands": lambda: commands.run(obey, context.stop),
            "revocations": lambda: guard.watch(context.stop),
        },
        closers=[clips.close],
        cameras=cameras.statuses,
        details=canary.details,
    )


def main() -> None:
    """Run until SIGTERM; exits the process."""
    run_service("camera", lambda: read_settings(CameraSettings), build)
