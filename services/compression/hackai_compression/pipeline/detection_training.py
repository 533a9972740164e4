"""Train and export of a detection job. Needs torch."""

from __future__ import annotations

from dataclasses import asdict

import torch

from hackai_compression.augmentation.boxed_views import BoxedViewMaker
from hackai_compression.exporting.export_detector import export_detector
from hackai_compression.networks.classifier import FireClassifier
from hackai_compression.networks.detector import FireDetector
from hackai_compression.networks.detectors import DetectorArchitecture, build_detector, load_detector, save_detector
from hackai_compression.networks.weights import load_initial
from hackai_compression.package import file_name
from hackai_compression.pipeline.export_step import exported
from hackai_compression.pipeline.fitting import use_threads
from hackai_compression.pipeline.run import Job, Outcome
from hackai_compression.recipes import ExportStep, TrainStep
from hackai_compression.training.train import EpochRecord
from hackai_compression.training.train_detector import train_detector

NETWORK = "network.pt"


def run_detection_training(job: Job, step: TrainStep) -> Outcome:
    """Leaves `network.pt` in the step's folder."""
    use_threads(job)
    network, architecture = _start(job, step)
    parts, recipe = job.boxed_parts, job.recipe
    policy = step.augmentation or recipe.data.augmentation
    maker = BoxedViewMaker(parts.training.samples, parts.harmless, recipe.classes, recipe.size, policy, job.pictures)

    def tell(record: EpochRecord, epochs: int) -> None:
        figures = {k: round(float(v), 5) for k, v in asdict(record).items()}
        job.progress.tell(step.name, "progress", done=record.epoch + 1, total=epochs, figures=figures)

    history = train_detector(
        network,
        maker,
        parts.validation.samples,
        recipe.classes,
        step.training,
        seed=recipe.seed,
        cache=job.pictures,
        checkpoint=job.folder_of(step) / "checkpoint.pt",
        on_epoch=tell,
    )
    path = job.folder_of(step) / NETWORK
    save_detector(path, network, architecture)
    return Outcome(
        step=step.name,
        do=step.do,
        architecture=architecture.name,
        network=str(path.relative_to(job.out)),
        history=[{k: float(v) for k, v in asdict(r).items()} for r in history],
        figures={"validation_map50": max(r.validation_accuracy for r in history)},
        notes=[f"{len(parts.training)} pictures, {len(parts.harmless)} harmless ones, {parts.dropped} left out"],
    )


def run_detection_export(job: Job, step: ExportStep) -> Outcome:
    """Leaves `model.fp32.onnx`; raises `ParityError` or `LintError`."""
    network, architecture = load_detector(job.out / str(job.last_network().network))
    path = job.folder_of(step) / file_name("fp32")
    export_detector(network, path)
    return exported(job, step, architecture.name, path)


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
