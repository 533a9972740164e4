"""Does it live? Flames flicker and smoke drifts; a lamp, a sunset and a poster keep still. Pure.

For every place the brightness is compared with that of a tenth of a second before. What even the quietest part of the
picture does (noise of the sensor, a change of light) counts as nothing: only what a place does beyond it is life.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Deque, Tuple

import numpy as np

from hackai_inference.decision.places import SIDE

# Samples of brightness per side of a place: a small flame fills no whole place.
FINE = 3
SAMPLES = SIDE * FINE
# Frames are compared over at least this long: at 25 per second the next frame shows too little of a slow plume.
STEP_S = 0.08
WINDOW_S = 1.5
# Grey levels (0-255) of mean change beyond the picture's own that are no life yet, and that are life without a doubt.
# Measured on the clips at 10 frames per second: flames 6 to 49, drifting smoke 2 to 20, an empty street 0.1,
# a lit sign between two blinks 0.5.
STILL_BELOW = 0.6
ALIVE_FROM = 2.0
# The quietest tenth of the places shows the noise of the sensor and of the light. Noise alone reaches 1.4 times that
# in the loudest tenth; a camera that moves reaches 4 to 30 times that, so it does not hide what lives.
QUIETEST = 10
NOISE = 1.8
LONGEST = 120


class Liveliness:
    """The flicker of each place of one camera over the last ``WINDOW_S`` seconds."""

    def __init__(self) -> None:
        self._past: Deque[Tuple[float, np.ndarray[Any, Any]]] = deque(maxlen=LONGEST)
        self._changes: Deque[Tuple[float, np.ndarray[Any, Any]]] = deque(maxlen=LONGEST)

    def clear(self) -> None:
        """Forget what was seen: the camera restarted."""
        self._past.clear()
        self._changes.clear()

    def add(self, brightness: "np.ndarray[Any, Any]", now: float) -> "np.ndarray[Any, Any]":
        """Return ``(SIDE, SIDE) float32`` 0-1: 0 still, 1 alive.

        ``brightness`` is ``(SAMPLES, SAMPLES) float32``, 0-255. Before there is a second frame nothing is known, and
        what is not known counts as alive.
        """
        if self._past and now < self._past[-1][0]:
            self.clear()
        before = next((past for at, past in reversed(self._past) if now - at >= STEP_S), None)
        self._past.append((now, brightness))
        while now - self._past[0][0] > WINDOW_S:
            self._past.popleft()
        if before is not None:
            self._changes.append((now, np.abs(brightness - before)))
        while self._changes and now - self._changes[0][0] > WINDOW_S:
            self._changes.popleft()
        if not self._changes:
            return np.ones((SIDE, SIDE), np.float32)
        change: np.ndarray[Any, Any] = np.mean([change for _, change in self._changes], axis=0)
        per_place = change.reshape(SIDE, FINE, SIDE, FINE).max(axis=(1, 3))
        beyond = per_place - NOISE * np.percentile(per_place, QUIETEST)
        alive = np.clip((beyond - STILL_BELOW) / (ALIVE_FROM - STILL_BELOW), 0.0, 1.0)
        return alive.astype(np.float32)  # type: ignore[no-any-return]
