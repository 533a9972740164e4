"""The quantize step: static INT8 by the best calibration; then mixed precision; then QAT, where asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from hackai_compression.datasets.samples import Dataset, Sample
from hackai_compression.exporting.lint import refuse
from hackai_compression.judging.temperature import negative_log_likelihood
from hackai_compression.package import file_name, input_spec
from hackai_compression.pipeline.run import Job, Outcome
from hackai_compression.quantization.calibration import choose_calibration
from hackai_compression.quantization.sensitivity import rank_layers
from hackai_compression.quantization.static import Calibration, quantize
from hackai_compression.recipes import QuantizeStep, VariantName
from hackai_shared.serving.preprocessing import batch, load_for


@dataclass(frozen=True)
class _Score:
    accuracy: float
    loss: float


def run_quantize(job: Job, step: QuantizeStep) -> Outcome:
    """Leaves the INT8 variants beside the FP32 one; validation pictures choose, the test set is not read."""
    source = job.out / job.last_variants().variants["fp32"]
    folder = job.folder_of(step)
    made = _make(job, step, source, folder)
    if step.qat is not None and made.worst_drop > step.max_drop:
        from hackai_compression.pipeline.qat_step import retrain

        source = retrain(job, step.qat, folder)
        made = _make(job, step, source, folder)
        made.notes.append("quantization-aware training was needed")
    relative = {"fp32": source, **made.files}
    return Outcome(
        step=step.name,
        do=step.do,
        architecture=job.last_variants().architecture,
        variants={k: str(v.relative_to(job.out)) for k, v in relative.items()},
        figures=made.figures,
        notes=made.notes,
    )


@dataclass
class _Made:
    files: dict[str, Path]
    figures: dict[str, float]
    notes: list[str]
    worst_drop: float


def _make(job: Job, step: QuantizeStep, source: Path, folder: Path) -> _Made:
    validation = _Validation(job.parts.validation, job.recipe.size)
    calibration = choose_calibration(job.parts.training, step.pictures, job.recipe.seed)
    reference = validation.score(source)
    made = _Made({}, {"validation_accuracy_fp32": reference.accuracy}, [], 0.0)
    for variant in step.variants:
        target = folder / file_name(variant)
        method, score = _best_calibration(job, step, variant, source, target, calibration, validation)
        kept: list[str] = []
        if reference.accuracy - score.accuracy > step.max_drop and step.max_fp32_layers:
            kept, score = _mixed(job, step, variant, method, source, target, calibration, validation, reference)
        if variant == "int8-trt":
            refuse(target)
        made.files[variant] = target
        made.figures[f"validation_accuracy_{variant}"] = round(score.accuracy, 5)
        made.figures[f"bytes_{variant}"] = float(target.stat().st_size)
        made.notes.append(f"{variant}: {method}" + (f", FP32 kept in {', '.join(kept)}" if kept else ""))
        made.worst_drop = max(made.worst_drop, reference.accuracy - score.accuracy)
    return made


def _best_calibration(
    job: Job,
    step: QuantizeStep,
    variant: VariantName,
    source: Path,
    target: Path,
    calibration: Sequence[Sample],
    validation: _Validation,
) -> tuple[Calibration, _Score]:
    scores: dict[Calibration, _Score] = {}
    for number, method in enumerate(step.methods):
        quantize(source, target, calibration, input_spec(job.recipe.size), variant=variant, method=method)
        scores[method] = validation.score(target)
        job.progress.tell(
            step.name,
            "progress",
            done=number + 1,
            total=len(step.methods),
            text=f"{variant} {method}",
            figures={"validation_accuracy": scores[method].accuracy},
        )
    best = min(scores, key=lambda m: scores[m].loss)
    if best != step.methods[-1]:
        quantize(source, target, calibration, input_spec(job.recipe.size), variant=variant, method=best)
    return best, scores[best]


def _mixed(
    job: Job,
    step: QuantizeStep,
    variant: VariantName,
    method: Calibration,
    source: Path,
    target: Path,
    calibration: Sequence[Sample],
    validation: _Validation,
    reference: _Score,
) -> tuple[list[str], _Score]:
    """The most harmful layers go back to FP32, one more at a time, until the drop is allowed."""
    spec = input_spec(job.recipe.size)

    def without(nodes: Sequence[str]) -> float:
        quantize(source, target, calibration, spec, variant=variant, method=method, keep_fp32=nodes)
        return -validation.score(target).loss

    job.progress.tell(step.name, "message", text=f"{variant}: looking for the layers that hurt")
    ranked = [d.node for d in rank_layers(source, without)][: step.max_fp32_layers]
    score = reference
    for count in range(1, len(ranked) + 1):
        without(ranked[:count])
        score = validation.score(target)
        if reference.accuracy - score.accuracy <= step.max_drop:
            return ranked[:count], score
    return ranked, score


class _Validation:
    """Validation pictures as serving would see them, decoded once."""

    def __init__(self, dataset: Dataset, size: int) -> None:
        spec = input_spec(size)
        self._pixels = batch(spec, [load_for(spec, s.path.read_bytes()) for s in dataset.samples])
        self._labels = np.asarray(dataset.labels, dtype=np.int64)
        self._name = spec.name

    def score(self, path: Path) -> _Score:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        logits = np.concatenate(
            [
                session.run(["logits"], {self._name: self._pixels[i : i + 16]})[0]
                for i in range(0, len(self._labels), 16)
            ]
        ).astype(np.float64)
        right = float((logits.argmax(axis=1) == self._labels).mean())
        return _Score(right, negative_log_likelihood(logits, self._labels))
