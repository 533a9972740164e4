"""Runs the steps of a recipe in order; what is finished is not done again."""

from __future__ import annotations

import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from hackai_compression.datasets.pictures import PictureCache
from hackai_compression.errors import CompressionError, RecipeError
from hackai_compression.judging.detection_verdict import DetectionVerdict
from hackai_compression.judging.verdict import Verdict
from hackai_compression.pipeline.data import Folders, Parts, read_parts
from hackai_compression.pipeline.detection_data import BoxedParts, read_boxed_parts
from hackai_compression.pipeline.progress import EventLog, Progress, Sink
from hackai_compression.recipes import ExportStep, JudgeStep, LoadStep, QuantizeStep, Recipe, Step

DONE, RECIPE = "done.json", "recipe.json"


class Outcome(BaseModel):
    """What a finished step left behind; paths are relative to the job's folder."""

    model_config = ConfigDict(frozen=True)

    step: str
    do: str
    seconds: float = 0.0
    architecture: str = ""
    network: str | None = None
    variants: dict[str, str] = Field(default_factory=dict)
    history: list[dict[str, float]] = Field(default_factory=list)
    figures: dict[str, float] = Field(default_factory=dict)
    notes: list[str] = Field(default_factory=list)
    verdict: Verdict | None = None
    detection: DetectionVerdict | None = Field(None, description="Instead of `verdict`, of a detector.")
    package: str | None = None


class Job:
    """A recipe, its inputs and its folder. `run` may be called again after a crash: it goes on."""

    def __init__(
        self, recipe: Recipe, folders: Folders, out: Path, progress: Progress, parts: Parts | None = None
    ) -> None:
        self.recipe, self.folders, self.out, self.progress = recipe, folders, out, progress
        self.outcomes: list[Outcome] = []
        self.pictures = PictureCache()
        self._parts = parts
        self._boxed_parts: BoxedParts | None = None

    @property
    def parts(self) -> Parts:
        """The data, read once."""
        if self._parts is None:
            self._parts = read_parts(self.recipe, self.folders)
        return self._parts

    @property
    def boxed_parts(self) -> BoxedParts:
        """The data of a detection job, read once."""
        if self._boxed_parts is None:
            self._boxed_parts = read_boxed_parts(self.recipe, self.folders)
        return self._boxed_parts

    def folder_of(self, step: Step) -> Path:
        """Where a step keeps its files: its number and name."""
        number = [s.name for s in self.recipe.steps].index(step.name)
        return self.out / f"{number:02d}-{step.name}"

    def outcome_of(self, name: str) -> Outcome:
        """Of an earlier step. Raises `RecipeError` when that step left none."""
        found = next((o for o in self.outcomes if o.step == name), None)
        if found is None:
            raise RecipeError(f"step {name!r} has not been run")
        return found

    def last_network(self) -> Outcome:
        """The newest outcome with a network."""
        return next(o for o in reversed(self.outcomes) if o.network is not None)

    def last_variants(self) -> Outcome:
        """The newest outcome with exported files."""
        return next(o for o in reversed(self.outcomes) if o.variants)

    def run(self) -> list[Outcome]:
        """All outcomes. Raises what a step raises, after telling so; `GateRefusedError` is the judge's job's end."""
        self.out.mkdir(parents=True, exist_ok=True)
        self._same_recipe()
        for step in self.recipe.steps:
            folder = self.folder_of(step)
            done = folder / DONE
            if done.is_file():
                self.outcomes.append(Outcome.model_validate_json(done.read_text(encoding="utf-8")))
                self.progress.tell(step.name, "skipped", text="already done")
                continue
            folder.mkdir(exist_ok=True)
            self.progress.tell(step.name, "started", text=step.do)
            began = time.monotonic()
            try:
                outcome = perform(self, step)
            except (CompressionError, ValueError, RuntimeError, OSError) as error:
                self.progress.tell(step.name, "failed", text=str(error))
                raise
            outcome = outcome.model_copy(update={"seconds": round(time.monotonic() - began, 1)})
            partial = done.with_suffix(".partial")
            partial.write_text(outcome.model_dump_json(indent=1), encoding="utf-8")
            partial.replace(done)
            for spent in folder.rglob("checkpoint.pt"):
                spent.unlink()  # five times the network: weights, average, best, two moments of the optimizer
            self.outcomes.append(outcome)
            self.progress.tell(step.name, "finished", figures=outcome.figures, text="; ".join(outcome.notes))
        return self.outcomes

    def _same_recipe(self) -> None:
        path, text = self.out / RECIPE, self.recipe.model_dump_json(indent=1)
        # Compared as recipes: an older worker's file lacks the fields that were added since.
        if path.is_file() and Recipe.model_validate_json(path.read_text(encoding="utf-8")) != self.recipe:
            raise RecipeError(f"{self.out} belongs to another recipe; choose an empty folder")
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
    from hackai_compression.pipeline.training_steps import run_load, run_training

    if isinstance(step, LoadStep):
        return run_load(job, step)

    return run_training(job, step)


def run_recipe(recipe: Recipe, folders: Folders, out: Path, *sinks: Sink) -> list[Outcome]:
    """For callers without a queue: runs (or resumes) a job in `out`, logging to `out/progress.jsonl`."""
    out.mkdir(parents=True, exist_ok=True)
    return Job(recipe, folders, out, Progress(EventLog(out / "progress.jsonl"), *sinks)).run()
