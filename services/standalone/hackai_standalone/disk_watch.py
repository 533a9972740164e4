"""Watches the room on the disk of the data folder, and tells."""

from __future__ import annotations

import asyncio

import structlog

from hackai_shared.disk import DiskGuard, Pressure
from hackai_shared.teller import Teller
from hackai_standalone import texts
from hackai_standalone.redis_keeper import RedisKeeper

log = structlog.get_logger(__name__)

CAUSE = "disk"
LOOK_EVERY_S = 1.0


async def watch_disk(guard: DiskGuard, redis: RedisKeeper | None, teller: Teller) -> None:
    """Look every second, until cancelled; make room where it runs out."""
    while True:
        try:
            found = await asyncio.to_thread(guard.look)
        except OSError as error:
            log.error("cannot look at the disk", error=str(error))
        else:
            _tell(found, teller)
            if redis is not None:
                redis.disk(has_room=not found.exhausted)
        await asyncio.sleep(LOOK_EVERY_S)


def _tell(found: Pressure, teller: Teller) -> None:
    if found.low or found.recordings_deleted:
        reserve = found.reserve_given_back
        teller.trouble(CAUSE, texts.disk_low(found.free, deleted=found.recordings_deleted, reserve=reserve))
    else:
        teller.over(CAUSE, texts.disk_fine)
