"""hackai_compression.judging.detection_gate."""

from __future__ import annotations

from hackai_compression.judging.detection_gate import detection_refusals
from hackai_compression.judging.detection_verdict import DetectionEvaluation
from hackai_compression.recipes import Budget


def evaluation(variant: str, map50: float, size: int = 1000) -> DetectionEvaluation:
    return DetectionEvaluation(
        package="fire-detector/1",
        variant=variant,
        pictures=10,
        backgrounds=2,
        false_alarms=0,
        map50=map50,
        classes={},
        size_bytes=size,
        macs=1,
        parameters=1,
        latency=[],
    )


def test_a_detector_within_its_budget_passes() -> None:
    budget = Budget(max_size=2000, min_map50=0.45, max_quantization_drop=0.02)
    assert detection_refusals(budget, [evaluation("fp32", 0.5), evaluation("int8", 0.49)]) == []


def test_every_reason_is_named() -> None:
    budget = Budget(max_size=500, min_map50=0.45, max_quantization_drop=0.02)
    reasons = detection_refusals(budget, [evaluation("fp32", 0.46), evaluation("int8", 0.43)])
    assert len(reasons) == 3
    assert "int8: mAP50 0.4300, the floor is 0.4500" in reasons


def test_a_figure_that_is_not_a_number_never_passes() -> None:
    assert detection_refusals(Budget(min_map50=0.1), [evaluation("fp32", float("nan"))])
