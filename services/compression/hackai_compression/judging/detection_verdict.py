"""What the judge found of a detector: one report per variant, and whether the budget lets the model pass."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hackai_compression.judging.intervals import Mean, Share
from hackai_compression.judging.latency import Latency


class FalseBoxPoint(BaseModel):
    """One point of the trade: at most `per_picture` wrong boxes of a class per picture, on average."""

    model_config = ConfigDict(frozen=True)

    per_picture: float
    recall: float
    score: float = Field(description="Boxes count from this score on.")


class ClassFigures(BaseModel):
    """One class of boxes."""

    model_config = ConfigDict(frozen=True)

    boxes: int = Field(description="True boxes of the set.")
    average_precision: float = Field(description="At an intersection over union of 0.5, all points.")
    recall_at_false_boxes: list[FalseBoxPoint]
    threshold: float = Field(description="The package's own score from which a box counts.")
    drawn_from: float = Field(0.0, description="The package's own score from which a box is drawn.")
    pictures: int = Field(0, description="Pictures in which boxes were drawn around that class, where there was any.")
    recall_interval: Share | None = Field(None, description="True boxes found at the package's own threshold.")
    pointing: Share | None = Field(None, description="Pictures of the class whose best box points into a true one.")
    overlap: Mean | None = Field(None, description="Of the area of all drawn boxes with that of all true ones.")
    recall: float = Field(description="At the package's own threshold.")
    false_boxes_per_picture: float = Field(description="At the package's own threshold.")
    curve: list[tuple[float, float]] = Field(description="(recall, precision), from high scores to low ones.")


class SourceBoxes(BaseModel):
    """One place that the pictures come from. None: it has no picture of that kind."""

    model_config = ConfigDict(frozen=True)

    pictures: int
    pointing: Share | None
    overlap: Mean | None
    false_alarms: Share | None = Field(description="Pictures without any true box in which a box counts.")


class DetectionEvaluation(BaseModel):
    """Everything that is known about one variant of a detector on one set."""

    model_config = ConfigDict(frozen=True)

    package: str
    variant: str
    pictures: int
    backgrounds: int = Field(description="Fully boxed pictures without any true box.")
    false_alarms: int = Field(description="Pictures without any true box in which the package's thresholds find one.")
    map50: float = Field(description="Mean of the average precision of the classes that occur.")
    pointing: Share | None = Field(
        None, description="Pictures with a true box in which the centre of the best box lies in one, whatever it shows."
    )
    overlap: Mean | None = Field(
        None, description="Of the area of all drawn boxes with that of all true ones, over pictures with a true box."
    )
    sources: dict[str, SourceBoxes] = Field(default_factory=dict)
    worst_source: str = Field("", description="Where the best box points astray most; empty: too small.")
    classes: dict[str, ClassFigures]
    size_bytes: int
    macs: int
    parameters: int
    latency: list[Latency]


class DetectionVerdict(BaseModel):
    """The gate's decision, kept beside the model as `gate.json`."""

    model_config = ConfigDict(frozen=True)

    passed: bool
    reasons: list[str] = Field(description="Why it is refused; empty when it passed.")
    budget: dict[str, Any]
    evaluations: list[DetectionEvaluation]
    measured_on: str = Field(
        "test", description="Part that `evaluations` are about; `validation` earns no gate report."
    )
    elsewhere: list[DetectionEvaluation] = Field(
        default_factory=list, description="On the pictures of places that are in no training."
    )
    looks: dict[str, int] = Field(
        default_factory=dict, description="How often the job has looked at the pictures of each set to judge a variant."
    )
