"""hackai_compression.judging.detection_metrics."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from hackai_compression.datasets.samples import Box, Sample
from hackai_compression.judging.detection_metrics import (
    average_precision,
    match,
    mean_average_precision,
    recall_at_false_boxes,
)
from hackai_shared.serving.detector import DetectedBox

TRUE = Box("fire", 0.1, 0.1, 0.5, 0.5)
OTHER = Box("fire", 0.6, 0.6, 0.9, 0.9)


def shows(*boxes: Box, unboxed: tuple[str, ...] = ()) -> Sample:
    return Sample(Path("x.jpg"), "fire", "s", "g", boxes, unboxed)


def at(box: Box, score: float, shift: float = 0.0, label: str = "fire") -> DetectedBox:
    return DetectedBox(box.left + shift, box.top, box.right + shift, box.bottom, label, score)


def test_a_perfect_detector_has_the_area_one() -> None:
    found = match([[at(TRUE, 0.9), at(OTHER, 0.8)]], [shows(TRUE, OTHER)], "fire")
    assert average_precision(found) == pytest.approx(1.0)


def test_a_true_box_is_found_once_and_the_better_box_finds_it() -> None:
    found = match([[at(TRUE, 0.7), at(TRUE, 0.9, 0.01)]], [shows(TRUE)], "fire")
    assert found.scores.tolist() == [0.9, 0.7]
    assert found.right.tolist() == [True, False]


def test_half_of_the_common_area_must_be_shared() -> None:
    # A shift of a third of the side shares 2/4 of the common area, a little more shares less.
    assert match([[at(TRUE, 0.9, 0.4 / 3 - 1e-9)]], [shows(TRUE)], "fire").right.tolist() == [True]
    assert match([[at(TRUE, 0.9, 0.14)]], [shows(TRUE)], "fire").right.tolist() == [False]


def test_boxes_of_another_class_find_nothing() -> None:
    found = match([[at(TRUE, 0.9, label="smoke")]], [shows(TRUE)], "fire")
    assert (len(found.scores), found.truths) == (0, 1)
    assert average_precision(found) == 0.0


def test_the_area_of_a_curve_counted_by_hand() -> None:
    # right, wrong, right of three true boxes: precision 1, 1/2, 2/3 at recall 1/3, 1/3, 2/3.
    detected = [[at(TRUE, 0.9)], [at(TRUE, 0.8, 0.3)], [at(TRUE, 0.7)]]
    found = match(detected, [shows(TRUE)] * 3, "fire")
    assert average_precision(found) == pytest.approx(1 / 3 * 1 + 1 / 3 * 2 / 3)


def test_recall_at_a_number_of_wrong_boxes() -> None:
    detected = [[at(TRUE, 0.9)], [at(TRUE, 0.8, 0.3)], [at(TRUE, 0.7)], []]
    found = match(detected, [shows(TRUE), shows(), shows(TRUE), shows(TRUE)], "fire")
    assert recall_at_false_boxes(found, 0.0) == (pytest.approx(1 / 3), 0.9)
    assert recall_at_false_boxes(found, 0.25) == (pytest.approx(2 / 3), 0.7)


def test_boxes_of_equal_score_come_together() -> None:
    found = match([[at(TRUE, 0.9), at(TRUE, 0.9, 0.5)]], [shows(TRUE)], "fire")
    assert recall_at_false_boxes(found, 0.0) == (0.0, 1.0)


def test_a_class_that_does_not_occur_has_no_figure_and_does_not_count() -> None:
    assert math.isnan(average_precision(match([[]], [shows(TRUE)], "smoke")))
    assert mean_average_precision([[at(TRUE, 0.9)]], [shows(TRUE)], ["fire", "smoke"]) == pytest.approx(1.0)


def test_where_nobody_boxed_a_class_its_boxes_are_neither_right_nor_wrong() -> None:
    detected = [[at(TRUE, 0.9, label="smoke"), at(TRUE, 0.8)], [at(TRUE, 0.7, label="smoke")]]
    samples = [shows(TRUE, unboxed=("smoke",)), shows(Box("smoke", 0.1, 0.1, 0.5, 0.5))]
    smoke = match(detected, samples, "smoke")
    assert (smoke.scores.tolist(), smoke.truths, smoke.pictures) == ([0.7], 1, 1)
    assert mean_average_precision(detected, samples, ["fire", "smoke"]) == pytest.approx(1.0)
    assert match(detected, samples, "fire").pictures == 2
