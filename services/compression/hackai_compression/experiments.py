"""Is a method worth it? Arms of one recipe over several seeds, paired, with an interval."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy import stats

from hackai_compression.documents import load_as
from hackai_compression.errors import RecipeError
from hackai_compression.pipeline.data import Folders, Parts, read_parts
from hackai_compression.pipeline.job import Job, Outcome
from hackai_compression.pipeline.looks import LOOKS
from hackai_compression.pipeline.progress import EventLog, Progress, Sink
from hackai_compression.pipeline.run import run_steps
from hackai_compression.recipes import Recipe, judged_on
from hackai_compression.search import Value, with_values

#: What a recipe calls the network that the experiment's `first` recipe made.
FIRST = "{first}"


class Experiment(BaseModel):
    """`arms` maps names to changes of the recipe (place -> value); every arm runs once per seed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    about: str = ""
    first: Recipe | None = Field(None, description="Run once before all arms, for instance to make a teacher.")
    recipe: Recipe
    arms: dict[str, dict[str, Value]] = Field(min_length=2)
    baseline: str = Field(description="The arm that the others are compared with.")
    seeds: tuple[int, ...] = Field((0, 1, 2, 3, 4), min_length=1)
    measured_on: Literal["test", "validation"] = Field(
        "validation", description="`test` where nothing is to be chosen any more; its looks are counted."
    )

    @model_validator(mode="after")
    def _baseline_is_an_arm(self) -> Experiment:
        if self.baseline not in self.arms:
            raise ValueError(f"the baseline {self.baseline!r} is no arm")
        return self


@dataclass(frozen=True)
class Judged:
    """One exported variant: accuracy 0-1, bytes on disk, median milliseconds on one thread."""

    accuracy: float
    size_bytes: int
    latency_ms: float


@dataclass(frozen=True)
class Result:
    """One run: accuracies 0-1 of its FP32 file, seconds of its training steps, and every variant that it exported."""

    arm: str
    seed: int
    accuracy: float
    left_out: float | None
    seconds: float
    variants: dict[str, Judged] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """Arm minus baseline, paired by seed: mean and 95 % interval, in points (0-100). `measure`: accuracy | left_out."""

    arm: str
    measure: str
    mean: float
    low: float
    high: float
    seeds: int


def read_experiment(path: Path) -> Experiment:
    """Raises `RecipeError`."""
    return load_as(Experiment, path)


def run_experiment(experiment: Experiment, folders: Folders, out: Path, *sinks: Sink) -> list[Result]:
    """Runs what is not done yet (each run has its folder in `out`), seed by seed, so that pairs complete early.

    Writes `results.json` after every run.
    """
    parts: Parts | None = None

    given = folders

    def run(recipe: Recipe, folder: Path) -> list[Outcome]:
        nonlocal parts
        folder.mkdir(parents=True, exist_ok=True)
        parts = parts or read_parts(experiment.recipe, folders)
        judged = judged_on(recipe, experiment.measured_on)
        return run_steps(Job(judged, given, folder, Progress(EventLog(folder / "progress.jsonl"), *sinks), parts))

    first = experiment.first
    if first is not None:
        if first.data != experiment.recipe.data or first.size != experiment.recipe.size:
            raise RecipeError("`first` and `recipe` must agree in data and size")
        made = run(first, out / "first")
        network = out / "first" / next(str(o.network) for o in reversed(made) if o.network is not None)
        given = replace(folders, made={FIRST: network.resolve()})
    results: list[Result] = []
    for seed in experiment.seeds:
        for arm, values in experiment.arms.items():
            recipe = with_values(experiment.recipe, {**values, "seed": seed})
            results.append(_result(arm, seed, run(recipe, out / arm / str(seed))))
            document = {
                "measured_on": experiment.measured_on,
                "looks": _looks(out),
                "results": [asdict(r) for r in results],
                "differences": [asdict(d) for d in differences(results, experiment.baseline)],
            }
            (out / "results.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return results


def differences(results: Sequence[Result], baseline: str) -> list[Difference]:
    """Every arm against the baseline on every measure; seeds without a partner are left out."""
    found = []
    base = {r.seed: r for r in results if r.arm == baseline}
    for arm in dict.fromkeys(r.arm for r in results if r.arm != baseline):
        pairs = [(r, base[r.seed]) for r in results if r.arm == arm and r.seed in base]
        accuracies = [100 * (a.accuracy - b.accuracy) for a, b in pairs]
        others = [
            100 * (a.left_out - b.left_out) for a, b in pairs if a.left_out is not None and b.left_out is not None
        ]
        found += [_interval(arm, name, d) for name, d in (("accuracy", accuracies), ("left_out", others)) if len(d) > 1]
    return found


def _interval(arm: str, measure: str, values: Sequence[float]) -> Difference:
    """Student's t: the seeds are few and their spread is unknown."""
    mean = fmean(values)
    half = float(stats.t.ppf(0.975, len(values) - 1)) * stdev(values) / len(values) ** 0.5
    return Difference(arm, measure, round(mean, 2), round(mean - half, 2), round(mean + half, 2), len(values))


def _result(arm: str, seed: int, outcomes: Sequence[Outcome]) -> Result:
    verdict = next((o.verdict for o in reversed(outcomes) if o.verdict is not None), None)
    if verdict is None:
        raise RecipeError("an experiment's recipe ends with a judge step")
    left_out = verdict.left_out[0].accuracy if verdict.left_out else None
    variants = {e.variant: Judged(e.accuracy, e.size_bytes, e.latency[0].median_ms) for e in verdict.evaluations}
    seconds = sum(o.seconds for o in outcomes if o.network)
    return Result(arm, seed, verdict.evaluations[0].accuracy, left_out, seconds, variants)


def _looks(out: Path) -> dict[str, int]:
    """Of all runs so far: how often a variant was judged on each set."""
    counted = Counter[str]()
    for path in out.rglob(LOOKS):
        counted.update(json.loads(path.read_text(encoding="utf-8")))
    return dict(counted)
