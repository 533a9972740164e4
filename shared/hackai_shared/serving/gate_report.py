"""What a package's gate report says about missed fires, at the thresholds that a calibration chooses from."""

from __future__ import annotations

from typing import List, NamedTuple, Optional, Tuple

from pydantic import BaseModel, ConfigDict, Field

from hackai_shared.serving.package import ModelPackage, PackageError, read_part

# From eager to reluctant; the configuration allows 0.2 to 0.97.
CALIBRATION_THRESHOLDS: Tuple[float, ...] = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.87, 0.92, 0.95, 0.97)
MAX_REPORT_BYTES = 10_000_000


class RecallPoint(BaseModel):
    """``recall`` (0-1) of the judge's pictures of fire have a probability of fire above ``threshold``."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    threshold: float
    recall: float


class RecallBounds(NamedTuple):
    """The share of fires that are recognised lies between these, both included; equal where it was measured."""

    low: float
    high: float


class Judged(BaseModel):
    """What was found of one variant; reports of older judges have the points of two false-alarm rates alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    variant: str
    fire_recall_at_threshold: List[RecallPoint] = Field(default_factory=list)
    fire_recall_at_false_alarm_rate: List[RecallPoint] = Field(default_factory=list)

    def recall_of_fire(self, threshold: float) -> Optional[RecallBounds]:
        """Return what is known of the recall at a threshold: it never rises with it. None: nothing is known."""
        points = [*self.fire_recall_at_threshold, *self.fire_recall_at_false_alarm_rate]
        if not points:
            return None
        here = [point.recall for point in points if abs(point.threshold - threshold) < 1e-9]
        if here:
            return RecallBounds(here[0], here[0])
        low = max((point.recall for point in points if point.threshold > threshold), default=0.0)
        high = min((point.recall for point in points if point.threshold < threshold), default=1.0)
        return RecallBounds(low, high)


class GateReport(BaseModel):
    """The part of a gate report that is read here."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    evaluations: List[Judged] = Field(default_factory=list)

    def of(self, variant: str) -> Optional[Judged]:
        """Return what was found of a variant; None: it was not judged."""
        return next((judged for judged in self.evaluations if judged.variant == variant), None)


def read_gate_report(package: ModelPackage) -> GateReport:
    """Return the gate report of a verified package.

    Raises:
        PackageError: there is none, or it cannot be read.
    """
    entry = package.manifest.gate
    if entry is None:
        raise PackageError(f"{package.id}: no gate report")
    return read_part(package.folder / entry.file, GateReport, MAX_REPORT_BYTES)
