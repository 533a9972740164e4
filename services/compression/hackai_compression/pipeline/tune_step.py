"""The tune step. Needs torch."""

from __future__ import annotations

from dataclasses import asdict

from hackai_compression.pipeline.fitting import use_threads
from hackai_compression.pipeline.job import Job, Outcome
from hackai_compression.pipeline.training_steps import initial, saved, teacher_of
from hackai_compression.recipes import TuneStep
from hackai_compression.training.train import EpochRecord
from hackai_compression.training.tune import tune


def run_tune(job: Job, step: TuneStep) -> Outcome:
    """Leaves `network.pt`, whose front is what it was before."""
    use_threads(job)
    network, architecture = initial(job, step)

    def seen(done: int, total: int) -> None:
        job.progress.tell(step.name, "message", text=f"the front saw view {done} of {total}")

    def tell(record: EpochRecord, epochs: int) -> None:
        figures = {k: round(float(v), 5) for k, v in asdict(record).items()}
        job.progress.tell(step.name, "progress", done=record.epoch + 1, total=epochs, figures=figures)

    history = tune(
        network,
        job.parts.training,
        job.parts.validation,
        step.tuning,
        step.augmentation or job.recipe.data.augmentation,
        place=step.place,
        size=job.recipe.size,
        seed=job.recipe.seed,
        evenness=job.recipe.data.evenness,
        cache=job.pictures,
        teacher=teacher_of(job, step.teacher),
        on_view=seen,
        on_epoch=tell,
    )
    return saved(job, step, network, architecture, history)
