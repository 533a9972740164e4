"""The gate: a budget and what was measured, pure; every refusal names the figure and the floor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hackai_compression.budget import Budget, Floors
from hackai_compression.judging.alarms import HARMLESS, FalseAlarmPoint
from hackai_compression.judging.gate_rules import NOT_MEASURED, elsewhere_reasons, size_reasons
from hackai_compression.judging.verdict import Evaluation

NO_PICTURES = "the pictures have no folder `elsewhere`"


def refusals(budget: Budget, evaluations: Sequence[Evaluation], elsewhere: Sequence[Evaluation] = ()) -> list[str]:
    """Reasons against the model, empty when it may pass. Every variant must hold every floor.

    What was not measured, and a figure that is not a number, never passes.
    """
    if not evaluations:
        return ["no variant was judged"]
    return [
        *size_reasons(budget, evaluations),
        *(f"{e.variant}: {reason}" for e in evaluations for reason in _floors(budget, e)),
        *elsewhere_reasons(
            budget.elsewhere, evaluations, elsewhere, _floors, missing="the pictures have no folder `elsewhere`"
        ),
        *(reason for e in evaluations for reason in _accuracy_drop(budget, e)),
        *_latency(budget, evaluations),
        *_quantization(budget, evaluations),
    ]


def _floors(floors: Floors, e: Evaluation) -> Iterator[str]:
    if floors.min_accuracy is not None and not e.accuracy >= floors.min_accuracy:
        yield f"accuracy {e.accuracy:.4f}, the floor is {floors.min_accuracy:.4f}"
    yield from _recalls(floors, e)
    yield from _at_rates(floors.min_fire_recall_at_far, e.fire_recall_at_false_alarm_rate, "fire", e)
    yield from _at_rates(floors.min_alarm_recall_at_far, e.alarm_recall_at_false_alarm_rate, "alarm", e)
    if floors.min_alarm_recall is not None:
        recall = e.alarm.recall if e.alarm is not None else None
        if recall is None:
            yield f"recall of alarm {NOT_MEASURED}"
        elif not recall.value >= floors.min_alarm_recall:
            yield f"recall of alarm {recall.value:.4f}, the floor is {floors.min_alarm_recall:.4f}"
    if floors.max_false_alarms is not None:
        false_alarms = e.alarm.false_alarms if e.alarm is not None else None
        if false_alarms is None:
            yield f"the share of false alarms {NOT_MEASURED}"
        elif not false_alarms.value <= floors.max_false_alarms:
            yield f"false alarms {false_alarms.value:.4f}, allowed {floors.max_false_alarms:.4f}"


def _recalls(floors: Floors, e: Evaluation) -> Iterator[str]:
    """Fire for starting fire is an alarm either way: what counts is whether a fire is called harmless."""
    if floors.min_recall is None:
        return
    harmless = e.classes.index(HARMLESS) if HARMLESS in e.classes else None
    for index, (name, row) in enumerate(zip(e.classes, e.confusion, strict=True)):
        if not sum(row):
            yield f"recall of {name} {NOT_MEASURED}: there is no picture of it"
            continue
        found = row[index] if harmless is None or index == harmless else sum(row) - row[harmless]
        if not found / sum(row) >= floors.min_recall:
            yield f"recall of {name} {found / sum(row):.4f}, the floor is {floors.min_recall:.4f}"


def _at_rates(
    wanted: dict[float, float], measured: Sequence[FalseAlarmPoint], name: str, e: Evaluation
) -> Iterator[str]:
    recalls = {p.rate: p.recall for p in measured}
    harmless = sum(e.confusion[e.classes.index(HARMLESS)]) if HARMLESS in e.classes else 0
    for rate, floor in wanted.items():
        if rate not in recalls:
            yield f"recall of {name} at {rate:.1%} false alarms {NOT_MEASURED}: {harmless} harmless are too few"
        elif not recalls[rate] >= floor:
            yield f"recall of {name} {recalls[rate]:.4f} at {rate:.1%} false alarms, floor {floor:.4f}"


def _accuracy_drop(budget: Budget, e: Evaluation) -> Iterator[str]:
    allowed = budget.max_accuracy_drop
    if allowed is None:
        return
    if e.comparison is None:
        yield f"{e.variant}: accuracy against a parent {NOT_MEASURED}"
    elif not e.comparison.accuracy_drop <= allowed:
        lost, parent = e.comparison.accuracy_drop, e.comparison.parent
        yield f"{e.variant}: {lost:.4f} less accurate than {parent}, allowed {allowed:.4f}"


def _latency(budget: Budget, evaluations: Sequence[Evaluation]) -> Iterator[str]:
    if budget.max_latency_ratio is None:
        return
    ratios = [e.comparison.latency_ratio for e in evaluations if e.comparison is not None]
    if not ratios:
        yield f"latency against a parent {NOT_MEASURED}"
    elif not min(ratios) <= budget.max_latency_ratio:
        yield f"latency {min(ratios):.2f} of the parent's, the budget is {budget.max_latency_ratio:.2f}"


def _quantization(budget: Budget, evaluations: Sequence[Evaluation]) -> Iterator[str]:
    allowed = budget.max_quantization_drop
    if allowed is None:
        return
    whole = next((e for e in evaluations if e.variant == "fp32"), None)
    for e in evaluations:
        if e is whole:
            continue
        if whole is None:
            yield f"{e.variant}: accuracy against fp32 {NOT_MEASURED}"
        elif not whole.accuracy - e.accuracy <= allowed + 1e-9:
            yield f"{e.variant}: {whole.accuracy - e.accuracy:.4f} less accurate than fp32, allowed {allowed:.4f}"
