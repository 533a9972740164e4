"""hackai_compression.augmentation.boxed_views: boxes follow what happens to their pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from hackai_compression.augmentation.boxed_views import BoxedView, BoxedViewMaker
from hackai_compression.augmentation.policy import AugmentationPolicy
from hackai_compression.datasets.pictures import PictureCache
from hackai_compression.datasets.samples import Box, Sample

BOX = Box("smoke", 0.25, 0.4, 0.5, 0.8)
SIZE = 128


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    """A black picture with one white rectangle, and its box."""
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[80:160, 75:150] = 255
    path = tmp_path / "white.png"
    cv2.imwrite(str(path), picture)
    return Sample(path, "start_fire", "s", "g", (BOX,))


def maker(sample: Sample, **policy: float | bool) -> BoxedViewMaker:
    wanted = {"camera_faults": 0, **policy}
    return BoxedViewMaker([sample] * 4, [], ("fire", "smoke"), SIZE, AugmentationPolicy(**wanted), PictureCache())


def white(view: BoxedView, corners: np.ndarray) -> float:
    """Share of a box that is white."""
    left, top, right, bottom = (round(float(v)) for v in corners)
    return float((view.picture[top:bottom, left:right] > 250).mean())


def test_without_augmentation_the_whole_picture_is_squeezed(sample: Sample) -> None:
    view = maker(sample, geometry=False).make(0, np.random.default_rng(0))
    assert view.corners[0] == pytest.approx(np.array([0.25, 0.4, 0.5, 0.8]) * SIZE)
    assert view.classes.tolist() == [1]


@pytest.mark.parametrize("seed", range(20))
def test_boxes_lie_on_what_they_show(sample: Sample, seed: int) -> None:
    view = maker(sample, zoom_out=0.5, min_crop=0.3).make(0, np.random.default_rng(seed))
    for corners in view.corners:
        assert white(view, corners) > 0.85
        assert (corners >= 0).all()
        assert (corners <= SIZE).all()


@pytest.mark.parametrize("seed", range(10))
def test_a_mosaic_keeps_the_boxes_of_its_four_pictures(sample: Sample, seed: int) -> None:
    view = maker(sample, mosaics=1.0, min_crop=0.9, zoom_out=0.0).make(0, np.random.default_rng(seed))
    assert view.picture.shape == (SIZE, SIZE, 3)
    assert len(view.corners) == 4
    assert all(white(view, corners) > 0.75 for corners in view.corners)


def test_harmless_views_have_no_boxes(sample: Sample) -> None:
    views = maker(sample, harmless_scenes=1.0)
    assert len(views) == 8
    assert all(len(views.make(i, np.random.default_rng(i)).corners) == 0 for i in range(4, 8))


def test_the_same_draw_gives_the_same_view(sample: Sample) -> None:
    views = maker(sample, mosaics=0.5, camera_faults=1.0)
    first, second = (views.make(1, np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(first.picture, second.picture)
    assert np.array_equal(first.corners, second.corners)


def test_what_was_not_boxed_is_unknown_in_its_own_quarter_of_a_mosaic(sample: Sample) -> None:
    partly = replace(sample, unboxed=("fire",))
    wanted = AugmentationPolicy(camera_faults=0, mosaics=1.0)
    views = BoxedViewMaker([partly, sample], [], ("fire", "smoke"), SIZE, wanted, PictureCache())
    half = SIZE / 2
    quarters = {(x, y, x + half, y + half) for x in (0.0, half) for y in (0.0, half)}
    view = views.make(0, np.random.default_rng(0))
    unknown = [tuple(c) for c, kind in zip(view.unknown.tolist(), view.unknown_classes, strict=True) if kind == 0]
    assert unknown[0] == (0.0, 0.0, half, half)
    assert set(unknown) <= quarters
    whole = maker(partly, geometry=False).make(0, np.random.default_rng(0))
    assert whole.unknown.tolist() == [[0, 0, SIZE, SIZE]]
    assert whole.unknown_classes.tolist() == [0]


def test_a_box_of_which_too_little_is_left_is_unknown_there(sample: Sample) -> None:
    tiny = replace(sample, boxes=(Box("smoke", 0.5, 0.5, 0.51, 0.51),))
    view = maker(tiny, geometry=False).make(0, np.random.default_rng(0))
    assert len(view.corners) == 0
    assert view.unknown_classes.tolist() == [1]
    assert view.unknown[0] == pytest.approx(np.array([0.5, 0.5, 0.51, 0.51]) * SIZE)
