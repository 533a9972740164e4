"""Takes incidents from the stream into the outbox: one transaction, then the stream entry is acknowledged.

Everything that is needed to tell the incident, pictures included, is in the database before Redis may forget it.
"""

from __future__ import annotations

import sqlite3
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from hackai_notifier.delivery import outbox
from hackai_notifier.delivery.plan import PlannedStep, plan_event
from hackai_notifier.escalation import escalations, snooze
from hackai_notifier.escalation.disarm import recorded_only
from hackai_notifier.escalation.snooze import Window, WindowBook
from hackai_notifier.incident import drills, incidents, media, outgoing
from hackai_notifier.incident.incidents import Incident, further_place, merge
from hackai_notifier.people.recipients import Audience, Directory, Recipient
from hackai_notifier.storage.database import Database
from hackai_shared.bus import StreamEntry, names
from hackai_shared.messages import DeliveryReport, IncidentEvent, utc_now
from hackai_shared.reserved import DRILL_CAMERA

log = structlog.get_logger(__name__)

Messages = dict[Recipient, str | None]
# Sends a text without the outbox; returns whom it reached, with message ids.
LastResort = Callable[[Incident, list[Recipient]], Awaitable[Messages]]
MAX_UNSTORED = 1_000
# Cameras that are lost within this time are lost together.
TOGETHER = timedelta(seconds=15)
PAST_THE_OUTBOX = "sent without the outbox"


@dataclass(frozen=True)
class Told:
    """A text that went out while the outbox could not be written."""

    message_id: str | None
    at: datetime


async def ignore_canary(_event: IncidentEvent) -> None:
    """Take no canary in."""


