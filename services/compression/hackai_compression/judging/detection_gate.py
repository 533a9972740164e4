"""The gate of detectors: a budget and what was measured, pure; every refusal names the figure and the floor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hackai_compression.budget import Budget, Floors
from hackai_compression.judging.detection_verdict import DetectionEvaluation
from hackai_compression.judging.gate_rules import NOT_MEASURED, elsewhere_reasons, size_reasons

NO_PICTURES = "the boxes have no split `elsewhere`"


def detection_refusals(
    budget: Budget, evaluations: Sequence[DetectionEvaluation], elsewhere: Sequence[DetectionEvaluation] = ()
) -> list[str]:
    """Reasons against the model, empty when it may pass. Every variant must hold every floor.

    What was not measured, and a figure that is not a number, never passes.
    """
    if not evaluations:
        return ["no variant was judged"]
    return [
        *size_reasons(budget, evaluations),
        *(f"{e.variant}: {reason}" for e in evaluations for reason in _floors(budget, e)),
        *elsewhere_reasons(
            budget.elsewhere, evaluations, elsewhere, _floors, missing="the boxes have no split `elsewhere`"
        ),
        *_quantization(budget, evaluations),
    ]


def _floors(floors: Floors, e: DetectionEvaluation) -> Iterator[str]:
    shown = {name: found for name, found in e.classes.items() if found.boxes}
    if floors.min_map50 is not None:
        yield from _below("mAP50", e.map50 if shown else None, floors.min_map50)
    if floors.min_average_precision is not None:
        if not shown:
            yield f"average precision {NOT_MEASURED}: the pictures show no box"
        for name, found in shown.items():
            yield from _below(f"average precision of {name}", found.average_precision, floors.min_average_precision)
    if floors.min_pointing is not None:
        yield from _below("pointing", e.pointing.value if e.pointing is not None else None, floors.min_pointing)
    if floors.min_overlap is not None:
        yield from _below("overlap", e.overlap.value if e.overlap is not None else None, floors.min_overlap)


def _below(name: str, figure: float | None, floor: float) -> Iterator[str]:
    if figure is None:
        yield f"{name} {NOT_MEASURED}: the pictures show no box"
    elif not figure >= floor:
        yield f"{name} {figure:.4f}, the floor is {floor:.4f}"


def _quantization(budget: Budget, evaluations: Sequence[DetectionEvaluation]) -> Iterator[str]:
    allowed = budget.max_quantization_drop
    if allowed is None:
        return
    whole = next((e for e in evaluations if e.variant == "fp32"), None)
    for e in evaluations:
        if e is whole:
            continue
        if whole is None:
            yield f"{e.variant}: mAP50 against fp32 {NOT_MEASURED}"
        elif not whole.map50 - e.map50 <= allowed + 1e-9:
            yield f"{e.variant}: mAP50 {whole.map50 - e.map50:.4f} lower than fp32's, allowed {allowed:.4f}"
