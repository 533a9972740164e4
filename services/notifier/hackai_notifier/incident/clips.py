"""Fetches an incident's clip once for all recipients, when its last second is over, and keeps it until all have it."""

from __future__ import annotations

import asyncio

from hackai_notifier.clients.cameras import CameraClient, CameraUnavailable, PictureGone
from hackai_notifier.incident import media
from hackai_notifier.incident.incidents import Incident
from hackai_notifier.storage.database import Database
from hackai_shared.messages import utc_now

# The camera's ring buffer holds half a minute by default: what it did not give for so long it will never give.
PATIENCE_S = 300.0
# The camera encodes and publishes the last frame a little after its time.
MARGIN_S = 0.5


class Clips:
    """The clips of incidents."""

    def __init__(self, database: Database, cameras: CameraClient, *, before_s: float, after_s: float) -> None:
        self._database = database
        self._cameras = cameras
        self._before_s = before_s
        self._after_s = after_s
        self._fetching: dict[str, asyncio.Lock] = {}

    def wait_s(self, incident: Incident) -> float:
        """Return the seconds until the last second of the clip is over; bounded, whatever the wall clock says."""
        age = (utc_now() - incident.event.confirmed_at).total_seconds()
        return min(self._after_s + MARGIN_S, max(0.0, self._after_s + MARGIN_S - age))

    async def get(self, incident: Incident) -> bytes:
        """Return the clip as MP4.

        Raises:
            CameraUnavailable: later.
            PictureGone: never.
        """
        key = incident.incident_id
        lock = self._fetching.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                stored = await self._database.run(lambda connection: media.load(connection, key, "clip"))
                if stored is not None:
                    return stored
                clip = await self._fetch(incident)
                await self._database.run(lambda connection: media.store(connection, key, "clip", clip))
                return clip
        finally:
            if not lock.locked():
                self._fetching.pop(key, None)

    async def _fetch(self, incident: Incident) -> bytes:
        try:
            return await self._cameras.clip(incident.event, before_s=self._before_s, after_s=self._after_s)
        except CameraUnavailable as error:
            if (utc_now() - incident.received_at).total_seconds() > PATIENCE_S:
                raise PictureGone(f"not available for {PATIENCE_S:g} s: {error}") from error
            raise
