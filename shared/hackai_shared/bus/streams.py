"""Streams with consumer groups: at least once, in order, poison set aside.

An entry has the field ``message`` (JSON) and, where wanted, binary attachments under their own names.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Awaitable, Callable, Dict, Generic, List, Mapping, Optional, Tuple, Type

import structlog
from pydantic import ValidationError
from redis.exceptions import RedisError, ResponseError

from hackai_shared.bus import names
from hackai_shared.bus.outage import OUTAGES
from hackai_shared.messages import M, Message

log = structlog.get_logger(__name__)

MESSAGE = b"message"
RETRY_S = 0.5
RawEntry = Tuple[bytes, Optional[Dict[bytes, bytes]]]


@dataclass(frozen=True)
class StreamEntry(Generic[M]):
    """One entry as its handler sees it; ``deliveries`` counts from 1."""

    entry_id: str
    message: M
    attachments: Mapping[str, bytes]
    deliveries: int


Handler = Callable[[StreamEntry[M]], Awaitable[None]]


async def append_entry(
    client: Any, stream: str, message: Message, attachments: Optional[Mapping[str, bytes]] = None
) -> str:
    """Append to a stream, trimmed near the length of :data:`names.STREAM_LENGTH`; return the entry's id."""
    fields: Dict[bytes, bytes] = {MESSAGE: message.model_dump_json().encode()}
    fields.update({name.encode(): data for name, data in (attachments or {}).items()})
    entry_id = await client.xadd(stream, fields, maxlen=names.STREAM_LENGTH.get(stream), approximate=True)
    return str(entry_id.decode())


class StreamConsumer(Generic[M]):
    """Reads one stream as a member of a consumer group.

    A handler that returns acknowledges its entry. A handler that raises leaves it pending: it is handed out again
    after ``retry_after_s`` (to this or another member) and goes to the dead-letter stream after ``max_deliveries``.
    What does not validate goes there at once. Outages of Redis are waited out, its error replies among them; a group
    that vanished is made again from the beginning.
    """

    def __init__(
        self,
        client: Any,
        blocking_client: Any,
        stream: str,
        model: Type[M],
        *,
        group: str,
        consumer: str,
        block_s: float = 2.0,
        retry_after_s: float = 15.0,
        max_deliveries: int = 5,
        batch: int = 16,
    ) -> None:
        self._client = client
        self._blocking = blocking_client
        self._stream = stream
        self._model = model
        self._group = group
        self._consumer = consumer
        self._block_s = block_s
        self._retry_after_s = retry_after_s
        self._max_deliveries = max_deliveries
        self._batch = batch
        self.processed = 0
        self.failed = 0
        self.dead = 0

    async def run(self, handler: Handler[M], stop: asyncio.Event) -> None:
        """Hand entries to ``handler`` until ``stop`` is set, over outages of Redis."""
        reachable = True
        own_pending = True  # what a crash of this consumer left behind comes first, in order
        while not stop.is_set():
            try:
                if own_pending:
                    await self._ensure_group()
                    await self._drain_own(handler, stop)
                    own_pending = False
                await self._claim_stale(handler, stop)
                entries = await self._read(b">", block=True)
                if not reachable:
                    log.info("stream is back", stream=self._stream)
                    reachable = True
                await self._handle_all(entries, handler, stop)
            except OUTAGES as error:
                own_pending = True
                if "NOGROUP" in str(error):
                    continue
                if reachable:
                    log.warning("stream unreachable, waiting", stream=self._stream, error=str(error))
                    reachable = False
                await _wait(stop, RETRY_S)

    async def _ensure_group(self) -> None:
        try:
            # From "0", not "$": entries that were added before this group existed are alarms too.
            await self._client.xgroup_create(self._stream, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def _drain_own(self, handler: Handler[M], stop: asyncio.Event) -> None:
        last = b"0"
        while not stop.is_set():
            entries = await self._read(last, block=False)
            if not entries:
                return
            last = entries[-1][0]
            await self._handle_all(entries, handler, stop)

    async def _claim_stale(self, handler: Handler[M], stop: asyncio.Event) -> None:
        reply = await self._client.xautoclaim(
            self._stream, self._group, self._consumer, min_idle_time=int(self._retry_after_s * 1000), count=self._batch
        )
        await self._handle_all(reply[1], handler, stop)

    async def _read(self, after: bytes, *, block: bool) -> List[RawEntry]:
        client = self._blocking if block else self._client
        reply = await client.xreadgroup(
            self._group,
            self._consumer,
            {self._stream: after},
            count=self._batch,
            block=int(self._block_s * 1000) if block else None,
        )
        if not reply:
            return []
        # RESP2 answers a list of pairs, RESP3 a mapping with one more level.
        entries: List[RawEntry] = reply[self._stream.encode()][0] if isinstance(reply, dict) else reply[0][1]
        return entries

    async def _handle_all(self, entries: List[RawEntry], handler: Handler[M], stop: asyncio.Event) -> None:
        for entry_id, fields in entries:
            if stop.is_set():
                return
            await self._handle(entry_id, fields, handler)

    async def _handle(self, entry_id: bytes, fields: Optional[Dict[bytes, bytes]], handler: Handler[M]) -> None:
        if not fields:  # trimmed away while it was pending: nothing is left to process
            await self._acknowledge(entry_id)
            return
        deliveries = await self._deliveries(entry_id)
        if deliveries > self._max_deliveries:
            await self._bury(entry_id, fields, f"failed {deliveries - 1} times")
            return
        try:
            message = self._model.model_validate_json(fields.get(MESSAGE, b""))
        except ValidationError as error:
            await self._bury(entry_id, fields, f"does not validate as {self._model.__name__}: {error}")
            return
        attachments = {name.decode(): data for name, data in fields.items() if name != MESSAGE}
        try:
            await handler(StreamEntry(entry_id.decode(), message, attachments, deliveries))
        except (RedisError, ConnectionError):  # an outage of the bus, see BusUnavailable: not the entry's fault
            raise
        except Exception:  # the entry stays pending and is retried; the consumer must outlive any handler
            self.failed += 1
            log.exception("handler failed, entry stays pending", stream=self._stream, entry=entry_id.decode())
            return
        await self._acknowledge(entry_id)
        self.processed += 1

    async def _deliveries(self, entry_id: bytes) -> int:
        pending = await self._client.xpending_range(self._stream, self._group, min=entry_id, max=entry_id, count=1)
        return int(pending[0]["times_delivered"]) if pending else 1

    async def _acknowledge(self, entry_id: bytes) -> None:
        await self._client.xack(self._stream, self._group, entry_id)

    async def _bury(self, entry_id: bytes, fields: Mapping[bytes, bytes], reason: str) -> None:
        dead = names.dead_letters(self._stream, self._group)
        log.error("dead letter", stream=self._stream, entry=entry_id.decode(), dead_stream=dead, reason=reason)
        await self._client.xadd(
            dead, {**fields, b"reason": reason.encode(), b"entry_id": entry_id}, maxlen=1000, approximate=True
        )
        await self._acknowledge(entry_id)
        self.dead += 1


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except asyncio.TimeoutError:
        return
