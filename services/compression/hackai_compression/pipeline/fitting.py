"""The training loop on the data of a job: what every step that changes weights runs. Needs torch."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import cv2
import torch

from hackai_compression.augmentation.policy import AugmentationPolicy
from hackai_compression.networks.classifier import FireClassifier
from hackai_compression.pipeline.job import Job
from hackai_compression.training.options import TrainingOptions
from hackai_compression.training.train import EpochRecord, Teacher, train


def use_threads(job: Job) -> None:
    """As many as the recipe says, for torch; one for OpenCV, whose pictures are small."""
    torch.set_num_threads(job.recipe.threads)
    cv2.setNumThreads(1)
    os.environ.setdefault("OMP_NUM_THREADS", str(job.recipe.threads))


def fit(
    job: Job,
    step: str,
    network: FireClassifier,
    options: TrainingOptions,
    augmentation: AugmentationPolicy,
    *,
    teacher: Teacher | None = None,
    checkpoint: Path | None = None,
) -> list[EpochRecord]:
    """Trains on the job's data, and tells every epoch in the name of `step`."""

    def tell(record: EpochRecord, epochs: int) -> None:
        figures = {k: round(float(v), 5) for k, v in asdict(record).items()}
        job.progress.tell(step, "progress", done=record.epoch + 1, total=epochs, figures=figures)

    return train(
        network,
        job.parts.training,
        job.parts.validation,
        options,
        augmentation,
        size=job.recipe.size,
        seed=job.recipe.seed,
        cache=job.pictures,
        evenness=job.recipe.data.evenness,
        teacher=teacher,
        checkpoint=checkpoint,
        on_epoch=tell,
    )
