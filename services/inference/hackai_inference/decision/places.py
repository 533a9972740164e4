"""The places of a picture: a grid of cells on which scores meet, whatever model or detector they come from. Pure."""

from __future__ import annotations

from typing import Any, Optional, Sequence, Tuple

import cv2
import numpy as np

from hackai_shared.messages import Box

# Cells per side. A class activation has 11-14 cells, so finer ones would know nothing new.
SIDE = 16
PLACES = SIDE * SIDE
# A cell with this part of the strongest activation carries the picture's whole probability, a weaker one less.
FULL_ACTIVATION = 0.5
Grid = "np.ndarray[Any, Any]"
Point = Tuple[float, float]


def share_of_places(activation: "Optional[np.ndarray[Any, Any]]") -> "np.ndarray[Any, Any]":
    """Return ``(SIDE, SIDE) float32`` 0-1: which part of a picture's probability belongs to each place.

    ``activation`` is a heat-map ``(h, w)`` of the whole picture, not negative. Flames move and a map has coarse cells,
    so each place also has what its eight neighbours have. Without a map every place stands for the whole picture.
    """
    if activation is None or float(activation.max()) <= 0.0:
        return np.ones((SIDE, SIDE), np.float32)
    fitted = cv2.resize(activation.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    share = np.clip(fitted / (FULL_ACTIVATION * max(float(fitted.max()), 1e-6)), 0.0, 1.0)
    return cv2.dilate(share, np.ones((3, 3), np.uint8))


def scores_of_boxes(boxes: Sequence[Box], labels: Sequence[str]) -> "np.ndarray[Any, Any]":
    """Return ``(SIDE, SIDE) float32`` 0-1: at each place the best score of a box of these labels that touches it."""
    scores = np.zeros((SIDE, SIDE), np.float32)
    for box in boxes:
        if box.label in labels:
            rows, columns = cells_of(box)
            scores[rows, columns] = np.maximum(scores[rows, columns], box.score)
    return scores


def cells_of(box: Box) -> Tuple[slice, slice]:
    """Return the rows and columns of the places that a box touches; at least one."""
    top, left = min(SIDE - 1, int(box.y1 * SIDE)), min(SIDE - 1, int(box.x1 * SIDE))
    bottom, right = max(top + 1, int(np.ceil(box.y2 * SIDE))), max(left + 1, int(np.ceil(box.x2 * SIDE)))
    return slice(top, min(SIDE, bottom)), slice(left, min(SIDE, right))


def middle_of(place: int) -> Point:
    """Return the centre ``(x, y)`` of a place by its index, in relative coordinates."""
    row, column = divmod(place, SIDE)
    return (column + 0.5) / SIDE, (row + 0.5) / SIDE


def place_at(point: Point) -> int:
    """Return the index of the place that a relative point ``(x, y)`` lies in."""
    column, row = (min(SIDE - 1, int(along * SIDE)) for along in point)
    return row * SIDE + column


def covered(polygons: Sequence[Sequence[Point]], *, width: int = SIDE, height: int = SIDE) -> "np.ndarray[Any, Any]":
    """Return ``(height, width) bool``: the cells of which at least half lies inside of any of the polygons.

    Corners are relative (0-1, origin top left).
    """
    fine = 8
    canvas = np.zeros((height * fine, width * fine), np.uint8)
    for polygon in polygons:
        corners = np.array([(x * width * fine, y * height * fine) for x, y in polygon])
        cv2.fillPoly(canvas, [np.round(corners - 0.5).astype(np.int32)], 255)
    return cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA) >= 127
