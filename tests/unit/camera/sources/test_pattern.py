"""Synthetic pictures."""

from __future__ import annotations

from itertools import islice, pairwise
from typing import Any

import numpy as np
import pytest

from hackai_camera.pictures import PixelPicture
from hackai_camera.sources.base import Pace
from hackai_camera.sources.pattern import Pattern
from hackai_shared.config.cameras import PatternSource


def pixels(pattern: str, count: int = 5, **options: Any) -> list[np.ndarray]:
    source = Pattern(PatternSource.model_validate({"pattern": pattern, "width": 320, "height": 180, **options}))
    pictures = [frame.picture for frame in islice(source.frames(), count)]
    assert all(isinstance(picture, PixelPicture) for picture in pictures)
    return [np.array(picture.pixels) for picture in pictures if isinstance(picture, PixelPicture)]


@pytest.mark.parametrize("pattern", ["room", "fire", "noise", "black"])
def test_every_start_gives_the_same_pictures(pattern: str) -> None:
    first, second = pixels(pattern), pixels(pattern)

    assert first[0].shape == (180, 320, 3)
    assert first[0].dtype == np.uint8
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("pattern", ["room", "fire", "noise"])
def test_neighbouring_pictures_differ(pattern: str) -> None:
    pictures = pixels(pattern, 20)

    assert not any(np.array_equal(a, b) for a, b in pairwise(pictures))


def test_the_room_is_calm_and_the_fire_is_bright_and_red() -> None:
    room, fire = pixels("room"), pixels("fire")

    assert np.abs(room[0].astype(int) - room[1]).mean() < 4
    blue, _, red = np.moveaxis(fire[-1][90:].astype(int), -1, 0)
    assert np.mean((red > 200) & (red - blue > 80)) > 0.1
    blue, _, red = np.moveaxis(room[-1].astype(int), -1, 0)
    assert np.mean((red > 200) & (red - blue > 80)) == 0


def test_it_ends_after_the_given_seconds() -> None:
    source = Pattern(PatternSource(pattern="black", fps=5, seconds=2))

    assert source.open() is Pace.REAL_TIME
    assert [frame.media_s for frame in source.frames()] == pytest.approx([n / 5 for n in range(10)])
