"""A job: a recipe, its inputs, its folder, and what its finished steps left behind."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from hackai_compression.datasets.pictures import PictureCache
from hackai_compression.errors import RecipeError
from hackai_compression.judging.detection_verdict import DetectionVerdict
from hackai_compression.judging.verdict import Verdict
from hackai_compression.pipeline.data import Folders, Parts, read_parts
from hackai_compression.pipeline.detection_data import BoxedParts, read_boxed_parts
from hackai_compression.pipeline.progress import Progress
from hackai_compression.recipes import Recipe, Step

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
    """A recipe, its inputs and its folder; :func:`hackai_compression.pipeline.run.run_steps` runs it."""

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
