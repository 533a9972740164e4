"""Disarmed for a while: new incidents are recorded and shown on the console, nobody else is told.

It ends by itself, on both clocks like a snooze. An incident that is open already goes on as if nothing had been said;
one that begins meanwhile and is still open at the end is told then, as a new one.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence

import structlog

from hackai_notifier.delivery import outbox
from hackai_notifier.delivery.plan import plan_event
from hackai_notifier.escalation import escalations
from hackai_notifier.escalation.snooze import Window, WindowBook
from hackai_notifier.incident import incidents, media
from hackai_notifier.people.recipients import Audience, Directory
from hackai_notifier.storage.database import Database
from hackai_shared.messages import utc_now

log = structlog.get_logger(__name__)

ALL_CAMERAS = "*"
LONGEST_S = 8 * 3600.0
LOOK_EVERY_S = 1.0
# Incidents that may have begun within the longest time.
LOOK_BACK = 200
_RECORDING = "console"


def recorded_only(audiences: Sequence[Audience]) -> list[Audience]:
    """Return those who are told while disarmed: the record on the console."""
    return [audience for audience in audiences if audience.recipient.channel == _RECORDING]


def told_later(audiences: Sequence[Audience]) -> list[Audience]:
    """Return those who have to be told at the end."""
    return [audience for audience in audiences if audience.recipient.channel != _RECORDING]


def save(connection: sqlite3.Connection, entry: Window) -> None:
    """Store it, so that it goes on, and ends, over a restart."""
    connection.execute("INSERT OR REPLACE INTO disarms VALUES (?, ?)", (entry.key, entry.model_dump_json()))


def delete(connection: sqlite3.Connection, camera_id: str) -> None:
    """Arm a camera again, or all."""
    connection.execute("DELETE FROM disarms WHERE ?1 = ?2 OR camera_id = ?1", (camera_id, ALL_CAMERAS))


def load_all(connection: sqlite3.Connection) -> list[Window]:
    """Return what is stored."""
    return [Window.model_validate_json(row["document"]) for row in connection.execute("SELECT document FROM disarms")]


class DisarmWatch:
    """Tells what is still open when a disarmed time ends."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        book: WindowBook,
        *,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._directory = directory
        self._book = book
        self._changed = changed
        self._clock = clock

    def disarmed(self, camera_id: str) -> Window | None:
        """Return what keeps a camera disarmed now; None: it is armed."""
        return self._book.find(camera_id, ALL_CAMERAS, wall=utc_now(), monotonic=self._clock())

    async def run(self, stop: asyncio.Event) -> None:
        """Look every second until ``stop`` is set."""
        while not stop.is_set():
            try:
                told = await self._database.run(self._tell_open)
            except sqlite3.Error as error:
                log.error("cannot look for incidents of a disarmed time", error=str(error))
                told = 0
            if told:
                self._changed()
            try:
                await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
            except TimeoutError:
                continue

    def _tell_open(self, connection: sqlite3.Connection) -> int:
        told = 0
        for incident in incidents.newest(connection, limit=LOOK_BACK):
            if not incident.untold or not incident.open or self.disarmed(incident.event.camera_id) is not None:
                continue
            has_picture = media.load(connection, incident.incident_id, "photo") is not None
            audiences = told_later(self._directory.audiences())
            steps = plan_event(incident.event, first=True, has_picture=has_picture, audiences=audiences, silent=False)
            known = incident.model_copy(update={"untold": False, "version": incident.version + 1})
            incidents.save(connection, known)
            if incident.event.kind == "fire":
                escalations.begin(connection, incident.incident_id, time.time())
            outbox.enqueue(connection, incident.incident_id, steps, known.version)
            log.warning("still open after the disarmed time, telling now", incident=incident.incident_id)
            told += 1
        return told
