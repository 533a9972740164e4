"""A classifier as the prune step sees it. Needs torch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from torch import Tensor

from hackai_compression.augmentation.policy import AugmentationPolicy
from hackai_compression.augmentation.views import ViewMaker
from hackai_compression.networks.saved import load_network, save_network
from hackai_compression.pipeline.fitting import fit, use_threads
from hackai_compression.pipeline.job import Job, Outcome
from hackai_compression.pipeline.prune_step import run_prune
from hackai_compression.pipeline.training_steps import saved, teacher_of
from hackai_compression.recipes import PruneStep
from hackai_compression.training.loader import training_batches
from hackai_compression.training.loss import smoothed_cross_entropy
from hackai_compression.training.options import TrainingOptions
from hackai_compression.training.train import EpochRecord

#: Batches over which Taylor importance is accumulated, per pruning step, and their size.
IMPORTANCE_BATCHES, IMPORTANCE_BATCH_SIZE = 4, 32


class PrunableClassifier:
    """The last network of a job."""

    measure = "validation accuracy"

    def __init__(self, job: Job, step: PruneStep) -> None:
        self._job, self._step = job, step
        self.network, self._architecture = load_network(job.out / str(job.last_network().network))
        self._teacher = teacher_of(job, step.teacher)
        self._augmentation = step.augmentation or job.recipe.data.augmentation

    def load(self, path: Path) -> None:
        """Goes on with the network of a file."""
        self.network, _ = load_network(path)

    def save(self, path: Path) -> None:
        """Writes the network whole or not at all."""
        save_network(path, self.network, self._architecture)

    def fit(self, options: TrainingOptions, checkpoint: Path | None = None) -> list[EpochRecord]:
        """Fine-tunes in place, with the step's teacher where it has one."""
        return fit(
            self._job,
            self._step.name,
            self.network,
            options,
            self._augmentation,
            teacher=self._teacher,
            checkpoint=checkpoint,
        )

    def losses(self) -> Iterator[Tensor]:
        """Cross-entropy of a few unaugmented batches."""
        job = self._job
        maker = ViewMaker(job.parts.training, job.recipe.size, AugmentationPolicy.none(), job.pictures)
        batches = training_batches(maker, IMPORTANCE_BATCH_SIZE, job.recipe.seed, 0, 0)
        for batch in islice(batches, IMPORTANCE_BATCHES):
            logits, _ = self.network(self.network.normalise(batch.pixels))
            yield smoothed_cross_entropy(logits, batch.targets, 0.0)

    def outcome(self, history: list[EpochRecord]) -> Outcome:
        """Leaves `network.pt` in the step's folder."""
        return saved(self._job, self._step, self.network, self._architecture, history)


def run_classifier_prune(job: Job, step: PruneStep) -> Outcome:
    """Leave the pruned and fine-tuned `network.pt`; raises `PruningError` when the ratio is not reached."""
    use_threads(job)
    return run_prune(job, step, PrunableClassifier(job, step))
