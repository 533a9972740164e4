"""One camera: keeps its source alive, its frames in memory and on the bus, and its trouble to itself."""

from __future__ import annotations

import asyncio
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import structlog

from hackai_camera.clip_range import check_clip
from hackai_camera.metrics import CameraMetrics
from hackai_camera.rate import RateMeter
from hackai_camera.reader import Delivery, Reader
from hackai_camera.ring import FrameRing
from hackai_camera.slot import Slot
from hackai_camera.sources import describe_source, make_source
from hackai_camera.sources.base import FrameSource, OnBad, Pace
from hackai_camera.sources.pyav import scheme_of
from hackai_camera.supervisor import Supervisor
from hackai_camera.viewers import Viewers
from hackai_shared.bus import BusUnavailable
from hackai_shared.config.cameras import CameraConfig, PyavSource
from hackai_shared.envelope import Frame
from hackai_shared.health import CheckResult
from hackai_shared.messages import CameraId, CameraStatus, FrameHeader, new_id
from hackai_shared.redaction import redact

log = structlog.get_logger(__name__)

State = Literal["connecting", "running", "stalled", "offline", "ended"]
# While a file is read as fast as its frames are taken, the reader looks this often whether it was stopped.
WAIT_S = 0.5
# A camera that sends damaged pictures sends many: they are counted, and named in the log this often.
BAD_LOG_S = 10.0
ENDED = "the source has ended, nothing is watched here any more; with loop: true it begins again"


class FramePublisher(Protocol):
    """The part of the bus that a camera needs."""

    async def publish_frame(self, header: FrameHeader, jpeg: bytes) -> int:
        """Publish a frame; raises BusUnavailable."""


SourceFactory = Callable[[CameraConfig, OnBad], FrameSource]


@dataclass(frozen=True)
class Limits:
    """Bounds of one camera's memory and viewers."""

    buffer_bytes: int = 64 * 1024 * 1024
    viewers: int = 8


