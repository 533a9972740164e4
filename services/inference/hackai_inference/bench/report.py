"""The report of a benchmark: what is written as JSON and shown as a table."""

from __future__ import annotations

from datetime import datetime
from typing import List, Optional

from pydantic import BaseModel, ConfigDict, Field
from rich.table import Table

from hackai_inference.bench.conditions import Conditions
from hackai_inference.runtimes.tensorrt.permit import Permit


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False, protected_namespaces=())


class Row(_Part):
    """One model in one precision."""

    model: str = Field(description="<name>/<version>")
    variant: str
    precision: str
    runtime: str
    device: str
    workers: int = Field(description="callers at the same time for the throughput")
    runs: int = Field(description="runs behind the latencies")
    mean_ms: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    pictures_per_s: float
    hottest_c: Optional[float] = Field(None, description="hottest zone right after this row")

    @property
    def title(self) -> str:
        """What people read."""
        precision = "" if self.precision == self.variant else f" in {self.precision}"
        return f"{self.model} {self.variant}{precision}"


class GateResult(_Part):
    """What the gate said of the INT8 variant of a model."""

    model: str
    reference: str
    candidate: str
    passed: bool
    reasons: List[str]
    activated: bool = Field(description="whether the runtime will now take it by itself")
    speedup: float
    loss_points: float
    report: Permit


class Failure(_Part):
    """A variant that could not be measured, and why."""

    model: str
    variant: str
    precision: str
    reason: str


class Report(_Part):
    """Everything that was measured."""

    schema_version: int = 1
    measured_at: datetime
    before: Conditions
    after: Conditions
    rows: List[Row]
    failures: List[Failure] = Field(default_factory=list)
    gates: List[GateResult] = Field(default_factory=list)


def table(report: Report) -> Table:
    """Return the rows for a terminal."""
    shown = Table(title=report.before.summary(), show_edge=False, pad_edge=False)
    for heading in ("model", "runtime"):
        shown.add_column(heading)
    for heading in ("p50 ms", "p90 ms", "p99 ms", "pictures/s", "°C"):
        shown.add_column(heading, justify="right")
    for row in report.rows:
        shown.add_row(
            row.title,
            row.runtime,
            f"{row.p50_ms:.2f}",
            f"{row.p90_ms:.2f}",
            f"{row.p99_ms:.2f}",
            f"{row.pictures_per_s:.0f}",
            "-" if row.hottest_c is None else f"{row.hottest_c:.0f}",
        )
    return shown


def verdict(gate: GateResult) -> str:
    """Return what the gate said, for people."""
    figures = (
        f"{gate.speedup:.2f} times as fast, {gate.loss_points:+.2f} points lost on {gate.report.pictures} pictures"
    )
    if not gate.passed:
        return f"{gate.model}: {gate.candidate} is refused: {'; '.join(gate.reasons)} ({figures})"
    what = "is activated on this device" if gate.activated else "passes; this runtime needs no activation"
    return f"{gate.model}: {gate.candidate} {what}: {figures}"
