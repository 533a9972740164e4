"""Run the steps of a recipe in order; a finished step is not repeated."""

from __future__ import annotations

import time
from pathlib import Path

from hackai_compression.errors import CompressionError, RecipeError
from hackai_compression.pipeline.data import Folders
from hackai_compression.pipeline.job import DONE, RECIPE, Job, Outcome
from hackai_compression.pipeline.progress import EventLog, Progress, Sink
from hackai_compression.recipes import ExportStep, JudgeStep, LoadStep, PruneStep, QuantizeStep, Recipe, Step, TuneStep


def run_steps(job: Job) -> list[Outcome]:
    """Run all steps and return their outcomes; call it again after a crash and it resumes.

    Raises:
        GateRefusedError: the judge rejected the model.
        Exception: what a step raises, after reporting it as progress.
    """
    job.out.mkdir(parents=True, exist_ok=True)
    _same_recipe(job)
    for step in job.recipe.steps:
        folder = job.folder_of(step)
        done = folder / DONE
        if done.is_file():
            job.outcomes.append(Outcome.model_validate_json(done.read_text(encoding="utf-8")))
            job.progress.tell(step.name, "skipped", text="already done")
            continue
        folder.mkdir(exist_ok=True)
        job.progress.tell(step.name, "started", text=step.do)
        began = time.monotonic()
        try:
            outcome = perform(job, step)
        except (CompressionError, ValueError, RuntimeError, OSError) as error:
            job.progress.tell(step.name, "failed", text=str(error))
            raise
        outcome = outcome.model_copy(update={"seconds": round(time.monotonic() - began, 1)})
        partial = done.with_suffix(".partial")
        partial.write_text(outcome.model_dump_json(indent=1), encoding="utf-8")
        partial.replace(done)
        for spent in folder.rglob("checkpoint.pt"):
            spent.unlink()  # five times the network: weights, average, best, two moments of the optimizer
        job.outcomes.append(outcome)
        job.progress.tell(step.name, "finished", figures=outcome.figures, text="; ".join(outcome.notes))
    return job.outcomes


def _same_recipe(job: Job) -> None:
    path, text = job.out / RECIPE, job.recipe.model_dump_json(indent=1)
    # Compared as recipes: an older worker's file lacks the fields that were added since.
    if path.is_file() and Recipe.model_validate_json(path.read_text(encoding="utf-8")) != job.recipe:
        raise RecipeError(f"{job.out} belongs to another recipe; choose an empty folder")
    path.write_text(text, encoding="utf-8")


def perform(job: Job, step: Step) -> Outcome:
    """Dispatches; torch is imported only for the steps that need it."""
    if job.recipe.task == "detection":
        from hackai_compression.pipeline.detection_steps import perform_detection

        return perform_detection(job, step)
    if isinstance(step, QuantizeStep):
        from hackai_compression.pipeline.quantize_step import run_quantize

        return run_quantize(job, step)
    if isinstance(step, JudgeStep):
        from hackai_compression.pipeline.judge_step import run_judge

        return run_judge(job, step)
    if isinstance(step, ExportStep):
        from hackai_compression.pipeline.export_step import run_export

        return run_export(job, step)
    if isinstance(step, PruneStep):
        from hackai_compression.pipeline.prunable_classifier import run_classifier_prune

        return run_classifier_prune(job, step)
    if isinstance(step, TuneStep):
        from hackai_compression.pipeline.tune_step import run_tune

        return run_tune(job, step)
    from hackai_compression.pipeline.training_steps import run_load, run_training

    if isinstance(step, LoadStep):
        return run_load(job, step)

    return run_training(job, step)


def run_recipe(recipe: Recipe, folders: Folders, out: Path, *sinks: Sink) -> list[Outcome]:
    """For callers without a queue: runs (or resumes) a job in `out`, logging to `out/progress.jsonl`."""
    out.mkdir(parents=True, exist_ok=True)
    return run_steps(Job(recipe, folders, out, Progress(EventLog(out / "progress.jsonl"), *sinks)))
