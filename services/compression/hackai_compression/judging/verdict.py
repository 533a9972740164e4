"""What the judge found: one report per variant, and whether the budget lets the model pass."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hackai_compression.judging.alarms import AlarmFigures, FalseAlarmPoint
from hackai_compression.judging.intervals import Share
from hackai_compression.judging.latency import Latency


class ThresholdPoint(BaseModel):
    """What alarms above one probability: `recall` of the pictures of fire, `rate` of the harmless ones."""

    model_config = ConfigDict(frozen=True)

    threshold: float
    recall: float
    rate: float


class Comparison(BaseModel):
    """Against the parent, on the same pictures and in the same run."""

    model_config = ConfigDict(frozen=True)

    parent: str
    accuracy_drop: float = Field(description="Accuracy of the parent - this one's.")
    only_parent_right: int
    only_child_right: int
    p_value: float
    latency_ratio: float
    size_ratio: float = Field(description="Size of the parent / size of this one.")


class Evaluation(BaseModel):
    """Everything that is known about one variant on one set."""

    model_config = ConfigDict(frozen=True)

    package: str
    variant: str
    pictures: int
    accuracy: float
    accuracy_interval: Share | None = Field(None, description="Reports of older judges have none.")
    recall: dict[str, float]
    recall_interval: dict[str, Share] = Field(
        default_factory=dict, description="Of each class; reports of older judges have none."
    )
    confusion: list[list[int]] = Field(description="Rows are true classes, columns predictions, in class order.")
    classes: list[str]
    fire_recall_at_false_alarm_rate: list[FalseAlarmPoint] = Field(
        description="Pictures of fire, scored by p(fire), against no_fire pictures."
    )
    alarm_recall_at_false_alarm_rate: list[FalseAlarmPoint] = Field(
        description="Fire and start_fire together, scored by 1 - p(no_fire)."
    )
    alarm: AlarmFigures | None = Field(
        None, description="At the shipped thresholds, per source; reports of older judges have none."
    )
    fire_recall_at_threshold: list[ThresholdPoint] = Field(
        default_factory=list,
        description="At the thresholds that a calibration chooses from; reports of older judges have none.",
    )
    auroc: dict[str, float] = Field(description="One class against the rest; `alarm` is no_fire against the others.")
    calibration_error: float
    negative_log_likelihood: float
    accuracy_by_source: dict[str, float]
    worst_slice: str
    reliability: list[tuple[float, float, float]] = Field(description="(weight, confidence, accuracy) per bin.")
    size_bytes: int
    macs: int
    parameters: int
    latency: list[Latency]
    comparison: Comparison | None = None


class Verdict(BaseModel):
    """The gate's decision, kept beside the model as `gate.json`."""

    model_config = ConfigDict(frozen=True)

    passed: bool
    reasons: list[str] = Field(description="Why it is refused; empty when it passed.")
    budget: dict[str, Any]
    evaluations: list[Evaluation]
    measured_on: str = Field(
        "test", description="Part that `evaluations` are about; `validation` earns no gate report."
    )
    left_out: list[Evaluation] = Field(default_factory=list, description="On sources that training never saw.")
    elsewhere: list[Evaluation] = Field(
        default_factory=list, description="On the pictures of places that are in no training."
    )
    looks: dict[str, int] = Field(
        default_factory=dict, description="How often the job has looked at the pictures of each set to judge a variant."
    )
