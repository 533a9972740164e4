"""The quantize step: static INT8 by the best calibration; then mixed precision; then QAT, where asked for."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from hackai_compression.augmentation.policy import AugmentationPolicy
from hackai_compression.augmentation.views import ViewMaker
from hackai_compression.datasets.pictures import PictureCache
from hackai_compression.datasets.samples import Dataset, Sample
from hackai_compression.exporting.lint import refuse
from hackai_compression.judging.temperature import negative_log_likelihood
from hackai_compression.package import file_name, input_spec
from hackai_compression.pipeline.job import Job, Outcome
from hackai_compression.quantization.calibration import choose_calibration
from hackai_compression.quantization.sensitivity import rank_layers
from hackai_compression.quantization.static import Calibration, quantize
from hackai_compression.recipes import QuantizeStep, VariantName
from hackai_shared.serving.preprocessing import batch, load_for

#: What is judged beside each validation picture: other frames of it, nothing that a camera would have spoilt.
CROPS = AugmentationPolicy(min_crop=0.6, zoom_out=0.1, camera_faults=0)


@dataclass(frozen=True)
class _Score:
    accuracy: float
    loss: float

    def better_than(self, other: _Score) -> bool:
        """More pictures right; where that is equal, a lower loss."""
        return (self.accuracy, -self.loss) > (other.accuracy, -other.loss)


def run_quantize(job: Job, step: QuantizeStep) -> Outcome:
    """Leaves the INT8 variants beside the FP32 one; validation pictures and crops of them choose.

    The test set is not read. What mixed precision or quantization-aware training makes is kept only where it is better.
    """
    source = job.out / job.last_variants().variants["fp32"]
    folder = job.folder_of(step)
    validation = _Validation(job.parts.validation, job.recipe.size, step.crops, job.pictures)
    reference = validation.score(source)
    made = _make(job, step, source, folder, validation, reference)
    if step.qat is not None and made.worst_drop > step.max_drop:
        from hackai_compression.pipeline.qat_step import retrain

        again = folder / "qat"
        retrained = _make(job, step, retrain(job, step, step.qat, again), again, validation, reference)
        # What is given up is measured against the network before: the retrained one is nobody's reference.
        retrained.files["fp32"] = source
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
    with tempfile.TemporaryDirectory(dir=folder) as ranges:
        for variant in step.variants:
            target = folder / file_name(variant)
            trial = _Trial(job, step, variant, source, target, calibration, validation, Path(ranges))
            method, score = _best_calibration(trial)
            kept: list[str] = []
            if reference.accuracy - score.accuracy > step.max_drop and step.max_fp32_layers:
                kept, score = _mixed(trial, method, score, reference)
            if variant == "int8-trt":
                refuse(target)
            made.files[variant] = target
            made.scores[variant] = score
            made.figures[f"validation_accuracy_{variant}"] = round(score.accuracy, 5)
            made.figures[f"bytes_{variant}"] = float(target.stat().st_size)
            made.notes.append(f"{variant}: {method}" + (f", FP32 kept in {', '.join(kept)}" if kept else ""))
    return made


@dataclass(frozen=True)
class _Trial:
    """Quantizes one variant again and again; its ranges are calibrated once per method."""

    job: Job
    step: QuantizeStep
    variant: VariantName
    source: Path
    target: Path
    calibration: Sequence[Sample]
    validation: _Validation
    ranges: Path

    def make(self, method: Calibration, keep_fp32: Sequence[str] = ()) -> None:
        """Leaves the file at `target`."""
        quantize(
            self.source,
            self.target,
            self.calibration,
            input_spec(self.job.recipe.size),
            variant=self.variant,
            method=method,
            keep_fp32=keep_fp32,
            ranges=self.ranges,
        )

    def score(self, method: Calibration, keep_fp32: Sequence[str] = ()) -> _Score:
        """Of the file that is left at `target`."""
        self.make(method, keep_fp32)
        return self.validation.score(self.target)

    def loss(self, method: Calibration, keep_fp32: Sequence[str]) -> float:
        """On the pictures without their crops: layers are many, and their order is all that is wanted."""
        self.make(method, keep_fp32)
        return self.validation.score(self.target, crops=False).loss


def _best_calibration(trial: _Trial) -> tuple[Calibration, _Score]:
    step = trial.step
    scores: dict[Calibration, _Score] = {}
    for number, method in enumerate(step.methods):
        scores[method] = trial.score(method)
        trial.job.progress.tell(
            step.name,
            "progress",
            done=number + 1,
            total=len(step.methods),
            text=f"{trial.variant} {method}",
            figures={"validation_accuracy": scores[method].accuracy},
        )
    best = min(scores, key=lambda m: scores[m].loss)
    if best != step.methods[-1]:
        trial.make(best)
    return best, scores[best]


def _mixed(trial: _Trial, method: Calibration, whole: _Score, reference: _Score) -> tuple[list[str], _Score]:
    """The most harmful layers go back to FP32, one more at a time, until the drop is allowed.

    When it never is, the best of all is kept; layers that gain nothing stay INT8, because FP32 costs bytes.
    """
    step = trial.step
    trial.job.progress.tell(step.name, "message", text=f"{trial.variant}: looking for the layers that hurt")
    damages = rank_layers(trial.source, lambda nodes: -trial.loss(method, nodes))
    ranked = [d.node for d in damages if d.loss > 0][: step.max_fp32_layers]
    best, chosen, last = whole, 0, 0
    for count in range(1, len(ranked) + 1):
        score, last = trial.score(method, ranked[:count]), count
        if score.better_than(best):
            best, chosen = score, count
        if reference.accuracy - score.accuracy <= step.max_drop:
            break
    if chosen != last or not ranked:
        trial.make(method, ranked[:chosen])  # the file of the last trial is not the one that is kept
    return ranked[:chosen], best


class _Validation:
    """Validation pictures as serving would see them, decoded once, and behind them `crops` crops of each.

    The crops are why a loss of half a point is seen at all: 300 pictures move by a third of a point each, and
    most of them are so clear that rounding changes nothing.
    """

    def __init__(self, dataset: Dataset, size: int, crops: int, cache: PictureCache) -> None:
        spec = input_spec(size)
        self._plain = batch(spec, [load_for(spec, s.path.read_bytes()) for s in dataset.samples])
        maker = ViewMaker(dataset, size, CROPS, cache)
        count = len(dataset)
        views = [maker.make(i, np.random.default_rng((n, i))).picture for n in range(crops) for i in range(count)]
        self._crops = np.stack(views) if views else self._plain[:0]
        self._labels = np.tile(np.asarray(dataset.labels, dtype=np.int64), 1 + crops)
        self._name = spec.name

    def score(self, path: Path, crops: bool = True) -> _Score:
        """Of an exported file."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

        def ask(pixels: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.float32]]:
            return [session.run(["logits"], {self._name: pixels[i : i + 16]})[0] for i in range(0, len(pixels), 16)]

        answers = ask(self._plain) + (ask(self._crops) if crops else [])
        logits = np.concatenate(answers).astype(np.float64)
        labels = self._labels[: len(logits)]
        right = float((logits.argmax(axis=1) == labels).mean())
        return _Score(right, negative_log_likelihood(logits, labels))
