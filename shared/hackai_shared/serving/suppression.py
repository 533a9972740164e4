"""Of many overlapping boxes the best ones: non-maximum suppression, outside of the graph and in one place. Pure."""

from __future__ import annotations

from typing import Any, List

import numpy as np


def suppress(
    boxes: "np.ndarray[Any, Any]", scores: "np.ndarray[Any, Any]", *, overlap: float, limit: int
) -> "np.ndarray[Any, Any]":
    """Return the indices of the boxes that stay, best first, at most ``limit``.

    A box goes when its intersection over union with a better one that stays is above ``overlap``. ``boxes`` is
    ``(K, 4)``, left, top, right, bottom; ``scores`` is ``(K,)``, all of one class. Boxes of equal score keep their
    order, so the result does not depend on the machine.
    """
    order = np.argsort(-scores, kind="stable")
    kept: List[int] = []
    while len(order) and len(kept) < limit:
        best, order = order[0], order[1:]
        kept.append(int(best))
        order = order[overlaps(boxes[best][np.newaxis], boxes[order])[0] <= overlap]
    return np.asarray(kept, dtype=np.int64)


def overlaps(first: "np.ndarray[Any, Any]", second: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """Return the intersection over union, ``(N, M)`` 0-1, of boxes ``(N, 4)`` with boxes ``(M, 4)``."""
    left_top = np.maximum(first[:, np.newaxis, :2], second[np.newaxis, :, :2])
    right_bottom = np.minimum(first[:, np.newaxis, 2:], second[np.newaxis, :, 2:])
    shared = np.prod(np.clip(right_bottom - left_top, 0.0, None), axis=2)
    union = _areas(first)[:, np.newaxis] + _areas(second)[np.newaxis] - shared
    return shared / np.maximum(union, 1e-12)  # type: ignore[no-any-return]


def _areas(boxes: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    return np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0.0, None), axis=1)  # type: ignore[no-any-return]
