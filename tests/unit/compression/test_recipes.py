from __future__ import annotations

from pathlib import Path

import pytest

from hackai_compression.errors import RecipeError
from hackai_compression.recipes import load_recipe, read_recipe, recipe_schema

GOOD = """\
name: small
steps:
  - do: train
    architecture: resnet18
  - do: export
  - do: quantize
  - do: judge
"""


def test_every_recipe_that_ships_is_valid(root: Path) -> None:
    recipes = sorted((root / "services" / "compression" / "recipes").glob("*.yml"))
    assert len(recipes) >= 8
    for path in recipes:
        assert load_recipe(path).steps, path.name


def test_defaults_make_a_whole_chain() -> None:
    recipe = read_recipe(GOOD)
    assert [s.name for s in recipe.steps] == ["train", "export", "quantize", "judge"]
    assert recipe.classes == ("fire", "no_fire", "start_fire")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("architecture: resnet18", "architecture: resnet19"), "small.yml:4"),
        (("do: export", "do: exprot"), "small.yml:5"),
        (("name: small", "nmae: small"), "nmae"),
        (("  - do: export\n", ""), "needs an `export`"),
        (("  - do: train\n    architecture: resnet18\n", ""), "before any network"),
        (("architecture: resnet18", "architecture: resnet18\n    training: {epochs: 0}"), "greater than or equal to 1"),
        (("do: train\n", "do: distill\n    teacher: {step: nobody}\n"), "no earlier step makes"),
        (("architecture: resnet18", "architecture: resnet18\n    weights: {origin: file}"), "`file` goes with origin"),
    ],
)
def test_mistakes_are_named_with_their_line(change: tuple[str, str], message: str) -> None:
    with pytest.raises(RecipeError, match=r".") as caught:
        read_recipe(GOOD.replace(*change), "small.yml")
    assert message in str(caught.value)


def test_not_yaml_at_all() -> None:
    with pytest.raises(RecipeError):
        read_recipe("steps: [")
    with pytest.raises(RecipeError, match="mapping"):
        read_recipe("- a list")


def test_the_schema_knows_every_kind_of_step() -> None:
    kinds = {name for name in recipe_schema()["$defs"] if name.endswith("Step")}
    assert kinds == {"LoadStep", "TrainStep", "DistillStep", "PruneStep", "ExportStep", "QuantizeStep", "JudgeStep"}
