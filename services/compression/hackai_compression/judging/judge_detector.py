"""The last step of a detection job: pack, choose thresholds on validation pictures, evaluate, decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hackai_compression.datasets.samples import Sample
from hackai_compression.detection_card import write_detection_card
from hackai_compression.judging.box_thresholds import choose_thresholds
from hackai_compression.judging.detection_gate import detection_refusals
from hackai_compression.judging.detection_verdict import DetectionEvaluation, DetectionVerdict
from hackai_compression.judging.evaluate_detector import detect_all, evaluate_detector
from hackai_compression.judging.judge import Candidate, Told
from hackai_compression.judging.latency import measure_latency
from hackai_compression.package import write_package
from hackai_compression.recipes import Recipe
from hackai_shared.serving.detector import DEFAULT_OVERLAP, OVERLAP
from hackai_shared.serving.package import open_package

OUTPUTS: Mapping[str, str] = {"boxes": "boxes", "scores": "scores"}


def judge_detector(
    recipe: Recipe,
    candidate: Candidate,
    folder: Path,
    *,
    validation: Sequence[Sample],
    test: Sequence[Sample],
    elsewhere: Sequence[Sample] = (),
    on: str = "test",
    looks: Mapping[str, int] | None = None,
    repetitions: int,
    tell: Told = lambda _: None,
) -> DetectionVerdict:
    """Writes the package into `folder`, with its gate report where it passed.

    `on` names what `test` is: what was judged on anything but the test pictures gets no gate report. `looks`: how often
    the job had looked at each set before.
    """
    first = "int8" if "int8" in candidate.variants else next(iter(candidate.variants))
    _pack(recipe, candidate, folder, {OVERLAP: DEFAULT_OVERLAP})
    raw = open_package(folder, require_gate=False)
    tell(f"choosing thresholds on {len(validation)} validation pictures")
    chosen = choose_thresholds(detect_all(raw, first, validation), validation, raw.manifest.classes)
    thresholds = {OVERLAP: DEFAULT_OVERLAP, **chosen}
    _pack(recipe, candidate, folder, thresholds)
    package = open_package(folder, require_gate=False)
    tell("measuring latency")
    names = list(candidate.variants)
    latency = {
        threads: measure_latency([(package, v) for v in names], threads=threads, repetitions=repetitions)
        for threads in (1, 2)
    }
    evaluations = []
    for number, variant in enumerate(names):
        tell(f"judging {variant} on {len(test)} pictures")
        timed = [rows[number] for rows in latency.values()]
        evaluations.append(evaluate_detector(package, variant, test, latency=timed))
    strange = [evaluate_detector(package, v, elsewhere) for v in names] if elsewhere else []
    reasons = detection_refusals(recipe.budget, evaluations, strange)
    verdict = DetectionVerdict(
        passed=not reasons,
        reasons=reasons,
        budget=recipe.budget.model_dump(mode="json", exclude_none=True),
        evaluations=evaluations,
        measured_on=on,
        elsewhere=strange,
        looks=dict(looks or {}),
    )
    _pack(recipe, candidate, folder, thresholds, verdict)
    return verdict


def _pack(
    recipe: Recipe,
    candidate: Candidate,
    folder: Path,
    thresholds: Mapping[str, float],
    verdict: DetectionVerdict | None = None,
) -> None:
    metrics: dict[str, dict[str, dict[str, float]]] = {}
    if verdict is not None:
        metrics = {e.variant: {verdict.measured_on: _metrics(e)} for e in verdict.evaluations}
        for e in verdict.elsewhere:
            metrics[e.variant]["elsewhere"] = _metrics(e)
    gate: dict[str, Any] | None = None
    if verdict is not None and verdict.passed and verdict.measured_on == "test":
        gate = verdict.model_dump(mode="json")
    write_package(
        folder,
        candidate.variants,
        name=recipe.package.name,
        version=recipe.package.version,
        classes=recipe.classes,
        architecture=f"{candidate.architecture}, anchor-free head",
        licence=recipe.package.licence,
        size=recipe.size,
        training=candidate.training,
        card=write_detection_card(recipe, candidate.architecture, verdict) if verdict else "Not judged yet.\n",
        thresholds=thresholds,
        metrics=metrics,
        gate=gate,
        task="detection",
        outputs=OUTPUTS,
    )


def _metrics(e: DetectionEvaluation) -> dict[str, float]:
    figures = {"map50": e.map50}
    if e.pointing is not None and e.overlap is not None:
        figures |= {"pointing": e.pointing.value, "overlap": e.overlap.value}
    for name, found in e.classes.items():
        figures[f"average_precision_{name}"] = found.average_precision
        for point in found.recall_at_false_boxes:
            figures[f"recall_{name}_at_{point.per_picture:g}_false_boxes"] = point.recall
    return figures
