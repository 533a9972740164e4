from __future__ import annotations

from hackai_compression.judging.gate import refusals
from hackai_compression.judging.latency import Latency
from hackai_compression.judging.verdict import Comparison, Evaluation, FalseAlarmPoint
from hackai_compression.recipes import Budget


def evaluation(
    variant: str = "fp32", accuracy: float = 0.97, size: int = 900_000, drop: float | None = None
) -> Evaluation:
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
    return Evaluation(
        package="x/1",
        variant=variant,
        pictures=100,
        accuracy=accuracy,
        recall={"fire": 0.98},
        confusion=[[1]],
        classes=["fire"],
        fire_recall_at_false_alarm_rate=[FalseAlarmPoint(rate=0.01, recall=0.95, threshold=0.4)],
        alarm_recall_at_false_alarm_rate=[],
        auroc={},
        calibration_error=0.01,
        negative_log_likelihood=0.1,
        accuracy_by_source={},
        worst_slice="",
        reliability=[],
        size_bytes=size,
        macs=1,
        parameters=1,
        latency=[Latency(threads=1, median_ms=1, p99_ms=2, repetitions=5)],
        comparison=comparison,
    )


def test_an_empty_budget_refuses_nothing() -> None:
    assert refusals(Budget(max_quantization_drop=None), [evaluation()]) == []


def test_every_floor_refuses_with_figure_and_floor() -> None:
    cases = [
        (Budget(min_accuracy=0.98), "0.9700"),
        (Budget(max_size=100), "900000"),
        (Budget(min_fire_recall_at_far={0.01: 0.97}), "0.9500"),
        (Budget(min_fire_recall_at_far={0.001: 0.5}), "not measured"),
        (Budget(max_accuracy_drop=0.01), "0.0200"),
        (Budget(max_latency_ratio=0.5), "0.70"),
    ]
    for budget, expected in cases:
        reasons = refusals(budget, [evaluation(drop=0.02)])
        assert len(reasons) == 1, budget
        assert expected in reasons[0]


def test_quantization_may_not_cost_more_than_allowed() -> None:
    pair = [evaluation(), evaluation("int8", accuracy=0.96)]
    assert refusals(Budget(max_quantization_drop=0.02), pair) == []
    assert "int8" in refusals(Budget(max_quantization_drop=0.005), pair)[0]


def test_a_figure_that_is_not_a_number_never_passes() -> None:
    assert refusals(Budget(min_accuracy=0.5), [evaluation(accuracy=float("nan"))])
