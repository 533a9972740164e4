"""Delivers the outbox: three lanes per recipient, so that an upload never holds up a text."""

from __future__ import annotations

import asyncio
import sqlite3

import structlog

from hackai_notifier.channels.base import Receipt, SendFailure
from hackai_notifier.delivery import outbox
from hackai_notifier.delivery.delivery_context import DISK_RETRY_S, DeliveryContext
from hackai_notifier.delivery.outbox import LANES
from hackai_notifier.delivery.recipient_queue import QueueWorker
from hackai_notifier.incident.incidents import Incident
from hackai_notifier.people.recipients import Recipient
from hackai_notifier.stopping import either, pause

log = structlog.get_logger(__name__)

LAST_RESORT_S = 20.0


class Courier:
    """Starts the lanes of everybody for whom something waits."""

    def __init__(self, room: DeliveryContext) -> None:
        self._room = room
        self._lanes: set[Recipient] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until ``stop`` is set."""
        wake = self._room.waker()
        async with asyncio.TaskGroup() as group:
            while not stop.is_set():
                wake.clear()
                try:
                    recipients = await self._room.database.run(outbox.recipients_waiting)
                except sqlite3.OperationalError as error:
                    log.error("outbox cannot be read", error=str(error))
                    await pause(stop, DISK_RETRY_S)
                    continue
                for recipient in recipients:
                    self._ensure(recipient, group, stop)
                await either(stop, wake, None)

    def _ensure(self, recipient: Recipient, group: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        if recipient in self._lanes:
            return
        self._lanes.add(recipient)
        channel = self._room.channels.get(recipient.channel)
        if channel is None:
            # It stays in the outbox: the channel may be configured again at the next start.
            log.warning("no such channel, its steps wait", channel=recipient.channel, recipient=recipient.address)
            return
        for lane in LANES:
            worker = QueueWorker(self._room, recipient, lane, channel)
            group.create_task(worker.run(stop), name=f"{recipient.channel}:{recipient.address}:{lane.name}")

    async def tell_at_once(self, incident: Incident, recipients: list[Recipient]) -> dict[Recipient, str | None]:
        """Send the text of an incident that cannot be stored; return whom it reached, with message ids."""

        async def tell(recipient: Recipient) -> Receipt | None:
            channel = self._room.channels.get(recipient.channel)
            if channel is None:
                return None
            try:
                async with asyncio.timeout(LAST_RESORT_S):
                    return await channel.send(self._room.editor.emergency(incident, recipient.address))
            except (SendFailure, TimeoutError) as error:
                log.error("last resort failed", recipient=recipient.address, error=str(error))
                return None

        receipts = await asyncio.gather(*(tell(recipient) for recipient in recipients))
        return {to: receipt.message_id for to, receipt in zip(recipients, receipts, strict=True) if receipt is not None}
