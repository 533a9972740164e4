"""The quantize step: static INT8 by the best calibration; then mixed precision; then QAT, where asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
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

    def better_than(self, other: _Score) -> bool:
        """More pictures right; where that is equal, a lower loss."""
        return (self.accuracy, -self.loss) > (other.accuracy, -other.loss)


def run_quantize(job: Job, step: QuantizeStep) -> Outcome:
    """Leaves the INT8 variants beside the FP32 one; validation pictures choose, the test set is not read.

    What mixed precision or quantization-aware training makes is kept only where it is better.
    """
    source = job.out / job.last_variants().variants["fp32"]
    folder = job.folder_of(step)
    validation = _Validation(job.parts.validation, job.recipe.size)
    reference = validation.score(source)
    made = _make(job, step, source, folder, validation, reference)
    if step.qat is not None and made.worst_drop > step.max_drop:
        from hackai_compression.pipeline.qat_step import retrain

        again = folder / "qat"
        retrained = _make(job, step, retrain(job, step, step.qat, again), again, validation, reference)
        told = f"{made.worst.accuracy:.4f} without, {retrained.worst.accuracy:.4f} with quantization-aware training"
        made = retrained if retrained.worst.better_than(made.worst) else made
        made.notes.append(f"{'kept' if made is retrained else 'discarded'} the retrained network: {told}")
    return Outcome(
        step=step.name,
        do=step.do,
        architecture=job.last_variants().architecture,
        variants={k: str(v.relative_to(job.out)) for k, v in made.files.items()},
        figures={"validation_accuracy_fp32": reference.accuracy, **made.figures},
        notes=made.notes,
    )


@dataclass
class _Made:
    """The variants of one network; `reference` is the network as it was before quantization."""

    files: dict[str, Path]
    reference: _Score
    scores: dict[str, _Score] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def worst(self) -> _Score:
        """Of the INT8 variants."""
        return min(self.scores.values(), key=lambda s: (s.accuracy, -s.loss))

    @property
    def worst_drop(self) -> float:
        """Accuracy that the worst variant loses."""
        return self.reference.accuracy - self.worst.accuracy


def _make(
    job: Job, step: QuantizeStep, source: Path, folder: Path, validation: _Validation, reference: _Score
) -> _Made:
    calibration = choose_calibration(job.parts.training, step.pictures, job.recipe.seed)
    made = _Made({"fp32": source}, reference)
    for variant in step.variants:
        target = folder / file_name(variant)
        method, score = _best_calibration(job, step, variant, source, target, calibration, validation)
        kept: list[str] = []
        if reference.accuracy - score.accuracy > step.max_drop and step.max_fp32_layers:
            trial = _Trial(job, step, variant, method, source, target, calibration, validation)
            kept, score = _mixed(trial, score, reference)
        if variant == "int8-trt":
            refuse(target)
        made.files[variant] = target
        made.scores[variant] = score
        made.figures[f"validation_accuracy_{variant}"] = round(score.accuracy, 5)
        made.figures[f"bytes_{variant}"] = float(target.stat().st_size)
        made.notes.append(f"{variant}: {method}" + (f", FP32 kept in {', '.join(kept)}" if kept else ""))
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


@dataclass(frozen=True)
class _Trial:
    """Quantizes one variant again, with some nodes left in FP32."""

    job: Job
    step: QuantizeStep
    variant: VariantName
    method: Calibration
    source: Path
    target: Path
    calibration: Sequence[Sample]
    validation: _Validation

    def score(self, keep_fp32: Sequence[str]) -> _Score:
        """Leaves the file at `target`."""
        spec = input_spec(self.job.recipe.size)
        quantize(
            self.source,
            self.target,
            self.calibration,
            spec,
            variant=self.variant,
            method=self.method,
            keep_fp32=keep_fp32,
        )
        return self.validation.score(self.target)


def _mixed(trial: _Trial, whole: _Score, reference: _Score) -> tuple[list[str], _Score]:
    """The most harmful layers go back to FP32, one more at a time, until the drop is allowed.

    When it never is, the best of all is kept; layers that gain nothing stay INT8, because FP32 costs bytes.
    """
    step = trial.step
    trial.job.progress.tell(step.name, "message", text=f"{trial.variant}: looking for the layers that hurt")
    damages = rank_layers(trial.source, lambda nodes: -trial.score(nodes).loss)
    ranked = [d.node for d in damages if d.loss > 0][: step.max_fp32_layers]
    best, chosen, last = whole, 0, 0
    for count in range(1, len(ranked) + 1):
        score, last = trial.score(ranked[:count]), count
        if score.better_than(best):
            best, chosen = score, count
        if reference.accuracy - score.accuracy <= step.max_drop:
            break
    if chosen != last or not ranked:
        trial.score(ranked[:chosen])  # the file of the last trial is not the one that is kept
    return ranked[:chosen], best


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
