"""The frames on which two models disagree, kept in a bounded folder for a person to look at."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import List, Optional

from pydantic import BaseModel, ConfigDict, Field

from hackai_inference.shadow.tally import Disagreement
from hackai_shared.messages import new_id

MAX_SAMPLES = 200


class Sample(BaseModel):
    """One kept frame."""

    model_config = ConfigDict(frozen=True)

    id: str
    camera_id: str
    at: datetime
    active_label: str
    other_label: str
    active_alarm: float = Field(description="probability of alarm, 0-1")
    other_alarm: float = Field(description="probability of alarm, 0-1")


class SampleFolder:
    """At most ``limit`` frames; where it is full, the weakest disagreement makes room. One thread writes."""

    def __init__(self, folder: Path, *, limit: int = MAX_SAMPLES) -> None:
        self._folder = folder
        self._limit = limit
        self._samples: List[Sample] = []
        for old in [*folder.glob("*.jpg"), *folder.glob("*.json")]:  # of a comparison before
            old.unlink()

    def keep(self, camera_id: str, jpeg: bytes, found: Disagreement, at: datetime) -> None:
        """Keep a frame unless the folder is full of clearer cases.

        Raises:
            OSError: the disk is full or gone.
        """
        if len(self._samples) >= self._limit:
            weakest = min(self._samples, key=_strength)
            if _strength(weakest) >= found.strength:
                return
            self._samples.remove(weakest)
            self._file(weakest.id, "jpg").unlink()
            self._file(weakest.id, "json").unlink()
        sample = Sample(
            id=new_id(),
            camera_id=camera_id,
            at=at,
            active_label=found.active_label,
            other_label=found.other_label,
            active_alarm=round(found.active_alarm, 4),
            other_alarm=round(found.other_alarm, 4),
        )
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file(sample.id, "jpg").write_bytes(jpeg)
        self._file(sample.id, "json").write_text(sample.model_dump_json(), encoding="utf-8")
        self._samples.append(sample)

    def list(self) -> List[Sample]:
        """Return what is kept, the clearest disagreement first."""
        return sorted(self._samples, key=_strength, reverse=True)

    def picture(self, sample_id: str) -> Optional[bytes]:
        """Return the JPEG of a sample, None where there is none (or not any more)."""
        if all(sample.id != sample_id for sample in self._samples):
            return None
        try:
            return self._file(sample_id, "jpg").read_bytes()
        except FileNotFoundError:
            return None

    def _file(self, sample_id: str, suffix: str) -> Path:
        return self._folder / f"{sample_id}.{suffix}"


def _strength(sample: Sample) -> float:
    return abs(sample.active_alarm - sample.other_alarm)
