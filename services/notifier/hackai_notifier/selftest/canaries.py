"""The canaries that came, with the moments of their way. Functions on one transaction."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from hackai_notifier.channels.loopback import NAME
from hackai_notifier.delivery import outbox
from hackai_notifier.delivery.plan import PlannedStep
from hackai_notifier.incident import incidents
from hackai_notifier.incident.incidents import merge
from hackai_notifier.people.recipients import Recipient
from hackai_shared.messages import IncidentEvent

LOOPBACK = Recipient(NAME, NAME)
# A week at one every five minutes.
KEEP = 2_016


@dataclass(frozen=True)
class Canary:
    """Moments of one canary, Unix time: first frame of the fire, confirmation, arrival here, delivery."""

    opened_at: float
    created_at: float
    received_at: float
    delivered_at: float
    judged_by: str = ""
    """The instance of the inference service that recognised it."""

    @property
    def whole_s(self) -> float:
        """Seconds from the first frame to the delivery."""
        return max(0.0, self.delivered_at - self.opened_at)


def take_in(connection: sqlite3.Connection, event: IncidentEvent, now: float) -> bool:
    """Send a canary on its way through the outbox; return False for one that is on it already, or was."""
    known = connection.execute("SELECT 1 FROM canaries WHERE incident_id = ?", (event.incident_id,)).fetchone()
    if known is not None:
        return False
    connection.execute(
        "INSERT INTO canaries (incident_id, opened_at, created_at, received_at, judged_by) VALUES (?, ?, ?, ?, ?)",
        (event.incident_id, event.opened_at.timestamp(), event.created_at.timestamp(), now, event.judged_by),
    )
    connection.execute("DELETE FROM canaries WHERE number <= (SELECT max(number) FROM canaries) - ?", (KEEP,))
    incident = merge(None, event)
    incidents.save(connection, incident)
    outbox.enqueue(connection, event.incident_id, [PlannedStep("text", LOOPBACK, True)], incident.version)
    return True


@dataclass(frozen=True)
class Books:
    """What is known of canaries: the newest that was delivered, and when the last one came at all (Unix time)."""

    newest: Canary | None
    received_at: float | None


def settle(connection: sqlite3.Connection) -> Books:
    """Note what the outbox has delivered since; return what is known then.

    The incident of a delivered canary is dropped: 288 of them a day would push the real ones out.
    """
    rows = connection.execute(
        "SELECT incident_id, done_at FROM steps WHERE channel = ? AND state = 'delivered'", (NAME,)
    ).fetchall()
    for row in rows:
        connection.execute(
            "UPDATE canaries SET delivered_at = ? WHERE incident_id = ?", (row["done_at"], row["incident_id"])
        )
        connection.execute("DELETE FROM incidents WHERE incident_id = ?", (row["incident_id"],))
    newest = connection.execute(
        "SELECT * FROM canaries WHERE delivered_at IS NOT NULL ORDER BY delivered_at DESC LIMIT 1"
    ).fetchone()
    received = connection.execute("SELECT max(received_at) FROM canaries").fetchone()[0]
    return Books(None if newest is None else _canary(newest), None if received is None else float(received))


def since(connection: sqlite3.Connection, at: float) -> list[Canary]:
    """Return the canaries that were delivered since a moment, oldest first."""
    rows = connection.execute("SELECT * FROM canaries WHERE delivered_at >= ? ORDER BY number", (at,))
    return [_canary(row) for row in rows]


def _canary(row: sqlite3.Row) -> Canary:
    return Canary(
        opened_at=row["opened_at"],
        created_at=row["created_at"],
        received_at=row["received_at"],
        delivered_at=row["delivered_at"],
        judged_by=row["judged_by"],
    )
