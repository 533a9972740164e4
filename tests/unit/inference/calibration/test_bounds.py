"""Bounds of rare events."""

from __future__ import annotations

import pytest

from hackai_inference.calibration.bounds import (
    at_most,
    at_most_per_week,
    hours_to_prove,
    probability_of_at_most,
)


# Garwood's exact one-sided bounds, as in tables of the Poisson distribution.
@pytest.mark.parametrize(("events", "bound"), [(0, 2.996), (1, 4.744), (2, 6.296), (5, 10.513), (10, 16.962)])
def test_the_bound_is_exact(events: int, bound: float) -> None:
    assert at_most(events) == pytest.approx(bound, abs=0.001)


@pytest.mark.parametrize("events", [0, 1, 7, 300])
def test_at_the_bound_so_few_events_are_as_improbable_as_the_doubt(events: int) -> None:
    assert probability_of_at_most(events, at_most(events, 0.9)) == pytest.approx(0.1, abs=1e-6)


def test_the_rule_of_three() -> None:
    assert at_most_per_week(0, hours=168.0) == pytest.approx(3.0, abs=0.01)
    assert hours_to_prove(1.0) == pytest.approx(3.0 * 168.0, rel=0.01)
    assert at_most_per_week(0, hours=1.0) == pytest.approx(503.3, abs=0.1)


def test_more_confidence_and_more_events_raise_the_bound() -> None:
    assert at_most(2, 0.99) > at_most(2, 0.95) > at_most(1, 0.95)


def test_what_makes_no_sense_is_refused() -> None:
    for events, confidence in ((-1, 0.95), (1, 1.0), (1, 0.0)):
        with pytest.raises(ValueError, match="no bound"):
            at_most(events, confidence)
    with pytest.raises(ValueError, match="no time"):
        at_most_per_week(0, 0.0)
