"""The measured frame rate."""

from __future__ import annotations

import pytest

from hackai_camera.rate import RateMeter


def test_a_steady_source() -> None:
    meter = RateMeter()
    for number in range(200):
        meter.count(number / 10)

    assert meter.fps(19.9) == pytest.approx(10.0)


def test_it_falls_to_zero_when_nothing_comes() -> None:
    meter = RateMeter(window_s=5.0)
    assert meter.fps(0.0) == 0.0
    meter.count(0.0)
    meter.count(0.1)

    assert meter.fps(1.0) == pytest.approx(10.0)
    assert meter.fps(6.0) == 0.0
