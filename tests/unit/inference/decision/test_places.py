"""The places of a picture, and what counts at each."""

from __future__ import annotations

import numpy as np
import pytest

from hackai_inference.decision.places import SIDE, cells_of, covered, middle_of, scores_of_boxes, share_of_places
from hackai_shared.messages import Box


def box(x1: float, y1: float, x2: float, y2: float, label: str = "fire", score: float = 0.8) -> Box:
    return Box(x1=x1, y1=y1, x2=x2, y2=y2, label=label, score=score, source="detector")


def test_the_probability_belongs_to_where_the_activation_is_and_next_to_it() -> None:
    activation = np.zeros((SIDE, SIDE), np.float32)
    activation[4, 4] = 3.0

    share = share_of_places(activation)

    assert share[4, 4] == share[3, 3] == share[5, 5] == 1.0
    assert share[4, 6] == share[10, 10] == 0.0


def test_two_spots_share_by_their_strength() -> None:
    activation = np.zeros((SIDE, SIDE), np.float32)
    activation[2, 2], activation[12, 12] = 4.0, 1.0

    share = share_of_places(activation)

    assert share[2, 2] == 1.0
    assert share[12, 12] == pytest.approx(0.5)


def test_without_a_map_every_place_stands_for_the_whole_picture() -> None:
    assert (share_of_places(None) == 1.0).all()


def test_boxes_count_where_they_are_by_their_best_score() -> None:
    scores = scores_of_boxes([box(0.0, 0.0, 0.1, 0.1), box(0.0, 0.0, 0.05, 0.05, score=0.9)], ["fire"])

    assert scores[0, 0] == pytest.approx(0.9)
    assert scores[1, 1] == pytest.approx(0.8)
    assert scores[8, 8] == 0.0
    assert not scores_of_boxes([box(0.0, 0.0, 1.0, 1.0, "start_fire")], ["fire"]).any()


def test_a_box_touches_one_place_at_least() -> None:
    assert cells_of(box(1.0, 1.0, 1.0, 1.0)) == (slice(15, 16), slice(15, 16))


def test_a_place_has_its_middle() -> None:
    assert middle_of(SIDE + 2) == (2.5 / SIDE, 1.5 / SIDE)


def test_a_polygon_covers_the_cells_that_lie_in_it() -> None:
    left_half = covered([[(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]])

    assert left_half[:, : SIDE // 2].all()
    assert not left_half[:, SIDE // 2 :].any()
    assert not covered([]).any()
