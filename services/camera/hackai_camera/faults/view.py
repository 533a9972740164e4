"""What a camera normally sees: learnt from its healthy frames, compared with each new one. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hackai_camera.faults.look import Look, Plane, similarity

# Looks after which a view can be compared with; the slow mean then forgets over so many.
LEARNT_AFTER = 10
MEMORY = 300
# A cell of the picture counts as detailed from this contrast on, in grey levels; sensor noise stays below 1.
DETAILED = 4.0
# In dim light less contrast is expected, but what would not stand out from noise says nothing.
VISIBLE = 2.0
FLAT = 1.0
# A detailed cell is lost where less than this part of its contrast is left.
LOST_BELOW = 0.25
# Fewer detailed cells than these say nothing about the whole picture (1.5 % of it).
FEWEST_CELLS = 2


@dataclass(frozen=True)
class Comparison:
    """A look beside a view; all are 1 (``lost``: 0) where nothing has changed."""

    lost: float
    """Share of the detailed cells that are flat now."""
    remaining: float
    """How many cells are detailed now, by how many usually are."""
    sharpness: float
    """Fineness by the usual one."""
    outlines: float
    """Similarity of the outlines by the usual one, which is below 1 where things move."""
    steady: float
    """The usual similarity of the outlines: how much of the picture stays where it is."""


class View:
    """A slow mean of healthy looks."""

    def __init__(self) -> None:
        self.seen = 0
        self.outlines: Plane = np.zeros((45, 80), np.float32)
        self.detail: Plane = np.zeros((9, 16), np.float32)
        self.fineness = 0.0
        self.mean = 0.0
        self.steady = 1.0

    @property
    def learnt(self) -> bool:
        """Whether enough was seen to compare with."""
        return self.seen >= LEARNT_AFTER

    def learn(self, look: Look) -> None:
        """Take a healthy look into the mean."""
        if self.seen:
            alike = similarity(look.outlines, self.outlines)
            # The first comparisons are with a mean of few frames, which is noisier than what follows.
            weight = 1 / min(self.seen, MEMORY)
            self.steady += weight * (alike - self.steady)
        self.seen += 1
        weight = 1 / min(self.seen, MEMORY)
        self.outlines = self.outlines + weight * (look.outlines - self.outlines)
        self.detail = self.detail + weight * (look.detail - self.detail)
        self.fineness += weight * (look.fineness - self.fineness)
        self.mean += weight * (look.mean - self.mean)

    def compare(self, look: Look) -> Comparison:
        """Return how a look differs from the view."""
        light = min(1.0, look.mean / max(1.0, self.mean))
        expected = self.detail * light
        telling = (self.detail > DETAILED) & (expected > VISIBLE)
        lost, remaining = 0.0, 1.0
        if telling.sum() >= FEWEST_CELLS:
            flat = look.detail < np.maximum(FLAT, LOST_BELOW * expected)
            lost = float(flat[telling].mean())
            usual = int(telling.sum())
            remaining = float((look.detail > DETAILED * light).sum()) / usual
        return Comparison(
            lost=lost,
            remaining=remaining,
            sharpness=look.fineness / max(1e-3, self.fineness),
            outlines=similarity(look.outlines, self.outlines) / max(0.1, self.steady),
            steady=self.steady,
        )
