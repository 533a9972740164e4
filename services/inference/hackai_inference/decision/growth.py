"""Is it growing? The extent of what is seen, since the suspicion began. Pure."""

from __future__ import annotations

import math
from collections import deque
from typing import Deque, Optional, Tuple

import numpy as np

from hackai_shared.messages import Trend

# Shorter histories say nothing: flames breathe.
SHORTEST_S = 2.0
# What lies further back is forgotten: people want to know what it does now.
LONGEST_S = 60.0
# After a longer pause it is another suspicion.
PAUSE_S = 5.0
# The last third of the history against the first one; a flame that only breathes changes by about a sixth.
GROWS_FROM = 1.3
# Samples kept: one every quarter of a second is enough.
SAMPLE_S = 0.25


class Growth:
    """The extent of a suspicion over stream time; extents are relative to each other, in any unit."""

    def __init__(self) -> None:
        self._extents: Deque[Tuple[float, float]] = deque(maxlen=math.ceil(LONGEST_S / SAMPLE_S) + 1)

    def add(self, extent: float, now: float) -> None:
        """Add the extent of one frame."""
        if self._extents and not 0.0 <= now - self._extents[-1][0] <= PAUSE_S:
            self._extents.clear()
        if not self._extents or now - self._extents[-1][0] >= SAMPLE_S:
            self._extents.append((now, extent))
        while now - self._extents[0][0] > LONGEST_S:
            self._extents.popleft()

    @property
    def trend(self) -> Optional[Trend]:
        """Whether it grows, holds or shrinks; None while too little is known."""
        if len(self._extents) < 6 or self._extents[-1][0] - self._extents[0][0] < SHORTEST_S:
            return None
        extents = np.array([extent for _, extent in self._extents])
        third = len(extents) // 3
        before, now = float(np.median(extents[:third])), float(np.median(extents[-third:]))
        if before <= 0.0:
            return "growing" if now > 0.0 else None
        if now >= GROWS_FROM * before:
            return "growing"
        return "shrinking" if before >= GROWS_FROM * now else "steady"
