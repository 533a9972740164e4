"""Which frames are kept, and when a frame of a file is due. Pure: time comes in as an argument."""

from __future__ import annotations


class FrameThinner:
    """Thins a stream out to a frame rate by timestamps.

    Keeps the first frame behind each point of a regular grid, or a little before it: a source at exactly the wanted
    rate is kept whole although its timestamps jitter, and 25 frames/s become 10 on average rather than 8.3.
    """

    # So much of a period early is early enough. No usual ratio of two frame rates lies exactly there (half a period
    # would make the choice between 10 and 5 frames/s depend on rounding).
    EARLY = 0.3

    def __init__(self, fps: float) -> None:
        self._period = 1.0 / fps
        self._next: float | None = None

    def keep(self, at_s: float) -> bool:
        """Return whether the frame at this time is kept."""
        if self._next is None or at_s > self._next + self._period or at_s < self._next - 2 * self._period:
            self._next = at_s + self._period  # the first, or behind a gap or a jump: the grid begins anew
            return True
        if at_s < self._next - self._period * self.EARLY:
            return False
        self._next += self._period
        return True


class PlaybackClock:
    """Says when a frame of a file is due, so that it plays as if it were live."""

    # A reader that fell behind by more goes on from here: catching up in a burst would only make others drop frames.
    MAX_LAG_S = 0.5

    def __init__(self) -> None:
        self._start_s: float | None = None

    def due(self, media_s: float, now_s: float) -> float:
        """Return the monotonic time at which the frame at ``media_s`` is due, seconds."""
        if self._start_s is None or now_s - (self._start_s + media_s) > self.MAX_LAG_S:
            self._start_s = now_s - media_s
        return self._start_s + media_s
