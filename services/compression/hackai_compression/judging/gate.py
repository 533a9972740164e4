"""The gate: a budget and what was measured, pure; every refusal names the figure and the floor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hackai_compression.judging.verdict import Evaluation
from hackai_compression.recipes import Budget


def refusals(budget: Budget, evaluations: Sequence[Evaluation]) -> list[str]:
    """Reasons against the model, empty when it may pass. Every variant must hold every floor.

    Comparisons are written so that a figure that is not a number never passes.
    """
    return [
        *_size(budget, evaluations),
        *(reason for e in evaluations for reason in _floors(budget, e)),
        *_latency(budget, evaluations),
        *_quantization(budget, evaluations),
    ]


def _size(budget: Budget, evaluations: Sequence[Evaluation]) -> Iterator[str]:
    smallest = min(evaluations, key=lambda e: e.size_bytes)
    if budget.max_size is not None and smallest.size_bytes > budget.max_size:
        yield f"{smallest.variant}: {smallest.size_bytes} bytes, the budget is {budget.max_size}"


def _floors(budget: Budget, e: Evaluation) -> Iterator[str]:
    if budget.min_accuracy is not None and not e.accuracy >= budget.min_accuracy:
        yield f"{e.variant}: accuracy {e.accuracy:.4f}, the floor is {budget.min_accuracy:.4f}"
    measured = {p.rate: p.recall for p in e.fire_recall_at_false_alarm_rate}
    for rate, floor in budget.min_fire_recall_at_far.items():
        if rate not in measured:
            yield f"{e.variant}: recall of fire at {rate:.1%} false alarms was not measured"
        elif not measured[rate] >= floor:
            yield f"{e.variant}: recall of fire {measured[rate]:.4f} at {rate:.1%} false alarms, floor {floor:.4f}"
    allowed = budget.max_accuracy_drop
    if e.comparison is not None and allowed is not None and not e.comparison.accuracy_drop <= allowed:
        lost, parent = e.comparison.accuracy_drop, e.comparison.parent
        yield f"{e.variant}: {lost:.4f} less accurate than {parent}, allowed {allowed:.4f}"


def _latency(budget: Budget, evaluations: Sequence[Evaluation]) -> Iterator[str]:
    ratios = [e.comparison.latency_ratio for e in evaluations if e.comparison is not None]
    if budget.max_latency_ratio is not None and ratios and not min(ratios) <= budget.max_latency_ratio:
        yield f"latency {min(ratios):.2f} of the parent's, the budget is {budget.max_latency_ratio:.2f}"


def _quantization(budget: Budget, evaluations: Sequence[Evaluation]) -> Iterator[str]:
    allowed = budget.max_quantization_drop
    whole = next((e for e in evaluations if e.variant == "fp32"), None)
    if allowed is None or whole is None:
        return
    for e in evaluations:
        lost = whole.accuracy - e.accuracy
        if e is not whole and not lost <= allowed + 1e-9:
            yield f"{e.variant}: {lost:.4f} less accurate than fp32, allowed {allowed:.4f}"
