"""The gate: a budget and what was measured, pure; every refusal names the figure and the floor."""

from __future__ import annotations

from collections.abc import Sequence

from hackai_compression.judging.verdict import Evaluation
from hackai_compression.recipes import Budget


def refusals(budget: Budget, evaluations: Sequence[Evaluation]) -> list[str]:
    """Reasons against the model, empty when it may pass. Every variant must hold every floor."""
    reasons: list[str] = []
    by_name = {e.variant: e for e in evaluations}
    if budget.max_size is not None and evaluations:
        smallest = min(evaluations, key=lambda e: e.size_bytes)
        if smallest.size_bytes > budget.max_size:
            reasons.append(f"{smallest.variant}: {smallest.size_bytes} bytes, the budget is {budget.max_size}")
    for e in evaluations:
        if budget.min_accuracy is not None and not e.accuracy >= budget.min_accuracy:
            reasons.append(f"{e.variant}: accuracy {e.accuracy:.4f}, the floor is {budget.min_accuracy:.4f}")
        for rate, floor in budget.min_fire_recall_at_far.items():
            point = next((p for p in e.fire_recall_at_false_alarm_rate if p.rate == rate), None)
            if point is None:
                reasons.append(f"{e.variant}: recall of fire at {rate:.1%} false alarms was not measured")
            elif not point.recall >= floor:
                reasons.append(
                    f"{e.variant}: recall of fire {point.recall:.4f} at {rate:.1%} false alarms, the floor is {floor:.4f}"
                )
        if e.comparison is not None:
            drop, allowed = e.comparison.accuracy_drop, budget.max_accuracy_drop
            if allowed is not None and not drop <= allowed:
                reasons.append(f"{e.variant}: {drop:.4f} less accurate than {e.comparison.parent}, allowed {allowed:.4f}")
    fastest = [e.comparison.latency_ratio for e in evaluations if e.comparison is not None]
    if budget.max_latency_ratio is not None and fastest and not min(fastest) <= budget.max_latency_ratio:
        reasons.append(f"latency {min(fastest):.2f} of the parent's, the budget is {budget.max_latency_ratio:.2f}")
    whole = by_name.get("fp32")
    if budget.max_quantization_drop is not None and whole is not None:
        for e in evaluations:
            lost = whole.accuracy - e.accuracy
            if e is not whole and not lost <= budget.max_quantization_drop + 1e-9:
                reasons.append(
                    f"{e.variant}: {lost:.4f} less accurate than fp32, allowed {budget.max_quantization_drop:.4f}"
                )
    return reasons
