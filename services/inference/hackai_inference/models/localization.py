"""Where in the picture: from the class activations of a classifier to a heat-map and boxes. Pure."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional, Sequence

import cv2
import numpy as np

from hackai_shared.messages import Box
from hackai_shared.serving.classifier import Classification
from hackai_shared.serving.manifest import InputSpec

# Part of the strongest activation that belongs to a region. 0.2 is the value of the CAM paper (Zhou et al., 2016);
# higher here, since a person who looks at the box wants the flames and not their glow.
REGION_THRESHOLD = 0.35
# The map is enlarged to so many cells on the longer side before it is cut: boxes do not snap to its few cells.
FINE_CELLS = 64
# Regions with a smaller share of the picture are specks.
MIN_AREA = 0.004
MAX_BOXES = 4


def heat_map(
    result: Classification, classes: Sequence[str], label: str, spec: InputSpec, *, width: int, height: int
) -> Optional["np.ndarray[Any, Any]"]:
    """Return where a picture activates ``label``: ``(h, w) float32``, 0-1, with 1 at the strongest.

    Negative activations speak against the class and are cut off. None: the graph has no activations, or nothing in the
    picture speaks for the label.
    """
    found = activation(result, classes, {label: 1.0}, spec, width=width, height=height)
    return None if found is None else found / float(found.max())


def activation(
    result: Classification,
    classes: Sequence[str],
    labels: Mapping[str, float],
    spec: InputSpec,
    *,
    width: int,
    height: int,
) -> Optional["np.ndarray[Any, Any]"]:
    """Return how strongly each part of a picture speaks for labels, weighted: ``(h, w) float32``, not negative.

    None: as for :func:`heat_map`.
    """
    if result.cam is None:
        return None
    maps = [weight * result.cam[list(classes).index(label)] for label, weight in labels.items() if label in classes]
    if not maps:
        return None
    total = np.maximum(np.sum([np.maximum(part, 0.0) for part in maps], axis=0).astype(np.float32), 0.0)
    total = without_borders(total, spec, width=width, height=height)
    peak = float(total.max())
    return total if np.isfinite(peak) and peak > 0.0 else None


def without_specks(heat: "np.ndarray[Any, Any]", min_size: float) -> "np.ndarray[Any, Any]":
    """Return a heat-map ``(h, w) float32`` without strong regions smaller than this part of the picture."""
    if min_size <= 0.0:
        return heat
    zoom = FINE_CELLS / max(heat.shape)
    fine = cv2.resize(heat, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LINEAR)
    mask = (fine >= REGION_THRESHOLD * float(heat.max())).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    small = [index for index in range(1, count) if stats[index, cv2.CC_STAT_AREA] < min_size * fine.size]
    # What surrounds a speck belongs to it as well.
    gone = cv2.dilate(np.isin(labels, small).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    fine[gone] = 0.0
    return fine


def regions(heat: "np.ndarray[Any, Any]", label: str, score: float) -> List[Box]:
    """Return boxes around the strong regions of a heat-map ``(h, w) float32`` 0-1, largest first.

    A class activation tells where, not how sure: each box carries the probability of the whole picture, scaled by how
    strong its region is beside the strongest.
    """
    zoom = FINE_CELLS / max(heat.shape)
    fine = cv2.resize(heat, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LINEAR)
    mask = (fine >= REGION_THRESHOLD).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    height, width = fine.shape
    found = []
    for index in range(1, count):
        left, top, columns, rows, area = (int(value) for value in stats[index])
        if area < MIN_AREA * height * width:
            continue
        strength = float(fine[labels == index].max())
        box = Box(
            x1=left / width,
            y1=top / height,
            x2=min(1.0, (left + columns) / width),
            y2=min(1.0, (top + rows) / height),
            label=label,
            score=min(1.0, max(0.0, score * min(1.0, strength))),
            source="cam",
        )
        found.append((area, box))
    found.sort(key=lambda pair: -pair[0])
    return [box for _, box in found[:MAX_BOXES]]


def without_borders(
    heat: "np.ndarray[Any, Any]", spec: InputSpec, *, width: int, height: int
) -> "np.ndarray[Any, Any]":
    """Return the part of a map of the model's input, in any resolution, that is no border of the letterbox."""
    if spec.resize == "stretch":
        return heat
    scale = min(spec.height / height, spec.width / width)
    rows = max(1, round(heat.shape[0] * height * scale / spec.height))
    columns = max(1, round(heat.shape[1] * width * scale / spec.width))
    top, left = (heat.shape[0] - rows) // 2, (heat.shape[1] - columns) // 2
    return heat[top : top + rows, left : left + columns]
