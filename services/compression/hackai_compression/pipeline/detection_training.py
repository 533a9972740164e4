"""Train, load and export of a detection job. Needs torch."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch

from hackai_compression.augmentation.boxed_views import BoxedViewMaker
from hackai_compression.augmentation.geometry import whole
from hackai_compression.augmentation.policy import AugmentationPolicy
from hackai_compression.datasets.samples import Sample
from hackai_compression.errors import WeightsError
from hackai_compression.exporting.export_detector import export_detector
from hackai_compression.networks.classifier import FireClassifier
from hackai_compression.networks.detector import FireDetector
from hackai_compression.networks.detectors import DetectorArchitecture, build_detector, load_detector, save_detector
from hackai_compression.networks.packaged_detector import load_packaged_detector, restore_normalisation
from hackai_compression.networks.shapes import fit_to
from hackai_compression.networks.weights import load_initial
from hackai_compression.package import file_name
from hackai_compression.pipeline.export_step import exported
from hackai_compression.pipeline.fitting import use_threads
from hackai_compression.pipeline.job import Job, Outcome
from hackai_compression.recipes import ExportStep, LoadStep, Step, TrainStep
from hackai_compression.training.options import TrainingOptions
from hackai_compression.training.train import EpochRecord
from hackai_compression.training.train_detector import FROZEN_BLOCKS, pixels, train_detector

NETWORK = "network.pt"
#: Training pictures from which a package's network, whose normalisation is folded away, gets its statistics back.
STATISTICS_PICTURES = 64


def run_detection_training(job: Job, step: TrainStep) -> Outcome:
    """Leaves `network.pt` in the step's folder."""
    use_threads(job)
    network, architecture = _start(job, step)
    parts = job.boxed_parts
    augmentation = step.augmentation or job.recipe.data.augmentation
    checkpoint = job.folder_of(step) / "checkpoint.pt"
    history = fit_detector(job, step.name, network, step.training, augmentation, checkpoint=checkpoint)
    note = f"{len(parts.training)} pictures, {len(parts.harmless)} harmless ones, {parts.dropped} left out"
    return saved_detector(job, step, network, architecture, history).model_copy(update={"notes": [note]})


def run_detection_load(job: Job, step: LoadStep) -> Outcome:
    """Copies a saved detector, pruned or not, or that of a package, into the job; its input may get another size.

    Raises:
        WeightsError: no detector, or one of other classes.
    """
    path = job.folders.file(step.file)
    loaded, found = load_packaged_detector(path) if path.is_dir() else load_detector(path)
    if found.classes != job.recipe.classes:
        raise WeightsError(f"{step.file} finds {found.classes}, the recipe {job.recipe.classes}")
    architecture = DetectorArchitecture(found.name, job.recipe.classes, job.recipe.size)
    network, state = architecture.build(), loaded.state_dict()
    fit_to(network, state)
    network.load_state_dict(state)
    if path.is_dir():
        pictures = _evenly(job.boxed_parts.training.samples, STATISTICS_PICTURES)
        restore_normalisation(network, pixels([whole(job.pictures.get(s.path), job.recipe.size) for s in pictures]))
    path = job.folder_of(step) / NETWORK
    save_detector(path, network, architecture)
    return Outcome(step=step.name, do=step.do, architecture=architecture.name, network=str(path.relative_to(job.out)))


def fit_detector(
    job: Job,
    step: str,
    network: FireDetector,
    options: TrainingOptions,
    augmentation: AugmentationPolicy,
    *,
    frozen: int = FROZEN_BLOCKS,
    checkpoint: Path | None = None,
) -> list[EpochRecord]:
    """Trains on the job's data, and tells every epoch in the name of `step`."""
    parts, recipe = job.boxed_parts, job.recipe
    maker = BoxedViewMaker(
        parts.training.samples, parts.harmless, recipe.classes, recipe.size, augmentation, job.pictures
    )

    def tell(record: EpochRecord, epochs: int) -> None:
        figures = {k: round(float(v), 5) for k, v in asdict(record).items()}
        job.progress.tell(step, "progress", done=record.epoch + 1, total=epochs, figures=figures)

    return train_detector(
        network,
        maker,
        parts.validation.samples,
        recipe.classes,
        options,
        seed=recipe.seed,
        cache=job.pictures,
        frozen=frozen,
        checkpoint=checkpoint,
        on_epoch=tell,
    )


def saved_detector(
    job: Job, step: Step, network: FireDetector, architecture: DetectorArchitecture, history: list[EpochRecord]
) -> Outcome:
    """Writes `network.pt` into the step's folder; the figure is that of the epoch whose weights are kept."""
    path = job.folder_of(step) / NETWORK
    save_detector(path, network, architecture)
    return Outcome(
        step=step.name,
        do=step.do,
        architecture=architecture.name,
        network=str(path.relative_to(job.out)),
        history=[{k: float(v) for k, v in asdict(r).items()} for r in history],
        figures={"validation_map50": max(r.validation_accuracy for r in history)},
    )


def run_detection_export(job: Job, step: ExportStep) -> Outcome:
    """Leaves `model.fp32.onnx`; raises `ParityError` or `LintError`."""
    network, architecture = load_detector(job.out / str(job.last_network().network))
    path = job.folder_of(step) / file_name("fp32")
    export_detector(network, path)
    return exported(job, step, architecture.name, path)


def _evenly(samples: tuple[Sample, ...], count: int) -> tuple[Sample, ...]:
    return samples[:: max(1, len(samples) // count)][:count]


def _start(job: Job, step: TrainStep) -> tuple[FireDetector, DetectorArchitecture]:
    if step.architecture is None:
        return load_detector(job.out / str(job.last_network().network))
    name, weights = step.architecture, step.weights
    file = job.folders.file(weights.file) if weights.file is not None else None

    def fill(classifier: FireClassifier) -> None:
        load_initial(classifier, name, weights.origin, file, weights.preprocessing)

    torch.manual_seed(job.recipe.seed)
    architecture = DetectorArchitecture(name, job.recipe.classes, job.recipe.size)
    return build_detector(name, len(job.recipe.classes), job.recipe.size, fill), architecture
