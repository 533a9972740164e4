"""The picture that people get."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Callable

import numpy as np
import pytest

from hackai_inference.pictures.annotate import annotate
from hackai_inference.pictures.snapshot_buffer import Snapshot
from hackai_inference.pictures.strip import crop_around
from hackai_shared.messages import Box
from hackai_shared.serving.decoding import ImageError, decode_image

AT = datetime(2026, 1, 1, 12, 30, tzinfo=timezone.utc)
BOX = Box(x1=0.25, y1=0.25, x2=0.75, y2=0.75, label="fire", score=0.9, source="cam")


@pytest.mark.parametrize(("width", "height"), [(64, 48), (640, 360), (1280, 720), (200, 900)])
def test_the_picture_stays_whole_and_the_caption_is_below_it(
    picture: Callable[..., bytes], width: int, height: int
) -> None:
    heat = np.zeros((8, 8), np.float32)
    heat[4, 4] = 1.0
    jpeg = picture("no_fire", width=width, height=height)

    drawn = decode_image(annotate(jpeg, label="fire", score=0.97, camera_name="Küche", at=AT, boxes=[BOX], heat=heat))

    assert drawn.shape[1] == width
    assert drawn.shape[0] > height
    original = decode_image(jpeg).astype(int)
    corner = np.abs(drawn[: height // 8, : width // 8].astype(int) - original[: height // 8, : width // 8])
    assert corner.mean() < 6  # nothing is drawn where nothing is warm


def test_the_box_is_on_the_picture_and_the_heat_beside_it(picture: Callable[..., bytes]) -> None:
    jpeg = picture("no_fire", width=640, height=360)
    heat = np.zeros((8, 8), np.float32)
    heat[3:5, 3:5] = 1.0

    drawn = decode_image(
        annotate(jpeg, label="fire", score=0.97, camera_name="x", at=AT, boxes=[BOX], heat=heat)
    ).astype(int)

    original = decode_image(jpeg).astype(int)
    assert np.abs(drawn[180, 320] - original[180, 320]).max() < 8  # nothing hides the middle
    assert drawn[400, 52, 0] > original[180, 320, 0] + 40  # the first tile below is red in its middle
    assert np.abs(drawn[180, 158:164] - original[180, 158:164]).max() > 60  # the left edge


def test_the_last_moments_show_the_place_of_the_box(picture: Callable[..., bytes]) -> None:
    before, now = (picture(label, width=640, height=360) for label in ("no_fire", "fire"))

    drawn = decode_image(
        annotate(
            now,
            label="fire",
            score=0.97,
            camera_name="x",
            at=AT,
            boxes=[BOX],
            heat=None,
            moments=[Snapshot(1.6, before), Snapshot(0.0, now)],
        )
    ).astype(int)

    assert np.abs(drawn[380, 52] - decode_image(before)[0, 0]).max() < 12
    assert np.abs(drawn[380, 160] - decode_image(now)[0, 0]).max() < 12


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        ([], (0.39, 0.39, 0.61, 0.61)),
        ([BOX], (0.075, 0.075, 0.925, 0.925)),
        ([BOX.model_copy(update={"x1": 0.0, "y1": 0.0, "x2": 0.02, "y2": 0.02})], (0.0, 0.0, 0.22, 0.22)),
    ],
)
def test_a_crop_shows_the_surroundings(boxes: list[Box], expected: tuple[float, ...]) -> None:
    assert crop_around(boxes, (0.5, 0.5)) == pytest.approx(expected)


def test_a_starting_fire_without_activations_is_captioned_as_well(picture: Callable[..., bytes]) -> None:
    drawn = annotate(
        picture("start_fire"), label="start_fire", score=0.8, camera_name="x" * 200, at=AT, boxes=[], heat=None
    )

    assert decode_image(drawn).shape[0] > 90


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ImageError):
        annotate(b"text", label="fire", score=1.0, camera_name="x", at=AT, boxes=[], heat=None)
