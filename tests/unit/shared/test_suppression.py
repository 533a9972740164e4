"""hackai_shared.serving.suppression."""

from __future__ import annotations

import numpy as np
import pytest

from hackai_shared.serving.suppression import overlaps, suppress

BOXES = np.array([[0, 0, 1, 1], [0, 0, 1, 0.9], [0, 0, 0.5, 0.5], [2, 2, 3, 3]], np.float64)


def test_overlap_is_shared_area_over_common_area() -> None:
    found = overlaps(BOXES[:1], BOXES)
    assert found[0] == pytest.approx([1.0, 0.9, 0.25, 0.0])


def test_boxes_without_area_overlap_nothing() -> None:
    flat = np.array([[0.2, 0.2, 0.2, 0.9], [0.9, 0.9, 0.1, 0.1]])
    assert overlaps(flat, flat).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_the_best_of_overlapping_boxes_stays() -> None:
    assert suppress(BOXES, np.array([0.6, 0.9, 0.5, 0.1]), overlap=0.5, limit=10).tolist() == [1, 2, 3]


def test_at_most_so_many_stay() -> None:
    assert suppress(BOXES, np.array([0.6, 0.9, 0.5, 0.1]), overlap=0.5, limit=2).tolist() == [1, 2]


def test_equal_scores_keep_their_order() -> None:
    assert suppress(BOXES, np.ones(4), overlap=0.5, limit=10).tolist() == [0, 2, 3]


def test_no_boxes() -> None:
    assert suppress(np.zeros((0, 4)), np.zeros(0), overlap=0.5, limit=10).tolist() == []
