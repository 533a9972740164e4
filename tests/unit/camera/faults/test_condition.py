"""Views that are learnt, accepted and restored; what needs none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from camera_disturbances import endless, jpeg, moved, noisy, scene
from hackai_camera.faults.condition import MAX_VIEWS, Condition
from hackai_camera.faults.look import Look, blurred, look_at, look_of
from hackai_camera.faults.memory import pack_views, unpack_views


def look(picture: np.ndarray, number: int = 0) -> Look:
    seen = look_at(jpeg(noisy(picture, number)))
    assert seen is not None
    return seen


def settled(seconds: int = 15) -> Condition:
    condition = Condition(offline_after_s=20.0)
    camera = endless(scene("room"))
    for second in range(seconds):
        assert condition.observe(look(next(camera), second), silent_s=0.0, now_s=float(second)) is None
    return condition


def test_an_accepted_view_is_normal_and_so_is_the_one_before() -> None:
    condition = settled()
    room = scene("room")[0]
    aside = moved(room)
    assert condition.observe(look(aside), silent_s=0, now_s=20.0) == "moved"

    condition.accept()
    after = [condition.observe(look(aside, second), silent_s=0, now_s=21.0 + second) for second in range(15)]

    assert after == [None] * 15
    assert condition.observe(look(room), silent_s=0, now_s=40.0) is None
    assert condition.observe(look(moved(room, 0.4)), silent_s=0, now_s=41.0) == "moved"


def test_only_a_few_views_are_kept() -> None:
    condition = settled()
    for _ in range(10):
        condition.accept()

    assert len(condition.views) == MAX_VIEWS


def test_views_survive_a_restart() -> None:
    before = settled()

    after = Condition(offline_after_s=20.0, views=unpack_views(pack_views(before.views)))

    assert after.observe(look(moved(scene("room")[0])), silent_s=0, now_s=0.0) == "moved"


def test_a_lens_that_was_covered_from_the_start() -> None:
    condition = Condition(offline_after_s=20.0)

    assert condition.observe(look(np.full((360, 640, 3), 90, np.uint8)), silent_s=0, now_s=0.0) == "covered"


def test_silence_is_told_whatever_was_seen_last() -> None:
    assert settled().observe(None, silent_s=20.5, now_s=36.0) == "offline"


def test_a_changed_clock_in_the_picture_is_a_living_picture() -> None:
    condition = settled()
    still = scene("room")[0]
    for second in range(25):
        ticking = still.copy()
        ticking[10:30, 10 : 30 + second % 2 * 12] = 255
        assert condition.observe(look_at(jpeg(ticking)), silent_s=0, now_s=20.0 + second) is None


def test_a_look_of_what_is_no_picture() -> None:
    assert look_at(b"\xff\xd8 no jpeg") is None


def test_the_light_is_measured_in_grey_levels() -> None:
    seen = look_of(np.full((1080, 1920), 77, np.uint8))

    assert (seen.mean, seen.brightest) == (77.0, 77.0)


@pytest.mark.parametrize("sigma", [0.8, 1.6, 6.0])
def test_the_blur_is_the_gaussian_that_opencv_computes(sigma: float) -> None:
    plane = np.random.default_rng(3).uniform(0, 255, (90, 160)).astype(np.float32)
    size = 2 * round(4 * sigma) + 1

    assert blurred(plane, sigma) == pytest.approx(cv2.GaussianBlur(plane, (size, size), sigma), abs=1e-3)
