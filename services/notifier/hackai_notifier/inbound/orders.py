"""Orders of people: acknowledge, false alarm and its undoing, snooze. Applied once, audited, told to all services."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import structlog

from hackai_notifier.delivery import outbox
from hackai_notifier.escalation import disarm, escalations, snooze
from hackai_notifier.escalation.disarm import ALL_CAMERAS
from hackai_notifier.escalation.snooze import Window, WindowBook
from hackai_notifier.inbound.announcements import Announcements
from hackai_notifier.inbound.order_proof import OrderProof, OrderRefused
from hackai_notifier.incident import drills, incidents, media, outgoing
from hackai_notifier.incident.feedback import Feedback
from hackai_notifier.incident.incidents import Incident, Mark, SnoozeMark
from hackai_notifier.storage.database import Database
from hackai_notifier.texts.wording import STILL_RINGS
from hackai_shared.bus import StreamEntry, names
from hackai_shared.messages import AuditRecord, Command, utc_now

log = structlog.get_logger(__name__)

# Incidents that somebody may want to be quiet about.
LOOK_BACK = 200


@dataclass(frozen=True)
class OrderResult:
    """What became of an order, in words for the person who gave it."""

    outcome: Literal["applied", "repeated", "nothing", "unknown", "ignored"]
    message: str
    incident: Incident | None = None


class Orders:
    """Applies commands: those given here at once, those of other services when they come over the stream."""

    def __init__(
        self,
        database: Database,
        feedback: Feedback,
        book: WindowBook,
        *,
        default_snooze_s: float,
        disarm_book: WindowBook | None = None,
        proof: OrderProof,
        announce: Announcements,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._feedback = feedback
        self._book = book
        self._default_snooze_s = default_snooze_s
        self._disarm_book = disarm_book or WindowBook()
        self._proof = proof
        self._announce = announce
        self._changed = changed
        self._clock = clock

    async def restore(self) -> None:
        """Let the stored snoozes continue."""
        for entry in await self._database.run(snooze.load_all):
            self._book.put(entry, wall=utc_now(), monotonic=self._clock())
        for entry in await self._database.run(disarm.load_all):
            self._disarm_book.put(entry, wall=utc_now(), monotonic=self._clock())

    def disarmed(self) -> list[Window]:
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
        """Apply a command of the stream unless it was applied before, or nobody proves to have given it.

        Raises:
            sqlite3.Error: nothing of it happened; it comes again.
        """
        command = entry.message
        try:
            proven = await self._proof.verify(command)
        except OrderRefused as refusal:
            reason = str(refusal)
            log.error("order refused", action=command.action, claims=command.actor.name, reason=reason)
            await self._database.run(lambda connection: self._refuse(connection, command, reason))
            self._changed()
            return
        await self._carry_out(proven, publish=False)

    def _refuse(self, connection: sqlite3.Connection, command: Command, reason: str) -> None:
        record = AuditRecord(
            actor=command.actor.model_copy(update={"proof": ""}),
            action=command.action,
            target=command.incident_id or command.camera_id or "all cameras",
            outcome="refused",
            detail=reason,
        )
        outgoing.put(connection, names.AUDIT, record)
        self._announce.refused(connection, command, reason)

    async def _carry_out(self, command: Command, *, publish: bool) -> OrderResult:
        if command.action == "false_alarm":
            await self._keep_picture(command)
        elif command.action == "undo_false_alarm":
            await self._withdraw_picture(command)
        result, windows = await self._database.run(lambda connection: self._apply(connection, command, publish))
        self._note(command, result, windows)
        log.info("order", action=command.action, incident=command.incident_id, outcome=result.outcome)
        self._changed()
        return result

    def _note(self, command: Command, result: OrderResult, windows: list[Window]) -> None:
        """Let what was written take effect in the books of this process."""
        wall, monotonic = utc_now(), self._clock()
        if command.action in ("disarm", "snooze"):
            book = self._disarm_book if command.action == "disarm" else self._book
            for window in windows:
                book.put(window, wall=wall, monotonic=monotonic)
        elif command.action == "unsnooze":
            for window in windows:
                self._book.remove(window.key)
        elif command.action == "arm" and result.outcome == "applied":
            for window in self._disarm_book.active(wall=wall, monotonic=monotonic):
                if command.camera_id in (None, window.key):
                    self._disarm_book.remove(window.key)

    def _apply(
        self, connection: sqlite3.Connection, command: Command, publish: bool
    ) -> tuple[OrderResult, list[Window]]:
        if _applied(connection, command):
            return OrderResult("repeated", "Already done."), []
        connection.execute("INSERT INTO commands (command_id) VALUES (?)", (command.command_id,))
        connection.execute("DELETE FROM commands WHERE number <= (SELECT max(number) FROM commands) - 10000")
        result, windows = self._take_effect(connection, command)
        if result.outcome == "ignored":
            return result, []
        if publish:
            outgoing.put(connection, names.COMMANDS, self._proof.sign(command))
        record = AuditRecord(
            actor=command.actor,
            action=command.action,
            target=command.incident_id or command.camera_id or "all cameras",
            outcome="failed" if result.outcome == "unknown" else "allowed",
            detail=result.message,
        )
        outgoing.put(connection, names.AUDIT, record)
        return result, windows

    def _take_effect(self, connection: sqlite3.Connection, command: Command) -> tuple[OrderResult, list[Window]]:
        if command.action == "arm":
            disarmed = bool(disarm.load_all(connection))
            disarm.delete(connection, command.camera_id or ALL_CAMERAS)
            if disarmed:
                self._announce.armed(connection, command)
            return OrderResult("applied", "Armed: alarms are sent as usual."), []
        if command.action == "disarm":
            result, entries = _disarm(connection, command)
            for entry in entries:
                self._announce.disarmed(connection, command, entry)
            return result, entries
        if command.action == "drill":
            return _drill(connection, command), []
        if command.action not in ("acknowledge", "false_alarm", "undo_false_alarm", "snooze", "unsnooze"):
            return OrderResult("ignored", f"{command.action} is not for the notifier."), []
        incident = incidents.load(connection, command.incident_id) if command.incident_id else None
        if command.incident_id and incident is None:
            return OrderResult("unknown", "This incident is no longer on record; /incidents lists the latest."), []
        mark = Mark(by=command.actor.name or command.actor.channel, at=command.at)
        if command.action == "unsnooze":
            return self._unsnooze(connection, command, incident)
        if command.action == "snooze":
            return self._snooze(connection, command, incident, mark)
        if incident is None:
            return OrderResult("unknown", "Name an incident; /incidents lists the latest."), []
        apply = {"acknowledge": _acknowledge, "false_alarm": _false_alarm, "undo_false_alarm": _undo_false_alarm}
        result = apply[command.action](incident, mark)
        if result.outcome == "applied" and result.incident is not None:
            _show(connection, result.incident)
            if command.action == "undo_false_alarm" and incident.event.kind == "fire" and incident.open:
                escalations.begin(connection, incident.incident_id, time.time())
        return result, []

    def _snooze(
        self, connection: sqlite3.Connection, command: Command, incident: Incident | None, mark: Mark
    ) -> tuple[OrderResult, list[Window]]:
        known = [incident] if incident is not None else self._ringing(connection, command.camera_id)
        if not known:
            return OrderResult("nothing", f"Nothing to snooze: no open incident{_at(command)}. New alarms ring."), []
        started_at = min(mark.at, utc_now())  # an order dated into the future must not silence for longer
        duration_s = min(command.duration_s or self._default_snooze_s, snooze.LONGEST_S)
        windows = []
        for one in known:
            window = Window(key=one.incident_id, by=mark.by, started_at=started_at, duration_s=duration_s)
            snooze.save(connection, window)
            incident = _next(one, snoozed=SnoozeMark(by=mark.by, at=mark.at, until=window.until))
            _show(connection, incident)
            windows.append(window)
        whom = ", ".join(dict.fromkeys(one.event.camera_name for one in known))
        minutes = max(1, round(duration_s / 60))
        return OrderResult("applied", f"{whom}: snoozed for {minutes} min. {STILL_RINGS}", incident), windows

    def _unsnooze(
        self, connection: sqlite3.Connection, command: Command, incident: Incident | None
    ) -> tuple[OrderResult, list[Window]]:
        ended = []
        for window in self._book.active(wall=utc_now(), monotonic=self._clock()):
            one = incidents.load(connection, window.key)
            named = incident is None or window.key == incident.incident_id
            if one is None or not named or command.camera_id not in (None, one.event.camera_id):
                continue
            snooze.delete(connection, window.key)
            _show(connection, _next(one, snoozed=None))
            ended.append(window)
        if not ended:
            return OrderResult("nothing", f"Nothing was snoozed{_at(command)}."), []
        return OrderResult("applied", f"Snooze ended{_at(command)}: alarms ring again."), ended

    def _ringing(self, connection: sqlite3.Connection, camera_id: str | None) -> list[Incident]:
        """Return what may ring: open incidents, and fires whose escalation goes on after they were last seen."""
        climbing = {climb.incident_id for climb in escalations.running(connection)}
        found = incidents.newest(connection, limit=LOOK_BACK, camera_id=camera_id)
        return [one for one in found if one.open or one.incident_id in climbing]

    async def _keep_picture(self, command: Command) -> None:
        """Store the feedback picture first: should the process die in between, the order is repeated and finds it."""
        wanted = command.incident_id or ""

        def read(connection: sqlite3.Connection) -> tuple[Incident | None, bytes | None]:
            if _applied(connection, command):  # it comes over the stream as well, perhaps after it was undone
                return None, None
            return incidents.load(connection, wanted), media.load(connection, wanted, "frame")

        incident, frame = await self._database.run(read)
        if incident is None or frame is None or incident.event.kind != "fire":
            return  # the picture of a covered camera, or of a drill, teaches nothing about fires
        by = command.actor.name or command.actor.id
        try:
            await asyncio.to_thread(self._feedback.false_alarm, incident, frame, by=by, at=command.at)
        except OSError as error:
            log.error("cannot keep the picture of a false alarm", incident=wanted, error=str(error))

    async def _withdraw_picture(self, command: Command) -> None:
        """Take back what a false alarm taught: the picture of a real fire must not be labeled as none."""

        def read(connection: sqlite3.Connection) -> Incident | None:
            if _applied(connection, command):  # somebody may have called it false again since
                return None
            return incidents.load(connection, command.incident_id or "")

        incident = await self._database.run(read)
        if incident is None:
            return
        try:
            await asyncio.to_thread(self._feedback.withdraw, incident)
        except OSError as error:
            log.error("cannot withdraw the picture of a false alarm", incident=command.incident_id, error=str(error))


def _applied(connection: sqlite3.Connection, command: Command) -> bool:
    found = connection.execute("SELECT 1 FROM commands WHERE command_id = ?", (command.command_id,)).fetchone()
    return found is not None


def _drill(connection: sqlite3.Connection, command: Command) -> OrderResult:
    if not drills.begin(connection, command):
        return OrderResult("repeated", "A drill is already running.")
    return OrderResult("applied", "Drill started: a test fire is shown now. The latency of each stage follows here.")


def _at(command: Command) -> str:
    return f" at {command.camera_id}" if command.camera_id else ""


def _disarm(connection: sqlite3.Connection, command: Command) -> tuple[OrderResult, list[Window]]:
    # A chat, or a service, is not enough: somebody's face was seen, and the trail says whose.
    if not command.actor.proof.startswith("session:") or command.duration_s is None:
        return OrderResult("unknown", "Disarming needs a person's login (/login) and a duration (/disarm 30m)."), []
    entry = Window(
        key=command.camera_id or ALL_CAMERAS,
        by=command.actor.name or command.actor.id,
        started_at=min(command.at, utc_now()),
        duration_s=min(command.duration_s, disarm.LONGEST_S),
    )
    disarm.save(connection, entry)
    minutes = max(1, round(entry.duration_s / 60))
    message = f"Disarmed for {minutes} min: new incidents are recorded, nobody is notified until then."
    still_open = sum(1 for one in incidents.newest(connection, limit=disarm.LOOK_BACK) if one.open and not one.untold)
    if still_open:
        plural = "" if still_open == 1 else "s"
        message += f" {still_open} open incident{plural} cannot be disarmed and still alert{'s' if not plural else ''}."
    return OrderResult("applied", message), [entry]


def _acknowledge(incident: Incident, mark: Mark) -> OrderResult:
    if incident.acknowledged:
        return OrderResult("repeated", f"Already acknowledged by {incident.acknowledged.by}.", incident)
    return OrderResult("applied", "Acknowledged.", _next(incident, acknowledged=mark))


def _false_alarm(incident: Incident, mark: Mark) -> OrderResult:
    if incident.false_alarm:
        return OrderResult("repeated", f"Already marked as a false alarm by {incident.false_alarm.by}.", incident)
    return OrderResult("applied", "Marked as a false alarm, thank you.", _next(incident, false_alarm=mark))


def _undo_false_alarm(incident: Incident, _mark: Mark) -> OrderResult:
    if incident.false_alarm is None:
        return OrderResult("repeated", "It is not marked as a false alarm.", incident)
    kept = incident.acknowledged.by if incident.acknowledged else None
    follows = f"It stays acknowledged by {kept}." if kept else "It alerts again until somebody acknowledges it."
    if not incident.open:
        follows = f"It stays acknowledged by {kept}." if kept else "It counts as unacknowledged."
    return OrderResult("applied", f"No longer a false alarm. {follows}", _next(incident, false_alarm=None))


def _next(incident: Incident, **changes: object) -> Incident:
    return incident.model_copy(update={**changes, "version": incident.version + 1})


def _show(connection: sqlite3.Connection, incident: Incident) -> None:
    incidents.save(connection, incident)
    outbox.enqueue_edits(connection, incident.incident_id, incident.version)
