"""The prune step: iterations of pruning and fine-tuning, each of which survives a killed worker. Needs torch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import torch
import torch_pruning as tp

from hackai_compression.augmentation.policy import AugmentationPolicy
from hackai_compression.augmentation.views import ViewMaker
from hackai_compression.networks.classifier import FireClassifier
from hackai_compression.networks.saved import Architecture, load_network, save_network
from hackai_compression.pipeline.fitting import fit
from hackai_compression.pipeline.run import Job, Outcome
from hackai_compression.pipeline.training_steps import saved, teacher_of
from hackai_compression.recipes import PruneStep
from hackai_compression.training.loader import Batch, training_batches
from hackai_compression.training.prune import prune
from hackai_compression.training.train import Teacher

#: Batches over which Taylor importance is accumulated, per pruning step, and their size.
IMPORTANCE_BATCHES, IMPORTANCE_BATCH_SIZE = 4, 32


def run_prune(job: Job, step: PruneStep) -> Outcome:
    """Leaves the pruned and fine-tuned `network.pt`; raises `PruningError` when the ratio is not reached."""
    network, architecture = load_network(job.out / str(job.last_network().network))
    macs, parameters = _size(network, job.recipe.size)
    teacher = teacher_of(job, step.teacher)
    folder = job.folder_of(step)
    done, network = _resume(folder, step.iterations, network)
    notes = [f"went on after pruning iteration {done} of {step.iterations}"] if done else []
    if done < step.iterations:
        _iterate(job, step, network, architecture, teacher, done, macs)
    macs_left, parameters_left = _size(network, job.recipe.size)
    notes.append(f"{macs / macs_left:.2f}x fewer MACs, {parameters} -> {parameters_left} parameters")
    augmentation = step.augmentation or job.recipe.data.augmentation
    checkpoint = folder / "checkpoint.pt"
    history = fit(job, step.name, network, step.final, augmentation, teacher=teacher, checkpoint=checkpoint)
    outcome = saved(job, step, network, architecture, history)
    figures = {"macs_ratio": round(macs / macs_left, 3), "parameters": float(parameters_left)}
    return outcome.model_copy(update={"figures": {**outcome.figures, **figures}, "notes": notes})


def _iterate(
    job: Job,
    step: PruneStep,
    network: FireClassifier,
    architecture: Architecture,
    teacher: Teacher | None,
    done: int,
    macs: float,
) -> None:
    """The iterations after the first `done`, in place; each leaves its network in the step's folder."""
    folder, size = job.folder_of(step), job.recipe.size
    augmentation = step.augmentation or job.recipe.data.augmentation
    maker = ViewMaker(job.parts.training, size, AugmentationPolicy.none(), job.pictures)

    def batches() -> Iterator[Batch]:
        return islice(training_batches(maker, IMPORTANCE_BATCH_SIZE, job.recipe.seed, 0, 0), IMPORTANCE_BATCHES)

    def recover(iteration: int) -> None:
        number = done + iteration + 1
        if number == step.iterations:
            return  # the final fine-tuning follows at once, if the ratio was reached
        records = fit(job, step.name, network, step.between, augmentation, teacher=teacher)
        save_network(_file(folder, number), network, architecture)
        text = f"iteration {number}: validation accuracy {records[-1].validation_accuracy:.4f}"
        job.progress.tell(step.name, "message", done=number, total=step.iterations, text=text)

    left, _ = _size(network, size)
    prune(
        network,
        size,
        # From where it stands to the same goal: MACs of the beginning / the wanted ratio.
        ratio=step.ratio * left / macs,
        iterations=step.iterations - done,
        round_to=step.round_to,
        importance=step.importance,
        batches=batches,
        recover=recover,
    )
    save_network(_file(folder, step.iterations), network, architecture)


def _resume(folder: Path, iterations: int, network: FireClassifier) -> tuple[int, FireClassifier]:
    """(iterations that are done, the network after them)."""
    for number in range(iterations, 0, -1):
        if _file(folder, number).is_file():
            return number, load_network(_file(folder, number))[0]
    return 0, network


def _file(folder: Path, iteration: int) -> Path:
    return folder / f"iteration-{iteration}.pt"


def _size(network: FireClassifier, side: int) -> tuple[float, int]:
    """(multiply-accumulates of one picture, parameters)."""
    network.eval()
    macs, parameters = tp.utils.count_ops_and_params(network, torch.zeros(1, 3, side, side))
    return float(macs), int(parameters)
