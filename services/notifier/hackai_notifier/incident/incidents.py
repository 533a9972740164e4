"""What the notifier knows about an incident, how an event changes it (pure), and its table."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from hackai_shared.messages import IncidentEvent, utc_now
from hackai_shared.reserved import CANARY_CAMERA

# Order of danger; what is not listed (faults of cameras, drills of other kinds) is not a fire at all.
SEVERITY = {"start_fire": 1, "fire": 2}


# A fire that is seen again within this time is said to be back.
COMES_BACK = timedelta(minutes=15)
LAST_FIRES = 20
# A frame with a lower score shows nothing of the fire: "not visible right now".
VISIBLE_FROM = 0.5
# A fire that was told this long ago, or that somebody answered, is told again when it begins to grow.
GROWTH_APART = timedelta(seconds=60)

Action = Literal["acknowledge", "false_alarm", "undo_false_alarm", "snooze"]


def severity(label: str) -> int:
    """Return 2 for a fire, 1 for a starting fire, 0 for anything else."""
    return SEVERITY.get(label, 0)


class Mark(BaseModel):
    """Who did something to an incident, and when."""

    model_config = ConfigDict(frozen=True)

    by: str
    at: datetime


class SnoozeMark(Mark):
    """Who silenced this incident, and until when."""

    until: datetime


class Return(BaseModel):
    """A fire was seen here shortly before: when that was over, and who had acknowledged it."""

    model_config = ConfigDict(frozen=True)

    over_at: datetime
    acknowledged_by: str | None = None


class Incident(BaseModel):
    """The newest state of an incident; ``version`` grows with everything that people can see."""

    model_config = ConfigDict(frozen=True)

    event: IncidentEvent
    first_label: str
    version: int = 1
    received_at: datetime
    cleared_at: datetime | None = None
    acknowledged: Mark | None = None
    false_alarm: Mark | None = None
    snoozed: SnoozeMark | None = None
    told_further: tuple[Mark, ...] = ()
    """Whom the escalation told as well, and when."""
    acknowledged_before: Mark | None = None
    """Who acknowledged it, or called it a false alarm, before it grew worse: that has to be answered again."""
    returned: Return | None = None
    untold: bool = False
    """It began while its camera was disarmed, and nobody but the console was told."""
    closed_because: str | None = None
    """Why it was closed without having been seen to end: its camera was removed or disabled."""
    growths: int = 0
    """How often people were told that it grows."""
    rang_at: datetime | None = None
    """When it last rang, by the wall clock."""

    @property
    def incident_id(self) -> str:
        """The id."""
        return self.event.incident_id

    @property
    def file_name(self) -> str:
        """The id as a file name: what comes over the bus must not lead out of a folder."""
        return re.sub(r"[^A-Za-z0-9_-]", "_", self.incident_id)[:100]

    @property
    def open(self) -> bool:
        """Whether the fire is still seen."""
        return self.cleared_at is None

    @property
    def answered(self) -> bool:
        """Whether somebody said that they know of it."""
        return self.acknowledged is not None or self.false_alarm is not None

    @property
    def visible(self) -> bool:
        """Whether the last frame that was told of shows it."""
        return self.open and self.event.score >= VISIBLE_FROM

    @property
    def actions(self) -> tuple[Action, ...]:
        """What can be done about it now: the buttons of the chat and of the page are these, and no others."""
        if self.false_alarm is not None:
            return ("undo_false_alarm",)
        actions: list[Action] = [] if self.acknowledged else ["acknowledge"]
        actions.append("false_alarm")
        if self.open and self.snoozed is None:
            actions.append("snooze")
        return tuple(actions)

    @property
    def worsened(self) -> bool:
        """Whether it grew worse than it began."""
        return severity(self.event.label) > severity(self.first_label)


def merge(known: Incident | None, event: IncidentEvent) -> Incident:
    """Return the incident after an event.

    Events may arrive twice or out of order (after an outage): the highest revision decides about the state, and a
    label never becomes harmless again. What is new (worse, at a further place, growing) is not what somebody snoozed.
    """
    cleared_at = event.created_at if event.change == "cleared" else None
    if known is None:
        return Incident(
            event=event, first_label=event.label, received_at=utc_now(), cleared_at=cleared_at, rang_at=utc_now()
        )
    newer, older = (event, known.event) if event.revision >= known.event.revision else (known.event, event)
    worst = max(newer, older, key=lambda one: severity(one.label))
    first = event.label if event.change == "opened" else known.first_label
    worse = severity(worst.label) > severity(known.event.label)
    further = further_place(known, event) is not None
    growing = begins_to_grow(known, event)
    answered = known.acknowledged or (known.false_alarm if further else None)
    state = newer.model_copy(update={"label": worst.label, "peak_score": max(newer.peak_score, older.peak_score)})
    news = worse or further or growing
    return known.model_copy(
        update={
            "event": state,
            "first_label": first,
            "version": known.version + 1,
            # A camera that was removed and is back sees it again: it is open as before.
            "cleared_at": cleared_at or (None if known.closed_because else known.cleared_at),
            "closed_because": None,
            "acknowledged": None if worse or further else known.acknowledged,
            "acknowledged_before": answered if worse or further else known.acknowledged_before,
            # Whoever knew the lamp at one place did not speak of another one.
            "false_alarm": None if further else known.false_alarm,
            "snoozed": None if news else known.snoozed,
            "growths": known.growths + growing,
            "rang_at": utc_now() if news else known.rang_at,
        }
    )


def begins_to_grow(known: Incident | None, event: IncidentEvent) -> bool:
    """Return whether an event tells that a known fire has begun to grow, and nobody heard so lately."""
    if known is None or event.kind != "fire" or event.change != "updated" or event.revision < known.event.revision:
        return False
    if event.trend != "growing" or known.event.trend == "growing" or known.false_alarm is not None:
        return False
    heard = known.rang_at or known.received_at
    return known.acknowledged is not None or known.snoozed is not None or utc_now() - heard >= GROWTH_APART


def further_place(known: Incident | None, event: IncidentEvent) -> int | None:
    """Return the how-manieth place an event tells of, where it tells of a fire at a further one; else None."""
    if known is None or event.change != "worsened" or severity(event.label) != severity(known.event.label):
        return None
    return len(event.places) if len(event.places) > max(1, len(known.event.places)) else None


def load(connection: sqlite3.Connection, incident_id: str) -> Incident | None:
    """Return an incident; None: unknown."""
    row = connection.execute("SELECT document FROM incidents WHERE incident_id = ?", (incident_id,)).fetchone()
    return None if row is None else Incident.model_validate_json(row["document"])


def save(connection: sqlite3.Connection, incident: Incident) -> None:
    """Insert or replace an incident."""
    connection.execute(
        """
        INSERT INTO incidents (incident_id, camera_id, version, document) VALUES (?, ?, ?, ?)
        ON CONFLICT (incident_id) DO UPDATE SET version = excluded.version, document = excluded.document
        """,
        (incident.incident_id, incident.event.camera_id, incident.version, incident.model_dump_json()),
    )


def newest(connection: sqlite3.Connection, *, limit: int, camera_id: str | None = None) -> list[Incident]:
    """Return the last incidents, newest first; canaries and notices of the house are none."""
    rows = connection.execute(
        """
        SELECT document FROM incidents WHERE (?1 IS NULL OR camera_id = ?1) AND camera_id != ?3
        ORDER BY number DESC LIMIT ?2
        """,
        (camera_id, limit, CANARY_CAMERA),
    )
    return [Incident.model_validate_json(row["document"]) for row in rows]


def open_ones(connection: sqlite3.Connection) -> list[Incident]:
    """Return the incidents of cameras that have not ended, oldest first."""
    rows = connection.execute(
        """
        SELECT document FROM incidents WHERE json_extract(document, '$.cleared_at') IS NULL AND camera_id != ?
        ORDER BY number
        """,
        (CANARY_CAMERA,),
    )
    return [Incident.model_validate_json(row["document"]) for row in rows]


def fires_of(connection: sqlite3.Connection, camera_id: str) -> list[Incident]:
    """Return the last fires of a camera, newest first."""
    return [one for one in newest(connection, limit=LAST_FIRES, camera_id=camera_id) if one.event.kind == "fire"]


def return_of(event: IncidentEvent, earlier: Sequence[Incident]) -> Return | None:
    """Return the earlier fire of the same camera that an opened one is the return of; None: it is the first."""
    for one in earlier:
        if one.cleared_at is None or one.incident_id == event.incident_id:
            continue
        if timedelta(0) <= event.confirmed_at - one.cleared_at <= COMES_BACK:
            return Return(over_at=one.cleared_at, acknowledged_by=one.acknowledged.by if one.acknowledged else None)
    return None


def seen(connection: sqlite3.Connection, event: IncidentEvent) -> bool:
    """Return whether an event was taken in before."""
    return connection.execute("SELECT 1 FROM events WHERE event_id = ?", (event.event_id,)).fetchone() is not None


def remember(connection: sqlite3.Connection, event: IncidentEvent) -> None:
    """Note that an event was taken in."""
    connection.execute("INSERT INTO events VALUES (?, ?)", (event.event_id, event.incident_id))
