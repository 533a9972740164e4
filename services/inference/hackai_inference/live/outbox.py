"""What must reach Redis: incident events wait in order until they are appended; on disk too while Redis takes none."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Deque, Dict, List, Optional

import structlog
from redis.exceptions import RedisError

from hackai_inference.decision.incidents import OpenIncident
from hackai_inference.live.outbox_folder import OutboxFolder
from hackai_shared.bus import Bus, BusUnavailable, names
from hackai_shared.messages import IncidentEvent

log = structlog.get_logger(__name__)

RETRY_FIRST_S = 0.1
RETRY_LAST_S = 2.0
# An entry with its two pictures has about 200 KB: room for some 300 alarms of one outage with their pictures, and for
# thousands without.
MAX_ATTACHMENT_BYTES = 64_000_000
MAX_ENTRIES = 5_000


@dataclass
class OutboxEntry:
    """One event, its pictures, and what the key of the camera's open incident holds afterwards (None: no key)."""

    event: IncidentEvent
    open_incident: Optional[OpenIncident]
    attachments: Dict[str, bytes] = field(default_factory=dict)
    appended: bool = False
    file: Optional[Path] = None
    """Where it is kept while Redis does not take it."""

    @property
    def size(self) -> int:
        """Bytes of the pictures."""
        return sum(map(len, self.attachments.values()))


class Outbox:
    """A bounded queue in front of the stream ``incidents``; used from the event loop only.

    Where it overflows, updates go first, then pictures of the oldest events, then endings; an event that opened or
    worsened an incident goes last of all, and loudly.
    """

    def __init__(
        self,
        bus: Bus,
        folder: Optional[OutboxFolder] = None,
        *,
        max_attachment_bytes: int = MAX_ATTACHMENT_BYTES,
        max_entries: int = MAX_ENTRIES,
    ) -> None:
        """``folder``: where events wait through a restart; what is left there from before comes first."""
        self._bus = bus
        self._max_attachment_bytes = max_attachment_bytes
        self._max_entries = max_entries
        self._entries: Deque[OutboxEntry] = deque()
        self._filled = asyncio.Event()
        self._folder = folder
        self._outage = False
        self.lost = 0
        self.on_sent: Callable[[IncidentEvent], None] = lambda _event: None
        # In the stream, and its incident kept for the next start or forgotten.
        self.on_settled: Callable[[IncidentEvent], None] = lambda _event: None
        for kept in folder.load() if folder is not None else []:
            self._entries.append(OutboxEntry(kept.event, kept.open_incident, kept.attachments, file=kept.path))
        if self._entries:
            log.warning("alarms of before the restart are sent now", events=len(self._entries))
            self._filled.set()

    def __len__(self) -> int:
        return len(self._entries)

    def entries(self) -> List[OutboxEntry]:
        """What still waits, oldest first."""
        return list(self._entries)

    def put(self, entry: OutboxEntry) -> None:
        """Queue an event; an update replaces one of the same incident that still waits."""
        if entry.event.change == "updated":
            self._forget_update(entry.event.incident_id)
        self._entries.append(entry)
        self._trim()
        if self._outage:
            self._keep(entry)
        self._filled.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop``; what is left then is for :meth:`flush`."""
        stopped = asyncio.ensure_future(stop.wait())
        sending = asyncio.ensure_future(self._send_for_ever())
        try:
            await asyncio.wait([stopped, sending], return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            for task in (stopped, sending):
                task.cancel()
            await asyncio.gather(stopped, sending, return_exceptions=True)

    async def flush(self, timeout_s: float) -> None:
        """Try to send what is left, for so long; say what stays behind."""
        try:
            await asyncio.wait_for(self._send_all(), timeout_s)
        except asyncio.TimeoutError:
            for entry in self._entries:
                self._keep(entry)
            log.error("incident events were not delivered before the stop", events=len(self._entries))

    async def _send_for_ever(self) -> None:
        while True:
            await self._filled.wait()
            await self._send_all()
            self._filled.clear()

    async def _send_all(self) -> None:
        delay = RETRY_FIRST_S
        while self._entries:
            entry = self._entries[0]
            try:
                await self._send(entry)
            except (BusUnavailable, RedisError, OSError) as error:
                # Also answers such as "out of memory": an alarm waits for whatever Redis suffers from.
                log.warning("incident event waits for Redis", waiting=len(self._entries), error=str(error))
                self._outage = True
                for waiting in self._entries:
                    self._keep(waiting)
                await asyncio.sleep(delay)
                delay = min(2 * delay, RETRY_LAST_S)
                continue
            delay, self._outage = RETRY_FIRST_S, False
            self._forget(entry)
            if self._entries and self._entries[0] is entry:
                self._entries.popleft()

    def _keep(self, entry: OutboxEntry) -> None:
        if self._folder is not None and entry.file is None:
            entry.file = self._folder.keep(entry.event, entry.open_incident, entry.attachments)

    def _forget(self, entry: OutboxEntry) -> None:
        if self._folder is not None and entry.file is not None:
            self._folder.forget(entry.file)
            entry.file = None

    async def _send(self, entry: OutboxEntry) -> None:
        event = entry.event
        # First the alarm, then the mark that it was raised: a crash in between repeats it instead of losing it.
        if not entry.appended:
            await self._bus.append(names.INCIDENTS, event, entry.attachments)
            entry.appended = True
            self.on_sent(event)
        await self.remember(event.camera_id, entry.open_incident)
        self.on_settled(event)
        await self._bus.publish(names.INCIDENTS_LIVE, event)

    async def remember(self, camera_id: str, incident: Optional[OpenIncident]) -> None:
        """Keep the open incident of a camera for the next start of this service; None forgets it."""
        key = names.open_incident_key(camera_id)
        if incident is None:
            await self._bus.client.delete(key)
        else:
            await self._bus.client.set(key, incident.model_dump_json().encode())

    def _forget_update(self, incident_id: str) -> None:
        for entry in self._entries:
            if entry.event.change == "updated" and entry.event.incident_id == incident_id:
                self._entries.remove(entry)
                self._forget(entry)
                return

    def _trim(self) -> None:
        while len(self._entries) > self._max_entries:
            self._drop_one()
        excess = sum(entry.size for entry in self._entries) - self._max_attachment_bytes
        for picture in ("annotated", "frame"):
            for entry in self._entries:
                if excess <= 0:
                    return
                excess -= len(entry.attachments.pop(picture, b""))

    def _drop_one(self) -> None:
        for change in ("updated", "cleared"):
            for entry in self._entries:
                if entry.event.change == change:
                    self._entries.remove(entry)
                    self._forget(entry)
                    return
        dropped = self._entries.popleft()
        self._forget(dropped)
        lost = dropped.event
        self.lost += 1
        log.error("an incident event was lost: the outbox is full", incident=lost.incident_id, change=lost.change)
