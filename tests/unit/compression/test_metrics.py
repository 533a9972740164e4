from __future__ import annotations

import numpy as np
import pytest

from hackai_compression.judging import metrics
from hackai_compression.judging.mcnemar import mcnemar
from hackai_compression.judging.temperature import fit_temperature, negative_log_likelihood, softmax

PROBABILITIES = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
LABELS = np.array([0, 1, 1, 2])


def test_accuracy_confusion_and_recall_agree() -> None:
    assert metrics.accuracy(PROBABILITIES, LABELS) == 0.75
    assert metrics.confusion(PROBABILITIES, LABELS).tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]
    assert metrics.recalls(PROBABILITIES, LABELS).tolist() == [1.0, 0.5, 1.0]


def test_a_class_without_pictures_has_no_recall() -> None:
    assert np.isnan(metrics.recalls(PROBABILITIES[:2], LABELS[:2])[2])


@pytest.mark.parametrize(("rate", "recall"), [(0.0, 0.5), (0.25, 0.75), (0.5, 1.0), (1.0, 1.0)])
def test_recall_at_a_false_alarm_rate(rate: float, recall: float) -> None:
    positive = np.array([0.9, 0.8, 0.6, 0.4])
    negative = np.array([0.7, 0.5, 0.3, 0.1])
    found, threshold = metrics.recall_at_false_alarm_rate(positive, negative, rate)
    assert found == recall
    assert (negative > threshold).mean() <= rate


def test_tied_negatives_do_not_break_the_budget() -> None:
    negative = np.array([0.9] * 5 + [0.1] * 95)
    _, threshold = metrics.recall_at_false_alarm_rate(np.array([0.95]), negative, 0.01)
    assert (negative > threshold).mean() <= 0.01


def test_auroc_is_the_probability_of_the_right_order() -> None:
    assert metrics.auroc(np.array([3.0, 4.0]), np.array([1.0, 2.0])) == 1.0
    assert metrics.auroc(np.array([1.0]), np.array([1.0])) == 0.5
    rng = np.random.default_rng(0)
    positive, negative = rng.normal(1, 1, 50).round(1), rng.normal(0, 1, 70).round(1)
    pairs = [(p > n) + 0.5 * (p == n) for p in positive for n in negative]
    assert metrics.auroc(positive, negative) == pytest.approx(np.mean(pairs))


def test_calibration_error_of_honest_and_of_boastful_confidences() -> None:
    rng = np.random.default_rng(0)
    right = rng.random(20000) < 0.8
    labels = np.where(right, 0, 1)
    honest = np.tile([0.8, 0.2], (20000, 1))
    boastful = np.tile([0.99, 0.01], (20000, 1))
    assert metrics.expected_calibration_error(honest, labels) < 0.01
    assert metrics.expected_calibration_error(boastful, labels) == pytest.approx(0.19, abs=0.01)


def test_slices_leave_small_sources_out() -> None:
    assert metrics.slices(PROBABILITIES, LABELS, ["a", "a", "a", "b"], minimum=2) == {"a": pytest.approx(2 / 3)}


def test_temperature_undoes_a_known_one() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4000, 3))
    labels = np.array([rng.choice(3, p=row) for row in softmax(logits)])
    found = fit_temperature(logits * 3.0, labels)
    assert found == pytest.approx(3.0, rel=0.08)
    assert negative_log_likelihood(logits * 3 / found, labels) < negative_log_likelihood(logits * 3, labels)


def test_mcnemar_of_equal_and_of_different_models() -> None:
    same = np.array([True, False, True])
    assert mcnemar(same, same).p_value == 1.0
    parent, child = np.ones(20, bool), np.array([False] * 10 + [True] * 10)
    result = mcnemar(parent, child)
    assert (result.only_parent_right, result.only_child_right) == (10, 0)
    assert result.p_value == pytest.approx(2 / 2**10)


def test_a_score_at_the_threshold_is_not_above_it() -> None:
    assert metrics.share_above(np.array([0.2, 0.5, 0.9, 0.95]), 0.5) == 0.5
    assert np.isnan(metrics.share_above(np.array([]), 0.5))
