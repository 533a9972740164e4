"""Which cameras are not judged, and why. Pure: the clock is an argument.

Heard are the detections themselves, so that it does not matter why they fail to come: a hung or stopped process, a
model that fails on every frame, a lost connection.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal

from hackai_shared.config.cameras import CameraConfig
from hackai_shared.judged import NOT_JUDGED_S
from hackai_shared.messages import CameraStatus, ServiceStatus

Cause = Literal["redis", "inference", "camera_service", "no_frames", "unjudged"]

# After a start, the models are loaded first.
START_GRACE_S = 60.0
# A process that did not look for so long was stopped itself, and heard nothing meanwhile.
ASLEEP_S = 5.0
# Judged for so long again before an incident ends: one frame proves little.
STEADY_S = 2.0
# The camera service tells of a camera that delivers nothing; after so much longer somebody else does.
FAULT_MARGIN_S = 6.0
# The heartbeat that speaks of a camera's last frame is a little old.
HEARTBEAT_S = 3.0


@dataclass
class Judgements:
    """When each configured camera was last judged, on a monotonic clock."""

    cameras: Collection[str]
    began: float
    limit_s: float = NOT_JUDGED_S
    grace_s: float = START_GRACE_S
    _last: dict[str, float] = field(default_factory=dict)
    _since: dict[str, float] = field(default_factory=dict)
    _looked: float | None = None
    _floor: float | None = None

    def judged(self, camera_id: str, now: float) -> None:
        """Note that a frame of a camera was judged."""
        if camera_id not in self.cameras:
            return
        last = self._last.get(camera_id)
        if last is None or now - last > STEADY_S:
            self._since[camera_id] = now
        self._last[camera_id] = now

    def look(self, now: float) -> None:
        """Note that somebody looks: after a pause of this very process nobody is blamed for what it missed."""
        if self._looked is not None and now - self._looked > ASLEEP_S:
            self._floor = now
        self._looked = now

    def age_s(self, camera_id: str, now: float) -> float | None:
        """Return the seconds since a camera was last judged; None: never since the start."""
        last = self._last.get(camera_id)
        return None if last is None else now - last

    def overdue(self, now: float) -> dict[str, float]:
        """Return the cameras that are not judged, with the seconds for which that is known."""
        found = {}
        for camera_id in sorted(self.cameras):
            last = self._last.get(camera_id)
            waited = now - self.began - self.grace_s + self.limit_s if last is None else now - last
            if self._floor is not None:
                waited = min(waited, now - self._floor)
            if waited > self.limit_s:
                found[camera_id] = waited
        return found

    def steady(self, camera_id: str, now: float) -> bool:
        """Return whether a camera is judged again, and not by one frame alone."""
        last, since = self._last.get(camera_id), self._since.get(camera_id)
        return last is not None and since is not None and now - last <= STEADY_S <= now - since


def cause_of(camera_id: str, age_s: float, statuses: Sequence[ServiceStatus] | None, wall: float) -> Cause | None:
    """Return why a camera is not judged; None: its source has ended, which is no trouble.

    ``statuses`` are the heartbeats, None where Redis does not answer; ``wall`` is the Unix time.
    """
    if statuses is None:
        return "redis"
    services = {status.service for status in statuses}
    if "camera" not in services:
        return "camera_service"
    found = [(status, camera) for status in statuses for camera in status.cameras if camera.camera_id == camera_id]
    if found:
        status, camera = found[-1]
        if camera.state == "ended":
            return None
        if _brings_nothing(camera, age_s, wall - status.at.timestamp()):
            return "no_frames"
    return "inference" if "inference" not in services else "unjudged"


def _brings_nothing(camera: CameraStatus, age_s: float, status_age_s: float) -> bool:
    """Return whether no frame has come since the last one that was judged."""
    if camera.last_frame_age_s is None:
        return True
    return age_s <= camera.last_frame_age_s + max(0.0, status_age_s) + HEARTBEAT_S


def left_to_faults(camera: CameraConfig, age_s: float) -> bool:
    """Return whether it is the camera service that tells of a camera without pictures, or was told not to."""
    faults = camera.faults
    return not faults.enabled or "offline" in faults.ignore or age_s < faults.offline_after_s + FAULT_MARGIN_S
