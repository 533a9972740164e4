"""One connection object per process: publish, append, subscribe, consume."""

from __future__ import annotations

from types import TracebackType
from typing import Any, AsyncIterator, Dict, List, Mapping, Optional, Tuple, Type

import redis.asyncio
from redis.exceptions import BusyLoadingError, ResponseError
from typing_extensions import Literal

from hackai_shared.bus import names
from hackai_shared.bus.outage import OUTAGES
from hackai_shared.bus.pubsub import subscribe
from hackai_shared.bus.streams import StreamConsumer, append_entry
from hackai_shared.envelope import pack_frame
from hackai_shared.messages import FrameHeader, M, Message, ServiceStatus


class BusUnavailable(ConnectionError):
    """Redis did not answer, or answered with an error; the operation may be repeated."""


class Bus:
    """Talks to Redis.

    Two pools: ordinary commands time out after ``timeout_s``; blocking reads must not (redis-py raises TimeoutError on
    an idle blocking read and may lose the message that arrives meanwhile), so they use connections without one.
    """

    def __init__(self, url: str, *, timeout_s: float = 5.0) -> None:
        self.url = url
        options: Dict[str, Any] = {"socket_connect_timeout": timeout_s}
        if not url.startswith("unix:"):
            options["socket_keepalive"] = True
        self.client: Any = redis.asyncio.Redis.from_url(url, socket_timeout=timeout_s, **options)
        self.blocking_client: Any = redis.asyncio.Redis.from_url(
            url, socket_timeout=None, health_check_interval=15, **options
        )

    async def ping(self) -> bool:
        """Return whether Redis answers."""
        try:
            return bool(await self.client.ping())
        except OUTAGES:
            return False

    async def state(self) -> Literal["up", "loading", "down"]:
        """Return how Redis is: a server that still reads its log says so, and is not to be given up."""
        try:
            await self.client.ping()
        except BusyLoadingError:
            return "loading"
        except ResponseError:
            return "up"  # it answers, if only that its disk is full
        except OUTAGES:
            return "down"
        return "up"

    async def publish_frame(self, header: FrameHeader, jpeg: bytes) -> int:
        """Publish a frame on ``frames.<camera_id>``; return the number of receivers.

        Raises:
            BusUnavailable: Redis did not answer; the frame is lost, which is right for a frame.
        """
        return await self._publish(names.frames(header.camera_id), pack_frame(header, jpeg))

    async def publish(self, channel: str, message: Message) -> int:
        """Publish a message on a pub/sub channel; return the number of receivers.

        Raises:
            BusUnavailable: Redis did not answer.
        """
        return await self._publish(channel, message.model_dump_json().encode())

    async def append(self, stream: str, message: Message, attachments: Optional[Mapping[str, bytes]] = None) -> str:
        """Append a message (and binary attachments) to a stream; return the id of the entry.

        Raises:
            BusUnavailable: Redis did not answer; the entry may or may not be there, so receivers drop repeats by the
                message's own id.
        """
        try:
            return await append_entry(self.client, stream, message, attachments)
        except OUTAGES as error:
            raise BusUnavailable(f"cannot append to stream {stream}: {error}") from error

    async def heartbeat(self, status: ServiceStatus, *, expires_s: float) -> None:
        """Publish a heartbeat and keep it under a key that expires: its absence is an event.

        Raises:
            BusUnavailable: Redis did not answer.
        """
        data = status.model_dump_json().encode()
        key = names.status_key(status.service, status.instance)
        try:
            await self.client.set(key, data, px=int(expires_s * 1000))
        except OUTAGES as error:
            raise BusUnavailable(f"cannot write heartbeat: {error}") from error
        await self._publish(names.status(status.service), data)

    async def statuses(self) -> List[ServiceStatus]:
        """Return the last heartbeat of every instance that is alive.

        Raises:
            BusUnavailable: Redis did not answer.
        """
        try:
            keys = [key async for key in self.client.scan_iter(match="status:*", count=200)]
            values = await self.client.mget(sorted(keys)) if keys else []
        except OUTAGES as error:
            raise BusUnavailable(f"cannot read heartbeats: {error}") from error
        return [ServiceStatus.model_validate_json(value) for value in values if value is not None]

    def subscribe(self, *patterns: str) -> AsyncIterator[Tuple[str, bytes]]:
        """Iterate over ``(channel, payload)`` of glob patterns for ever, over reconnects; what a gap held is lost."""
        return subscribe(self.blocking_client, patterns)

    def consumer(self, stream: str, model: Type[M], *, group: str, consumer: str, **options: Any) -> StreamConsumer[M]:
        """Return an at-least-once consumer of a stream; see :class:`StreamConsumer` for the options."""
        return StreamConsumer(
            self.client, self.blocking_client, stream, model, group=group, consumer=consumer, **options
        )

    async def close(self) -> None:
        """Close all connections."""
        await self.client.aclose()
        await self.blocking_client.aclose()

    async def __aenter__(self) -> "Bus":
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        await self.close()

    async def _publish(self, channel: str, payload: bytes) -> int:
        try:
            return int(await self.client.publish(channel, payload))
        except OUTAGES as error:
            raise BusUnavailable(f"cannot publish on {channel}: {error}") from error


def connection_facts(url: str) -> Dict[str, str]:
    """Return host, port and database of a Redis URL for logs, without credentials."""
    parsed = redis.asyncio.connection.parse_url(url)
    return {key: str(value) for key, value in parsed.items() if key in ("host", "port", "db", "path")}
