"""Orders of people: acknowledge, false alarm, snooze. Applied once, audited, and told to the other services."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import structlog

from hackai_notifier.delivery import outbox
from hackai_notifier.escalation import disarm, snooze
from hackai_notifier.escalation.snooze import ALL_CAMERAS, Snooze, SnoozeBook
from hackai_notifier.incident import drills, incidents, media, outgoing
from hackai_notifier.incident.feedback import Feedback
from hackai_notifier.incident.incidents import Incident, Mark, SnoozeMark, severity
from hackai_notifier.storage.database import Database
from hackai_shared.bus import StreamEntry, names
from hackai_shared.messages import AuditRecord, Command, utc_now

log = structlog.get_logger(__name__)

# A snooze of a camera without an incident silences everything up to a fire: whoever asks for it expects flames.
WORST = max(incidents.SEVERITY.values())


@dataclass(frozen=True)
class OrderResult:
    """What became of an order, in words for the person who gave it."""

    outcome: Literal["applied", "repeated", "unknown", "ignored"]
    message: str
    incident: Incident | None = None


class Orders:
    """Applies commands: those given here at once, those of other services when they come over the stream."""

    def __init__(
        self,
        database: Database,
        feedback: Feedback,
        book: SnoozeBook,
        *,
        default_snooze_s: float,
        disarm_book: SnoozeBook | None = None,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._feedback = feedback
        self._book = book
        self._default_snooze_s = default_snooze_s
        self._disarm_book = disarm_book or SnoozeBook()
        self._changed = changed
        self._clock = clock

    async def restore(self) -> None:
        """Let the stored snoozes continue."""
        for entry in await self._database.run(snooze.load_all):
            self._book.put(entry, wall=utc_now(), monotonic=self._clock())
        for entry in await self._database.run(disarm.load_all):
            self._disarm_book.put(entry, wall=utc_now(), monotonic=self._clock())

    def disarmed(self) -> list[Snooze]:
        """Return what is disarmed now."""
        return self._disarm_book.active(wall=utc_now(), monotonic=self._clock())

    async def submit(self, command: Command) -> OrderResult:
        """Apply an order given to this service, and publish it.

        It takes effect at once, also while Redis is away; the stream entry follows and is recognised by its id.

        Raises:
            sqlite3.Error: nothing of it happened.
        """
        return await self._carry_out(command, publish=True)

    async def consume(self, entry: StreamEntry[Command]) -> None:
        """Apply a command of the stream unless it was applied before."""
        await self._carry_out(entry.message, publish=False)

    async def _carry_out(self, command: Command, *, publish: bool) -> OrderResult:
        if command.action == "false_alarm":
            await self._keep_picture(command)
        result, entry = await self._database.run(lambda connection: self._apply(connection, command, publish))
        if entry is not None and command.action == "disarm":
            self._disarm_book.put(entry, wall=utc_now(), monotonic=self._clock())
        elif command.action == "arm" and result.outcome == "applied":
            for armed in self._disarm_book.active(wall=utc_now(), monotonic=self._clock()):
                if command.camera_id in (None, armed.camera_id):
                    self._disarm_book.remove(armed.camera_id)
        elif entry is not None:
            self._book.put(entry, wall=utc_now(), monotonic=self._clock())
        elif command.action == "unsnooze" and result.outcome == "applied":
            self._book.remove(command.camera_id or ALL_CAMERAS)
        log.info("order", action=command.action, incident=command.incident_id, outcome=result.outcome)
        self._changed()
        return result

    def _apply(
        self, connection: sqlite3.Connection, command: Command, publish: bool
    ) -> tuple[OrderResult, Snooze | None]:
        known = connection.execute("SELECT 1 FROM commands WHERE command_id = ?", (command.command_id,)).fetchone()
        if known is not None:
            return OrderResult("repeated", "Already done."), None
        connection.execute("INSERT INTO commands (command_id) VALUES (?)", (command.command_id,))
        connection.execute("DELETE FROM commands WHERE number <= (SELECT max(number) FROM commands) - 10000")
        result, entry = self._take_effect(connection, command)
        if result.outcome == "ignored":
            return result, None
        if publish:
            outgoing.put(connection, names.COMMANDS, command)
        record = AuditRecord(
            actor=command.actor,
            action=command.action,
            target=command.incident_id or command.camera_id or "all cameras",
            outcome="failed" if result.outcome == "unknown" else "allowed",
            detail=result.message,
        )
        outgoing.put(connection, names.AUDIT, record)
        return result, entry

    def _take_effect(self, connection: sqlite3.Connection, command: Command) -> tuple[OrderResult, Snooze | None]:
        if command.action in ("arm", "disarm"):
            return _arming(connection, command)
        if command.action == "drill":
            return _drill(connection, command), None
        if command.action not in ("acknowledge", "false_alarm", "snooze", "unsnooze"):
            return OrderResult("ignored", f"{command.action} is not for the notifier."), None
        incident = incidents.load(connection, command.incident_id) if command.incident_id else None
        if command.incident_id and incident is None:
            return OrderResult("unknown", "This incident is not known (any more)."), None
        by = command.actor.name or command.actor.channel
        mark = Mark(by=by, at=command.at)
        if command.action == "unsnooze":
            snooze.delete(connection, command.camera_id or ALL_CAMERAS)
            return OrderResult("applied", "Alarms ring again."), None
        if command.action == "snooze":
            return self._snooze(connection, command, incident, mark)
        if incident is None:
            return OrderResult("unknown", "An incident has to be named."), None
        result = _acknowledge(incident, mark) if command.action == "acknowledge" else _false_alarm(incident, mark)
        if result.outcome == "applied" and result.incident is not None:
            _show(connection, result.incident)
        return result, None

    def _snooze(
        self, connection: sqlite3.Connection, command: Command, incident: Incident | None, mark: Mark
    ) -> tuple[OrderResult, Snooze | None]:
        entry = Snooze(
            camera_id=incident.event.camera_id if incident else command.camera_id or ALL_CAMERAS,
            severity=severity(incident.event.label) if incident else WORST,
            by=mark.by,
            started_at=min(mark.at, utc_now()),  # an order dated into the future must not silence for longer
            duration_s=min(command.duration_s or self._default_snooze_s, snooze.LONGEST_S),
        )
        snooze.save(connection, entry)
        if incident is not None:
            until = entry.started_at + timedelta(seconds=entry.duration_s)
            incident = _next(incident, snoozed=SnoozeMark(by=mark.by, at=mark.at, until=until))
            _show(connection, incident)
        whom = incident.event.camera_name if incident else command.camera_id or "All cameras"
        minutes = max(1, round(entry.duration_s / 60))
        return OrderResult("applied", f"{whom}: silent for {minutes} min. Anything worse still rings.", incident), entry

    async def _keep_picture(self, command: Command) -> None:
        """Store the feedback picture first: should the process die in between, the order is repeated and finds it."""
        wanted = command.incident_id or ""

        def read(connection: sqlite3.Connection) -> tuple[Incident | None, bytes | None]:
            return incidents.load(connection, wanted), media.load(connection, wanted, "frame")

        incident, frame = await self._database.run(read)
        if incident is None or frame is None or incident.event.kind != "fire":
            return  # the picture of a covered camera, or of a drill, teaches nothing about fires
        by = command.actor.name or command.actor.id
        try:
            await asyncio.to_thread(self._feedback.false_alarm, incident, frame, by=by, at=command.at)
        except OSError as error:
            log.error("cannot keep the picture of a false alarm", incident=wanted, error=str(error))


def _drill(connection: sqlite3.Connection, command: Command) -> OrderResult:
    if not drills.begin(connection, command):
        return OrderResult("repeated", "A drill is running already.")
    return OrderResult("applied", "Drill: a known fire is shown now. What each leg took is reported here.")


def _arming(connection: sqlite3.Connection, command: Command) -> tuple[OrderResult, Snooze | None]:
    if command.action == "arm":
        disarm.delete(connection, command.camera_id or ALL_CAMERAS)
        return OrderResult("applied", "Armed: alarms come as usual."), None
    # Whoever can write to the stream is not enough: somebody's face was seen, and the trail says whose.
    if not command.actor.proof.startswith("session:") or command.duration_s is None:
        return OrderResult("unknown", "Disarming needs a session of a person and a duration."), None
    entry = Snooze(
        camera_id=command.camera_id or ALL_CAMERAS,
        severity=WORST,
        by=command.actor.name or command.actor.id,
        started_at=min(command.at, utc_now()),
        duration_s=min(command.duration_s, disarm.LONGEST_S),
    )
    disarm.save(connection, entry)
    message = f"Disarmed for {max(1, round(entry.duration_s / 60))} min. New incidents are recorded, nobody is told."
    still_open = sum(1 for one in incidents.newest(connection, limit=disarm.LOOK_BACK) if one.open and not one.untold)
    if still_open:
        message += f" {still_open} open incident(s) go on as before: they cannot be disarmed away."
    return OrderResult("applied", message), entry


def _acknowledge(incident: Incident, mark: Mark) -> OrderResult:
    if incident.acknowledged:
        return OrderResult("repeated", f"Already acknowledged by {incident.acknowledged.by}.", incident)
    return OrderResult("applied", "Acknowledged.", _next(incident, acknowledged=mark))


def _false_alarm(incident: Incident, mark: Mark) -> OrderResult:
    if incident.false_alarm:
        return OrderResult("repeated", f"Already marked as false alarm by {incident.false_alarm.by}.", incident)
    return OrderResult("applied", "Marked as false alarm, thank you.", _next(incident, false_alarm=mark))


def _next(incident: Incident, **changes: object) -> Incident:
    return incident.model_copy(update={**changes, "version": incident.version + 1})


def _show(connection: sqlite3.Connection, incident: Incident) -> None:
    incidents.save(connection, incident)
    outbox.enqueue_edits(connection, incident.incident_id, incident.version)
