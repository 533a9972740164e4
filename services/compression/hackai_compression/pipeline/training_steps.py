"""The steps that change weights: train, distill, prune. Needs torch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import cv2
import torch

from hackai_compression import recipes
from hackai_compression.augmentation.policy import AugmentationPolicy
from hackai_compression.augmentation.views import ViewMaker
from hackai_compression.errors import WeightsError
from hackai_compression.networks.classifier import FireClassifier
from hackai_compression.networks.saved import Architecture, load_network, save_network
from hackai_compression.networks.weights import load_initial
from hackai_compression.pipeline.run import Job, Outcome
from hackai_compression.training.loader import Batch, training_batches
from hackai_compression.training.options import TrainingOptions
from hackai_compression.training.prune import prune
from hackai_compression.training.train import EpochRecord, Teacher, train

NETWORK = "network.pt"
#: Batches over which Taylor importance is accumulated, per pruning step.
IMPORTANCE_BATCHES = 4


def run_training(job: Job, step: recipes.TrainStep | recipes.DistillStep | recipes.PruneStep) -> Outcome:
    """Leaves `network.pt` in the step's folder."""
    torch.set_num_threads(job.recipe.threads)
    cv2.setNumThreads(1)
    os.environ.setdefault("OMP_NUM_THREADS", str(job.recipe.threads))
    if isinstance(step, recipes.PruneStep):
        return _prune(job, step)
    network, architecture = _start(job, step)
    teacher = _teacher(job, step.teacher) if isinstance(step, recipes.DistillStep) else None
    history = _train(job, step, network, step.training, teacher, job.folder_of(step) / "checkpoint.pt")
    return _saved(job, step, network, architecture, history)


def run_load(job: Job, step: recipes.LoadStep) -> Outcome:
    """Copies a saved network into the job, so that its folder holds everything.

    A convolutional network may go on at another size of its input; a transformer's positions belong to one size.

    Raises:
        WeightsError: other classes, or another size that its weights do not fit.
    """
    saved, found = load_network(job.folders.file(step.file))
    architecture = Architecture(found.name, job.recipe.classes, job.recipe.size)
    network = architecture.build()
    try:
        network.load_state_dict(saved.state_dict())
    except RuntimeError as error:
        raise WeightsError(
            f"{step.file} is for {found.classes} at {found.image_size} px, "
            f"the recipe for {job.recipe.classes} at {job.recipe.size} px"
        ) from error
    if found.classes != job.recipe.classes:
        raise WeightsError(f"{step.file} tells {found.classes} apart, the recipe {job.recipe.classes}")
    path = job.folder_of(step) / NETWORK
    save_network(path, network, architecture)
    return Outcome(step=step.name, do=step.do, architecture=architecture.name, network=str(path.relative_to(job.out)))


def _start(job: Job, step: recipes.TrainStep | recipes.DistillStep) -> tuple[FireClassifier, Architecture]:
    if step.architecture is None:
        return load_network(job.out / str(job.last_network().network))
    architecture = Architecture(step.architecture, job.recipe.classes, job.recipe.size)
    torch.manual_seed(job.recipe.seed)
    network = architecture.build()
    file = job.folders.file(step.weights.file) if step.weights.file is not None else None
    load_initial(network, step.architecture, step.weights.origin, file, step.weights.preprocessing)
    return network, architecture


def _teacher(job: Job, wanted: recipes.Teacher | None) -> Teacher | None:
    if wanted is None or (wanted.loss.weight == 0 and wanted.loss.feature_weight == 0):
        return None  # nobody who counts is asked: an arm of an experiment without a teacher costs none
    if wanted.step is not None:
        path = job.out / str(job.outcome_of(wanted.step).network)
    else:
        path = job.folders.file(str(wanted.file))
    network, _ = load_network(path)
    return Teacher(network, wanted.loss)


def _train(
    job: Job,
    step: recipes.TrainStep | recipes.DistillStep | recipes.PruneStep,
    network: FireClassifier,
    options: TrainingOptions,
    teacher: Teacher | None,
    checkpoint: Path | None,
) -> list[EpochRecord]:
    def tell(record: EpochRecord, epochs: int) -> None:
        figures = {k: round(float(v), 5) for k, v in asdict(record).items()}
        job.progress.tell(step.name, "progress", done=record.epoch + 1, total=epochs, figures=figures)

    return train(
        network,
        job.parts.training,
        job.parts.validation,
        options,
        step.augmentation or job.recipe.data.augmentation,
        size=job.recipe.size,
        seed=job.recipe.seed,
        cache=job.pictures,
        teacher=teacher,
        checkpoint=checkpoint,
        on_epoch=tell,
    )


def _prune(job: Job, step: recipes.PruneStep) -> Outcome:
    network, architecture = load_network(job.out / str(job.last_network().network))
    teacher = _teacher(job, step.teacher)
    folder = job.folder_of(step)
    options = step.between.model_copy(update={"batch_size": 32})
    maker = ViewMaker(job.parts.training, job.recipe.size, AugmentationPolicy.none(), job.pictures)

    def batches() -> Iterator[Batch]:
        return islice(training_batches(maker, options.batch_size, job.recipe.seed, 0, 0), IMPORTANCE_BATCHES)

    pruned = folder / "pruned.pt"
    notes: list[str] = []
    figures: dict[str, float] = {}
    if pruned.is_file():
        network, _ = load_network(pruned)
        notes.append("went on after the last pruning iteration")
    else:
        recover = _recovery(job, step, network, teacher)
        result = prune(
            network,
            job.recipe.size,
            ratio=step.ratio,
            iterations=step.iterations,
            round_to=step.round_to,
            importance=step.importance,
            batches=batches,
            recover=recover,
        )
        save_network(pruned, network, architecture)
        figures = {"macs_ratio": round(result.ratio, 3), "parameters": float(result.parameters_after)}
        notes.append(
            f"{result.ratio:.2f}x fewer MACs, {result.parameters_before} -> {result.parameters_after} parameters"
        )
    history = _train(job, step, network, step.final, teacher, folder / "checkpoint.pt")
    outcome = _saved(job, step, network, architecture, history)
    return outcome.model_copy(update={"figures": {**outcome.figures, **figures}, "notes": notes})


def _recovery(
    job: Job, step: recipes.PruneStep, network: FireClassifier, teacher: Teacher | None
) -> Callable[[int], None]:
    def recover(iteration: int) -> None:
        if iteration + 1 == step.iterations:
            return  # the final fine-tuning follows at once
        records = _train(job, step, network, step.between, teacher, None)
        job.progress.tell(
            step.name,
            "message",
            done=iteration + 1,
            total=step.iterations,
            text=f"iteration {iteration + 1}: validation accuracy {records[-1].validation_accuracy:.4f}",
        )

    return recover


def _saved(
    job: Job, step: recipes.Step, network: FireClassifier, architecture: Architecture, history: list[EpochRecord]
) -> Outcome:
    path = job.folder_of(step) / NETWORK
    save_network(path, network, architecture)
    best = min(history, key=lambda r: r.validation_loss)
    return Outcome(
        step=step.name,
        do=step.do,
        architecture=architecture.name,
        network=str(path.relative_to(job.out)),
        history=[{k: float(v) for k, v in asdict(r).items()} for r in history],
        figures={"validation_accuracy": best.validation_accuracy, "validation_loss": best.validation_loss},
    )
