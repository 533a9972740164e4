"""What is known about a job, independent of where it runs."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hackai_compression.recipes import Recipe

State = Literal["queued", "running", "finished", "refused", "failed", "cancelled"]
#: States that nothing follows.
ENDED: frozenset[State] = frozenset({"finished", "refused", "failed", "cancelled"})


class JobRequest(BaseModel):
    """A recipe and where its inputs lie, below the folder of datasets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    recipe: Recipe
    pictures: str = Field(description="Folder with train/<class>/ and test/<class>/.", min_length=1, max_length=500)
    boxes: str | None = Field(None, max_length=500)
    files: str | None = Field(None, max_length=500)
    feedback: str | None = Field(None, max_length=500)


class JobRecord(BaseModel):
    """One job."""

    model_config = ConfigDict(frozen=True)

    id: str
    request: JobRequest
    state: State = "queued"
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    attempts: int = Field(0, description="Times that a worker took it; more than one means that a worker died.")
    worker: str = ""
    error: str = Field("", description="Why it failed or was refused.")

    @property
    def ended(self) -> bool:
        """Whether nothing follows."""
        return self.state in ENDED
