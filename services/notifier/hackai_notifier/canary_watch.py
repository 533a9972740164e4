"""Notices that a canary is missing, finds out where it was lost, and tells the caretakers."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import structlog

from hackai_notifier import canaries
from hackai_notifier.database import Database
from hackai_notifier.house import Notices
from hackai_notifier.legs import Finding, find_broken
from hackai_notifier.render import Writer
from hackai_notifier.stopping import pause
from hackai_notifier.tracer import Tracer
from hackai_shared.config.canary import CanaryConfig
from hackai_shared.health import CheckResult
from hackai_shared.messages import IncidentEvent
from hackai_shared.metrics import Metrics
from hackai_shared.reserved import CANARY_CAMERA

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
REMIND_EVERY_S = 3600.0
# A database that others hold locks everybody up who waits for it; not this watch.
PATIENCE_S = 2.0
# A showing goes on until its incident has cleared: about ten seconds after the canary came through.
SHOWN_FOR_S = 20.0


class CanaryWatch:
    """Expects one canary per period, delivered by the outbox."""

    def __init__(
        self,
        database: Database,
        notices: Notices,
        tracer: Tracer,
        writer: Writer,
        config: CanaryConfig,
        metrics: Metrics,
        *,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._notices = notices
        self._tracer = tracer
        self._writer = writer
        self._config = config
        self._changed = changed
        self._clock = clock
        self._limit_s = config.every_s + config.patience_s
        self._since = clock()
        self._delivered_at: float | None = None
        self._told: float | None = None
        self._finding: Finding | None = None
        self._age = metrics.gauge("canary_age_seconds", "since the last canary came through, or since the start")
        self._latency = metrics.seconds("canary_seconds", "from the first frame of a canary to its delivery")

    async def arrived(self, event: IncidentEvent) -> None:
        """Take a canary in from the stream.

        Raises:
            sqlite3.Error: the outbox cannot be written; the entry stays pending and comes again.
        """
        if event.change != "opened":
            return
        if await self._database.run(lambda connection: canaries.take_in(connection, event, time.time())):
            self._changed()

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until ``stop`` is set."""
        while not stop.is_set():
            try:
                async with asyncio.timeout(PATIENCE_S):
                    delivered_at = await self._database.run(canaries.settle)
            except (sqlite3.Error, TimeoutError) as error:
                log.error("cannot see whether a canary came through", error=str(error))
            else:
                await self._note(delivered_at)
            self._age.set(self._clock() - self._since)
            if self._config.enabled:
                await self._check_age()
            await pause(stop, LOOK_EVERY_S)

    @property
    def broken(self) -> Finding | None:
        """What is broken; None: the last canary came through in time, or none is due yet."""
        return self._finding

    def check(self) -> CheckResult:
        """Return whether canaries come through."""
        if self._finding is not None:
            return CheckResult(False, f"no canary for {self._clock() - self._since:.0f} s: {self._finding.reason}")
        return CheckResult(True, f"{self._clock() - self._since:.0f} s ago")

    def details(self) -> dict[str, Any]:
        """Return what the heartbeat says."""
        return {
            "enabled": self._config.enabled,
            "delivered_at": self._delivered_at,
            "broken": None if self._finding is None else {"leg": self._finding.leg, "reason": self._finding.reason},
        }

    async def _note(self, delivered_at: float | None) -> None:
        if delivered_at is None or delivered_at == self._delivered_at:
            return
        first_look = self._delivered_at is None and time.time() - delivered_at > 2 * LOOK_EVERY_S
        self._delivered_at = delivered_at
        if first_look:
            return  # one of before the restart proves nothing of now
        lost_s, self._since = self._clock() - self._since, self._clock()
        for canary in (await self._database.run(lambda connection: canaries.since(connection, delivered_at)))[-1:]:
            self._latency.observe(canary.whole_s)
        if self._finding is not None:
            log.warning("canary is back", after_s=round(lost_s))
            self._finding, self._told = None, None
            await self._notices.tell(f"canary back {delivered_at:.0f}", self._writer.watch_works(lost_s))

    async def _check_age(self) -> None:
        age_s = self._clock() - self._since
        if age_s <= self._limit_s:
            return
        received_s: float | None = None
        writable = True
        try:
            async with asyncio.timeout(PATIENCE_S):
                received_at = await self._database.run(canaries.last_received)
            received_s = None if received_at is None else time.time() - received_at
        except (sqlite3.Error, TimeoutError):
            writable = False
        trace = await self._tracer.trace(CANARY_CAMERA, received_s)
        # What happened while the last canary that came through was still being shown is no sign of the next one.
        self._finding = find_broken(trace, age_s - min(SHOWN_FOR_S, self._config.every_s / 2))
        if not writable:  # whatever else is broken
            self._finding = Finding("outbox", "the outbox cannot be written")
        if self._told is not None and self._clock() - self._told < REMIND_EVERY_S:
            return
        self._told = self._clock()
        log.error("NO CANARY", leg=self._finding.leg, reason=self._finding.reason, age_s=round(age_s))
        body, subject = self._writer.watch_broken(self._finding.reason, age_s), f"canary {time.time():.0f}"
        if self._finding.leg == "outbox":
            await self._notices.tell_past_the_outbox(subject, body)
        else:
            await self._notices.tell(subject, body)
