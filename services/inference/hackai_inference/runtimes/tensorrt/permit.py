"""The gate for INT8: on a Xavier NX it is often no faster than FP16, and accuracy can collapse. So it is measured."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

#: INT8 must be at least so many times as fast as FP16 on this device.
MIN_SPEEDUP = 1.1
#: And lose at most so many percentage points of accuracy on the same pictures.
MAX_LOSS_POINTS = 0.5
#: With fewer pictures, half a point is less than one of them.
MIN_PICTURES = 200


class Permit(BaseModel):
    """The report of the gate, as it stays with the plan."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    measured_at: datetime
    pictures: int = Field(ge=0)
    reference_ms: float = Field(gt=0, description="median latency of one picture at the reference precision")
    candidate_ms: float = Field(gt=0, description="median latency of one picture in INT8")
    reference_correct: int = Field(ge=0)
    candidate_correct: int = Field(ge=0)
    conditions: str = Field("", description="power mode and clocks under which it was measured")

    @property
    def speedup(self) -> float:
        """How many times as fast INT8 is."""
        return self.reference_ms / self.candidate_ms

    @property
    def loss_points(self) -> float:
        """Percentage points of accuracy lost; negative where INT8 is better."""
        if self.pictures == 0:
            return 100.0
        return 100.0 * (self.reference_correct - self.candidate_correct) / self.pictures

    @property
    def reasons(self) -> "list[str]":
        """Why INT8 is refused; empty when it passed."""
        found = []
        if self.pictures < MIN_PICTURES:
            found.append(f"{self.pictures} pictures, at least {MIN_PICTURES} are needed")
        if self.speedup < MIN_SPEEDUP:
            found.append(f"{self.speedup:.2f} times as fast, at least {MIN_SPEEDUP} is needed")
        if self.loss_points > MAX_LOSS_POINTS:
            found.append(f"{self.loss_points:.2f} points of accuracy lost, at most {MAX_LOSS_POINTS} are allowed")
        return found

    @property
    def passed(self) -> bool:
        """Whether INT8 may run."""
        return not self.reasons
