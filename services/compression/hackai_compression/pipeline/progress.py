"""What a job tells while it works: events that the terminal, the API and the log all read."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hackai_compression.errors import JobCancelledError


class ProgressEvent(BaseModel):
    """One thing that happened. `done` of `total` counts epochs, pictures or iterations of the step."""

    model_config = ConfigDict(frozen=True)

    at: float = Field(description="Unix time in seconds.")
    step: str
    kind: Literal["started", "progress", "finished", "skipped", "failed", "message"]
    done: int = 0
    total: int = 0
    text: str = ""
    figures: dict[str, float] = Field(default_factory=dict)


Sink = Callable[[ProgressEvent], None]


class Progress:
    """Fans events out to sinks; asks between events whether somebody cancelled the job."""

    def __init__(self, *sinks: Sink, cancelled: Callable[[], bool] = lambda: False) -> None:
        self._sinks = sinks
        self._cancelled = cancelled

    def tell(self, step: str, kind: Any, **values: Any) -> None:
        """Sends one event. Raises `JobCancelledError` when the job was cancelled meanwhile."""
        event = ProgressEvent(at=time.time(), step=step, kind=kind, **values)
        for sink in self._sinks:
            sink(event)
        if self._cancelled():
            raise JobCancelledError(f"cancelled during step {step!r}")


class EventLog:
    """Appends events to `progress.jsonl`, one JSON object per line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, event: ProgressEvent) -> None:
        """Append one event."""
        with self._path.open("a", encoding="utf-8") as handle:
            handle.write(event.model_dump_json() + "\n")
