"""hackai_compression.judging.gate: what was not measured never passes."""

from __future__ import annotations

from typing import Any

import pytest

from hackai_compression.budget import Budget, Floors
from hackai_compression.judging.alarms import AlarmFigures, FalseAlarmPoint
from hackai_compression.judging.gate import refusals
from hackai_compression.judging.intervals import share
from hackai_compression.judging.latency import Latency
from hackai_compression.judging.verdict import Comparison, Evaluation

CLASSES = ["fire", "no_fire", "start_fire"]
#: Half of the fires are called starting fire: an alarm either way.
CONFUSION = [[50, 2, 48], [3, 197, 0], [10, 5, 85]]


def evaluation(variant: str = "fp32", accuracy: float = 0.97, drop: float | None = None, **more: Any) -> Evaluation:
    comparison = None
    if drop is not None:
        comparison = Comparison(
            parent="parent/1 int8",
            accuracy_drop=drop,
            only_parent_right=3,
            only_child_right=1,
            p_value=0.6,
            latency_ratio=0.7,
            size_ratio=2.0,
        )
    fields: dict[str, Any] = {
        "package": "x/1",
        "variant": variant,
        "pictures": 400,
        "accuracy": accuracy,
        "recall": {"fire": 0.5, "no_fire": 0.985, "start_fire": 0.85},
        "confusion": CONFUSION,
        "classes": CLASSES,
        "fire_recall_at_false_alarm_rate": [FalseAlarmPoint(rate=0.01, recall=0.95, threshold=0.4)],
        "alarm_recall_at_false_alarm_rate": [FalseAlarmPoint(rate=0.01, recall=0.93, threshold=0.4)],
        "alarm": AlarmFigures(
            fire_threshold=0.5,
            smoke_threshold=0.4,
            recall=share(193, 200),
            false_alarms=share(8, 200),
            sources={},
            worst_recall="",
            worst_false_alarms="",
        ),
        "auroc": {},
        "calibration_error": 0.01,
        "negative_log_likelihood": 0.1,
        "accuracy_by_source": {},
        "worst_slice": "",
        "reliability": [],
        "size_bytes": 900_000,
        "macs": 1,
        "parameters": 1,
        "latency": [Latency(threads=1, median_ms=1, p99_ms=2, repetitions=5)],
        "comparison": comparison,
    }
    return Evaluation(**(fields | more))


def test_what_a_trained_network_reaches_passes_by_default() -> None:
    assert refusals(Budget(), [evaluation()]) == []


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (Budget(min_accuracy=0.98), "0.9700"),
        (Budget(max_size=100), "900000"),
        (Budget(min_fire_recall_at_far={0.01: 0.97}), "0.9500"),
        (Budget(min_alarm_recall_at_far={0.01: 0.97}), "0.9300"),
        (Budget(min_fire_recall_at_far={0.001: 0.5}), "200 harmless are too few"),
        (Budget(min_alarm_recall_at_far={0.001: 0.0}), "was not measured"),
        (Budget(min_alarm_recall=0.97), "0.9650"),
        (Budget(max_false_alarms=0.03), "0.0400"),
        (Budget(min_recall=0.96), "recall of start_fire 0.9500"),
        (Budget(max_accuracy_drop=0.01), "0.0200"),
        (Budget(max_latency_ratio=0.5), "0.70"),
    ],
)
def test_every_floor_refuses_with_figure_and_floor(budget: Budget, expected: str) -> None:
    reasons = refusals(budget, [evaluation(drop=0.02)])
    assert len(reasons) == 1
    assert expected in reasons[0]


@pytest.mark.parametrize("budget", [Budget(max_accuracy_drop=0.0), Budget(max_latency_ratio=0.0001)])
def test_a_floor_against_a_parent_without_a_parent_refuses(budget: Budget) -> None:
    (reason,) = refusals(budget, [evaluation()])
    assert "against a parent was not measured" in reason


def test_alarms_that_were_not_measured_refuse() -> None:
    for budget in (Budget(min_alarm_recall=0.0), Budget(max_false_alarms=1.0)):
        (reason,) = refusals(budget, [evaluation(alarm=None)])
        assert "was not measured" in reason


def test_nothing_passes_unjudged() -> None:
    assert refusals(Budget(), []) == ["no variant was judged"]


def test_a_network_that_never_says_fire_is_refused_by_default() -> None:
    reasons = refusals(Budget(), [evaluation(confusion=[[0, 100, 0], [0, 200, 0], [0, 100, 0]])])
    assert len(reasons) == 2
    assert "recall of fire 0.0000" in reasons[0]


def test_a_class_without_a_picture_is_not_passed_over() -> None:
    (reason,) = refusals(Budget(), [evaluation(confusion=[[0, 0, 0], *CONFUSION[1:]])])
    assert "recall of fire was not measured" in reason


def test_floors_elsewhere_are_about_elsewhere() -> None:
    budget = Budget(elsewhere=Floors(max_false_alarms=0.05, min_accuracy=0.94))
    assert "elsewhere was not measured" in refusals(budget, [evaluation()])[0]
    assert refusals(budget, [evaluation()], [evaluation()]) == []
    (reason,) = refusals(budget, [evaluation()], [evaluation(accuracy=0.9)])
    assert reason == "fp32: elsewhere: accuracy 0.9000, the floor is 0.9400"
    # A variant that nobody judged there does not hide behind another.
    pair = [evaluation(), evaluation("int8")]
    assert refusals(budget, pair, [evaluation()]) == [
        "int8: elsewhere was not measured: the pictures have no folder `elsewhere`"
    ]


def test_quantization_may_not_cost_more_than_allowed() -> None:
    pair = [evaluation(), evaluation("int8", accuracy=0.96)]
    assert refusals(Budget(max_quantization_drop=0.02), pair) == []
    assert "int8" in refusals(Budget(max_quantization_drop=0.005), pair)[0]


def test_quantization_is_not_measured_without_the_network_before_it() -> None:
    assert "against fp32 was not measured" in refusals(Budget(max_quantization_drop=0.5), [evaluation("int8")])[0]


def test_a_figure_that_is_not_a_number_never_passes() -> None:
    assert refusals(Budget(min_accuracy=0.5), [evaluation(accuracy=float("nan"))])
