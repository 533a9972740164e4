"""Recipes: a chain of steps with a budget, strict, seeded. Read without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from hackai_compression.augmentation.policy import AugmentationPolicy
from hackai_compression.budget import Budget, Task
from hackai_compression.datasets.samples import FIRE_CLASSES
from hackai_compression.documents import Strict, load_as, read_as
from hackai_compression.task_rules import faults
from hackai_compression.training.options import DistillationOptions, TrainingOptions, TuningOptions
from hackai_shared.confined import InsidePath

Architecture = Literal[
    "squeezenet1_1",
    "squeezenet1_0",
    "mobilenet_v3_small",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "efficientnet_lite0",
    "resnet18",
    "vgg16",
    "resnet50",
    "resnet152",
    "wide_resnet50_2",
    "vit_b_16",
]
VariantName = Literal["int8", "int8-trt"]
StepName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")]


class Weights(Strict):
    """Initial weights of an architecture."""

    origin: Literal["scratch", "imagenet", "file", "package"] = "scratch"
    file: InsidePath | None = Field(
        None, description="With origin `file`: a path, relative to the job's folder of files."
    )
    preprocessing: Literal["imagenet", "caffe"] = Field(
        "imagenet", description="caffe: the weights expect BGR, 0-255, mean subtracted, and are converted."
    )

    @model_validator(mode="after")
    def _file_where_needed(self) -> Weights:
        if (self.origin == "file") != (self.file is not None):
            raise ValueError("`file` goes with origin `file`, and only with it")
        return self


class Teacher(Strict):
    """Who is asked: the network of an earlier step, or one that an earlier job saved."""

    step: StepName | None = None
    file: InsidePath | None = Field(None, description="A `network.pt`, relative to the job's folder of files.")
    loss: DistillationOptions = DistillationOptions()

    @model_validator(mode="after")
    def _one(self) -> Teacher:
        if (self.step is None) == (self.file is None):
            raise ValueError("a teacher is either a `step` or a `file`")
        return self


class TrainStep(Strict):
    """Trains on the labels alone; without `architecture` it goes on with the network of the step before."""

    do: Literal["train"]
    name: StepName = "train"
    architecture: Architecture | None = None
    weights: Weights = Weights()
    training: TrainingOptions = TrainingOptions()
    augmentation: AugmentationPolicy | None = Field(None, description="Instead of the recipe's own, for this step.")


class DistillStep(Strict):
    """Trains with a teacher; without `architecture` it goes on with the network of the step before."""

    do: Literal["distill"]
    name: StepName = "distill"
    architecture: Architecture | None = None
    weights: Weights = Weights()
    training: TrainingOptions = TrainingOptions()
    augmentation: AugmentationPolicy | None = Field(None, description="Instead of the recipe's own, for this step.")
    teacher: Teacher


class TuneStep(Strict):
    """Tunes the rear of a pretrained network on what its front saw once; without `architecture`, of the step before's.

    Its front, up to the module `place` of its features, is left as it is.
    """

    do: Literal["tune"]
    name: StepName = "tune"
    architecture: Architecture | None = None
    weights: Weights = Weights()
    place: str = Field(description="First module of the rear: `2.6.0` is the last block of EfficientNet-Lite0.")
    tuning: TuningOptions = TuningOptions()
    augmentation: AugmentationPolicy | None = Field(None, description="Instead of the recipe's own, for this step.")
    teacher: Teacher | None = None

    @model_validator(mode="after")
    def _logits_alone(self) -> TuneStep:
        if self.teacher is not None and self.teacher.loss.feature_weight > 0:
            raise ValueError("`tune` asks a teacher for logits alone: `feature_weight` is for `distill`")
        return self


class PruneStep(Strict):
    """Removes whole channels, a part at a time, fine-tuning in between."""

    do: Literal["prune"]
    name: StepName = "prune"
    ratio: float = Field(2.0, gt=1, le=20, description="Wanted MACs before / MACs after; less fails the job.")
    iterations: int = Field(4, ge=1, le=50)
    round_to: int = Field(8, ge=1, le=64, description="Channel counts are multiples of it.")
    importance: Literal["taylor", "magnitude"] = "taylor"
    between: TrainingOptions = Field(TrainingOptions(epochs=1), description="Fine-tuning after each iteration.")
    final: TrainingOptions = Field(TrainingOptions(), description="Fine-tuning at the end.")
    teacher: Teacher | None = None
    augmentation: AugmentationPolicy | None = Field(None, description="Instead of the recipe's own, for this step.")


class LoadStep(Strict):
    """Goes on with a network that an earlier job saved; nothing is trained."""

    do: Literal["load"]
    name: StepName = "load"
    file: InsidePath = Field(
        description="A `network.pt`, or the folder of a detector's package, relative to the job's folder of files."
    )


class ExportStep(Strict):
    """Writes `model.fp32.onnx`, checks it against PyTorch and against the rules of TensorRT 8.5."""

    do: Literal["export"]
    name: StepName = "export"


class QuantizeStep(Strict):
    """Writes the INT8 variants of the exported graph."""

    do: Literal["quantize"]
    name: StepName = "quantize"
    variants: tuple[VariantName, ...] = ("int8", "int8-trt")
    methods: tuple[Literal["minmax", "percentile", "entropy"], ...] = Field(
        ("minmax", "percentile"), min_length=1, description="The best on validation pictures is kept."
    )
    pictures: int = Field(192, ge=8, le=5000, description="Calibration pictures, from the training part.")
    max_drop: float = Field(
        0.005, ge=0, le=1, description="Validation accuracy that may be lost before layers go back to FP32, then QAT."
    )
    crops: int = Field(
        4, ge=0, le=50, description="Crops of each validation picture that are judged beside it (of a classifier)."
    )
    max_fp32_layers: int = Field(4, ge=0, le=50)
    qat: TrainingOptions | None = Field(
        None, description="Quantization-aware training, taught by the FP32 network, where nothing else helps."
    )


class JudgeStep(Strict):
    """Packs the variants, judges each in the serving runtime, and lets the budget refuse."""

    do: Literal["judge"]
    name: StepName = "judge"
    parent: InsidePath | None = Field(None, description="Folder of the package to compare with, relative to the files.")
    on: Literal["test", "validation"] = Field(
        "test",
        description="validation: where something is to be chosen. The test pictures are not looked at, and no service "
        "loads what comes out.",
    )
    repetitions: int = Field(200, ge=5, le=10000, description="Latency measurements per variant.")
    temperature: float | None = Field(
        None, gt=0, le=20, description="What logits are divided by, chosen on left-out sources; none: on validation."
    )


Step = Annotated[
    LoadStep | TrainStep | DistillStep | TuneStep | PruneStep | ExportStep | QuantizeStep | JudgeStep,
    Field(discriminator="do"),
]


class Data(Strict):
    """What is learned from, and how."""

    validation_fraction: float = Field(0.12, gt=0, lt=1, description="Of each source, in whole groups.")
    validation_sources: tuple[str, ...] = Field(
        (), description="Instead of a part of each source: whole sources that choose and are not learned from."
    )
    boxes: bool = Field(False, description="Also use the job's YOLO folder: more pictures, and boxes to compose with.")
    leave_out: tuple[str, ...] = Field((), description="Sources that are kept out of training and judged on their own.")
    evenness: float = Field(
        0.5, ge=0, le=1, description="0: pictures are drawn alike; 1: classes, and within them sources, are."
    )
    leakage: Literal["refuse", "drop"] = Field(
        "refuse", description="Training pictures that resemble a test picture end the job, or are left out of it."
    )
    limit: int | None = Field(None, ge=12, description="At most so many pictures per part: for trials and tests.")
    augmentation: AugmentationPolicy = AugmentationPolicy()


class Package(Strict):
    """Name of what comes out."""

    name: str = Field("fire-classifier", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    version: int = Field(1, ge=1)
    licence: str = "Apache-2.0"
    about: str = Field("", description="First paragraph of the model card.")
    data: str = Field("", description="What the training data is, in words.")
    pretrained: str = Field("", description="Where the initial weights come from, in words.")


class Recipe(Strict):
    """A whole job."""

    name: StepName
    about: str = ""
    task: Task = Field(
        "classification", description="detection: boxes, learned from the job's YOLO folder; classes are its numbers."
    )
    classes: tuple[str, ...] = Field(FIRE_CLASSES, min_length=2)
    size: int = Field(160, ge=32, le=1024, description="Side of the square input in pixels.")
    seed: int = Field(0, ge=0)
    threads: int = Field(1, ge=1, le=256)
    data: Data = Data()
    package: Package = Package()
    budget: Budget = Budget()
    steps: tuple[Step, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _nothing_is_left_unread(self) -> Recipe:
        found = faults(self)
        if found:
            raise ValueError("; ".join(found))
        return self

    @model_validator(mode="after")
    def _chain_fits(self) -> Recipe:
        seen: set[str] = set()
        network = exported = False
        for step in self.steps:
            if step.name in seen:
                raise ValueError(f"two steps are called {step.name!r}: give one a `name`")
            teacher = getattr(step, "teacher", None)
            if teacher is not None and teacher.step is not None and teacher.step not in seen:
                raise ValueError(f"step {step.name!r} wants the teacher {teacher.step!r}, which no earlier step makes")
            starts = isinstance(step, LoadStep) or (
                isinstance(step, (TrainStep, DistillStep, TuneStep)) and step.architecture is not None
            )
            if not starts and not network:
                raise ValueError(f"step {step.name!r} comes before any network was made")
            if isinstance(step, (QuantizeStep, JudgeStep)) and not exported:
                raise ValueError(f"step {step.name!r} needs an `export` after the last change of the network")
            network = True
            if not isinstance(step, (QuantizeStep, JudgeStep)):
                exported = isinstance(step, ExportStep)
            seen.add(step.name)
        return self


def judged_on(recipe: Recipe, on: Literal["test", "validation"]) -> Recipe:
    """The recipe, judged on those pictures."""
    steps = tuple(s.model_copy(update={"on": on}) if isinstance(s, JudgeStep) else s for s in recipe.steps)
    return recipe.model_copy(update={"steps": steps})


def read_recipe(text: str, name: str = "recipe") -> Recipe:
    """Parses YAML. Raises `RecipeError` that names every wrong key with its line."""
    return read_as(Recipe, text, name)


def load_recipe(path: Path) -> Recipe:
    """Reads a file. Raises `RecipeError` when it is missing or not valid."""
    return load_as(Recipe, path)


def recipe_schema() -> dict[str, Any]:
    """JSON Schema, for editors and for the API."""
    return Recipe.model_json_schema()
