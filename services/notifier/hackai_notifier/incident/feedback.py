"""Keeps the frames of false alarms as labelled pictures: the data from which the next model learns better."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from hackai_notifier.incident.incidents import Incident

KEEP = 1_000
LABELS = "labels.jsonl"


class Feedback:
    """A folder of JPEGs, each with one line in ``labels.jsonl``; bounded, oldest first out."""

    def __init__(self, folder: Path, *, keep: int = KEEP) -> None:
        self._folder = folder
        self._keep = keep

    def false_alarm(self, incident: Incident, jpeg: bytes, *, by: str, at: datetime) -> Path:
        """Store the raw frame that raised a false alarm; a repeated call changes nothing.

        Raises:
            OSError: the folder cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{incident.file_name}.jpg"
        if path.exists():
            return path
        event = incident.event
        line = {
            "file": path.name,
            "label": "no_fire",
            "claimed": event.label,
            "score": event.score,
            "camera_id": event.camera_id,
            "incident_id": incident.incident_id,
            "model": event.model.model_dump(exclude={"schema_version"}) if event.model else None,
            "captured_at": event.frame.captured_at.isoformat(),
            "by": by,
            "at": at.isoformat(),
        }
        with (self._folder / LABELS).open("a", encoding="utf-8") as labels:
            labels.write(json.dumps(line) + "\n")
        # The picture comes last and whole: where it exists, its label exists.
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(jpeg)
        unfinished.rename(path)
        self._prune()
        return path

    def withdraw(self, incident: Incident) -> None:
        """Remove the picture of an incident that was no false alarm after all, and its label.

        Raises:
            OSError: the folder cannot be written.
        """
        picture = self._folder / f"{incident.file_name}.jpg"
        if picture.exists():
            picture.unlink()
            self._forget({picture.name})

    def _prune(self) -> None:
        pictures = sorted(self._folder.glob("*.jpg"), key=lambda picture: picture.stat().st_mtime)
        excess = pictures[: max(0, len(pictures) - self._keep)]
        if not excess:
            return
        for picture in excess:
            picture.unlink()
        self._forget({picture.name for picture in excess})

    def _forget(self, gone: set[str]) -> None:
        labels = self._folder / LABELS
        kept = [
            line for line in labels.read_text(encoding="utf-8").splitlines() if json.loads(line)["file"] not in gone
        ]
        unfinished = labels.with_suffix(".part")
        unfinished.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        unfinished.rename(labels)
