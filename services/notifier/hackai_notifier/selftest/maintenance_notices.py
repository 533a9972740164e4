"""Messages that belong to no incident: trouble with the watch itself, reports of drills, the daily summary.

They go through the same outbox, as notices of one incident that stands for the house. Where the outbox itself is the
trouble they go past it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence

import structlog

from hackai_notifier.channels.base import Channel, Delivery, SendFailure
from hackai_notifier.delivery import outbox
from hackai_notifier.incident import incidents
from hackai_notifier.incident.incidents import Incident, merge
from hackai_notifier.people.recipients import Directory, Recipient
from hackai_notifier.storage.database import Database
from hackai_shared.messages import FrameRef, IncidentEvent, utc_now
from hackai_shared.reserved import CANARY_CAMERA

log = structlog.get_logger(__name__)

HOUSE = "hackai-house"
PAST_THE_OUTBOX_S = 20.0
# Of a database that others hold; told twice is better than late.
PATIENCE_S = 5.0


def house_incident() -> Incident:
    """Return the incident under which notices are kept; nobody is told of it."""
    now = utc_now()
    frame = FrameRef(camera_id=CANARY_CAMERA, epoch="", sequence=0, captured_at=now, stream_s=0.0)
    event = IncidentEvent(
        incident_id=HOUSE, revision=0, kind="canary", change="opened", camera_id=CANARY_CAMERA, camera_name="HackAI",
        label="notice", score=0.0, peak_score=0.0, opened_at=now, confirmed_at=now, opened_s=0.0, confirmed_s=0.0,
        frames_positive=0, frames_seen=0, frame=frame,
    )  # fmt: skip
    return merge(None, event)


def put(connection: sqlite3.Connection, to: Sequence[Recipient], subject: str, body: str) -> None:
    """Add a notice; once per subject and recipient."""
    if incidents.load(connection, HOUSE) is None:
        incidents.save(connection, house_incident())
    for recipient in to:
        outbox.enqueue_notice(connection, HOUSE, recipient, subject, body)


class Notices:
    """Tells those who look after the installation."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        channels: Mapping[str, Channel],
        *,
        changed: Callable[[], None],
    ) -> None:
        self._database = database
        self._directory = directory
        self._channels = channels
        self._changed = changed

    async def tell(self, subject: str, body: str) -> None:
        """Tell the caretakers; past the outbox where it cannot be written."""
        to = self._directory.caretakers()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._database.run(lambda connection: put(connection, to, subject, body))
        except (sqlite3.Error, TimeoutError) as error:
            log.error("a notice cannot be stored, sending it past the outbox", error=str(error))
            await self.tell_past_the_outbox(subject, body)
        else:
            self._changed()

    async def tell_past_the_outbox(self, subject: str, body: str) -> None:
        """Send to each caretaker once, at once."""
        await asyncio.gather(*(self._send(to, subject, body) for to in self._directory.caretakers()))

    async def _send(self, to: Recipient, subject: str, body: str) -> None:
        channel = self._channels.get(to.channel)
        if channel is None:
            return
        key = f"{HOUSE}:notice:{to.channel}:{to.address}:{subject}"
        notice = Delivery(key=key, step="notice", address=to.address, incident=house_incident(), text=body)
        try:
            async with asyncio.timeout(PAST_THE_OUTBOX_S):
                await channel.send(notice)
        except (SendFailure, TimeoutError) as error:
            log.error("not told", recipient=to.address, channel=to.channel, error=str(error))
