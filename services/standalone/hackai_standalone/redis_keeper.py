"""Keeps the embedded Redis working: what ends or hangs is started again, and a full disk takes it into memory."""

from __future__ import annotations

import asyncio

import structlog
from redis.exceptions import RedisError

from hackai_shared.bus import Bus
from hackai_shared.teller import Teller
from hackai_standalone import texts
from hackai_standalone.embedded_redis import EmbeddedRedis, EmbeddedRedisError

log = structlog.get_logger(__name__)

CAUSE = "redis"
MEMORY_CAUSE = "redis in memory"
LOOK_EVERY_S = 1.0
ANSWER_S = 2.0
# A log of the streams that is being rewritten, or a slow disk, may hold an answer up for a moment.
NO_ANSWER_S = 8.0
RESTART_S = 0.2
LONGEST_RESTART_S = 5.0
RETURN_TO_DISK_S = 5.0
PROBE, PROBE_MS = "redis:disk-probe", 100
WRITTEN_LOOKS, LOOKS_WHEN_IDLE = 50, 5


class RedisKeeper:
    """Supervises the server until its task is cancelled."""

    def __init__(self, redis: EmbeddedRedis, teller: Teller) -> None:
        self._redis = redis
        self._teller = teller
        self._disk_has_room = True
        self._in_memory = False
        self._tried_disk_at = 0.0

    def disk(self, *, has_room: bool) -> None:
        """Note whether the disk can take the log of the streams."""
        self._disk_has_room = has_room

    async def run(self) -> None:
        """Keep the server working."""
        loop = asyncio.get_running_loop()
        pause_s = RESTART_S
        while True:
            began = loop.time()
            reason = await self._until_it_fails()
            log.error("Redis failed, restarting it", reason=reason)
            self._teller.trouble(CAUSE, texts.failed(CAUSE, reason))
            if loop.time() - began > 60.0:
                pause_s = RESTART_S
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_RESTART_S)
            await asyncio.shield(self._start_again())

    async def stop(self) -> None:
        """Stop the server; bounded."""
        await self._redis.stop()

    async def _start_again(self) -> None:
        known = len(self._redis.repairs)
        careful = self._redis.said_that_the_disk_fails() or not self._disk_has_room
        try:
            await self._redis.start(careful=careful)
        except (EmbeddedRedisError, OSError) as error:
            log.error("Redis does not start, trying again", error=str(error)[-600:])
            return
        self._in_memory = False
        for repair in self._redis.repairs[known:]:
            self._teller.say(texts.queue_repaired(str(repair.kept), truncated=repair.truncated))
        if careful:
            async with Bus(self._redis.url, timeout_s=ANSWER_S) as bus:
                await self._into_memory(bus)

    async def _until_it_fails(self) -> str:
        loop = asyncio.get_running_loop()
        answered = loop.time()
        child = self._redis.child
        ended = asyncio.ensure_future(child.wait())
        try:
            async with Bus(self._redis.url, timeout_s=ANSWER_S) as bus:
                while True:
                    if ended.done():
                        status = ended.result()
                        return f"it was killed (signal {-status})" if status < 0 else f"it ended with status {status}"
                    if await bus.state() != "down":
                        answered = loop.time()
                        self._teller.over(CAUSE, lambda lasted_s: texts.works_again(CAUSE, lasted_s))
                        await self._follow_the_disk(bus)
                    elif loop.time() - answered > NO_ANSWER_S:
                        child.kill()
                        await asyncio.wait({ended}, timeout=ANSWER_S)
                        return f"it has not answered for {loop.time() - answered:.0f} s"
                    await asyncio.wait({ended}, timeout=LOOK_EVERY_S)
        finally:
            ended.cancel()

    async def _follow_the_disk(self, bus: Bus) -> None:
        if not self._redis.durable:
            return
        loop = asyncio.get_running_loop()
        if self._in_memory:
            if self._disk_has_room and loop.time() - self._tried_disk_at > RETURN_TO_DISK_S:
                self._tried_disk_at = loop.time()
                await self._onto_disk(bus)
        elif not self._disk_has_room or await _cannot_write(bus):
            await self._into_memory(bus)

    async def _into_memory(self, bus: Bus) -> None:
        """Go on without the log: its last state stays on disk, and nothing that is written waits for the disk."""
        try:
            await bus.client.config_set("appendonly", "no")
        except (RedisError, OSError) as error:
            log.error("Redis does not give up its log", error=str(error))
            return
        self._in_memory = True
        self._teller.trouble(MEMORY_CAUSE, texts.queue_in_memory())

    async def _onto_disk(self, bus: Bus) -> None:
        """Write the log anew from what is in memory."""
        try:
            # The server refuses writes until one to the new log succeeded, which nobody could then make. The end of a
            # key that expires is one that it makes itself.
            await bus.client.set(PROBE, 1, px=PROBE_MS)
            await bus.client.config_set("appendonly", "yes")
            if not await _written(bus):
                await bus.client.config_set("appendonly", "no")
                log.warning("Redis stays in memory: its log cannot be written yet")
                return
            await bus.client.config_set("appendfsync", "always")
        except (RedisError, OSError) as error:
            log.warning("Redis stays in memory", error=str(error))
            return
        self._in_memory = False
        self._teller.over(MEMORY_CAUSE, texts.queue_on_disk)


async def watch_redis(url: str, teller: Teller) -> None:
    """Tell when a Redis that somebody else runs does not answer, and when it does again; until cancelled."""
    loop = asyncio.get_running_loop()
    answered = loop.time()
    async with Bus(url, timeout_s=ANSWER_S) as bus:
        while True:
            if await bus.state() != "down":
                answered = loop.time()
                teller.over(CAUSE, lambda lasted_s: texts.works_again(CAUSE, lasted_s))
            elif loop.time() - answered > NO_ANSWER_S:
                teller.trouble(CAUSE, texts.unreachable(CAUSE))
            await asyncio.sleep(LOOK_EVERY_S)


async def _written(bus: Bus) -> bool:
    """Return whether the new log is complete and takes writes."""
    for look in range(WRITTEN_LOOKS):
        await asyncio.sleep(PROBE_MS / 1000)
        await bus.client.get(PROBE)
        state = await bus.client.info("persistence")
        busy = state.get("aof_rewrite_in_progress") or state.get("aof_rewrite_scheduled")
        if not busy and state.get("aof_last_write_status") == "ok":
            return bool(state.get("aof_last_bgrewrite_status") == "ok")
        if not busy and look >= LOOKS_WHEN_IDLE:
            break
    return False


async def _cannot_write(bus: Bus) -> bool:
    try:
        state = await bus.client.info("persistence")
    except (RedisError, OSError):
        return False
    return bool(state.get("aof_enabled")) and state.get("aof_last_write_status") != "ok"
