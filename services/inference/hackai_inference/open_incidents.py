"""The open incident of each camera in Redis, so that a restarted service goes on instead of alarming again."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Dict, List, Optional, Tuple

import structlog
from pydantic import ValidationError
from redis.exceptions import RedisError

from hackai_inference.incidents import OpenIncident
from hackai_shared.bus import Bus, names

log = structlog.get_logger(__name__)

RETRY_S = 0.5
# How often the moment at which a camera was last seen is refreshed, …
REFRESH_S = 5.0
# … and how old it may be at a start: whatever burns after a longer absence is told as another fire.
RESUME_WITHIN = timedelta(minutes=10)


class OpenIncidents:
    """Reads the keys at a start and refreshes them while incidents are open; used from the event loop only."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._current: Dict[str, OpenIncident] = {}

    def note(self, camera_id: str, incident: Optional[OpenIncident]) -> None:
        """Take down the present incident of a camera; None where there is none."""
        if incident is None:
            self._current.pop(camera_id, None)
        else:
            self._current[camera_id] = incident

    async def restore(self, now: datetime) -> Tuple[List[OpenIncident], List[OpenIncident]]:
        """Return the incidents that go on and those that were left alone for too long; waits until Redis answers."""
        reachable = True
        while True:
            try:
                found = await self._read()
                break
            except (RedisError, OSError) as error:
                if reachable:
                    log.warning("open incidents cannot be read, waiting for Redis", error=str(error))
                    reachable = False
                await asyncio.sleep(RETRY_S)
        kept = [incident for incident in found if now - incident.seen_at <= RESUME_WITHIN]
        for incident in kept:
            self.note(incident.camera_id, incident)
        return kept, [incident for incident in found if now - incident.seen_at > RESUME_WITHIN]

    async def keep(self) -> None:
        """Refresh the keys for ever."""
        while True:
            await asyncio.sleep(REFRESH_S)
            for camera_id, incident in list(self._current.items()):
                key = names.open_incident_key(camera_id)
                try:
                    # Only where the key is there: the outbox makes it after the alarm, and deletes it after the end.
                    await self._bus.client.set(key, incident.model_dump_json().encode(), xx=True)
                except (RedisError, OSError) as error:
                    log.debug("open incident was not refreshed", camera=camera_id, error=str(error))

    async def _read(self) -> List[OpenIncident]:
        incidents = []
        async for key in self._bus.client.scan_iter(match=names.open_incident_key("*"), count=200):
            value = await self._bus.client.get(key)
            try:
                if value is not None:
                    incidents.append(OpenIncident.model_validate_json(value))
            except ValidationError as error:
                log.error("an open incident does not validate and is forgotten", key=key.decode(), error=str(error))
        return incidents
