"""From class activations to a heat-map and boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hackai_inference.models.localization import MAX_BOXES, heat_map, regions
from hackai_shared.serving.classifier import Classification
from hackai_shared.serving.manifest import InputSpec

CLASSES = ["fire", "no_fire"]
STRETCH = InputSpec(layout="NHWC", dtype="uint8", height=80, width=80)
LETTERBOX = InputSpec(layout="NHWC", dtype="uint8", height=80, width=80, resize="letterbox")


def result(fire: np.ndarray[Any, Any]) -> Classification:
    return Classification("fire", {"fire": 0.9, "no_fire": 0.1}, np.stack([fire, -fire]).astype(np.float32))


def test_a_heat_map_is_normalised_and_leaves_out_what_speaks_against() -> None:
    heat = heat_map(result(np.array([[4.0, -2.0], [1.0, 0.0]])), CLASSES, "fire", STRETCH, width=640, height=360)

    assert heat is not None
    assert heat.tolist() == [[1.0, 0.0], [0.25, 0.0]]


def test_nothing_speaks_for_the_label() -> None:
    quiet = result(-np.ones((4, 4)))

    assert heat_map(quiet, CLASSES, "fire", STRETCH, width=64, height=64) is None
    assert heat_map(quiet, CLASSES, "unknown", STRETCH, width=64, height=64) is None
    without = Classification("fire", {"fire": 1.0}, None)
    assert heat_map(without, CLASSES, "fire", STRETCH, width=64, height=64) is None


def test_the_grey_borders_of_a_letterbox_are_not_part_of_the_picture() -> None:
    activation = np.zeros((8, 8))
    activation[0, :] = 9.0  # in the border above a wide picture
    activation[3, 5] = 1.0

    heat = heat_map(result(activation), CLASSES, "fire", LETTERBOX, width=160, height=80)

    assert heat is not None
    assert heat.shape == (4, 8)
    assert heat[1, 5] == 1.0


def test_a_warm_corner_becomes_a_box_there() -> None:
    heat = np.zeros((10, 10), np.float32)
    heat[6:9, 1:4] = 1.0

    (box,) = regions(heat, "fire", 0.9)

    assert (box.label, box.source) == ("fire", "cam")
    assert box.score == pytest.approx(0.9)
    assert [box.x1, box.y1, box.x2, box.y2] == pytest.approx([0.1, 0.6, 0.4, 0.9], abs=0.08)


def test_regions_are_ordered_by_size_and_limited() -> None:
    heat = np.zeros((20, 20), np.float32)
    for index in range(6):
        heat[1 + 3 * index : 3 + 3 * index, 1:4] = 0.8
    heat[2:12, 10:18] = 1.0

    boxes = regions(heat, "fire", 1.0)

    assert len(boxes) == MAX_BOXES
    areas = [(box.x2 - box.x1) * (box.y2 - box.y1) for box in boxes]
    assert areas[0] == max(areas)
    assert boxes[1].score < boxes[0].score


def test_a_speck_is_no_region() -> None:
    heat = np.zeros((64, 64), np.float32)
    heat[30, 30] = 1.0

    assert regions(heat, "fire", 1.0) == []
