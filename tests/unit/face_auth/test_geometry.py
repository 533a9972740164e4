"""Pose and eyes from landmarks."""

from __future__ import annotations

import numpy as np
import pytest

from hackai_face_auth.engine.faces import Floats
from hackai_face_auth.engine.geometry import LEVEL_NOSE, NOSE_DEPTH, eye_openness, head_pose

# Eyes, nose, corners of the mouth in units of the distance between the eyes; z towards the camera.
HEAD = np.array(
    [[-0.5, 0, 0], [0.5, 0, 0], [0, 1.0 * LEVEL_NOSE, NOSE_DEPTH], [-0.4, 1.0, 0], [0.4, 1.0, 0]], np.float32
)


def seen(yaw_deg: float, *, flat: bool = False) -> Floats:
    angle = np.deg2rad(yaw_deg)
    points = HEAD.copy()
    if flat:
        points[:, 2] = 0
    x = points[:, 0] * np.cos(angle) + points[:, 2] * np.sin(angle)
    return np.stack([100 + 50 * x, 100 + 50 * points[:, 1]], axis=1).astype(np.float32)


@pytest.mark.parametrize("yaw", [-40, -20, 0, 10, 35])
def test_yaw_of_a_head(yaw: float) -> None:
    pose = head_pose(seen(yaw))
    assert pose.yaw_deg == pytest.approx(yaw, abs=0.5)
    assert pose.pitch_ratio == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("yaw", [-60, -30, 30, 60])
def test_a_photograph_that_is_turned_keeps_its_yaw(yaw: float) -> None:
    assert head_pose(seen(yaw, flat=True)).yaw_deg == pytest.approx(0, abs=0.5)


def test_any_affine_picture_of_a_flat_face_keeps_its_yaw() -> None:
    rng = np.random.default_rng(0)
    shown = seen(25)
    for _ in range(100):
        matrix = np.array([[1, 0.0], [0, 1]]) + rng.uniform(-0.4, 0.4, (2, 2))
        assert head_pose((shown @ matrix.T + rng.uniform(-50, 50, 2)).astype(np.float32)).yaw_deg == pytest.approx(
            25, abs=0.5
        )


def test_roll() -> None:
    turned = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    pose = head_pose((seen(0) @ turned.T).astype(np.float32))
    assert pose.roll_deg == pytest.approx(np.rad2deg(0.3), abs=0.5)
    assert pose.yaw_deg == pytest.approx(0, abs=0.5)


def test_eyes_close() -> None:
    landmarks = np.zeros((106, 2), np.float32)
    for outer, inner, lids in ((35, 39, ((41, 36), (40, 33), (42, 37))), (89, 93, ((95, 90), (94, 87), (96, 91)))):
        landmarks[outer], landmarks[inner] = (0, 0), (30, 0)
        for up, low in lids:
            landmarks[up], landmarks[low] = (15, -4), (15, 4)
    assert eye_openness(landmarks) == pytest.approx(8 / 30, abs=1e-3)
    for up, low in ((41, 36), (40, 33), (42, 37)):
        landmarks[up] = landmarks[low]
    assert eye_openness(landmarks) == pytest.approx(8 / 30, abs=1e-3)  # a wink is no blink
    for up, low in ((95, 90), (94, 87), (96, 91)):
        landmarks[up] = landmarks[low]
    assert eye_openness(landmarks) == pytest.approx(0, abs=1e-3)


def test_degenerate_points_do_not_divide_by_zero() -> None:
    assert np.isfinite(head_pose(np.zeros((5, 2), np.float32)).yaw_deg)
    assert np.isfinite(eye_openness(np.zeros((106, 2), np.float32)))
