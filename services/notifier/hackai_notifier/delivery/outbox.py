"""The outbox: what still has to be sent to whom, and what became of the rest. Functions on one transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

from hackai_notifier.delivery.plan import PlannedStep
from hackai_notifier.delivery.queueing import STUBBORN
from hackai_notifier.incident.steps import StepName
from hackai_notifier.people.recipients import Recipient
from hackai_shared.messages import DeliveryReport

DISARMED = "disarmed "
"""How the subjects of notices begin that get the button which ends a disarm."""


@dataclass(frozen=True)
class RecipientQueue:
    """Steps that one worker sends; three per recipient, so that an upload never holds up a text."""

    name: str
    steps: tuple[StepName, ...]
    in_order: bool


LANES = (
    RecipientQueue("messages", ("text", "update", "reminder", "notice", "edit"), in_order=True),
    RecipientQueue("photos", ("photo", "update_photo"), in_order=True),
    # Clips become ready at different times and nobody reads them in order.
    RecipientQueue("clips", ("clip",), in_order=False),
)


@dataclass(frozen=True)
class Step:
    """One row of the outbox."""

    id: int
    incident_id: str
    step: StepName
    subject: str
    recipient: Recipient
    silent: bool
    version: int
    body: str
    attempts: int

    @property
    def key(self) -> str:
        """The same for every attempt: receivers may use it to drop repeats."""
        parts = [self.incident_id, self.step, self.recipient.channel, self.recipient.address]
        return ":".join([*parts, self.subject] if self.subject else parts)


@dataclass(frozen=True)
class SentText:
    """A delivered text; channels without proofs of delivery give no id."""

    message_id: str | None


@dataclass(frozen=True)
class DeadLetter:
    """A step that was given up."""

    step: Step
    reason: str
    at: float


@dataclass(frozen=True)
class Summary:
    """How the outbox does."""

    waiting: int
    delivered: int
    dead: int
    oldest_text_at: float | None


def enqueue(connection: sqlite3.Connection, incident_id: str, steps: Sequence[PlannedStep], version: int) -> None:
    """Add steps; one that is there already stays as it is, an edit is woken to show the new version."""
    for planned in steps:
        connection.execute(
            """
            INSERT INTO steps (incident_id, step, channel, address, state, silent, version, subject, body, created_at)
            VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?, ?, ?)
            ON CONFLICT (incident_id, step, channel, address, subject) DO UPDATE
            SET state = 'waiting', version = excluded.version, attempts = 0 WHERE step = 'edit'
            """,
            (
                incident_id,
                planned.step,
                planned.recipient.channel,
                planned.recipient.address,
                planned.silent,
                version,
                planned.subject,
                planned.body,
                time.time(),
            ),
        )


def told(connection: sqlite3.Connection, incident_id: str) -> list[Recipient]:
    """Return everybody who has, or will have, the text of an incident."""
    rows = connection.execute(
        "SELECT channel, address FROM steps WHERE incident_id = ? AND step = 'text' AND state != 'dead' ORDER BY id",
        (incident_id,),
    )
    return [Recipient(row["channel"], row["address"]) for row in rows]


def addressed(connection: sqlite3.Connection, incident_id: str) -> list[Recipient]:
    """Return everybody to whom the text of an incident was addressed, also those whom it could not reach."""
    rows = connection.execute(
        "SELECT channel, address FROM steps WHERE incident_id = ? AND step = 'text' AND state != 'superseded' "
        "ORDER BY id",
        (incident_id,),
    )
    return [Recipient(row["channel"], row["address"]) for row in rows]


def recipients_of(connection: sqlite3.Connection, incident_id: str) -> set[Recipient]:
    """Return everybody for whom there ever was a text of an incident, also where it could not be delivered."""
    rows = connection.execute(
        "SELECT channel, address FROM steps WHERE incident_id = ? AND step = 'text'", (incident_id,)
    )
    return {Recipient(row["channel"], row["address"]) for row in rows}


def notified(connection: sqlite3.Connection, incident_id: str) -> list[Recipient]:
    """Return everybody to whom the text of an incident was delivered."""
    rows = connection.execute(
        """
        SELECT channel, address FROM steps WHERE incident_id = ? AND step = 'text' AND state = 'delivered' ORDER BY id
        """,
        (incident_id,),
    )
    return [Recipient(row["channel"], row["address"]) for row in rows]


def text_state(connection: sqlite3.Connection, incident_id: str, recipient: Recipient) -> str | None:
    """Return what became of the text of an incident for a recipient; None: there is none."""
    row = connection.execute(
        "SELECT state FROM steps WHERE incident_id = ? AND step = 'text' AND channel = ? AND address = ?",
        (incident_id, *_pair(recipient)),
    ).fetchone()
    return None if row is None else str(row["state"])


def revive(connection: sqlite3.Connection, incident_id: str, recipient: Recipient) -> None:
    """Try again what was given up for a recipient who is back."""
    connection.execute(
        """
        UPDATE steps SET state = 'waiting', attempts = 0, done_at = NULL
        WHERE incident_id = ? AND channel = ? AND address = ? AND state = 'dead' AND step IN ('text', 'photo')
        """,
        (incident_id, *_pair(recipient)),
    )


def note_delivered(connection: sqlite3.Connection, report: DeliveryReport) -> None:
    """Take down a delivery that a report proves, where the incident is known and the row is not there."""
    if report.outcome != "delivered":
        return
    connection.execute(
        """
        INSERT OR IGNORE INTO steps
        (incident_id, step, channel, address, state, message_id, detail, created_at, done_at)
        SELECT ?1, ?2, ?3, ?4, 'delivered', ?5, ?6, ?7, ?7 WHERE EXISTS (SELECT 1 FROM incidents WHERE incident_id = ?1)
        """,
        (
            report.incident_id,
            report.step,
            report.channel,
            report.recipient,
            report.message_id,
            report.detail,
            report.at.timestamp(),
        ),
    )


def enqueue_edits(connection: sqlite3.Connection, incident_id: str, version: int) -> None:
    """Let everybody who has, or will have, the text of an incident see its new version."""
    edits = [PlannedStep("edit", recipient, silent=True) for recipient in told(connection, incident_id)]
    enqueue(connection, incident_id, edits, version)


def forget_recipient(connection: sqlite3.Connection, recipient: Recipient) -> None:
    """Delete everything that was sent, or waits, for somebody: no reminder and no edit goes there any more."""
    whose = (recipient.channel, recipient.address)
    connection.execute("DELETE FROM steps WHERE channel = ? AND address = ?", whose)
    connection.execute("DELETE FROM pauses WHERE channel = ? AND address = ?", whose)
    connection.execute("DELETE FROM moves WHERE channel = ? AND address = ?", whose)


def enqueue_notice(connection: sqlite3.Connection, incident_id: str, to: Recipient, subject: str, body: str) -> None:
    """Add a message to an administrator about an incident's delivery; once per subject."""
    connection.execute(
        """
        INSERT OR IGNORE INTO steps (incident_id, step, subject, channel, address, state, body, created_at)
        VALUES (?, 'notice', ?, ?, ?, 'waiting', ?, ?)
        """,
        (incident_id, subject, to.channel, to.address, body, time.time()),
    )


