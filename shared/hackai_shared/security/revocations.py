"""Sessions that ended before their time: the face service writes them into Redis, every service watches the list."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Callable, Dict, Mapping

import structlog
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

# Sorted set: member = id of the session (jti), score = when its token expires by itself (seconds since the epoch).
KEY = "auth:revoked"
PERIOD_S = 1.0


async def publish_revoked(client: Any, revoked: Mapping[str, float], *, now: float) -> None:
    """Add ended sessions (jti -> expiry) to the list, and drop those whose tokens have expired by themselves.

    Raises:
        RedisError: Redis did not answer.
    """
    if revoked:
        await client.zadd(KEY, dict(revoked))
    await client.zremrangebyscore(KEY, "-inf", now - 60.0)


class RevocationList:
    """A local copy of the list, so that verification asks nobody; at most ``period_s`` old while Redis answers.

    While Redis is away the last copy stays in force: tokens still expire by themselves, and what is in the copy stays
    revoked.
    """

    def __init__(self, client: Any, *, period_s: float = PERIOD_S, now: Callable[[], float] = time.time) -> None:
        self._client = client
        self._period_s = period_s
        self._now = now
        self._revoked: Dict[str, float] = {}
        self._reachable = True

    def __contains__(self, jti: object) -> bool:
        return jti in self._revoked

    def add(self, jti: str, expires_at: float) -> None:
        """Note a session that ended in this very process."""
        self._revoked[jti] = expires_at

    async def refresh(self) -> None:
        """Read the list once.

        Raises:
            RedisError, OSError: Redis did not answer.
        """
        now = self._now()
        entries = await self._client.zrangebyscore(KEY, now, "+inf", withscores=True)
        read = {(member.decode() if isinstance(member, bytes) else str(member)): score for member, score in entries}
        own = {jti: expiry for jti, expiry in self._revoked.items() if expiry >= now}
        self._revoked = {**own, **read}

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the copy fresh until ``stop`` is set; a read that hangs does not hold up the stop."""
        stopping = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                reading = asyncio.ensure_future(self._try_refresh())
                await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if not reading.done():
                    reading.cancel()
                await asyncio.wait({stopping}, timeout=self._period_s)
        finally:
            stopping.cancel()

    async def _try_refresh(self) -> None:
        try:
            await self.refresh()
            self._reachable = True
        except (RedisError, OSError) as error:
            if self._reachable:
                log.warning("list of revoked sessions unreachable, the last copy stays", error=str(error))
                self._reachable = False
