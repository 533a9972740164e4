"""hackai_inference.shadow.tally and .rules: counting, and what follows from it."""

from __future__ import annotations

import pytest

from hackai_inference.shadow.rules import MAX_FAILURES, MIN_COMPARED, objections, reason_to_roll_back
from hackai_inference.shadow.tally import Tally

FIRE = {"fire": 0.7, "start_fire": 0.2, "no_fire": 0.1}
SMOKE = {"fire": 0.1, "start_fire": 0.6, "no_fire": 0.3}
CALM = {"fire": 0.1, "start_fire": 0.1, "no_fire": 0.8}


def tally(agreed: int, disagreed: int) -> Tally:
    counted = Tally()
    for _ in range(agreed):
        counted.note(CALM, CALM)
    for _ in range(disagreed):
        counted.note(CALM, FIRE)
    return counted


def test_fire_and_smoke_are_both_an_alarm() -> None:
    counted = Tally()
    assert counted.note(FIRE, SMOKE) is None
    assert counted.labels[("fire", "start_fire")] == 1
    assert (counted.active_alarms, counted.other_alarms) == (1, 1)


def test_a_disagreement_says_what_both_said_and_how_far_apart_they_are() -> None:
    counted = Tally()
    found = counted.note(CALM, FIRE)
    assert found is not None
    assert (found.active_label, found.other_label) == ("no_fire", "fire")
    assert found.strength == pytest.approx(0.7)
    assert counted.mean_distance == pytest.approx(0.7)
    assert counted.rate == 1.0


def test_the_interval_narrows_with_what_is_seen() -> None:
    assert Tally().bounds() == (0.0, 1.0)
    low, high = tally(290, 10).bounds()
    assert (low, high) == (pytest.approx(0.0182, abs=1e-3), pytest.approx(0.0603, abs=1e-3))
    assert tally(300, 0).bounds()[1] == pytest.approx(0.0126, abs=1e-3)


def test_enough_frames_without_failure_allow_a_promotion() -> None:
    assert objections(tally(MIN_COMPARED, 0)) == []
    assert "are needed" in objections(tally(MIN_COMPARED - 1, 0))[0]


def test_failures_and_many_disagreements_forbid_it() -> None:
    counted = tally(200, 200)
    counted.fail()
    reasons = objections(counted)
    assert len(reasons) == 2
    assert "failed on 1 frames" in reasons[0]
    assert "disagree on 50.0%" in reasons[1]


def test_failures_in_a_row_end_a_probation_at_once() -> None:
    assert reason_to_roll_back(tally(300, 0), Tally(), MAX_FAILURES - 1) is None
    assert "in a row" in str(reason_to_roll_back(tally(300, 0), Tally(), MAX_FAILURES))


def test_drift_is_a_rate_surely_above_that_of_the_candidate() -> None:
    before = tally(290, 10)
    assert reason_to_roll_back(before, tally(10, 20), 0) is None  # too few frames to say
    assert reason_to_roll_back(before, tally(95, 5), 0) is None
    assert "as a candidate on 3.3%" in str(reason_to_roll_back(before, tally(70, 30), 0))


def test_disagreements_that_were_known_before_are_no_drift() -> None:
    assert reason_to_roll_back(tally(255, 45), tally(85, 15), 0) is None
