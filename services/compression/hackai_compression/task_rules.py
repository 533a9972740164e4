"""What a recipe says that its task does not do: refused before anything runs, instead of being left unread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from hackai_compression.augmentation.policy import AugmentationPolicy
from hackai_compression.budget import AGAINST_A_PARENT, Budget, misplaced
from hackai_compression.training.options import TrainingOptions

if TYPE_CHECKING:
    from hackai_compression.recipes import Recipe

#: Architectures that a detector stands on; `networks.detectors` knows where they are cut.
DETECTOR_ARCHITECTURES = ("efficientnet_lite0",)
_DATA_OF_CLASSIFIERS = ("boxes", "leave_out", "validation_sources", "evenness")
_TRAINING_OF_CLASSIFIERS = ("label_smoothing", "precision", "workers")


def faults(recipe: Recipe) -> list[str]:
    """Everything at once, empty where the recipe says nothing that would be left unread."""
    found = [*misplaced(recipe.budget, recipe.task), *_unjudged(recipe)]
    found += _of_detection(recipe) if recipe.task == "detection" else _of_classification(recipe)
    return found


def _unjudged(recipe: Recipe) -> Iterator[str]:
    judges = [step for step in recipe.steps if step.do == "judge"]
    if not judges:
        if recipe.budget != Budget():
            yield "the budget is never looked at: the recipe has no `judge` step"
        return
    for key in AGAINST_A_PARENT:
        if getattr(recipe.budget, key) is not None and any(step.parent is None for step in judges):
            yield f"budget.{key} compares with a parent: give the `judge` step a `parent`"


def _of_classification(recipe: Recipe) -> Iterator[str]:
    for place, policy in _policies(recipe):
        yield from _other_than_default(policy, ("mosaics", "harmless_scenes"), place, "detectors")


def _of_detection(recipe: Recipe) -> Iterator[str]:
    yield from _other_than_default(recipe.data, _DATA_OF_CLASSIFIERS, "data", "classifiers")
    for step in recipe.steps:
        where = f"step {step.name!r}"
        architecture = getattr(step, "architecture", None)
        if architecture is not None and architecture not in DETECTOR_ARCHITECTURES:
            yield f"{where}: no detector on {architecture!r}; there are {', '.join(DETECTOR_ARCHITECTURES)}"
        if step.do in ("distill", "tune"):
            done = "distilled" if step.do == "distill" else "tuned"
            yield f"{where}: detectors are not {done}; `train` or `prune` them"
        if step.do == "prune" and step.teacher is not None:
            yield f"{where}: detectors are pruned without a `teacher`"
        if step.do == "quantize":
            yield from _other_than_default(step, ("qat", "crops"), where, "classifiers")
        if step.do == "judge":
            yield from _other_than_default(step, ("parent",), where, "classifiers")
        for key in ("training", "between", "final"):
            options = getattr(step, key, None)
            if isinstance(options, TrainingOptions):
                yield from _other_than_default(options, _TRAINING_OF_CLASSIFIERS, f"{where}, {key}", "classifiers")


def _policies(recipe: Recipe) -> Iterator[tuple[str, AugmentationPolicy]]:
    yield "data.augmentation", recipe.data.augmentation
    for step in recipe.steps:
        policy = getattr(step, "augmentation", None)
        if isinstance(policy, AugmentationPolicy):
            yield f"step {step.name!r}, augmentation", policy


def _other_than_default(part: BaseModel, keys: tuple[str, ...], place: str, whose: str) -> Iterator[str]:
    for key in keys:
        default: Any = type(part).model_fields[key].get_default(call_default_factory=True)
        if getattr(part, key) != default:
            yield f"{place}: `{key}` is for {whose}"
