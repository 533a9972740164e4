"""The gates of enrolment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hackai_face_auth.engine.faces import DetectedFace
from hackai_face_auth.engine.geometry import HeadPose
from hackai_face_auth.quality import FaceQuality, count_objection, measure, objections
from hackai_shared.config.faces import QualityConfig

GOOD = FaceQuality(150.0, 0.85, HeadPose(3.0, 0.02, 1.0), 120.0, 120.0, 0.01, False)


def test_a_good_photo_passes() -> None:
    assert objections(GOOD, QualityConfig()) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"face_px": 40.0}, "too small"),
        ({"detection": 0.55}, "not clearly visible"),
        ({"sharpness": 10.0}, "blurred"),
        ({"pose": HeadPose(-45.0, 0.0, 0.0)}, "turned too far"),
        ({"pose": HeadPose(0.0, 0.4, 0.0)}, "raised or lowered"),
        ({"pose": HeadPose(0.0, 0.0, 50.0)}, "tilted"),
        ({"brightness": 20.0}, "too dark"),
        ({"brightness": 250.0}, "too bright"),
        ({"clipped": 0.6}, "black or white"),
        ({"cut_off": True}, "cut off"),
    ],
)
def test_each_gate_says_why(change: dict[str, object], words: str) -> None:
    (reason,) = objections(replace(GOOD, **change), QualityConfig())  # type: ignore[arg-type]
    assert words in reason


def test_exactly_one_face() -> None:
    assert count_objection(1) is None
    assert "no face" in (count_objection(0) or "")
    assert "exactly one" in (count_objection(2) or "")


def test_measures_of_pixels() -> None:
    picture = np.full((200, 200, 3), 128, np.uint8)
    points = np.array([[80, 80], [120, 80], [100, 100], [85, 120], [115, 120]], np.float32)
    inside = DetectedFace(np.array([60, 50, 140, 150], np.float32), points, 0.9)
    flat = measure(picture, inside, np.full((112, 112, 3), 250, np.uint8))
    assert (flat.face_px, flat.sharpness, flat.brightness, flat.clipped, flat.cut_off) == (80, 0, 250, 1.0, False)
    outside = DetectedFace(np.array([-60, 50, 60, 150], np.float32), points - [90, 0], 0.9)
    assert measure(picture, outside, picture[:112, :112]).cut_off
