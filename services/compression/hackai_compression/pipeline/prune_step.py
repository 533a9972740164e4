"""The prune step: iterations of pruning and fine-tuning, each of which survives a killed worker. Needs torch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import torch
import torch_pruning as tp
from torch import Tensor, nn

from hackai_compression.pipeline.job import Job, Outcome
from hackai_compression.recipes import PruneStep
from hackai_compression.training.options import TrainingOptions
from hackai_compression.training.prune import prune
from hackai_compression.training.train import EpochRecord


class Prunable(Protocol):
    """A network as the step sees it, whatever its task."""

    @property
    def network(self) -> nn.Module:
        """As it is now."""

    @property
    def measure(self) -> str:
        """What `validation_accuracy` of its epochs means, in words."""

    def load(self, path: Path) -> None:
        """Goes on with the network of a file, pruned or not."""

    def save(self, path: Path) -> None:
        """Writes the network whole or not at all."""

    def fit(self, options: TrainingOptions, checkpoint: Path | None = None) -> list[EpochRecord]:
        """Fine-tunes in place, and tells every epoch."""

    def losses(self) -> Iterator[Tensor]:
        """The losses of a few unaugmented batches, for the importance of channels."""

    def outcome(self, history: list[EpochRecord]) -> Outcome:
        """Leaves `network.pt` in the step's folder."""


def run_prune(job: Job, step: PruneStep, subject: Prunable) -> Outcome:
    """Leaves the pruned and fine-tuned `network.pt`; raises `PruningError` when the ratio is not reached."""
    macs, parameters = _size(subject.network, job.recipe.size)
    folder = job.folder_of(step)
    done = _resume(folder, step.iterations, subject)
    notes = [f"went on after pruning iteration {done} of {step.iterations}"] if done else []
    if done < step.iterations:
        _iterate(job, step, subject, done, macs)
    macs_left, parameters_left = _size(subject.network, job.recipe.size)
    notes.append(f"{macs / macs_left:.2f}x fewer MACs, {parameters} -> {parameters_left} parameters")
    outcome = subject.outcome(subject.fit(step.final, folder / "checkpoint.pt"))
    figures = {"macs_ratio": round(macs / macs_left, 3), "parameters": float(parameters_left)}
    return outcome.model_copy(update={"figures": {**outcome.figures, **figures}, "notes": notes})


def _iterate(job: Job, step: PruneStep, subject: Prunable, done: int, macs: float) -> None:
    """The iterations after the first `done`, in place; each leaves its network in the step's folder."""
    folder, size = job.folder_of(step), job.recipe.size

    def recover(iteration: int) -> None:
        number = done + iteration + 1
        if number == step.iterations:
            return  # the final fine-tuning follows at once, if the ratio was reached
        records = subject.fit(step.between)
        subject.save(_file(folder, number))
        text = f"iteration {number}: {subject.measure} {records[-1].validation_accuracy:.4f}"
        job.progress.tell(step.name, "message", done=number, total=step.iterations, text=text)

    left, _ = _size(subject.network, size)
    prune(
        subject.network,
        size,
        # From where it stands to the same goal: MACs of the beginning / the wanted ratio.
        ratio=step.ratio * left / macs,
        iterations=step.iterations - done,
        round_to=step.round_to,
        importance=step.importance,
        losses=subject.losses,
        recover=recover,
    )
    subject.save(_file(folder, step.iterations))


def _resume(folder: Path, iterations: int, subject: Prunable) -> int:
    """The iterations that are done; the subject goes on with the network after them."""
    for number in range(iterations, 0, -1):
        if _file(folder, number).is_file():
            subject.load(_file(folder, number))
            return number
    return 0


def _file(folder: Path, iteration: int) -> Path:
    return folder / f"iteration-{iteration}.pt"


def _size(network: nn.Module, side: int) -> tuple[float, int]:
    """(multiply-accumulates of one picture, parameters)."""
    network.eval()
    macs, parameters = tp.utils.count_ops_and_params(network, torch.zeros(1, 3, side, side))
    return float(macs), int(parameters)
