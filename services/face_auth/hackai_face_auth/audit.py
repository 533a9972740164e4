"""The audit trail: written into the database with what it reports, sent to the stream from there, never lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

import structlog

from hackai_face_auth.gallery.database import Database
from hackai_shared.bus import Bus, BusUnavailable, names
from hackai_shared.messages import Actor, AuditRecord

log = structlog.get_logger(__name__)

RETRY_S = 2.0
BATCH = 100


class AuditTrail:
    """An outbox: Redis may be away, a record waits until it is back (at least once, in order)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.on_record: Callable[[], None] = lambda: None

    def record(
        self,
        actor: Actor,
        action: str,
        outcome: Literal["allowed", "refused", "failed"],
        *,
        target: str = "",
        detail: str = "",
    ) -> None:
        """Note who did what."""
        record = AuditRecord(actor=actor, action=action, target=target, outcome=outcome, detail=detail)
        with self._database.transaction() as connection:
            connection.execute("INSERT INTO audit_outbox (record) VALUES (?)", (record.model_dump_json(),))
        log.info("audit", actor=actor.id, action=action, target=target, outcome=outcome, detail=detail)
        self.on_record()

    def pending(self, limit: int = BATCH) -> list[tuple[int, AuditRecord]]:
        """Return what was not sent yet, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM audit_outbox ORDER BY number LIMIT ?", (limit,)).fetchall()
        return [(row["number"], AuditRecord.model_validate_json(row["record"])) for row in rows]

    def sent(self, number: int) -> None:
        """Forget a record that is in the stream."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM audit_outbox WHERE number = ?", (number,))


class AuditSender:
    """Moves records from the outbox into the stream ``audit``."""

    def __init__(self, trail: AuditTrail, bus: Bus) -> None:
        self._trail = trail
        self._bus = bus
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        trail.on_record = self._on_record

    async def flush(self) -> None:
        """Send what waits.

        Raises:
            BusUnavailable: Redis did not answer; what was not sent stays.
        """
        while batch := await asyncio.to_thread(self._trail.pending):
            for number, record in batch:
                await self._bus.append(names.AUDIT, record)
                await asyncio.to_thread(self._trail.sent, number)

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop`` is set, then once more."""
        while not stop.is_set():
            self._wake.clear()
            await self._try(self.flush)
            # Other processes (the command line) write too, without waking this one: look every now and then.
            waits = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(self._wake.wait())]
            await asyncio.wait(waits, timeout=RETRY_S, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
        await self._try(self.flush)

    def _on_record(self) -> None:
        # Records are written in worker threads.
        self._loop.call_soon_threadsafe(self._wake.set)

    async def _try(self, send: Callable[[], Awaitable[None]]) -> None:
        try:
            await send()
        except BusUnavailable as error:
            log.warning("audit records wait for Redis", error=str(error))
