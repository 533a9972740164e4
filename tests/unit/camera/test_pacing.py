"""Thinning to a frame rate and playing in real time."""

from __future__ import annotations

import random

import pytest

from hackai_camera.pacing import FrameThinner, PlaybackClock


@pytest.mark.parametrize(
    ("source_fps", "wanted", "kept"),
    [(25, 10, 100), (30, 10, 100), (10, 10, 100), (6, 10, 60), (12.5, 10, 100), (60, 7, 70)],
)
def test_the_rate_is_reached_and_never_exceeded(source_fps: float, wanted: float, kept: int) -> None:
    thinner = FrameThinner(wanted)

    count = sum(thinner.keep(n / source_fps) for n in range(int(10 * source_fps)))

    assert kept - 1 <= count <= kept + 1


def test_half_the_rate_is_every_second_frame() -> None:
    thinner = FrameThinner(5)

    assert [n for n in range(200) if thinner.keep(n * 0.1)] == list(range(0, 200, 2))


def test_jitter_costs_no_frame_of_a_source_at_the_wanted_rate() -> None:
    rng = random.Random(1)
    thinner = FrameThinner(10)

    assert all(thinner.keep(n / 10 + rng.uniform(-0.02, 0.02)) for n in range(300))


def test_after_a_gap_the_grid_begins_anew_without_a_burst() -> None:
    thinner = FrameThinner(10)
    thinner.keep(0.0)

    assert [thinner.keep(at) for at in (60.0, 60.01, 60.02, 60.1)] == [True, False, False, True]


def test_time_that_jumps_back_does_not_stop_the_camera() -> None:
    thinner = FrameThinner(10)
    thinner.keep(1000.0)

    assert [thinner.keep(at) for at in (0.0, 0.04, 0.1)] == [True, False, True]


def test_a_file_plays_at_its_own_speed() -> None:
    clock = PlaybackClock()

    assert clock.due(0.0, now_s=100.0) == 100.0
    assert clock.due(0.4, now_s=100.01) == pytest.approx(100.4)
    assert clock.due(0.8, now_s=100.5) == pytest.approx(100.8)


def test_a_short_lag_is_caught_up_and_a_long_one_is_not() -> None:
    clock = PlaybackClock()
    clock.due(0.0, now_s=100.0)

    assert clock.due(1.0, now_s=101.2) == pytest.approx(101.0)
    assert clock.due(2.0, now_s=110.0) == pytest.approx(110.0)
    assert clock.due(2.1, now_s=110.0) == pytest.approx(110.1)
