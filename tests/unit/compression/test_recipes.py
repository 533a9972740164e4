from __future__ import annotations

from pathlib import Path

import pytest

from hackai_compression.errors import RecipeError
from hackai_compression.recipes import JudgeStep, Recipe, judged_on, load_recipe, read_recipe, recipe_schema

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


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc/no-such-file", "../secret.pt", "a/../../b", "~/x"])
@pytest.mark.parametrize(
    "recipe",
    [
        "name: x\nsteps:\n  - {{do: load, file: {path}}}\n",
        GOOD.replace("do: judge", "do: judge\n    parent: {path}"),
        GOOD.replace("architecture: resnet18", "architecture: resnet18\n    weights: {{origin: file, file: {path}}}"),
        GOOD.replace("do: train", "do: distill\n    teacher: {{file: {path}}}"),
    ],
)
def test_paths_stay_below_the_folder_of_files(recipe: str, path: str) -> None:
    with pytest.raises(RecipeError, match=r"(file|parent): use a path"):
        read_recipe(recipe.format(path=path))


def test_aliases_are_written_out() -> None:
    with pytest.raises(RecipeError, match=r"small\.yml:6:5: the alias \*a is not allowed here"):
        read_recipe(GOOD.replace("do: export", "&a do: export").replace("- do: quantize", "- *a"), "small.yml")


def test_not_yaml_at_all() -> None:
    with pytest.raises(RecipeError):
        read_recipe("steps: [")
    with pytest.raises(RecipeError, match="mapping"):
        read_recipe("- a list")


def test_the_schema_knows_every_kind_of_step() -> None:
    kinds = {name for name in recipe_schema()["$defs"] if name.endswith("Step")}
    assert kinds == {
        "LoadStep",
        "TrainStep",
        "DistillStep",
        "TuneStep",
        "PruneStep",
        "ExportStep",
        "QuantizeStep",
        "JudgeStep",
    }


DETECTOR = """\
name: boxes
task: detection
classes: [fire, smoke]
steps:
  - {do: train, architecture: efficientnet_lite0}
  - do: export
  - do: quantize
  - do: judge
"""


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        ("budget: {min_accuracy: 0.9}", "budget.min_accuracy is for classifiers"),
        ("budget: {max_latency_ratio: 0.5}", "budget.max_latency_ratio is for classifiers"),
        ("budget: {max_accuracy_drop: 0.0}", "budget.max_accuracy_drop is for classifiers"),
        ("budget: {elsewhere: {max_false_alarms: 0.03}}", "budget.elsewhere.max_false_alarms is for classifiers"),
        ("data: {leave_out: [somewhere]}", "`leave_out` is for classifiers"),
        ("data: {evenness: 0.9}", "`evenness` is for classifiers"),
    ],
)
def test_a_detector_is_asked_for_nothing_that_its_judge_does_not_measure(addition: str, message: str) -> None:
    read_recipe(DETECTOR)
    with pytest.raises(RecipeError, match=r".") as caught:
        read_recipe(f"{DETECTOR}{addition}\n")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("efficientnet_lite0", "vgg16"), "no detector on 'vgg16'"),
        (("do: quantize", "{do: quantize, qat: {epochs: 1}}"), "`qat` is for classifiers"),
        (("do: judge", "{do: judge, parent: fire-classifier/1}"), "`parent` is for classifiers"),
        (
            ("efficientnet_lite0}", "efficientnet_lite0, training: {label_smoothing: 0.1}}"),
            "`label_smoothing` is for classifiers",
        ),
    ],
)
def test_steps_of_a_detector_say_nothing_that_is_left_unread(change: tuple[str, str], message: str) -> None:
    with pytest.raises(RecipeError, match=r".") as caught:
        read_recipe(DETECTOR.replace(*change))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        ("budget: {max_accuracy_drop: 0.0, max_latency_ratio: 0.0001}", "give the `judge` step a `parent`"),
        ("budget: {min_map50: 0.5}", "budget.min_map50 is for detectors"),
        ("budget: {elsewhere: {min_pointing: 0.9}}", "budget.elsewhere.min_pointing is for detectors"),
        ("budget: {min_fire_recall_at_far: {0.02: 0.9}}", "false-alarm rates"),
        ("budget: {min_alarm_recall_at_far: {0.01: 95}}", "between 0 and 1"),
        ("data: {augmentation: {mosaics: 0.5}}", "`mosaics` is for detectors"),
    ],
)
def test_a_budget_asks_for_what_is_measured(addition: str, message: str) -> None:
    with pytest.raises(RecipeError, match=r".") as caught:
        read_recipe(f"{GOOD}{addition}\n")
    assert message in str(caught.value)


def test_a_budget_that_nobody_looks_at_is_refused() -> None:
    with pytest.raises(RecipeError, match="no `judge` step"):
        read_recipe(GOOD.replace("  - do: judge\n", "budget: {min_accuracy: 0.9}\n"))


def test_all_faults_are_named_at_once() -> None:
    text = DETECTOR.replace("efficientnet_lite0", "vgg16") + "budget: {min_accuracy: 0.9, max_latency_ratio: 1}\n"
    with pytest.raises(RecipeError, match="vgg16") as caught:
        read_recipe(text)
    assert all(key in str(caught.value) for key in ("min_accuracy", "max_latency_ratio"))


def test_what_a_recipe_says_survives_being_written_down() -> None:
    for text in (GOOD, DETECTOR):
        recipe = read_recipe(text)
        assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_judged_on_validation() -> None:
    judged = judged_on(read_recipe(GOOD), "validation")
    assert [step.on for step in judged.steps if isinstance(step, JudgeStep)] == ["validation"]
