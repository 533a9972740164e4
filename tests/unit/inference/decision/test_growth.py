"""Growing, holding, shrinking."""

from __future__ import annotations

from typing import Callable, Optional

import pytest

from hackai_inference.decision.growth import Growth


def trend(extent: Callable[[float], float], seconds: float) -> Optional[str]:
    growth = Growth()
    for number in range(round(seconds * 10)):
        growth.add(extent(number / 10), number / 10)
    return growth.trend


@pytest.mark.parametrize(
    ("extent", "seconds", "expected"),
    [
        (lambda at: 1.0 + at, 10.0, "growing"),
        (lambda at: 10.0 - at, 9.0, "shrinking"),
        (lambda at: 1.0 + 0.15 * (int(at * 10) % 2), 20.0, "steady"),
        (lambda at: 1.0 + at, 1.5, None),
        (lambda at: 0.0, 10.0, None),
        (lambda at: max(0.0, at - 5.0), 10.0, "growing"),
    ],
)
def test_the_trend_is_that_of_the_extent(
    extent: Callable[[float], float], seconds: float, expected: Optional[str]
) -> None:
    assert trend(extent, seconds) == expected


def test_what_lies_far_back_is_forgotten() -> None:
    assert trend(lambda at: 1.0 if at < 10 else 5.0, 120.0) == "steady"


def test_a_new_clock_and_a_new_suspicion_begin_anew() -> None:
    growth = Growth()
    for number in range(100):
        growth.add(1.0 + number, number / 10)
    assert growth.trend == "growing"
    growth.add(1.0, 0.0)
    assert growth.trend is None
