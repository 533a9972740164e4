"""The table of running escalations. Functions on one transaction."""

from __future__ import annotations

import sqlite3

from hackai_notifier.escalation.ladder import Escalation


def begin(connection: sqlite3.Connection, incident_id: str, now: float) -> None:
    """Let the escalation of an incident begin; one that runs goes on, one that waits for a snooze waits no more."""
    connection.execute(
        """
        INSERT INTO climbs (incident_id, started_at) VALUES (?, ?) ON CONFLICT (incident_id) DO UPDATE
        SET started_at = CASE WHEN paused THEN excluded.started_at ELSE started_at END, paused = 0
        """,
        (incident_id, now),
    )


def running(connection: sqlite3.Connection) -> list[Escalation]:
    """Return the escalations that run, oldest first."""
    rows = connection.execute("SELECT * FROM climbs ORDER BY started_at")
    return [Escalation(row["incident_id"], row["level"], row["started_at"], bool(row["paused"])) for row in rows]


def save(connection: sqlite3.Connection, climb: Escalation) -> None:
    """Store how far one has come."""
    connection.execute(
        "UPDATE climbs SET level = ?, started_at = ?, paused = ? WHERE incident_id = ?",
        (climb.level, climb.started_at, climb.paused, climb.incident_id),
    )


def end(connection: sqlite3.Connection, incident_id: str) -> None:
    """Let one end."""
    connection.execute("DELETE FROM climbs WHERE incident_id = ?", (incident_id,))
