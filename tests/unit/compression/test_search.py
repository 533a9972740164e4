from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from hackai_compression.errors import RecipeError
from hackai_compression.recipes import JudgeStep, Recipe, TrainStep, read_recipe
from hackai_compression.search import Dimension, Figures, SearchSpace, create_study, search, with_values
from hackai_compression.search_runner import read_space

RECIPE = read_recipe("name: small\nsize: 64\nsteps: [{do: train, architecture: resnet18}]")
SPACE = SearchSpace(
    recipe=RECIPE,
    vary={
        "size": Dimension(choices=(64, 96, 128)),
        "steps.0.training.learning_rate": Dimension(low=1e-4, high=1e-2, scale="log"),
    },
)


def evaluate(recipe: Recipe) -> Figures | None:
    """Larger inputs are slower and better; one of them fails."""
    step = recipe.steps[0]
    assert isinstance(step, TrainStep)
    if recipe.size == 96:
        return None
    return Figures(recipe.size / 200 - step.training.learning_rate, 1000.0, float(recipe.size))


def test_values_go_to_their_places_and_are_checked() -> None:
    changed = with_values(RECIPE, {"size": 128, "steps.0.training.epochs": 3})
    assert changed.size == 128
    assert changed.steps[0].training.epochs == 3  # type: ignore[union-attr]
    for place in ("sizes", "steps.4.training.epochs", "steps.0.training.none", "name.x"):
        with pytest.raises(RecipeError, match="no place"):
            with_values(RECIPE, {place: 1})
    with pytest.raises(RecipeError, match="size: Input should be"):
        with_values(RECIPE, {"size": -1})


def test_every_trial_is_judged_on_validation_pictures() -> None:
    text = "name: small\nsteps: [{do: train, architecture: resnet18}, {do: export}, {do: judge}]"
    space = SearchSpace(recipe=read_recipe(text), vary={"size": Dimension(choices=(64, 128))})
    judged: list[str] = []

    def note(recipe: Recipe) -> Figures | None:
        judged.extend(step.on for step in recipe.steps if isinstance(step, JudgeStep))
        return Figures(0.9, 1000.0, 1.0)

    search(create_study("validation"), space, note, 3)
    assert judged == ["validation"] * 3


def test_the_front_holds_what_no_other_trial_beats() -> None:
    front = search(create_study("front"), SPACE, evaluate, 12)
    assert {t.params["size"] for t in front} == {64, 128}


def test_a_trial_beyond_the_budget_is_never_on_the_front() -> None:
    def refuse_the_best(recipe: Recipe) -> Figures | None:
        found = evaluate(recipe)
        return None if found is None else replace(found, refusals=int(recipe.size == 128))

    study = create_study("budget")
    front = search(study, SPACE, refuse_the_best, 12)
    assert {t.params["size"] for t in front} == {64}
    assert any(t.params["size"] == 128 for t in study.get_trials())


def test_a_study_on_disk_goes_on(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path / 'study.sqlite'}"
    search(create_study("kept", storage), SPACE, evaluate, 3)
    search(create_study("kept", storage), SPACE, evaluate, 2)
    assert len(create_study("kept", storage).trials) == 5


def test_a_dimension_is_choices_or_a_range() -> None:
    for wrong in ({}, {"low": 2, "high": 1}, {"choices": [1], "low": 0, "high": 1}):
        with pytest.raises(ValidationError):
            Dimension.model_validate(wrong)


def test_the_space_that_ships_is_valid(root: Path) -> None:
    space = read_space(root / "services" / "compression" / "searches" / "squeezenet.yml")
    for place, dimension in space.vary.items():
        value = dimension.choices[0] if dimension.choices else dimension.low
        assert value is not None
        with_values(space.recipe, {place: value})


def test_a_search_that_an_earlier_version_of_optuna_stored_goes_on(tmp_path: Path) -> None:
    earlier = sqlite3.connect(tmp_path / "studies.sqlite")
    earlier.executescript((Path(__file__).parent / "stored" / "studies_optuna_4.sql").read_text())
    earlier.close()

    study = create_study("demo", f"sqlite:///{tmp_path / 'studies.sqlite'}")

    assert [trial.user_attrs["job"] for trial in study.best_trials] == ["0123"]
    assert study.ask().number == 1
