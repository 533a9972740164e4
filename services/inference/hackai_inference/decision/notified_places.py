"""Is there a fire at another place than people were told of? Pure: stream time is an argument.

What reaches a told place over cells that burn has grown out of it; so has what burns within ``NEAR`` cells of it, since
flames jump and activations are coarse. Anything else is a fire of its own, and is told once: as soon as it has kept the
evidence that confirms for ``SETTLED_S`` without a break, so that two places that take turns are none.

Tried in November 2026 on the nine clips of ``tests/benchmarks/clips.py``: none of their fires is told twice.
"""

from __future__ import annotations

from math import isqrt
from typing import Any, Optional

import cv2
import numpy as np

# The longest pause of a flame that only breathes is about two seconds; a new fire is told no later than this.
SETTLED_S = 3.0
# Two fires that begin together are told together: people can read one message, not five.
AGAIN_AFTER_S = 10.0
# Cells, of sixteen per side of the picture.
NEAR = 2


class NotifiedPlaces:
    """The places of an incident that people know of, in a square grid of ``places`` cells; masks are flat."""

    def __init__(self, places: int) -> None:
        self._side = isqrt(places)
        self._told = np.zeros(places, bool)
        self._since = np.full(places, np.nan)
        self._rests_until: Optional[float] = None

    def begin(self, seen: "np.ndarray[Any, Any]", place: int) -> None:
        """Take for told what the picture of an incident shows that was just confirmed at ``place``."""
        self._told = seen.copy()
        self._told[place] = True
        self._since[:] = np.nan
        self._rests_until = None

    def resume(self, places: "np.ndarray[Any, Any]") -> None:
        """Go on with what an earlier run told; where it does not say, what is seen first counts as told."""
        self._told = np.zeros(len(self._told), bool)
        self._told[places] = True
        self._since[:] = np.nan
        self._rests_until = None

    def new_clock(self) -> None:
        """The times of before cannot be compared with those to come."""
        self._since[:] = np.nan
        self._rests_until = None

    def look(
        self, confirmed: "np.ndarray[Any, Any]", seen: "np.ndarray[Any, Any]", now: float
    ) -> "np.ndarray[Any, Any]":
        """Return the cells ``(places,) bool`` of fires that have to be told now; they count as told from then on.

        ``confirmed`` are the cells with the evidence that confirms, ``seen`` those with some that this frame shows.
        """
        if not self._told.any():
            self._told |= seen
        spots = self._spots(seen)
        self._told |= self._touching(spots, self._near(self._told))
        candidates = confirmed & ~self._near(self._told)
        self._since = np.where(candidates, np.where(np.isnan(self._since), now, self._since), np.nan)
        due = candidates & seen & (now - self._since >= SETTLED_S)
        if not due.any() or (self._rests_until is not None and now < self._rests_until):
            return np.zeros(len(self._told), bool)
        told = self._touching(spots, due)
        self._told |= told
        self._rests_until = now + AGAIN_AFTER_S
        return told

    def _spots(self, cells: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        """Return the number of the connected spot that each cell belongs to, 0 where there is none."""
        grid = cells.reshape(self._side, self._side).astype(np.uint8)
        return np.asarray(cv2.connectedComponents(grid, connectivity=8)[1]).reshape(-1)

    def _touching(self, spots: "np.ndarray[Any, Any]", cells: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        numbers = np.unique(spots[cells])
        return np.asarray(np.isin(spots, numbers[numbers > 0]))

    def _near(self, cells: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        grid = cells.reshape(self._side, self._side).astype(np.uint8)
        around = np.ones((2 * NEAR + 1, 2 * NEAR + 1), np.uint8)
        return np.asarray(cv2.dilate(grid, around)).reshape(-1) > 0
