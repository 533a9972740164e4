"""The judge of a challenge: movements in their order and pace, by one face, of a head in a room and not of a plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest
from tests.unit.face_auth.conftest import Embeddings

from hackai_face_auth.engine.faces import Floats
from hackai_face_auth.engine.geometry import HeadPose
from hackai_face_auth.liveness.judge import judge
from hackai_face_auth.liveness.moment import Moment
from hackai_face_auth.liveness.scene import View
from hackai_face_auth.liveness.steps import Movement, Pace, Step
from hackai_shared.config.faces import LivenessConfig

CONFIG = LivenessConfig()
LQ, LS = (Step(Movement.TURN_LEFT, pace) for pace in (Pace.QUICKLY, Pace.SLOWLY))
RQ, RS = (Step(Movement.TURN_RIGHT, pace) for pace in (Pace.QUICKLY, Pace.SLOWLY))
BQ, BS = (Step(Movement.BLINK, pace) for pace in (Pace.QUICKLY, Pace.SLOWLY))
FPS = 8.0
DEPTH_PX = 33.0


def head() -> Floats:
    """106 points of a head in pixels, ``(106, 3)``: the eyes where their landmarks are, the nose in front of them."""
    rng = np.random.default_rng(1)
    points = np.column_stack([rng.uniform(-50, 50, 106), rng.uniform(-60, 60, 106), rng.uniform(-20, 5, 106)])
    for part, x in ((slice(33, 43), -30.0), (slice(87, 97), 30.0)):
        points[part] = np.column_stack([x + rng.uniform(-9, 9, 10), -20 + rng.uniform(-3, 3, 10), np.zeros(10)])
    points[72:87] = np.column_stack([rng.uniform(-9, 9, 15), rng.uniform(-10, 15, 15), np.linspace(5, DEPTH_PX, 15)])
    return np.asarray(points, np.float32)


HEAD = head()


def seen(yaw_deg: float, *, flat: bool = False) -> Floats:
    yaw = np.radians(yaw_deg)
    if not flat:
        return np.asarray(
            np.column_stack([HEAD[:, 0] * np.cos(yaw) + HEAD[:, 2] * np.sin(yaw), HEAD[:, 1]]) + 100, np.float32
        )
    depth = 200 - HEAD[:, 0] * np.sin(1.5 * yaw)  # a photo near the lens, turned
    return np.asarray(
        np.column_stack([200 * HEAD[:, 0] * np.cos(yaw), 200 * HEAD[:, 1]]) / depth[:, None] + 100, np.float32
    )


def room(shade: float = 0.0, *, skin: float = 130.0, beat: float = 0.0) -> View:
    thumbnail = np.random.default_rng(5).uniform(40, 200, (48, 64, 3)).astype(np.float32)
    outside = np.ones((48, 64), bool)
    outside[10:, 20:44] = False
    spectrum = np.random.default_rng(6).uniform(0.8, 1.2, (128, 128)).astype(np.float32)
    spectrum[64, 64 + 24] += beat
    return View(cv2.GaussianBlur(thumbnail, (0, 0), 2) + shade, outside, np.array([skin, 140.0], np.float32), spectrum)


@pytest.fixture
def moment(embedding: Embeddings) -> Moment:
    return Moment(0.0, HeadPose(0.0, 0.0, 0.0), 0.27, seen(0.0), embedding(1), (100.0, 100.0), 120.0, room())


def act(moment: Moment, steps: Sequence[Step], *, flat: bool = False) -> list[Moment]:
    series = [moment] * 5
    for step in steps:
        if step.movement is Movement.BLINK:
            shut = 14 if step.pace is Pace.SLOWLY else 3
            series += [replace(moment, openness=value) for value in (0.2, *[0.09] * shut, 0.2)]
        else:
            side = 1.0 if step.movement is Movement.TURN_LEFT else -1.0
            count = 24 if step.pace is Pace.SLOWLY else 10
            yaws = side * 34 * np.sin(np.pi * (np.arange(count) + 0.5) / count)
            series += [replace(moment, pose=HeadPose(yaw, 0, 0), landmarks=seen(yaw, flat=flat)) for yaw in yaws]
        series += [moment] * 5
    return [replace(one, at_s=number / FPS) for number, one in enumerate(series)]


CHALLENGES = [[LQ, BQ], [BS, RQ], [RS, BQ, LQ], [LS, LQ, BS], [BQ, RQ, BS], [BQ, RQ, RQ, BS]]


@pytest.mark.parametrize("steps", CHALLENGES)
def test_what_was_asked_for_passes(moment: Moment, steps: list[Step]) -> None:
    verdict = judge(act(moment, steps), steps, CONFIG)
    assert verdict.passed, verdict


@pytest.mark.parametrize("asked", CHALLENGES)
@pytest.mark.parametrize("done", CHALLENGES)
def test_the_recording_of_another_challenge_fails(moment: Moment, asked: list[Step], done: list[Step]) -> None:
    assert judge(act(moment, done), asked, CONFIG).passed is (asked == done or done[: len(asked)] == asked)


@pytest.mark.parametrize(
    ("asked", "done"), [([LQ, BQ], [LS, BQ]), ([LS, BQ], [LQ, BQ]), ([BQ, RQ], [BS, RQ]), ([BS, RQ], [BQ, RQ])]
)
def test_another_pace_fails(moment: Moment, asked: list[Step], done: list[Step]) -> None:
    assert "was not done" in judge(act(moment, done), asked, CONFIG).reason


@pytest.mark.parametrize("steps", CHALLENGES)
def test_the_motion_of_a_plane_is_no_head(moment: Moment, steps: list[Step]) -> None:
    verdict = judge(act(moment, steps, flat=True), steps, CONFIG)
    assert (verdict.passed, verdict.reason) == (False, "this moves like a flat picture, not like a head")


@pytest.mark.parametrize(
    ("view", "why"),
    [(room(40.0), "background moved"), (room(skin=150.0), "light changed")],
)
def test_another_photograph_while_the_head_is_turned(moment: Moment, view: View, why: str) -> None:
    moments = [replace(one, view=view) if abs(one.pose.yaw_deg) > 15 else one for one in act(moment, [BQ, LS])]
    assert why in judge(moments, [BQ, LS], CONFIG).reason


def test_a_hand_that_moves_the_camera_is_no_other_background(moment: Moment) -> None:
    moved = replace(room(), thumbnail=np.roll(room().thumbnail, (4, -6), (0, 1)))
    moments = [replace(one, view=moved) if abs(one.pose.yaw_deg) > 15 else one for one in act(moment, [BQ, LS])]
    assert judge(moments, [BQ, LS], CONFIG).passed


def test_a_face_that_fills_the_picture_leaves_no_background_to_judge(moment: Moment) -> None:
    filled = replace(moment, view=replace(room(), outside=np.zeros((48, 64), bool)))
    assert judge(act(filled, [BQ, LQ]), [BQ, LQ], CONFIG).passed


def test_the_beat_of_a_screen(moment: Moment) -> None:
    moments = act(replace(moment, view=room(beat=30.0)), [BQ, LQ])
    assert judge(moments, [BQ, LQ], CONFIG).reason == "this looks like a screen that is filmed"


@pytest.mark.parametrize("yaw", [0.0, 25.0, -25.0])
@pytest.mark.parametrize("openness", [0.27, 0.08])
def test_a_still_picture_looped_never_passes(moment: Moment, yaw: float, openness: float) -> None:
    still = replace(moment, pose=HeadPose(yaw, 0.0, 0.0), openness=openness)
    looped = [replace(still, at_s=number / FPS) for number in range(40)]
    assert not any(judge(looped, steps, CONFIG).passed for steps in CHALLENGES)


def test_a_mirrored_capture(moment: Moment) -> None:
    assert judge(act(moment, [RQ, BQ]), [LQ, BQ], CONFIG, mirrored=True).passed
    assert not judge(act(moment, [LQ, BQ]), [LQ, BQ], CONFIG, mirrored=True).passed


def test_a_slide_show_of_two_photographs_jumps(moment: Moment) -> None:
    turned = replace(moment, pose=HeadPose(28.0, 0.0, 0.0))
    show = [moment] * 8 + [turned] * 8 + [moment] * 8
    verdict = judge([replace(one, at_s=number / FPS) for number, one in enumerate(show)], [LQ, BQ], CONFIG)
    assert (verdict.passed, "jumped" in verdict.reason) == (False, True)


def test_a_face_that_is_swapped_on_the_way_fails(moment: Moment, embedding: Embeddings) -> None:
    other = replace(moment, embedding=embedding(2))
    assert judge([other, *act(moment, [LQ, BQ])], [LQ, BQ], CONFIG).reason == "the face changed between two frames"


def test_a_face_that_jumps_or_zooms_fails(moment: Moment) -> None:
    for other in (replace(moment, center=(250.0, 100.0)), replace(moment, size=200.0)):
        assert "face jumped" in judge([other, *act(moment, [LQ, BQ])], [LQ, BQ], CONFIG).reason


def test_eyes_that_never_open_again_are_a_photograph(moment: Moment) -> None:
    moments = act(moment, [LQ])
    shut = [replace(moment, openness=0.08, at_s=moments[-1].at_s + number / FPS) for number in range(1, 12)]
    assert not judge([*moments, *shut], [LQ, BQ], CONFIG).passed


def test_too_few_frames(moment: Moment) -> None:
    assert "at least" in judge([moment] * 3, [LQ, BQ], CONFIG).reason
