"""The gate's verdict is arithmetic."""

from __future__ import annotations

from typing import Any

import pytest

from hackai_inference.runtimes.tensorrt.permit import Permit
from hackai_shared.messages import utc_now


def permit(**changes: Any) -> Permit:
    figures = {"pictures": 400, "reference_ms": 2.2, "candidate_ms": 2.0, "reference_correct": 380}
    return Permit(**{"measured_at": utc_now(), "candidate_correct": 378, **figures, **changes})


def test_at_the_limits_it_passes() -> None:
    assert permit().speedup == pytest.approx(1.1)
    assert permit().loss_points == 0.5
    assert permit(reference_ms=2.201).passed


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"candidate_ms": 2.1}, "times as fast"),
        ({"candidate_correct": 377}, "points of accuracy lost"),
        ({"pictures": 199, "reference_correct": 1, "candidate_correct": 1}, "at least 200"),
        ({"pictures": 0, "reference_correct": 0, "candidate_correct": 0}, "at least 200"),
    ],
)
def test_each_condition_refuses(changes: Any, reason: str) -> None:
    refused = permit(**changes)
    assert not refused.passed
    assert reason in "; ".join(refused.reasons)
