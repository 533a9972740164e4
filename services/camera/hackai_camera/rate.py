"""The frame rate that a camera really delivers."""

from __future__ import annotations

from collections import deque


class RateMeter:
    """Frames per second over the last ``window_s`` seconds. Pure: time comes in as an argument."""

    def __init__(self, window_s: float = 5.0) -> None:
        self._window_s = window_s
        self._times: deque[float] = deque(maxlen=1024)

    def count(self, now_s: float) -> None:
        """Count a frame."""
        self._times.append(now_s)
        self._forget(now_s)

    def fps(self, now_s: float) -> float:
        """Return the rate; 0 with fewer than two frames in the window."""
        self._forget(now_s)
        if len(self._times) < 2 or self._times[-1] <= self._times[0]:
            return 0.0
        return (len(self._times) - 1) / (self._times[-1] - self._times[0])

    def _forget(self, now_s: float) -> None:
        while self._times and now_s - self._times[0] > self._window_s:
            self._times.popleft()
