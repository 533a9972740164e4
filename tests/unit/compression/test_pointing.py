"""hackai_compression.judging.pointing and box_thresholds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hackai_compression.datasets.samples import Box, Sample
from hackai_compression.judging.box_thresholds import choose_thresholds
from hackai_compression.judging.pointing import Aim, aim, area_overlap, overlap, pointing
from hackai_shared.serving.detector import DEFAULT_SCORE, DetectedBox, drawn_from

LABELS = ("fire", "smoke")
LEAST = {"fire": 0.3, "smoke": 0.3}
LOOSE = Box("fire", 0.2, 0.2, 0.6, 0.6)


def sample(*boxes: Box, unboxed: tuple[str, ...] = ()) -> Sample:
    return Sample(Path("x.jpg"), "fire", "s", "g", boxes, unboxed)


def found(left: float, top: float, right: float, bottom: float, score: float, label: str = "fire") -> DetectedBox:
    return DetectedBox(left, top, right, bottom, label, score)


def seen(detected: list[DetectedBox], known: Sample) -> Aim:
    result = aim(detected, known, LEAST, LABELS)
    assert result is not None
    return result


def test_two_tight_boxes_cover_what_one_loose_box_covers() -> None:
    halves = [found(0.2, 0.2, 0.4, 0.6, 0.9), found(0.4, 0.2, 0.6, 0.6, 0.8)]
    assert seen(halves, sample(LOOSE)) == Aim("s", points=True, overlap=pytest.approx(1.0))


def test_the_best_box_points_and_weak_ones_are_not_drawn() -> None:
    astray = [found(0.7, 0.7, 0.9, 0.9, 0.9), found(0.2, 0.2, 0.6, 0.6, 0.2)]
    assert seen(astray, sample(LOOSE)) == Aim("s", points=False, overlap=0.0)
    assert seen([], sample(LOOSE)) == Aim("s", points=False, overlap=0.0)


def test_what_was_not_boxed_in_a_picture_is_left_out_of_it() -> None:
    smoke = found(0.7, 0.7, 0.9, 0.9, 0.95, "smoke")
    fire = found(0.2, 0.2, 0.6, 0.6, 0.5)
    assert seen([smoke, fire], sample(LOOSE)).points is False
    assert seen([smoke, fire], sample(LOOSE, unboxed=("smoke",))) == Aim("s", points=True, overlap=pytest.approx(1.0))
    assert aim([smoke], sample(unboxed=("smoke",)), LEAST, LABELS) is None
    assert aim([smoke], sample(), LEAST, LABELS) is None


@pytest.mark.parametrize("seed", range(8))
def test_areas_agree_with_counted_pixels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sets, pictures = [], []
    for _ in range(2):
        ends = np.sort(rng.integers(0, 101, (int(rng.integers(0, 5)), 2, 2)), axis=1)
        picture = np.zeros((100, 100), bool)
        for (x0, y0), (x1, y1) in ends:
            picture[y0:y1, x0:x1] = True
        sets.append(ends.reshape(-1, 4) / 100)
        pictures.append(picture)
    union = (pictures[0] | pictures[1]).sum()
    counted = (pictures[0] & pictures[1]).sum() / union if union else 0.0
    assert area_overlap(*sets) == pytest.approx(counted)


def test_figures_come_with_their_bounds() -> None:
    aims = [Aim("s", True, 0.8)] * 9 + [Aim("s", False, 0.0)]
    share, area = pointing(aims), overlap(aims)
    assert share is not None
    assert area is not None
    assert (share.count, share.of) == (9, 10)
    assert area.low < area.value < area.high
    assert area.value == pytest.approx(0.72)
    assert pointing([]) is overlap([]) is None


def test_drawn_boxes_are_chosen_by_area_and_counting_ones_by_wrong_boxes() -> None:
    # Every picture has the right box at 0.4, two have a wrong one at 0.5: nothing counts, and what is drawn is right.
    samples = [sample(LOOSE)] * 10
    detected = [[found(0.2, 0.2, 0.6, 0.6, 0.4)] for _ in samples]
    for boxes in detected[:2]:
        boxes.append(found(0.7, 0.7, 0.9, 0.9, 0.5))
    chosen = choose_thresholds(detected, samples, LABELS)
    assert chosen["fire"] == 1.0  # two wrong boxes of equal score come together
    assert chosen["drawn_fire"] <= 0.4
    assert chosen["smoke"] == chosen["drawn_smoke"] == DEFAULT_SCORE


def test_what_counts_is_always_drawn() -> None:
    assert drawn_from({"fire": 0.2, "drawn_fire": 0.3, "smoke": 0.5, "drawn_smoke": 0.3}, ["fire", "smoke", "x"]) == {
        "fire": 0.2,
        "smoke": 0.3,
        "x": DEFAULT_SCORE,
    }
