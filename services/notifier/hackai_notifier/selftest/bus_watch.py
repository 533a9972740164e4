"""Tells the caretakers that Redis takes no messages: an outage, or a server that answers everything with an error.

The notice goes through the outbox of this service and needs no Redis.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog

from hackai_notifier.selftest import bus_texts
from hackai_notifier.selftest.maintenance_notices import Notices
from hackai_notifier.stopping import pause
from hackai_shared.health import CheckResult

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
# A restart of Redis takes less. Whoever has to be told within 30 s still is.
PATIENCE_S = 10.0


class BusWatch:
    """Looks at what became of this service's own heartbeats, which are written to Redis every few seconds."""

    def __init__(
        self,
        notices: Notices,
        state: Callable[[], CheckResult],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._notices = notices
        self._state = state
        self._clock = clock
        self._failing_since: float | None = None
        self._told = False

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until ``stop`` is set."""
        while not stop.is_set():
            await self.look()
            await pause(stop, LOOK_EVERY_S)

    async def look(self) -> None:
        """Look once."""
        state, now = self._state(), self._clock()
        if state.ok:
            began, self._failing_since = self._failing_since, None
            if self._told and began is not None:
                self._told = False
                log.info("Redis takes messages again", lost_s=round(now - began))
                await self._notices.tell(f"bus back {time.time():.0f}", bus_texts.works_again(now - began))
            return
        if self._failing_since is None:
            self._failing_since = now
        if not self._told and now - self._failing_since >= PATIENCE_S:
            self._told = True
            log.error("Redis takes no messages", reason=state.detail)
            await self._notices.tell(f"bus {time.time():.0f}", bus_texts.broken(state.detail))
