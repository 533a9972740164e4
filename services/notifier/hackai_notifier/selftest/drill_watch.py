"""Follows a drill until everybody has it, and reports the seconds of each leg to those who got it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable

import structlog

from hackai_notifier.delivery import outbox
from hackai_notifier.incident import drills
from hackai_notifier.incident.drills import Drill
from hackai_notifier.people.recipients import Directory
from hackai_notifier.selftest import maintenance_notices
from hackai_notifier.selftest.fault_location import find_broken
from hackai_notifier.selftest.tracer import Tracer
from hackai_notifier.stopping import pause
from hackai_notifier.storage.database import Database
from hackai_notifier.texts.render import Writer
from hackai_shared.messages import utc_now
from hackai_shared.reserved import DRILL_CAMERA

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.5


class DrillWatch:
    """Looks at the running drill twice a second."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        tracer: Tracer,
        writer: Writer,
        *,
        changed: Callable[[], None],
    ) -> None:
        self._database = database
        self._directory = directory
        self._tracer = tracer
        self._writer = writer
        self._changed = changed

    async def run(self, stop: asyncio.Event) -> None:
        """Follow drills until ``stop`` is set."""
        while not stop.is_set():
            try:
                for drill in await self._database.run(drills.running):
                    await self._follow(drill)
            except sqlite3.Error as error:
                log.error("cannot follow a drill", error=str(error))
            await pause(stop, LOOK_EVERY_S)

    async def _follow(self, drill: Drill) -> None:
        age_s = time.time() - drill.ordered_at.timestamp()
        broken = ""
        if age_s > drills.LIMIT_S and drill.received_at is None:
            trace = await self._tracer.trace(DRILL_CAMERA, None)
            broken = find_broken(trace, age_s).reason
        if await self._database.run(lambda connection: self._advance(connection, drill.drill_id, broken)):
            self._changed()

    def _advance(self, connection: sqlite3.Connection, drill_id: str, broken: str) -> bool:
        drill = next((one for one in drills.running(connection) if one.drill_id == drill_id), None)
        if drill is None:
            return False
        after = drills.progress(drill, drills.texts(connection, drill), utc_now(), broken=broken)
        if after.outcome == "running":
            return False
        drills.save(connection, after)
        told = outbox.told(connection, after.incident_id) if after.incident_id else []
        maintenance_notices.put(
            connection,
            list(dict.fromkeys([*told, *self._directory.caretakers()])),
            f"drill {after.drill_id}",
            self._writer.drill(after),
        )
        log.info("drill", outcome=after.outcome, reason=after.reason, whole_s=after.whole_s)
        return True
