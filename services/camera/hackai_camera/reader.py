"""The thread that reads one start of a source: open, thin out, wait until due, encode, deliver."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from hackai_camera.pacing import FrameThinner, PlaybackClock
from hackai_camera.sources.base import FrameSource, OnBad, Pace
from hackai_camera.stills import PictureError
from hackai_shared.clock import boot_id
from hackai_shared.config.cameras import CameraConfig
from hackai_shared.envelope import Frame
from hackai_shared.messages import CameraId, FrameHeader, new_id, utc_now


@dataclass(frozen=True)
class Delivery:
    """A frame on its way from the reader to its camera."""

    frame: Frame
    lossless: bool
    """Whether the reader waits until this frame was taken (``Pace.UNPACED``)."""
    encode_s: float


class Reader:
    """One start of a source, in a thread of its own that may hang without hanging anything else.

    ``outcome`` ends with None when the source has ended or the reader was stopped, with ``SourceError`` when the source
    failed, and with any other exception when the code did.
    """

    def __init__(
        self,
        camera_id: CameraId,
        config: CameraConfig,
        source: FrameSource,
        *,
        started_s: float,
        deliver: Callable[[Reader, Delivery], None],
        on_bad: OnBad,
    ) -> None:
        self.epoch = new_id()
        self.pace: Pace | None = None
        self.sequence = 0
        self.outcome: Future[None] = Future()
        self._camera_id = camera_id
        self._config = config
        self._source = source
        self._started_s = started_s
        self._deliver = deliver
        self._on_bad = on_bad
        self._stop = threading.Event()
        self._sign_of_life = time.monotonic()
        self.first_frame_s: float | None = None
        # A daemon: a thread that hangs in a driver must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=f"reader-{camera_id}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self.outcome.set_running_or_notify_cancel()
        self._sign_of_life = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; what it delivers from now on is ignored."""
        self._stop.set()

    @property
    def stopped(self) -> bool:
        """Whether ``stop`` was called."""
        return self._stop.is_set()

    def silent_s(self, now_s: float) -> float:
        """Return for how many seconds nothing came; negative while the next frame of a file is not yet due."""
        return now_s - self._sign_of_life

    def alive(self) -> None:
        """Note that something was done now."""
        self._sign_of_life = time.monotonic()

    def _run(self) -> None:
        try:
            try:
                self._read()
            finally:
                self._source.close()
        except BaseException as error:  # noqa: BLE001  # crosses into the event loop, where the camera judges it
            self.outcome.set_exception(error)
        else:
            self.outcome.set_result(None)

    def _read(self) -> None:
        pace = self.pace = self._source.open()
        self.alive()
        thinner, playback = FrameThinner(self._config.fps), PlaybackClock()
        for source_frame in self._source.frames():
            if self._stop.is_set():
                return
            self.alive()
            media_s = source_frame.media_s
            stream_s = time.monotonic() - self._started_s if media_s is None else media_s
            if not thinner.keep(stream_s):
                continue
            if pace is Pace.REAL_TIME and not self._wait_until(playback.due(stream_s, time.monotonic())):
                return
            captured_at, monotonic_s = utc_now(), time.monotonic()
            try:
                picture = source_frame.picture.encode(self._config.max_width, self._config.jpeg_quality)
            except PictureError as error:
                self._on_bad(str(error))
                continue
            header = FrameHeader(
                camera_id=self._camera_id,
                epoch=self.epoch,
                sequence=self.sequence,
                captured_at=captured_at,
                stream_s=stream_s,
                monotonic_s=monotonic_s,
                boot_id=boot_id(),
                width=picture.width,
                height=picture.height,
            )
            if self._stop.is_set():
                return
            self.sequence += 1
            if self.first_frame_s is None:
                self.first_frame_s = monotonic_s
            encode_s = time.monotonic() - monotonic_s
            self._deliver(self, Delivery(Frame(header, picture.jpeg), pace is Pace.UNPACED, encode_s))

    def _wait_until(self, due_s: float) -> bool:
        """Wait; return False if the reader was stopped meanwhile."""
        now_s = time.monotonic()
        self._sign_of_life = max(now_s, due_s)  # quiet by intention until then
        return not self._stop.wait(max(0.0, due_s - now_s))
