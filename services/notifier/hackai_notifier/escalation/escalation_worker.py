"""Takes the steps of the escalation when they are due; each in one transaction with the note that it was taken."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace

import structlog

from hackai_notifier.delivery import outbox
from hackai_notifier.delivery.plan import PlannedStep
from hackai_notifier.escalation import escalations
from hackai_notifier.escalation.ladder import Escalation, Ladder, decide
from hackai_notifier.escalation.snooze import WindowBook
from hackai_notifier.incident import incidents, media
from hackai_notifier.incident.incidents import Incident, Mark
from hackai_notifier.people.naming import Naming
from hackai_notifier.people.recipients import Directory, Recipient
from hackai_notifier.stopping import pause
from hackai_notifier.storage.database import Database
from hackai_notifier.texts.render import Writer
from hackai_shared.messages import utc_now

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.5


class EscalationWorker:
    """Looks every half second who has to be told now.

    While the process runs the monotonic clock counts; over a restart the wall clock does, never for longer than the
    step has to wait.
    """

    def __init__(
        self,
        database: Database,
        directory: Directory,
        book: WindowBook,
        writer: Writer,
        ladder: Ladder,
        naming: Naming,
        *,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._directory = directory
        self._book = book
        self._writer = writer
        self._ladder = ladder
        self._naming = naming
        self._changed = changed
        self._clock = clock
        # By incident, level and beginning: a step that was taken has another due time, and so has one begun anew.
        self._due: dict[tuple[str, int, float], float] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Look until ``stop`` is set."""
        while not stop.is_set():
            try:
                taken = await self._database.run(self._look)
            except sqlite3.Error as error:
                log.error("cannot escalate, trying again", error=str(error))
                taken = 0
            if taken:
                self._changed()
            await pause(stop, LOOK_EVERY_S)

    def _look(self, connection: sqlite3.Connection) -> int:
        found = escalations.running(connection)
        present = {climb.incident_id for climb in found}
        self._due = {key: due for key, due in self._due.items() if key[0] in present}
        return sum(self._advance(connection, climb) for climb in found)

    def _advance(self, connection: sqlite3.Connection, climb: Escalation) -> bool:
        """Do what has to be done for one incident; return whether anything waits to be sent."""
        incident = incidents.load(connection, climb.incident_id)
        if incident is None:
            escalations.end(connection, climb.incident_id)
            return False
        snoozed = self._book.find(incident.incident_id, wall=utc_now(), monotonic=self._clock())
        silenced = incident.snoozed is not None and snoozed is not None
        due = self._clock() >= self._due_at(climb)
        action = decide(climb, incident, self._ladder, silenced=silenced, due=due)
        if action == "stop":
            escalations.end(connection, climb.incident_id)
        elif action == "pause":
            escalations.save(connection, replace(climb, paused=True))
        elif action == "resume":
            self._resume(connection, climb, incident)
        elif action == "climb":
            self._climb(connection, climb, incident)
        return action in ("resume", "climb")

    def _due_at(self, climb: Escalation) -> float:
        key = climb.incident_id, climb.level, climb.started_at
        if key not in self._due:
            due_s, gap_s = self._ladder.due_s(climb.level), self._ladder.gap_s(climb.level)
            if due_s is None or gap_s is None:
                return float("inf")
            left_s = climb.started_at + due_s - time.time()
            self._due[key] = self._clock() + min(max(0.0, left_s), gap_s)
        return self._due[key]

    def _resume(self, connection: sqlite3.Connection, climb: Escalation, incident: Incident) -> None:
        now = time.time()
        body = self._writer.still_there(incident)
        everybody = outbox.addressed(connection, incident.incident_id)
        self._remind(connection, incident, body, f"snooze {now:.0f}", everybody)
        # The next step has its whole time again: whoever hears of it now has to get a chance to answer.
        before_s = (self._ladder.due_s(climb.level - 1) or 0.0) if climb.level else 0.0
        escalations.save(connection, replace(climb, paused=False, started_at=now - before_s))
        log.warning("snooze is over, still there", incident=climb.incident_id)

    def _climb(self, connection: sqlite3.Connection, climb: Escalation, incident: Incident) -> None:
        step = self._ladder.step(climb.level)
        audiences = self._directory.addressed(step.chats, step.webhooks) if step is not None else []
        # Also those whom the text could not reach: their receiver may be back.
        before = outbox.addressed(connection, incident.incident_id)
        new = [audience for audience in audiences if audience.recipient not in before]
        names = self._naming.listed(connection, [one.recipient for one in new])
        if new:
            mark = Mark(by=names, at=utc_now())
            incident = incident.model_copy(
                update={"told_further": (*incident.told_further, mark), "version": incident.version + 1}
            )
            incidents.save(connection, incident)
            outbox.enqueue_edits(connection, incident.incident_id, incident.version)
        has_photo = media.load(connection, incident.incident_id, "photo") is not None
        steps = [PlannedStep("text", audience.recipient) for audience in new]
        steps += [PlannedStep("photo", one.recipient, True) for one in new if one.pictures and has_photo]
        outbox.enqueue(connection, incident.incident_id, steps, incident.version)
        body = self._writer.reminder(incident, max(0.0, time.time() - climb.started_at), names)
        self._remind(connection, incident, body, f"level {climb.level + 1}", before)
        escalations.save(connection, replace(climb, level=climb.level + 1))
        log.warning("not acknowledged", incident=climb.incident_id, level=climb.level + 1, told=names or "reminder")

    def _remind(
        self,
        connection: sqlite3.Connection,
        incident: Incident,
        body: str,
        subject: str,
        recipients: list[Recipient],
    ) -> None:
        reminders = [PlannedStep("reminder", to, subject=subject, body=body) for to in recipients]
        outbox.enqueue(connection, incident.incident_id, reminders, incident.version)
