"""The gate of detectors: a budget and what was measured, pure; every refusal names the figure and the floor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hackai_compression.budget import Budget
from hackai_compression.judging.detection_verdict import DetectionEvaluation


def detection_refusals(budget: Budget, evaluations: Sequence[DetectionEvaluation]) -> list[str]:
    """Reasons against the model, empty when it may pass. A figure that is not a number never passes."""
    return [*_size(budget, evaluations), *_floor(budget, evaluations), *_quantization(budget, evaluations)]


def _size(budget: Budget, evaluations: Sequence[DetectionEvaluation]) -> Iterator[str]:
    smallest = min(evaluations, key=lambda e: e.size_bytes)
    if budget.max_size is not None and smallest.size_bytes > budget.max_size:
        yield f"{smallest.variant}: {smallest.size_bytes} bytes, the budget is {budget.max_size}"


def _floor(budget: Budget, evaluations: Sequence[DetectionEvaluation]) -> Iterator[str]:
    for e in evaluations:
        if budget.min_map50 is not None and not e.map50 >= budget.min_map50:
            yield f"{e.variant}: mAP50 {e.map50:.4f}, the floor is {budget.min_map50:.4f}"


def _quantization(budget: Budget, evaluations: Sequence[DetectionEvaluation]) -> Iterator[str]:
    allowed = budget.max_quantization_drop
    whole = next((e for e in evaluations if e.variant == "fp32"), None)
    if allowed is None or whole is None:
        return
    for e in evaluations:
        lost = whole.map50 - e.map50
        if e is not whole and not lost <= allowed + 1e-9:
            yield f"{e.variant}: mAP50 {lost:.4f} lower than fp32's, allowed {allowed:.4f}"
