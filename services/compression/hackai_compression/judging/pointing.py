"""Figures of a detector that do not depend on how people draw boxes, one loose one or many tight ones. Pure.

*Pointing*: the centre of the best box lies in a true box. *Overlap*: intersection over union of the area of all boxes
and the area of all true ones. Both are about pictures that have a true box; kinds that nobody boxed in a picture are
left out of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hackai_compression.datasets.samples import Box, Sample
from hackai_compression.judging.intervals import Mean, Share, mean, share
from hackai_shared.serving.detector import DetectedBox

Corners = npt.NDArray[np.float64]  # (N, 4), left, top, right, bottom


@dataclass(frozen=True)
class Aim:
    """One picture: whether the best box points into a true one, and the overlap of the areas, 0-1."""

    source: str
    points: bool
    overlap: float


def aim(
    detected: Sequence[DetectedBox], sample: Sample, minimum: Mapping[str, float], labels: Sequence[str]
) -> Aim | None:
    """Of the boxes of some labels; the areas are those at or above their `minimum`. None: no true box of them."""
    known = [label for label in labels if label not in sample.unboxed]
    true = [box for box in sample.boxes if box.kind in known]
    if not true:
        return None
    found = [box for box in detected if box.label in known]
    best = max(found, key=lambda box: box.score, default=None)
    kept = [[b.x0, b.y0, b.x1, b.y1] for b in found if b.score >= minimum[b.label]]
    return Aim(
        sample.source,
        best is not None and any(_inside(best, box) for box in true),
        area_overlap(
            np.asarray(kept, np.float64).reshape(-1, 4),
            np.asarray([[b.left, b.top, b.right, b.bottom] for b in true], np.float64).reshape(-1, 4),
        ),
    )


def pointing(aims: Sequence[Aim]) -> Share | None:
    """Pictures whose best box points into a true one; none at all is a miss."""
    return share(sum(a.points for a in aims), len(aims))


def overlap(aims: Sequence[Aim]) -> Mean | None:
    """Of the areas, averaged over the pictures."""
    return mean([a.overlap for a in aims])


def area_overlap(first: Corners, second: Corners) -> float:
    """Intersection over union of what two sets of boxes cover, 0-1; exact: the edges cut the picture into cells."""
    both = np.concatenate([first, second])
    if not len(both):
        return 0.0
    xs, ys = np.unique(both[:, [0, 2]]), np.unique(both[:, [1, 3]])
    if len(xs) < 2 or len(ys) < 2:
        return 0.0
    cells = np.outer(np.diff(ys), np.diff(xs))
    middles = (xs[:-1] + xs[1:]) / 2, (ys[:-1] + ys[1:]) / 2
    one, other = (_covered(boxes, *middles) for boxes in (first, second))
    union = float(cells[one | other].sum())
    return float(cells[one & other].sum()) / union if union > 0 else 0.0


def _covered(boxes: Corners, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """(rows, columns): whether any box covers the middle of a cell."""
    along_x = (boxes[:, :1] < x) & (x < boxes[:, 2:3])
    along_y = (boxes[:, 1:2] < y) & (y < boxes[:, 3:])
    return np.asarray((along_y[:, :, None] & along_x[:, None, :]).any(axis=0))


def _inside(found: DetectedBox, box: Box) -> bool:
    x, y = (found.x0 + found.x1) / 2, (found.y0 + found.y1) / 2
    return box.left <= x <= box.right and box.top <= y <= box.bottom
