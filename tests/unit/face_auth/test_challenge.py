"""The judge of the active challenge: movements in their order, by one face, without a jump."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from tests.unit.face_auth.conftest import Embeddings

from hackai_face_auth.engine.geometry import HeadPose
from hackai_face_auth.liveness.challenge import FrameLandmarks, Movement, draw_movements, judge
from hackai_shared.config.faces import LivenessConfig

CONFIG = LivenessConfig()
L, R, B = Movement.TURN_LEFT, Movement.TURN_RIGHT, Movement.BLINK
TURN = (8.0, 16.0, 26.0, 27.0, 15.0, 6.0)


@pytest.fixture
def frame(embedding: Embeddings) -> FrameLandmarks:
    return FrameLandmarks(HeadPose(0.0, 0.0, 0.0), 0.27, embedding(1), (100.0, 100.0), 120.0)


def act(frame: FrameLandmarks, movements: Sequence[Movement]) -> list[FrameLandmarks]:
    series = [frame, frame]
    for movement in movements:
        if movement is B:
            series += [replace(frame, openness=value) for value in (0.2, 0.09, 0.1, 0.2)]
        else:
            sign = 1.0 if movement is L else -1.0
            series += [replace(frame, pose=HeadPose(sign * yaw, 0.0, 0.0)) for yaw in TURN]
        series += [frame, frame]
    return series


@pytest.mark.parametrize("movements", [[L], [R], [B], [L, B], [B, R], [R, L], [L, R, B], [B, L, B, R]])
def test_what_was_asked_for_passes(frame: FrameLandmarks, movements: list[Movement]) -> None:
    assert judge(act(frame, movements), movements, CONFIG).passed


@pytest.mark.parametrize(
    ("asked", "done"), [([L], [R]), ([L], [B]), ([B], [L]), ([L, R], [R, L]), ([L, B], [L]), ([B, L], [L, B])]
)
def test_another_answer_fails(frame: FrameLandmarks, asked: list[Movement], done: list[Movement]) -> None:
    assert not judge(act(frame, done), asked, CONFIG).passed


@pytest.mark.parametrize("movements", [[L], [R], [B], [L, R], [B, L]])
@pytest.mark.parametrize("yaw", [0.0, 25.0, -25.0])
@pytest.mark.parametrize("openness", [0.27, 0.08])
def test_a_still_picture_looped_never_passes(
    frame: FrameLandmarks, movements: list[Movement], yaw: float, openness: float
) -> None:
    still = replace(frame, pose=HeadPose(yaw, 0.0, 0.0), openness=openness)
    assert not judge([still] * 40, movements, CONFIG).passed


def test_a_mirrored_capture(frame: FrameLandmarks) -> None:
    assert judge(act(frame, [R]), [L], CONFIG, mirrored=True).passed
    assert not judge(act(frame, [L]), [L], CONFIG, mirrored=True).passed


def test_a_slide_show_of_two_photographs_jumps(frame: FrameLandmarks) -> None:
    turned = replace(frame, pose=HeadPose(28.0, 0.0, 0.0))
    verdict = judge([frame] * 4 + [turned] * 4 + [frame] * 4, [L], CONFIG)
    assert (verdict.passed, "jumped" in verdict.reason) == (False, True)


def test_a_face_that_is_swapped_on_the_way_fails(frame: FrameLandmarks, embedding: Embeddings) -> None:
    other = replace(frame, embedding=embedding(2))
    verdict = judge([other, other, *act(frame, [L])], [L], CONFIG)
    assert verdict.reason == "the face changed between two frames"


def test_a_face_that_jumps_or_zooms_fails(frame: FrameLandmarks) -> None:
    for other in (replace(frame, centre=(250.0, 100.0)), replace(frame, size=200.0)):
        assert "face jumped" in judge([other, *act(frame, [L])], [L], CONFIG).reason


def test_eyes_that_never_open_again_are_a_photograph(frame: FrameLandmarks) -> None:
    closed = replace(frame, openness=0.08)
    assert not judge([frame] * 4 + [closed] * 8, [B], CONFIG).passed


def test_too_few_frames(frame: FrameLandmarks) -> None:
    assert "at least" in judge([frame] * 3, [L], CONFIG).reason


def test_movements_are_random_without_equal_neighbours() -> None:
    drawn = [tuple(draw_movements(3, random.Random(seed))) for seed in range(200)]
    assert len(set(drawn)) == 12  # 3 * 2 * 2
    assert all(a is not b for movements in drawn for a, b in pairwise(movements))
