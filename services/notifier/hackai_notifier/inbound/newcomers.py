"""Tells of a fire that burns already: to a chat that was added, that returns, or that logs in."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable

import structlog

from hackai_notifier.delivery import outbox
from hackai_notifier.delivery.plan import PlannedStep
from hackai_notifier.incident import incidents, media
from hackai_notifier.incident.incidents import Incident
from hackai_notifier.people.recipients import Audience, Directory, Recipient
from hackai_notifier.stopping import pause
from hackai_notifier.storage.database import Database
from hackai_notifier.texts.render import Writer

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 2.0


class Newcomers:
    """Looks every two seconds for somebody who is to be told of fires and has not been told of an open one."""

    def __init__(
        self, database: Database, directory: Directory, writer: Writer, *, changed: Callable[[], None]
    ) -> None:
        self._database = database
        self._directory = directory
        self._writer = writer
        self._changed = changed

    async def run(self, stop: asyncio.Event) -> None:
        """Look until ``stop`` is set."""
        while not stop.is_set():
            try:
                told = await self._database.run(self._look)
            except sqlite3.Error as error:
                log.error("cannot look for newcomers, trying again", error=str(error))
                told = 0
            if told:
                self._changed()
            await pause(stop, LOOK_EVERY_S)

    async def returned(self, recipient: Recipient) -> int:
        """Tell somebody who has come back, or logged in, of every open fire; return how many there are."""
        told = await self._database.run(lambda connection: self._welcome(connection, recipient))
        if told:
            self._changed()
        return told

    def _look(self, connection: sqlite3.Connection) -> int:
        told = 0
        for incident in _burning(connection):
            known = outbox.recipients_of(connection, incident.incident_id)
            for audience in self._directory.audiences():
                if audience.recipient not in known:
                    self._tell(connection, incident, audience)
                    told += 1
        return told

    def _welcome(self, connection: sqlite3.Connection, recipient: Recipient) -> int:
        burning = _burning(connection)
        for incident in burning:
            state = outbox.text_state(connection, incident.incident_id, recipient)
            audience = self._directory.audience_of(recipient)
            if state == "delivered":
                # They have the alarm, perhaps without pictures and long ago: what goes on is said anew, with sound.
                steps = [PlannedStep("reminder", recipient, subject=f"return {time.time():.0f}",
                                     body=self._writer.open_now(incident))]  # fmt: skip
                outbox.enqueue(connection, incident.incident_id, steps, incident.version)
                self._pictures(connection, incident, audience)
            elif state == "dead":
                outbox.revive(connection, incident.incident_id, recipient)
            elif state is None:
                self._tell(connection, incident, audience)
        return len(burning)

    def _tell(self, connection: sqlite3.Connection, incident: Incident, audience: Audience) -> None:
        log.warning("telling a newcomer", incident=incident.incident_id, channel=audience.recipient.channel)
        text = PlannedStep("text", audience.recipient)
        outbox.enqueue(connection, incident.incident_id, [text], incident.version)
        self._pictures(connection, incident, audience)

    def _pictures(self, connection: sqlite3.Connection, incident: Incident, audience: Audience) -> None:
        if audience.pictures and media.load(connection, incident.incident_id, "photo") is not None:
            photo = PlannedStep("photo", audience.recipient, silent=True)
            outbox.enqueue(connection, incident.incident_id, [photo], incident.version)


def _burning(connection: sqlite3.Connection) -> list[Incident]:
    found = [one for one in incidents.open_ones(connection) if one.event.kind == "fire"]
    return [one for one in found if not one.untold and one.false_alarm is None]
