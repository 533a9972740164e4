"""What the camera service measures; the only label is the camera, and those are as many as are configured."""

from __future__ import annotations

import math

from hackai_shared.messages import CameraStatus
from hackai_shared.metrics import Metrics

CAMERA = ("camera",)


class CameraMetrics:
    """The metrics of all cameras of one process."""

    def __init__(self, metrics: Metrics) -> None:
        self.frames = metrics.counter("frames_total", "Frames captured and encoded", CAMERA)
        self.overtaken = metrics.counter("overtaken_total", "Frames replaced by a newer one before publishing", CAMERA)
        self.unpublished = metrics.counter("unpublished_total", "Frames lost because Redis did not answer", CAMERA)
        self.bad = metrics.counter("bad_pictures_total", "Damaged pictures and packets that were skipped", CAMERA)
        self.reconnects = metrics.counter("reconnects_total", "Times the source was opened anew", CAMERA)
        self.encode = metrics.seconds("encode_seconds", "Conversion, scaling and JPEG encoding of a frame", CAMERA)
        self.publish = metrics.seconds("publish_age_seconds", "Age of a frame when Redis had it", CAMERA)
        self._age = metrics.gauge("last_frame_age_seconds", "Age of the newest frame; NaN before the first", CAMERA)
        self._fps = metrics.gauge("fps", "Frames per second over the last seconds", CAMERA)
        self._buffer = metrics.gauge("buffer_bytes", "Frames kept in memory for clips", CAMERA)
        self._viewers = metrics.gauge("viewers", "Open live views", CAMERA)

    def observe_status(self, status: CameraStatus, *, buffer_bytes: int, viewers: int) -> None:
        """Set the gauges of a camera."""
        camera = status.camera_id
        self._age.labels(camera).set(math.nan if status.last_frame_age_s is None else status.last_frame_age_s)
        self._fps.labels(camera).set(status.fps)
        self._buffer.labels(camera).set(buffer_bytes)
        self._viewers.labels(camera).set(viewers)
