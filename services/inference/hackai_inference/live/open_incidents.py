"""The open incident of each camera in Redis, so that a restarted service goes on instead of alarming again."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Dict, List, NamedTuple, Optional

import structlog
from pydantic import ValidationError
from redis.exceptions import RedisError

from hackai_inference.decision.incidents import OpenIncident
from hackai_shared.bus import Bus, names
from hackai_shared.reserved import incident_kind

log = structlog.get_logger(__name__)

RETRY_S = 0.5
# How often the moment at which a camera was last seen is refreshed, …
REFRESH_S = 5.0
# … and how old it may be at a start: whatever burns after a longer absence is told as another fire.
RESUME_WITHIN = timedelta(minutes=10)


class Restored(NamedTuple):
    """The incident that goes on, or the one that was left alone for too long."""

    kept: Optional[OpenIncident]
    forsaken: Optional[OpenIncident]


class OpenIncidents:
    """Reads a key when the watch of its camera begins, refreshes it while the incident is open; event loop only."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._current: Dict[str, OpenIncident] = {}

    def note(self, camera_id: str, incident: Optional[OpenIncident]) -> None:
        """Take down the present incident of a camera; None where there is none."""
        if incident is None:
            self._current.pop(camera_id, None)
        else:
            self._current[camera_id] = incident

    async def cameras(self) -> List[str]:
        """Return the cameras with an open incident; waits until Redis answers."""
        reachable = True
        prefix = names.open_incident_key("")
        while True:
            try:
                found = self._bus.client.scan_iter(match=prefix + "*", count=200)
                return sorted([key.decode()[len(prefix) :] async for key in found])
            except (RedisError, OSError) as error:
                if reachable:
                    log.warning("open incidents cannot be read, waiting for Redis", error=str(error))
                    reachable = False
                await asyncio.sleep(RETRY_S)

    async def restore(self, camera_id: str, now: datetime) -> Restored:
        """Return the open incident of a camera as this or another replica left it.

        Raises:
            RedisError, OSError: Redis did not answer.
        """
        key = names.open_incident_key(camera_id)
        value = await self._bus.client.get(key)
        if value is None:
            return Restored(None, None)
        try:
            incident = OpenIncident.model_validate_json(value)
        except ValidationError as error:
            log.error("an open incident does not validate and is forgotten", key=key, error=str(error))
            return Restored(None, None)
        # A known fire is shown for seconds, and each showing must open an incident of its own: it is the proof.
        if incident_kind(camera_id) != "fire" or now - incident.seen_at > RESUME_WITHIN:
            return Restored(None, incident)
        self.note(camera_id, incident)
        return Restored(incident, None)

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
