"""What goes back onto the bus: written in the transaction of the change that it reports, sent when Redis is there."""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial

import structlog
from redis.exceptions import RedisError

from hackai_notifier.stopping import either
from hackai_notifier.storage.database import Database
from hackai_shared.bus import Bus, BusUnavailable, names
from hackai_shared.messages import AuditRecord, Command, DeliveryReport, Message

log = structlog.get_logger(__name__)

MODELS: dict[str, type[Message]] = {
    names.AUDIT: AuditRecord,
    names.COMMANDS: Command,
    names.DELIVERIES: DeliveryReport,
}
# An outage of Redis must not fill the disk with reports; audit records and commands are few.
KEEP = 20_000
BATCH = 100
RETRY_S = 1.0


def put(connection: sqlite3.Connection, stream: str, message: Message) -> None:
    """Add a message for a stream."""
    connection.execute("INSERT INTO outgoing (stream, message) VALUES (?, ?)", (stream, message.model_dump_json()))
    connection.execute("DELETE FROM outgoing WHERE id <= (SELECT max(id) FROM outgoing) - ?", (KEEP,))


class Publisher:
    """Appends the stored messages to their streams, in order, at least once."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look for new messages now."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until ``stop`` is set; what is left then is published after the next start."""
        while not stop.is_set():
            self._wake.clear()
            done = await self._publish_some()
            await either(stop, self._wake, None if done else RETRY_S)

    async def _publish_some(self) -> bool:
        """Publish what waits; return whether nothing is left."""
        while rows := await self._database.run(_first):
            for number, stream, message in rows:
                try:
                    await self._bus.append(stream, MODELS[stream].model_validate_json(message))
                except (BusUnavailable, RedisError) as error:
                    log.debug("bus away, keeping reports", error=str(error))
                    return False
                try:
                    await self._database.run(partial(_delete, number=number))
                except sqlite3.OperationalError as error:
                    log.error("cannot note that a report was published", error=str(error))
                    return False
        return True


def _first(connection: sqlite3.Connection) -> list[tuple[int, str, str]]:
    rows = connection.execute("SELECT * FROM outgoing ORDER BY id LIMIT ?", (BATCH,)).fetchall()
    return [(row["id"], row["stream"], row["message"]) for row in rows]


def _delete(connection: sqlite3.Connection, number: int) -> None:
    connection.execute("DELETE FROM outgoing WHERE id = ?", (number,))