class Intake:
    """The handler of the stream ``incidents``."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        book: WindowBook,
        *,
        last_resort: LastResort,
        canary: Callable[[IncidentEvent], Awaitable[None]] = ignore_canary,
        disarmed: Callable[[str], bool] = lambda _camera_id: False,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._directory = directory
        self._book = book
        self._last_resort = last_resort
        self._canary = canary
        self._disarmed = disarmed
        self._changed = changed
        self._clock = clock
        self._told: OrderedDict[str, dict[Recipient, Told]] = OrderedDict()

    async def consume(self, entry: StreamEntry[IncidentEvent]) -> None:
        """Store an event and its steps.

        Raises:
            sqlite3.Error: the outbox cannot be written. The entry stays pending and comes again; what matters most,
                the text, was sent without the outbox meanwhile.
        """
        event = entry.message
        if event.kind == "canary":
            await self._canary(event)
            return
        if event.camera_id == DRILL_CAMERA:
            entry = replace(entry, message=event.model_copy(update={"camera_name": "Drill"}))
            event = entry.message
        try:
            taken = await self._database.run(lambda connection: self._store(connection, entry))
        except sqlite3.Error as error:
            log.error("outbox cannot be written, telling without it", incident=event.incident_id, error=str(error))
            await self._tell_without_outbox(event)
            raise
        log.info(
            "incident" if taken else "repeated event dropped",
            incident=event.incident_id,
            camera=event.camera_id,
            change=event.change,
            label=event.label,
        )
        self._told.pop(event.incident_id, None)
        self._changed()

    async def take_in(self, event: IncidentEvent) -> None:
        """Store an event of this process's own, which no stream brings.

        Raises:
            sqlite3.Error: as for :meth:`consume`.
        """
        await self.consume(StreamEntry("", event, {}, 1))

    def _snoozed(self, incident_id: str) -> Window | None:
        return self._book.find(incident_id, wall=utc_now(), monotonic=self._clock())

    def _store(self, connection: sqlite3.Connection, entry: StreamEntry[IncidentEvent]) -> bool:
        event = entry.message
        if incidents.seen(connection, event):
            return False
        known = incidents.load(connection, event.incident_id)
        incident = merge(known, event)
        place = further_place(known, event)
        growth = incident.growths if known is not None and incident.growths > known.growths else None
        silent = incident.snoozed is not None and self._snoozed(event.incident_id) is not None
        disarmed = event.kind != "drill" and self._disarmed(event.camera_id)
        if known is None and disarmed:
            incident = incident.model_copy(update={"untold": True})
        audiences = self._directory.audiences()
        if incident.untold:
            # Told by the end of the disarmed time, if it is still open then: see DisarmWatch.
            audiences = recorded_only(audiences)
        if known is None:
            incident, silent = self._begin(connection, incident)
        else:
            audiences = self._with_those_told(connection, event, audiences)
        incidents.save(connection, incident)
        incidents.remember(connection, event)
        if known is None and incident.snoozed is not None:
            self._snooze_as(connection, incident)
        frame = entry.attachments.get("frame")
        picture = entry.attachments.get("annotated") or frame
        as_update = event.change == "worsened" and known is not None
        if picture:
            media.store(connection, incident.incident_id, "update_photo" if as_update else "photo", picture)
        if frame:
            media.store(connection, incident.incident_id, "frame", frame)
        steps = plan_event(
            event,
            first=known is None,
            has_picture=bool(picture),
            audiences=audiences,
            silent=silent,
            place=place,
            growth=growth,
        )
        outbox.enqueue(connection, incident.incident_id, steps, incident.version)
        reopened = known is not None and known.closed_because is not None
        alarming = known is None or event.change == "worsened" or growth is not None or reopened
        if event.kind == "fire" and alarming and not incident.untold:
            escalations.begin(connection, incident.incident_id, time.time())
        self._note_told(connection, incident)
        if known is None:
            media.prune(connection)
        return True

    def _begin(self, connection: sqlite3.Connection, incident: Incident) -> tuple[Incident, bool]:
        """Return a new incident with what is known of earlier ones, and whether it is told without sound."""
        event = incident.event
        if event.kind == "drill":
            drills.arrived(connection, event)
        elif event.kind == "fire":
            returned = incidents.return_of(event, incidents.fires_of(connection, event.camera_id))
            return incident.model_copy(update={"returned": returned}), False
        same = self._same_trouble(connection, event)
        if same is not None:
            return incident.model_copy(update={"snoozed": same.snoozed}), True
        return incident, self._beside_a_fire(connection, event) or self._beside_its_like(connection, event)

    def _beside_a_fire(self, connection: sqlite3.Connection, event: IncidentEvent) -> bool:
        """A camera that is blinded by the fire that it told of rings no second time."""
        if event.kind != "camera_fault":
            return False
        return any(fire.open and not fire.untold for fire in incidents.fires_of(connection, event.camera_id))

    def _beside_its_like(self, connection: sqlite3.Connection, event: IncidentEvent) -> bool:
        """Of many cameras that are lost at once, by one cause, the first one rings."""
        if event.kind != "not_judged":
            return False
        lately = utc_now() - TOGETHER
        return any(
            one.event.kind == "not_judged" and one.received_at > lately for one in incidents.open_ones(connection)
        )

    def _same_trouble(self, connection: sqlite3.Connection, event: IncidentEvent) -> Incident | None:
        """Return the snoozed trouble of the camera that comes back: it is known; a fire that comes back is not."""
        if event.kind != "camera_fault":
            return None
        for one in incidents.newest(connection, limit=incidents.LAST_FIRES, camera_id=event.camera_id):
            same = (one.event.kind, one.event.label) == (event.kind, event.label) and one.snoozed is not None
            if same and self._snoozed(one.incident_id) is not None:
                return one
        return None

    def _snooze_as(self, connection: sqlite3.Connection, incident: Incident) -> None:
        """Let the snooze of the same trouble go on for its return."""
        mark = incident.snoozed
        assert mark is not None
        now = utc_now()
        left_s = max(0.0, (mark.until - now).total_seconds())
        window = Window(key=incident.incident_id, by=mark.by, started_at=now, duration_s=left_s)
        snooze.save(connection, window)
        self._book.put(window, wall=now, monotonic=self._clock())

    def _with_those_told(
        self, connection: sqlite3.Connection, event: IncidentEvent, audiences: list[Audience]
    ) -> list[Audience]:
        """Return the audiences and those whom the escalation told: they follow the incident from then on."""
        present = {audience.recipient for audience in audiences}
        further = [to for to in outbox.told(connection, event.incident_id) if to not in present]
        return audiences + [self._directory.audience_of(recipient) for recipient in further]

    def _note_told(self, connection: sqlite3.Connection, incident: Incident) -> None:
        """Keep those from a second text who got it while the outbox could not be written, and report it."""
        for recipient, told in self._told.get(incident.incident_id, {}).items():
            changed = connection.execute(
                """
                UPDATE steps SET state = 'delivered', message_id = ?, done_at = ?, detail = ?
                WHERE incident_id = ? AND step = 'text' AND channel = ? AND address = ? AND state = 'waiting'
                """,
                (
                    told.message_id,
                    told.at.timestamp(),
                    PAST_THE_OUTBOX,
                    incident.incident_id,
                    recipient.channel,
                    recipient.address,
                ),
            ).rowcount
            if not changed:
                continue
            report = DeliveryReport(
                incident_id=incident.incident_id,
                camera_id=incident.event.camera_id,
                step="text",
                channel=recipient.channel,
                recipient=recipient.address,
                outcome="delivered",
                message_id=told.message_id,
                detail=PAST_THE_OUTBOX,
                attempts=1,
                latency_s=max(0.0, (told.at - incident.event.confirmed_at).total_seconds()),
            )
            outgoing.put(connection, names.DELIVERIES, report)

    async def _tell_without_outbox(self, event: IncidentEvent) -> None:
        told = self._told.setdefault(event.incident_id, {})
        while len(self._told) > MAX_UNSTORED:
            self._told.popitem(last=False)
        incident = merge(None, event)
        texts: list[PlannedStep] = plan_event(
            event, first=True, has_picture=False, audiences=self._directory.audiences(), silent=False
        )
        missing = [step.recipient for step in texts if step.step == "text" and step.recipient not in told]
        if missing:
            reached = await self._last_resort(incident, missing)
            told.update({recipient: Told(message_id, utc_now()) for recipient, message_id in reached.items()})
