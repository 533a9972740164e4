"""After a damaged database was begun anew: what the streams still hold goes into it, and people hear what is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog
from pydantic import ValidationError
from redis.exceptions import RedisError

from hackai_notifier.delivery import outbox
from hackai_notifier.delivery.plan import plan_event
from hackai_notifier.incident import incidents, media
from hackai_notifier.incident.incidents import merge
from hackai_notifier.incident.steps import STEP_NAMES
from hackai_notifier.people.recipients import Directory, Recipient
from hackai_notifier.selftest.maintenance_notices import Notices
from hackai_notifier.stopping import either, pause
from hackai_notifier.storage.database import Database
from hackai_shared.bus import Bus, names
from hackai_shared.messages import DeliveryReport, IncidentEvent, utc_now
from hackai_shared.sqlite_repair import Salvage

log = structlog.get_logger(__name__)

# What began longer ago and was told to nobody is history; an alarm about it would be taken for one of now.
TELL_AGAIN = timedelta(hours=1)
RETRY_S = 2.0

Entries = list[tuple[IncidentEvent, Mapping[str, bytes]]]


class Refill:
    """Watches for a database that was begun anew."""

    def __init__(
        self, database: Database, bus: Bus, directory: Directory, notices: Notices, *, changed: Callable[[], None]
    ) -> None:
        self._database = database
        self._bus = bus
        self._directory = directory
        self._notices = notices
        self._changed = changed
        self._renewed = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Refill whenever it is needed, until ``stop`` is set."""
        self._database.on_renewed(self._renewed.set)
        while not stop.is_set():
            await either(stop, self._renewed, None)
            if stop.is_set():
                return
            self._renewed.clear()
            salvages = self._database.take_salvages()
            while not await self._refill(salvages) and not stop.is_set():
                await pause(stop, RETRY_S)

    async def _refill(self, salvages: list[Salvage]) -> bool:
        try:
            entries, reports = await self._read()
            added, again = await self._database.run(lambda connection: self._store(connection, entries, reports))
        except (RedisError, OSError, sqlite3.Error) as error:
            log.warning("cannot refill the database yet", error=str(error))
            return False
        log.warning("database refilled", incidents=added, told_again=again)
        self._changed()
        for saved in salvages:
            await self._notices.tell(f"database {saved.kept.name}", _text(saved, added, again))
        return True

    async def _read(self) -> tuple[Entries, list[DeliveryReport]]:
        entries: Entries = []
        for _, fields in await self._bus.client.xrange(names.INCIDENTS):
            event = _parsed(IncidentEvent, fields)
            if event is not None and event.kind != "canary":
                entries.append((event, {name.decode(): data for name, data in fields.items()}))
        found = [_parsed(DeliveryReport, fields) for _, fields in await self._bus.client.xrange(names.DELIVERIES)]
        return entries, [report for report in found if report is not None]

    def _store(
        self, connection: sqlite3.Connection, entries: Entries, reports: list[DeliveryReport]
    ) -> tuple[int, int]:
        """Store what is missing; return how many incidents that were, and how many are told for want of a proof."""
        new: list[IncidentEvent] = []
        for event, attachments in entries:
            if incidents.seen(connection, event):
                continue
            known = incidents.load(connection, event.incident_id)
            incidents.save(connection, merge(known, event))
            incidents.remember(connection, event)
            if known is None:
                new.append(event)
            frame, annotated = attachments.get("frame"), attachments.get("annotated")
            for kind, data in (("photo", annotated or frame), ("frame", frame)):
                if data:
                    media.store(connection, event.incident_id, kind, data)
        for report in reports:
            if report.step in STEP_NAMES:
                outbox.note_delivered(connection, report)
        again = sum(self._tell_missing(connection, event) for event in new)
        return len(new), again

    def _tell_missing(self, connection: sqlite3.Connection, event: IncidentEvent) -> bool:
        """Plan an incident for those of whom no proof says that they have its text."""
        if utc_now() - event.opened_at > TELL_AGAIN:
            return False
        told: set[Recipient] = set(outbox.told(connection, event.incident_id))
        missing = [audience for audience in self._directory.audiences() if audience.recipient not in told]
        picture = media.load(connection, event.incident_id, "photo") is not None
        steps = plan_event(event, first=True, has_picture=picture, audiences=missing, silent=False)
        incident = incidents.load(connection, event.incident_id)
        outbox.enqueue(connection, event.incident_id, steps, incident.version if incident else 1)
        return bool(missing)


def _parsed(model: Any, fields: Mapping[bytes, bytes]) -> Any:
    try:
        return model.model_validate_json(fields.get(b"message", b""))
    except ValidationError:
        return None


def _text(saved: Salvage, added: int, again: int) -> str:
    lost = f"Incomplete: {', '.join(saved.incomplete)}." if saved.incomplete else "Nothing is missing."
    return (
        f"⚠️ <b>The notifier's database was damaged and has been replaced.</b>\n"
        f"{saved.rows} rows were rescued. {lost} {added} incidents were restored from the message queue; "
        f"{again} are sent again because nothing proves that everybody received them.\n"
        "People may have to log in again; snoozes and disarms may have ended. "
        f"The damaged file is kept as <code>{saved.kept.name}</code>. Check the disk or the power supply."
    )
