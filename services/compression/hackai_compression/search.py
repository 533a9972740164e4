"""Search: Optuna looks for the front of accuracy, size and latency over variations of a recipe, within its budget.

The study lives on disk and is shared: every trial is a job on the queue, so trials spread over all
workers, and a search that is stopped goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import optuna
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hackai_compression.errors import RecipeError
from hackai_compression.jobs.records import JobRecord, JobRequest
from hackai_compression.recipes import Recipe, judged_on

Value = float | int | str
#: A trial's attribute in the study: the job that it was.
JOB = "job"


class Dimension(BaseModel):
    """What may vary at one place of the recipe: a list of choices, or a range."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    choices: tuple[Value, ...] | None = None
    low: float | None = None
    high: float | None = None
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _one_kind(self) -> Dimension:
        ranged = self.low is not None and self.high is not None and self.low < self.high
        if (self.choices is not None) == ranged:
            raise ValueError("give either `choices`, or `low` below `high`")
        return self


class SearchSpace(BaseModel):
    """`vary` maps places such as `size` or `steps.1.ratio` to what may stand there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    recipe: Recipe
    vary: dict[str, Dimension] = Field(min_length=1)
    variant: str = Field("int8", description="The variant whose figures count.")


@dataclass(frozen=True)
class Figures:
    """What a trial is judged by: accuracy is maximised, size and latency minimised.

    `refusals` counts the floors and ceilings of the budget that it breaks; such a trial teaches the search, but is
    never part of the front.
    """

    accuracy: float
    size_bytes: float
    latency_ms: float
    refusals: int = 0
    job: str = ""


#: Runs one recipe to its end; None when it failed.
Evaluate = Callable[[Recipe], Figures | None]


def create_study(name: str, storage: str | None = None, seed: int = 0) -> optuna.Study:
    """Opens or creates; `storage` is an SQLAlchemy URL or None for memory."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        study_name=name,
        storage=storage,
        load_if_exists=True,
        directions=["maximize", "minimize", "minimize"],
        sampler=optuna.samplers.TPESampler(seed=seed),
    )


def search(study: optuna.Study, space: SearchSpace, evaluate: Evaluate, trials: int) -> list[optuna.trial.FrozenTrial]:
    """Runs `trials` more trials and returns the front: trials within the budget that no other beats in everything.

    Every trial is judged on validation pictures: what is chosen among them is judged on the test pictures afterwards,
    once.

    Raises `RecipeError` when a value does not fit its place of the recipe.
    """

    def objective(trial: optuna.Trial) -> tuple[float, float, float]:
        values = {place: _suggest(trial, place, d) for place, d in space.vary.items()}
        figures = evaluate(judged_on(with_values(space.recipe, values), "validation"))
        if figures is None:
            raise optuna.TrialPruned
        trial.set_constraint("refusals", figures.refusals)
        trial.set_user_attr(JOB, figures.job)
        return figures.accuracy, figures.size_bytes, figures.latency_ms

    study.optimize(objective, n_trials=trials)
    front: list[optuna.trial.FrozenTrial] = study.best_trials
    return front


def with_values(recipe: Recipe, values: Mapping[str, Value]) -> Recipe:
    """The recipe with other values at the given places.

    Raises `RecipeError` for a place that it lacks, or a value that does not fit there.
    """
    document: dict[str, Any] = recipe.model_dump(mode="json")
    for place, value in values.items():
        *way, last = place.split(".")
        node: Any = document
        try:
            for part in way:
                node = node[int(part)] if isinstance(node, list) else node[part]
            if isinstance(node, list) or last not in node:
                raise KeyError(last)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise RecipeError(f"the recipe has no place {place!r}") from error
        node[last] = value
    try:
        return Recipe.model_validate(document)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise RecipeError(f"{dict(values)} do not fit: {wrong}") from error


def figures_of(recipe_verdict: Mapping[str, Any], variant: str, job: str = "") -> Figures | None:
    """Reads a verdict document; None when the variant was not judged."""
    for e in recipe_verdict["evaluations"]:
        if e["variant"] == variant:
            one = next((x["median_ms"] for x in e["latency"] if x["threads"] == 1), float("nan"))
            return Figures(e["accuracy"], float(e["size_bytes"]), float(one), len(recipe_verdict["reasons"]), job)
    return None


def queued(
    submit: Callable[[JobRequest], JobRecord],
    look: Callable[[str], JobRecord],
    read_figures: Callable[[str], Figures | None],
    template: JobRequest,
    poll_s: float = 1.0,
) -> Evaluate:
    """An `Evaluate` that lets the workers of the queue do it; several searches may run side by side on one study."""

    def evaluate(recipe: Recipe) -> Figures | None:
        job = submit(template.model_copy(update={"recipe": recipe}))
        while not (record := look(job.id)).ended:
            time.sleep(poll_s)
        return read_figures(record.id) if record.state in {"finished", "refused"} else None

    return evaluate


def _suggest(trial: optuna.Trial, place: str, dimension: Dimension) -> Value:
    if dimension.choices is not None:
        chosen: Value = trial.suggest_categorical(place, list(dimension.choices))
        return chosen
    assert dimension.low is not None
    assert dimension.high is not None
    between: float = trial.suggest_float(place, dimension.low, dimension.high, log=dimension.scale == "log")
    return between
