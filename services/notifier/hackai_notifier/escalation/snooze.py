"""Snooze: a camera's further alarms do not ring for a while; they are recorded and told all the same.

A snooze never hides anything worse than what was snoozed, and it ends by itself on both clocks: the wall clock over
restarts, the monotonic clock while the process runs, so that a clock that jumps back cannot prolong it.
"""

from __future__ import annotations

import re
import sqlite3
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

ALL_CAMERAS = "*"
LONGEST_S = 86_400.0
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(sec|s|min|m|h|d)?", re.IGNORECASE)
_SECONDS = {"s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}


class Snooze(BaseModel):
    """One camera's snooze (``*``: all cameras)."""

    model_config = ConfigDict(frozen=True)

    camera_id: str
    severity: int
    by: str
    started_at: datetime
    duration_s: float

    @property
    def until(self) -> datetime:
        """When it ends by the wall clock."""
        return self.started_at + timedelta(seconds=self.duration_s)

    def remaining_s(self, wall: datetime) -> float:
        """Return the seconds left by the wall clock; never more than it was made for."""
        return min(self.duration_s, max(0.0, (self.until - wall).total_seconds()))


class SnoozeBook:
    """The snoozes in force. Pure: both clocks come in as arguments."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[Snooze, float]] = {}

    def put(self, snooze: Snooze, *, wall: datetime, monotonic: float) -> None:
        """Let a snooze begin, or continue after a restart."""
        self._entries[snooze.camera_id] = (snooze, monotonic + snooze.remaining_s(wall))

    def remove(self, camera_id: str) -> None:
        """End a snooze."""
        self._entries.pop(camera_id, None)

    def active(self, *, wall: datetime, monotonic: float) -> list[Snooze]:
        """Return the snoozes that neither clock has ended."""
        return [entry for entry, end in self._entries.values() if monotonic < end and wall < entry.until]

    def silences(self, camera_id: str, severity: int, *, wall: datetime, monotonic: float) -> Snooze | None:
        """Return the snooze that keeps an alarm of this severity from ringing; None: it rings."""
        for entry in self.active(wall=wall, monotonic=monotonic):
            if entry.camera_id in (camera_id, ALL_CAMERAS) and severity <= entry.severity:
                return entry
        return None


def parse_duration(text: str) -> float | None:
    """Return the seconds of ``10m``, ``1h 30m``, ``90s`` or ``15`` (minutes); None: not a duration of up to a day."""
    stripped = text.strip()
    if not stripped or _PART.sub("", stripped).strip():
        return None
    seconds = sum(float(number) * _SECONDS[(unit or "m").lower()] for number, unit in _PART.findall(stripped))
    return seconds if 0 < seconds <= LONGEST_S else None


def save(connection: sqlite3.Connection, snooze: Snooze) -> None:
    """Store a snooze."""
    connection.execute("INSERT OR REPLACE INTO snoozes VALUES (?, ?)", (snooze.camera_id, snooze.model_dump_json()))


def delete(connection: sqlite3.Connection, camera_id: str) -> None:
    """Delete a snooze."""
    connection.execute("DELETE FROM snoozes WHERE camera_id = ?", (camera_id,))


def load_all(connection: sqlite3.Connection) -> list[Snooze]:
    """Return the stored snoozes."""
    return [Snooze.model_validate_json(row["document"]) for row in connection.execute("SELECT document FROM snoozes")]
