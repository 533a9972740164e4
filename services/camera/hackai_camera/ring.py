"""The last seconds of a camera in memory, bounded by time and by bytes."""

from __future__ import annotations

import threading
from collections import deque
from typing import NamedTuple

from hackai_shared.envelope import Frame


class Span(NamedTuple):
    """Stream times of the oldest and the newest frame."""

    from_s: float
    to_s: float


class FrameRing:
    """Thread-safe; holds ``seconds`` of stream time, less where that is more than ``max_bytes``, always the newest."""

    def __init__(self, seconds: float, max_bytes: int) -> None:
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        self._lock = threading.Lock()

    def append(self, frame: Frame) -> None:
        """Store the newest frame and let go of what is too old or too much."""
        with self._lock:
            self._frames.append(frame)
            self._bytes += len(frame.jpeg)
            while len(self._frames) > 1 and (self._bytes > self._max_bytes or self._too_old(frame)):
                self._bytes -= len(self._frames.popleft().jpeg)

    def _too_old(self, newest: Frame) -> bool:
        oldest = self._frames[0].header
        if oldest.epoch == newest.header.epoch:
            return newest.header.stream_s - oldest.stream_s > self._seconds
        # Another start of the source: a file's stream time began anew, so only the host's clock can compare.
        return newest.header.monotonic_s - oldest.monotonic_s > self._seconds

    def select(self, from_s: float, to_s: float, epoch: str | None = None) -> list[Frame]:
        """Return the frames between two stream times (inclusive), of one epoch or of all, oldest first."""
        return [frame for frame in self._all(epoch) if from_s <= frame.header.stream_s <= to_s]

    def span(self, epoch: str | None = None) -> Span | None:
        """Return what the ring holds of one epoch or of all; None if nothing."""
        frames = self._all(epoch)
        return Span(frames[0].header.stream_s, frames[-1].header.stream_s) if frames else None

    def _all(self, epoch: str | None) -> list[Frame]:
        with self._lock:
            return [frame for frame in self._frames if epoch is None or frame.header.epoch == epoch]

    @property
    def bytes(self) -> int:
        """Size of the stored JPEGs."""
        with self._lock:
            return self._bytes

    def __len__(self) -> int:
        with self._lock:
            return len(self._frames)
