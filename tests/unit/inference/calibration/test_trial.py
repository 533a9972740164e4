"""Several thresholds beside each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hackai_inference.calibration.trial import Trial
from hackai_inference.decision.confirmation import FrameScores
from hackai_inference.decision.places import PLACES
from hackai_shared.config.detection import ConfirmationConfig


def show(trial: Trial, score: float, seconds: float, began: float = 0.0, raised: float = 0.0) -> None:
    scores = np.zeros(PLACES)
    scores[40] = score
    for number in range(round(seconds * 10)):
        trial.add(FrameScores(began + number / 10, scores, scores, raised=raised))


def test_each_threshold_counts_for_itself() -> None:
    trial = Trial(ConfirmationConfig(), (0.3, 0.5, 0.9))
    show(trial, 0.8, 10.0)

    assert [trial.count(threshold) for threshold in trial.thresholds] == [1, 1, 0]
    assert trial.first_s(0.3) == pytest.approx(0.8, abs=0.21)
    assert trial.first_s(0.9) is None
    assert (trial.frames, trial.watched_s) == (100, pytest.approx(9.9))


def test_rules_that_raise_a_place_further_stay_in_force() -> None:
    trial = Trial(ConfirmationConfig(), (0.5,))
    show(trial, 0.8, 10.0, raised=3.0)

    assert trial.count(0.5) == 0


def test_what_was_not_watched_does_not_count_as_quiet() -> None:
    trial = Trial(ConfirmationConfig(), (0.5,))
    show(trial, 0.0, 1.0)
    show(trial, 0.0, 1.0, began=3600.0)
    trial.new_clock()
    show(trial, 0.0, 1.0, began=5.0)

    assert trial.watched_s == pytest.approx(2.7)


def test_the_extent_of_a_look_raises_nothing() -> None:
    """The scores of a look meet the thresholds of the trial, whatever else the look says."""
    plain, vast = Trial(ConfirmationConfig(), [0.5]), Trial(ConfirmationConfig(), [0.5])
    scores = np.full(PLACES, 0.7)
    for number in range(50):
        look = FrameScores(number / 10, scores, scores)
        plain.add(look)
        vast.add(replace(look, extent=5.0))
    assert plain.count(0.5) == vast.count(0.5) == 1
