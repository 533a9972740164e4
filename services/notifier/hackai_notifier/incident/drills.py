"""Drills: a known fire to the phone on demand, with the seconds of each leg, and their history."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from hackai_shared.messages import Command, IncidentEvent, utc_now

# Whoever has not got it by then is not reached: a real alarm would be tried further.
LIMIT_S = 90.0
KEEP = 200


class Told(BaseModel):
    """What became of the message to one recipient; no seconds: it was not delivered."""

    model_config = ConfigDict(frozen=True)

    recipient: str
    after_s: float | None


class Leg(BaseModel):
    """One part of the way and the seconds that it took."""

    model_config = ConfigDict(frozen=True)

    name: str
    seconds: float


class Drill(BaseModel):
    """One drill, as far as it has come."""

    model_config = ConfigDict(frozen=True)

    drill_id: str
    by: str
    ordered_at: datetime
    incident_id: str | None = None
    shown_at: datetime | None = None
    """The first frame of the fire."""
    recognised_at: datetime | None = None
    received_at: datetime | None = None
    told: tuple[Told, ...] = ()
    finished_at: datetime | None = None
    outcome: Literal["running", "passed", "failed"] = "running"
    reason: str = ""

    @property
    def legs(self) -> list[Leg]:
        """The legs that were passed, in order."""
        moments = [
            ("order to first frame", self.ordered_at, self.shown_at),
            ("first frame to fire recognised", self.shown_at, self.recognised_at),
            ("recognised to notifier", self.recognised_at, self.received_at),
        ]
        legs = [
            Leg(name=name, seconds=_seconds(start, end))
            for name, start, end in moments
            if start is not None and end is not None
        ]
        return legs + [
            Leg(name=f"notifier to {told.recipient}", seconds=told.after_s)
            for told in self.told
            if told.after_s is not None
        ]

    @property
    def whole_s(self) -> float | None:
        """Seconds from the order to the last recipient; None where somebody was not reached."""
        reached = [told.after_s for told in self.told]
        if self.received_at is None or not reached or None in reached:
            return None
        return _seconds(self.ordered_at, self.received_at) + max(after for after in reached if after is not None)


def begin(connection: sqlite3.Connection, command: Command) -> bool:
    """Let a drill begin; return False while another one runs."""
    if running(connection):
        return False
    drill = Drill(
        drill_id=command.command_id,
        by=command.actor.name or command.actor.id,
        ordered_at=min(command.at, utc_now()),
    )
    save(connection, drill)
    connection.execute("DELETE FROM drills WHERE number <= (SELECT max(number) FROM drills) - ?", (KEEP,))
    return True


def arrived(connection: sqlite3.Connection, event: IncidentEvent) -> None:
    """Note that the fire of the running drill has come as an incident."""
    for drill in running(connection):
        if drill.incident_id is None:
            seen = {
                "incident_id": event.incident_id,
                "shown_at": event.opened_at,
                "recognised_at": event.created_at,
                "received_at": utc_now(),
            }
            save(connection, drill.model_copy(update=seen))


def running(connection: sqlite3.Connection) -> list[Drill]:
    """Return the drills that have not finished."""
    rows = connection.execute("SELECT document FROM drills WHERE outcome = 'running' ORDER BY number")
    return [Drill.model_validate_json(row["document"]) for row in rows]


def newest(connection: sqlite3.Connection, limit: int) -> list[Drill]:
    """Return the last drills, newest first."""
    rows = connection.execute("SELECT document FROM drills ORDER BY number DESC LIMIT ?", (limit,))
    return [Drill.model_validate_json(row["document"]) for row in rows]


def save(connection: sqlite3.Connection, drill: Drill) -> None:
    """Insert or replace a drill."""
    connection.execute(
        """
        INSERT INTO drills (drill_id, outcome, document) VALUES (?, ?, ?)
        ON CONFLICT (drill_id) DO UPDATE SET outcome = excluded.outcome, document = excluded.document
        """,
        (drill.drill_id, drill.outcome, drill.model_dump_json()),
    )


def texts(connection: sqlite3.Connection, drill: Drill) -> list[tuple[str, str, float | None]]:
    """Return recipient, state and Unix time of the end of each text of a drill."""
    rows = connection.execute(
        "SELECT channel, address, state, done_at FROM steps WHERE incident_id = ? AND step = 'text' ORDER BY id",
        (drill.incident_id,),
    )
    return [(f"{row['channel']} {row['address']}", row["state"], row["done_at"]) for row in rows]


def progress(drill: Drill, states: list[tuple[str, str, float | None]], now: datetime, *, broken: str) -> Drill:
    """Return the drill after a look at its texts: finished when all have come to an end, or when it takes too long.

    ``broken`` names the leg that is to blame where no incident has come.
    """
    received = drill.received_at
    if received is not None and states and all(state != "waiting" for _, state, _ in states):
        told = tuple(
            Told(
                recipient=recipient,
                after_s=max(0.0, done - received.timestamp()) if state == "delivered" and done is not None else None,
            )
            for recipient, state, done in states
        )
        missed = [one.recipient for one in told if one.after_s is None]
        return drill.model_copy(
            update={
                "told": told,
                "finished_at": now,
                "outcome": "failed" if missed else "passed",
                "reason": f"not delivered to {', '.join(missed)}" if missed else "",
            }
        )
    if (now - drill.ordered_at).total_seconds() <= LIMIT_S:
        return drill
    waiting = ", ".join(recipient for recipient, state, _ in states if state == "waiting")
    reason = broken if received is None else f"not yet delivered to {waiting or 'anybody'}"
    return drill.model_copy(update={"finished_at": now, "outcome": "failed", "reason": reason})


def _seconds(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
