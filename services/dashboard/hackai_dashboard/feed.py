"""What the cameras see and the model says now, read from the bus only while somebody watches.

Watching must never stop the watcher: the frames are the ones that inference reads anyway, no service is asked for
more, and each viewer holds one slot per camera in which a newer frame replaces an older one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import structlog
from pydantic import ValidationError

from hackai_shared.bus import Bus, names
from hackai_shared.envelope import EnvelopeError, Frame, unpack_frame
from hackai_shared.messages import CameraStatus, FrameDetections, ServiceStatus

log = structlog.get_logger(__name__)

MAX_VIEWERS = 32
CHANNELS = (names.ALL_FRAMES, names.ALL_DETECTIONS, names.status("camera"), names.INCIDENTS_LIVE)


class TooManyViewers(Exception):
    """All places are taken."""


@dataclass(frozen=True)
class Shot:
    """A camera's newest frame, and what the model said last (of this frame or of one just before)."""

    frame: Frame
    detections: FrameDetections | None = None
    judged_s: float | None = None
    """Seconds since the camera was last judged; None: not since this viewer came."""


class Viewer:
    """One browser's slots."""

    def __init__(self, cameras: frozenset[str] | None) -> None:
        self._cameras = cameras
        self._shots: dict[str, Shot] = {}
        self._last: dict[str, FrameDetections] = {}
        self._judged_at: dict[str, float] = {}
        self.incidents_changed = False
        self.statuses: list[CameraStatus] | None = None
        self.skipped = 0

    def wants(self, camera_id: str) -> bool:
        """Return whether this viewer looks at a camera."""
        return self._cameras is None or camera_id in self._cameras

    def put_frame(self, frame: Frame) -> None:
        """Take a frame in the place of the one before."""
        camera = frame.header.camera_id
        self.skipped += camera in self._shots
        self._shots[camera] = Shot(frame, self._last.get(camera), self._judged_s(camera))

    def put_detections(self, detections: FrameDetections) -> None:
        """Take what the model says."""
        camera = detections.frame.camera_id
        self._last[camera] = detections
        self._judged_at[camera] = time.monotonic()
        if camera in self._shots:
            self._shots[camera] = replace(self._shots[camera], detections=detections, judged_s=0.0)

    def _judged_s(self, camera: str) -> float | None:
        at = self._judged_at.get(camera)
        return None if at is None else time.monotonic() - at

    def take(self) -> list[Shot]:
        """Return the newest shot of each camera that has a new one."""
        shots, self._shots = list(self._shots.values()), {}
        return shots

    def take_statuses(self) -> list[CameraStatus] | None:
        """Return how the cameras do, where that was said since the last time."""
        statuses, self.statuses = self.statuses, None
        return statuses

    def take_incidents_changed(self) -> bool:
        """Return whether an incident changed since the last time."""
        changed, self.incidents_changed = self.incidents_changed, False
        return changed


class LiveFeed:
    """Fans the bus out to viewers; lives in the event loop."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._viewers: set[Viewer] = set()
        self._reader: asyncio.Task[None] | None = None

    @property
    def viewers(self) -> int:
        """How many watch now."""
        return len(self._viewers)

    @contextmanager
    def watch(self, cameras: frozenset[str] | None) -> Iterator[Viewer]:
        """Let a viewer watch some cameras (None: all).

        Raises:
            TooManyViewers: all places are taken.
        """
        if len(self._viewers) >= MAX_VIEWERS:
            raise TooManyViewers(f"{MAX_VIEWERS} pages are watching already")
        viewer = Viewer(cameras)
        self._viewers.add(viewer)
        if self._reader is None:
            self._reader = asyncio.create_task(self._read())
        try:
            yield viewer
        finally:
            self._viewers.discard(viewer)
            if not self._viewers and self._reader is not None:
                self._reader.cancel()
                self._reader = None

    async def close(self) -> None:
        """Stop reading."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
            self._reader = None

    async def _read(self) -> None:
        messages: AsyncIterator[tuple[str, bytes]] = self._bus.subscribe(*CHANNELS)
        async for channel, payload in messages:
            try:
                self._hand_out(channel, payload)
            except (EnvelopeError, ValidationError) as error:
                log.debug("message does not validate, passed over", channel=channel, error=str(error))

    def _hand_out(self, channel: str, payload: bytes) -> None:
        kind, _, name = channel.partition(".")
        if channel == names.INCIDENTS_LIVE:
            for viewer in self._viewers:
                viewer.incidents_changed = True
        elif kind == "status":
            cameras = ServiceStatus.model_validate_json(payload).cameras
            for viewer in self._viewers:
                viewer.statuses = cameras
        else:
            interested = [viewer for viewer in self._viewers if viewer.wants(name)]
            if not interested:
                return
            if kind == "frames":
                frame = unpack_frame(payload)
                for viewer in interested:
                    viewer.put_frame(frame)
            else:
                detections = FrameDetections.model_validate_json(payload)
                for viewer in interested:
                    viewer.put_detections(detections)
