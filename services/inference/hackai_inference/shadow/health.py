"""A version on probation answers for the health of the service."""

from __future__ import annotations

import asyncio
from typing import Callable

from hackai_inference.shadow.observer import Shadow
from hackai_shared.health import CheckResult

EVERY_S = 2.0


async def watch_health(
    shadow: Shadow, check: Callable[[], CheckResult], stop: asyncio.Event, *, every_s: float = EVERY_S
) -> None:
    """Ask ``check`` until ``stop``; while it fails, a version on probation is rolled back."""
    while not stop.is_set():
        result = check()
        if not result.ok:
            # Loads a model: not on the event loop.
            await asyncio.get_running_loop().run_in_executor(None, shadow.unhealthy, result.detail)
        try:
            await asyncio.wait_for(stop.wait(), every_s)
        except asyncio.TimeoutError:
            continue
