"""Snooze: what is known does not ring for a while; it is recorded and shown all the same.

A snooze belongs to one incident in the state in which somebody saw it. A new fire, a further place, a worsening and a
growing one are none of it: :func:`hackai_notifier.incident.incidents.merge` takes the snooze away from an incident that
changed for the worse. A snooze ends by itself on both clocks: the wall clock over restarts, the monotonic clock while
the process runs, so that a clock that jumps back cannot prolong it.
"""

from __future__ import annotations

import re
import sqlite3
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

LONGEST_S = 86_400.0
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(sec|s|min|m|h|d)?", re.IGNORECASE)
_SECONDS = {"s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}


class Window(BaseModel):
    """A time for which something is quiet: an incident (snooze), a camera or ``*`` (disarm)."""

    model_config = ConfigDict(frozen=True)

    key: str
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


class WindowBook:
    """The windows in force. Pure: both clocks come in as arguments."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[Window, float]] = {}

    def put(self, window: Window, *, wall: datetime, monotonic: float) -> None:
        """Let a window begin, or continue after a restart."""
        self._entries[window.key] = (window, monotonic + window.remaining_s(wall))

    def remove(self, key: str) -> None:
        """End a window."""
        self._entries.pop(key, None)

    def active(self, *, wall: datetime, monotonic: float) -> list[Window]:
        """Return the windows that neither clock has ended."""
        return [entry for entry, end in list(self._entries.values()) if monotonic < end and wall < entry.until]

    def find(self, *keys: str, wall: datetime, monotonic: float) -> Window | None:
        """Return a window in force under one of these keys; None: there is none."""
        return next((entry for entry in self.active(wall=wall, monotonic=monotonic) if entry.key in keys), None)


def parse_duration(text: str) -> float | None:
    """Return the seconds of ``10m``, ``1h 30m``, ``90s`` or ``15`` (minutes); None: not a duration of up to a day."""
    stripped = text.strip()
    if not stripped or _PART.sub("", stripped).strip():
        return None
    seconds = sum(float(number) * _SECONDS[(unit or "m").lower()] for number, unit in _PART.findall(stripped))
    return seconds if 0 < seconds <= LONGEST_S else None


def save(connection: sqlite3.Connection, window: Window) -> None:
    """Store the snooze of an incident."""
    connection.execute("INSERT OR REPLACE INTO snoozes VALUES (?, ?)", (window.key, window.model_dump_json()))


def delete(connection: sqlite3.Connection, incident_id: str) -> None:
    """Delete the snooze of an incident."""
    connection.execute("DELETE FROM snoozes WHERE incident_id = ?", (incident_id,))


def load_all(connection: sqlite3.Connection) -> list[Window]:
    """Return the stored snoozes; those that are long over are dropped."""
    return [Window.model_validate_json(row["document"]) for row in connection.execute("SELECT document FROM snoozes")]