def waiting(connection: sqlite3.Connection, recipient: Recipient, lane: RecipientQueue, limit: int = 50) -> list[Step]:
    """Return what waits in a lane, in the order of delivery: edits after everything that rings.

    A picture waits for the text of its incident, unless that text proved undeliverable for long.
    """
    marks = ",".join("?" * len(lane.steps))
    rows = connection.execute(
        f"""
        SELECT s.* FROM steps s
        WHERE s.channel = ? AND s.address = ? AND s.state = 'waiting' AND s.step IN ({marks})
        AND (s.step IN ('text', 'notice') OR NOT EXISTS (
            SELECT 1 FROM steps t WHERE t.incident_id = s.incident_id AND t.step = 'text' AND t.channel = s.channel
            AND t.address = s.address AND t.state = 'waiting' AND (s.step = 'edit' OR t.attempts < ?)))
        ORDER BY s.step = 'edit', s.id LIMIT ?
        """,  # noqa: S608 (question marks alone)
        (recipient.channel, recipient.address, *lane.steps, STUBBORN, limit),
    )
    return [_step(row) for row in rows]


def sent_text(connection: sqlite3.Connection, incident_id: str, recipient: Recipient) -> SentText | None:
    """Return the text that a recipient has of an incident; None: it has none."""
    row = connection.execute(
        """
        SELECT message_id FROM steps
        WHERE incident_id = ? AND step = 'text' AND channel = ? AND address = ? AND state = 'delivered'
        """,
        (incident_id, recipient.channel, recipient.address),
    ).fetchone()
    return None if row is None else SentText(row["message_id"])


