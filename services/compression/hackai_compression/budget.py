"""What a model must keep to pass the gate. Every key is a figure that the judge measures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from hackai_compression.judging.alarms import FALSE_ALARM_RATES

Task = Literal["classification", "detection"]
#: Keys that only the judge of classifiers, and only that of detectors, measures.
OF_CLASSIFIERS = frozenset(
    {
        "min_accuracy",
        "min_recall",
        "min_fire_recall_at_far",
        "min_alarm_recall_at_far",
        "min_alarm_recall",
        "max_false_alarms",
        "max_latency_ratio",
        "max_accuracy_drop",
    }
)
OF_DETECTORS = frozenset({"min_map50", "min_average_precision", "min_pointing", "min_overlap"})
#: Keys that compare with a parent.
AGAINST_A_PARENT = ("max_latency_ratio", "max_accuracy_drop")


class Floors(BaseModel):
    """What every variant must reach on one set of pictures. A floor that was not measured refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_accuracy: float | None = Field(None, ge=0, le=1)
    min_recall: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Of each class. Fire that is called starting fire, and the other way round, counts as found.",
    )
    min_fire_recall_at_far: dict[float, float] = Field(
        default_factory=dict, description="False-alarm rate -> lowest recall of fire."
    )
    min_alarm_recall_at_far: dict[float, float] = Field(
        default_factory=dict, description="False-alarm rate -> lowest recall of fire and starting fire together."
    )
    min_alarm_recall: float | None = Field(
        None, ge=0, le=1, description="Of fire and starting fire together, at the thresholds that ship."
    )
    max_false_alarms: float | None = Field(
        None, ge=0, le=1, description="Share of the harmless pictures that alarm at the thresholds that ship."
    )
    min_map50: float | None = Field(None, ge=0, le=1, description="Of a detector.")
    min_average_precision: float | None = Field(None, ge=0, le=1, description="Of each class of a detector.")
    min_pointing: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Share of the pictures in which the best box of a detector points into a true one.",
    )
    min_overlap: float | None = Field(
        None, ge=0, le=1, description="Overlap of the areas of all drawn and all true boxes of a detector, averaged."
    )

    @field_validator("min_fire_recall_at_far", "min_alarm_recall_at_far")
    @classmethod
    def _rates_are_measured(cls, value: dict[float, float]) -> dict[float, float]:
        for rate, floor in value.items():
            if rate not in FALSE_ALARM_RATES:
                raise ValueError(f"recall is measured at the false-alarm rates {FALSE_ALARM_RATES}, not at {rate:g}")
            if not 0 <= floor <= 1:
                raise ValueError(f"a recall lies between 0 and 1, found {floor:g}")
        return value

    def empty(self) -> bool:
        """Whether nothing is asked."""
        return self.model_dump() == Floors().model_dump()


class Budget(Floors):
    """Floors on the test pictures, and ceilings; a model beyond one is refused.

    What a network that learned nothing would fail is asked by default; `null` (None) or 0 takes that back.
    """

    min_recall: float | None = Field(0.5, ge=0, le=1, description=Floors.model_fields["min_recall"].description)
    min_average_precision: float | None = Field(0.05, ge=0, le=1, description="Of each class of a detector.")
    max_size: int | None = Field(None, gt=0, description="Bytes of the smallest variant that serves.")
    max_latency_ratio: float | None = Field(None, gt=0, description="Median latency / the parent's, one thread.")
    max_accuracy_drop: float | None = Field(None, ge=0, le=1, description="Against the parent.")
    max_quantization_drop: float | None = Field(
        0.005, ge=0, le=1, description="INT8 against FP32: accuracy, or mAP50 of a detector."
    )
    elsewhere: Floors = Field(
        default_factory=Floors,
        description="On places that are in no training: the folder `elsewhere`, or of a detector that split.",
    )


def misplaced(budget: Budget, task: Task) -> Iterator[str]:
    """Keys whose figures the judge of that task does not measure."""
    wrong, whose = (OF_DETECTORS, "detectors") if task == "classification" else (OF_CLASSIFIERS, "classifiers")
    for floors, plain, place in ((budget, Budget(), "budget"), (budget.elsewhere, Floors(), "budget.elsewhere")):
        for key in sorted(wrong & type(floors).model_fields.keys()):
            if getattr(floors, key) != getattr(plain, key):
                yield f"{place}.{key} is for {whose}"
