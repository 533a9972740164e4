from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hackai_compression.augmentation.geometry import choose_window, view, whole
from hackai_compression.augmentation.harmless_lights import add_lights, harmless_scene
from hackai_compression.augmentation.policy import AugmentationPolicy
from hackai_compression.augmentation.views import ViewMaker
from hackai_compression.datasets.folder import read_image_folder
from hackai_compression.datasets.pictures import PictureCache
from hackai_compression.datasets.samples import FIRE_CLASSES, Box, Dataset, Sample


@pytest.fixture
def dataset(picture_folder: Path) -> Dataset:
    plain = read_image_folder(picture_folder / "train", FIRE_CLASSES)
    boxes = (Box("fire", 0.2, 0.2, 0.8, 0.8), Box("smoke", 0.0, 0.0, 0.5, 0.5))
    boxed = tuple(Sample(s.path, s.label, s.source, s.group, boxes if s.label == "fire" else ()) for s in plain.samples)
    return Dataset(FIRE_CLASSES, boxed)


def test_every_view_is_a_picture_with_a_distribution(dataset: Dataset) -> None:
    maker = ViewMaker(dataset, 64, AugmentationPolicy(), PictureCache())
    assert len(maker) == len(dataset)
    for index, sample in enumerate(dataset.samples):
        made = maker.make(index, np.random.default_rng(index))
        assert made.picture.shape == (64, 64, 3)
        assert made.picture.dtype == np.uint8
        assert made.target.tolist() == [float(name == sample.label) for name in FIRE_CLASSES]


def test_the_same_draw_gives_the_same_view(dataset: Dataset) -> None:
    maker = ViewMaker(dataset, 64, AugmentationPolicy(), PictureCache())
    for index in range(0, len(maker), 5):
        first, second = (maker.make(index, np.random.default_rng(7)) for _ in range(2))
        assert np.array_equal(first.picture, second.picture)
        assert not np.array_equal(first.picture, maker.make(index, np.random.default_rng(8)).picture)


def test_without_augmentation_a_view_is_what_serving_sees(dataset: Dataset) -> None:
    cache = PictureCache()
    maker = ViewMaker(dataset, 64, AugmentationPolicy.none(), cache)
    assert len(maker) == len(dataset)
    made = maker.make(3, np.random.default_rng(0))
    assert np.array_equal(made.picture, whole(cache.get(dataset.samples[3].path), 64))


def test_a_window_keeps_the_largest_box_half_inside() -> None:
    box = Box("fire", 0.8, 0.8, 1.0, 1.0)
    for seed in range(200):
        w = choose_window((100, 200, 3), (box,), 0.3, 0.25, np.random.default_rng(seed))
        assert abs(w.centre_x - 180) <= w.width / 2 + 1e-6
        assert abs(w.centre_y - 90) <= w.height / 2 + 1e-6


def test_a_whole_window_shows_the_whole_picture() -> None:
    picture = np.zeros((40, 80, 3), np.uint8)
    picture[:, :40] = 255
    for seed in range(20):
        w = choose_window(picture.shape, (), 1.0, 0.25, np.random.default_rng(seed))
        seen = view(picture, w, 32, None, np.random.default_rng(seed))
        assert seen.min() < 60 and seen.max() == 255  # noqa: PT018


def test_made_up_scenes_differ_and_lights_only_brighten_the_dark() -> None:
    rng = np.random.default_rng(0)
    scenes = [harmless_scene(64, rng) for _ in range(60)]
    assert len({s.tobytes() for s in scenes}) == 60
    black = np.zeros((64, 64, 3), np.uint8)
    assert max(int(add_lights(black, rng).max()) for _ in range(10)) > 100
