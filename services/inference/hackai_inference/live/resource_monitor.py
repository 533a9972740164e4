"""Measures the machine every few seconds and tells :mod:`hackai_inference.live.load_shedding`."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Callable

import structlog

from hackai_inference.live.load_shedding import Level, LoadShedding, ResourceReading
from hackai_shared.jetson.memory import read_available_mb
from hackai_shared.jetson.thermal import hottest, read_zones

log = structlog.get_logger(__name__)

EVERY_S = 5.0


def read_resources(root: Path = Path("/")) -> ResourceReading:
    """Return what the machine suffers now."""
    zone = hottest(read_zones(root))
    return ResourceReading(None if zone is None else round(zone.headroom_c, 1), read_available_mb(root))


async def watch_resources(
    relief: LoadShedding,
    stop: asyncio.Event,
    *,
    every_s: float = EVERY_S,
    read: Callable[[], ResourceReading] = read_resources,
) -> None:
    """Measure until ``stop``; each change of the level is logged with its reason."""
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        strain = await loop.run_in_executor(None, read)
        before, level = relief.level, relief.observe(strain, time.monotonic())
        if level != before:
            tell = log.warning if level > before else log.info
            given_up = [step.name.lower() for step in Level if Level.NOTHING < step <= level]
            tell("relief", given_up=given_up, headroom_c=strain.headroom_c, available_mb=strain.available_mb)
        try:
            await asyncio.wait_for(stop.wait(), every_s)
        except asyncio.TimeoutError:
            continue