def mark_delivered(
    connection: sqlite3.Connection, step: Step, *, version: int, message_id: str | None, detail: str
) -> None:
    """Note that a step was delivered and showed ``version`` of its incident.

    An edit that meanwhile has to show a newer version stays waiting; a text makes the edits superfluous that it
    already shows.
    """
    connection.execute(
        """
        UPDATE steps SET state = 'delivered', attempts = attempts + 1, message_id = ?, detail = ?, done_at = ?
        WHERE id = ? AND (step != 'edit' OR version <= ?)
        """,
        (message_id, detail, time.time(), step.id, version),
    )
    if step.step == "text":
        _supersede_edits(connection, step, version)


def mark_failed(connection: sqlite3.Connection, step: Step, reason: str) -> None:
    """Count a failed attempt of a step that stays waiting."""
    connection.execute("UPDATE steps SET attempts = attempts + 1, detail = ? WHERE id = ?", (reason, step.id))


def mark_dead(connection: sqlite3.Connection, step: Step, reason: str) -> None:
    """Give a step up; without its text an incident has nothing to edit."""
    connection.execute(
        "UPDATE steps SET state = 'dead', attempts = attempts + 1, detail = ?, done_at = ? WHERE id = ?",
        (reason, time.time(), step.id),
    )
    if step.step == "text":
        _supersede_edits(connection, step, 2**62)


def mark_superseded(connection: sqlite3.Connection, step: Step) -> None:
    """Note that a step has become superfluous."""
    connection.execute("UPDATE steps SET state = 'superseded', done_at = ? WHERE id = ?", (time.time(), step.id))


def recipients_waiting(connection: sqlite3.Connection) -> list[Recipient]:
    """Return everybody for whom something waits."""
    rows = connection.execute("SELECT DISTINCT channel, address FROM steps WHERE state = 'waiting'")
    return sorted(Recipient(row["channel"], row["address"]) for row in rows)


def dead_letters(connection: sqlite3.Connection, limit: int) -> list[DeadLetter]:
    """Return what was given up, newest first."""
    rows = connection.execute("SELECT * FROM steps WHERE state = 'dead' ORDER BY id DESC LIMIT ?", (limit,))
    return [DeadLetter(_step(row), row["detail"], row["done_at"]) for row in rows]


def summary(connection: sqlite3.Connection) -> Summary:
    """Return the counts by state and when the oldest waiting text was added (Unix time)."""
    counts = dict(connection.execute("SELECT state, count(*) FROM steps GROUP BY state").fetchall())
    oldest = connection.execute(
        "SELECT min(created_at) FROM steps WHERE state = 'waiting' AND step IN ('text', 'update', 'reminder')"
    ).fetchone()[0]
    return Summary(counts.get("waiting", 0), counts.get("delivered", 0), counts.get("dead", 0), oldest)


def finished_since(connection: sqlite3.Connection, state: str, at: float) -> int:
    """Return how many steps came to an end with a state since a moment (Unix time)."""
    row = connection.execute("SELECT count(*) FROM steps WHERE state = ? AND done_at >= ?", (state, at)).fetchone()
    return int(row[0])


def _supersede_edits(connection: sqlite3.Connection, step: Step, version: int) -> None:
    connection.execute(
        """
        UPDATE steps SET state = 'superseded', done_at = ? WHERE incident_id = ? AND step = 'edit'
        AND channel = ? AND address = ? AND state = 'waiting' AND version <= ?
        """,
        (time.time(), step.incident_id, *_pair(step.recipient), version),
    )


def _pair(recipient: Recipient) -> tuple[str, str]:
    return recipient.channel, recipient.address


def _step(row: sqlite3.Row) -> Step:
    return Step(
        id=row["id"],
        incident_id=row["incident_id"],
        step=row["step"],
        subject=row["subject"],
        recipient=Recipient(row["channel"], row["address"]),
        silent=bool(row["silent"]),
        version=row["version"],
        body=row["body"],
        attempts=row["attempts"],
    )
