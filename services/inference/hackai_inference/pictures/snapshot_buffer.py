"""The last pictures of one camera's suspicion, for the strip below an alarm. No I/O; one thread at a time."""

from __future__ import annotations

from collections import deque
from typing import Deque, List, NamedTuple

# Five pictures over the first seconds show whether something grows; their JPEGs stay below a megabyte per camera.
LENGTH = 5
# A picture from before the suspicion is kept at least so fresh.
EVERY_S = 0.8


class Snapshot(NamedTuple):
    """A picture as it was scored, and how many seconds before the alarm's that was."""

    seconds_before: float
    jpeg: bytes


class Moment(NamedTuple):
    """A frame as it was scored, in stream time."""

    stream_s: float
    jpeg: bytes


class SnapshotBuffer:
    """Keeps a picture from before the suspicion and the last ones since."""

    def __init__(self) -> None:
        self._moments: Deque[Moment] = deque(maxlen=LENGTH)

    def add(self, jpeg: bytes, stream_s: float, *, suspected: bool) -> None:
        """Add a frame; while nothing is suspected only the newest of the quiet ones is kept."""
        if self._moments and stream_s < self._moments[-1].stream_s:
            self._moments.clear()
        if self._moments and stream_s - self._moments[-1].stream_s < EVERY_S:
            return
        if not suspected:
            self._moments.clear()
        self._moments.append(Moment(stream_s, jpeg))

    def until(self, now: float, jpeg: bytes) -> List[Snapshot]:
        """Return the pictures that led to the one of ``now``, oldest first, and that one."""
        before = [Snapshot(now - moment.stream_s, moment.jpeg) for moment in self._moments if moment.stream_s < now]
        return [*before[-(LENGTH - 1) :], Snapshot(0.0, jpeg)]
