"""Closes what is open of cameras that nobody watches any more: an alarm about them could never end by itself."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping

import structlog

from hackai_notifier.delivery import outbox
from hackai_notifier.escalation import escalations
from hackai_notifier.incident import incidents
from hackai_notifier.stopping import pause
from hackai_notifier.storage.database import Database
from hackai_shared.config.cameras import CameraConfig
from hackai_shared.messages import utc_now
from hackai_shared.reserved import RESERVED_PREFIX

LOOK_EVERY_S = 10.0

log = structlog.get_logger(__name__)


async def watch_retired(
    database: Database, cameras: Mapping[str, CameraConfig], stop: asyncio.Event, *, changed: Callable[[], None]
) -> None:
    """Close what is open of retired cameras at the start, and what comes in of them later, until ``stop`` is set."""
    while not stop.is_set():
        try:
            if await database.run(lambda connection: close_retired(connection, cameras)):
                changed()
        except sqlite3.Error as error:
            log.error("cannot close incidents of retired cameras, trying again", error=str(error))
        await pause(stop, LOOK_EVERY_S)


def close_retired(connection: sqlite3.Connection, cameras: Mapping[str, CameraConfig]) -> int:
    """Close the incidents of cameras that were removed or disabled, with the reason; return how many."""
    closed = 0
    for incident in incidents.open_ones(connection):
        camera_id = incident.event.camera_id
        camera = cameras.get(camera_id)
        if camera_id.startswith(RESERVED_PREFIX) or (camera is not None and camera.enabled):
            continue
        reason = "camera removed" if camera is None else "camera disabled"
        version = incident.version + 1
        end = {"cleared_at": utc_now(), "closed_because": reason, "version": version}
        incidents.save(connection, incident.model_copy(update=end))
        escalations.end(connection, incident.incident_id)
        outbox.enqueue_edits(connection, incident.incident_id, version)
        log.warning("incident closed", incident=incident.incident_id, camera=camera_id, reason=reason)
        closed += 1
    return closed