class Camera:
    """Made and used in the event loop; only ``_deliver`` and ``_bad`` run in the reader's thread."""

    def __init__(
        self,
        camera_id: CameraId,
        config: CameraConfig,
        bus: FramePublisher,
        metrics: CameraMetrics,
        *,
        limits: Limits = Limits(),
        may_end: bool = False,
        source_factory: SourceFactory = make_source,
    ) -> None:
        self.id = camera_id
        self.config = config
        self.ring = FrameRing(config.buffer_seconds, limits.buffer_bytes)
        self.viewers = Viewers(lambda: self.newest, limits.viewers)
        self.newest: Frame | None = None
        self._bus = bus
        self._metrics = metrics
        self._may_end = may_end
        self._source_factory = source_factory
        self._loop = asyncio.get_running_loop()
        self._started_s = time.monotonic()
        self._slot: Slot[Frame] = Slot()
        self._rate = RateMeter()
        self._lock = threading.Lock()
        self._state: State = "connecting"
        self._error: str | None = None
        self._reader: Reader | None = None
        self._supervisor = Supervisor(
            camera_id,
            config,
            self._start_reader,
            on_lost=self._become,
            on_reopen=self._reopening,
            reopen_ended=not may_end and _is_on_the_web(config),
        )
        self._bad_logged_s = -BAD_LOG_S
        self._bad_unlogged = 0
        self._epoch = new_id()
        self._frames = 0
        self._dropped = 0
        self._reconnects = 0
        self._live = False
        self._bus_away = False

    # --- what others ask ---

    @property
    def name(self) -> str:
        """What people read."""
        return self.config.name or self.id

    def status(self) -> CameraStatus:
        """Return how the camera does now."""
        now_s = time.monotonic()
        newest = self.newest
        with self._lock:
            return CameraStatus(
                camera_id=self.id,
                name=self.name,
                state=self._state,
                source=describe_source(self.config),
                epoch=self._epoch,
                frames=self._frames,
                dropped=self._dropped,
                reconnects=self._reconnects,
                fps=round(self._rate.fps(now_s), 2) if self._state == "running" else 0.0,
                last_frame_age_s=None if newest is None else round(now_s - newest.header.monotonic_s, 3),
                width=None if newest is None else newest.header.width,
                height=None if newest is None else newest.header.height,
                error=self._error,
            )

    def check(self) -> CheckResult:
        """Return whether frames came lately; a source that has ended did its work."""
        state, error = self._state, self._error
        if state == "ended":
            return CheckResult(True, "the source has ended")
        now_s, limit_s = time.monotonic(), self.config.stale_after_s
        newest, reader = self.newest, self._reader
        why = f": {error}" if error else ""
        if newest is None:
            waited_s = now_s - self._started_s
            return CheckResult(waited_s <= limit_s, f"no frame yet, {waited_s:.0f} s after the start{why}")
        age_s = now_s - newest.header.monotonic_s
        # Between two slow pictures of a folder the reader waits on purpose: that is no silence.
        waits = reader is not None and reader.silent_s(now_s) < 0
        return CheckResult(
            waits or age_s <= limit_s, f"{state}, last frame {age_s:.1f} s ago (limit {limit_s:g} s){why}"
        )

    def clip_frames(self, from_s: float, to_s: float, epoch: str | None) -> list[Frame]:
        """Return the frames of a range of stream time, of one epoch or of what is continuous with now.

        Raises:
            TooEarly, NotBuffered: see :func:`check_clip`.
        """
        if epoch is None and not self._live:
            epoch = self._epoch  # a file's stream time begins anew with each start; a live camera's does not
        frames, span = self.ring.select(from_s, to_s, epoch), self.ring.span(epoch)
        horizon_s: float | None = None
        if self._live and epoch in (None, self._epoch):
            horizon_s = time.monotonic() - self._started_s
        elif self._state in ("connecting", "running") and epoch == self._epoch:
            horizon_s = 0.0 if span is None else span.to_s
        check_clip(frames, span, to_s, horizon_s)
        return frames

    def observe(self) -> None:
        """Bring the gauges up to date."""
        self._metrics.observe_status(self.status(), buffer_bytes=self.ring.bytes, viewers=self.viewers.count)

    # --- life ---

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the source alive until ``stop`` or its end, then wait for ``stop``.

        Where sources may not end, a camera whose source did is offline: nobody watches there any more.
        """
        self._slot = Slot()
        self.viewers.reopen()
        try:
            async with asyncio.TaskGroup() as group:
                publisher = group.create_task(self._publish(), name=f"publisher-{self.id}")
                await self._supervisor.run(stop)
                # What the slot still holds is published before the end is announced: then `frames` is final.
                self._slot.close()
                if stop.is_set():
                    publisher.cancel()  # it may wait for a Redis that does not answer
        finally:
            self.viewers.close()
        if not stop.is_set():
            if self._may_end:
                self._become("ended", None)
            else:
                self._become("offline", ENDED)
            log.info("source has ended", camera=self.id, frames=self._frames, epoch=self._epoch)
            await stop.wait()

    def failed(self, error: BaseException) -> None:
        """Note that the camera's own code failed; ``run`` may be called again."""
        log.error("camera failed", camera=self.id, error=_trace(error))
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        self._become("offline", f"internal error: {type(error).__name__}")

    def _start_reader(self) -> Reader:
        self._reader = Reader(
            self.id,
            self.config,
            self._source_factory(self.config, self._bad),
            started_s=self._started_s,
            deliver=self._deliver,
            on_bad=self._bad,
        )
        self._reader.start()
        return self._reader

    def _reopening(self) -> None:
        self._reconnects += 1
        self._metrics.reconnects.labels(self.id).inc()

    def _become(self, state: State, error: str | None) -> None:
        with self._lock:
            self._state, self._error = state, error

    # --- the way of a frame ---

    def _deliver(self, reader: Reader, delivery: Delivery) -> None:
        """Take a frame from the reader's thread."""
        frame = delivery.frame
        if delivery.lossless and not self._wait_for_slot(reader):
            return
        with self._lock:
            if reader is not self._reader or reader.stopped:
                return  # a reader that was left behind came back
            self._rate.count(frame.header.monotonic_s)
            self._epoch, self._frames = frame.header.epoch, frame.header.sequence + 1
            self._state, self._error = "running", None
            self._live = reader.pace is Pace.LIVE
        self.ring.append(frame)
        self.newest = frame
        self._metrics.frames.labels(self.id).inc()
        self._metrics.encode.labels(self.id).observe(delivery.encode_s)
        if self._slot.put(frame):
            self._drop()
            self._metrics.overtaken.labels(self.id).inc()
        self._loop.call_soon_threadsafe(self.viewers.notify)

    def _wait_for_slot(self, reader: Reader) -> bool:
        """Wait until the last frame was taken; return False if the reader was stopped meanwhile."""
        while not self._slot.wait_until_free(WAIT_S):
            if reader.stopped:
                return False
            reader.alive()  # it is the consumer that keeps it waiting
        return True

    def _bad(self, reason: str) -> None:
        """Count a damaged picture, in the reader's thread."""
        self._metrics.bad.labels(self.id).inc()
        self._bad_unlogged += 1
        now_s = time.monotonic()
        if now_s - self._bad_logged_s >= BAD_LOG_S:
            log.warning("pictures skipped", camera=self.id, count=self._bad_unlogged, reason=redact(reason))
            self._bad_logged_s, self._bad_unlogged = now_s, 0

    def _drop(self) -> None:
        with self._lock:
            self._dropped += 1

    async def _publish(self) -> None:
        """Publish what the slot gives until it is closed; Redis being away costs frames, nothing else."""
        while (frame := await self._slot.take()) is not None:
            try:
                await self._bus.publish_frame(frame.header, frame.jpeg)
            except BusUnavailable as error:
                self._drop()
                self._metrics.unpublished.labels(self.id).inc()
                if not self._bus_away:
                    log.warning("cannot publish frames", camera=self.id, error=str(error))
                self._bus_away = True
                continue
            if self._bus_away:
                log.info("frames are published again", camera=self.id)
                self._bus_away = False
            self._metrics.publish.labels(self.id).observe(time.monotonic() - frame.header.monotonic_s)


def _is_on_the_web(config: CameraConfig) -> bool:
    source = config.source
    return isinstance(source, PyavSource) and scheme_of(source.url.get_secret_value()) in ("http", "https")


def _trace(error: BaseException) -> str:
    """Return the traceback as text: as an object the log could not redact what is in it."""
    return redact("".join(traceback.format_exception(error)))
