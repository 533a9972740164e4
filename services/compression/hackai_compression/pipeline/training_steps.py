"""The steps train, distill and load, and what pruning shares with them. Needs torch."""

from __future__ import annotations

from dataclasses import asdict

import torch

from hackai_compression import recipes
from hackai_compression.errors import WeightsError
from hackai_compression.networks.classifier import FireClassifier
from hackai_compression.networks.saved import Architecture, load_network, save_network
from hackai_compression.networks.shapes import fit_to
from hackai_compression.networks.weights import load_initial
from hackai_compression.pipeline.fitting import fit, use_threads
from hackai_compression.pipeline.job import Job, Outcome
from hackai_compression.training.train import EpochRecord, Teacher

NETWORK = "network.pt"


def run_training(job: Job, step: recipes.TrainStep | recipes.DistillStep) -> Outcome:
    """Leaves `network.pt` in the step's folder."""
    use_threads(job)
    network, architecture = initial(job, step)
    teacher = teacher_of(job, step.teacher) if isinstance(step, recipes.DistillStep) else None
    augmentation = step.augmentation or job.recipe.data.augmentation
    checkpoint = job.folder_of(step) / "checkpoint.pt"
    history = fit(job, step.name, network, step.training, augmentation, teacher=teacher, checkpoint=checkpoint)
    return saved(job, step, network, architecture, history)


def run_load(job: Job, step: recipes.LoadStep) -> Outcome:
    """Copies a saved network, pruned or not, into the job, so that its folder holds everything.

    A convolutional network may go on at another size of its input; a transformer's positions belong to one size.

    Raises:
        WeightsError: other classes, or another size that its weights do not fit.
    """
    loaded, found = load_network(job.folders.file(step.file))
    architecture = Architecture(found.name, job.recipe.classes, job.recipe.size)
    network, state = architecture.build(), loaded.state_dict()
    fit_to(network, state)
    try:
        network.load_state_dict(state)
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


def initial(
    job: Job, step: recipes.TrainStep | recipes.DistillStep | recipes.TuneStep
) -> tuple[FireClassifier, Architecture]:
    """The network that a step starts from: a new one, or that of the step before. Raises `WeightsError`."""
    if step.architecture is None:
        return load_network(job.out / str(job.last_network().network))
    architecture = Architecture(step.architecture, job.recipe.classes, job.recipe.size)
    torch.manual_seed(job.recipe.seed)
    network = architecture.build()
    file = job.folders.file(step.weights.file) if step.weights.file is not None else None
    load_initial(network, step.architecture, step.weights.origin, file, step.weights.preprocessing)
    return network, architecture


def teacher_of(job: Job, wanted: recipes.Teacher | None) -> Teacher | None:
    """The network that a step wants to ask, if any. Raises `WeightsError`."""
    if wanted is None or (wanted.loss.weight == 0 and wanted.loss.feature_weight == 0):
        return None  # nobody who counts is asked: an arm of an experiment without a teacher costs none
    if wanted.step is not None:
        path = job.out / str(job.outcome_of(wanted.step).network)
    else:
        path = job.folders.file(str(wanted.file))
    network, _ = load_network(path)
    return Teacher(network, wanted.loss)


def saved(
    job: Job, step: recipes.Step, network: FireClassifier, architecture: Architecture, history: list[EpochRecord]
) -> Outcome:
    """Writes `network.pt` into the step's folder; the figures are those of the epoch whose weights are kept."""
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
