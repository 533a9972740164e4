"""hackai_compression.judging.detection_gate: what was not measured never passes."""

from __future__ import annotations

from typing import Any

import pytest

from hackai_compression.budget import Budget, Floors
from hackai_compression.judging.detection_gate import detection_refusals
from hackai_compression.judging.detection_verdict import ClassFigures, DetectionEvaluation
from hackai_compression.judging.intervals import mean, share


def figures(precision: float, boxes: int = 20) -> ClassFigures:
    return ClassFigures(
        boxes=boxes,
        average_precision=precision,
        recall_at_false_boxes=[],
        threshold=0.4,
        recall=0.5,
        false_boxes_per_picture=0.1,
        curve=[],
    )


def evaluation(variant: str = "fp32", map50: float = 0.5, **more: Any) -> DetectionEvaluation:
    fields: dict[str, Any] = {
        "package": "fire-detector/1",
        "variant": variant,
        "pictures": 10,
        "backgrounds": 2,
        "false_alarms": 0,
        "map50": map50,
        "pointing": share(9, 10),
        "overlap": mean([0.4, 0.6]),
        "classes": {"fire": figures(map50), "smoke": figures(map50)},
        "size_bytes": 1000,
        "macs": 1,
        "parameters": 1,
        "latency": [],
    }
    return DetectionEvaluation(**(fields | more))


def test_a_detector_within_its_budget_passes() -> None:
    budget = Budget(max_size=2000, min_map50=0.45, max_quantization_drop=0.02, min_pointing=0.9, min_overlap=0.5)
    assert detection_refusals(budget, [evaluation(), evaluation("int8", 0.49)]) == []


def test_every_reason_is_named() -> None:
    budget = Budget(max_size=500, min_map50=0.45, max_quantization_drop=0.02, min_pointing=0.95, min_overlap=0.55)
    reasons = detection_refusals(budget, [evaluation("fp32", 0.46), evaluation("int8", 0.43)])
    assert len(reasons) == 7
    assert "int8: mAP50 0.4300, the floor is 0.4500" in reasons
    assert "fp32: pointing 0.9000, the floor is 0.9500" in reasons
    assert "int8: overlap 0.5000, the floor is 0.5500" in reasons


@pytest.mark.parametrize(
    "budget",
    [Budget(), Budget(min_average_precision=None, min_map50=0.0), Budget(min_average_precision=None, min_pointing=0.0)],
)
def test_pictures_without_boxes_measure_nothing(budget: Budget) -> None:
    empty = evaluation(classes={"fire": figures(0.0, boxes=0)}, map50=0.0, pointing=None, overlap=None)
    (reason,) = detection_refusals(budget, [empty])
    assert "was not measured" in reason


def test_a_network_that_learned_nothing_is_refused_by_default() -> None:
    broken = evaluation(classes={"fire": figures(0.5), "smoke": figures(0.0)})
    assert detection_refusals(Budget(), [broken]) == ["fp32: average precision of smoke 0.0000, the floor is 0.0500"]


def test_a_class_that_the_pictures_do_not_show_is_not_asked_for() -> None:
    assert detection_refusals(Budget(), [evaluation(classes={"fire": figures(0.5), "smoke": figures(0, 0)})]) == []


def test_floors_elsewhere_are_about_elsewhere() -> None:
    budget = Budget(elsewhere=Floors(min_pointing=0.93))
    assert "elsewhere was not measured" in detection_refusals(budget, [evaluation()])[0]
    assert detection_refusals(budget, [evaluation()], [evaluation()]) == [
        "fp32: elsewhere: pointing 0.9000, the floor is 0.9300"
    ]


def test_nothing_passes_unjudged() -> None:
    assert detection_refusals(Budget(), []) == ["no variant was judged"]
    assert "against fp32 was not measured" in detection_refusals(Budget(), [evaluation("int8")])[0]


def test_a_figure_that_is_not_a_number_never_passes() -> None:
    assert detection_refusals(Budget(min_map50=0.1), [evaluation("fp32", float("nan"), classes={"fire": figures(0.5)})])
