"""A detector as the prune step sees it. Needs torch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from torch import Tensor

from hackai_compression.augmentation.boxed_views import BoxedViewMaker
from hackai_compression.augmentation.policy import AugmentationPolicy
from hackai_compression.networks.detectors import load_detector, save_detector
from hackai_compression.pipeline.detection_training import fit_detector, saved_detector
from hackai_compression.pipeline.fitting import use_threads
from hackai_compression.pipeline.job import Job, Outcome
from hackai_compression.pipeline.prune_step import run_prune
from hackai_compression.recipes import PruneStep
from hackai_compression.training.options import TrainingOptions
from hackai_compression.training.train import EpochRecord
from hackai_compression.training.train_detector import detection_losses

#: Batches over which Taylor importance is accumulated, per pruning step, and their size.
IMPORTANCE_BATCHES, IMPORTANCE_BATCH_SIZE = 8, 8


class PrunableDetector:
    """The last network of a detection job."""

    measure = "validation mAP50"

    def __init__(self, job: Job, step: PruneStep) -> None:
        self._job, self._step = job, step
        self.network, self._architecture = load_detector(job.out / str(job.last_network().network))
        self._augmentation = step.augmentation or job.recipe.data.augmentation

    def load(self, path: Path) -> None:
        """Goes on with the network of a file."""
        self.network, _ = load_detector(path)

    def save(self, path: Path) -> None:
        """Writes the network whole or not at all."""
        save_detector(path, self.network, self._architecture)

    def fit(self, options: TrainingOptions, checkpoint: Path | None = None) -> list[EpochRecord]:
        """Fine-tunes in place; its first blocks too: what they see is no longer what they learned on."""
        return fit_detector(
            self._job, self._step.name, self.network, options, self._augmentation, frozen=0, checkpoint=checkpoint
        )

    def losses(self) -> Iterator[Tensor]:
        """Scores and boxes of a few unaugmented batches."""
        job, recipe = self._job, self._job.recipe
        samples = job.boxed_parts.training.samples
        maker = BoxedViewMaker(samples, (), recipe.classes, recipe.size, AugmentationPolicy.none(), job.pictures)
        return detection_losses(
            self.network, maker, IMPORTANCE_BATCH_SIZE, seed=recipe.seed, epoch=0, batches=IMPORTANCE_BATCHES
        )

    def outcome(self, history: list[EpochRecord]) -> Outcome:
        """Leaves `network.pt` in the step's folder."""
        return saved_detector(self._job, self._step, self.network, self._architecture, history)


def run_detection_prune(job: Job, step: PruneStep) -> Outcome:
    """Leave the pruned and fine-tuned `network.pt`; raises `PruningError` when the ratio is not reached."""
    use_threads(job)
    return run_prune(job, step, PrunableDetector(job, step))
