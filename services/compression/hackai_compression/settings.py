"""What the compression service and its workers read from their environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from hackai_shared.settings import ServiceSettings


class CompressionSettings(ServiceSettings):
    """`HACKAI_…` variables of API and workers; workers on other machines share the two folders."""

    compression_port: int = Field(8085, ge=0, le=65535, description="port of the HTTP interface")
    datasets_dir: Path = Field(Path("datasets"), description="folder below which jobs find pictures, boxes and weights")
    worker_patience_s: float = Field(
        20.0, gt=1, description="seconds without a sign of life after which a job goes to another worker"
    )

    @property
    def jobs_dir(self) -> Path:
        """Folder of all jobs, one sub-folder each."""
        return self.data_dir / "compression" / "jobs"
